package main

import (
	"context"
	"log/slog"
	"net/url"

	"coatcheck/core/settings"
	"coatcheck/local/webhook"
)

// receiver is whom the webhook tells; the zero value is nobody.
type receiver struct {
	target  *url.URL
	secrets webhook.Secrets
}

// readReceiver reads the webhook's settings. Of the address only the host is shown, and
// of the secrets nothing.
func readReceiver(r *settings.Reader, onDynamoDB bool) (w receiver) {
	address, secrets := r.Text("webhook"), r.List("webhook-secrets")
	if address == "" {
		if len(secrets) > 0 {
			r.Fault("webhook", "", "the receiver's address, since there are secrets for it")
		}
		return w
	}
	if onDynamoDB {
		r.Fault("webhook", webhook.Shown(address), "nothing when --store is dynamodb, where others write too: "+
			"there applications are told by the tables' streams (parameter EventBus of template.yaml, docs/events.md)")
		return w
	}
	target, want := webhook.Parse(address)
	if want != "" {
		r.Fault("webhook", webhook.Shown(address), want)
	}
	var err error
	if w.secrets, err = webhook.ParseSecrets(secrets); err != nil {
		r.Fault("webhook-secrets", "[redacted]", "1 to 8 secrets, each whsec_ and base64 of 24 to 64 bytes, separated by commas ("+err.Error()+")")
	}
	w.target = target
	return w
}

// tell delivers events until stop is called, which returns when nothing is under way any
// more. Without a receiver nothing is kept for one.
func (p *parts) tell(ctx context.Context, w receiver, log *slog.Logger) (stop func(), err error) {
	if p.store.outbox == nil {
		return func() {}, nil
	}
	dropped, err := p.store.outbox.Keep(ctx, w.target != nil)
	if dropped > 0 {
		log.WarnContext(ctx, "there is no --webhook any more, and what waited for it was dropped", "event", "webhook_dropped", "dropped", dropped)
	}
	if err != nil || w.target == nil {
		return func() {}, err
	}
	deliverer := webhook.New(p.store.outbox, w.target, w.secrets, &webhook.Options{Log: log})
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		deliverer.Run(ctx)
	}()
	return func() { cancel(); <-over }, nil
}

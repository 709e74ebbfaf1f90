package telemetry_test

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"os"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
	"coatcheck/core/store/memory"
	"coatcheck/core/telemetry"
)

// A program of one's own logs what becomes of sessions, and the calls of the store that
// failed, by giving its logger in three places.
func ExampleLog() {
	keys, err := session.NewKeys(bytes.Repeat([]byte{1}, session.MinKeySize)) // from configuration
	if err != nil {
		log.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(telemetry.Escape(os.Stdout), &slog.HandlerOptions{ReplaceAttr: fewer}))
	observe := telemetry.Log(logger)

	store := telemetry.Sessions(memory.New(), nil, &telemetry.CallOptions{Log: logger})
	sessions, err := session.New(store, keys, &session.Options{Observe: observe})
	if err != nil {
		log.Fatal(err)
	}
	_, err = httpapi.New(sessions, &httpapi.Options{
		Origins: []string{"https://app.example.com"}, Log: logger, Observe: observe,
	})
	if err != nil {
		log.Fatal(err)
	}

	ctx := session.From(context.Background(), "192.0.2.7") // whom the request comes from
	_, record, err := sessions.SignIn(ctx, session.SignIn{
		Subject: "usr_1", Client: session.Client{Address: "192.0.2.7"},
		Check: func(context.Context) (session.Grant, error) { return session.Grant{Methods: []string{"pwd"}}, nil },
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := sessions.End(ctx, record.ID, session.SignedOut, session.BySubject("usr_1")); err != nil {
		log.Fatal(err)
	}
	// Output:
	// level=INFO event=session_created subject=usr_1 methods=pwd client=192.0.2.7
	// level=INFO event=session_ended subject=usr_1 reason=signed_out by=subject:usr_1 client=192.0.2.7
}

// fewer leaves out what differs from run to run, and the words for people.
func fewer(_ []string, a slog.Attr) slog.Attr {
	switch a.Key {
	case slog.TimeKey, slog.MessageKey, "session":
		return slog.Attr{}
	}
	return a
}

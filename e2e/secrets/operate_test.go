package secrets

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
)

// operate runs every operators' command, some of them wrongly, and one more time over
// secrets in the place of names.
func (h *house) operate(name string) {
	h.t.Helper()
	h.takeMetrics()
	h.command(h.ledger.password()+"\n", "user", "add", "temp", "--password-stdin", "--role", "clerk")
	id := sessionOf(h.command("", "session", "list", name, "--json"))
	for _, line := range []string{
		"user list", "user list --json", "user show temp", "user show " + name, "user export " + name, "user export temp",
		"session list " + name, "session list --all", "session list --all --status ended --json", "session count",
		"session show " + id, "session show --json " + id, "session end " + id, "session end-others " + id, "session end-all temp",
		"session end-where --role nobody --yes", "session end-everyone", "session end " + id + " --yes", "session end-all temp --yes",
		"user disable temp", "user disable temp --yes", "user enable temp --yes", "user roles temp --role nobody --yes",
		"audit --format text", "audit --format json", "audit --format csv", "audit --user " + name,
	} {
		h.command("", strings.Fields(line)...)
	}
	h.command(h.ledger.password()+"\n", "user", "password-reset", "temp", "--password-stdin", "--yes")
	canary := h.ledger.password()
	h.command(canary+"\n", "user", "add", "canary", "--password-stdin")
	for _, password := range []string{canary, h.ledger.password()} {
		h.command(password+"\n", "canary", "--url", h.origin, "--username", "canary", "--password-stdin")
		h.command(password+"\n", "canary", "--url", h.origin, "--username", "canary", "--password-stdin", "--json")
	}
	for _, gone := range []string{"temp", "canary"} {
		h.command("", "user", "erase", gone, "--yes")
	}
	h.operateWrongly()
}

// operateWrongly gives commands and settings secrets that they cannot use.
func (h *house) operateWrongly() {
	h.t.Helper()
	token := h.ledger.anyToken(rand.New(rand.NewPCG(1, 2)))
	for _, line := range []string{
		"session show", "session end", "session end-others", "session list", "session end-all", "user show", "user export", "user disable",
		"user erase", "audit --user", "audit --by", "audit --since", "session list --all --cursor", "session list --all --status",
	} {
		h.command("", append(strings.Fields(line), token)...)
	}
	key := h.ledger.text("a key that is none", hex.EncodeToString(newKey(31)))
	hook := h.ledger.text("a webhook's secret that is none", hex.EncodeToString(newKey(32)))
	user := h.ledger.text("a password in an address", hex.EncodeToString(newKey(16)))
	h.command("", "serve", "--tag-keys", key)
	h.command("", "serve", "--webhook", "http://127.0.0.1:1", "--webhook-secrets", hook)
	h.command("", "serve", "--webhook", "http://alice:"+user+"@receiver.example/?key="+user)
	h.command("", "serve", "--upstream", "http://alice:"+user+"@127.0.0.1:3000")
	h.command("", "serve", "--origin", "https://alice:"+user+"@app.example.com")
	h.command("", "canary", "--url", "https://alice:"+user+"@app.example.com/", "--username", "canary", "--password-stdin")
}

// sessionOf is the first session's ID in a list, or one that is nobody's.
func sessionOf(list string) string {
	if _, rest, ok := strings.Cut(list, `"id"`); ok {
		if _, rest, ok = strings.Cut(rest, `"`); ok && len(rest) > 36 {
			return rest[:36]
		}
	}
	return strings.Repeat("A", 36)
}

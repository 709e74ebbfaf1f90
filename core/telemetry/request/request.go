// Package request is what a request is called on its way from the gateway to the store
// call, and the [slog.Handler] that adds these names to every line of a log. It knows
// the standard library alone, so that everything may name a request.
package request

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
)

// Names are a request's. The zero value has none.
type Names struct {
	// ID is the request's own: the gateway's where there is one, else one of ours. A
	// problem's instance (RFC 9457) shows the same.
	ID string
	// Extended is the one that a REST API gives in any case: of a REST API's other ID
	// the client may have a say.
	Extended string
	// Trace is the X-Ray trace that the request belongs to, "1-" and so on.
	Trace string
	// Proxy is what a proxy before us calls the request (X-Request-Id).
	Proxy string
}

type key struct{}

// With returns a context whose request is called so. Names that are no harmless text
// ([Harmless]) are left out: clients have a say in some of them.
func With(ctx context.Context, n Names) context.Context {
	for _, name := range []*string{&n.ID, &n.Extended, &n.Trace, &n.Proxy} {
		if !Harmless(*name) {
			*name = ""
		}
	}
	return context.WithValue(ctx, key{}, &n)
}

// From returns the names of a context's request.
func From(ctx context.Context) Names {
	if n, ok := ctx.Value(key{}).(*Names); ok {
		return *n
	}
	return Names{}
}

// Named gives a request its names, unless it has an ID: a random one, and what the
// headers of proxies and load balancers before us say.
func Named(ctx context.Context, h http.Header) context.Context {
	if From(ctx).ID != "" {
		return ctx
	}
	var id [8]byte
	_, _ = rand.Read(id[:])
	return With(ctx, Names{
		ID: hex.EncodeToString(id[:]), Trace: TraceOf(only(h["X-Amzn-Trace-Id"])), Proxy: only(h["X-Request-Id"]),
	})
}

// only is the one value of a header; with several none is believed.
func only(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// maxName is the longest name, in bytes: less than a token has, so that one which a client
// takes for a name does not get into a log.
const maxName = 64

// Harmless reports whether a text may stand in a log as a name: 1 to 64 letters,
// digits and signs of ASCII that neither end a line or a text nor mean anything to a
// terminal or a page.
func Harmless(text string) bool {
	if text == "" || len(text) > maxName {
		return false
	}
	for i := range len(text) {
		if !isPlain(text[i]) {
			return false
		}
	}
	return true
}

func isPlain(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("-._~:/+=@", c) >= 0
}

// TraceOf returns the trace that a tracing header names (X-Amzn-Trace-Id: "Root=1-...;
// Parent=...; Sampled=1"), "" where it names none.
func TraceOf(header string) string {
	root := Field(header, "Root")
	if !isTrace(root) {
		return ""
	}
	return root
}

// Field returns a field of a tracing header, "" where it is not there.
func Field(header, name string) string {
	for part := range strings.SplitSeq(header, ";") {
		if k, v, ok := strings.Cut(strings.TrimSpace(part), "="); ok && k == name {
			return v
		}
	}
	return ""
}

// isTrace reports whether a text is a trace ID: version 1, 8 hexadecimal digits of time,
// 24 at random.
func isTrace(id string) bool {
	if len(id) != 35 || id[:2] != "1-" || id[10] != '-' {
		return false
	}
	return IsHex(id[2:10]) && IsHex(id[11:])
}

// IsHex reports whether a text is hexadecimal digits in small letters, as X-Ray's IDs are.
func IsHex(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return text != ""
}

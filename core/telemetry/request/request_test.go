package request_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"coatcheck/core/telemetry/request"
)

const trace = "1-5759e988-bd862e3fe1be46a994272793"

func TestNamed(t *testing.T) {
	headers := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	for name, c := range map[string]struct {
		header       http.Header
		trace, proxy string
	}{
		"nothing said":      {nil, "", ""},
		"both":              {headers("X-Amzn-Trace-Id", "Self=1-a;Root="+trace+";Sampled=1", "X-Request-Id", "a1-B2/c3=@x"), trace, "a1-B2/c3=@x"},
		"root alone":        {headers("X-Amzn-Trace-Id", "Root="+trace), trace, ""},
		"capital digits":    {headers("X-Amzn-Trace-Id", "Root="+strings.ToUpper(trace)), "", ""},
		"no trace":          {headers("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a99427279\n"), "", ""},
		"short trace":       {headers("X-Amzn-Trace-Id", "Root=1-5759e988-"), "", ""},
		"line break":        {headers("X-Request-Id", "a\nb"), "", ""},
		"quote":             {headers("X-Request-Id", `a"b`), "", ""},
		"space":             {headers("X-Request-Id", "a b"), "", ""},
		"escape":            {headers("X-Request-Id", "a\x1b[2J"), "", ""},
		"no ASCII":          {headers("X-Request-Id", "ä"), "", ""},
		"the longest":       {headers("X-Request-Id", strings.Repeat("a", 64)), "", strings.Repeat("a", 64)},
		"too long":          {headers("X-Request-Id", strings.Repeat("a", 65)), "", ""},
		"two, none is true": {headers("X-Request-Id", "a", "X-Request-Id", "b"), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := request.From(request.Named(t.Context(), c.header))
			if got.Trace != c.trace || got.Proxy != c.proxy || len(got.ID) != 16 || !request.IsHex(got.ID) {
				t.Errorf("got %+v, want trace %q, proxy %q and an ID", got, c.trace, c.proxy)
			}
		})
	}
}

// A request keeps the ID that it was given first, and no two get the same.
func TestOneID(t *testing.T) {
	ctx := request.Named(t.Context(), nil)
	if a, b := request.From(ctx), request.From(request.Named(ctx, http.Header{"X-Request-Id": {"x"}})); a != b {
		t.Errorf("named again: %+v, before %+v", b, a)
	}
	if a, b := request.From(ctx), request.From(request.Named(t.Context(), nil)); a.ID == b.ID {
		t.Errorf("two are called %s", a.ID)
	}
	given := request.With(t.Context(), request.Names{ID: "from-the-gateway="})
	if got := request.From(request.Named(given, nil)); got != (request.Names{ID: "from-the-gateway="}) {
		t.Errorf("got %+v", got)
	}
	hostile := request.With(t.Context(), request.Names{ID: "a\nb", Extended: "\x1b", Trace: "<", Proxy: "\u2028"})
	if got := request.From(hostile); got != (request.Names{}) {
		t.Errorf("kept %+v", got)
	}
	if got := request.From(t.Context()); got != (request.Names{}) {
		t.Errorf("outside of a request: %+v", got)
	}
}

// The names stand in every line once, however often a logger is wrapped.
func TestLogger(t *testing.T) {
	var out bytes.Buffer
	log := request.Logger(request.Logger(slog.New(slog.NewJSONHandler(&out, nil)).With("a", "b")))
	log = request.Logger(log.With("c", "d"))
	ctx := request.With(t.Context(), request.Names{ID: "id", Extended: "ext", Trace: trace, Proxy: "p"})
	log.InfoContext(ctx, "x", "event", "e")
	want := `"a":"b","c":"d","event":"e","request":"id","extendedRequest":"ext","trace":"` + trace + `","proxyRequest":"p"}`
	if got := out.String(); !strings.HasSuffix(got, want+"\n") || !json.Valid(out.Bytes()) {
		t.Errorf("got %s, want at its end %s", got, want)
	}
	out.Reset()
	log.InfoContext(context.Background(), "x")
	if got := out.String(); strings.Contains(got, "request") || strings.Contains(got, "trace") {
		t.Errorf("outside of a request: %s", got)
	}
	request.Logger(nil).Error("goes nowhere")
}

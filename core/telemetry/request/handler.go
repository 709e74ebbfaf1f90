package request

import (
	"context"
	"log/slog"
)

// Logger returns a logger that adds to each line the names of the request in whose
// context it is logged: request, extendedRequest, trace, proxyRequest. A logger that
// does so already is returned as it is; nil logs nothing.
func Logger(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	if _, ok := log.Handler().(handler); ok {
		return log
	}
	return slog.New(handler{log.Handler()})
}

// handler adds the names of a line's request.
type handler struct{ slog.Handler }

// Handle implements [slog.Handler].
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if n, ok := ctx.Value(key{}).(*Names); ok {
		r = r.Clone()
		add(&r, "request", n.ID)
		add(&r, "extendedRequest", n.Extended)
		add(&r, "trace", n.Trace)
		add(&r, "proxyRequest", n.Proxy)
	}
	return h.Handler.Handle(ctx, r)
}

func add(r *slog.Record, name, value string) {
	if value != "" {
		r.AddAttrs(slog.String(name, value))
	}
}

// WithAttrs implements [slog.Handler].
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements [slog.Handler].
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }

package telemetry

import (
	"bytes"
	"io"
	"log/slog"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"coatcheck/core/telemetry/lines"
)

// logLines is how many lines of a log wait for their writer at most.
const logLines = 4096

// LogWriter is where a log's lines go in a server: into a queue ([lines.Queue]), so that no
// request waits for who reads them. Those that were dropped are told of as
// log_lines_dropped. Its lines come out as [Escape] writes them.
type LogWriter struct{ *lines.Queue }

// NewLogWriter returns a writer that a handler of slog writes to; form makes such a
// handler, for the line that tells of those that were dropped.
func NewLogWriter(w io.Writer, form func(io.Writer) slog.Handler) LogWriter {
	return LogWriter{lines.New(Escape(w), logLines, func(n int64) []byte {
		var line bytes.Buffer
		slog.New(form(&line)).Warn("lines of the log were dropped: nobody reads them as fast", "event", "log_lines_dropped", "lines", n)
		return line.Bytes()
	})}
}

// Write takes one line. It never waits and never fails.
func (l LogWriter) Write(line []byte) (int, error) {
	l.Put(bytes.Clone(line))
	return len(line), nil
}

// Escape returns a writer of JSON, or of text that slog quoted, in which no character is
// left that ends a line or commands a terminal somewhere, or changes the order of what is
// read: slog's JSON leaves those beyond ASCII as they are. They come out as JSON's \u.
func Escape(w io.Writer) io.Writer { return escaper{w} }

type escaper struct{ w io.Writer }

func (e escaper) Write(line []byte) (int, error) {
	if !bytes.ContainsFunc(line, isCommand) {
		return e.w.Write(line)
	}
	out := make([]byte, 0, 2*len(line))
	for rest := line; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if isCommand(r) {
			out = appendEscaped(out, r)
		} else {
			out = append(out, rest[:size]...)
		}
		rest = rest[size:]
	}
	if n, err := e.w.Write(out); err != nil {
		return min(n, len(line)), err
	}
	return len(line), nil
}

// isCommand reports whether a character that slog leaves as it is (delete, and those beyond
// ASCII) is a control or format character, or separates lines.
func isCommand(r rune) bool {
	return r >= '\x7f' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

func appendEscaped(out []byte, r rune) []byte {
	units := []rune{r}
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		units = []rune{high, low}
	}
	for _, u := range units {
		const digits = "0123456789abcdef"
		out = append(out, '\\', 'u', digits[u>>12&15], digits[u>>8&15], digits[u>>4&15], digits[u&15])
	}
	return out
}

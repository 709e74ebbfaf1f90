// Package settings reads the product's settings from texts, wherever these come
// from: every setting has one name, as a flag ("tag-keys") and as an environment
// variable ("COATCHECK_TAG_KEYS"), one meaning and one set of bounds. What is wrong
// is gathered and reported all together.
package settings

import (
	"encoding"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
)

// Prefix begins the name of every environment variable of the product.
const Prefix = "COATCHECK_"

// Variable returns a setting's environment variable: COATCHECK_TAG_KEYS for tag-keys.
func Variable(name string) string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// ErrInvalid marks the error of [Reader.Err].
var ErrInvalid = errors.New("invalid settings")

// Faults is every setting that is wrong, one a line.
type Faults []error

// Error returns one fault a line, each with the setting's name, what it is and what
// it needs to be.
func (f Faults) Error() string { return errors.Join(f...).Error() }

// Is makes errors.Is find [ErrInvalid].
func (f Faults) Is(target error) bool { return target == ErrInvalid }

// Reader reads settings and gathers what is wrong with them. Not for concurrent use.
type Reader struct {
	source func(name string) string
	label  func(name string) string
	faults Faults
}

// Environment reads from environment variables; getenv is os.Getenv or a test's.
func Environment(getenv func(string) string) *Reader {
	return &Reader{source: func(name string) string { return getenv(Variable(name)) }, label: Variable}
}

// Flags reads from flags that stand for environment variables too; source returns a
// flag's text, "" if it is not given.
func Flags(source func(name string) string) *Reader {
	return &Reader{source: source, label: func(name string) string { return "--" + name + " (" + Variable(name) + ")" }}
}

// Fault notes that a setting is wrong: what it is and what it needs to be.
func (r *Reader) Fault(name, got, want string) {
	r.faults = append(r.faults, fmt.Errorf("%s is %q: want %s", r.label(name), got, want))
}

// Err returns all faults so far, as [Faults], or nil.
func (r *Reader) Err() error {
	if len(r.faults) == 0 {
		return nil
	}
	return r.faults
}

// Text returns a setting as it is given, "" if it is not.
func (r *Reader) Text(name string) string { return r.source(name) }

// Required returns a setting that must be given.
func (r *Reader) Required(name, want string) string {
	text := r.source(name)
	if text == "" {
		r.Fault(name, "", want)
	}
	return text
}

// List returns a setting's parts, separated by commas; nil if it is not given.
func (r *Reader) List(name string) []string {
	var parts []string
	for part := range strings.SplitSeq(r.source(name), ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// Choice returns what a word stands for.
func Choice[T any](r *Reader, name string, known map[string]T) T {
	word := r.source(name)
	value, ok := known[word]
	if !ok {
		words := make([]string, 0, len(known))
		for w := range known {
			if w != "" {
				words = append(words, w)
			}
		}
		slices.Sort(words)
		r.Fault(name, word, strings.Join(words, " or "))
	}
	return value
}

// Keys returns the tag keys, none if they are not given.
func (r *Reader) Keys() session.Keys {
	text := r.source("tag-keys")
	if text == "" {
		return session.Keys{}
	}
	keys, err := session.ParseKeys(text)
	if err != nil {
		r.Fault("tag-keys", "[redacted]", "1 to 8 keys of 64 to 256 hexadecimal digits, separated by commas ("+err.Error()+")")
	}
	return keys
}

// SameSite returns the cookie's SameSite, Lax if it is not given.
func (r *Reader) SameSite() http.SameSite {
	return Choice(r, "same-site", map[string]http.SameSite{
		"": http.SameSiteLaxMode, "lax": http.SameSiteLaxMode, "strict": http.SameSiteStrictMode,
	})
}

// Routes returns what is asked of requests by their route; nothing if it is not given.
func (r *Reader) Routes() inbound.Routes {
	entries := r.List("routes")
	routes, err := inbound.ParseRoutes(entries)
	if err != nil {
		r.Fault("routes", strings.Join(entries, ", "), "routes and what is asked of them, separated by commas: "+
			strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return routes
}

// LogLevel returns the level from which on events are logged, info if it is not given.
func (r *Reader) LogLevel() slog.Level {
	var level slog.Level
	text := r.source("log-level")
	if text != "" && encoding.TextUnmarshaler(&level).UnmarshalText([]byte(text)) != nil {
		r.Fault("log-level", text, "debug, info, warn or error")
	}
	return level
}

// Policy returns the policy; what is not given takes its default.
func (r *Reader) Policy() session.Policy {
	unread := len(r.faults)
	p := session.Policy{
		Idle: r.duration("idle"), Absolute: r.duration("absolute"),
		RememberedIdle: r.duration("remembered-idle"), RememberedAbsolute: r.duration("remembered-absolute"),
		TouchEvery: r.duration("touch-every"), FreshFor: r.duration("fresh-for"),
		RotateEvery: r.durationOrNever("rotate-every"), Grace: r.duration("grace"),
		PerUser: r.number("per-user"), Retention: r.duration("retention"),
	}.WithDefaults()
	if len(r.faults) == unread {
		r.policyFaults(p.Validate())
	}
	return p
}

// Bounds of how often the monitor runs.
const (
	minMonitorEvery = time.Second
	maxMonitorEvery = time.Hour
)

// MonitorEvery returns how often the monitor runs, every 5 min if that is not given.
func (r *Reader) MonitorEvery() time.Duration {
	const name = "monitor-every"
	if r.source(name) == "" {
		return 5 * time.Minute
	}
	unread := len(r.faults)
	d := r.duration(name)
	if len(r.faults) == unread && (d < minMonitorEvery || d > maxMonitorEvery) {
		r.Fault(name, r.source(name), fmt.Sprintf("%v to %v", minMonitorEvery, maxMonitorEvery))
	}
	return d
}

// duration returns 0 for a duration that is not given.
func (r *Reader) duration(name string) time.Duration {
	text := r.source(name)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		r.Fault(name, text, "a duration such as 90s, 15m or 8h")
	}
	return d
}

// durationOrNever is duration for what can be turned off, with "0".
func (r *Reader) durationOrNever(name string) time.Duration {
	if r.source(name) == "0" {
		return session.Never
	}
	return r.duration(name)
}

// number returns 0 for a number that is not given.
func (r *Reader) number(name string) int {
	text := r.source(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		r.Fault(name, text, "a number from 1")
	}
	return n
}

// policyFaults notes what the policy says of itself, under the settings' names.
func (r *Reader) policyFaults(err error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return
	}
	for _, one := range joined.Unwrap() {
		var fault *session.Fault
		if errors.As(one, &fault) {
			r.Fault(nameOf(fault.Field), fault.Got, fault.Want)
		}
	}
}

// nameOf turns a field of the policy into its setting: TouchEvery into touch-every.
func nameOf(field string) string {
	var name strings.Builder
	for i, c := range field {
		if unicode.IsUpper(c) && i > 0 {
			name.WriteByte('-')
		}
		name.WriteRune(unicode.ToLower(c))
	}
	return name.String()
}

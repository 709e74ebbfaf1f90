package main

import (
	"encoding"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/alecthomas/kong"

	"coatcheck/core/session"
)

// serveCmd are the settings of serving, as they are given: texts, so that every one
// that is wrong is reported and not only the first.
type serveCmd struct {
	Addr     string   `default:"127.0.0.1:8080" env:"COATCHECK_ADDR" placeholder:"HOST:PORT" help:"Address to listen on (${env}). Port 0 takes a free one."`
	Origin   []string `env:"COATCHECK_ORIGIN" placeholder:"URL" help:"Public origin, such as https://app.example.com; may be repeated (${env}). Default on loopback: localhost and 127.0.0.1."`
	SameSite string   `default:"lax" env:"COATCHECK_SAME_SITE" help:"SameSite of the cookie: lax or strict (${env})."`
	TagKeys  string   `env:"COATCHECK_TAG_KEYS" placeholder:"HEX,..." help:"Keys that tag tokens, 64 or more hexadecimal digits each; better set in the environment (${env}). Default: one made at first start and kept with the data."`
	Demo     yesNo    `env:"COATCHECK_DEMO" help:"Fill the data with a demo user and 1,000 sessions of 200 users; refused off loopback (${env})."`
	LogLevel string   `default:"info" env:"COATCHECK_LOG_LEVEL" help:"debug, info, warn or error (${env})."`
	LogForm  string   `name:"log-format" default:"text" env:"COATCHECK_LOG_FORMAT" help:"text or json (${env})."`

	Idle               string `group:"Policy" placeholder:"15m" env:"COATCHECK_IDLE" help:"A session ends when it is not used for so long (${env})."`
	Absolute           string `group:"Policy" placeholder:"8h" env:"COATCHECK_ABSOLUTE" help:"A session ends that long after sign-in, used or not (${env})."`
	RememberedIdle     string `group:"Policy" placeholder:"168h" env:"COATCHECK_REMEMBERED_IDLE" help:"Idle limit of remembered sessions; unset: nobody is remembered (${env})."`
	RememberedAbsolute string `group:"Policy" placeholder:"720h" env:"COATCHECK_REMEMBERED_ABSOLUTE" help:"Absolute limit of remembered sessions (${env})."`
	TouchEvery         string `group:"Policy" placeholder:"90s" env:"COATCHECK_TOUCH_EVERY" help:"How often use is written down (${env})."`
	FreshFor           string `group:"Policy" placeholder:"15m" env:"COATCHECK_FRESH_FOR" help:"How long a sign-in counts as fresh (${env})."`
	PerUser            string `group:"Policy" placeholder:"10" env:"COATCHECK_PER_USER" help:"Live sessions a user may have; the oldest ends (${env})."`
	Retention          string `group:"Policy" placeholder:"720h" env:"COATCHECK_RETENTION" help:"How long a record is kept after its absolute expiry (${env})."`
}

// yesNo is a flag without a value, kept as text like the others.
type yesNo string

// IsBool lets the flag stand without a value.
func (*yesNo) IsBool() bool { return true }

// Decode implements kong.MapperValue.
func (y *yesNo) Decode(ctx *kong.DecodeContext) error {
	if ctx.Scan.Peek().Type != kong.FlagValueToken {
		*y = "true"
		return nil
	}
	return ctx.Scan.PopValueInto("true or false", y)
}

// settings are serveCmd's, understood.
type settings struct {
	origins  []string
	sameSite http.SameSite
	keys     session.Keys // zero: the one kept with the data
	policy   session.Policy
	demo     bool
	log      *slog.HandlerOptions
	json     bool
}

// errSettings marks faults of the settings.
var errSettings = errors.New("settings")

// settingsError lists every setting that is wrong.
type settingsError struct{ faults []error }

func (e *settingsError) Error() string {
	lines := make([]string, len(e.faults))
	for i, fault := range e.faults {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

func (e *settingsError) Is(target error) bool { return target == errSettings }

// faults gathers what is wrong.
type faults []error

// add notes a setting by its flag's name, what it is and what it needs to be.
func (f *faults) add(flag, got, want string) {
	*f = append(*f, fmt.Errorf("--%s (COATCHECK_%s) is %q: want %s",
		flag, strings.ToUpper(strings.ReplaceAll(flag, "-", "_")), got, want))
}

// parse understands the settings, or returns all that is wrong with them.
func (c *serveCmd) parse() (settings, error) {
	var f faults
	s := settings{origins: c.Origin, policy: c.parsePolicy(&f), log: &slog.HandlerOptions{}}
	loopback := c.checkAddr(&f)
	if len(c.Origin) == 0 && !loopback {
		f.add("origin", "", "the public origin, such as https://app.example.com, when --addr is not loopback")
	}
	s.demo = choose(&f, "demo", string(c.Demo), map[string]bool{"": false, "true": true, "false": false})
	if s.demo && !loopback {
		f.add("demo", "true", "an --addr on loopback such as 127.0.0.1:8080")
	}
	s.sameSite = choose(&f, "same-site", c.SameSite, map[string]http.SameSite{
		"lax": http.SameSiteLaxMode, "strict": http.SameSiteStrictMode,
	})
	s.json = choose(&f, "log-format", c.LogForm, map[string]bool{"text": false, "json": true})
	s.log.Level = parseText[slog.Level](&f, "log-level", c.LogLevel, "debug, info, warn or error")
	if c.TagKeys != "" {
		keys, err := session.ParseKeys(c.TagKeys)
		if err != nil {
			f.add("tag-keys", "[redacted]", "1 to 8 keys of 64 to 256 hexadecimal digits, separated by commas ("+err.Error()+")")
		}
		s.keys = keys
	}
	if len(f) > 0 {
		return settings{}, &settingsError{f}
	}
	return s, nil
}

// checkAddr reports whether the address is on loopback.
func (c *serveCmd) checkAddr(f *faults) (loopback bool) {
	host, port, err := net.SplitHostPort(c.Addr)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
		f.add("addr", c.Addr, "HOST:PORT such as 127.0.0.1:8080")
		return true // no second fault over the same address
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// parsePolicy reads the policy's settings; those not given take their defaults.
func (c *serveCmd) parsePolicy(f *faults) session.Policy {
	var p session.Policy
	unread := len(*f)
	for _, d := range []struct {
		flag, text string
		into       *time.Duration
	}{
		{"idle", c.Idle, &p.Idle},
		{"absolute", c.Absolute, &p.Absolute},
		{"remembered-idle", c.RememberedIdle, &p.RememberedIdle},
		{"remembered-absolute", c.RememberedAbsolute, &p.RememberedAbsolute},
		{"touch-every", c.TouchEvery, &p.TouchEvery},
		{"fresh-for", c.FreshFor, &p.FreshFor},
		{"retention", c.Retention, &p.Retention},
	} {
		var err error
		if d.text == "" {
			continue
		}
		if *d.into, err = time.ParseDuration(d.text); err != nil || *d.into <= 0 {
			f.add(d.flag, d.text, "a duration such as 90s, 15m or 8h")
		}
	}
	if c.PerUser != "" {
		n, err := strconv.Atoi(c.PerUser)
		if err != nil || n < 1 {
			f.add("per-user", c.PerUser, "a number from 1")
		}
		p.PerUser = n
	}
	p = p.WithDefaults()
	if len(*f) == unread {
		f.addPolicy(p.Validate())
	}
	return p
}

// addPolicy notes what the policy says of itself, by the names of the flags.
func (f *faults) addPolicy(err error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return
	}
	for _, one := range joined.Unwrap() {
		var fault *session.Fault
		if errors.As(one, &fault) {
			f.add(flagName(fault.Field), fault.Got, fault.Want)
		}
	}
}

// flagName turns a field's name into its flag's: TouchEvery into touch-every.
func flagName(field string) string {
	var name strings.Builder
	for i, c := range field {
		if unicode.IsUpper(c) && i > 0 {
			name.WriteByte('-')
		}
		name.WriteRune(unicode.ToLower(c))
	}
	return name.String()
}

// choose returns what a word stands for.
func choose[T any](f *faults, flag, word string, known map[string]T) T {
	value, ok := known[word]
	if !ok {
		var words []string
		for w := range known {
			words = append(words, w)
		}
		f.add(flag, word, strings.Join(sorted(words), " or "))
	}
	return value
}

// parseText reads a type that knows its own text.
func parseText[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](f *faults, flag, text, want string) T {
	var value T
	if err := P(&value).UnmarshalText([]byte(text)); err != nil {
		f.add(flag, text, want)
	}
	return value
}

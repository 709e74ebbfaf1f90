package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
	"coatcheck/core/settings"
	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/prom"
	"coatcheck/local/upstream"
)

// serveCmd are the settings of serving, as they are given: texts, so that every one
// that is wrong is reported and not only the first.
type serveCmd struct {
	Addr        string   `default:"127.0.0.1:8080" env:"COATCHECK_ADDR" placeholder:"HOST:PORT" help:"Address to listen on (${env}). Port 0 takes a free one."`
	Origin      []string `env:"COATCHECK_ORIGIN" placeholder:"URL" help:"Public origin, such as https://app.example.com; may be repeated (${env}). Default on loopback: localhost and 127.0.0.1."`
	SameSite    string   `default:"lax" env:"COATCHECK_SAME_SITE" help:"SameSite of the cookie: lax or strict (${env})."`
	TagKeys     string   `env:"COATCHECK_TAG_KEYS" placeholder:"HEX,..." help:"Keys that tag tokens, 64 or more hexadecimal digits each; better set in the environment (${env}). Default: one made at first start and kept with the data."`
	Demo        yesNo    `env:"COATCHECK_DEMO" help:"Fill the data with a demo user and 1,000 sessions of 200 users; refused off loopback (${env})."`
	Routes      []string `env:"COATCHECK_ROUTES" placeholder:"ROUTE..." help:"Route and what is asked of it: passive (no use of the session), optional, role=NAME|NAME, max-age=15m; such as 'GET /notifications/{id} passive'. May be repeated (${env})."`
	Upstream    string   `env:"COATCHECK_UPSTREAM" placeholder:"URL" help:"Application to stand in front of, such as http://localhost:3000: what is no path of ours goes on to it, with a session only (${env})."`
	Webhook     string   `env:"COATCHECK_WEBHOOK" placeholder:"URL" help:"Application to tell that a session ended or a user changed, such as https://app.example.com/coatcheck; http on loopback only (${env})."`
	Secrets     []string `name:"webhook-secrets" env:"COATCHECK_WEBHOOK_SECRETS" placeholder:"SECRET,..." help:"Secrets that sign what is sent to --webhook, each whsec_ and base64 of 24 to 64 bytes; better set in the environment (${env})."`
	MetricsAddr string   `env:"COATCHECK_METRICS_ADDR" placeholder:"HOST:PORT" help:"Address of its own on which Prometheus fetches GET /metrics from whoever reaches it, such as 127.0.0.1:9464 (${env}). Default: none."`
	Monitor     string   `name:"monitor-every" default:"1m" env:"COATCHECK_MONITOR_EVERY" placeholder:"1m" help:"How often active sessions are counted, if anybody fetches metrics, and ends of everybody's sessions written down, 1s to 1h (${env})."`
	LogLevel    string   `default:"info" env:"COATCHECK_LOG_LEVEL" help:"debug, info, warn or error (${env})."`
	LogForm     string   `name:"log-format" default:"text" env:"COATCHECK_LOG_FORMAT" help:"text or json (${env})."`
}

// policyFlags are the policy's settings. Every command has them: what an operator is
// shown of a session depends on the policy.
type policyFlags struct {
	Idle               string `group:"Policy" placeholder:"15m" env:"COATCHECK_IDLE" help:"A session ends when it is not used for so long (${env})."`
	Absolute           string `group:"Policy" placeholder:"8h" env:"COATCHECK_ABSOLUTE" help:"A session ends that long after sign-in, used or not (${env})."`
	RememberedIdle     string `group:"Policy" placeholder:"168h" env:"COATCHECK_REMEMBERED_IDLE" help:"Idle limit of remembered sessions; unset: nobody is remembered (${env})."`
	RememberedAbsolute string `group:"Policy" placeholder:"720h" env:"COATCHECK_REMEMBERED_ABSOLUTE" help:"Absolute limit of remembered sessions (${env})."`
	TouchEvery         string `group:"Policy" placeholder:"90s" env:"COATCHECK_TOUCH_EVERY" help:"How often use is written down (${env})."`
	FreshFor           string `group:"Policy" placeholder:"15m" env:"COATCHECK_FRESH_FOR" help:"How long a sign-in counts as fresh (${env})."`
	RotateEvery        string `group:"Policy" placeholder:"1h" env:"COATCHECK_ROTATE_EVERY" help:"How often a session's token is replaced; 0: never (${env})."`
	Grace              string `group:"Policy" placeholder:"30s" env:"COATCHECK_GRACE" help:"How long at most a request lives, and a replaced token with it (${env})."`
	PerUser            string `group:"Policy" placeholder:"10" env:"COATCHECK_PER_USER" help:"Live sessions a user may have; the oldest ends (${env})."`
	Retention          string `group:"Policy" placeholder:"720h" env:"COATCHECK_RETENTION" help:"How long a record is kept after its absolute expiry (${env})."`
}

// text returns a flag as it was given.
func (p *policyFlags) text(name string) string {
	return map[string]string{
		"idle": p.Idle, "absolute": p.Absolute,
		"remembered-idle": p.RememberedIdle, "remembered-absolute": p.RememberedAbsolute,
		"touch-every": p.TouchEvery, "fresh-for": p.FreshFor, "rotate-every": p.RotateEvery, "grace": p.Grace, "per-user": p.PerUser, "retention": p.Retention,
	}[name]
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

// served are serveCmd's settings, understood.
type served struct {
	origins  []string
	sameSite http.SameSite
	keys     session.Keys // zero: the one kept with the data
	policy   session.Policy
	routes   inbound.Routes
	upstream *url.URL // nil: none
	webhook  receiver
	metrics  *prom.Sink // nil: nobody fetches them
	demo     bool
	// monitorEvery is how often the monitor runs.
	monitorEvery time.Duration
	log          *slog.HandlerOptions
	json         bool
	tell         func(context.Context, session.Event) // of what happens, to the log; nil: nobody
	calls        *telemetry.CallOptions               // of the stores, measured; nil: they are not
}

// text returns a flag as it was given.
func (c *serveCmd) text(name string) string {
	return map[string]string{
		"addr": c.Addr, "same-site": c.SameSite, "tag-keys": c.TagKeys, "demo": string(c.Demo),
		"log-level": c.LogLevel, "log-format": c.LogForm, "routes": strings.Join(c.Routes, ","), "upstream": c.Upstream,
		"metrics-addr": c.MetricsAddr, "monitor-every": c.Monitor, "webhook": c.Webhook, "webhook-secrets": strings.Join(c.Secrets, ","),
	}[name]
}

// parse understands the settings, or returns all that is wrong with them.
func (c *serveCmd) parse(all *cli) (served, error) {
	r := settings.Flags(func(name string) string { return c.text(name) + all.text(name) })
	all.check(r)
	s := served{
		origins: c.Origin, sameSite: r.SameSite(), keys: r.Keys(), policy: r.Policy(), routes: r.Routes(), monitorEvery: r.MonitorEvery(),
		demo: settings.Choice(r, "demo", map[string]bool{"": false, "true": true, "false": false}),
		log:  &slog.HandlerOptions{Level: r.LogLevel()},
		json: settings.Choice(r, "log-format", map[string]bool{"text": false, "json": true}),
	}
	s.upstream = c.application(r)
	s.webhook = readReceiver(r, all.onDynamoDB())
	if c.MetricsAddr != "" {
		checkAddr(r, "metrics-addr")
		s.metrics = prom.New()
	}
	loopback := checkAddr(r, "addr")
	for _, origin := range c.Origin {
		if want := inbound.Unfit(origin); want != "" {
			r.Fault("origin", inbound.Shown(origin), want)
		}
	}
	if len(c.Origin) == 0 && !loopback {
		r.Fault("origin", "", "the public origin, such as https://app.example.com, when --addr is not loopback")
	}
	if s.demo && !loopback {
		r.Fault("demo", "true", "an --addr on loopback such as 127.0.0.1:8080")
	}
	if all.onDynamoDB() && c.TagKeys == "" {
		r.Fault("tag-keys", "", "a key of 64 hexadecimal digits, the same for all that share the tables, when --store is dynamodb")
	}
	return s, r.Err()
}

// application returns the address of the application to stand in front of, nil if there
// is none.
func (c *serveCmd) application(r *settings.Reader) *url.URL {
	text := r.Text("upstream")
	if text == "" {
		return nil
	}
	target, want := upstream.Parse(text)
	machine, _ := net.InterfaceAddrs() // without them what is certain is still found
	if target != nil && (upstream.Reaches(target, c.Addr, machine) || slices.Contains(c.Origin, target.String())) {
		want = "the application's own address, which is neither --addr nor --origin"
	}
	if strings.Contains(text, "@") {
		text = "[redacted]"
	}
	if want != "" {
		r.Fault("upstream", text, want)
	}
	return target
}

// checkAddr reports whether the address is on loopback.
func checkAddr(r *settings.Reader, name string) (loopback bool) {
	addr := r.Text(name)
	host, port, err := net.SplitHostPort(addr)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
		r.Fault(name, addr, "HOST:PORT such as 127.0.0.1:8080")
		return true // no second fault over the same address
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

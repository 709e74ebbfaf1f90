package environment

import (
	"bytes"
	"context"
	"encoding/json"
	"log"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

func TestReads(t *testing.T) {
	given := map[string]string{
		"COATCHECK_TAG_KEYS": strings.Repeat("ab", 32), "COATCHECK_ORIGIN": "https://a.example, https://b.example",
		"COATCHECK_SESSIONS_TABLE": "s", "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8000",
	}
	r := New(func(name string) string { return given[name] })
	if r.Keys().IsZero() || len(r.Origins()) != 2 || r.Table("sessions-table") != "s" || r.Region() != "eu-central-1" ||
		r.Endpoint() != "http://127.0.0.1:8000" {
		t.Error("not what was given")
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
}

// Where the daemon is counts only with the setting on, and no oddity of it keeps a
// function from its start.
func TestTraceDaemon(t *testing.T) {
	for name, c := range map[string]struct{ tracing, address, want string }{
		"on":              {"on", "169.254.100.1:2000", "169.254.100.1:2000"},
		"off":             {"off", "169.254.100.1:2000", "invalid AddrPort"},
		"not given":       {"", "169.254.100.1:2000", "invalid AddrPort"},
		"without address": {"on", "", "invalid AddrPort"},
		"odd address":     {"on", "tcp:here", "invalid AddrPort"},
	} {
		t.Run(name, func(t *testing.T) {
			given := map[string]string{"COATCHECK_TRACING": c.tracing, "AWS_XRAY_DAEMON_ADDRESS": c.address}
			r := New(func(name string) string { return given[name] })
			if got := r.TraceDaemon().String(); got != c.want || r.Err() != nil {
				t.Errorf("got %s, %v, want %s", got, r.Err(), c.want)
			}
		})
	}
	r := New(func(string) string { return "maybe" })
	if r.TraceDaemon(); r.Err() == nil || !strings.Contains(r.Err().Error(), `COATCHECK_TRACING is "maybe": want off or on`) {
		t.Errorf("got %v", r.Err())
	}
}

// Lambda reads timestamp, level and message of a line of JSON; what the libraries
// print comes as such lines too, whatever the level.
func TestLog(t *testing.T) {
	before, flags, writer := slog.Default(), log.Flags(), log.Writer()
	level := slog.SetLogLoggerLevel(slog.LevelInfo)
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetFlags(flags)
		log.SetOutput(writer)
		slog.SetLogLoggerLevel(level)
	})
	var out bytes.Buffer
	l := SetLog(&out, slog.LevelWarn).With("a", "b").WithGroup("g")
	ctx := lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: "id-1"})
	const trace = "1-5759e988-bd862e3fe1be46a994272793"
	ctx = context.WithValue(ctx, "x-amzn-trace-id", "Root="+trace+";Parent=53995c3f42cd8ad8;Sampled=1") //nolint:staticcheck // as aws-lambda-go does
	ctx = Named(ctx, "gateway-1", "extended-1")
	l.InfoContext(ctx, "too quiet")
	l.WarnContext(ctx, "loud", "c", "d")
	log.Printf("from a library")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("got %q", lines)
	}
	for i, want := range []string{"loud", "from a library"} {
		var line map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &line); err != nil {
			t.Fatal(err)
		}
		if line["message"] != want || line["timestamp"] == nil || line["level"] == nil {
			t.Errorf("got %s", lines[i])
		}
	}
	out.Reset()
	l.WarnContext(Named(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "id-2"}), "", ""), "a TOKEN authorizer")
	if !strings.Contains(out.String(), `"request":"id-2"`) {
		t.Errorf("the request is not named by the invocation: %s", out.String())
	}
	for _, name := range []string{`"requestId":"id-1"`, `"request":"gateway-1"`, `"extendedRequest":"extended-1"`, `"trace":"` + trace + `"`} {
		if !strings.Contains(lines[0], name) {
			t.Errorf("%s is not in %s", name, lines[0])
		}
	}
}

package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What each part may link, transitively: the core knows no cloud, and what a session
// is knows nothing but the standard library.
func TestImportsPointInward(t *testing.T) {
	for _, c := range []struct {
		pkg     string
		allowed []string // beside the standard library and itself
	}{
		{"coatcheck/core/session", nil},
		{"coatcheck/core/settings", []string{"coatcheck/core/session", "coatcheck/core/httpapi/inbound"}},
		{"coatcheck/core/signin", []string{"coatcheck/core/session"}},
		{"coatcheck/core/signin/password", []string{
			"coatcheck/core/session", "coatcheck/core/signin", "golang.org/x/crypto/", "golang.org/x/sys/cpu",
		}},
		{"coatcheck/core/httpapi/inbound", []string{"coatcheck/core/session"}},
		{"coatcheck/core/httpapi", []string{"coatcheck/core/session", "coatcheck/core/signin", "coatcheck/core/httpapi/inbound", "coatcheck/core/telemetry/request"}},
		{"coatcheck/core/telemetry/request", nil},
		{"coatcheck/core/telemetry", []string{"coatcheck/core/session", "coatcheck/core/signin", "coatcheck/core/telemetry/request", "coatcheck/core/telemetry/lines"}},
		{"coatcheck/core/telemetry/lines", nil},
		{"coatcheck/core/telemetry/emf", []string{"coatcheck/core/session", "coatcheck/core/signin", "coatcheck/core/telemetry"}},
		{"coatcheck/local/canary", []string{"coatcheck/core/session", "coatcheck/core/httpapi/inbound"}},
		{"coatcheck/local/webhook", []string{"coatcheck/core/session", "coatcheck/core/signin", "coatcheck/core/events"}},
		{"coatcheck/local/upstream", []string{"coatcheck/core/session", "coatcheck/core/signin", "coatcheck/core/httpapi", "coatcheck/core/telemetry/request"}},
		{"coatcheck/core/store/memory", []string{"coatcheck/core/session", "coatcheck/core/signin"}},
		{"coatcheck/core/store/bolt", []string{
			"coatcheck/core/session", "coatcheck/core/signin", "coatcheck/core/events", "go.etcd.io/bbolt", "golang.org/x/sys/",
		}},
		{"coatcheck/core/monitor", []string{"coatcheck/core/session", "coatcheck/core/signin", "coatcheck/core/telemetry"}},
		{"coatcheck/core/events", []string{"coatcheck/core/session", "coatcheck/core/signin"}},
	} {
		out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", c.pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, dep := range strings.Fields(string(out)) {
			if dep != c.pkg && !allowedIn(dep, c.allowed) {
				t.Errorf("%s links %s", c.pkg, dep)
			}
		}
	}
}

func allowedIn(dep string, allowed []string) bool {
	for _, prefix := range allowed {
		if dep == prefix || strings.HasPrefix(dep, strings.TrimSuffix(prefix, "/")+"/") && prefix != "coatcheck/core/signin" {
			return true
		}
	}
	return false
}

// What links Prometheus's client is local's alone: a function has no page to fetch.
func TestPrometheusIsLocals(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "coatcheck/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		pkg, deps, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.Contains(deps, "github.com/prometheus/client_golang") {
			continue
		}
		switch pkg {
		case "coatcheck/local":
			seen++
		case "coatcheck/core/telemetry/prom", "coatcheck/core/telemetry/truthtest":
		default:
			t.Errorf("%s links Prometheus's client", pkg)
		}
	}
	if seen == 0 {
		t.Error("local does not link it: this test looks for what is not there")
	}
}

// TestNothingImportsLocal, and what examines AWS's control plane is linked nowhere else.
func TestNothingImportsLocal(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}: {{join .Imports " "}}`, "coatcheck/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	controlPlane := regexp.MustCompile(`^github\.com/aws/aws-sdk-go-v2/service/(apigateway|apigatewayv2|appsync|cloudformation|iam|lambda|secretsmanager)\b`)
	seen := 0
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for _, dep := range strings.Fields(imports) {
			switch {
			case strings.HasPrefix(dep, "coatcheck/local") && pkg != "coatcheck/local":
				t.Errorf("%s imports %s", pkg, dep)
			case pkg == "coatcheck/functions/monitor" && strings.HasSuffix(dep, "/secretsmanager"): // the dates of one secret
			case controlPlane.MatchString(dep) && pkg != "coatcheck/local/doctor":
				t.Errorf("%s imports %s", pkg, dep)
			case controlPlane.MatchString(dep):
				seen++
			}
		}
	}
	if seen == 0 {
		t.Error("nothing imports the control plane's clients: this test looks for what is not there")
	}
}

// TestControlPlaneIsOnlyRead: of the services that hold a deployment's configuration,
// the program has no code that changes anything, and none that reads a secret's value.
func TestControlPlaneIsOnlyRead(t *testing.T) {
	exe := filepath.Join(t.TempDir(), "coatcheck")
	if out, err := exec.Command("go", "build", "-o", exe, "coatcheck/local").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	symbols, err := exec.Command("go", "tool", "nm", exe).Output()
	if err != nil {
		t.Fatal(err)
	}
	operation := regexp.MustCompile(`service/(apigateway|apigatewayv2|appsync|cloudformation|iam|lambda|secretsmanager)\.\(\*Client\)\.([A-Z]\w+)`)
	reads := regexp.MustCompile(`^(Get|List|Describe)`)
	found := map[string]bool{}
	for _, m := range operation.FindAllStringSubmatch(string(symbols), -1) {
		found[m[0]] = true
		if !reads.MatchString(m[2]) || m[2] == "GetSecretValue" {
			t.Errorf("the program links %s", m[0])
		}
	}
	if len(found) < 10 {
		t.Errorf("%d calls are linked: too few to be all", len(found))
	}
}

package template_test

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/settings"
	"coatcheck/e2e/template/stack"
)

// A setting has one name: Idle here, COATCHECK_IDLE in the functions' environment. A
// few variables are made of something else than a parameter.
func TestParametersAreNamedAsSettings(t *testing.T) {
	template := stack.Read(t, file)
	made := map[string]string{
		"COATCHECK_SESSIONS_TABLE": "SessionsTable", "COATCHECK_ACCOUNTS_TABLE": "AccountsTable",
		"COATCHECK_TAG_KEYS_SECRET": "TagKeys",
	}
	for _, function := range template.Functions() {
		for variable, value := range template.Environment(function) {
			parameter, direct := stack.At(value, "Ref").(string)
			if !direct || made[variable] == parameter {
				continue
			}
			if want := settings.Variable(dashed(parameter)); variable != want {
				t.Errorf("%s: %s is the parameter %s, whose variable is %s", function, variable, parameter, want)
			}
		}
	}
}

// given reads the settings as a deployment does that changes some parameters.
func given(template *stack.Template, changed map[string]string) *settings.Reader {
	texts := map[string]string{}
	for name, p := range template.Parameters {
		texts[settings.Variable(dashed(name))] = stack.Text(p["Default"])
	}
	for name, text := range changed {
		texts[settings.Variable(dashed(name))] = text
	}
	return settings.Environment(func(name string) string { return texts[name] })
}

// With no parameter given the functions get what they would take by themselves.
func TestDefaultsAreTheCodes(t *testing.T) {
	deployed, own := given(stack.Read(t, file), nil), settings.Environment(func(string) string { return "" })
	if got, want := deployed.Policy(), own.Policy(); got != want {
		t.Errorf("policy\n%+v\nwant\n%+v", got, want)
	}
	if !reflect.DeepEqual(deployed.Routes(), own.Routes()) || deployed.SameSite() != own.SameSite() || deployed.LogLevel() != own.LogLevel() || deployed.MonitorEvery() != own.MonitorEvery() {
		t.Error("routes, SameSite, log level or the monitor's schedule are not the code's")
	}
	if err := deployed.Err(); err != nil {
		t.Error(err)
	}
}

// durations are texts that somebody may give for a time, and whether the template takes
// them. The longest is no overflow.
var durations = map[string]bool{
	"1s": true, "90s": true, "15m": true, "8h": true, "720h": true, "1h30m": true, "2h3m4s": true, "99999h99999h99999h": true,
	"01m": false, "0s": false, "1.5h": false, "-5m": false, "5": false, "15 m": false, "15m ": false, "15min": false, "1d": false,
	"h": false, "15M": false, "1h30m\n": false, "100000h": false,
}

// What the template takes the code understands: whether it suits the others is another
// matter.
func TestTimes(t *testing.T) {
	template := stack.Read(t, file)
	for name, special := range map[string]map[string]bool{
		"Idle": {"": false, "0": false}, "Absolute": {"": false, "0": false}, "FreshFor": {"": false, "0": false},
		"Grace": {"": false, "0": false}, "Retention": {"": false, "0": false}, "RememberedIdle": {"": true, "0": false},
		"RememberedAbsolute": {"": true, "0": false}, "TouchEvery": {"": true, "0": false}, "RotateEvery": {"": false, "0": true},
	} {
		maps.Copy(special, durations)
		for text, want := range special {
			if got := stack.Accepts(template.Parameters[name], text); got != want {
				t.Errorf("%s: takes %q: %t, want %t", name, text, got, want)
			}
			r := given(template, map[string]string{name: text})
			if r.Policy(); want && r.Err() != nil && strings.Contains(r.Err().Error(), "want a duration such as") {
				t.Errorf("%s takes %q, and the code: %v", name, text, r.Err())
			}
		}
	}
}

// The bounds of a number are the code's.
func TestPerUser(t *testing.T) {
	template := stack.Read(t, file)
	for _, text := range []string{"0", "1", "1000", "1001", "ten"} {
		r := given(template, map[string]string{"PerUser": text})
		r.Policy()
		if got, want := stack.Accepts(template.Parameters["PerUser"], text), r.Err() == nil; got != want {
			t.Errorf("%q: the template takes it: %t, the code: %t", text, got, want)
		}
	}
}

// What is one of a few words is one to the code as well.
func TestWords(t *testing.T) {
	template := stack.Read(t, file)
	for name, read := range map[string]func(*settings.Reader){
		"SameSite":     func(r *settings.Reader) { r.SameSite() },
		"LogLevel":     func(r *settings.Reader) { r.LogLevel() },
		"MonitorEvery": func(r *settings.Reader) { r.MonitorEvery() },
	} {
		for _, word := range stack.At(template.Parameters[name], "AllowedValues").([]any) {
			r := given(template, map[string]string{name: stack.Text(word)})
			if read(r); r.Err() != nil {
				t.Errorf("%s: %v", name, r.Err())
			}
		}
	}
}

func TestPatternOfOrigins(t *testing.T) {
	p := stack.Read(t, file).Parameters["Origin"]
	for text, want := range map[string]bool{
		"": true, "https://app.example.com": true, "https://app.example.com:8443": true, "http://localhost:3000": true,
		"http://127.0.0.1:8080": true, "https://a.example,https://b.example": true, "https://a.example, https://b.example": true,
		"https://app.example.com/": false, "app.example.com": false, "https://App.example.com": false, "http://app.example.com": false,
		"*": false, "https://*.example.com": false, "https://a.example https://b.example": false, "https://user@a.example": false,
		"http://127a0.0.1": false, "https://a.example,": false, "null": false,
	} {
		if got := stack.Accepts(p, text); got != want {
			t.Errorf("%q: accepted %t, want %t", text, got, want)
		}
		for origin := range strings.SplitSeq(text, ",") {
			if unfit := inbound.Unfit(strings.TrimSpace(origin)); want && text != "" && unfit != "" {
				t.Errorf("%q is accepted, and the code wants %s", origin, unfit)
			}
		}
	}
}

// The rule lets through what the policy takes of the limits of remembered sessions.
func TestRememberedBothOrNeither(t *testing.T) {
	template := stack.Read(t, file)
	assertion := stack.At(template.Rules, "RememberedBothOrNeither", "Assertions").([]any)[0]
	for _, c := range []struct{ idle, absolute string }{{"", ""}, {"168h", "720h"}, {"168h", ""}, {"", "720h"}} {
		r := given(template, map[string]string{"RememberedIdle": c.idle, "RememberedAbsolute": c.absolute})
		r.Policy()
		holds := decide(stack.At(assertion, "Assert"), map[string]string{"RememberedIdle": c.idle, "RememberedAbsolute": c.absolute})
		if want := r.Err() == nil; holds != want {
			t.Errorf("%q: the rule holds: %t, the policy: %v", c, holds, r.Err())
		}
	}
}

// decide evaluates a condition as CloudFormation does.
func decide(condition any, parameters map[string]string) bool {
	for function, argument := range condition.(stack.Map) {
		list := argument.([]any)
		switch function {
		case "Fn::Or":
			return decide(list[0], parameters) || decide(list[1], parameters)
		case "Fn::And":
			return decide(list[0], parameters) && decide(list[1], parameters)
		case "Fn::Not":
			return !decide(list[0], parameters)
		case "Fn::Equals":
			return parameters[stack.Text(list[0])] == stack.Text(list[1])
		}
	}
	panic("a condition of another kind")
}

// The README's table tells of the settings, docs/operations.md of the other parameters.
func TestParametersAreExplained(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(stack.Root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := operations(t)
	for name := range stack.Read(t, file).Parameters {
		if !strings.Contains(string(readme), "`"+settings.Variable(dashed(name))+"`") && !strings.Contains(page, "`"+name+"`") {
			t.Errorf("%s is explained nowhere", name)
		}
	}
}

package doctor

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "anything", true},
		{"a*c", "abc", true},
		{"a*c", "abcd", false},
		{"a*b*c", "axbxbxc", true},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"abc", "abcd", false},
		{"**a", "ba", true},
		{"*a*", "bbb", false},
		{strings.Repeat("*a", 40) + "b", strings.Repeat("a", 2000), false},
	} {
		if got := glob(c.pattern, c.text); got != c.want {
			t.Errorf("glob(%q, %.20q) is %v", c.pattern, c.text, got)
		}
	}
	for _, c := range []struct {
		pattern, arn string
		want         bool
	}{
		{"arn:aws:execute-api:*:123456789012:a1/authorizers/*", "arn:aws:execute-api:eu-central-1:123456789012:a1/authorizers/x", true},
		{"arn:aws:execute-api:*", "arn:aws:execute-api:eu-central-1:123456789012:a1", false}, // a star does not reach over a colon
		{"arn:aws:execute-api:*:*:*", "arn:aws:execute-api:eu-central-1:123456789012:a1/authorizers/x", true},
		{"arn:aws:execute-api:eu-central-1:123456789012:a1", "arn:aws:execute-api:eu-central-1:123456789012:a1/authorizers/x", false},
	} {
		if got := globARN(c.pattern, c.arn); got != c.want {
			t.Errorf("globARN(%q, %q) is %v", c.pattern, c.arn, got)
		}
	}
}

func TestNamed(t *testing.T) {
	const function = "arn:aws:lambda:eu-central-1:123456789012:function:authorize"
	in := func(arn string) string {
		return "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/" + arn + "/invocations"
	}
	for _, c := range []struct {
		name, uri string
		want      functionNamed
		ours      bool
	}{
		{"API Gateway's form", in(function), functionNamed{}, true},
		{"AppSync's form", function, functionNamed{}, true},
		{"an alias", in(function + ":live"), functionNamed{version: "live"}, true},
		{"another function", in(function + "2"), functionNamed{}, false},
		{"another account", in(strings.Replace(function, "123456789012", "999999999999", 1)), functionNamed{}, false},
		{"an alias of no name", in(function + ":"), functionNamed{}, false},
		{"a stage variable for the name", in("arn:aws:lambda:eu-central-1:123456789012:function:${stageVariables.f}"), functionNamed{guess: true}, true},
		{"one for the alias", in(function + ":${stageVariables.alias}"), functionNamed{guess: true}, true},
		{"one in another name", in("arn:aws:lambda:eu-central-1:123456789012:function:other-${stageVariables.f}"), functionNamed{guess: true}, false},
		{"one that is not closed", in("arn:aws:lambda:eu-central-1:123456789012:function:${stageVariables.f"), functionNamed{guess: true}, true},
		{"nothing", "", functionNamed{}, false},
	} {
		got, ours := named(c.uri, function)
		if ours != c.ours || ours && got != c.want {
			t.Errorf("%s: %+v, %v", c.name, got, ours)
		}
	}
}

// TestDocument: IAM takes one where it takes many, in every place.
func TestDocument(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"one of everything", `{"Statement":{"Effect":"Allow","Principal":"*","Action":"a:b","Resource":"c","Condition":{"Bool":{"d":true}}}}`, "[a:b] [c] map[AWS:[*]] map[Bool:map[d:[true]]]"},
		{"many", `{"Statement":[{"Principal":{"Service":["x","y"],"AWS":"z"},"Action":["a","b"],"Resource":["c"],"Condition":{"NumericEquals":{"d":[1,"2"]}}}]}`, "[a b] [c] map[AWS:[z] Service:[x y]] map[NumericEquals:map[d:[1 2]]]"},
		{"no statement", `{"Version":"2012-10-17"}`, ""},
		{"an object for an action", `{"Statement":{"Action":{"a":"b"}}}`, ""},
		{"null for an action", `{"Statement":{"Action":[null]}}`, ""},
		{"a number for a statement", `{"Statement":[1]}`, ""},
		{"cut off", `{"Statement":[{"Action":"a"`, ""},
		{"nothing", ``, ""},
	} {
		d, err := parseDocument(c.text)
		if c.want == "" {
			if !errors.Is(err, errOdd) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		s := d.Statement[0]
		if got := fmt.Sprint(s.Action, s.Resource, s.Principal, s.Condition); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"a:b","Resource":"c","Condition":{"Bool":{"d":true}}}}`)
	f.Add(`{"Statement":[{"NotAction":["*"],"NotPrincipal":{},"Principal":{"Service":"apigateway.amazonaws.com"}}]}`)
	e := &examination{stack: stack{place: place{"aws", "eu-central-1", "123456789012"}}}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDocument(text)
		if err != nil {
			return
		}
		e.roleFaults(function{id: authorize}, []rolePolicy{{"p", d}})
		e.mayCall(d, authorizer{source: "arn:aws:execute-api:eu-central-1:1:a/authorizers/b", principal: "apigateway.amazonaws.com"})
		if len(d.Statement) == 0 {
			t.Error("a policy without statements")
		}
	})
}

// TestPagesEnd: a list whose pages never end is given up.
func TestPagesEnd(t *testing.T) {
	asked := 0
	all, err := pages(func(*string) ([]int, *string, error) {
		asked++
		next := fmt.Sprint(asked)
		return []int{asked}, &next, nil
	})
	if !errors.Is(err, errOdd) || len(all) != maxPages || asked != maxPages {
		t.Errorf("asked %d times, got %d, %v", asked, len(all), err)
	}
}

// TestClockNarrows: the more answers there are, the more is known.
func TestClockNarrows(t *testing.T) {
	type reply struct{ sent, received, date time.Duration } // since today
	const ms = time.Millisecond
	for _, c := range []struct {
		name    string
		replies []reply
		want    string
	}{
		{"one answer", []reply{{0, 100 * ms, 0}}, "ok within 1s of AWS"},
		{"two across a second's turn", []reply{{900 * ms, 950 * ms, 0}, {1000 * ms, 1050 * ms, time.Second}}, "ok within 100ms of AWS"},
		{"one that took a minute", []reply{{0, time.Minute, 30 * time.Second}}, "warn the answers took too long to tell"},
		{"one that took a minute and one that did not", []reply{{0, time.Minute, 30 * time.Second}, {time.Minute, time.Minute + 100*ms, time.Minute}}, "ok within 1s of AWS"},
		{"a server whose clock contradicts", []reply{{0, 100 * ms, 0}, {0, 100 * ms, 20 * time.Second}}, "ok within 1s of AWS"},
		{"just within the skew", []reply{{6 * time.Second, 6 * time.Second, 0}}, "warn 5s ahead of AWS at least"},
		{"just past it", []reply{{6*time.Second + 100*ms, 6*time.Second + 100*ms, 0}}, "FAIL 5.1s ahead of AWS at least"},
	} {
		var watch clock
		for _, r := range c.replies {
			watch.measure(today.Add(r.sent), today.Add(r.received), today.Add(r.date).Format(http.TimeFormat))
		}
		watch.measure(today, today, "no date")
		f := watch.examine()
		if got := fmt.Sprint(f.Status, " ", f.Found); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestReportAsJSON: the words in JSON are those that are printed.
func TestReportAsJSON(t *testing.T) {
	r := Report{Stack: "s", Region: "r", Findings: []Finding{
		check{"clock", "this machine"}.ok("well"), check{"table", "t"}.fail("mend it", "broken"), check{"table", "u"}.unanswered(asked("a:B", errOdd)),
	}}
	got, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"stack":"s","region":"r","findings":[{"check":"clock","subject":"this machine","status":"ok","found":"well"},` +
		`{"check":"table","subject":"t","status":"FAIL","found":"broken","do":"mend it"},` +
		`{"check":"table","subject":"u","status":"unknown","found":"a:B: the answer is not understood","do":"try again; a newer coatcheck may know it"}]}`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestHealthyMeansKnown: what fails is not healthy, and what is not known is not either.
func TestHealthyMeansKnown(t *testing.T) {
	for s, want := range map[Status]bool{OK: true, Warn: true, Fail: false, Unknown: false} {
		r := Report{Findings: []Finding{{Status: OK}, {Status: s}}}
		if got := r.Healthy(); got != want {
			t.Errorf("%s: healthy %v", s, got)
		}
	}
}

package doctor

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// FuzzAnswers puts any answer in any call's place: whatever AWS says, nothing panics,
// and every finding is one line that a terminal can show. To be quick it makes only
// the calls around that one, without connections.
func FuzzAnswers(f *testing.F) {
	inOrder := healthy(f)
	calls := slices.Sorted(maps.Keys(inOrder.answers))
	for i, name := range calls {
		f.Add(uint8(i), 200, inOrder.answers[name].body)
	}
	f.Add(uint8(0), 403, `{"__type":"AccessDenied"}`)
	f.Add(uint8(3), 200, `{"items":[null,{"authorizerUri":"arn:aws:apigateway:x:lambda:path/functions/${"}]}`)
	f.Add(uint8(9), 500, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>")

	fake := &fakeAWS{tb: quiet{f}, calls: map[string]int{}, now: today} // a hostile answer leads to calls that no test knows
	c := config("http://aws.invalid")
	c.HTTPClient, c.Retryer, c.RetryMaxAttempts = inOrder, nil, 1
	e := &examination{clients: newClients(c), now: func() time.Time { return today }}
	e.run(f.Context(), "coatcheck")
	c.HTTPClient = fake
	e.clients = newClients(c)

	f.Fuzz(func(t *testing.T, which uint8, status int, body string) {
		if status < 200 || status > 599 {
			status = 200
		}
		name := calls[int(which)%len(calls)]
		fake.answers = map[string]answer{name: {status: status, body: body}}
		for call, a := range inOrder.answers {
			if call != name {
				fake.answers[call] = a
			}
		}
		for _, finding := range around(t.Context(), e, name) {
			line := finding.line() + finding.Do
			if strings.ContainsFunc(line, func(c rune) bool { return !unicode.IsPrint(c) }) {
				t.Errorf("%q cannot be shown", line)
			}
			if finding.Status != OK && finding.Do == "" {
				t.Errorf("%q does not say what to do", line)
			}
		}
	})
}

// around makes the part of an examination in which a call is made.
func around(ctx context.Context, e *examination, call string) []Finding {
	const arn = "arn:aws:lambda:eu-central-1:123456789012:function:coatcheck-Authorize-9sKq2LmPz0Ab"
	var s sighting
	switch service, _, _ := strings.Cut(call, "."); service {
	case "cloudformation":
		_, finding := e.readStack(ctx, "coatcheck")
		return []Finding{finding}
	case "apigatewayv2":
		e.lookAtGateways(ctx, arn, &s)
	case "apigateway":
		e.lookAtREST(ctx, arn, &s)
	case "appsync":
		e.lookAtGraphs(ctx, arn, &s)
		e.lookAtEvents(ctx, arn, &s)
	case "dynamodb":
		return e.examineTables(ctx)
	case "secretsmanager":
		return e.examineSecret(ctx)
	case "iam":
		e.policies = map[string]rolePolicies{}
		return []Finding{e.examineRole(ctx, e.functions[authorize])}
	case "lambda":
		f := e.readFunction(ctx, authorize, "coatcheck-Authorize-9sKq2LmPz0Ab")
		a := authorizer{source: "arn:aws:execute-api:eu-central-1:123456789012:a/authorizers/b", principal: "apigateway.amazonaws.com"}
		all := []Finding{judgeRuntime(f), e.examineConcurrency(ctx, "coatcheck-Authorize-9sKq2LmPz0Ab"), e.examinePermission(ctx, a)}
		return append(append(all, judgeKeys([]function{f})...), e.judgeSettings([]function{f})...)
	}
	for _, a := range s.ours {
		s.findings = append(s.findings, a.judgeTTL(), a.judgeIdentity(), e.judgeAnswers(a))
	}
	return s.findings
}

// quiet takes no offence at unknown calls.
type quiet struct{ testing.TB }

func (quiet) Errorf(string, ...any) {}

package doctor

import (
	"slices"
	"strings"
	"testing"
)

// The names in testdata.
const (
	sessionsName  = "coatcheck-SessionsTable-1QW2ER3TY4U5I"
	accountsName  = "coatcheck-AccountsTable-5OP6AS7DF8G9H"
	own           = "HTTP API coatcheck (a1b2c3d4e5), authorizer session (x7y8z9)"
	orders        = "HTTP API orders (f6g7h8i9j0), authorizer session (o1r2d3)"
	reports       = "REST API reports (r1e2p3o4r5), authorizer session (s1e2s3)"
	live          = "WebSocket API live (w1e2b3s4k5), authorizer connect (w1s2a3)"
	functionUnder = "lambda.GetFunctionConfiguration.coatcheck-"
	ownList       = "apigatewayv2.GetAuthorizers.a1b2c3d4e5"
	ordersList    = "apigatewayv2.GetAuthorizers.f6g7h8i9j0@next"
	restList      = "apigateway.GetAuthorizers.r1e2p3o4r5"
	policy        = "lambda.GetPolicy.coatcheck-Authorize"
	rolePolicy1   = "iam.GetRolePolicy.coatcheck-AuthorizeRole"
)

// findingCase is one thing that is not in order, and all that must then be said
// beside what is ok.
type findingCase struct {
	name   string
	change func(*fakeAWS)
	want   []string
}

// run compares everything that is not ok.
func run(t *testing.T, cases []findingCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := healthy(t)
			c.change(f)
			report := f.examine(t)
			var got []string
			for _, finding := range report.Findings {
				if finding.Status == OK {
					continue
				}
				got = append(got, finding.line())
				if finding.Do == "" {
					t.Errorf("%s: it does not say what to do", finding.line())
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			holdsNoSecret(t, report)
		})
	}
}

// holdsNoSecret: neither a tag key nor what AWS says in its own words.
func holdsNoSecret(t *testing.T, report Report) {
	t.Helper()
	for _, f := range report.Findings {
		for _, secret := range []string{"00112233445566", "ffeeddccbbaa99", "SECRET-SESSION-TOKEN"} {
			if strings.Contains(f.line()+f.Do, secret) {
				t.Errorf("%q shows %s", f.line()+f.Do, secret)
			}
		}
	}
}

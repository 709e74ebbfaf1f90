package doctor

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestNoAnswer: where nothing answers, the examination ends in time and says so.
func TestNoAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { silent(r) }))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	report := Examine(ctx, config(server.URL), Options{Stack: "coatcheck"})
	want := []string{"unknown stack coatcheck: cloudformation:DescribeStacks: the time ran out", "unknown clock this machine: no answer of AWS had a Date"}
	if got := lines(report); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// silent waits until the client leaves, which a server notices once it has the body.
func silent(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// TestTimeRunsOut in the middle: what was answered before stays said.
func TestTimeRunsOut(t *testing.T) {
	f := healthy(t)
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/concurrency") {
			cancel()
			silent(r)
			return
		}
		f.ServeHTTP(w, r)
	}))
	defer server.Close()
	report := Examine(ctx, config(server.URL), Options{Stack: "coatcheck", Now: func() time.Time { return today }})
	var got []string
	for _, finding := range report.Findings {
		if finding.Status != OK {
			got = append(got, finding.line())
		}
	}
	want := []string{"unknown concurrency Authorize: lambda:GetFunctionConcurrency: the time ran out", "unknown key-age TagKeys: secretsmanager:DescribeSecret: the time ran out"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestNoConnection: nobody listens there any more.
func TestNoConnection(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	got := lines(Examine(t.Context(), config(server.URL), Options{Stack: "coatcheck"}))
	if !strings.HasPrefix(got[0], "unknown stack coatcheck: cloudformation:DescribeStacks: no connection (connect: ") {
		t.Errorf("got %q", got)
	}
}

func lines(r Report) []string {
	var all []string
	for _, f := range r.Findings {
		all = append(all, f.line())
	}
	return all
}

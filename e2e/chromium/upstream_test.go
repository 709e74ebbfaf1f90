package chromium_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// shop is an application that knows nothing of sessions. It counts what was bought.
type shop struct {
	*httptest.Server
	bought chan string // by whom
}

func newShop(t *testing.T) *shop {
	s := &shop{bought: make(chan string, 8)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.Method == http.MethodPost {
			s.bought <- r.Header.Get("Coatcheck-Subject")
			_, _ = fmt.Fprintf(w, `<p id="thanks">Thank you</p>`)
			return
		}
		_, _ = fmt.Fprintf(w, `<p id="page">%s for %s, ticket %t</p><form method="post" action="/buy"><button id="buy">Buy</button></form>`,
			r.RequestURI, r.Header.Get("Coatcheck-Subject"), strings.Contains(r.Header.Get("Cookie"), "__Host-sid"))
	}))
	t.Cleanup(s.Close)
	return s
}

// page returns what the shop's page says.
func (s *site) page() string {
	s.t.Helper()
	s.do(chromedp.WaitVisible("#page"))
	return get(s, chromedp.Text("#page"))
}

// A person who asks for a page of the application is led to the sign-in page and back
// to that very page; once the session is ended, to the sign-in page again.
func TestUpstreamSignIn(t *testing.T) {
	s := newSite(t, "--upstream", newShop(t).URL)
	s.signIn("/shelf/7?colour=red%20and%2Fblue")
	if text := s.page(); !strings.HasPrefix(text, "/shelf/7?colour=red%20and%2Fblue for usr_") || !strings.HasSuffix(text, "ticket false") {
		t.Errorf("after the sign-in: %s", text)
	}
	s.do(chromedp.Navigate(s.origin + "/"))
	if text := s.page(); !strings.HasPrefix(text, "/ for usr_") {
		t.Errorf("the application's first page: %s", text)
	}
	s.operate("", "session", "end-all", "alice", "--yes")
	s.do(chromedp.Navigate(s.origin+"/shelf/8"), chromedp.WaitVisible("#password"))
	if at := get(s, chromedp.Location()); at != s.origin+"/login?return_to=%2Fshelf%2F8" {
		t.Errorf("after the end: at %s", at)
	}
	s.signIn("/shelf/8")
	if text := s.page(); !strings.HasPrefix(text, "/shelf/8 for usr_") {
		t.Errorf("signed in again: %s", text)
	}
}

// The application's own form is served. A page on another origin sends the cookie along
// where it is of the same site, and is refused; of another site it sends none.
func TestUpstreamForms(t *testing.T) {
	shop := newShop(t)
	s := newSite(t, "--upstream", shop.URL)
	s.signIn("/shelf")
	s.page()
	s.do(chromedp.Click("#buy"), chromedp.WaitVisible("#thanks"))
	if by := <-shop.bought; !strings.HasPrefix(by, "usr_") {
		t.Errorf("bought by %q", by)
	}
	statuses := make(chan int64, 64)
	err := chromedp.Listen(s.tab, func(event any) {
		if r, ok := event.(*network.EventResponseReceived); ok && r.Response.URL == s.origin+"/buy" {
			statuses <- r.Response.Status
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<form method="post" action="%s/buy"></form><script>document.forms[0].submit()</script>`, s.origin)
	}))
	defer evil.Close()
	for _, from := range []string{strings.Replace(evil.URL, "127.0.0.1", "localhost", 1), evil.URL} {
		s.do(chromedp.Navigate(from))
		select {
		case status := <-statuses:
			if status != http.StatusForbidden {
				t.Errorf("a form from %s: %d, want 403", from, status)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("a form from %s: no answer seen", from)
		}
	}
	select {
	case by := <-shop.bought:
		t.Errorf("another origin's form was served, for %q", by)
	default:
	}
	s.do(chromedp.Navigate(s.origin + "/shelf"))
	if text := s.page(); !strings.Contains(text, "for usr_") {
		t.Errorf("afterwards: %s", text)
	}
}

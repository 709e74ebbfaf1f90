package samlocal_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// browser is a real one, with what it sent and got.
type browser struct {
	t   *testing.T
	a   *api
	tab context.Context
	log exchanges
}

func newBrowser(t *testing.T, a *api) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(os.Getenv(chromiumVariable)), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)
	allocated, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	tab, cancel := chromedp.NewContext(allocated)
	t.Cleanup(cancel)
	tab, cancel = context.WithTimeout(tab, 2*time.Minute)
	t.Cleanup(cancel)
	b := &browser{t: t, a: a, tab: tab, log: exchanges{found: make(chan exchange, 256), of: map[network.RequestID]*exchange{}}}
	if err := chromedp.Listen(tab, b.log.note); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.tab, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// evaluate runs a script for what it does.
func (b *browser) evaluate(script string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.tab, chromedp.Evaluate[any](script)); err != nil {
		b.t.Fatal(err)
	}
}

// signIn signs in on Coatcheck's own page, as a person does: again, where the answer
// decides nothing.
func (b *browser) signIn(user string) {
	b.t.Helper()
	for try := 1; ; try++ {
		b.do(chromedp.Navigate(b.a.address+"/login"), chromedp.SendKeys("#username", user), chromedp.SendKeys("#password", password()))
		answer, err := chromedp.RunResponse(b.tab, chromedp.Submit("#password"))
		if err != nil {
			b.t.Fatal(err)
		}
		if answer.Status < http.StatusInternalServerError || try == 5 {
			break
		}
		b.t.Logf("again, after %d at try %d of signing in", answer.Status, try)
	}
	b.do(chromedp.WaitVisible("main dl"))
}

// exchange is a request of the browser's, and its answer.
type exchange struct {
	method, url string
	cookie      bool // the session's was sent
	status      int64
}

// exchanges gathers the events of requests, whose order is open.
type exchanges struct {
	mu    sync.Mutex
	of    map[network.RequestID]*exchange
	found chan exchange
}

func (l *exchanges) note(event any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		one := l.at(e.RequestID)
		one.method, one.url = e.Request.Method, e.Request.URL
		l.tell(one)
	case *network.EventRequestWillBeSentExtraInfo:
		for _, c := range e.AssociatedCookies {
			if c.Cookie.Name == "__Host-sid" && len(c.BlockedReasons) == 0 {
				l.at(e.RequestID).cookie = true
			}
		}
	case *network.EventResponseReceivedExtraInfo:
		one := l.at(e.RequestID)
		one.status = e.StatusCode
		l.tell(one)
	}
}

func (l *exchanges) at(id network.RequestID) *exchange {
	if l.of[id] == nil {
		l.of[id] = &exchange{}
	}
	return l.of[id]
}

func (l *exchanges) tell(one *exchange) {
	if one.method != "" && one.status != 0 {
		l.found <- *one
	}
}

// await returns the answer to the next request of a route.
func (b *browser) await(route string) exchange {
	b.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	for {
		select {
		case one := <-b.log.found:
			if one.method == method && one.url == b.a.address+path {
				return one
			}
		case <-b.tab.Done():
			b.t.Fatalf("no answer to %s was seen", route)
		}
	}
}

// tries opens a page, runs a script there and returns the exchange that this leads to;
// again where it decides nothing.
func (b *browser) tries(page, script, route string) (got exchange) {
	b.t.Helper()
	for try := 1; try <= 5 && (got.status == 0 || got.status >= http.StatusInternalServerError); try++ {
		b.do(chromedp.Navigate(page))
		if page == b.a.address+"/orders" {
			b.await("GET /orders") // the page itself
		}
		b.evaluate(script)
		got = b.await(route)
	}
	return got
}

// otherOrigin serves a page on another origin of the same site: the browser sends a
// SameSite=Lax cookie along with all that such a page asks for.
func otherOrigin(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, "<title>another origin</title><p>hello</p>")
	}))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// A page of another origin changes nothing, though the browser sends the cookie along; a
// page of this origin does.
func TestCrossSiteInABrowser(t *testing.T) {
	onFronts(t, func(t *testing.T, a *api, _ bool) {
		a.signIn("clerk").get(http.StatusOK, "/orders", nil) // the containers run
		b := newBrowser(t, a)
		b.signIn("clerk")
		fetch := func(method string) string {
			return fmt.Sprintf(`fetch(%q, {method: %q, mode: "no-cors", credentials: "include"}).catch(() => {}).then(() => 0)`, a.address+"/orders", method)
		}
		form := fmt.Sprintf(`{const f = document.createElement("form"); f.method = "post"; f.action = %q; document.body.append(f); f.submit()}`, a.address+"/orders")
		other := otherOrigin(t)
		for _, c := range []struct {
			name, page, script, route string
			status                    int64
		}{
			{"reads, from another origin", other, fetch("GET"), "GET /orders", 200},
			{"fetch, from another origin", other, fetch("POST"), "POST /orders", 403},
			{"form, from another origin", other, form, "POST /orders", 403},
			{"fetch, from this origin", a.address + "/orders", fetch("POST"), "POST /orders", 200},
			{"form, from this origin", a.address + "/orders", form, "POST /orders", 200},
		} {
			got := b.tries(c.page, c.script, c.route)
			if got.status != c.status || !got.cookie {
				t.Errorf("%s: %d, cookie sent: %v; want %d, with the cookie", c.name, got.status, got.cookie, c.status)
			}
		}
	})
}

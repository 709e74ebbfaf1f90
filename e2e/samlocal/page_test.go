package samlocal_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// holds says that an element of the page holds a text, shows that a part of it is there
// for who looks at it.
func holds(id, text string) string {
	return fmt.Sprintf(`document.getElementById(%q).textContent.includes(%q)`, id, text)
}

func shows(id string) string { return fmt.Sprintf(`!document.getElementById(%q).hidden`, id) }

const saysUndecided = `document.getElementById("status").textContent.includes("cannot be checked right now")`

// press types texts into fields and presses a button, and waits until something is true
// of the page. It does so again where nothing was decided: the store took too long.
func (b *browser) press(button, until string, fields ...[2]string) {
	b.t.Helper()
	for try := 1; ; try++ {
		b.evaluate(`document.getElementById("status").textContent = ""; 0`)
		for _, field := range fields {
			b.evaluate(fmt.Sprintf(`document.getElementById(%q).value = ""; 0`, field[0]))
			b.do(chromedp.SendKeys("#"+field[0], field[1]))
		}
		b.do(chromedp.Click(button))
		b.becomes(`(` + until + `) || ` + saysUndecided)
		if done, err := chromedp.Run(b.tab, chromedp.Evaluate[bool](until)); err != nil || done || try == 5 {
			b.becomes(until)
			return
		}
		b.t.Logf("again, nothing was decided at try %d: %s", try, button)
	}
}

// becomes waits until something is true of the page.
func (b *browser) becomes(what string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.tab, chromedp.Poll[bool](what, chromedp.WithPollingTimeout(30*time.Second))); err != nil {
		shown, _ := chromedp.Run(b.tab, chromedp.Text("body"))
		b.t.Fatalf("%s: %v; the page shows %s", what, err, shown)
	}
}

// fill signs in by the form of the page.
func (b *browser) fill(user string) {
	b.t.Helper()
	b.becomes(shows("sign-in"))
	b.press("#sign-in button", shows("signed-in"), [2]string{"username", user}, [2]string{"password", password()})
}

// holder returns the session that the browser has.
func (b *browser) holder() *holder {
	b.t.Helper()
	got, err := chromedp.Call(b.tab, network.GetCookies, network.GetCookiesParams{URLs: []string{b.a.address}})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range got.Cookies {
		if c.Name == "__Host-sid" {
			if !c.HTTPOnly || !c.Secure || c.SameSite != network.CookieSameSiteLax || !c.Session || c.Path != "/" {
				b.t.Errorf("cookie: %+v", c)
			}
			h := &holder{api: b.a, cookie: c.Name + "=" + c.Value}
			h.id = member(h.get(http.StatusOK, "/session", nil).body, "session.id")
			return h
		}
	}
	b.t.Fatal("the browser has no session")
	return nil
}

// hold gives the browser another session.
func (b *browser) hold(h *holder) {
	b.t.Helper()
	yes := true
	_, value, _ := strings.Cut(h.cookie, "=")
	_, err := chromedp.Call(b.tab, network.SetCookie, network.SetCookieParams{
		Name: "__Host-sid", Value: value, URL: strings.Replace(b.a.address, "http:", "https:", 1) + "/", Path: "/", Secure: &yes, HTTPOnly: &yes, SameSite: network.CookieSameSiteLax,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if got := b.holder(); got.cookie != h.cookie {
		b.t.Fatal("the browser did not take the session")
	}
}

// The page signs in by a cookie that its script cannot read, calls the API, is asked for
// the password again where its sign-in is old, is told why its session is over, signs out.
func TestSinglePageApp(t *testing.T) {
	a := served(t, "single-page-app")
	operator := a.signIn("operator")
	operator.get(http.StatusOK, "/api/me", nil) // the containers run
	b := newBrowser(t, a)
	b.do(chromedp.Navigate(a.address + "/app"))
	b.fill("clerk")
	if script, err := chromedp.Run(b.tab, chromedp.Evaluate[string]("document.cookie")); err != nil || script != "" {
		t.Errorf("a script reads %q, %v", script, err)
	}
	clerk := b.holder()
	b.press("#call", holds("answer", clerk.id))

	b.hold(clerk.before(10 * time.Minute))
	b.press("#pay", shows("confirm"))
	b.becomes(holds("status", "Not allowed without a fresh sign-in."))
	b.press("#confirm button", holds("status", "User name or password is not right"), [2]string{"again", "not the password"})
	b.press("#confirm button", holds("answer", "POST /api/payments"), [2]string{"again", password()})
	b.becomes("!(" + shows("confirm") + ")")

	b.holder().endedBy(operator)
	b.press("#call", holds("status", "An operator ended your session."))
	b.fill("clerk")
	b.press("#sign-out", holds("status", "You signed out."))
	b.becomes(shows("sign-in"))
}

// While nothing answers, or sessions cannot be checked, the page says so and signs nobody
// out.
func TestSinglePageAppUndecided(t *testing.T) {
	a := served(t, "single-page-app")
	b := newBrowser(t, a)
	b.do(chromedp.Navigate(a.address + "/app"))
	b.fill("clerk")
	before := b.holder()
	b.answers(`{ status: 503, json: async () => ({ title: "Sessions cannot be checked right now" }) }`)
	b.press("#call", holds("status", "You are still signed in"))
	b.answers(`Promise.reject(new TypeError("no connection"))`)
	b.press("#pay", holds("status", "You are still signed in"))
	b.press("#sign-out", holds("status", "You may still be signed in"))
	b.evaluate("window.fetch = window.asked; 0")
	b.press("#call", holds("answer", before.id))
}

// answers makes every request of the page's script come to this.
func (b *browser) answers(value string) {
	b.t.Helper()
	b.evaluate(`window.asked ??= window.fetch; window.fetch = async () => (` + value + `); 0`)
}

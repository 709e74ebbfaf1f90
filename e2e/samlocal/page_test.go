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

// says waits until the page says something.
func (b *browser) says(text string) {
	b.t.Helper()
	b.holds("status", text)
}

// holds waits until an element of the page holds a text.
func (b *browser) holds(id, text string) {
	b.t.Helper()
	b.becomes(fmt.Sprintf(`document.getElementById(%q).textContent.includes(%q)`, id, text))
}

// shows waits until a part of the page is there for who looks at it, or not.
func (b *browser) shows(id string, visible bool) {
	b.t.Helper()
	b.becomes(fmt.Sprintf(`document.getElementById(%q).hidden !== %v`, id, visible))
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
	b.shows("sign-in", true)
	b.evaluate(`document.getElementById("username").value = ""`) // that of the time before
	b.do(chromedp.SendKeys("#username", user), chromedp.SendKeys("#password", password()), chromedp.Click("#sign-in button"))
	b.shows("signed-in", true)
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
	b.do(chromedp.Click("#call"))
	b.holds("answer", clerk.id)

	b.hold(clerk.before(10 * time.Minute))
	b.do(chromedp.Click("#pay"))
	b.says("Not allowed without a fresh sign-in.")
	b.shows("confirm", true)
	b.do(chromedp.SendKeys("#again", "not the password"), chromedp.Click("#confirm button"))
	b.says("User name or password is not right")
	b.do(chromedp.SendKeys("#again", password()), chromedp.Click("#confirm button"))
	b.holds("answer", "POST /api/payments")
	b.shows("confirm", false)

	b.holder().endedBy(operator)
	b.do(chromedp.Click("#call"))
	b.says("An operator ended your session.")
	b.fill("clerk")
	b.do(chromedp.Click("#sign-out"))
	b.says("You signed out.")
	b.shows("sign-in", true)
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
	b.do(chromedp.Click("#call"))
	b.says("You are still signed in")
	b.answers(`Promise.reject(new TypeError("no connection"))`)
	b.do(chromedp.Click("#pay"))
	b.says("You are still signed in")
	b.do(chromedp.Click("#sign-out"))
	b.says("You may still be signed in")
	b.evaluate("window.fetch = window.asked; 0")
	b.do(chromedp.Click("#call"))
	b.holds("answer", before.id)
}

// answers makes every request of the page's script come to this.
func (b *browser) answers(value string) {
	b.t.Helper()
	b.evaluate(`window.asked ??= window.fetch; window.fetch = async () => (` + value + `); 0`)
}

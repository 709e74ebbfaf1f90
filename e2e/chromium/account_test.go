package chromium_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// phone signs alice in from another device.
func (s *site) phone() (cookie string) {
	s.t.Helper()
	w, err := http.Post(s.origin+"/login", "application/json", strings.NewReader(fmt.Sprintf(`{"username":"alice","password":%q}`, password)))
	if err != nil {
		s.t.Fatal(err)
	}
	defer w.Body.Close()
	if len(w.Cookies()) != 1 {
		s.t.Fatalf("the phone's sign-in: %s", w.Status)
	}
	return w.Cookies()[0].Value
}

// wantPhone asks who the phone is; reason "" wants it to be signed in.
func (s *site) wantPhone(cookie, reason string) {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.origin+"/session", http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Cookie", "__Host-sid="+cookie)
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil || (w.StatusCode == http.StatusOK) != (reason == "") || !strings.Contains(string(body), reason) {
		s.t.Errorf("the phone is told %s %s (%v), want %q", w.Status, body, err, reason)
	}
}

// Without a script: see the devices, end one, end the others, change the password, be
// asked for it again.
func TestAccount(t *testing.T) {
	s := newSite(t)
	s.signIn("/login")
	s.do(chromedp.WaitVisible("main dl"))
	phone := s.phone()
	s.do(chromedp.Click(`a[href="/account"]`), chromedp.WaitVisible("ul.sessions"))
	s.picture("account")
	if text := get(s, chromedp.Text("body")); !strings.Contains(text, "This device") || !strings.Contains(text, "Another device") {
		t.Fatalf("account: %s", text)
	}
	s.do(chromedp.Click(`form[action="/account/sessions/end-others"] button`), chromedp.WaitNotPresent(`form[action="/account/sessions/end-others"]`))
	s.wantPhone(phone, "ended_by_user")

	phone = s.phone()
	before := s.cookie().Value
	s.do(chromedp.SendKeys("#current", "not the password"), chromedp.SendKeys("#new", "amber ladder moss violin"),
		chromedp.Submit("#new"), chromedp.WaitVisible("[role=alert]"))
	s.picture("password-refused")
	s.wantPhone(phone, "")
	s.do(chromedp.SendKeys("#current", password), chromedp.SendKeys("#new", "amber ladder moss violin"),
		chromedp.Submit("#new"), chromedp.WaitNotPresent("[role=alert]"), chromedp.WaitVisible("ul.sessions"))
	s.wantPhone(phone, "password_changed")
	s.wantPhone(before, "replaced")
	after := s.cookie().Value

	s.do(chromedp.Navigate(s.origin+"/login/reauth?return_to=/account"), chromedp.WaitVisible("#password"))
	s.picture("reauth")
	s.do(chromedp.SendKeys("#password", "amber ladder moss violin"), chromedp.Submit("#password"), chromedp.WaitVisible("ul.sessions"))
	s.wantPhone(after, "replaced")
	s.do(chromedp.Click("ul.sessions button"), chromedp.WaitVisible("#username"))
	if c := s.cookie(); c != nil {
		t.Errorf("the browser still has the cookie: %+v", c)
	}
}

// Package chromium_test drives the local program with a real browser. It needs
// Chromium: make test installs it and sets COATCHECK_TEST_CHROMIUM to its path.
// Without that, the tests here are left out.
package chromium_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"coatcheck/e2e/program"
)

const chromiumVariable = "COATCHECK_TEST_CHROMIUM"

func TestMain(m *testing.M) {
	os.Exit(program.Main(m, chromiumVariable, "the tests with a real browser"))
}

const password = "correct horse battery staple"

// site is the local program, running, and a browser.
type site struct {
	t      *testing.T
	exe    string
	data   string
	origin string
	setup  string // the first start's link
	tab    context.Context
}

func newSite(t *testing.T, args ...string) *site {
	t.Helper()
	s := &site{t: t, exe: program.Build(t), data: filepath.Join(program.Folder(t), "data")}
	server := program.Serve(t, exec.Command(s.exe, append([]string{"--addr", "127.0.0.1:0", "--data", s.data}, args...)...))
	s.origin = server.Origin
	first := server.Line(t)
	s.setup = first[strings.Index(first, "http"):]
	s.operate(password, "user", "add", "alice", "--password-stdin")
	s.browse()
	return s
}

func (s *site) operate(stdin string, args ...string) string {
	s.t.Helper()
	cmd := exec.Command(s.exe, append([]string{"--data", s.data}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (s *site) browse() {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(os.Getenv(chromiumVariable)), chromedp.NoSandbox, chromedp.UserDataDir(s.t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(900, 760),
	)
	browser, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	s.t.Cleanup(cancel)
	tab, cancel := chromedp.NewContext(browser)
	s.t.Cleanup(cancel)
	tab, cancel = context.WithTimeout(tab, time.Minute)
	s.t.Cleanup(cancel)
	s.tab = tab
}

func (s *site) do(steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	if err := chromedp.Do(s.tab, steps...); err != nil {
		s.t.Fatal(err)
	}
}

// read opens a page and returns its text.
func (s *site) read(url string) string {
	s.t.Helper()
	s.do(chromedp.Navigate(url))
	return get(s, chromedp.Text("body"))
}

// get runs an action that returns something.
func get[T any](s *site, action chromedp.Action[T]) T {
	s.t.Helper()
	value, err := chromedp.Run(s.tab, action)
	if err != nil {
		s.t.Fatal(err)
	}
	return value
}

// signIn returns when the answer is here: a later navigation would cut the request off.
func (s *site) signIn(path string) {
	s.t.Helper()
	s.do(chromedp.Navigate(s.origin+path), chromedp.SendKeys("#username", "alice"), chromedp.SendKeys("#password", password))
	if _, err := chromedp.RunResponse(s.tab, chromedp.Submit("#password")); err != nil {
		s.t.Fatal(err)
	}
}

// cookie returns the session cookie as the browser keeps it.
func (s *site) cookie() *network.Cookie {
	s.t.Helper()
	got, err := chromedp.Call(s.tab, network.GetCookies, network.GetCookiesParams{URLs: []string{s.origin}})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range got.Cookies {
		if c.Name == "__Host-sid" {
			return c
		}
	}
	return nil
}

// picture keeps what the browser shows where COATCHECK_TEST_PICTURES says, for a
// person to look at.
func (s *site) picture(name string) {
	s.t.Helper()
	folder := os.Getenv("COATCHECK_TEST_PICTURES")
	if folder == "" {
		return
	}
	png := get(s, chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// The main job in a browser: sign in by the page, be checked, be ended by an operator,
// be told why on the next page, sign in again, sign out.
func TestSignInBeEndedSignOut(t *testing.T) {
	s := newSite(t)
	s.do(chromedp.Navigate(s.origin + "/"))
	s.picture("login")
	s.signIn("/login")
	s.do(chromedp.WaitVisible("main dl"))
	s.picture("signed-in")
	c := s.cookie()
	if c == nil || !c.HTTPOnly || !c.Secure || c.SameSite != network.CookieSameSiteLax || !c.Session || c.Path != "/" {
		t.Fatalf("cookie: %+v", c)
	}
	if text := s.read(s.origin + "/session"); !strings.Contains(text, `"subject":"usr_`) {
		t.Fatalf("session: %s", text)
	}
	s.do(chromedp.Navigate(s.origin + "/login"))
	if script := get(s, chromedp.Evaluate[string]("document.cookie")); script != "" {
		t.Errorf("a script reads the cookie: %q", script)
	}
	if out := s.operate("", "session", "end-all", "alice", "--yes"); !strings.Contains(out, "Ended 1 session") {
		t.Fatal(out)
	}
	if text := s.read(s.origin + "/session"); !strings.Contains(text, "ended_by_admin") {
		t.Errorf("after the end: %s", text)
	}
	s.picture("ended")
	s.signIn("/login?return_to=/session")
	if text := s.read(s.origin + "/session"); !strings.Contains(text, `"subject"`) {
		t.Errorf("signed in again: %s", text)
	}
	s.do(chromedp.Navigate(s.origin+"/login"), chromedp.Click("main button"), chromedp.WaitVisible("#password"))
	if c := s.cookie(); c != nil {
		t.Errorf("the browser still has the cookie: %+v", c)
	}
}

func TestWrongPassword(t *testing.T) {
	s := newSite(t)
	s.do(chromedp.Navigate(s.origin+"/login"), chromedp.SendKeys("#username", "alice"),
		chromedp.SendKeys("#password", "not the password"), chromedp.Submit("#password"), chromedp.WaitVisible("[role=alert]"))
	s.picture("refused")
	if s.cookie() != nil {
		t.Error("a cookie was set")
	}
}

// A page of another site cannot sign the user out, nor sign the user in as somebody
// else.
func TestOtherSite(t *testing.T) {
	s := newSite(t)
	s.signIn("/login")
	s.do(chromedp.WaitVisible("main dl"))
	before := s.cookie()
	statuses := make(chan int64, 64)
	err := chromedp.Listen(s.tab, func(event any) {
		if r, ok := event.(*network.EventResponseReceived); ok && strings.HasPrefix(r.Response.URL, s.origin+"/log") {
			statuses <- r.Response.Status
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<form method="post" action="%s%s"><input name="username" value="alice"><input name="password" value="%s"></form>
			<script>document.forms[0].submit()</script>`, s.origin, r.URL.Path, password)
	}))
	defer evil.Close()
	// 127.0.0.1 is another site than localhost.
	for _, path := range []string{"/logout", "/login"} {
		s.do(chromedp.Navigate(evil.URL + path))
		select {
		case status := <-statuses:
			if status != http.StatusForbidden {
				t.Errorf("cross-site POST %s: %d, want 403", path, status)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("cross-site POST %s: no answer seen", path)
		}
	}
	if text := s.read(s.origin + "/session"); !strings.Contains(text, `"subject"`) {
		t.Errorf("afterwards: %s", text)
	}
	if after := s.cookie(); after == nil || after.Value != before.Value {
		t.Error("another site changed the cookie")
	}
}

// The first start's link leads to a page on which the owner is made, once.
func TestSetup(t *testing.T) {
	s := newSite(t)
	s.do(chromedp.Navigate(s.setup), chromedp.WaitVisible("#username"))
	s.picture("setup")
	s.do(chromedp.SendKeys("#username", "root"), chromedp.SendKeys("#password", password),
		chromedp.Submit("#password"), chromedp.WaitReady("input[name=return_to]"))
	if text := s.read(s.setup); !strings.Contains(text, "not valid") {
		t.Errorf("the link works twice: %s", text)
	}
	s.picture("setup-refused")
}

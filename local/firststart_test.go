package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var setupLink = regexp.MustCompile(`http://\S+/setup\?token=\S+`)

// postForm sends a form as our own page does.
func (p *program) postForm(path string, form url.Values) *http.Response {
	p.t.Helper()
	r, err := http.NewRequest(http.MethodPost, p.origin+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w, err := p.http.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = w.Body.Close() })
	return w
}

// The first start prints a link on which the owner is set up, once; then there is
// none any more.
func TestFirstStart(t *testing.T) {
	data := dataFolder(t)
	p := start(t, data)
	link, err := url.Parse(setupLink.FindString(p.readLine()))
	if err != nil || link.Query().Get("token") == "" {
		t.Fatalf("no link was printed: %v", err)
	}
	form := url.Values{"token": {link.Query().Get("token")}, "username": {"root"}, "password": {testPassword}}
	if w := p.postForm("/setup", form); w.StatusCode != http.StatusSeeOther {
		t.Fatalf("set up: %d", w.StatusCode)
	}
	form.Set("username", "mallory")
	if w := p.postForm("/setup", form); w.StatusCode != http.StatusForbidden {
		t.Errorf("a second time: %d", w.StatusCode)
	}
	in := p.must("POST", "/login", "", signInBody("root"))
	if in.status != 200 || !strings.Contains(in.text, "coatcheck:owner") {
		t.Fatalf("sign in: %d %s", in.status, in.text)
	}
	if w := p.must("GET", "/admin/users/root/sessions", in.cookie, ""); w.status != 200 {
		t.Errorf("admin: %d %s", w.status, w.text)
	}
	if strings.Contains(p.log.String(), link.Query().Get("token")) {
		t.Error("the log shows the link")
	}
	p.stop()
	p = start(t, data)
	if w := p.must("GET", "/setup", "", ""); w.status != http.StatusNotFound {
		t.Errorf("setup after the owner is there: %d", w.status)
	}
}

// The demo's password is printed once; its sessions are those of 200 users.
func TestDemo(t *testing.T) {
	data := dataFolder(t)
	p := start(t, data, "--demo")
	fields := strings.Fields(p.readLine()) // Demo user: NAME password: PASSWORD
	if len(fields) < 5 {
		t.Fatalf("printed %q", fields)
	}
	in := p.must("POST", "/login", "", `{"username":"demo","password":"`+fields[4]+`"}`)
	if in.status != 200 {
		t.Fatalf("sign in: %d %s", in.status, in.text)
	}
	for _, user := range []string{"demo-001", "demo-200"} {
		w := p.must("GET", "/admin/users/"+user+"/sessions", in.cookie, "")
		if sessions, _ := w.body["sessions"].([]any); len(sessions) != demoSessionsEach {
			t.Errorf("%s: %d sessions: want %d", user, len(sessions), demoSessionsEach)
		}
	}
	p.stop()
	p = start(t, data, "--demo")
	if line := p.readLine(); !strings.Contains(line, "there already") || strings.Contains(line, fields[4]) {
		t.Errorf("a second start printed %q", line)
	}
	if w := p.must("GET", "/session", in.cookie, ""); w.status != 200 {
		t.Errorf("after a restart: %d %s", w.status, w.text)
	}
}

package upstream_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"coatcheck/local/upstream"
)

// echo answers with what it was sent: the request as it came over the wire, without what
// the transport adds.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, _ = fmt.Fprintf(w, "%s %s %s\nHost: %s\n", r.Method, r.RequestURI, body, r.Host)
	_ = r.Header.Write(w)
}

func TestPassesRequestsOn(t *testing.T) {
	s := newScene(t, echo, config{})
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/", ""},
		{"POST", "/orders", "a=b"},
		{"PURGE", "/x", ""},
		{"PUT", "/a%2Fb/%41/ä;x=y/'", "text"},
		{"GET", "//a/../b/./", ""},
		{"GET", "/x?", ""},
		{"GET", "/x?a;b&c=%zz&d=%00&=&&e=f%20g+h", ""},
	} {
		want := (&http.Request{Method: c.method, URL: s.request(c.method, c.path, nil).URL}).URL.RequestURI()
		res, got := s.do(s.request(c.method, c.path, strings.NewReader(c.body)))
		if first, _, _ := strings.Cut(got, "\n"); res.StatusCode != 200 || first != c.method+" "+want+" "+c.body {
			t.Errorf("%s %s: %d %s, want %s", c.method, c.path, res.StatusCode, first, want)
		}
	}
}

// What the client says of where it comes from is replaced by what is so.
func TestForwardedHeaders(t *testing.T) {
	for _, https := range []bool{false, true} {
		s := newScene(t, echo, config{opts: upstream.Options{HTTPS: https}})
		_, got := s.do(s.request("GET", "/", nil,
			"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: gopher", "X-Forwarded-Port: 1",
			"X_Forwarded_For: 192.0.2.2", "x-forwarded-for: 192.0.2.3", "X-Real-IP: 192.0.2.4", "X_Real_Ip: 192.0.2.5", "Forwarded: for=192.0.2.6",
			"X-Forwarded-Prefix: /evil", "X-Forwarded-User: root", "X-Custom: stays"))
		proto := map[bool]string{false: "http", true: "https"}[https]
		for _, want := range []string{
			"\nHost: " + strings.TrimPrefix(s.front.URL, "http://"), "\nX-Forwarded-For: 127.0.0.1\r", "\nX-Forwarded-Proto: " + proto + "\r",
			"\nX-Forwarded-Host: " + strings.TrimPrefix(s.front.URL, "http://") + "\r", "\nX-Custom: stays\r",
		} {
			if strings.Count(got, want) != 1 {
				t.Errorf("%q is not there once in\n%s", want, got)
			}
		}
		if strings.Contains(got, "192.0.2") || strings.Contains(got, "evil") || strings.Contains(got, "root") || strings.Contains(got, "X-Forwarded-Port") {
			t.Errorf("the client's own word stands in\n%s", got)
		}
	}
}

// Over the wire, where a client can spell a header as it likes, name it in Connection,
// and send some after the body.
func TestNobodyElsesName(t *testing.T) {
	s := newScene(t, echo, config{routes: []string{"ANY /open optional"}})
	for _, c := range []struct{ name, head, body string }{
		{"plain", "Coatcheck-Subject: evil\r\nCoatcheck-Roles: evil\r\n", ""},
		{"lower case", "coatcheck-subject: evil\r\n", ""},
		{"underscores", "Coatcheck_Subject: evil\r\ncoatcheck_roles: evil\r\nCoatcheck_Auth-Time: evil\r\n", ""},
		{"dots", "Coatcheck.Subject: evil\r\n", ""},
		{"others of the name", "Coatcheck-Admin: evil\r\n", ""},
		{"named in Connection", "Connection: Coatcheck-Subject, Coatcheck-Session\r\nCoatcheck-Subject: evil\r\n", ""},
		{"after the body", "Transfer-Encoding: chunked\r\nTrailer: Coatcheck-Subject\r\n", "2\r\nhi\r\n0\r\nCoatcheck-Subject: evil\r\n\r\n"},
	} {
		for _, path := range []string{"/", "/open"} {
			who, subject := "Origin: "+s.front.URL+"\r\n", ""
			if path == "/" {
				who, subject = who+"Cookie: "+s.cookie+"\r\n", "alice"
			}
			conn := dial(t, s.front)
			conn.send("POST " + path + " HTTP/1.1\r\nHost: x\r\n" + who + c.head + "\r\n" + c.body)
			text, err := io.ReadAll(conn.answer().Body)
			if err != nil {
				t.Fatal(err)
			}
			got := string(text)
			if strings.Contains(got, "evil") || strings.Count(strings.ToLower(got), "coatcheck") != 4 || !strings.Contains(got, "\nCoatcheck-Subject: "+subject+"\r") {
				t.Errorf("%s, %s: the application is sent\n%s", c.name, path, got)
			}
		}
	}
}

func TestTicketStays(t *testing.T) {
	s := newScene(t, echo, config{})
	for _, c := range []struct{ name, sent, want string }{
		{"alone", s.cookie, ""},
		{"among others", `a="b c"; ` + s.cookie + `; d=%3B;e`, `a="b c"; d=%3B;e`},
		{"first", s.cookie + "; a=b", "a=b"},
	} {
		r := s.request("GET", "/", nil)
		r.Header.Set("Cookie", c.sent)
		_, got := s.do(r)
		_, rest, sent := strings.Cut(got, "\nCookie: ")
		rest, _, _ = strings.Cut(rest, "\r")
		if strings.Contains(got, "__Host-sid") || rest != c.want || sent != (c.want != "") {
			t.Errorf("%s: the application is sent\n%s", c.name, got)
		}
	}
}

func TestAnswers(t *testing.T) {
	s := newScene(t, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Set-Cookie"] = []string{"theme=dark; Path=/", "__Host-sid=evil; Path=/; Secure", "__Host-sid=; Path=/; Max-Age=0"}
		h.Set("Content-Security-Policy", "default-src *")
		h.Set("Content-Encoding", "gzip")
		if r.URL.Path == "/cached" {
			h.Set("Cache-Control", "private, max-age=60")
		}
		h.Set("Trailer", "X-Sum")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte("not gzip at all"))
		h.Set("X-Sum", "42")
	}, config{})
	for path, control := range map[string]string{"/": "no-store", "/cached": "private, max-age=60"} {
		res, body := s.do(s.request("GET", path, nil))
		h := res.Header
		if res.StatusCode != http.StatusTeapot || body != "not gzip at all" || res.Trailer.Get("X-Sum") != "42" || h.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: %d %q %v %v", path, res.StatusCode, body, h, res.Trailer)
		}
		if got := h["Set-Cookie"]; !slices.Equal(got, []string{"theme=dark; Path=/"}) {
			t.Errorf("%s sets %q", path, got)
		}
		if got := h["Cache-Control"]; !slices.Equal(got, []string{control}) {
			t.Errorf("%s: Cache-Control %q, want %s", path, got, control)
		}
		if h.Get("Content-Security-Policy") != "default-src *" || h.Get("X-Frame-Options") != "" || h.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: our security headers are imposed: %v", path, h)
		}
	}
}

// An interim answer cannot set our cookie either, nor carry off the new token that
// comes with the answer.
func TestInterimAnswers(t *testing.T) {
	s := newScene(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.Header().Set("Set-Cookie", "__Host-sid=evil; Path=/; Secure")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Set-Cookie")
	}, config{})
	s.clock.Move(s.manager.Policy().RotateEvery)
	r := s.request("GET", "/", nil)
	var hints []http.Header
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{Got1xxResponse: func(_ int, h textproto.MIMEHeader) error {
		hints = append(hints, http.Header(h))
		return nil
	}}))
	res, _ := s.do(r)
	if len(hints) != 1 || hints[0].Get("Link") == "" || len(hints[0]["Set-Cookie"]) != 0 {
		t.Errorf("interim answers %v", hints)
	}
	set := res.Cookies()
	if res.StatusCode != 200 || len(set) != 1 || set[0].Value == "evil" || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	s.cookie = set[0].Name + "=" + set[0].Value
	if res, _ := s.do(s.request("GET", "/", nil)); res.StatusCode != 200 {
		t.Errorf("the new token: %d", res.StatusCode)
	}
}

// Other sites change nothing and open nothing, through to the application.
func TestOtherSites(t *testing.T) {
	var asked atomic.Int64
	s := newScene(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) }, config{})
	upgrade := []string{"Upgrade: websocket", "Connection: Upgrade"}
	for _, c := range []struct {
		name, method string
		headers      []string
		status       int
	}{
		{"our page", "POST", []string{"Origin: " + s.front.URL}, 200},
		{"our page, by Fetch Metadata", "POST", []string{"Sec-Fetch-Site: same-origin"}, 200},
		{"another site", "POST", []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, 403},
		{"another origin of the site", "POST", []string{"Origin: http://127.0.0.1:1", "Sec-Fetch-Site: same-site"}, 403},
		{"the application's own address", "POST", []string{"Origin: " + s.app.URL}, 403},
		{"null", "POST", []string{"Origin: null"}, 403},
		{"no word", "POST", nil, 403},
		{"two words", "POST", []string{"Origin: " + s.front.URL, "Origin: https://evil.example"}, 403},
		{"DELETE without a word", "DELETE", nil, 403},
		{"reading", "GET", []string{"Origin: https://evil.example"}, 200},
		{"our page's WebSocket", "GET", append([]string{"Origin: " + s.front.URL}, upgrade...), 200},
		{"another site's WebSocket", "GET", append([]string{"Origin: https://evil.example"}, upgrade...), 403},
		{"a WebSocket without a word", "GET", upgrade, 403},
	} {
		asked.Store(0)
		r := s.request(c.method, "/", nil)
		r.Header.Del("Origin")
		for _, header := range c.headers {
			name, value, _ := strings.Cut(header, ": ")
			r.Header.Add(name, value)
		}
		res, body := s.do(r)
		if n := asked.Load(); res.StatusCode != c.status || (n == 1) != (c.status == 200) {
			t.Errorf("%s: %d %s after %d calls, want %d", c.name, res.StatusCode, body, n, c.status)
		}
	}
}

// An application that is down signs nobody out, and is told of once a request.
func TestApplicationIsDown(t *testing.T) {
	s := newScene(t, echo, config{})
	s.app.Close()
	res, body := s.do(s.request("GET", "/", nil))
	if res.StatusCode != 502 || res.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, "urn:coatcheck:problem:upstream") ||
		len(res.Cookies()) != 0 || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, body)
	}
	if got := s.log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `"event":"request_failed"`) || !strings.Contains(got, "connection refused") {
		t.Errorf("logged:\n%s", got)
	}
	if strings.Contains(body, "refused") || strings.Contains(body, s.app.URL) {
		t.Errorf("the client is told %s", body)
	}
	res, body = s.do(s.request("GET", "/", nil, "Accept: text/html"))
	if res.StatusCode != 502 || !strings.Contains(body, "The application does not answer") {
		t.Errorf("a person is told %d %s", res.StatusCode, body)
	}
	if res, body := s.do(s.request("GET", "/session", nil)); res.StatusCode != 200 {
		t.Errorf("the session: %d %s", res.StatusCode, body)
	}
}

// A new token is not lost with an application that is down.
func TestNewTokenWhileTheApplicationIsDown(t *testing.T) {
	s := newScene(t, echo, config{})
	s.app.Close()
	s.clock.Move(s.manager.Policy().RotateEvery)
	if res, _ := s.do(s.request("GET", "/", nil)); res.StatusCode != 502 || len(res.Cookies()) != 1 {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}

// Half an answer is not passed off as a whole one.
func TestApplicationBreaksOff(t *testing.T) {
	s := newScene(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}, config{})
	res, err := s.client.Do(s.request("GET", "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); err == nil || string(text) != "half" {
		t.Errorf("got %q, %v: want it to be known as half", text, err)
	}
	if got := s.log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "unexpected EOF") {
		t.Errorf("logged:\n%s", got)
	}
}

// Over HTTP/2 in the clear, once agreed on, a client could send what nobody checks.
func TestNoOtherProtocol(t *testing.T) {
	s := newScene(t, echo, config{})
	for _, protocol := range []string{"h2c", "websocket, h2c", "TLS/1.0", "websocket2"} {
		res, got := s.do(s.request("GET", "/", nil, "Connection: Upgrade, HTTP2-Settings", "Upgrade: "+protocol, "Http2-Settings: AAMAAABkAARAAAAAAAIAAAAA"))
		if res.StatusCode != 200 || strings.Contains(got, "Upgrade") || strings.Contains(got, "Http2-Settings") {
			t.Errorf("%s: %d, the application is sent\n%s", protocol, res.StatusCode, got)
		}
	}
}

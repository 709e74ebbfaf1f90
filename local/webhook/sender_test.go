package webhook_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"coatcheck/core/events"
	"coatcheck/local/webhook"
)

var entry = events.Entry{Number: 1, ID: "session_1", Body: []byte(`{"id":"session_1"}`)}

// senderTo sends to an address with these secrets.
func senderTo(t *testing.T, address string, secrets ...string) *webhook.Deliverer {
	t.Helper()
	target, want := webhook.Parse(address)
	if want != "" {
		t.Fatalf("%s: want %s", address, want)
	}
	return webhook.New(newBox(), target, secretsOf(t, secrets...), nil)
}

// TestSignature is verified by the library of those who wrote the specification, with
// each of our secrets, and refused with any other and with anything changed.
func TestSignature(t *testing.T) {
	type message struct {
		header http.Header
		body   []byte
	}
	got := make(chan message, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- message{r.Header, body}
	}))
	defer server.Close()
	old, fresh, foreign := secretText(1), secretText(2), secretText(3)
	if err := senderTo(t, server.URL+"/hook", fresh, old).Send(t.Context(), entry); err != nil {
		t.Fatal(err)
	}
	m := <-got
	if string(m.body) != string(entry.Body) || m.header.Get("Content-Type") != "application/json" || m.header.Get("Webhook-Id") != entry.ID {
		t.Errorf("sent %q with %v", m.body, m.header)
	}
	for secret, want := range map[string]bool{old: true, fresh: true, foreign: false} {
		hook, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := hook.Verify(m.body, m.header); (err == nil) != want {
			t.Errorf("%s: %v, want it verified: %t", secret, err, want)
		}
		if err := hook.Verify(append(m.body, ' '), m.header); err == nil {
			t.Error("another body is verified")
		}
		for _, name := range []string{"Webhook-Id", "Webhook-Timestamp"} {
			changed := m.header.Clone()
			changed.Set(name, m.header.Get(name)[1:])
			if err := hook.Verify(m.body, changed); err == nil {
				t.Errorf("another %s is verified", name)
			}
		}
	}
}

// TestRedirectsAreNotFollowed: where one leads nobody configured.
func TestRedirectsAreNotFollowed(t *testing.T) {
	var reached atomic.Bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		err := senderTo(t, server.URL, secretText(1)).Send(t.Context(), entry)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprint(status)) {
			t.Errorf("%d: %v", status, err)
		}
		server.Close()
	}
	if reached.Load() {
		t.Error("a redirect was followed")
	}
}

// speaker answers each request with raw bytes and then does what is left.
func speaker(t *testing.T, text string, then func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
					return
				}
				_, _ = io.WriteString(conn, text)
				then(conn)
			}()
		}
	}()
	return "http://" + l.Addr().String() + "/secret-path"
}

// hold keeps a connection open until the other side closes it.
func hold(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// drip sends for ever.
func drip(conn net.Conn) {
	go hold(conn)
	for {
		if _, err := io.WriteString(conn, strings.Repeat("x", 1<<16)); err != nil {
			return
		}
	}
}

// TestRudeReceivers: none of them is believed to have taken the event, none makes us
// keep what it says, and what is said of it has nothing of the address that may be a
// secret.
func TestRudeReceivers(t *testing.T) {
	for name, address := range map[string]string{
		"hangs up":        speaker(t, "", func(net.Conn) {}),
		"hangs":           speaker(t, "", hold),
		"garbage":         speaker(t, strings.Repeat("garbage ", 100)+"\r\n\r\n", hold),
		"endless header":  speaker(t, "HTTP/1.1 200 OK\r\nX: ", drip),
		"half a header":   speaker(t, "HTTP/1.1 200 OK\r\nContent-", func(net.Conn) {}),
		"gone":            speaker(t, "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", hold),
		"endless refusal": speaker(t, "HTTP/1.1 500 No\r\nContent-Length: 99999999\r\n\r\n", drip),
		"not there":       "http://127.0.0.1:1/secret-path",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := senderTo(t, address, secretText(1)).Send(ctx, entry)
			if err == nil || strings.Contains(err.Error(), "secret-path") || len(err.Error()) > 250 {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestEndlessAnswer: its status says that the event was taken.
func TestEndlessAnswer(t *testing.T) {
	address := speaker(t, "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", drip)
	if err := senderTo(t, address, secretText(1)).Send(t.Context(), entry); err != nil {
		t.Error(err)
	}
}

func TestParseSecrets(t *testing.T) {
	good := secretText(1)
	for name, c := range map[string]struct {
		texts []string
		want  string
	}{
		"one":           {[]string{good}, ""},
		"eight":         {slicesOf(good, 8), ""},
		"none":          {nil, "there are 0"},
		"nine":          {slicesOf(good, 9), "there are 9"},
		"no prefix":     {[]string{good, strings.TrimPrefix(good, "whsec_")}, "number 2 does not begin with whsec_"},
		"no base64":     {[]string{"whsec_" + strings.Repeat("!", 40)}, "number 1 is not base64"},
		"a line break":  {[]string{good[:20] + "\n" + good[20:]}, "number 1 is not base64"},
		"too short":     {[]string{"whsec_c2hvcnQ="}, "number 1 has 5 bytes"},
		"too long":      {[]string{"whsec_" + strings.Repeat("AAAA", 22)}, "number 1 has 66 bytes"},
		"empty":         {[]string{""}, "number 1 does not begin"},
		"loose padding": {[]string{strings.TrimSuffix(good, "=")}, "number 1 is not base64"},
	} {
		_, err := webhook.ParseSecrets(c.texts)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func slicesOf(text string, n int) (all []string) {
	for range n {
		all = append(all, text)
	}
	return all
}

// TestSecretsPrintAsNothing under every verb.
func TestSecretsPrintAsNothing(t *testing.T) {
	s := secretsOf(t, secretText('K'))
	raw, err := s.MarshalText()
	told := fmt.Sprintf("%v %+v %#v %s %x %q %d", s, s, s, s, s, s, s) + s.String() + s.GoString() + s.LogValue().String() + string(raw)
	if err != nil || strings.Contains(told, "KKKK") || strings.Contains(told, "S0tL") || strings.Contains(told, "4b4b") || strings.Contains(told, "75 75") {
		t.Errorf("they print as %s", told)
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"https://app.example.com/hook": "", "https://app.example.com:8443/hook?key=1": "", "http://localhost:3000/hook": "",
		"http://127.0.0.1:3000": "", "http://[::1]:3000/": "", "https://localhost": "",
		"http://app.example.com/hook": "an https URL", "http://127.0.0.1.example.com": "an https URL", "http://10.0.0.1": "an https URL",
		"http://localhost.example.com/": "an https URL", "ftp://localhost/": "an https URL",
		"https://user:secret@app.example.com": "without a user name", "https://app.example.com/#x": "without a fragment",
		"": "a URL such as", "app.example.com": "a URL such as", "https:///hook": "a URL such as", "https:app": "a URL such as",
		"https://app.example.com/\x00": "a URL such as", "/hook": "a URL such as",
	} {
		if u, got := webhook.Parse(text); !strings.HasPrefix(got, want) && !strings.Contains(got, want) || (got == "") != (want == "") || (u != nil) != (want == "") {
			t.Errorf("%q: %v, want %q, got %q", text, u, want, got)
		}
	}
	if got := webhook.Shown("https://user:secret@app.example.com/hidden?key=hidden#hidden"); got != "https://app.example.com" {
		t.Errorf("shown is %s", got)
	}
	if got := webhook.Shown("https://%zz/hidden"); got != "[redacted]" {
		t.Errorf("shown is %s", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("https://app.example.com/hook")
	f.Add("http://127.0.0.1@example.com/")
	f.Fuzz(func(t *testing.T, text string) {
		u, want := webhook.Parse(text)
		if (u == nil) == (want == "") || u != nil && u.Scheme != "https" && u.Scheme != "http" || u != nil && u.User != nil {
			t.Errorf("%q: %v, %q", text, u, want)
		}
	})
}

func FuzzParseSecrets(f *testing.F) {
	f.Add(secretText(1))
	f.Fuzz(func(t *testing.T, text string) {
		s, err := webhook.ParseSecrets([]string{text})
		if err != nil && errors.Is(err, context.Canceled) || len(text) > 30 && strings.Contains(fmt.Sprint(s, err), text) {
			t.Errorf("%q: %v %v", text, s, err)
		}
	})
}

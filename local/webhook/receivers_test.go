package webhook_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestReceiverInGo: the receiver that docs/events.md shows builds by itself, takes what
// we send, and nothing else.
func TestReceiverInGo(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.go"), documented(t, "go"))
	write(t, filepath.Join(dir, "go.mod"), "module receiver\n\ngo 1.26\n")
	exe := filepath.Join(dir, "receiver")
	build := exec.Command("go", "build", "-o", exe, ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	judge(t, exec.Command(exe))
}

// documented is the one block of a language that docs/events.md has.
func documented(t *testing.T, language string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "events.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)\n```"+language+"\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 1 {
		t.Fatalf("docs/events.md has %d blocks of %s, want one", len(blocks), language)
	}
	return blocks[0][1]
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// judge starts a receiver that knows the second of our secrets, and wants it to take
// what is signed with it, to say so, and to refuse what is not.
func judge(t *testing.T, receiver *exec.Cmd) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(address)
	said := &lines{}
	receiver.Stderr = said
	receiver.Env = append(os.Environ(), "COATCHECK_WEBHOOK_SECRETS="+secretText(2), "ADDR="+address, "PORT="+port)
	if err := receiver.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = receiver.Process.Kill(); _ = receiver.Wait() })
	wantSoon(t, "the receiver to listen", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})

	e := entry
	e.Body = []byte(`{"id":"session_1","type":"session.ended","data":{"subject":"alice","sessionId":"the-session","reason":"signed_out"}}`)
	where := "http://" + address + "/coatcheck"
	if err := senderTo(t, where, secretText(1)).Send(t.Context(), e); err == nil || said.String() != "" {
		t.Errorf("signed by somebody else: %v, and it says %s", err, said)
	}
	if err := senderTo(t, where, secretText(1), secretText(2)).Send(t.Context(), e); err != nil {
		t.Errorf("signed: %v", err)
	}
	wantSoon(t, "it to say which session is over", func() bool {
		return strings.Contains(said.String(), "close what is open of session the-session")
	})
}

// wantSoon waits for what another process does.
func wantSoon(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); !is(); <-tick.C {
		if time.Since(began) > time.Minute {
			t.Fatalf("want %s", what)
		}
	}
}

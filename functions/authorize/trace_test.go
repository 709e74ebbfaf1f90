package main

import (
	"bytes"
	"net"
	"strings"
	"testing"
	"time"
)

// With the parameter Tracing on, the binary tells X-Ray's daemon of the call of DynamoDB
// that a sampled invocation made, and of no other; with it off, of none.
func TestBinaryTraces(t *testing.T) {
	daemon, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer daemon.Close()
	at := "AWS_XRAY_DAEMON_ADDRESS=" + daemon.LocalAddr().String()
	const off, on = "1-00000000-000000000000000000000000", "1-5759e988-bd862e3fe1be46a994272793"
	cookie := genuine(t)
	for setting, trace := range map[string]string{"off": off, "on": on} {
		f := start(t, broken(t), at, "COATCHECK_TRACING="+setting)
		invoke(t, f, get([]string{cookie}, nil))
		f.Trace("Root=" + trace + ";Parent=53995c3f42cd8ad8;Sampled=1")
		invoke(t, f, get([]string{cookie}, nil))
		f.Close()
	}
	_ = daemon.SetReadDeadline(time.Now().Add(10 * time.Second))
	datagram := make([]byte, 65536)
	n, err := daemon.Read(datagram)
	if err != nil {
		t.Fatal(err)
	}
	got := string(datagram[:n])
	for _, want := range []string{`"trace_id":"` + on + `"`, `"parent_id":"53995c3f42cd8ad8"`, `"table_name":"sessions"`, `"fault":true`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
	if bytes.Contains(datagram[:n], []byte(strings.TrimPrefix(cookie, "__Host-sid="))) {
		t.Errorf("a token was sent: %s", got)
	}
	_ = daemon.SetReadDeadline(time.Now().Add(time.Millisecond)) // both have ended
	if n, err := daemon.Read(datagram); err == nil {
		t.Errorf("told besides: %s", datagram[:n])
	}
}

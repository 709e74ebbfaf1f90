package xray

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// preamble stands before a document in its datagram (X-Ray Developer Guide, "Sending
// trace data to AWS X-Ray").
const preamble = `{"format": "json", "version": 1}` + "\n"

// dial returns what sends a document to a daemon as one datagram, and sends nothing
// itself. A document never waits: one for which the system has no room is lost, as is one
// that nobody listens for.
func dial(daemon netip.AddrPort) (send func(document []byte), err error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(daemon))
	if err != nil {
		return nil, fmt.Errorf("X-Ray's daemon at %v: %w", daemon, err)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("X-Ray's daemon at %v: %w", daemon, err)
	}
	return func(document []byte) {
		datagram := append([]byte(preamble), document...)
		_ = raw.Write(func(fd uintptr) bool {
			// An error may be an earlier datagram's, that nobody listened for; this one was
			// not sent then.
			if _, err := syscall.Write(int(fd), datagram); err != nil {
				_, _ = syscall.Write(int(fd), datagram)
			}
			return true // never wait for room
		})
	}, nil
}

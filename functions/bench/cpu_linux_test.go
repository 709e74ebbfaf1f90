package bench_test

import (
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// cpu returns the CPU time, user and system, that a process has taken, in nanoseconds
// where /proc/<pid>/stat counts in hundredths of a second.
func cpu(b *testing.B, pid int) time.Duration {
	b.Helper()
	const scheduler = 2 // CPUCLOCK_SCHED; clock_getcpuclockid(3) makes the ID so
	clock := ^pid<<3 | scheduler
	var at syscall.Timespec
	if _, _, err := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(clock), uintptr(unsafe.Pointer(&at)), 0); err != 0 {
		b.Fatalf("CPU clock of process %d: %v", pid, err)
	}
	return time.Duration(at.Nano())
}

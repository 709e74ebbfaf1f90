package bench_test

import (
	"os"
	"path/filepath"
	"strconv"
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

// pidOf returns the process that runs a binary; there must be one.
func pidOf(b *testing.B, bootstrap string) int {
	b.Helper()
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	found := 0
	for _, link := range links {
		if path, err := os.Readlink(link); err != nil || path != bootstrap { // others' processes are not told
			continue
		}
		if found != 0 {
			b.Fatalf("%s runs twice", bootstrap)
		}
		found, _ = strconv.Atoi(filepath.Base(filepath.Dir(link)))
	}
	if found == 0 {
		b.Fatalf("%s does not run", bootstrap)
	}
	return found
}

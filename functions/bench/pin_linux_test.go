package bench_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"unsafe"
)

// cpuSet is which CPUs a thread may run on, a bit each.
type cpuSet [16]uint64

// pin keeps what is measured on one CPU and all the others that take part on another.
// Where there is one CPU only it does nothing. This process is let go at the end.
func pin(b *testing.B, measured []int, others ...int) {
	b.Helper()
	var all cpuSet
	affinity(b, syscall.SYS_SCHED_GETAFFINITY, os.Getpid(), &all)
	var single []cpuSet
	for bit := range len(all) * 64 {
		if all[bit/64]>>(bit%64)&1 == 1 {
			var one cpuSet
			one[bit/64] = 1 << (bit % 64)
			single = append(single, one)
		}
	}
	if len(single) < 2 {
		return
	}
	b.Cleanup(func() { setAll(b, os.Getpid(), &all) })
	for _, pid := range others {
		setAll(b, pid, &single[0])
	}
	for _, pid := range measured {
		setAll(b, pid, &single[1])
	}
}

// setAll sets every thread of a process; threads inherit from who starts them.
func setAll(b *testing.B, pid int, to *cpuSet) {
	b.Helper()
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/[0-9]*", pid))
	for _, task := range tasks {
		tid, _ := strconv.Atoi(filepath.Base(task))
		affinity(b, syscall.SYS_SCHED_SETAFFINITY, tid, to)
	}
}

func affinity(b *testing.B, call uintptr, tid int, set *cpuSet) {
	b.Helper()
	_, _, err := syscall.Syscall(call, uintptr(tid), unsafe.Sizeof(*set), uintptr(unsafe.Pointer(set)))
	if err != 0 && err != syscall.ESRCH { // a thread may have ended meanwhile
		b.Fatalf("affinity of thread %d: %v", tid, err)
	}
}

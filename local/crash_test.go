package main

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"coatcheck/core/store/bolt"
	"coatcheck/core/store/storetest"
)

// defaultKills is how often the server is killed unless COATCHECK_TEST_KILLS says
// otherwise, as make test does.
const defaultKills = 15

// The server is killed again and again at a random moment of a load of sign-ins and
// ends. Nothing that it acknowledged is lost: every sign-in still holds, every end
// still does, whatever the moment was. Every other time the end of the file goes with
// it, as when the machine fails: what no commit had synced.
func TestKill(t *testing.T) {
	kills := defaultKills
	if text := os.Getenv("COATCHECK_TEST_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		kills = n
	}
	data := dataFolder(t)
	users := crashUsers(t, data)
	all := &acknowledged{live: map[string]bool{}}
	cut := 0
	for n := range kills {
		p := start(t, data, "--per-user", "1000", "--log-level", "error")
		this := &acknowledged{live: map[string]bool{}}
		p.loadUntilKilled(users, this)
		if n%2 == 1 && cutUnsynced(t, filepath.Join(data, "coatcheck.db")) {
			cut++
		}
		p = start(t, data, "--per-user", "1000", "--log-level", "error")
		p.wantKept(this)
		p.kill()
		all.add(this)
	}
	p := start(t, data, "--per-user", "1000")
	p.wantKept(all)
	signIns, ends := all.count()
	t.Logf("%d kills, %d times the unsynced end of the file cut off, %d acknowledged sign-ins, %d acknowledged ends, 0 lost unless said above",
		kills, cut, signIns, ends)
	if signIns < kills || ends < kills/2 {
		t.Errorf("%d sign-ins and %d ends in %d kills are too few to show anything", signIns, ends, kills)
	}
}

// cutUnsynced cuts a data file off behind the last page that its newest valid meta page
// counts: a commit syncs its pages before it writes that one. It reports whether there
// was anything to cut.
func cutUnsynced(t *testing.T, path string) bool {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	end := int64(0)
	for newest, page := uint64(0), int64(0); page < 2; page++ {
		if m, ok := readMeta(t, file, page*int64(os.Getpagesize())); ok && m.txid >= newest {
			newest, end = m.txid, m.end
		}
	}
	if end == 0 {
		t.Fatal("the data file has no valid meta page")
	}
	if info.Size() <= end {
		return false
	}
	if err := file.Truncate(end); err != nil {
		t.Fatal(err)
	}
	return true
}

// meta is what is read of bbolt's meta page.
type meta struct {
	txid uint64
	end  int64 // of the pages that it counts, in bytes
}

// readMeta reads a meta page as bbolt lays it out: a header of 16 bytes, then magic,
// version, page size, flags (4 bytes each), root, sequence, free list, page count,
// transaction (8 each) and a checksum of all of that (FNV-1a). No machine that this runs
// on is big-endian.
func readMeta(t *testing.T, file *os.File, at int64) (meta, bool) {
	t.Helper()
	const header, sum = 16, 56
	raw := make([]byte, header+sum+8)
	if _, err := file.ReadAt(raw, at); err != nil {
		t.Fatal(err)
	}
	body := raw[header:]
	check := fnv.New64a()
	_, _ = check.Write(body[:sum])
	if binary.LittleEndian.Uint32(body) != 0xED0CDAED || binary.LittleEndian.Uint64(body[sum:]) != check.Sum64() {
		return meta{}, false
	}
	pages := int64(binary.LittleEndian.Uint64(body[40:]))
	return meta{binary.LittleEndian.Uint64(body[48:]), pages * int64(binary.LittleEndian.Uint32(body[8:]))}, true
}

func crashUsers(t *testing.T, data string) []string {
	t.Helper()
	p := start(t, data)
	var users []string
	for i := range 4 {
		users = append(users, fmt.Sprintf("user-%d", i))
		addUser(t, data, users[i])
	}
	p.kill()
	return users
}

// acknowledged is what clients were told: the tokens they hold, and whether their
// session is live. A token whose end was asked for and not answered is in neither
// state, and not in here.
type acknowledged struct {
	mu   sync.Mutex
	live map[string]bool
}

func (a *acknowledged) set(token string, live bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.live[token] = live
}

func (a *acknowledged) forget(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.live, token)
}

func (a *acknowledged) add(o *acknowledged) {
	for token, live := range o.live {
		a.live[token] = live
	}
}

func (a *acknowledged) count() (signIns, ends int) {
	for _, live := range a.live {
		if !live {
			ends++
		}
	}
	return len(a.live), ends
}

// loadUntilKilled runs clients against the server, kills it at a random moment after
// the first acknowledgement, and returns when all clients have noticed.
func (p *program) loadUntilKilled(users []string, told *acknowledged) {
	p.t.Helper()
	var clients sync.WaitGroup
	first := make(chan struct{}, len(users))
	for _, user := range users {
		clients.Go(func() {
			for p.signInAndMaybeOut(user, told) {
				select {
				case first <- struct{}{}:
				default:
				}
			}
		})
	}
	select {
	case <-first:
	case <-time.After(20 * time.Second):
		p.t.Errorf("no sign-in in 20 s\n%s", p.log)
	}
	time.Sleep(rand.N(120 * time.Millisecond)) //nolint:forbidigo // the moment of the kill is what is tested
	p.kill()
	clients.Wait()
}

// signInAndMaybeOut is one client's round; false once the server is gone.
func (p *program) signInAndMaybeOut(user string, told *acknowledged) bool {
	in, err := p.do("POST", "/login", "", signInBody(user))
	if err != nil {
		return false
	}
	if in.status != 200 {
		p.t.Errorf("sign in: %d %s", in.status, in.text)
		return false
	}
	told.set(in.cookie, true)
	if rand.IntN(2) == 0 {
		return true
	}
	told.forget(in.cookie) // from here its state is open until the answer is there
	out, err := p.do("POST", "/logout", in.cookie, "")
	if err != nil {
		return false
	}
	if out.status != 204 {
		p.t.Errorf("logout: %d %s", out.status, out.text)
		return false
	}
	told.set(in.cookie, false)
	return true
}

// wantKept asks for every session that somebody was told of.
func (p *program) wantKept(told *acknowledged) {
	p.t.Helper()
	for token, live := range told.live {
		w, err := p.do("GET", "/session", token, "")
		switch {
		case err != nil:
			p.t.Fatal(err)
		case live && w.status != 200:
			p.t.Errorf("an acknowledged sign-in is lost: %d %s", w.status, w.text)
		case !live && (w.status != 401 || w.body["reason"] != "signed_out"):
			p.t.Errorf("an acknowledged end is lost: %d %s", w.status, w.text)
		}
	}
}

// From a clean start to the ready line takes less than a second, built and cold.
func TestReadyWithinASecond(t *testing.T) { wantReady(t, func(int) string { return dataFolder(t) }) }

// Neither does it take longer to start again on 100,000 sessions after a kill.
func TestReadyAgainWithinASecond(t *testing.T) {
	data := dataFolder(t)
	db, err := bolt.Open(filepath.Join(data, "coatcheck.db"), &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	const sessions, makers = 100_000, 200
	var made sync.WaitGroup
	for i := range makers {
		made.Go(func() {
			for n := range sessions / makers {
				r := storetest.Record(fmt.Sprintf("usr_%d_%d", i, n), time.Now())
				if _, err := db.Sessions().Create(t.Context(), r); err != nil {
					t.Error(err)
				}
			}
		})
	}
	made.Wait()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	wantReady(t, func(int) string { return data })
}

// wantReady starts the program some times, kills it, and wants the fastest to have been
// ready within a second: the machine may be busy, the program's own time is the best.
func wantReady(t *testing.T, data func(n int) string) {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "coatcheck")
	if out, err := exec.Command("go", "build", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	best := time.Hour
	for n := range 5 {
		cmd := exec.Command(exe, "--addr", "127.0.0.1:0", "--data", data(n))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_, readErr := out.Read(make([]byte, 16))
		best = min(best, time.Since(began))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if readErr != nil {
			t.Fatal(readErr)
		}
	}
	t.Logf("ready after %v", best)
	if best > time.Second {
		t.Errorf("ready after %v: want at most a second", best)
	}
}

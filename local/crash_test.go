package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
// still does, whatever the moment was. Every other time the file loses with it all that
// the last commit does not stand on, as when the machine fails in the next one.
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
	lost := 0
	for n := range kills {
		p := start(t, data, "--per-user", "1000", "--log-level", "error")
		this := &acknowledged{live: map[string]bool{}}
		_, ends := all.count()
		p.loadUntilKilled(users, this, ends <= n/2)
		if n%2 == 1 {
			lost += loseUnsynced(t, filepath.Join(data, "coatcheck.db"), n%4 == 1)
		}
		p = start(t, data, "--per-user", "1000", "--log-level", "error")
		p.wantKept(this)
		p.kill()
		all.add(this)
	}
	p := start(t, data, "--per-user", "1000")
	p.wantKept(all)
	signIns, ends := all.count()
	t.Logf("%d kills, %d pages lost that no commit stands on, %d acknowledged sign-ins, %d acknowledged ends, 0 lost unless said above",
		kills, lost, signIns, ends)
	if signIns < kills || ends < kills/2 {
		t.Errorf("%d sign-ins and %d ends in %d kills are too few to show anything", signIns, ends, kills)
	}
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
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, live := range a.live {
		if !live {
			ends++
		}
	}
	return len(a.live), ends
}

// loadUntilKilled runs clients against the server, kills it at a random moment after
// the first acknowledged sign-in, or end if it is to have one, and returns when all
// clients have noticed.
func (p *program) loadUntilKilled(users []string, told *acknowledged, end bool) {
	p.t.Helper()
	var clients sync.WaitGroup
	first := make(chan struct{}, len(users))
	for _, user := range users {
		clients.Go(func() {
			for p.signInAndMaybeOut(user, told) {
				if _, ends := told.count(); end && ends == 0 {
					continue
				}
				select {
				case first <- struct{}{}:
				default:
				}
			}
		})
	}
	select {
	case <-first:
	case <-time.After(60 * time.Second):
		p.t.Errorf("no sign-in, or no end, in 60 s\n%s", p.log)
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

// wantReady starts the program some times, kills it, and wants it to have been ready
// within a second more often than not: now and then the machine is busy elsewhere.
func wantReady(t *testing.T, data func(n int) string) {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "coatcheck")
	if out, err := exec.Command("go", "build", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	took := make([]time.Duration, 5)
	for n := range took {
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
		took[n] = time.Since(began)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if readErr != nil {
			t.Fatal(readErr)
		}
	}
	slices.Sort(took)
	t.Logf("ready after %v", took)
	if median := took[len(took)/2]; median > time.Second {
		t.Errorf("ready after %v: want at most a second", median)
	}
}

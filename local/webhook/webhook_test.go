package webhook_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"coatcheck/core/events"
	"coatcheck/local/webhook"
)

func TestDelivers(t *testing.T) {
	inBubble(t, func(x *trial) {
		x.add("a1", "a2")
		x.start()
		x.wantTaken("a1", "a2")
		x.add("b1")
		synctest.Wait()
		x.wantTaken("a1", "a2", "b1")
		x.wantLeft()
		if log := x.log.String(); log != "" {
			t.Errorf("all is well, and the log says %s", log)
		}
	})
}

// TestOrderPerUser: whatever the receiver does, no event of a user comes before the one
// before it was taken, and each is taken at last.
func TestOrderPerUser(t *testing.T) {
	for seed := range uint64(30) {
		inBubble(t, func(x *trial) {
			r, fate := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
			x.answers(func(string, int) (int, error) {
				x.own.Lock()
				defer x.own.Unlock()
				switch fate.IntN(6) {
				case 0:
					return 500, nil
				case 1:
					return 0, errRefused
				case 2:
					return hangs, nil
				}
				return 204, nil
			})
			x.start()
			next := map[string]int{}
			for range 60 {
				user := string(rune('a' + r.IntN(12)))
				x.add(fmt.Sprint(user, next[user]))
				next[user]++
				if r.IntN(3) == 0 {
					x.pass(time.Duration(r.IntN(3000)) * time.Millisecond)
				}
				if r.IntN(20) == 0 {
					x.stop()
					x.start()
				}
			}
			x.pass(24 * time.Hour)
			x.wantLeft()
			tried, taken := x.seen()
			for user, n := range next {
				if got := once(taken, user); !slices.Equal(got, named(user, n)) {
					t.Errorf("seed %d: taken of %s %q, want %d in order", seed, user, got, n)
				}
				if got := once(tried, user); !slices.IsSorted(lengths(got)) {
					t.Errorf("seed %d: tried of %s out of order: %q", seed, user, got)
				}
			}
		})
	}
}

// once is a user's events without immediate repetitions.
func once(all []string, user string) []string {
	of := slices.DeleteFunc(slices.Clone(all), func(id string) bool { return !strings.HasPrefix(id, user) })
	return slices.Compact(of)
}

func lengths(ids []string) (n []int) {
	for _, id := range ids {
		var one int
		_, _ = fmt.Sscan(id[1:], &one)
		n = append(n, one)
	}
	return n
}

// TestOthersGoOn while one user's event is not taken.
func TestOthersGoOn(t *testing.T) {
	inBubble(t, func(x *trial) {
		x.answers(func(id string, _ int) (int, error) {
			if id == "a1" {
				return 500, nil
			}
			return 200, nil
		})
		x.add("a1", "a2", "b1", "b2", "c1")
		x.start()
		x.pass(time.Hour)
		_, taken := x.seen()
		if slices.Sort(taken); !slices.Equal(taken, []string{"b1", "b2", "c1"}) {
			t.Errorf("taken %q", taken)
		}
		x.wantLeft("a1", "a2")
	})
}

// TestPauses: each attempt comes later than the one before, up to some minutes, and
// never stops.
func TestPauses(t *testing.T) {
	inBubble(t, func(x *trial) {
		var at []time.Time
		x.answers(func(string, int) (int, error) {
			at = append(at, time.Now())
			return 503, nil
		})
		x.add("a1")
		x.start()
		x.pass(2 * time.Hour)
		for i := 1; i < len(at); i++ {
			most := min(5*time.Minute, time.Second<<min(i-1, 10))
			if got := at[i].Sub(at[i-1]); got < most/2 || got > most {
				t.Errorf("pause %d is %s, want %s to %s", i, got, most/2, most)
			}
		}
		if len(at) < 20 {
			t.Errorf("%d attempts in two hours", len(at))
		}
	})
}

// TestStrangeReceivers: only an answer of 2xx takes an event.
func TestStrangeReceivers(t *testing.T) {
	for _, status := range []int{301, 307, 400, 401, 404, 410, 429, 500, 503, hangs} {
		inBubble(t, func(x *trial) {
			x.answers(func(_ string, try int) (int, error) {
				if try < 3 {
					return status, nil
				}
				return 200, nil
			})
			x.add("a1")
			x.start()
			x.pass(5 * time.Minute)
			if tried, _ := x.seen(); len(tried) != 3 {
				t.Errorf("%d: tried %d times, want 3", status, len(tried))
			}
			x.wantTaken("a1")
			x.wantLeft()
			if log := x.log.String(); !strings.Contains(log, "webhook_failed") || !strings.Contains(log, "webhook_recovered") {
				t.Errorf("%d: the log says %s", status, log)
			}
		})
	}
}

// TestTooOld: what fails is dropped from its third day on, with an error, and what is
// behind it goes on. What was never tried is tried, however old.
func TestTooOld(t *testing.T) {
	inBubble(t, func(x *trial) {
		x.answers(func(id string, _ int) (int, error) {
			if id == "a1" {
				return 500, nil
			}
			return 200, nil
		})
		x.add("a1", "a2", "b1")
		x.pass(webhook.MaxAge - time.Hour)
		x.start()
		x.pass(50 * time.Minute)
		x.wantLeft("a1", "a2")
		x.pass(20 * time.Minute)
		x.wantLeft()
		if log := x.log.String(); strings.Count(log, "webhook_dropped") != 1 || !strings.Contains(log, "id=a1") {
			t.Errorf("the log says %s", log)
		}
		x.add("c1")
		x.stop()
		x.answers(nil)
		x.add("c2")
		x.pass(2 * webhook.MaxAge)
		x.start()
		x.wantLeft()
	})
}

// TestTooMany: the oldest go, but for what is under way, and each is counted.
func TestTooMany(t *testing.T) {
	inBubble(t, func(x *trial) {
		x.most = 10
		x.answers(func(string, int) (int, error) { return hangs, nil })
		x.add(named("a", 3)...)
		x.start()
		x.add(append(named("b", 5), named("c", 4)...)...)
		synctest.Wait()
		x.wantLeft("a0", "b0", "b1", "b2", "b3", "b4", "c0", "c1", "c2", "c3")
		if log := x.log.String(); !strings.Contains(log, "dropped=2 ") || !strings.Contains(log, "dropped_since_start=2") {
			t.Errorf("the log says %s", log)
		}
		x.answers(nil)
		x.pass(time.Hour)
		x.wantLeft()
	})
}

// TestManyMore than are read at once.
func TestManyMore(t *testing.T) {
	inBubble(t, func(x *trial) {
		x.most = 2500
		x.answers(func(string, int) (int, error) { return hangs, nil })
		for i := range 7000 {
			x.add(fmt.Sprint(string(rune('a'+i%20)), i))
		}
		x.start()
		if got := len(x.left()); got != 2500 {
			t.Errorf("%d wait, want 2500", got)
		}
		x.answers(nil)
		x.pass(time.Hour)
		x.wantLeft()
	})
}

// TestDamaged: what is no event is dropped, and what is behind it goes on.
func TestDamaged(t *testing.T) {
	inBubble(t, func(x *trial) {
		x.add("a1", "a2")
		x.entries[0] = events.Entry{Number: 1}
		x.start()
		x.wantTaken("a2")
		x.wantLeft()
		if log := x.log.String(); !strings.Contains(log, "webhook_dropped") || !strings.Contains(log, "damaged") {
			t.Errorf("the log says %s", log)
		}
	})
}

// TestOutboxFails: it is asked again, and nothing is lost.
func TestOutboxFails(t *testing.T) {
	inBubble(t, func(x *trial) {
		x.fail(errors.New("no room on the disk"))
		x.add("a1")
		x.start()
		x.wantTaken()
		x.fail(nil)
		x.pass(time.Minute)
		x.wantTaken("a1")
		x.wantLeft()
	})
}

// TestTakenAndNotForgotten: what was taken and could not be removed comes again, before
// any later one.
func TestTakenAndNotForgotten(t *testing.T) {
	inBubble(t, func(x *trial) {
		x.answers(func(_ string, try int) (int, error) {
			if try == 1 {
				x.fail(errors.New("no room on the disk"))
			}
			return 200, nil
		})
		x.add("a1", "a2")
		x.start()
		x.wantTaken("a1")
		x.answers(nil)
		x.fail(nil)
		x.pass(time.Minute)
		x.wantTaken("a1", "a1", "a2")
		x.wantLeft()
	})
}

// TestStops at once, with a receiver that never answers, and loses nothing.
func TestStops(t *testing.T) {
	inBubble(t, func(x *trial) {
		x.answers(func(string, int) (int, error) { return hangs, nil })
		x.add("a1", "b1")
		x.start()
		began := time.Now()
		x.stop()
		if took := time.Since(began); took > 0 {
			t.Errorf("it took %s", took)
		}
		x.wantLeft("a1", "b1")
	})
}

// TestLogIsQuiet: a receiver that is down for an hour is a line a minute at most, and
// nothing of its address but what is no secret.
func TestLogIsQuiet(t *testing.T) {
	inBubble(t, func(x *trial) {
		x.answers(func(string, int) (int, error) { return 0, errRefused })
		for i := range 50 {
			x.add(fmt.Sprint(string(rune('A'+i)), 1))
		}
		x.start()
		x.pass(time.Hour)
		log := x.log.String()
		if n := strings.Count(log, "webhook_failed"); n < 10 || n > 61 {
			t.Errorf("%d lines in an hour", n)
		}
		if strings.Contains(log, "hidden-in-the-address") || !strings.Contains(log, "connection refused") || !strings.Contains(log, "waiting=50") {
			t.Errorf("the log says %.400s", log)
		}
	})
}

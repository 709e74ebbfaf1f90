package password

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/argon2"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

const phrase = "plum otter violet kayak"

// cheap is a key function that costs nothing: only what is done how often matters.
func cheap(password, salt []byte, passes, memory uint32, lanes uint8, size uint32) []byte {
	return argon2.IDKey(password, salt, 1, 8, 1, size)
}

func newHasher(t *testing.T, opts *Options, key keyFunc) *Hasher {
	t.Helper()
	h, err := NewHasher(opts)
	if err != nil {
		t.Fatalf("NewHasher = %v, want success", err)
	}
	if key != nil {
		h.key = key
	}
	return h
}

// TestArgon2Vector holds the one real computation against the command of the
// reference implementation (its test.c: version 0x13, 2 passes, 64 KiB).
func TestArgon2Vector(t *testing.T) {
	want, _ := hex.DecodeString("09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7")
	h := newHasher(t, nil, nil)
	s := stored{params: Params{Memory: 65536, Passes: 2, Lanes: 1}, salt: []byte("somesalt")}
	got, err := h.compute(t.Context(), s, 32, "password")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("tag %x, %v, want %x", got, err, want)
	}
}

func TestHash(t *testing.T) {
	h := newHasher(t, nil, cheap)
	a, errA := h.Hash(t.Context(), phrase)
	b, errB := h.Hash(t.Context(), phrase)
	if errA != nil || errB != nil || a == b {
		t.Errorf("two hashes of one password: equal %t, errors %v, %v, want other salts", a == b, errA, errB)
	}
	if want := "$argon2id$v=19$m=19456,t=2,p=1$"; !strings.HasPrefix(string(a), want) {
		t.Errorf("hash begins %.31s, want %s", string(a), want)
	}
	for name, password := range map[string]string{"empty": "", "1025 bytes": strings.Repeat("x", 1025)} {
		if _, err := h.Hash(t.Context(), password); !errors.Is(err, session.ErrInvalid) {
			t.Errorf("Hash of %s = %v, want session.ErrInvalid", name, err)
		}
	}
}

func TestVerify(t *testing.T) {
	h := newHasher(t, nil, cheap)
	long := strings.Repeat("plum otter ", 10)
	for name, tc := range map[string]struct {
		set, sent string
		want      bool
	}{
		"same":              {phrase, phrase, true},
		"emoji and NUL":     {"plum\x00🦦", "plum\x00🦦", true},
		"1024 bytes":        {strings.Repeat("x", 1024), strings.Repeat("x", 1024), true},
		"another":           {phrase, phrase + ".", false},
		"another case":      {phrase, strings.ToUpper(phrase), false},
		"space behind":      {phrase, phrase + " ", false},
		"last of many":      {long + "a", long + "b", false},
		"behind NUL":        {"plum\x00a", "plum\x00b", false},
		"other composition": {"jürg", "ju\u0308rg", false},
		"empty":             {phrase, "", false},
		"over 1024 bytes":   {phrase, strings.Repeat("x", 1025), false},
	} {
		t.Run(name, func(t *testing.T) {
			hash, err := h.Hash(t.Context(), tc.set)
			if err != nil {
				t.Fatal(err)
			}
			ok, outdated, err := h.Verify(t.Context(), hash, tc.sent)
			if ok != tc.want || outdated || err != nil {
				t.Errorf("Verify = %t, %t, %v, want %t, false, nil", ok, outdated, err, tc.want)
			}
		})
	}
}

func TestVerifyOutdated(t *testing.T) {
	h := newHasher(t, nil, cheap)
	for name, tc := range map[string]struct {
		params Params
		salt   int
		tag    uint32
		want   bool
	}{
		"as in force":    {Params{19456, 2, 1}, 16, 32, false},
		"longer salt":    {Params{19456, 2, 1}, 32, 32, false},
		"less memory":    {Params{7168, 2, 1}, 16, 32, true},
		"fewer passes":   {Params{19456, 1, 1}, 16, 32, true},
		"more of both":   {Params{65536, 3, 1}, 16, 32, true},
		"other lanes":    {Params{19456, 2, 2}, 16, 32, true},
		"shorter salt":   {Params{19456, 2, 1}, 8, 32, true},
		"another length": {Params{19456, 2, 1}, 16, 64, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := stored{params: tc.params, salt: make([]byte, tc.salt)}
			s.tag = cheap([]byte(phrase), s.salt, 0, 0, 0, tc.tag)
			ok, outdated, err := h.Verify(t.Context(), s.encode(), phrase)
			if !ok || outdated != tc.want || err != nil {
				t.Errorf("Verify = %t, %t, %v, want true, %t, nil", ok, outdated, err, tc.want)
			}
		})
	}
}

func TestVerifyDamaged(t *testing.T) {
	h := newHasher(t, nil, func([]byte, []byte, uint32, uint32, uint8, uint32) []byte {
		t.Error("a damaged hash was computed with")
		return nil
	})
	_, _, err := h.Verify(t.Context(), "$argon2id$v=19$m=9999999,t=2,p=1$plum$otter", phrase)
	if !errors.Is(err, signin.ErrDamaged) || strings.Contains(err.Error(), "otter") {
		t.Errorf("Verify = %v, want ErrDamaged without the hash", err)
	}
}

func TestNewHasherBounds(t *testing.T) {
	for name, tc := range map[string]struct {
		opts *Options
		want string
	}{
		"nil":            {nil, ""},
		"zero":           {&Options{}, ""},
		"46 MiB/1":       {&Options{Params: Params{47104, 1, 1}}, ""},
		"7 MiB/5":        {&Options{Params: Params{7168, 5, 1}}, ""},
		"most":           {&Options{Params: Params{262144, 10, 4}, Parallel: 1, Queue: -1}, ""},
		"too weak":       {&Options{Params: Params{19455, 2, 1}}, "Params"},
		"too weak, half": {&Options{Params: Params{Memory: 19456}}, "Params"},
		"no lanes":       {&Options{Params: Params{19456, 2, 0}}, "Params"},
		"memory over":    {&Options{Params: Params{262145, 2, 1}}, "Params"},
		"passes over":    {&Options{Params: Params{19456, 11, 1}}, "Params"},
		"lanes over":     {&Options{Params: Params{19456, 2, 5}}, "Params"},
		"parallel under": {&Options{Parallel: -1}, "Parallel is -1"},
		"queue over":     {&Options{Queue: 1 << 20}, "Queue"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewHasher(tc.opts)
			if (err == nil) != (tc.want == "") || err != nil && (!errors.Is(err, session.ErrInvalid) || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("NewHasher = %v, want %q", err, tc.want)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	o := Options{}.withDefaults()
	want := Options{Params{19456, 2, 1}, runtime.GOMAXPROCS(0), 16 * runtime.GOMAXPROCS(0)}
	if o != want {
		t.Errorf("defaults %+v, want %+v", o, want)
	}
	if o := (Options{Parallel: 3, Queue: -1}).withDefaults(); o.Queue != 0 {
		t.Errorf("negative Queue became %d, want 0", o.Queue)
	}
}

// held is a key function that reports each call and holds it until it is let go.
type held struct {
	begun chan struct{}
	let   chan struct{}
}

func newHeld() held { return held{make(chan struct{}), make(chan struct{})} }

func (h held) key(_, _ []byte, _, _ uint32, _ uint8, size uint32) []byte {
	h.begun <- struct{}{}
	<-h.let
	return make([]byte, size)
}

// TestBoundedConcurrency fills two turns and a queue of three: a sixth is refused at
// once, and never do more than two work.
func TestBoundedConcurrency(t *testing.T) {
	hold := newHeld()
	h := newHasher(t, &Options{Parallel: 2, Queue: 3}, hold.key)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if _, err := h.Hash(t.Context(), phrase); err != nil {
				t.Errorf("Hash within the queue = %v, want success", err)
			}
		})
	}
	<-hold.begun
	<-hold.begun
	for len(h.gate.inside) < 5 {
		runtime.Gosched()
	}
	if _, err := h.Hash(t.Context(), phrase); !errors.Is(err, signin.ErrBusy) {
		t.Errorf("Hash beyond the queue = %v, want ErrBusy", err)
	}
	for range 3 {
		select {
		case <-hold.begun:
			t.Error("a third computation began, want two at once")
		default:
		}
		hold.let <- struct{}{} // each that ends lets one from the queue begin
		<-hold.begun
	}
	close(hold.let)
	wg.Wait()
	if len(h.gate.inside)+len(h.gate.working) != 0 {
		t.Errorf("%d inside and %d working in the end, want none", len(h.gate.inside), len(h.gate.working))
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	hold := newHeld()
	h := newHasher(t, &Options{Parallel: 1, Queue: 1}, hold.key)
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = h.Hash(t.Context(), phrase) })
	<-hold.begun
	ctx, cancel := context.WithCancel(t.Context())
	wg.Go(func() {
		if _, err := h.Hash(ctx, phrase); !errors.Is(err, signin.ErrBusy) || !errors.Is(err, context.Canceled) {
			t.Errorf("Hash that gave up = %v, want ErrBusy and context.Canceled", err)
		}
	})
	for len(h.gate.inside) < 2 {
		runtime.Gosched()
	}
	cancel()
	for len(h.gate.inside) > 1 {
		runtime.Gosched()
	}
	close(hold.let)
	wg.Wait()
}

func TestDoneContextBeginsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := newHasher(t, nil, func([]byte, []byte, uint32, uint32, uint8, uint32) []byte {
		t.Error("a computation began")
		return nil
	})
	if _, err := h.Hash(ctx, phrase); !errors.Is(err, context.Canceled) {
		t.Errorf("Hash = %v, want context.Canceled", err)
	}
}

func BenchmarkHash(b *testing.B) {
	h, _ := NewHasher(nil)
	for b.Loop() {
		_, _ = h.Hash(b.Context(), phrase)
	}
}

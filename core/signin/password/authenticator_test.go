package password

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/memory"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// bench is an Authenticator over accounts that count and may fail, with Argon2id
// counted.
type bench struct {
	*memory.Accounts
	auth                    *Authenticator
	hasher                  *Hasher
	subjects, gets, hashes  atomic.Int64
	parameters              []Params // of each computation
	getErr, findErr, updErr error
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{Accounts: memory.NewAccounts()}
	b.hasher = newHasher(t, nil, func(password, salt []byte, passes, memory uint32, lanes uint8, size uint32) []byte {
		b.hashes.Add(1)
		b.parameters = append(b.parameters, Params{memory, passes, lanes})
		return cheap(password, salt, passes, memory, lanes, size)
	})
	b.auth = NewAuthenticator(b, b.hasher, &AuthenticatorOptions{Now: func() time.Time { return noon }})
	return b
}

func (b *bench) Subject(ctx context.Context, name string) (string, error) {
	b.subjects.Add(1)
	if b.findErr != nil {
		return "", b.findErr
	}
	return b.Accounts.Subject(ctx, name)
}

func (b *bench) Get(ctx context.Context, subject string) (signin.Account, error) {
	b.gets.Add(1)
	if b.getErr != nil {
		return signin.Account{}, b.getErr
	}
	return b.Accounts.Get(ctx, subject)
}

func (b *bench) Update(ctx context.Context, a signin.Account) error {
	if b.updErr != nil {
		return b.updErr
	}
	return b.Accounts.Update(ctx, a)
}

// add keeps an account named so, with phrase as its password unless changed.
func (b *bench) add(t *testing.T, name string, change func(a *signin.Account)) {
	t.Helper()
	hash, err := b.hasher.Hash(t.Context(), phrase)
	a := signin.Account{
		Subject: "usr_" + name, Name: name, Roles: []string{signin.RoleViewer},
		Password: hash, Version: 1, CreatedAt: noon,
	}
	change(&a)
	if err = errors.Join(err, b.Create(t.Context(), a)); err != nil {
		t.Fatal(err)
	}
}

// users adds one user of each kind.
func (b *bench) users(t *testing.T) {
	t.Helper()
	b.add(t, "anne", func(*signin.Account) {})
	b.add(t, "disabled", func(a *signin.Account) { a.Disabled = true })
	b.add(t, "passwordless", func(a *signin.Account) { a.Password = "" })
	b.add(t, "unreadable", func(a *signin.Account) { a.Password = "$argon2id$v=19$m=99999999,t=2,p=1$AAAA$AAAA" })
	b.add(t, "invalid", func(a *signin.Account) { a.Roles = []string{"a b"} })
}

// signIn is what session.Manager does with an Authenticator.
func (b *bench) signIn(ctx context.Context, name, password string) (session.Grant, error) {
	c := signin.Credentials{Username: name, Password: password}
	subject, err := b.auth.Identify(ctx, c)
	if err != nil {
		return session.Grant{}, err
	}
	return b.auth.Authenticate(ctx, subject, c)
}

// TestEqualWork counts what each kind of sign-in does: the same (ASVS 6.3.8).
func TestEqualWork(t *testing.T) {
	for name, tc := range map[string]struct {
		user, password string
		want           error
	}{
		"right":                    {"anne", phrase, nil},
		"right, other case":        {"ANNE", phrase, nil},
		"wrong":                    {"anne", "plum otter violet canoe", signin.ErrRefused},
		"unknown":                  {"bert", phrase, signin.ErrRefused},
		"disabled, right":          {"disabled", phrase, signin.ErrRefused},
		"disabled, wrong":          {"disabled", "plum", signin.ErrRefused},
		"without password":         {"passwordless", phrase, signin.ErrRefused},
		"damaged hash":             {"unreadable", phrase, signin.ErrDamaged},
		"damaged account":          {"invalid", phrase, signin.ErrDamaged},
		"name that cannot be":      {"no such name", phrase, signin.ErrRefused},
		"subject instead of name":  {"usr_anne", phrase, signin.ErrRefused},
		"1024 bytes of a password": {"anne", strings.Repeat("x", 1024), signin.ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.users(t)
			b.hashes.Store(0)
			b.parameters = nil
			_, err := b.signIn(t.Context(), tc.user, tc.password)
			if !errors.Is(err, tc.want) || errors.Is(tc.want, signin.ErrDamaged) != errors.Is(err, session.ErrUnavailable) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
			wantFinds := int64(1)
			if _, err := signin.NormalizeName(tc.user); err != nil {
				wantFinds = 0
			}
			if b.subjects.Load() != wantFinds || b.gets.Load() != 1 || b.hashes.Load() != 1 {
				t.Errorf("%d names looked up, %d accounts read, %d computations, want %d, 1, 1", b.subjects.Load(), b.gets.Load(), b.hashes.Load(), wantFinds)
			}
			if !slices.Equal(b.parameters, []Params{b.hasher.params}) {
				t.Errorf("computed with %v, want %v", b.parameters, b.hasher.params)
			}
		})
	}
}

func TestGrant(t *testing.T) {
	b := newBench(t)
	b.users(t)
	got, err := b.signIn(t.Context(), "anne", phrase)
	if err != nil || !slices.Equal(got.Roles, []string{signin.RoleViewer}) || !slices.Equal(got.Methods, []string{"pwd"}) {
		t.Errorf("grant %+v, %v, want her roles and pwd", got, err)
	}
}

func TestNoPasswordNoWork(t *testing.T) {
	for name, password := range map[string]string{"empty": "", "1025 bytes": strings.Repeat("x", 1025), "1 MiB": strings.Repeat("x", 1<<20)} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.users(t)
			b.hashes.Store(0)
			for _, user := range []string{"anne", "bert"} {
				if _, err := b.signIn(t.Context(), user, password); !errors.Is(err, signin.ErrRefused) {
					t.Errorf("%s: error %v, want ErrRefused", user, err)
				}
			}
			if b.hashes.Load() != 0 {
				t.Errorf("%d computations, want none", b.hashes.Load())
			}
		})
	}
}

func TestDecoy(t *testing.T) {
	b, other := newBench(t), newBench(t)
	identify := func(b *bench, name string) string {
		subject, err := b.auth.Identify(t.Context(), signin.Credentials{Username: name})
		if err != nil || !signin.IsSubject(subject) {
			t.Errorf("Identify(%q) = %q, %v, want the shape of a subject", name, subject, err)
		}
		return subject
	}
	bert := identify(b, "bert")
	if again := identify(b, "BERT"); again != bert {
		t.Errorf("the same name gave %q and %q, want one decoy", bert, again)
	}
	if identify(b, "carl") == bert || identify(b, "no such name") == bert {
		t.Error("two names gave one decoy, want one each")
	}
	if identify(other, "bert") == bert {
		t.Error("two processes gave one decoy, want a key of its own for each")
	}
}

func TestAccountsFail(t *testing.T) {
	fault := errors.New("connection reset")
	for name, set := range map[string]func(b *bench){
		"name": func(b *bench) { b.findErr = fault },
		"read": func(b *bench) { b.getErr = fault },
		"done": func(b *bench) { b.getErr = context.DeadlineExceeded },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.users(t)
			set(b)
			_, err := b.signIn(t.Context(), "anne", phrase)
			if !errors.Is(err, session.ErrUnavailable) || strings.Count(err.Error(), session.ErrUnavailable.Error()) != 1 {
				t.Errorf("error %v, want session.ErrUnavailable once", err)
			}
		})
	}
}

func TestBusy(t *testing.T) {
	b := newBench(t)
	b.users(t)
	b.hasher.gate = newGate(0, 0)
	if _, err := b.signIn(t.Context(), "anne", phrase); !errors.Is(err, signin.ErrBusy) {
		t.Errorf("error %v, want ErrBusy", err)
	}
}

// outdate gives anne a hash of other parameters.
func (b *bench) outdate(t *testing.T) (before signin.Account) {
	t.Helper()
	weak := stored{params: Params{7168, 1, 1}, salt: make([]byte, 16)}
	weak.tag = cheap([]byte(phrase), weak.salt, 0, 0, 0, 32)
	b.add(t, "anne", func(a *signin.Account) { a.Password = weak.encode() })
	before, err := b.Get(t.Context(), "usr_anne")
	if err != nil {
		t.Fatal(err)
	}
	return before
}

func TestRehash(t *testing.T) {
	b := newBench(t)
	before := b.outdate(t)
	if _, err := b.signIn(t.Context(), "anne", "plum otter violet canoe"); !errors.Is(err, signin.ErrRefused) {
		t.Fatalf("wrong password: error %v, want ErrRefused", err)
	}
	if a, _ := b.Get(t.Context(), "usr_anne"); a.Version != 1 {
		t.Errorf("version %d after a wrong password, want 1", a.Version)
	}
	for range 2 { // the second finds nothing to do
		if _, err := b.signIn(t.Context(), "anne", phrase); err != nil {
			t.Fatalf("right password: %v, want success", err)
		}
	}
	a, _ := b.Get(t.Context(), "usr_anne")
	hash, err := parse(a.Password)
	if err != nil || hash.params != b.hasher.params || a.Password == before.Password {
		t.Errorf("parameters %v, %v, want %v", hash.params, err, b.hasher.params)
	}
	want := signin.Change{At: noon, By: "rule", What: "password rehashed"}
	if a.Version != 2 || len(a.Changes) != 1 || a.Changes[0] != want {
		t.Errorf("version %d, changes %v, want 2 and %v", a.Version, a.Changes, want)
	}
}

func TestRehashNeverFailsTheSignIn(t *testing.T) {
	for name, fault := range map[string]error{
		"conflict": signin.ErrConflict, "fault": errors.New("connection reset"),
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			before := b.outdate(t)
			b.updErr = fault
			if _, err := b.signIn(t.Context(), "anne", phrase); err != nil {
				t.Errorf("error %v, want success", err)
			}
			if a, _ := b.Get(t.Context(), "usr_anne"); a.Password != before.Password || a.Version != 1 {
				t.Errorf("version %d, want the account as it was", a.Version)
			}
		})
	}
}

func TestRehashWhenBusy(t *testing.T) {
	b := newBench(t)
	b.outdate(t)
	count := b.hasher.key
	b.hasher.key = func(password, salt []byte, passes, memory uint32, lanes uint8, size uint32) []byte {
		tag := count(password, salt, passes, memory, lanes, size)
		b.hasher.gate = newGate(0, 0) // from now on there is no place
		return tag
	}
	if _, err := b.signIn(t.Context(), "anne", phrase); err != nil {
		t.Errorf("error %v, want success", err)
	}
}

package signin_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/memory"
)

// hasher stands in for Argon2id.
type hasher struct{ err error }

func (h hasher) Hash(_ context.Context, password string) (signin.PasswordHash, error) {
	return signin.PasswordHash(fmt.Sprintf("$hash$%d", len(password))), h.err
}

// shaky loses answers and meets faults as told.
type shaky struct {
	signin.Accounts
	lose    int   // so many of Create's answers, after they were written
	fault   error // of every read
	creates int
}

var errFault = errors.New("connection reset")

func (s *shaky) Create(ctx context.Context, a signin.Account) error {
	s.creates++
	err := s.Accounts.Create(ctx, a)
	if s.lose > 0 {
		s.lose--
		return errFault
	}
	return err
}

func (s *shaky) Subject(ctx context.Context, name string) (string, error) {
	if s.fault != nil {
		return "", s.fault
	}
	return s.Accounts.Subject(ctx, name)
}

func (s *shaky) Get(ctx context.Context, subject string) (signin.Account, error) {
	if s.fault != nil {
		return signin.Account{}, s.fault
	}
	return s.Accounts.Get(ctx, subject)
}

func (s *shaky) List(ctx context.Context, after string, limit int) ([]signin.Account, error) {
	if s.fault != nil {
		return nil, s.fault
	}
	return s.Accounts.List(ctx, after, limit)
}

func newDirectory(accounts signin.Accounts) *signin.Directory {
	return signin.NewDirectory(accounts, hasher{}, &signin.DirectoryOptions{Now: func() time.Time { return noon }})
}

const phrase = "plum otter violet kayak"

func anne() signin.NewUser {
	return signin.NewUser{Name: "Anne", Roles: []string{signin.RoleViewer}, Password: phrase}
}

func TestAdd(t *testing.T) {
	accounts := memory.NewAccounts()
	added, err := newDirectory(accounts).Add(session.From(t.Context(), "192.0.2.7"), anne(), "operator")
	if err != nil {
		t.Fatalf("Add = %v, want success", err)
	}
	got, err := newDirectory(accounts).Get(t.Context(), added.Subject)
	if err != nil || got.Name != "anne" || got.Password != added.Password || !signin.IsSubject(got.Subject) {
		t.Errorf("Get = %+v, %v, want anne with her hash and a subject of ours", got, err)
	}
	want := signin.Change{At: noon.Truncate(time.Millisecond), By: "operator", What: "added", From: "192.0.2.7"}
	if len(got.Changes) != 1 || got.Changes[0] != want || !got.CreatedAt.Equal(want.At) {
		t.Errorf("created %v, changes %v, want %v", got.CreatedAt, got.Changes, want)
	}
}

func TestAddWithoutPassword(t *testing.T) {
	d := signin.NewDirectory(memory.NewAccounts(), nil, nil)
	a, err := d.Add(t.Context(), signin.NewUser{Name: "anne"}, "operator")
	if err != nil || a.Password != "" {
		t.Errorf("Add = hash of %d bytes, %v, want none and success", len(a.Password), err)
	}
	_, err = d.Add(t.Context(), signin.NewUser{Name: "bert", Password: phrase}, "operator")
	checkInvalid(t, err, "sets none")
}

func TestAddRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		user signin.NewUser
		by   string
		want []string
	}{
		"all at once": {
			signin.NewUser{Name: "a b", Roles: []string{"coatcheck:admin"}, Password: "short"},
			"operator",
			[]string{"user name", "coatcheck:owner", "at least 15"},
		},
		"user name as password": {signin.NewUser{Name: "anne.marie", Password: "AnneMarie-AnneMarie"}, "operator", []string{"little more"}},
		"nobody's doing":        {signin.NewUser{Name: "anne"}, "", []string{"change 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			accounts := memory.NewAccounts()
			_, err := newDirectory(accounts).Add(t.Context(), tc.user, tc.by)
			for _, want := range tc.want {
				checkInvalid(t, err, want)
			}
			if all, _ := accounts.List(t.Context(), "", 10); len(all) != 0 {
				t.Errorf("%d accounts, want none", len(all))
			}
		})
	}
}

func TestAddNameTaken(t *testing.T) {
	d := newDirectory(memory.NewAccounts())
	_, _ = d.Add(t.Context(), anne(), "operator")
	_, err := d.Add(t.Context(), signin.NewUser{Name: "ANNE"}, "operator")
	if !errors.Is(err, signin.ErrNameTaken) || !strings.Contains(err.Error(), `"anne"`) {
		t.Errorf("Add = %v, want ErrNameTaken with the name", err)
	}
}

func TestAddWhenBusy(t *testing.T) {
	d := signin.NewDirectory(memory.NewAccounts(), hasher{err: signin.ErrBusy}, nil)
	if _, err := d.Add(t.Context(), anne(), "operator"); !errors.Is(err, signin.ErrBusy) {
		t.Errorf("Add = %v, want ErrBusy", err)
	}
}

func TestAddWhenAnswersAreLost(t *testing.T) {
	for name, tc := range map[string]struct {
		lose, creates int
		fault, want   error
	}{
		"none lost":                {0, 1, nil, nil},
		"one lost: finds its own":  {1, 2, nil, nil},
		"two lost":                 {2, 2, nil, session.ErrUnavailable},
		"one lost, then the reads": {1, 2, errFault, session.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shaky{Accounts: memory.NewAccounts(), lose: tc.lose, fault: tc.fault}
			a, err := newDirectory(s).Add(t.Context(), anne(), "operator")
			if !errors.Is(err, tc.want) || s.creates != tc.creates {
				t.Errorf("Add = %v after %d creates, want %v after %d", err, s.creates, tc.want, tc.creates)
			}
			if tc.want == nil {
				if subject, err := s.Subject(t.Context(), "anne"); subject != a.Subject || err != nil {
					t.Errorf("Subject = %q, %v, want %q", subject, err, a.Subject)
				}
			}
		})
	}
}

func TestAddIsNotTriedAgainWhenDone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &shaky{Accounts: memory.NewAccounts()}
	if _, err := newDirectory(s).Add(ctx, anne(), "operator"); !errors.Is(err, session.ErrUnavailable) || s.creates != 1 {
		t.Errorf("Add = %v after %d creates, want unavailable after 1", err, s.creates)
	}
}

func TestResolve(t *testing.T) {
	d := newDirectory(memory.NewAccounts())
	a, err := d.Add(t.Context(), anne(), "operator")
	if err != nil {
		t.Fatal(err)
	}
	stranger := signin.SubjectOf([16]byte{9})
	for name, tc := range map[string]struct {
		user, want string
		err        error
	}{
		"name":             {"anne", a.Subject, nil},
		"name, any case":   {"ANNE", a.Subject, nil},
		"subject":          {a.Subject, a.Subject, nil},
		"no account":       {stranger, stranger, nil},
		"nobody's name":    {"bert", "", signin.ErrNotFound},
		"no name":          {"a b", "", session.ErrInvalid},
		"half a subject":   {"usr_1234", "", session.ErrInvalid},
		"subject, shouted": {strings.ToUpper(a.Subject), "", session.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := d.Resolve(t.Context(), tc.user)
			if got != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("Resolve(%q) = %q, %v, want %q, %v", tc.user, got, err, tc.want, tc.err)
			}
		})
	}
}

func TestHasOwner(t *testing.T) {
	accounts := memory.NewAccounts()
	d := newDirectory(accounts)
	want := func(want bool) {
		t.Helper()
		if got, err := d.HasOwner(t.Context()); got != want || err != nil {
			t.Fatalf("HasOwner = %t, %v, want %t", got, err, want)
		}
	}
	want(false)
	for i := range 250 { // more than two pages
		a := validAccount()
		a.Subject, a.Name = fmt.Sprintf("usr_%03d", i), fmt.Sprintf("user%d", i)
		if err := accounts.Create(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	want(false)
	owner := validAccount()
	owner.Subject, owner.Name, owner.Roles = "usr_zzz", "zoe", []string{"editor", signin.RoleOwner}
	if err := accounts.Create(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	want(true)
	owner.Disabled = true
	if err := accounts.Update(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	want(false)
}

func TestDirectoryWhenAccountsFail(t *testing.T) {
	d := newDirectory(&shaky{Accounts: memory.NewAccounts(), fault: errFault})
	_, getErr := d.Get(t.Context(), "usr_1")
	_, resolveErr := d.Resolve(t.Context(), "anne")
	_, ownerErr := d.HasOwner(t.Context())
	for name, err := range map[string]error{"Get": getErr, "Resolve": resolveErr, "HasOwner": ownerErr} {
		if !errors.Is(err, session.ErrUnavailable) || !errors.Is(err, errFault) {
			t.Errorf("%s = %v, want session.ErrUnavailable with its cause", name, err)
		}
	}
}

func TestGet(t *testing.T) {
	accounts := memory.NewAccounts()
	damaged := validAccount()
	damaged.Password = "not a hash"
	if err := accounts.Create(t.Context(), damaged); err != nil {
		t.Fatal(err)
	}
	d := newDirectory(accounts)
	if _, err := d.Get(t.Context(), "usr_1"); !errors.Is(err, signin.ErrNotFound) {
		t.Errorf("Get of nobody = %v, want ErrNotFound", err)
	}
	_, err := d.Get(t.Context(), damaged.Subject)
	if !errors.Is(err, session.ErrUnavailable) || !errors.Is(err, signin.ErrDamaged) || errors.Is(err, session.ErrInvalid) {
		t.Errorf("Get of a damaged account = %v, want unavailable, damaged and not invalid", err)
	}
}

package signin_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 123_456_789, time.UTC)

const phcString = "$argon2id$v=19$m=19456,t=2,p=1$AAAA$BBBB"

func validAccount() signin.Account {
	a := signin.Account{
		Subject: signin.SubjectOf([16]byte{1}), Name: "anne", Roles: []string{signin.RoleViewer},
		Password: phcString, Version: 1, CreatedAt: noon,
	}
	a.Record(signin.Change{At: noon, By: "operator", What: "added"})
	return a
}

func TestAccountValidate(t *testing.T) {
	long := strings.Repeat("x", 300)
	for name, tc := range map[string]struct {
		change func(a *signin.Account)
		want   string // "" means valid
	}{
		"complete":            {func(*signin.Account) {}, ""},
		"own subject":         {func(a *signin.Account) { a.Subject = "größe|" + strings.Repeat("x", 120) }, ""},
		"no password":         {func(a *signin.Account) { a.Password = "" }, ""},
		"no roles":            {func(a *signin.Account) { a.Roles = nil }, ""},
		"unknown own role":    {func(a *signin.Account) { a.Roles = []string{"coatcheck:later"} }, ""},
		"no subject":          {func(a *signin.Account) { a.Subject = "" }, "subject"},
		"long subject":        {func(a *signin.Account) { a.Subject = long }, "subject"},
		"control in subject":  {func(a *signin.Account) { a.Subject = "a\nb" }, "subject"},
		"no UTF-8 in subject": {func(a *signin.Account) { a.Subject = "a\xff" }, "subject"},
		"no name":             {func(a *signin.Account) { a.Name = "" }, "user name"},
		"upper case name":     {func(a *signin.Account) { a.Name = "Anne" }, "lower case"},
		"17 roles":            {func(a *signin.Account) { a.Roles = strings.Fields(strings.Repeat("r ", 17)) }, "17 roles"},
		"long role":           {func(a *signin.Account) { a.Roles = []string{long[:33]} }, "role"},
		"space in role":       {func(a *signin.Account) { a.Roles = []string{"a b"} }, "role"},
		"comma in role":       {func(a *signin.Account) { a.Roles = []string{"a,b"} }, "role"},
		"redacted hash":       {func(a *signin.Account) { a.Password = signin.PasswordHash(a.Password.String()) }, "password hash"},
		"long hash":           {func(a *signin.Account) { a.Password = signin.PasswordHash("$" + long) }, "password hash"},
		"no version":          {func(a *signin.Account) { a.Version = 0 }, "version"},
		"no time":             {func(a *signin.Account) { a.CreatedAt = time.Time{} }, "creation time"},
		"21 changes":          {func(a *signin.Account) { a.Changes = make([]signin.Change, 21) }, "21 changes"},
		"nobody's change":     {func(a *signin.Account) { a.Changes[0].By = "" }, "change 0"},
		"change of nothing":   {func(a *signin.Account) { a.Changes[0].What = "" }, "change 0"},
		"long change":         {func(a *signin.Account) { a.Changes[0].What = long }, "change 0"},
	} {
		t.Run(name, func(t *testing.T) {
			a := validAccount()
			tc.change(&a)
			checkInvalid(t, a.Validate(), tc.want)
			if err := a.CheckStored(a.Subject); (err == nil) != (tc.want == "") || err != nil && (!errors.Is(err, signin.ErrDamaged) || errors.Is(err, session.ErrInvalid)) {
				t.Errorf("CheckStored = %v, want ErrDamaged alone where Validate fails", err)
			}
		})
	}
}

// checkInvalid wants an error that wraps session.ErrInvalid and holds the text, or
// none for "".
func checkInvalid(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("error %v, want none", err)
	case want != "" && (!errors.Is(err, session.ErrInvalid) || !strings.Contains(err.Error(), want)):
		t.Errorf("error %v, want session.ErrInvalid with %q", err, want)
	}
}

func TestAccountOfAnotherIsDamaged(t *testing.T) {
	a := validAccount()
	if err := a.CheckStored("usr_other"); !errors.Is(err, signin.ErrDamaged) {
		t.Errorf("CheckStored = %v, want ErrDamaged", err)
	}
}

func TestRecordKeepsTheNewest(t *testing.T) {
	a := signin.Account{}
	for i := range 25 {
		a.Record(signin.Change{At: noon, By: "operator", What: fmt.Sprint(i)})
	}
	first, last := a.Changes[0].What, a.Changes[len(a.Changes)-1].What
	if len(a.Changes) != signin.MaxChanges || first != "5" || last != "24" {
		t.Errorf("%d changes, %s to %s, want 20, 5 to 24", len(a.Changes), first, last)
	}
	if got, want := a.Changes[0].At, noon.Truncate(time.Millisecond); !got.Equal(want) {
		t.Errorf("time %v, want it cut to %v", got, want)
	}
}

func TestRecordLeavesCopiesAlone(t *testing.T) {
	a := signin.Account{Changes: make([]signin.Change, 1, 10)}
	b, c := a, a
	b.Record(signin.Change{What: "b"})
	c.Record(signin.Change{What: "c"})
	if got := b.Changes[1].What; got != "b" || len(a.Changes) != 1 {
		t.Errorf("the copies' changes: %q and %d, want b and 1", got, len(a.Changes))
	}
}

func TestSatisfying(t *testing.T) {
	for demand, want := range map[string]string{
		signin.RoleViewer:   "[coatcheck:viewer coatcheck:operator coatcheck:owner]",
		signin.RoleOperator: "[coatcheck:operator coatcheck:owner]",
		signin.RoleOwner:    "[coatcheck:owner]",
		"editor":            "[editor]",
	} {
		if got := fmt.Sprint(signin.Satisfying(demand)); got != want {
			t.Errorf("Satisfying(%q) = %s, want %s", demand, got, want)
		}
	}
}

func TestCheckRoles(t *testing.T) {
	for name, tc := range map[string]struct {
		roles []string
		want  string
	}{
		"none":          {nil, ""},
		"own and ours":  {[]string{"editor", signin.RoleViewer, signin.RoleOperator, signin.RoleOwner}, ""},
		"twice":         {[]string{"editor", "editor"}, "twice"},
		"slip in ours":  {[]string{"coatcheck:admin"}, "coatcheck:owner"},
		"prefix alone":  {[]string{"coatcheck:"}, "coatcheck:owner"},
		"empty":         {[]string{""}, "role"},
		"too many":      {make([]string, 17), "17 roles"},
		"quote in role": {[]string{`a"b`}, "role"},
	} {
		t.Run(name, func(t *testing.T) { checkInvalid(t, signin.CheckRoles(tc.roles), tc.want) })
	}
}

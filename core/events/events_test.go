package events_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"coatcheck/core/events"
	"coatcheck/core/session"
	"coatcheck/core/signin"
)

var at = time.Date(2026, 11, 1, 12, 0, 0, 125e6, time.UTC)

var (
	subject = signin.SubjectOf([16]byte([]byte("of the user here")))
	other   = signin.SubjectOf([16]byte([]byte("of who did it...")))
)

func idOf(subject string, n byte) session.ID {
	p := session.PartitionOf(subject)
	return session.ID(append(p[:], 0x69, 0x06, 0x01, 0x40, 1, 2, 3, 4, 5, 6, 7, n))
}

func ended() session.Record {
	return session.Record{
		ID: idOf(subject, 1), Subject: subject, Roles: []string{"clerk"},
		End: session.End{At: at, Reason: session.Replaced, By: session.ByRule, ReplacedBy: idOf(subject, 2)},
	}
}

func changed() signin.Account {
	return signin.Account{
		Subject: subject, Name: "alice", Roles: []string{"clerk", "coatcheck:viewer"}, Version: 3, CreatedAt: at.Add(-time.Hour),
		Changes: []signin.Change{
			{At: at.Add(-time.Hour), By: "operator", What: "added"},
			{At: at, By: string(session.BySubject(other)), What: "roles: clerk coatcheck:viewer"},
		},
	}
}

func text(t *testing.T, e events.Event) string {
	t.Helper()
	raw, err := e.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestDocumented: the examples of docs/events.md are what is made, to the byte.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	var examples []string
	for _, block := range regexp.MustCompile("(?s)```json\n(\\{\n  \"id\".*?)```").FindAllStringSubmatch(string(page), -1) {
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(block[1])); err != nil {
			t.Fatalf("%v in %s", err, block[1])
		}
		examples = append(examples, compact.String())
	}
	r, a := ended(), changed()
	want := []string{text(t, events.OfSession(&r)), text(t, events.OfAccount(&a))}
	if !reflect.DeepEqual(examples, want) {
		t.Errorf("docs/events.md shows\n%s\nwant\n%s", strings.Join(examples, "\n"), strings.Join(want, "\n"))
	}
}

// mark is as long as a hash. Whatever a record and an account hold is filled with it.
const mark = "marked-and-never-to-be-told-----"

// fill marks a value and all that is in it, fields that are yet to come included.
func fill(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(at))
	case v.Kind() == reflect.String:
		v.SetString(mark)
	case v.Kind() == reflect.Int:
		v.SetInt(7)
	case v.Kind() == reflect.Array:
		reflect.Copy(v, reflect.ValueOf([]byte(mark)))
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf(mark), reflect.ValueOf(mark))
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}

// TestNoSecrets: of what the stores hold events say what is listed here, and nothing
// else in any spelling.
func TestNoSecrets(t *testing.T) {
	var r session.Record
	fill(reflect.ValueOf(&r).Elem())
	r.ID, r.Subject = idOf(subject, 1), subject
	r.End.By, r.End.Reason, r.End.ReplacedBy = session.ByRule, session.Replaced, idOf(subject, 2)
	var a signin.Account
	fill(reflect.ValueOf(&a).Elem())
	a.Subject, a.Roles = subject, []string{"clerk"}
	a.Changes = append(a.Changes, signin.Change{At: at, By: "operator", What: "roles: clerk"})
	for _, e := range []events.Event{events.OfSession(&r), events.OfAccount(&a)} {
		told := strings.ToLower(text(t, e) + fmt.Sprintf("%v %+v %#v", e, e, e))
		for _, form := range []string{
			mark[:12], hex.EncodeToString([]byte(mark[:12])), base64.StdEncoding.EncodeToString([]byte(mark[:12])), "redacted",
			"109 97 114 107", "0x6d, 0x61, 0x72, 0x6b", // as fmt prints its bytes
		} {
			if strings.Contains(told, strings.ToLower(form)) {
				t.Errorf("%s tells %s: %s", e.Type, form, told)
			}
		}
	}
}

// TestMarksAreFound: the test above finds what would be told.
func TestMarksAreFound(t *testing.T) {
	var r session.Record
	fill(reflect.ValueOf(&r).Elem())
	for name, held := range map[string]string{
		"address": r.Client.Address, "agent": r.Client.UserAgent, "hash": string(r.Secrets.Superseded[:]), "attribute": r.Attributes[mark],
		"by": string(r.End.By), "role": r.Roles[0],
	} {
		if !strings.HasPrefix(held, mark[:12]) {
			t.Errorf("%s is %q: not marked", name, held)
		}
	}
}

// TestID: the same however often it is made, another for every other event, and fit for
// a header and a signature.
func TestID(t *testing.T) {
	r, a := ended(), changed()
	second, later, namesake := ended(), changed(), changed()
	second.ID = idOf(subject, 3)
	later.Version++
	namesake.Subject = strings.ToUpper(subject)
	seen := map[string]bool{}
	for _, e := range []events.Event{
		events.OfSession(&r), events.OfSession(&second), events.OfAccount(&a), events.OfAccount(&later), events.OfAccount(&namesake),
	} {
		if seen[e.ID] || !regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`).MatchString(e.ID) {
			t.Errorf("ID %q: taken %t, or no ID", e.ID, seen[e.ID])
		}
		seen[e.ID] = true
	}
	if again := events.OfSession(&r); !seen[again.ID] {
		t.Errorf("the same end is %s the second time", again.ID)
	}
	if s, u := events.OfSession(&r), events.OfAccount(&a); s.User != u.User || s.User.IsZero() {
		t.Error("a user's session and account are not one user's")
	}
}

// TestBounded: nothing that is stored makes an event too long for who delivers it.
func TestBounded(t *testing.T) {
	long := strings.Repeat(`"`, 160)
	r := ended()
	r.Subject = strings.Repeat(`"`, session.MaxSubject)
	r.ID = idOf(r.Subject, 1)
	r.End.By = session.By(long)
	a := signin.Account{Subject: r.Subject, Name: "a", Version: 1 << 30, CreatedAt: at, Disabled: true}
	for i := range session.MaxRoles {
		a.Roles = append(a.Roles, strings.Repeat("<", session.MaxRole-2)+fmt.Sprintf("%02d", i))
	}
	a.Record(signin.Change{At: at, By: long, What: strings.Repeat(`"`, 200)})
	if err := a.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, e := range []events.Event{events.OfSession(&r), events.OfAccount(&a)} {
		if n := len(text(t, e)); n >= events.MaxSize || n < 512 {
			t.Errorf("%s of %d bytes: want under %d, and this one long", e.Type, n, events.MaxSize)
		}
	}
}

// TestOddRecords: what no record of ours is makes an event all the same, since the
// session is over, and says nothing that is out of bounds.
func TestOddRecords(t *testing.T) {
	end := session.End{At: at, Reason: session.EndedByAdmin, By: session.ByOperator}
	for name, c := range map[string]struct {
		record session.Record
		want   events.SessionEnd
	}{
		"no subject":        {session.Record{ID: idOf(subject, 1), End: end}, events.SessionEnd{Reason: end.Reason, By: end.By}},
		"another's subject": {session.Record{ID: idOf(subject, 1), Subject: "bob", End: end}, events.SessionEnd{Reason: end.Reason, By: end.By}},
		"no text": {
			session.Record{ID: idOf("a\nb", 1), Subject: "a\nb", End: session.End{At: at, Reason: "x\ny", By: "z"}}, events.SessionEnd{},
		},
		"endless text": {
			session.Record{ID: idOf(subject, 1), Subject: subject, End: session.End{At: at, Reason: "x", By: session.By(strings.Repeat("z", 10_000))}},
			events.SessionEnd{Subject: subject},
		},
	} {
		c.want.SessionID = c.record.ID
		got := events.OfSession(&c.record)
		if !reflect.DeepEqual(got.Data, c.want) || got.User != c.record.ID.Partition() || !got.Timestamp.Equal(at) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

// TestAccountWithoutChanges is one that another program wrote.
func TestAccountWithoutChanges(t *testing.T) {
	a := signin.Account{Subject: subject, Name: "alice", Version: 1, CreatedAt: at}
	if got := events.OfAccount(&a); !got.Timestamp.Equal(at) || !strings.Contains(text(t, got), `"roles":[]`) {
		t.Errorf("got %s", text(t, got))
	}
}

package session

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata anew")

// shelf holds one record.
type shelf struct {
	Store  // of which no other method is called
	record Record
}

func (s *shelf) Read(context.Context, Query) (Reading, error) {
	return Reading{Records: []Record{s.record}}, nil
}

func (s *shelf) Update(_ context.Context, _ ID, c Change) (Record, error) {
	is, err := c.Apply(s.record)
	s.record = is
	return is, err
}

// stage is a Manager over a shelf, on which victim and thief hold tokens.
type stage struct {
	*Manager
	shelf *shelf
	now   time.Time
	texts []Presented // by number
}

func newStage(t *testing.T) *stage {
	t.Helper()
	keys, err := NewKeys(bytes.Repeat([]byte{7}, MinKeySize))
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{shelf: &shelf{}, now: at(10_000)}
	// No touch, no timeout: only the rotation writes.
	policy := Policy{Idle: 200 * time.Hour, Absolute: 200 * time.Hour, TouchEvery: 100 * time.Hour}
	if s.Manager, err = New(s.shelf, keys, &Options{Now: func() time.Time { return s.now }, Policy: policy}); err != nil {
		t.Fatal(err)
	}
	token, r := s.newRecord(SignIn{Subject: "alice"}, Grant{}, signInStart{createdAt: s.now})
	s.shelf.record = r
	s.hold(token)
	return s
}

func (s *stage) hold(t Token) token {
	s.texts = append(s.texts, Presented{Token: t.Reveal()})
	return token(len(s.texts) - 1)
}

// present presents a token and returns a new one's number, noToken for none.
func (s *stage) present(k token, renew bool) (Outcome, token) {
	if !renew {
		_, err := s.Lookup(context.Background(), s.texts[k])
		return OutcomeOf(err), noToken
	}
	_, renewed, err := s.Renew(context.Background(), s.texts[k])
	if renewed.IsZero() {
		return OutcomeOf(err), noToken
	}
	return OutcomeOf(err), s.hold(renewed)
}

// outcomeOf is what a row of the table looks like from outside; over: the alarm came
// before.
func outcomeOf(row verdict, over bool) Outcome {
	switch {
	case row == isUnknown:
		return Unknown
	case over:
		return Ended
	case row == isReplay:
		return Reused
	}
	return Allowed
}

// The Manager does what the explorations of the table take for granted: every sequence
// of four requests with any token that there is, with any pause, with and without a
// cookie.
func TestManagerKeepsTheTableOfRotation(t *testing.T) {
	s := newStage(t)
	n := 0
	var play func(is served, depth int)
	play = func(is served, depth int) {
		record, now := s.shelf.record, s.now
		for _, pause := range []int16{0, 36, 66, 3600} {
			for k := range is.made {
				for _, renew := range []bool{false, true} {
					s.shelf.record, s.now, s.texts = record, now.Add(time.Duration(pause)*time.Second), s.texts[:is.made]
					seconds := int16(s.now.Sub(explored) / time.Second)
					row, after := is.serve(s.policy, k, seconds, renew)
					over := is.ended
					if over && !slices.Contains([]token{is.current, is.next, is.previous, is.superseded}, k) {
						row = isUnknown
					}
					got, _ := s.present(k, renew)
					if n++; got != outcomeOf(row, over) || len(s.texts) != int(after.made) {
						t.Fatalf("token %d after %d s of %+v: got %s and %d tokens, want row %d and %d", k, pause, is, got, len(s.texts), row, after.made)
					}
					if depth > 1 {
						play(after, depth-1)
					}
				}
			}
		}
	}
	play(signedIn(10_000), 4)
	t.Logf("%d requests", n)
}

// TestRotationOrders lists who is let in and when the alarm comes, for every order of
// up to six requests of a victim (V) and a thief (T) who both hold the first token, an
// hour apart, when every answer arrives. testdata/rotation.txt is read by people, too.
func TestRotationOrders(t *testing.T) {
	var list strings.Builder
	list.WriteString("Victim and thief hold the same token; an hour lies between two requests, and every answer arrives.\n" +
		"+ let in   ! replay: the alarm, the session ends   x refused: over   ? refused as unknown: rotated out and another since\n\n")
	for length := 1; length <= 6; length++ {
		for _, order := range orders(length) {
			list.WriteString(strings.Join(strings.Split(order, ""), " ") + "\n" + play(newStage(t), order) + "\n\n")
		}
	}
	const file = "testdata/rotation.txt"
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o750), os.WriteFile(file, []byte(list.String()), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != list.String() {
		t.Errorf("%s is not what happens (%v); if it should be, run: go test ./core/session -run TestRotationOrders -update", file, err)
	}
}

// play carries an order out and returns a mark for each request.
func play(s *stage, order string) string {
	marks := map[Outcome]string{Allowed: "+", Reused: "!", Ended: "x", Unknown: "?"}
	holds := map[rune]token{}
	var line []string
	for _, who := range order {
		s.now = s.now.Add(time.Hour)
		outcome, brings := s.present(holds[who], true)
		if brings != noToken {
			holds[who] = brings
		}
		line = append(line, marks[outcome])
	}
	return strings.Join(line, " ")
}

// orders are all sequences of V and T of a length.
func orders(length int) []string {
	all := []string{""}
	for range length {
		var longer []string
		for _, o := range all {
			longer = append(longer, o+"V", o+"T")
		}
		all = longer
	}
	return all
}

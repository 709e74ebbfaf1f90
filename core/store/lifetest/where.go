package lifetest

import (
	"context"
	"errors"
	"slices"
	"time"

	"coatcheck/core/session"
)

func whereChecks() []Check {
	return []Check{
		{"where-each-field", "By predicate (role, sign-in method, age, user agent)", whereEach},
		{"where-account", "By predicate (state of the account)", whereAccount},
		{"where-dry-run", "a dry run that counts", whereDryRun},
		{"where-goes-on", "a resumable walk over the index that ends each match, with a list of what it did", whereGoesOn},
		{"where-cursor-is-bound", "a cursor is of its predicate", whereCursor},
		{"where-everything-wants-all", "a predicate that matches everything wants to be told so", whereAll},
		{"where-repeated-after-a-fault", "a step that failed may be taken again", whereRepeated},
	}
}

// where walks through every step and returns what fits and how many were ended.
func (s *scene) where(w session.Walk) (fit []session.ID, ended int) {
	w.Reason, w.By = session.EndedByAdmin, session.ByOperator
	for {
		step, err := s.EndWhere(s.ctx, w)
		s.must(err)
		for i := range step.Matched {
			fit = append(fit, step.Matched[i].ID)
		}
		ended += step.Ended
		if w.Cursor = step.Next; w.Cursor == "" {
			return fit, ended
		}
	}
}

func whereEach(s *scene) {
	old := s.enter("ann")
	s.move(2 * time.Hour)
	role := s.signIn(s.Manager, session.SignIn{Subject: "bob", Check: granted("boss")})
	method := s.signIn(s.Manager, session.SignIn{Subject: "cleo", Check: func(context.Context) (session.Grant, error) {
		return session.Grant{Methods: []string{"otp"}}, nil
	}})
	device := s.signIn(s.Manager, session.SignIn{Subject: "dan", Client: session.Client{UserAgent: "Mozilla/5.0 (Test Browser)", Address: "192.0.2.7"}})
	for name, c := range map[string]struct {
		session.Filter
		want ticket
	}{
		"role":       {session.Filter{Role: "boss"}, role},
		"method":     {session.Filter{Method: "otp"}, method},
		"older than": {session.Filter{OlderThan: time.Hour}, old},
		"user agent": {session.Filter{UserAgent: "test BROWSER"}, device},
		"address":    {session.Filter{Address: "192.0.2.7"}, device},
		"several":    {session.Filter{Address: "192.0.2.7", Role: "clerk"}, device},
	} {
		fit, ended := s.where(session.Walk{Filter: c.Filter, DryRun: true})
		s.want(slices.Equal(fit, []session.ID{c.want.ID}) && ended == 0, "%s: %d fit, %d ended", name, len(fit), ended)
	}
	fit, _ := s.where(session.Walk{Filter: session.Filter{Address: "192.0.2.7", Role: "boss"}})
	s.want(len(fit) == 0, "what fits one field of two was ended")
	_, ended := s.where(session.Walk{Filter: session.Filter{Role: "boss"}})
	s.want(ended == 1, "%d ended", ended)
	s.refused(s.Manager, role.Presented, session.Ended, session.EndedByAdmin)
	s.allowed(s.Manager, old.Presented)
}

func whereAccount(s *scene) {
	ann, bob := s.user("ann"), s.user("bob")
	a, b := s.arrive(ann), s.arrive(bob)
	also := func(_ context.Context, subject string) (bool, error) { return subject == ann, nil }
	fit, ended := s.where(session.Walk{Also: also, AlsoName: "disabled"})
	s.want(len(fit) == 1 && ended == 1, "%d fit, %d ended", len(fit), ended)
	s.refused(s.Manager, a.Presented, session.Ended, session.EndedByAdmin)
	s.allowed(s.Manager, b.Presented)
	_, err := s.EndWhere(s.ctx, session.Walk{
		Also: func(context.Context, string) (bool, error) { return false, errLost }, AlsoName: "disabled",
		Reason: session.EndedByAdmin, By: session.ByOperator,
	})
	s.want(errors.Is(err, errLost), "a fault of the condition: %v", err)
}

func whereDryRun(s *scene) {
	a, b := s.enter("ann"), s.enter("bob")
	fit, ended := s.where(session.Walk{All: true, DryRun: true})
	s.want(len(fit) == 2 && ended == 0, "%d fit, %d ended", len(fit), ended)
	s.allowed(s.Manager, a.Presented)
	s.allowed(s.Manager, b.Presented)
}

func whereGoesOn(s *scene) {
	var ids []session.ID
	for range 7 {
		ids = append(ids, s.enter("ann").ID)
	}
	fit, ended := s.where(session.Walk{Filter: session.Filter{Role: "clerk"}, Limit: 2})
	s.want(ended == 7, "%d ended", ended)
	for _, id := range ids {
		s.want(slices.Contains(fit, id), "%v is not in the list of what was done", id)
	}
	fit, _ = s.where(session.Walk{Filter: session.Filter{Role: "clerk"}, Limit: 2})
	s.want(len(fit) == 0, "%d left", len(fit))
}

func whereCursor(s *scene) {
	for range 3 {
		s.enter("ann")
	}
	w := session.Walk{Filter: session.Filter{Role: "clerk"}, Limit: 1, DryRun: true, Reason: session.EndedByAdmin, By: session.ByOperator}
	step, err := s.EndWhere(s.ctx, w)
	s.must(err)
	s.want(step.Next != "", "no cursor")
	for name, change := range map[string]func(*session.Walk){
		"another predicate": func(w *session.Walk) { w.Filter.Role = "boss" },
		"for good":          func(w *session.Walk) { w.DryRun = false },
		"another condition": func(w *session.Walk) {
			w.AlsoName, w.Also = "missing", func(context.Context, string) (bool, error) { return true, nil }
		},
		"tampered with": func(w *session.Walk) { w.Cursor = w.Cursor[:len(w.Cursor)-4] + "AAAA" },
	} {
		other := w
		other.Cursor = step.Next
		change(&other)
		_, err := s.EndWhere(s.ctx, other)
		s.want(errors.Is(err, session.ErrCursor), "%s: %v", name, err)
	}
	w.Cursor = step.Next
	_, err = s.EndWhere(s.ctx, w)
	s.must(err)
}

func whereAll(s *scene) {
	t := s.enter("ann")
	w := session.Walk{Reason: session.EndedByAdmin, By: session.ByOperator}
	_, err := s.EndWhere(s.ctx, w)
	s.want(errors.Is(err, session.ErrInvalid), "got %v", err)
	s.allowed(s.Manager, t.Presented)
	w.All = true
	_, err = s.EndWhere(s.ctx, w)
	s.must(err)
	s.refused(s.Manager, t.Presented, session.Ended, session.EndedByAdmin)
}

func whereRepeated(s *scene) {
	a, b := s.enter("ann"), s.enter("bob")
	w := session.Walk{All: true, Reason: session.EndedByAdmin, By: session.ByOperator}
	for _, applied := range []bool{false, true} {
		m, err := session.New(&failing{Store: s.stores.Sessions, left: 1, applied: applied}, s.keys(), &session.Options{
			Now: func() time.Time { return s.now }, Timeout: timeout, Policy: policy,
		})
		s.must(err)
		_, err = m.EndWhere(s.ctx, w)
		s.want(errors.Is(err, session.ErrUnavailable), "applied %t: an end was lost and nobody said so: %v", applied, err)
	}
	_, err := s.EndWhere(s.ctx, w)
	s.must(err)
	s.refused(s.Manager, a.Presented, session.Ended, session.EndedByAdmin)
	s.refused(s.Manager, b.Presented, session.Ended, session.EndedByAdmin)
}

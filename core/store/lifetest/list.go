package lifetest

import (
	"errors"
	"slices"
	"time"

	"coatcheck/core/session"
)

func listChecks() []Check {
	return []Check{
		{"list-by-status", "who is active = that range above now; what ended recently = the other prefix", listByStatus},
		{"list-by-filter", "search", listByFilter},
		{"list-by-time", "how many expired in a given minute = that range", listByTime},
		{"list-pages", "pages by limit and cursor, each session once at rest", listPages},
		{"list-cursor-is-bound", "a cursor is opaque, tamper-evident and bound to its filter", listCursor},
		{"list-cursor-outlives-the-clock", "the range of the first page is that of all", listCursorLater},
		{"list-bad-queries", "what cannot be is refused and says what to do", listBad},
		{"count-is-the-lists-length", "counts equal the lists at rest", countIsLength},
	}
}

// all is every session of a query, through all pages.
func (s *scene) all(q session.AllQuery) []session.ID {
	var ids []session.ID
	for {
		page, err := s.ListAll(s.ctx, q)
		s.must(err)
		for _, one := range page.Sessions {
			ids = append(ids, one.ID)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return ids
		}
	}
}

// population is two active sessions, an expired and an ended one.
func (s *scene) population() (active []session.ID, expired, ended session.ID) {
	expired = s.signIn(s.standard(), session.SignIn{Subject: "ann"}).ID
	s.move(20 * time.Minute)
	ended = s.enter("bob").ID
	_, err := s.End(s.ctx, ended, session.EndedByAdmin, session.ByOperator)
	s.must(err)
	s.move(time.Minute)
	active = append(active, s.enter("cleo").ID)
	s.move(time.Minute)
	return append(active, s.signIn(s.Manager, session.SignIn{Subject: "dan", Check: granted("boss")}).ID), expired, ended
}

func listByStatus(s *scene) {
	active, expired, ended := s.population()
	for state, want := range map[session.State][]session.ID{
		session.StateActive: active, session.StateExpired: {expired}, session.StateEnded: {ended},
	} {
		got := s.all(session.AllQuery{State: state})
		s.want(slices.Equal(got, want), "%s: %v, want %v", state, got, want)
	}
}

func listByFilter(s *scene) {
	active, _, ended := s.population()
	got := s.all(session.AllQuery{State: session.StateActive, Filter: session.Filter{Role: "boss"}})
	s.want(slices.Equal(got, active[1:]), "by role: %v", got)
	got = s.all(session.AllQuery{State: session.StateEnded, Filter: session.Filter{Reason: session.EndedByAdmin}})
	s.want(slices.Equal(got, []session.ID{ended}), "by reason: %v", got)
	got = s.all(session.AllQuery{State: session.StateEnded, Filter: session.Filter{Reason: session.SignedOut}})
	s.want(len(got) == 0, "by another reason: %v", got)
	by := s.record(ended).End.By
	got = s.all(session.AllQuery{State: session.StateEnded, Filter: session.Filter{By: by}})
	s.want(slices.Equal(got, []session.ID{ended}), "by who ended it: %v", got)
	got = s.all(session.AllQuery{State: session.StateEnded, Filter: session.Filter{By: by + "x"}})
	s.want(len(got) == 0, "by who did not end it: %v", got)
}

func listByTime(s *scene) {
	active, expired, _ := s.population()
	at := s.record(expired).ExpiresAt
	got := s.all(session.AllQuery{State: session.StateExpired, Since: at, Until: at.Add(ms)})
	s.want(slices.Equal(got, []session.ID{expired}), "the minute in which it expired: %v", got)
	got = s.all(session.AllQuery{State: session.StateExpired, Until: at})
	s.want(len(got) == 0, "before it: %v", got)
	got = s.all(session.AllQuery{State: session.StateActive, Until: s.record(active[1]).ExpiresAt})
	s.want(slices.Equal(got, active[:1]), "that expire sooner: %v", got)
}

func listPages(s *scene) {
	var want []session.ID
	for range 9 {
		want = append(want, s.enter("ann").ID)
		s.move(time.Second)
	}
	got := s.all(session.AllQuery{State: session.StateActive, Limit: 2})
	s.want(slices.Equal(got, want), "got %v, want %v", got, want)
}

func listCursor(s *scene) {
	for range 3 {
		s.enter("ann")
	}
	q := session.AllQuery{State: session.StateActive, Limit: 1, Filter: session.Filter{Role: "clerk"}}
	page, err := s.ListAll(s.ctx, q)
	s.must(err)
	s.want(page.Next != "", "no cursor")
	for name, change := range map[string]func(*session.AllQuery){
		"another status": func(q *session.AllQuery) { q.State = session.StateExpired },
		"another role":   func(q *session.AllQuery) { q.Filter.Role = "other" },
		"another filter": func(q *session.AllQuery) { q.Filter = session.Filter{} },
		"another time":   func(q *session.AllQuery) { q.Until = s.now.Add(24 * time.Hour) },
		"tampered with":  func(q *session.AllQuery) { q.Cursor = q.Cursor[:len(q.Cursor)-4] + "AAAA" },
		"cut":            func(q *session.AllQuery) { q.Cursor = q.Cursor[:8] },
		"made up":        func(q *session.AllQuery) { q.Cursor = "live.AAAA" },
	} {
		other := q
		other.Cursor = page.Next
		change(&other)
		_, err := s.ListAll(s.ctx, other)
		s.want(errors.Is(err, session.ErrCursor), "%s: %v", name, err)
	}
	_, err = s.List(s.ctx, "ann", session.UserPage{Cursor: page.Next})
	s.want(errors.Is(err, session.ErrCursor), "in a user's list: %v", err)
}

// The clock passes the expiry of the session that the first page ended with, and then
// that of one which had not expired when the first page was asked for.
func listCursorLater(s *scene) {
	m := s.standard()
	s.signIn(m, session.SignIn{Subject: "ann"})
	later := s.enter("ann")
	page := s.nextAfter(session.AllQuery{State: session.StateActive, Limit: 1}, time.Hour)
	s.want(len(page) == 1 && page[0] == later.ID, "the second page has %d", len(page))

	second := s.signIn(m, session.SignIn{Subject: "ann"})
	s.move(time.Hour)
	page = s.nextAfter(session.AllQuery{State: session.StateExpired, Limit: 1}, policy.Absolute)
	s.want(len(page) == 1 && page[0] == second.ID, "of two that had expired, the first page left %d", len(page))
}

// nextAfter takes the first page of a query, moves the clock, and returns what is on all
// the others.
func (s *scene) nextAfter(q session.AllQuery, d time.Duration) []session.ID {
	page, err := s.ListAll(s.ctx, q)
	s.must(err)
	s.want(page.Next != "", "no cursor")
	s.move(d)
	q.Cursor = page.Next
	return s.all(q)
}

func listBad(s *scene) {
	for name, q := range map[string]session.AllQuery{
		"status":         {State: "odd"},
		"no status":      {},
		"limit":          {State: session.StateActive, Limit: session.MaxPage + 1},
		"negative limit": {State: session.StateActive, Limit: -1},
		"until first":    {State: session.StateActive, Since: s.now, Until: s.now},
		"reason":         {State: session.StateEnded, Filter: session.Filter{Reason: "odd"}},
		"reason of live": {State: session.StateActive, Filter: session.Filter{Reason: session.SignedOut}},
		"role":           {State: session.StateActive, Filter: session.Filter{Role: "a b"}},
		"method":         {State: session.StateActive, Filter: session.Filter{Method: "a,b"}},
		"user agent":     {State: session.StateActive, Filter: session.Filter{UserAgent: "a\nb"}},
		"address":        {State: session.StateActive, Filter: session.Filter{Address: "a\x00"}},
		"older than":     {State: session.StateActive, Filter: session.Filter{OlderThan: -1}},
	} {
		_, err := s.ListAll(s.ctx, q)
		s.want(errors.Is(err, session.ErrInvalid), "%s: %v", name, err)
	}
	_, err := s.CountAll(s.ctx, "odd", time.Time{}, time.Time{})
	s.want(errors.Is(err, session.ErrInvalid), "count: %v", err)
}

func countIsLength(s *scene) {
	s.population()
	for _, state := range []session.State{session.StateActive, session.StateExpired, session.StateEnded} {
		n, listed := s.count(state), len(s.all(session.AllQuery{State: state}))
		s.want(n == listed, "%s: counted %d, listed %d", state, n, listed)
	}
}

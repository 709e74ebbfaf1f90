package proof_test

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"coatcheck/core/session"
)

// model is what a session is: all that decides over it, in one place.
type model struct {
	subject       string
	created, seen time.Time
	idle          time.Duration // between its last use and its expiry, as it was made
	absolute      time.Time
	end           session.EndReason
	replaces, by  *model    // the session that it took the place of, and the one that took its own
	replacedAt    time.Time // when that was
	actor         *model    // the session of who acts in it; nil: its holder does
	token         session.Presented
	id            session.ID
}

// expires is when the session is over unless it is used, by its record alone.
func (s *model) expires() time.Time { return earliest(s.seen.Add(s.idle), s.absolute) }

// own is what the session's own record says at a time, under a policy, everybody having
// been ended before some time.
func (s *model) own(now time.Time, p session.Policy, everybody time.Time) string {
	absolute := earliest(s.absolute, s.created.Add(p.Absolute))
	idle := earliest(s.expires(), s.seen.Add(p.Idle), absolute)
	switch {
	case s.end != "":
		return "ended " + string(s.end)
	case s.endedWith(everybody) && earliest(everybody, now).Before(idle):
		return "ended ended_everywhere"
	case now.Before(idle):
		return "allowed"
	case idle.Before(absolute):
		return "expired idle_timeout"
	}
	return "expired absolute_timeout"
}

// endedWith reports whether the session was made before everybody was ended.
func (s *model) endedWith(everybody time.Time) bool {
	return !everybody.IsZero() && !s.created.After(everybody.Add(session.Skew))
}

// verdict is what a look-up has to say: who acts is let in as long as his own session is.
func (s *model) verdict(now time.Time, p session.Policy, everybody time.Time) string {
	if own := s.own(now, p, everybody); own != "allowed" || s.actor == nil {
		return own
	}
	return s.actor.own(now, p, everybody)
}

// over ends a session, unless it has ended.
func (s *model) over(reason session.EndReason) {
	if s.end == "" {
		s.end = reason
	}
}

// newest sorts the newest sessions first: over the limit, the last ones end.
func newest(sessions []*model) {
	slices.SortFunc(sessions, func(a, b *model) int {
		return cmp.Or(b.created.Compare(a.created), bytes.Compare(b.id[:], a.id[:]))
	})
}

func earliest(times ...time.Time) time.Time {
	first := times[0]
	for _, t := range times[1:] {
		if t.Before(first) {
			first = t
		}
	}
	return first
}

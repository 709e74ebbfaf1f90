package session

import (
	"context"
	"errors"
	"time"
)

// Event is something that a Manager did or decided. [Options].Observe gets each of them,
// by the process in which it happened: that is what metrics and logs are made of. It
// holds nothing secret. Fields that do not belong to its name are zero.
type Event struct {
	Name EventName
	// Session is whose event it is; zero where no genuine token named one.
	Session ID
	// Subject is whose session it is; "" where that is not known.
	Subject string
	// Outcome is how a check went, and Reason why the session is over where it is.
	Outcome Outcome
	Reason  EndReason
	// End is the end that was written.
	End End
	// Methods are the authentication methods: those used, or the one that was tried.
	Methods []string
	// Client is where a new session was signed in from.
	Client Client
	// Took is how long a check took.
	Took time.Duration
	// Err is what a sign-in or a touch failed with. It wraps the errors of the Manager,
	// or is the one that [SignIn].Check returned.
	Err error
}

// EventName says what happened. The values are stable: logs and metrics use them.
type EventName string

// The events.
const (
	// EventChecked: a lookup, a renewal or a check of what stays open was answered.
	EventChecked EventName = "session_checked"
	// EventCreated: a sign-in handed out its token.
	EventCreated EventName = "session_created"
	// EventSignInRefused: a sign-in failed, for whatever reason.
	EventSignInRefused EventName = "sign_in_refused"
	// EventEnded: this process wrote the end of a session. Timeouts are not written, and
	// what ends with everybody is when the sweep writes it down. An end whose answer was
	// lost, so that trying again found it done, has no event.
	EventEnded EventName = "session_ended"
	// EventEveryoneEnded: everybody's sessions are over.
	EventEveryoneEnded EventName = "everyone_ended"
	// EventOffered: a new token was handed out for a session.
	EventOffered EventName = "token_offered"
	// EventConfirmed: a new token came back and took the place of the one before it.
	EventConfirmed EventName = "token_confirmed"
	// EventTouched: use was written down or, with Err, could not be. A parallel request
	// that was first is none.
	EventTouched EventName = "session_touched"
)

// emit tells the observer, if there is one.
func (m *Manager) emit(ctx context.Context, e Event) {
	if m.observe != nil {
		m.observe(ctx, e)
	}
}

// checked tells how a check of a session went.
func (m *Manager) checked(ctx context.Context, r *Record, err error, began time.Time) {
	if m.observe == nil {
		return
	}
	e := Event{Name: EventChecked, Session: r.ID, Subject: r.Subject, Outcome: OutcomeOf(err), Took: m.now().Sub(began), Err: err}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		e.Session, e.Reason = refusal.Session, refusal.Reason
	}
	m.observe(ctx, e)
}

// ended tells of an end that this call wrote.
func (m *Manager) ended(ctx context.Context, r *Record) {
	m.emit(ctx, Event{Name: EventEnded, Session: r.ID, Subject: r.Subject, End: r.End, Reason: r.End.Reason})
}

// signedIn tells how a sign-in went.
func (m *Manager) signedIn(ctx context.Context, s *SignIn, r *Record, err error) {
	if m.observe == nil {
		return
	}
	if err == nil {
		m.emit(ctx, Event{Name: EventCreated, Session: r.ID, Subject: r.Subject, Methods: r.Methods, Client: r.Client})
		return
	}
	e := Event{Name: EventSignInRefused, Subject: s.Subject, Client: m.client(s.Client), Err: err}
	if s.Method != "" {
		e.Methods = []string{s.Method}
	}
	m.emit(ctx, e)
}

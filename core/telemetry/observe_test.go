package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/telemetry"
)

// Each event has its metrics, and whom it is about is in none of them.
func TestObserve(t *testing.T) {
	down := fmt.Errorf("%w: read: down", session.ErrUnavailable)
	refused := func(err error, methods ...string) session.Event {
		return session.Event{Name: session.EventSignInRefused, Err: err, Methods: methods}
	}
	for name, c := range map[string]struct {
		event session.Event
		want  []string
	}{
		"checked": {
			session.Event{Name: session.EventChecked, Outcome: session.Allowed, Took: 3 * time.Millisecond},
			[]string{"lookups allowed 1", "lookup_duration allowed 0.003"},
		},
		"created":               {session.Event{Name: session.EventCreated, Methods: []string{"pwd"}}, []string{"sign_ins pwd created 1"}},
		"created, two factors":  {session.Event{Name: session.EventCreated, Methods: []string{"pwd", "otp"}}, []string{"sign_ins mfa created 1"}},
		"created, none":         {session.Event{Name: session.EventCreated}, []string{"sign_ins none created 1"}},
		"created, an odd way":   {session.Event{Name: session.EventCreated, Methods: []string{"ann"}}, []string{"sign_ins other created 1"}},
		"refused":               {refused(signin.ErrRefused, "pwd"), []string{"sign_ins pwd refused 1"}},
		"refused, own error":    {refused(errors.New("no"), "otp"), []string{"sign_ins otp refused 1"}},
		"overtaken":             {refused(fmt.Errorf("sign in: %w", session.ErrOvertaken), "pwd"), []string{"sign_ins pwd overtaken 1"}},
		"busy":                  {refused(signin.ErrBusy, "pwd"), []string{"sign_ins pwd busy 1"}},
		"invalid":               {refused(fmt.Errorf("%w: subject", session.ErrInvalid), "pwd"), []string{"sign_ins pwd invalid 1"}},
		"unavailable":           {refused(down, "pwd"), []string{"sign_ins pwd unavailable 1"}},
		"the client hung up":    {refused(context.Canceled, "pwd"), []string{"sign_ins pwd unavailable 1"}},
		"step-up, no session":   {refused(&session.Refusal{Outcome: session.Expired}), []string{"sign_ins none refused 1"}},
		"step-up, unavailable":  {refused(&session.Refusal{Outcome: session.Unavailable}), []string{"sign_ins none unavailable 1"}},
		"ended":                 {session.Event{Name: session.EventEnded, Reason: session.SignedOut}, []string{"sessions_ended signed_out 1"}},
		"ended, reused":         {session.Event{Name: session.EventEnded, Reason: session.TokenReuse}, []string{"sessions_ended token_reuse 1"}},
		"everyone":              {session.Event{Name: session.EventEveryoneEnded}, []string{"everyone_ended 1"}},
		"offered":               {session.Event{Name: session.EventOffered}, []string{"tokens_rotated offered 1"}},
		"confirmed":             {session.Event{Name: session.EventConfirmed}, []string{"tokens_rotated confirmed 1"}},
		"touched":               {session.Event{Name: session.EventTouched}, []string{"touches written 1"}},
		"not touched":           {session.Event{Name: session.EventTouched, Err: down}, []string{"touches failed 1"}},
		"what is not known yet": {session.Event{Name: "danced"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got notes
			c.event.Subject, c.event.Client.Address = "ann", "192.0.2.7"
			telemetry.Observe(&got)(t.Context(), c.event)
			got.want(t, c.want...)
		})
	}
}

// The catalogue has every outcome and every reason that is written: none is "other".
func TestKnownToTheCatalogue(t *testing.T) {
	for _, outcome := range []session.Outcome{
		session.Allowed, session.Absent, session.Malformed, session.Forged, session.Unknown,
		session.Expired, session.Ended, session.Reused, session.Forbidden, session.Unavailable,
	} {
		if s := telemetry.Lookups.Series(string(outcome)); s.Value("outcome") != string(outcome) {
			t.Errorf("outcome %s is %s", outcome, s.Value("outcome"))
		}
	}
}

// What a process asks of DynamoDB is counted by store, operation and kind.
func TestConsumed(t *testing.T) {
	var got notes
	consumed := telemetry.Consumed(&got, map[string]string{"S": telemetry.StoreSessions, "A": telemetry.StoreAccounts})
	consumed("GetItem", "S", 1, 0)
	consumed("UpdateItem", "A", 0, 3)
	consumed("TransactWriteItems", "elsewhere", 0.5, 2)
	consumed("PutItem", "S", 0, 0)
	telemetry.Throttled(&got)("GetItem", "TableReadKeyRangeThroughputExceeded")
	telemetry.Throttled(&got)("GetItem", "")
	got.want(t,
		"store_units sessions GetItem read 1", "store_units accounts UpdateItem write 3",
		"store_units other TransactWriteItems read 0.5", "store_units other TransactWriteItems write 2",
		"store_throttles GetItem TableReadKeyRangeThroughputExceeded 1", "store_throttles GetItem other 1",
	)
}

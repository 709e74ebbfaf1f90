package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"

	"coatcheck/core/session"
	"coatcheck/core/store/memory"
)

// A session's whole way: made by a sign-in, checked, ended, refused.
func Example() {
	// 32 secret bytes from the deployment's configuration; these are for show.
	keys, err := session.NewKeys(bytes.Repeat([]byte{1}, session.MinKeySize))
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.New(memory.New(), keys, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	token, record, err := sessions.SignIn(ctx, session.SignIn{
		Subject: "usr_1",
		Check: func(context.Context) (session.Grant, error) {
			return session.Grant{Roles: []string{"editor"}, Methods: []string{"pwd"}}, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	presented := session.Presented{Token: token.Reveal()}

	is, err := sessions.Lookup(ctx, presented)
	fmt.Println(is.Subject, is.Roles, err)

	if _, err := sessions.End(ctx, record.ID, session.EndedByAdmin, session.ByOperator); err != nil {
		log.Fatal(err)
	}
	_, err = sessions.Lookup(ctx, presented)
	fmt.Println(err, errors.Is(err, session.ErrNoSession))
	fmt.Println(token)
	// Output:
	// usr_1 [editor] <nil>
	// lookup: ended (ended_by_admin) true
	// [redacted session token]
}

// A route that demands a role of its caller.
func ExampleManager_Lookup_demand() {
	keys, _ := session.NewKeys(bytes.Repeat([]byte{1}, session.MinKeySize))
	sessions, _ := session.New(memory.New(), keys, nil)
	ctx := context.Background()
	token, _, _ := sessions.SignIn(ctx, session.SignIn{
		Subject: "usr_1",
		Check:   func(context.Context) (session.Grant, error) { return session.Grant{}, nil },
	})

	_, err := sessions.Lookup(ctx, session.Presented{
		Token:  token.Reveal(),
		Demand: session.Demand{AnyRole: []string{"editor"}},
	})
	fmt.Println(errors.Is(err, session.ErrForbidden), session.OutcomeOf(err))
	// Output: true forbidden
}

// Sign out everywhere: every session of a user, and every sign-in under way.
func ExampleManager_EndAll() {
	keys, _ := session.NewKeys(bytes.Repeat([]byte{1}, session.MinKeySize))
	sessions, _ := session.New(memory.New(), keys, nil)
	ctx := context.Background()
	for range 3 {
		_, _, _ = sessions.SignIn(ctx, session.SignIn{
			Subject: "usr_1",
			Check:   func(context.Context) (session.Grant, error) { return session.Grant{}, nil },
		})
	}

	n, err := sessions.EndAll(ctx, "usr_1", session.EndedByAdmin, session.ByOperator)
	fmt.Println(n, err)
	// Output: 3 <nil>
}

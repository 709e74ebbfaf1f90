// Package session is what a server-side session is: tokens, records, policy and
// the rules that bind them. It imports the standard library alone and knows no
// HTTP, no cloud and no database.
//
// A user signs in; [Manager.SignIn] keeps a [Record] in a [Store] and hands out a
// [Token], the only thing the browser gets. [Manager.Lookup] checks a presented
// token against the record on every request; [Manager.End], [Manager.EndAll] and
// [Manager.EndOthers] end sessions, and an end holds on the very next lookup.
//
// Words, used exactly: a subject is the user's id, opaque and never reused. A
// session ID is the record's public name; it proves nothing and may stand in logs,
// lists and admin calls. A token is the secret in the cookie: it names a session
// and proves possession. To end is what is done to a session, once, with a reason.
//
// Three kinds of answer are kept apart everywhere: [ErrNoSession] (sign in),
// [ErrForbidden] (signed in, not entitled) and [ErrUnavailable] (the store did not
// answer: nobody is let in, nobody is signed out).
package session

package session

import "context"

type fromKey struct{}

// From returns a context under which what is done is done from a client's address: each
// end that is written under it keeps it ([End].From). Like a client's address at sign-in
// it is cut to fit. Where it is not known, as with an operator at the command line and a
// sweep, there is none.
func From(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, fromKey{}, cleanText(address, maxAddress))
}

// Origin returns the address that [From] gave the context, "" if none.
func Origin(ctx context.Context) string {
	address, _ := ctx.Value(fromKey{}).(string)
	return address
}

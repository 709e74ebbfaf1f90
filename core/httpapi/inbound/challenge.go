package inbound

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"coatcheck/core/session"
)

// Challenge says to a program what a session would have to be, as the value of a
// WWW-Authenticate header: in the manner of RFC 9470 section 3 and RFC 6750 section 3,
// whose scheme only fits a bearer token. It is "" for what is not about a role or a
// fresh authentication. h is the request's.
func Challenge(h http.Header, err error) string {
	var refusal *session.Refusal
	if !errors.As(err, &refusal) {
		return ""
	}
	scheme := "Coatcheck"
	if len(h["Authorization"]) > 0 {
		scheme = "Bearer"
	}
	switch {
	case errors.Is(err, session.ErrNotFresh):
		return fmt.Sprintf(`%s error="insufficient_user_authentication", error_description="A fresh sign-in is needed", max_age="%d"`,
			scheme, int(refusal.Demand.MaxAuthAge.Seconds()))
	case errors.Is(err, session.ErrRole):
		return fmt.Sprintf(`%s error="insufficient_scope", error_description="One of these roles is needed", scope="%s"`,
			scheme, strings.Join(refusal.Demand.AnyRole, " "))
	}
	return ""
}

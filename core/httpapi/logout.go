package httpapi

import (
	"context"
	"errors"
	"net/http"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
)

// logout ends the session that is presented and clears the cookie. It is success
// when there is no session, or none any more. Where the store does not answer the
// cookie stays, so that trying again ends the session.
func (a *API) logout(w http.ResponseWriter, r *http.Request) {
	if err := a.origins.CrossSite(r.Header, r.Method); err != nil {
		a.fail(w, r, err)
		return
	}
	// Leaving the page must not undo leaving the session.
	ctx := context.WithoutCancel(r.Context())
	// Whatever is presented is ended: a client that sends two tokens wants neither.
	for i, presented := range inbound.All(r.Header) {
		if i == maxLogouts {
			break
		}
		if err := a.signOut(ctx, presented); err != nil {
			a.fail(w, r, err)
			return
		}
	}
	a.clearCookie(w)
	if wantsPage(r) {
		http.Redirect(w, r, home, http.StatusSeeOther)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// maxLogouts is how many tokens of one request are looked at.
const maxLogouts = 8

func (a *API) signOut(ctx context.Context, presented session.Presented) error {
	_, err := a.manager.SignOut(ctx, presented)
	if errors.Is(err, session.ErrNoSession) {
		return nil
	}
	return err
}

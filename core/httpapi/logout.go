package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"coatcheck/core/session"
)

// logoutTime bounds a logout, which is two calls of the store.
const logoutTime = 900 * time.Millisecond

// logout ends the session that is presented and clears the cookie. It is success
// when there is no session, or none any more. Where the store does not answer the
// cookie stays, so that trying again ends the session.
func (a *API) logout(w http.ResponseWriter, r *http.Request) {
	if err := a.crossSite(r, r.Method); err != nil {
		a.fail(w, r, err)
		return
	}
	// Leaving the page must not undo leaving the session.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), logoutTime)
	defer cancel()
	if err := a.signOut(ctx, r); err != nil {
		a.fail(w, r, err)
		return
	}
	a.clearCookie(w)
	if wantsPage(r) {
		http.Redirect(w, r, home, http.StatusSeeOther)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a *API) signOut(ctx context.Context, r *http.Request) error {
	presented, err := present(r.Header)
	if err != nil {
		return nil //nolint:nilerr // nothing was presented that names a session
	}
	record, err := a.manager.Identify(ctx, presented)
	switch {
	case errors.Is(err, session.ErrNoSession):
		return nil
	case err != nil:
		return err
	}
	ended, err := a.manager.End(ctx, record.ID, session.SignedOut, session.BySubject(record.Subject))
	if err == nil {
		a.logEnd(ctx, ended)
	}
	return err
}

func (a *API) logEnd(ctx context.Context, r session.Record) {
	a.log.InfoContext(ctx, "session ended", "event", "session_ended", "session", r.ID.String(),
		"subject", r.Subject, "reason", string(r.End.Reason), "by", string(r.End.By))
}

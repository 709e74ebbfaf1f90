package httpapi

import (
	"context"
	"errors"
	"net/http"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// reauthView is what the page shows that asks for the password again.
type reauthView struct {
	ReturnTo string
	Fault    string
}

// reauthPage asks who is signed in for the password again.
func (a *API) reauthPage(w http.ResponseWriter, r *http.Request) {
	if _, err := a.admit(w, r, session.Demand{}); err != nil {
		a.fail(w, r, err)
		return
	}
	a.page(w, r, http.StatusOK, "reauth.html", reauthView{ReturnTo: safePath(r.URL.Query().Get("return_to"))})
}

// reauth checks the credential of who is signed in again and replaces the session by
// one whose authentication is fresh (ASVS 7.2.4). A wrong password leaves it as it is.
func (a *API) reauth(w http.ResponseWriter, r *http.Request) {
	var password, returnTo string
	form, err := readEither(w, r, fields{"password": &password}, fields{"password": &password, "return_to": &returnTo})
	if err == nil && password == "" {
		err = badBody("password is needed")
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	returnTo = safePath(returnTo)
	inHand, record, err := a.inHand(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	token, fresh, err := a.stepUp(r, inHand, record.Subject, func(ctx context.Context) (session.Grant, error) {
		return a.auth.Authenticate(ctx, record.Subject, signin.Credentials{Password: password})
	})
	if err != nil {
		a.refuseForm(w, r, form, err, "reauth.html", func(fault string) any { return reauthView{returnTo, fault} })
		return
	}
	a.replaced(w, r, token, fresh, form, returnTo)
}

// inHand is the session that a change of the holder's own is asked for in: live, its
// holder's own, and asked from a page of ours or by a program.
func (a *API) inHand(r *http.Request) (session.Presented, session.Record, error) {
	presented, err := a.presented(r)
	if err != nil {
		return session.Presented{}, session.Record{}, err
	}
	record, err := a.manager.Lookup(r.Context(), presented)
	if err == nil && !record.Actor.IsZero() {
		err = session.ErrActing
	}
	return presented, record, err
}

// stepUp makes the new session that takes the place of the one in hand.
func (a *API) stepUp(
	r *http.Request, inHand session.Presented, subject string, check func(context.Context) (session.Grant, error),
) (session.Token, session.Record, error) {
	return a.manager.SignIn(r.Context(), session.SignIn{
		Subject: subject, Method: methodPassword, StepUp: true, Replace: inHand, Check: check,
		Client: session.Client{Address: a.client(r), UserAgent: r.UserAgent()},
	})
}

// replaced answers with the session that took another's place.
func (a *API) replaced(w http.ResponseWriter, r *http.Request, token session.Token, record session.Record, form bool, goOn string) {
	body := a.handOut(w, token, record)
	if form {
		http.Redirect(w, r, goOn, http.StatusSeeOther)
		return
	}
	answer(w, http.StatusOK, body)
}

// refuseForm answers what a person may mend with the form again, anything else as it
// is.
func (a *API) refuseForm(w http.ResponseWriter, r *http.Request, form bool, err error, page string, view func(fault string) any) {
	p := problemOf(err)
	mendable := p.Type == problemType("credentials-refused") || p.Type == problemType("invalid") || p.Type == problemType("busy")
	if !form || !mendable {
		a.fail(w, r, err)
		return
	}
	a.page(w, r, p.Status, page, view(faultOf(err)))
}

// faultOf tells who is signed in what to mend: only the password was asked for.
func faultOf(err error) string {
	if errors.Is(err, signin.ErrRefused) {
		return "The password is not right. Try again."
	}
	p := problemOf(err)
	return p.Title + ". " + p.Detail
}

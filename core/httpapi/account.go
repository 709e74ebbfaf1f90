package httpapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"coatcheck/core/session"
)

// accountView is a session as its user sees it among all of his.
type accountView struct {
	ownView
	Current       bool              `json:"current"`
	Status        session.State     `json:"status"`
	AuthTime      time.Time         `json:"authTime"`
	Methods       []string          `json:"amr"`
	Remembered    bool              `json:"remembered"`
	ClientAddress string            `json:"clientAddress,omitempty"`
	UserAgent     string            `json:"userAgent,omitempty"`
	EndReason     session.EndReason `json:"endReason,omitempty"` // timeouts included
	EndedAt       *time.Time        `json:"endedAt,omitempty"`
	EndedFrom     string            `json:"endedFrom,omitempty"`
	Replaces      *session.ID       `json:"replaces,omitempty"`
	ReplacedBy    *session.ID       `json:"replacedBy,omitempty"`
}

type accountBody struct {
	Sessions []accountView `json:"sessions"`
	Next     string        `json:"next,omitempty"`
}

func (a *API) accountView(s session.Listed, current session.ID) accountView {
	r := s.Record
	v := accountView{
		ownView: a.ownView(r), Current: r.ID == current, Status: s.State, EndReason: s.Reason,
		AuthTime: r.AuthTime, Methods: list(r.Methods), Remembered: r.Remembered,
		ClientAddress: r.Client.Address, UserAgent: r.Client.UserAgent,
		Replaces: optional(r.Replaces), EndedFrom: toldFrom(&r), ReplacedBy: optional(r.End.ReplacedBy),
	}
	if r.Ended() {
		v.EndedAt = &r.End.At
	}
	return v
}

// toldFrom is the address that the holder is told his session was ended from: his own, and
// that of what set off a rule, such as an old copy of his token. An operator's is not his.
func toldFrom(r *session.Record) string {
	own := r.End.By == session.BySubject(r.Subject)
	rule := r.End.By == session.ByRule && r.End.Reason != session.EndedEverywhere
	if own || rule {
		return r.End.From
	}
	return ""
}

// accountRoutes are the holder's own: what he sees and ends of his sessions.
func (a *API) accountRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /account", a.accountPage)
	mux.HandleFunc("GET /account/sessions", a.ownSessions)
	mux.HandleFunc("DELETE /account/sessions/{id}", a.endOwn)
	mux.HandleFunc("POST /account/sessions/{id}/end", a.endOwn) // for a form, which cannot DELETE
	mux.HandleFunc("POST /account/sessions/end-others", a.endOthers)
	if a.auth != nil && a.directory != nil {
		mux.HandleFunc("POST /account/password", a.changePassword)
	}
}

// accountPageView is what the account's page shows.
type accountPageView struct {
	Sessions []accountView // active ones, this one first, then newest first
	Others   int
	Password bool // there is one to change
	Acting   bool // somebody else acts as the user
	Fault    string
}

func (a *API) accountPage(w http.ResponseWriter, r *http.Request) {
	record, err := a.admit(w, r, session.Demand{})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.showAccount(w, r, record, http.StatusOK, "")
}

// showAccount shows the active sessions of the newest page, in which by the limit of
// sessions all of them are.
func (a *API) showAccount(w http.ResponseWriter, r *http.Request, record session.Record, status int, fault string) {
	view := accountPageView{
		Password: a.auth != nil && a.directory != nil && record.Actor.IsZero(), Acting: !record.Actor.IsZero(), Fault: fault,
	}
	for page := (session.UserPage{Limit: session.MaxPage}); ; {
		got, err := a.manager.List(r.Context(), record.Subject, page)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		for _, s := range got.Sessions {
			if s.State == session.StateActive {
				view.Sessions = append(view.Sessions, a.accountView(s, record.ID))
			}
		}
		if page.Cursor = got.Next; page.Cursor == "" || len(view.Sessions) >= session.MaxPage {
			break
		}
	}
	for i, s := range view.Sessions {
		if s.Current {
			view.Sessions = slices.Insert(slices.Delete(view.Sessions, i, i+1), 0, s)
			break
		}
	}
	view.Others = len(view.Sessions) - 1
	a.page(w, r, status, "account.html", view)
}

func (a *API) ownSessions(w http.ResponseWriter, r *http.Request) {
	page, err := readPage(r.URL.Query())
	if err != nil {
		a.fail(w, r, err)
		return
	}
	record, err := a.admit(w, r, session.Demand{})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	got, err := a.manager.List(r.Context(), record.Subject, page)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	body := accountBody{Sessions: []accountView{}, Next: got.Next}
	for _, s := range got.Sessions {
		body.Sessions = append(body.Sessions, a.accountView(s, record.ID))
	}
	answer(w, http.StatusOK, body)
}

// endOwn ends one of the holder's sessions. Whatever is not one of his is not found,
// whether or not somebody else has it (ASVS 8.2.2).
func (a *API) endOwn(w http.ResponseWriter, r *http.Request) {
	_, record, err := a.inHand(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	id, err := session.ParseID(r.PathValue("id"))
	if err == nil && id.Partition() != record.ID.Partition() {
		err = session.ErrNotFound
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	reason := session.EndedByUser
	if id == record.ID {
		reason = session.SignedOut
	}
	_, err = a.manager.End(context.WithoutCancel(r.Context()), id, reason, session.BySubject(record.Subject))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	goOn := "/account"
	if id == record.ID {
		a.clearCookie(w)
		goOn = home
	}
	if wantsPage(r) {
		http.Redirect(w, r, goOn, http.StatusSeeOther)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a *API) endOthers(w http.ResponseWriter, r *http.Request) {
	_, record, err := a.inHand(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	ctx := patient(r)
	n, err := a.manager.EndOthers(ctx, record.Subject, record.ID, session.EndedByUser, session.BySubject(record.Subject))
	a.log.InfoContext(ctx, "user's other sessions ended", "event", "sessions_ended",
		"subject", record.Subject, "count", n, "by", string(session.BySubject(record.Subject)), "complete", err == nil)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	if wantsPage(r) {
		http.Redirect(w, r, "/account", http.StatusSeeOther)
		return
	}
	answer(w, http.StatusOK, map[string]int{"ended": n})
}

package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// adminHandler is an operators' route; by is who calls it.
type adminHandler func(w http.ResponseWriter, r *http.Request, by session.By) error

// gate decides who may call an operators' route that needs a role, and a fresh
// credential where fresh says so.
type gate func(role string, fresh bool, next adminHandler) http.HandlerFunc

func (a *API) adminRoutes(mux *http.ServeMux, g gate) {
	mux.HandleFunc("GET /admin/users/{user}/sessions", g(signin.RoleViewer, false, a.listSessions))
	mux.HandleFunc("GET /admin/sessions/{id}", g(signin.RoleViewer, false, a.getSession))
	mux.HandleFunc("DELETE /admin/sessions/{id}", g(signin.RoleOperator, true, a.endSession))
	mux.HandleFunc("POST /admin/users/{user}/end-sessions", g(signin.RoleOperator, true, a.endUserSessions))
	if a.directory != nil {
		mux.HandleFunc("POST /admin/users", g(signin.RoleOwner, true, a.addUser))
	}
}

// signedIn is the gate of the public surface: a session with the role.
func (a *API) signedIn(role string, fresh bool, next adminHandler) http.HandlerFunc {
	demand := session.Demand{AnyRole: signin.Satisfying(role)}
	if fresh {
		demand.MaxAuthAge = a.manager.Policy().FreshFor
	}
	return func(w http.ResponseWriter, r *http.Request) {
		record, err := a.admit(w, r, demand)
		if err == nil {
			err = next(w, r, session.BySubject(record.Subject))
		}
		if err != nil {
			a.fail(w, r, err)
		}
	}
}

// asOperator is the gate of the guarded socket: there is none.
func (a *API) asOperator(_ string, _ bool, next adminHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := next(w, r, session.ByOperator); err != nil {
			a.fail(w, r, err)
		}
	}
}

func (a *API) listSessions(w http.ResponseWriter, r *http.Request, _ session.By) error {
	page, err := readPage(r.URL.Query())
	if err != nil {
		return err
	}
	subject, err := a.resolve(r)
	if err != nil {
		return err
	}
	got, err := a.manager.List(r.Context(), subject, page)
	if err != nil {
		return err
	}
	for _, id := range got.Damaged {
		a.log.ErrorContext(r.Context(), "stored item is no session", "event", "session_damaged", "session", id.String())
	}
	body := listBody{Sessions: []adminView{}, Next: got.Next}
	for _, s := range got.Sessions {
		body.Sessions = append(body.Sessions, a.adminView(s))
	}
	answer(w, http.StatusOK, body)
	return nil
}

func readPage(query url.Values) (session.UserPage, error) {
	page := session.UserPage{Cursor: query.Get("cursor")}
	for name, values := range query {
		if !slices.Contains([]string{"limit", "cursor"}, name) || len(values) > 1 {
			return page, badBody("query parameter %.40q is unknown or there twice: known are limit and cursor", name)
		}
	}
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > session.MaxPage {
			return page, badBody("limit is %.20q: want 1 to %d", text, session.MaxPage)
		}
		page.Limit = n
	}
	return page, nil
}

// resolve returns the subject that {user} names.
func (a *API) resolve(r *http.Request) (string, error) {
	user := r.PathValue("user")
	if a.directory == nil {
		return user, nil
	}
	return a.directory.Resolve(r.Context(), user)
}

func (a *API) getSession(w http.ResponseWriter, r *http.Request, _ session.By) error {
	id, err := session.ParseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	got, err := a.manager.Get(r.Context(), id)
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, adminBody{a.adminView(got)})
	return nil
}

func (a *API) endSession(w http.ResponseWriter, r *http.Request, by session.By) error {
	id, err := session.ParseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	// An end goes on when its caller hangs up.
	ctx := context.WithoutCancel(r.Context())
	record, err := a.manager.End(ctx, id, session.EndedByAdmin, by)
	if err != nil {
		return err
	}
	a.logEnd(ctx, record)
	answer(w, http.StatusOK, adminBody{a.adminView(ended(record))})
	return nil
}

// endAllTime bounds ending all of a user's sessions, within what gateways wait.
const endAllTime = 15 * time.Second

func (a *API) endUserSessions(w http.ResponseWriter, r *http.Request, by session.By) error {
	subject, err := a.resolve(r)
	if err != nil {
		return err
	}
	// As long as the store answers, ending takes the time that it takes; a store that
	// hangs is given up at its first call.
	ctx := session.WithPatience(context.WithoutCancel(r.Context()), endAllTime)
	n, err := a.manager.EndAll(ctx, subject, session.EndedByAdmin, by)
	a.log.InfoContext(ctx, "user's sessions ended", "event", "sessions_ended",
		"subject", subject, "count", n, "by", string(by), "complete", err == nil)
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, map[string]int{"ended": n})
	return nil
}

// userBody is an account as an operator sees it.
type userBody struct {
	User userView `json:"user"`
}

type userView struct {
	Subject string   `json:"subject"`
	Name    string   `json:"username"`
	Roles   []string `json:"roles"`
}

func (a *API) addUser(w http.ResponseWriter, r *http.Request, by session.By) error {
	var user signin.NewUser
	err := readJSON(w, r, fields{"username": &user.Name, "password": &user.Password, "roles": &user.Roles})
	if err == nil && (user.Name == "" || user.Password == "") {
		err = badBody("username and password are needed")
	}
	if err != nil {
		return err
	}
	account, err := a.directory.Add(r.Context(), user, string(by))
	if err != nil {
		return err
	}
	a.log.InfoContext(r.Context(), "user added", "event", "user_added", "subject", account.Subject, "by", string(by))
	answer(w, http.StatusCreated, userBody{userView{account.Subject, account.Name, list(account.Roles)}})
	return nil
}

// ended is a session that was just ended, as lists tell it.
func ended(r session.Record) session.Listed {
	return session.Listed{Record: r, State: session.StateEnded, Reason: r.End.Reason}
}

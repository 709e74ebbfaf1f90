package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// userBody is an account as an operator sees it.
type userBody struct {
	User userView `json:"user"`
	// Ended is how many sessions a change has ended.
	Ended *int `json:"ended,omitempty"`
}

type userView struct {
	Subject   string       `json:"subject"`
	Name      string       `json:"username"`
	Roles     []string     `json:"roles"`
	Disabled  bool         `json:"disabled"`
	CreatedAt time.Time    `json:"createdAt"`
	Changes   []changeView `json:"changes,omitempty"` // oldest first
}

type changeView struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	What string    `json:"what"`
	From string    `json:"from,omitempty"`
}

type usersBody struct {
	Users []userView `json:"users"`
	Next  string     `json:"next,omitempty"`
}

func userOf(a signin.Account) userView {
	return userView{Subject: a.Subject, Name: a.Name, Roles: list(a.Roles), Disabled: a.Disabled, CreatedAt: a.CreatedAt}
}

func (a *API) addUser(w http.ResponseWriter, r *http.Request, by caller) error {
	var user signin.NewUser
	err := readJSON(w, r, fields{"username": &user.Name, "password": &user.Password, "roles": &user.Roles})
	if err == nil && (user.Name == "" || user.Password == "") {
		err = badBody("username and password are needed")
	}
	if err != nil {
		return err
	}
	account, err := a.directory.Add(r.Context(), user, string(by.by))
	if err != nil {
		return err
	}
	a.log.InfoContext(r.Context(), "user added", "event", "user_added", "subject", account.Subject, "by", string(by.by))
	answer(w, http.StatusCreated, userBody{User: userOf(account)})
	return nil
}

// usersList is the name of the list of users, for its cursors.
const usersList = "users"

func (a *API) listUsers(w http.ResponseWriter, r *http.Request, _ caller) error {
	p := readParameters(r.URL.Query(), "limit", "cursor", "changes")
	page := session.UserPage{Limit: p.number("limit", session.MaxPage), Cursor: p.text("cursor")}
	view := userOf
	if p.flag("changes") {
		view = withChanges
	}
	if p.err != nil {
		return p.err
	}
	if page.Limit == 0 {
		page.Limit = session.DefaultPage
	}
	after, err := []byte(nil), error(nil)
	if page.Cursor != "" {
		if after, err = a.manager.OpenCursor(usersList, page.Cursor); err != nil {
			return err
		}
	}
	users, more, err := a.directory.Users(r.Context(), string(after), page.Limit)
	if err != nil {
		return err
	}
	body := usersBody{Users: []userView{}}
	for _, u := range users {
		body.Users = append(body.Users, view(u))
	}
	if more {
		body.Next = a.manager.SealCursor(usersList, []byte(users[len(users)-1].Subject))
	}
	answer(w, http.StatusOK, body)
	return nil
}

func (a *API) getUser(w http.ResponseWriter, r *http.Request, _ caller) error {
	account, err := a.account(r)
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, userBody{User: withChanges(account)})
	return nil
}

// account reads the account that {user} names.
func (a *API) account(r *http.Request) (signin.Account, error) {
	subject, err := a.resolve(r)
	if err != nil {
		return signin.Account{}, err
	}
	return a.directory.Get(r.Context(), subject)
}

// errOwnAccount keeps an owner from locking himself out, and from a new password without
// the old one.
var errOwnAccount = &bodyError{
	http.StatusForbidden,
	"You cannot disable yourself, change your own roles or reset your own password: ask another owner, or use the operators' command; " +
		"with the password that you have, POST /account/password changes it",
}

// changeUser disables, enables, gives roles and resets a password, and ends the user's
// sessions.
func (a *API) changeUser(w http.ResponseWriter, r *http.Request, by caller) error {
	var c signin.UserChange
	var roles []string
	err := readJSON(w, r, fields{"disabled": &c.Disabled, "roles": &roles, "password": &c.Password})
	if err != nil {
		return err
	}
	if roles != nil {
		c.Roles = &roles
	}
	subject, err := a.resolve(r)
	if err != nil {
		return err
	}
	if by.session != nil && by.session.Subject == subject && (c.Disabled != nil || c.Roles != nil || c.Password != nil) {
		return errOwnAccount
	}
	changed, err := a.directory.Change(patient(r), subject, c, by.by)
	if err == nil || errors.Is(err, session.ErrUnavailable) { // otherwise nothing was done
		a.log.InfoContext(r.Context(), "user changed", "event", "user_changed",
			"subject", subject, "ended", changed.Ended, "by", string(by.by), "complete", err == nil)
	}
	if err != nil {
		return endedPart(err, "The user may be changed. Of his sessions %d have ended, and others may be left. Try again.", changed.Ended)
	}
	answer(w, http.StatusOK, userBody{userOf(changed.Account), &changed.Ended})
	return nil
}

// impersonate signs an owner in as a user, for at most [session.ActingLimit] and as
// long as his own session lives. It has the user's roles but the product's own: what
// an owner may do he does as himself.
func (a *API) impersonate(w http.ResponseWriter, r *http.Request, by caller) error {
	transport := "cookie"
	if err := readOptionalJSON(w, r, fields{"transport": &transport}); err != nil {
		return err
	}
	switch {
	case transport != "cookie" && transport != "bearer":
		return badBody(`transport is unknown: want "cookie" or "bearer"`)
	case by.session == nil:
		return badBody("acting as a user needs a session of one's own: sign in as an owner")
	}
	subject, err := a.resolve(r)
	if err != nil {
		return err
	}
	token, record, err := a.manager.SignIn(r.Context(), session.SignIn{
		Subject: subject, Actor: by.session.ID, Bearer: transport == "bearer",
		Check:  func(ctx context.Context) (session.Grant, error) { return a.actingGrant(ctx, subject) },
		Client: session.Client{Address: a.client(r), UserAgent: r.UserAgent()},
	})
	if err != nil {
		return err
	}
	a.log.WarnContext(r.Context(), "acting as a user", "event", "impersonation_began",
		"session", record.ID.String(), "subject", subject, "actor", by.session.ID.String(), "by", string(by.by))
	answer(w, http.StatusOK, a.handOut(w, token, record))
	return nil
}

// actingGrant is what who acts as a user may do.
func (a *API) actingGrant(ctx context.Context, subject string) (session.Grant, error) {
	account, err := a.directory.Get(ctx, subject)
	switch {
	case err != nil:
		return session.Grant{}, err
	case account.Disabled:
		return session.Grant{}, badBody("the user is disabled: nobody acts as him")
	}
	own := slices.DeleteFunc(slices.Clone(account.Roles), func(role string) bool { return strings.HasPrefix(role, signin.RolePrefix) })
	return session.Grant{Roles: own}, nil
}

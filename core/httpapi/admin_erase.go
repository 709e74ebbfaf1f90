package httpapi

import (
	"context"
	"errors"
	"net/http"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// erasedBody says what an erasure took away.
type erasedBody struct {
	Subject string `json:"subject"`
	// Account says whether there was one.
	Account bool `json:"account"`
	// Sessions is how many records were forgotten, live and ended.
	Sessions int `json:"sessions"`
}

// errEraseOneself keeps an owner from erasing himself, and so the last owner's account
// from going with a slip.
var errEraseOneself = &bodyError{
	http.StatusForbidden, "You cannot erase yourself: ask another owner, or use the operators' command",
}

// eraseUser takes away all that is kept of a user. The body repeats whom: it cannot be
// undone.
func (a *API) eraseUser(w http.ResponseWriter, r *http.Request, by caller) error {
	var confirm chosen
	if err := readJSON(w, r, fields{"confirm": &confirm}); err != nil {
		return err
	}
	subject, err := a.resolve(r)
	if err != nil {
		return err
	}
	if by.session != nil && by.session.Subject == subject {
		return errEraseOneself
	}
	name, err := a.nameOf(r.Context(), subject)
	if err != nil {
		return err
	}
	if string(confirm) != name {
		return badBody("confirm must be the user's name, or the subject of one who has no account here: it is not, and nothing was erased")
	}
	is, err := a.erase(patient(r), subject, by.by)
	if err == nil || is != (signin.Erased{}) {
		a.log.WarnContext(r.Context(), "user erased", "event", "user_erased",
			"subject", subject, "records", is.Sessions, "by", string(by.by), "complete", err == nil)
	}
	if err != nil {
		return endedPart(err, "%s%d of the records of his sessions are gone, others may be left. Try again.", disabled[is.Account], is.Sessions)
	}
	answer(w, http.StatusOK, erasedBody{subject, is.Account, is.Sessions})
	return nil
}

// disabled says of an erasure that stopped half-way what holds already.
var disabled = map[bool]string{true: "The user cannot sign in. "}

// nameOf is what confirms a user: the name of the account, or the subject where there is
// none.
func (a *API) nameOf(ctx context.Context, subject string) (string, error) {
	account, found, err := a.findAccount(ctx, subject)
	if !found {
		return subject, err
	}
	return account.Name, nil
}

// findAccount returns a user's account, found where there is one here.
func (a *API) findAccount(ctx context.Context, subject string) (account signin.Account, found bool, err error) {
	if a.directory == nil {
		return signin.Account{}, false, nil
	}
	account, err = a.directory.Get(ctx, subject)
	if errors.Is(err, signin.ErrNotFound) {
		return signin.Account{}, false, nil
	}
	return account, err == nil, err
}

// erase goes by the subject alone where the users are the application's own.
func (a *API) erase(ctx context.Context, subject string, by session.By) (signin.Erased, error) {
	if a.directory != nil {
		return a.directory.Erase(ctx, subject, by)
	}
	n, err := a.manager.Erase(ctx, subject, by)
	return signin.Erased{Sessions: n}, err
}

package httpapi

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"coatcheck/core/httpapi/inbound"
	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// SetupTime is how long a setup link is valid.
const SetupTime = time.Hour

// Setup is the one-time page on which the first owner gives himself a name and a
// password (ASVS 6.3.2: there are no default accounts). Its secret is in a link that
// is shown to who starts the program.
type Setup struct {
	now func() time.Time

	mu     sync.Mutex
	hash   [sha256.Size]byte
	until  time.Time
	closed bool
}

// NewSetup returns a setup and its secret, valid for [SetupTime]. now is the clock;
// nil means time.Now.
func NewSetup(now func() time.Time) (setup *Setup, secret string) {
	if now == nil {
		now = time.Now
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	secret = base64.RawURLEncoding.EncodeToString(raw)
	return &Setup{now: now, hash: sha256.Sum256([]byte(secret)), until: now().Add(SetupTime)}, secret
}

// open reports whether the secret is right, in time and not used up.
func (s *Setup) open(secret string) bool {
	got := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(got[:], s.hash[:]) == 1 && !s.closed && s.now().Before(s.until)
}

// allows is open for those who only look.
func (s *Setup) allows(secret string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open(secret)
}

// use runs fn if the secret is right, one at a time, and uses the secret up when fn
// succeeds.
func (s *Setup) use(secret string, fn func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open(secret) {
		return errSetupOver
	}
	err := fn()
	s.closed = err == nil
	return err
}

// errSetupOver says that a setup link does not work (any more).
var errSetupOver = &bodyError{
	http.StatusForbidden,
	"This link is not valid: it works once, for an hour. Start the program again for a new one, or use: user add NAME --role " + signin.RoleOwner,
}

// setupView is what the setup page shows.
type setupView struct {
	Secret   string
	Username string
	Fault    string
}

func (a *API) setupPage(w http.ResponseWriter, r *http.Request) {
	secret := r.URL.Query().Get("token")
	if !a.setup.allows(secret) {
		a.fail(w, r, errSetupOver)
		return
	}
	a.page(w, r, http.StatusOK, "setup.html", setupView{Secret: secret})
}

func (a *API) setUp(w http.ResponseWriter, r *http.Request) {
	if !a.origins.Same(r.Header) {
		a.fail(w, r, inbound.ErrCrossSite)
		return
	}
	form, err := readForm(w, r, "token", "username", "password")
	if err != nil {
		a.fail(w, r, err)
		return
	}
	err = a.setup.use(form.Get("token"), func() error {
		return a.addOwner(r.Context(), form.Get("username"), form.Get("password"))
	})
	switch p := problemOf(err); {
	case err == nil:
		http.Redirect(w, r, home, http.StatusSeeOther)
	case p.Status == http.StatusBadRequest || p.Status == http.StatusConflict:
		a.page(w, r, p.Status, "setup.html", setupView{
			Secret: form.Get("token"), Username: form.Get("username"), Fault: p.Detail,
		})
	default:
		a.fail(w, r, err)
	}
}

func (a *API) addOwner(ctx context.Context, name, password string) error {
	if password == "" {
		return badBody("a password is needed")
	}
	account, err := a.directory.Add(ctx, signin.NewUser{
		Name: name, Password: password, Roles: []string{signin.RoleOwner},
	}, string(session.ByOperator))
	if err == nil {
		a.log.InfoContext(ctx, "owner set up", "event", "user_added", "subject", account.Subject, "by", string(session.ByOperator))
	}
	return err
}

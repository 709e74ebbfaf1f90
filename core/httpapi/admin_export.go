package httpapi

import (
	"net/http"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// exportBody is a page of all that is kept of a user. The first page has the account, if
// there is one here.
type exportBody struct {
	Subject  string       `json:"subject"`
	User     *userView    `json:"user,omitempty"`
	Sessions []exportView `json:"sessions"`
	Damaged  []session.ID `json:"damaged,omitempty"`
	Next     string       `json:"next,omitempty"`
}

// exportView is a record as it is kept but for its secrets: of them there is the time at
// which they changed and how often.
type exportView struct {
	ID             session.ID        `json:"id"`
	Status         session.State     `json:"status"`
	Roles          []string          `json:"roles"`
	Attributes     map[string]string `json:"attributes,omitempty"`
	Methods        []string          `json:"amr"`
	AuthTime       time.Time         `json:"authTime"`
	CreatedAt      time.Time         `json:"createdAt"`
	LastSeenAt     time.Time         `json:"lastSeenAt"`
	ExpiresAt      time.Time         `json:"expiresAt"`
	AbsoluteExpiry time.Time         `json:"absoluteExpiry"`
	PurgeAt        time.Time         `json:"purgeAt"`
	Remembered     bool              `json:"remembered"`
	Bearer         bool              `json:"bearer"`
	TokenOfferedAt *time.Time        `json:"tokenOfferedAt,omitempty"`
	TokenChangedAt *time.Time        `json:"tokenChangedAt,omitempty"`
	TokenChanges   int               `json:"tokenChanges"`
	ClientAddress  string            `json:"clientAddress,omitempty"`
	UserAgent      string            `json:"userAgent,omitempty"`
	Replaces       *session.ID       `json:"replaces,omitempty"`
	Actor          *session.ID       `json:"actor,omitempty"`
	EndedAt        *time.Time        `json:"endedAt,omitempty"`
	EndReason      session.EndReason `json:"endReason,omitempty"` // timeouts included
	EndedBy        session.By        `json:"endedBy,omitempty"`
	EndedFrom      string            `json:"endedFrom,omitempty"`
	ReplacedBy     *session.ID       `json:"replacedBy,omitempty"`
}

func exportOf(s session.Listed) exportView {
	r := &s.Record
	return exportView{
		ID: r.ID, Status: s.State, Roles: list(r.Roles), Attributes: r.Attributes, Methods: list(r.Methods),
		AuthTime: r.AuthTime, CreatedAt: r.CreatedAt, LastSeenAt: r.LastSeenAt,
		ExpiresAt: r.ExpiresAt, AbsoluteExpiry: r.AbsoluteExpiry, PurgeAt: r.PurgeAt,
		Remembered: r.Remembered, Bearer: r.Bearer,
		TokenOfferedAt: at(r.Secrets.NextAt), TokenChangedAt: at(r.Secrets.ConfirmedAt), TokenChanges: r.Secrets.Rotations,
		ClientAddress: r.Client.Address, UserAgent: r.Client.UserAgent,
		Replaces: optional(r.Replaces), Actor: optional(r.Actor),
		EndedAt: at(r.End.At), EndReason: s.Reason, EndedBy: r.End.By, EndedFrom: r.End.From, ReplacedBy: optional(r.End.ReplacedBy),
	}
}

// at is nil for no time.
func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// exportUser answers a page of all that is kept of a user: the account, and every session,
// live or ended.
func (a *API) exportUser(w http.ResponseWriter, r *http.Request, by caller) error {
	page, err := readPage(r.URL.Query())
	if err != nil {
		return err
	}
	subject, err := a.resolve(r)
	if err != nil {
		return err
	}
	body := exportBody{Subject: subject, Sessions: []exportView{}}
	if page.Cursor == "" {
		account, found, err := a.findAccount(r.Context(), subject)
		if err != nil {
			return err
		}
		if found {
			view := withChanges(account)
			body.User = &view
		}
		a.log.InfoContext(r.Context(), "user exported", "event", "user_exported", "subject", subject, "by", string(by.by))
	}
	got, err := a.manager.List(r.Context(), subject, page)
	if err != nil {
		return err
	}
	for _, s := range got.Sessions {
		body.Sessions = append(body.Sessions, exportOf(s))
	}
	body.Damaged, body.Next = got.Damaged, got.Next
	answer(w, http.StatusOK, body)
	return nil
}

// withChanges is an account with what was done to it.
func withChanges(account signin.Account) userView {
	view := userOf(account)
	for _, c := range account.Changes {
		view.Changes = append(view.Changes, changeView(c))
	}
	return view
}

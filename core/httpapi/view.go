package httpapi

import (
	"time"

	"coatcheck/core/session"
)

// ownView is a session as its holder sees it. Times are RFC 3339 in UTC.
type ownView struct {
	ID             session.ID `json:"id"`
	Subject        string     `json:"subject"`
	Roles          []string   `json:"roles"`
	CreatedAt      time.Time  `json:"createdAt"`
	LastSeenAt     time.Time  `json:"lastSeenAt"`
	ExpiresAt      time.Time  `json:"expiresAt"`
	AbsoluteExpiry time.Time  `json:"absoluteExpiry"`
	// Actor is the session of who acts as the subject.
	Actor *session.ID `json:"actor,omitempty"`
}

type ownBody struct {
	Session ownView `json:"session"`
}

func (a *API) ownView(r session.Record) ownView {
	return ownView{
		ID: r.ID, Subject: r.Subject, Roles: list(r.Roles), CreatedAt: r.CreatedAt, LastSeenAt: r.LastSeenAt,
		ExpiresAt: a.manager.ExpiresAt(r), AbsoluteExpiry: a.manager.AbsoluteExpiry(r),
		Actor: optional(r.Actor),
	}
}

// list makes no roles an empty list rather than null.
func list(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}

func optional(id session.ID) *session.ID {
	if id.IsZero() {
		return nil
	}
	return &id
}

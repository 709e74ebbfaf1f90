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

// adminView is a session as an operator sees it.
type adminView struct {
	ownView
	Status        session.State     `json:"status"`
	AuthTime      time.Time         `json:"authTime"`
	Methods       []string          `json:"amr"`
	Remembered    bool              `json:"remembered"`
	Bearer        bool              `json:"bearer"`
	ClientAddress string            `json:"clientAddress,omitempty"`
	UserAgent     string            `json:"userAgent,omitempty"`
	Replaces      *session.ID       `json:"replaces,omitempty"`
	EndReason     session.EndReason `json:"endReason,omitempty"` // timeouts included
	EndedAt       *time.Time        `json:"endedAt,omitempty"`
	EndedBy       session.By        `json:"endedBy,omitempty"`
	ReplacedBy    *session.ID       `json:"replacedBy,omitempty"`
}

type ownBody struct {
	Session ownView `json:"session"`
}

type adminBody struct {
	Session adminView `json:"session"`
}

type listBody struct {
	Sessions []adminView `json:"sessions"`
	Next     string      `json:"next,omitempty"`
}

func (a *API) ownView(r session.Record) ownView {
	return ownView{
		ID: r.ID, Subject: r.Subject, Roles: list(r.Roles), CreatedAt: r.CreatedAt, LastSeenAt: r.LastSeenAt,
		ExpiresAt: a.manager.ExpiresAt(r), AbsoluteExpiry: a.manager.AbsoluteExpiry(r),
		Actor: optional(r.Actor),
	}
}

func (a *API) adminView(s session.Listed) adminView {
	r := s.Record
	v := adminView{
		ownView: a.ownView(r), Status: s.State, EndReason: s.Reason, AuthTime: r.AuthTime, Methods: list(r.Methods),
		Remembered: r.Remembered, Bearer: r.Bearer,
		ClientAddress: r.Client.Address, UserAgent: r.Client.UserAgent,
		Replaces: optional(r.Replaces), EndedBy: r.End.By, ReplacedBy: optional(r.End.ReplacedBy),
	}
	if r.Ended() {
		v.EndedAt = &r.End.At
	}
	return v
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

package httpapi

import (
	"time"

	"coatcheck/core/session"
)

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
	EndedFrom     string            `json:"endedFrom,omitempty"`
	ReplacedBy    *session.ID       `json:"replacedBy,omitempty"`
}

type adminBody struct {
	Session adminView `json:"session"`
}

// statusDamaged is the status of a stored item that is no session: it lets nobody in, and
// can be ended.
const statusDamaged session.State = "damaged"

// damagedView is all that there is to see of a damaged session. Its status is
// statusDamaged until it is ended, and in the answer to an end that of others.
type damagedView struct {
	ID        session.ID        `json:"id"`
	Status    session.State     `json:"status"`
	EndReason session.EndReason `json:"endReason,omitempty"`
	EndedAt   *time.Time        `json:"endedAt,omitempty"`
	EndedBy   session.By        `json:"endedBy,omitempty"`
	EndedFrom string            `json:"endedFrom,omitempty"`
}

type damagedBody struct {
	Session damagedView `json:"session"`
}

// listBody is a page of sessions. Damaged names stored items that are none.
type listBody struct {
	Sessions []adminView  `json:"sessions"`
	Damaged  []session.ID `json:"damaged,omitempty"`
	Next     string       `json:"next,omitempty"`
}

func (a *API) adminView(s session.Listed) adminView {
	r := s.Record
	v := adminView{
		ownView: a.ownView(r), Status: s.State, EndReason: s.Reason, AuthTime: r.AuthTime, Methods: list(r.Methods),
		Remembered: r.Remembered, Bearer: r.Bearer,
		ClientAddress: r.Client.Address, UserAgent: r.Client.UserAgent,
		Replaces: optional(r.Replaces), EndedBy: r.End.By, EndedFrom: r.End.From, ReplacedBy: optional(r.End.ReplacedBy),
	}
	if r.Ended() {
		v.EndedAt = &r.End.At
	}
	return v
}

// endedBody is a session that was just ended. Of a damaged one the ID and the end are
// known and nothing else.
func (a *API) endedBody(r session.Record) any {
	if r.Validate() != nil {
		return damagedBody{damagedView{r.ID, session.StateEnded, r.End.Reason, &r.End.At, r.End.By, r.End.From}}
	}
	return adminBody{a.adminView(session.Listed{Record: r, State: session.StateEnded, Reason: r.End.Reason})}
}

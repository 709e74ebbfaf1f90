package main

import (
	"encoding/json"
	"strings"
	"time"

	"coatcheck/core/session"
)

// simpleAnswer is an HTTP API's simple answer.
type simpleAnswer struct {
	IsAuthorized bool         `json:"isAuthorized"`
	Context      *authContext `json:"context,omitempty"`
}

// authContext is what the functions behind the authorizer learn, under
// requestContext.authorizer.lambda: texts only, all of them always. By the
// record's own bounds the answer is within 1 KB, unless a text must be escaped. Times
// are RFC 3339 in UTC.
type authContext struct {
	Subject   string `json:"subject"`
	SessionID string `json:"sessionId"`
	Roles     string `json:"roles"` // space-separated
	Methods   string `json:"amr"`   // space-separated
	AuthTime  string `json:"authTime"`
	ExpiresAt string `json:"expiresAt"`
	Actor     string `json:"actor"` // session ID of who acts as the subject; "" if the subject does
}

func allow(r *session.Record, expires time.Time) ([]byte, error) {
	c := authContext{
		Subject: r.Subject, SessionID: r.ID.String(),
		Roles: strings.Join(r.Roles, " "), Methods: strings.Join(r.Methods, " "),
		AuthTime: r.AuthTime.UTC().Format(time.RFC3339), ExpiresAt: expires.UTC().Format(time.RFC3339),
	}
	if !r.Actor.IsZero() {
		c.Actor = r.Actor.String()
	}
	return json.Marshal(simpleAnswer{IsAuthorized: true, Context: &c})
}

// deny says nothing more: a gateway answers it with 403 whatever it says.
func deny() []byte { return []byte(`{"isAuthorized":false}`) }

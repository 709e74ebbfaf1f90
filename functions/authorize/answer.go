package main

import (
	"encoding/json"
	"strings"
	"time"

	"coatcheck/core/session"
)

// authContext is what stands behind the authorizer learns, texts only and all of them
// always; under requestContext.authorizer.lambda of an HTTP API's functions, under
// requestContext.authorizer of a REST API's, under identity.resolverContext of
// AppSync's. By the record's own bounds it is within 1 KB, unless a text must be
// escaped. Times are RFC 3339 in UTC. All are empty where a route is optional and
// nobody is signed in.
type authContext struct {
	Subject   string `json:"subject"`
	SessionID string `json:"sessionId"`
	Roles     string `json:"roles"` // space-separated
	Methods   string `json:"amr"`   // space-separated
	AuthTime  string `json:"authTime"`
	ExpiresAt string `json:"expiresAt"`
	Actor     string `json:"actor"` // session ID of who acts as the subject; "" if the subject does
}

func contextOf(r *session.Record, expires time.Time) *authContext {
	c := &authContext{
		Subject: r.Subject, SessionID: r.ID.String(),
		Roles: strings.Join(r.Roles, " "), Methods: strings.Join(r.Methods, " "),
		AuthTime: r.AuthTime.UTC().Format(time.RFC3339), ExpiresAt: expires.UTC().Format(time.RFC3339),
	}
	if !r.Actor.IsZero() {
		c.Actor = r.Actor.String()
	}
	return c
}

// denyContext is what a REST API's gateway responses may say of a session that does not
// suffice.
type denyContext struct {
	// Challenge is a WWW-Authenticate header in the manner of RFC 9470.
	Challenge string `json:"challenge"`
}

// simpleAnswer is an HTTP API's simple answer.
type simpleAnswer struct {
	IsAuthorized bool `json:"isAuthorized"`
	Context      any  `json:"context,omitempty"`
}

// appSyncAnswer is AppSync's. Its cache is off whatever the API says.
type appSyncAnswer struct {
	IsAuthorized bool `json:"isAuthorized"`
	Context      any  `json:"resolverContext,omitempty"`
	TTL          int  `json:"ttlOverride"` // seconds
}

// policyAnswer is an IAM policy.
type policyAnswer struct {
	PrincipalID string `json:"principalId"`
	Policy      policy `json:"policyDocument"`
	Context     any    `json:"context,omitempty"`
}

type policy struct {
	Version   string      `json:"Version"`
	Statement []statement `json:"Statement"`
}

type statement struct {
	Action   []string `json:"Action"`
	Effect   string   `json:"Effect"`
	Resource []string `json:"Resource"`
}

// nobody is the principal of who has no session.
const nobody = "nobody"

// answerer answers in the callers' shapes.
type answerer struct {
	policies bool // what an HTTP API's format 2.0 is answered with, instead of simple answers
	byRoute  bool // an answer is for the called route alone
}

// allow answers with a context.
func (a answerer) allow(r *request, c *authContext) ([]byte, error) {
	return a.answer(r, true, c.Subject, c)
}

// deny answers; with a challenge, if there is one, where it can be said.
func (a answerer) deny(r *request, challenge string) ([]byte, error) {
	if challenge == "" || !a.policy(r.caller) {
		return a.answer(r, false, "", nil)
	}
	return a.answer(r, false, "", denyContext{challenge})
}

func (a answerer) policy(c caller) bool { return c != appSync && (c != http2 || a.policies) }

func (a answerer) answer(r *request, yes bool, principal string, context any) ([]byte, error) {
	switch {
	case r.caller == appSync:
		return json.Marshal(appSyncAnswer{IsAuthorized: yes, Context: context})
	case !a.policy(r.caller):
		return json.Marshal(simpleAnswer{yes, context})
	}
	effect, resource := "Deny", wholeStage(r.arn)
	if yes {
		effect = "Allow"
	}
	if a.byRoute {
		resource = thisRoute(r.arn)
	}
	if principal == "" {
		principal = nobody
	}
	return json.Marshal(policyAnswer{principal, policy{"2012-10-17", []statement{
		{[]string{"execute-api:Invoke"}, effect, []string{resource}},
	}}, context})
}

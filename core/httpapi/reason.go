package httpapi

import "coatcheck/core/session"

// reasons tell a person why a session is over, in whole sentences.
var reasons = map[session.EndReason]string{
	session.SignedOut:       "You signed out.",
	session.EndedByUser:     "It was ended from another device of yours.",
	session.EndedByAdmin:    "An operator ended your session.",
	session.IdleTimeout:     "Your session was not used for a while.",
	session.AbsoluteTimeout: "Your session reached the longest time that one may last.",
	session.SessionLimit:    "You signed in on more devices than are allowed at once, and the oldest session ended.",
	session.Replaced:        "A newer sign-in took its place.",
	session.RolesChanged:    "What you may do has changed.",
	session.PasswordChanged: "Your password was changed.",
	session.AccountDisabled: "Your account is disabled.",
	session.TokenReuse:      "Somebody used an old copy of your session. If you do not know why, tell an operator.",
	session.EndedEverywhere: "Everybody was signed out.",
}

// Why tells a person why the session is over, "" if that is not to be told.
func (p Problem) Why() string { return reasons[p.Reason] }

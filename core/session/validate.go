package session

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

// Validate reports, all together and wrapped in [ErrInvalid], what a record states
// that no record can: identity, bounds, order of times. A record that was read from
// a store and does not validate is never trusted.
func (r *Record) Validate() error {
	return errors.Join(r.validateIdentity(), r.validateTimes(), r.validateGrant(), r.validateEnd())
}

func (r *Record) validateIdentity() error {
	switch {
	case !ValidSubject(r.Subject):
		return invalidSubject()
	case r.ID.Partition() != PartitionOf(r.Subject):
		return invalid("session ID is of another subject")
	case r.Secrets.Current.IsZero():
		return invalid("no secret hash")
	case !validOrEmpty(r.Client.Address, maxAddress) || !validOrEmpty(r.Client.UserAgent, maxKeptAgent):
		return invalid("client: want an address of %d and a user agent of %d bytes of text at most", maxAddress, maxKeptAgent)
	}
	return nil
}

// ValidSubject reports whether a text may be a subject: 1 to [MaxSubject] bytes of
// [ValidText] that neither begins nor ends with a space, which headers would lose.
func ValidSubject(s string) bool {
	return ValidText(s, MaxSubject) && strings.TrimSpace(s) == s
}

func invalidSubject() error {
	return invalid("subject: want 1 to %d bytes of text without control characters and outer spaces", MaxSubject)
}

func validOrEmpty(s string, most int) bool { return s == "" || ValidText(s, most) }

func (r *Record) validateTimes() error {
	switch {
	case r.CreatedAt.IsZero() || r.CreatedAt.Unix() != r.ID.CreatedSecond().Unix():
		return invalid("creation time does not fit the session ID")
	case r.AuthTime.IsZero() || r.AuthTime.After(r.CreatedAt):
		return invalid("authenticated after it was created")
	case r.AbsoluteExpiry.After(r.CreatedAt.Add(maxAbsolute)):
		return invalid("lives longer than %v", maxAbsolute)
	case r.LastSeenAt.Before(r.CreatedAt):
		return invalid("last seen before it was created")
	case !r.ExpiresAt.After(r.LastSeenAt):
		return invalid("expires before it was last seen")
	case r.ExpiresAt.After(r.AbsoluteExpiry):
		return invalid("expires after its absolute expiry")
	case r.PurgeAt.Before(r.AbsoluteExpiry.Truncate(time.Second)):
		return invalid("purged before its absolute expiry")
	}
	return nil
}

func (r *Record) validateGrant() error {
	return errors.Join(
		ValidateRoles(r.Roles),
		validateList("authentication method", r.Methods, maxMethods, maxMethod),
		validateAttributes(r.Attributes),
		r.validateGrantSize(),
	)
}

func (r *Record) validateGrantSize() error {
	size := 0
	for _, name := range r.Roles {
		size += len(name)
	}
	for _, name := range r.Methods {
		size += len(name)
	}
	for k, v := range r.Attributes {
		size += len(k) + len(v)
	}
	if size > MaxGrant {
		return invalid("roles, authentication methods and attributes have %d bytes: want at most %d in all", size, MaxGrant)
	}
	return nil
}

func (r *Record) validateEnd() error {
	switch {
	case !r.Ended() && r.End != (End{}):
		return invalid("an end without its time")
	case r.End.At.Year() > maxYear:
		return invalid("ended after the year %d", maxYear)
	case r.Ended() && !r.End.Reason.writable():
		return invalid("end reason %q: not one that is written", r.End.Reason)
	case r.Ended() && !ValidText(string(r.End.By), maxBy):
		return invalid("end: who ended it is missing or over %d bytes", maxBy)
	case !validOrEmpty(r.End.From, maxAddress):
		return invalid("end: want an address of at most %d bytes of text", maxAddress)
	}
	return nil
}

// ValidateRoles reports, wrapped in [ErrInvalid], roles that no session can carry: more
// than MaxRoles, longer than MaxRole, or not visible ASCII without space, comma,
// quotes and backslash.
func ValidateRoles(roles []string) error { return validateList("role", roles, MaxRoles, MaxRole) }

// validateList checks names that travel space-separated in headers and contexts.
func validateList(what string, list []string, most, longest int) error {
	if len(list) > most {
		return invalid("%d %ss: want at most %d", len(list), what, most)
	}
	for _, v := range list {
		if v == "" || len(v) > longest || !isName(v) {
			return invalid("%s %s: want 1 to %d characters of visible ASCII without space, comma and quotes", what, Shown(v), longest)
		}
	}
	return nil
}

// isName accepts visible ASCII but for comma, quotes and backslash.
func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == ',' || c == '"' || c == '\'' || c == '\\' {
			return false
		}
	}
	return true
}

func validateAttributes(attributes map[string]string) error {
	size := 0
	for k, v := range attributes {
		size += len(k) + len(v)
		if !ValidText(k, MaxAttributes) || v != "" && !ValidText(v, MaxAttributes) {
			return invalid("attribute %s: want text without control characters", Shown(k))
		}
	}
	if len(attributes) > MaxAttributeCount {
		return invalid("%d attributes: want at most %d", len(attributes), MaxAttributeCount)
	}
	if size > MaxAttributes {
		return invalid("attributes have %d bytes: want at most %d", size, MaxAttributes)
	}
	return nil
}

// ValidText reports whether a text is 1 to most bytes of UTF-8 without control
// characters: what may stand in a record, a log and a header.
func ValidText(s string, most int) bool {
	if s == "" || len(s) > most || !utf8.ValidString(s) {
		return false
	}
	for _, c := range s {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			return false
		}
	}
	return true
}

// cleanText makes hostile text fit: what has no shape of its own on a screen (control
// and formatting characters, bytes that are no UTF-8) becomes a space, and what is
// over most bytes is cut at a character.
func cleanText(s string, most int) string {
	out := make([]byte, 0, min(len(s), most))
	for _, c := range s {
		if !unicode.IsGraphic(c) || c == utf8.RuneError {
			c = ' '
		}
		if len(out)+utf8.RuneLen(c) > most {
			break
		}
		out = utf8.AppendRune(out, c)
	}
	return string(out)
}

package dynamo

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/session"
)

// The attributes of a session beside its keys. Times are Unix milliseconds.
const (
	attrRoles          = "roles"
	attrAttributes     = "attributes"
	attrMethods        = "amr"
	attrAuthTime       = "authTime"
	attrCreatedAt      = "createdAt"
	attrLastSeenAt     = "lastSeenAt"
	attrExpiresAt      = "expiresAt"
	attrAbsoluteExpiry = "absoluteExpiry"
	attrRemembered     = "remembered"
	attrBearer         = "bearer"
	attrSecretHash     = "secretHash"
	attrNextHash       = "nextHash"
	attrNextAt         = "nextAt"
	attrPreviousHash   = "previousHash"
	attrSupersededHash = "supersededHash"
	attrConfirmedAt    = "confirmedAt"
	attrRotations      = "rotations"
	attrClientAddress  = "clientAddress"
	attrUserAgent      = "userAgent"
	attrReplaces       = "replaces"
	attrActor          = "actor"
	attrEndedAt        = "endedAt"
	attrEndReason      = "endReason"
	attrEndedBy        = "endedBy"
	attrEndedFrom      = "endedFrom"
	attrReplacedBy     = "replacedBy"

	attrFence       = "fence"       // of the subject item
	attrEndedBefore = "endedBefore" // of the control item
)

// encodeRecord returns the item of a record, its keys and index keys included.
func encodeRecord(r *session.Record) item {
	i := sessionKey(r.ID)
	i[attrSubject] = textOf(r.Subject)
	put(i, attrRoles, textsOrNone(r.Roles))
	put(i, attrAttributes, textMapOrNone(r.Attributes))
	put(i, attrMethods, textsOrNone(r.Methods))
	put(i, attrAuthTime, timeOrNone(r.AuthTime))
	put(i, attrCreatedAt, timeOrNone(r.CreatedAt))
	put(i, attrLastSeenAt, timeOrNone(r.LastSeenAt))
	put(i, attrExpiresAt, timeOrNone(r.ExpiresAt))
	put(i, attrAbsoluteExpiry, timeOrNone(r.AbsoluteExpiry))
	put(i, TTLAttribute, secondsOrNone(r.PurgeAt))
	put(i, attrRemembered, flagOrNone(r.Remembered))
	put(i, attrBearer, flagOrNone(r.Bearer))
	for _, a := range secretsOf(&r.Secrets) {
		put(i, a.name, a.value)
	}
	put(i, attrClientAddress, orNone(r.Client.Address))
	put(i, attrUserAgent, orNone(r.Client.UserAgent))
	put(i, attrReplaces, idOrNone(r.Replaces))
	put(i, attrActor, idOrNone(r.Actor))
	for _, a := range endOf(&r.End) {
		put(i, a.name, a.value)
	}
	status := session.StatusLive
	if r.Ended() {
		status = session.StatusEnded
	}
	for _, a := range indexKeys(r.ID, status, status.Time(r)) {
		put(i, a.name, a.value)
	}
	return i
}

// decodeRecord reads what encodeRecord wrote; whatever else it meets is
// [session.ErrDamaged]. The index keys are no part of the record and not compared.
func decodeRecord(i item) (session.Record, error) {
	id, ok := idOf(i)
	if !ok {
		return session.Record{}, fmt.Errorf("%w: its key", session.ErrDamaged)
	}
	r := reader{item: i}
	for _, name := range []string{attrPartition, attrSort, attrStatusShard, attrStatusAt} {
		r.get(name)
	}
	rec := session.Record{
		ID: id, Subject: r.text(attrSubject),
		Roles: r.texts(attrRoles), Attributes: r.textMap(attrAttributes), Methods: r.texts(attrMethods),
		AuthTime: r.time(attrAuthTime), CreatedAt: r.time(attrCreatedAt), LastSeenAt: r.time(attrLastSeenAt),
		ExpiresAt: r.time(attrExpiresAt), AbsoluteExpiry: r.time(attrAbsoluteExpiry), PurgeAt: r.seconds(TTLAttribute),
		Remembered: r.flag(attrRemembered), Bearer: r.flag(attrBearer),
		Secrets: session.Secrets{
			Current: r.hash(attrSecretHash), Next: r.hash(attrNextHash), NextAt: r.time(attrNextAt),
			Previous: r.hash(attrPreviousHash), Superseded: r.hash(attrSupersededHash), ConfirmedAt: r.time(attrConfirmedAt), Rotations: r.count(attrRotations),
		},
		Client:   session.Client{Address: r.text(attrClientAddress), UserAgent: r.text(attrUserAgent)},
		Replaces: r.id(attrReplaces), Actor: r.id(attrActor),
		End: session.End{
			At: r.time(attrEndedAt), Reason: session.EndReason(r.text(attrEndReason)),
			By: session.By(r.text(attrEndedBy)), From: r.text(attrEndedFrom), ReplacedBy: r.id(attrReplacedBy),
		},
	}
	if err := r.err(session.ErrDamaged); err != nil {
		return session.Record{}, err
	}
	return rec, nil
}

// count reads a number from 0 on.
func (r *reader) count(name string) int {
	n, _ := r.number(name)
	if n < 0 || n > math.MaxInt32 {
		r.fail(name)
		return 0
	}
	return int(n)
}

// attributeOf is a name and its value, nil for none.
type attributeOf struct {
	name  string
	value types.AttributeValue
}

func secretsOf(s *session.Secrets) []attributeOf {
	return []attributeOf{
		{attrSecretHash, hashOrNone(s.Current)},
		{attrNextHash, hashOrNone(s.Next)},
		{attrNextAt, timeOrNone(s.NextAt)},
		{attrPreviousHash, hashOrNone(s.Previous)},
		{attrSupersededHash, hashOrNone(s.Superseded)},
		{attrConfirmedAt, timeOrNone(s.ConfirmedAt)},
		{attrRotations, countOrNone(s.Rotations)},
	}
}

func endOf(e *session.End) []attributeOf {
	return []attributeOf{
		{attrEndedAt, timeOrNone(e.At)},
		{attrEndReason, orNone(string(e.Reason))},
		{attrEndedBy, orNone(string(e.By))},
		{attrEndedFrom, orNone(e.From)},
		{attrReplacedBy, idOrNone(e.ReplacedBy)},
	}
}

// indexKeys are where a session stands in the index by status.
func indexKeys(id session.ID, s session.Status, at time.Time) []attributeOf {
	return []attributeOf{
		{attrStatusShard, textOf(shardKey(s, shardOf(id)))},
		{attrStatusAt, timeOrNone(at)},
	}
}

// decodeFence reads a subject item, zero where there is none. One that is not as it
// must be is no answer: read as missing, it would let a sign-in pass.
func decodeFence(i item) (f session.Fence, err error) {
	if len(i) == 0 {
		return f, nil
	}
	r := reader{item: i}
	r.bytes(attrFence, f[:])
	if r.wrong != "" || r.known == 0 {
		return session.Fence{}, errors.New("the user's fence is damaged")
	}
	return f, nil
}

// decodeControl reads the control item, zero where there is none.
func decodeControl(i item) (time.Time, error) {
	if len(i) == 0 {
		return time.Time{}, nil
	}
	r := reader{item: i}
	t := r.time(attrEndedBefore)
	if r.wrong != "" || r.known == 0 {
		return time.Time{}, errors.New("the time of the last end of everybody is damaged")
	}
	return t, nil
}

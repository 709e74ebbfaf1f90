package dynamo

import (
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/session"
)

// A user's items share the partition key base64url(partition). Among them sort the
// sessions, s# and base32hex of the rest of the ID, which keeps the order of bytes
// (RFC 4648 section 7), and after all of them the user's fence.
const (
	sessionPrefix = "s#"
	afterSessions = "s$" // above every session, below the fence
	fenceSort     = "subject"
	controlKey    = "control" // partition and sort key; no base64url of 15 bytes
)

var (
	partitionText = base64.RawURLEncoding.Strict()
	sortText      = base32.HexEncoding.WithPadding(base32.NoPadding)
)

// local is the part of an ID that tells a user's sessions apart.
type local [len(session.ID{}) - len(session.Partition{})]byte

func localOf(id session.ID) local { return local(id[len(session.Partition{}):]) }

func (l local) sort() string { return sessionPrefix + sortText.EncodeToString(l[:]) }

func keyOf(partition, sort string) item {
	return item{attrPartition: textOf(partition), attrSort: textOf(sort)}
}

func partitionKey(p session.Partition) string { return partitionText.EncodeToString(p[:]) }

func sessionKey(id session.ID) item { return keyOf(partitionKey(id.Partition()), localOf(id).sort()) }

func fenceKey(p session.Partition) item { return keyOf(partitionKey(p), fenceSort) }

func controlItemKey() item { return keyOf(controlKey, controlKey) }

// textIn returns an attribute that is text, "" where there is none.
func textIn(i item, name string) string {
	if v, ok := i[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

// idOf returns the session ID that an item's key spells; false if it spells none.
// Only one spelling of an ID is one: what no token can name is no session.
func idOf(i item) (id session.ID, ok bool) {
	partition, sort := textIn(i, attrPartition), textIn(i, attrSort)
	rest, ours := strings.CutPrefix(sort, sessionPrefix)
	if !ours || len(rest) != sortText.EncodedLen(len(local{})) || len(partition) != partitionText.EncodedLen(len(session.Partition{})) {
		return session.ID{}, false
	}
	n, err := partitionText.Decode(id[:], []byte(partition))
	if err != nil || n != len(session.Partition{}) {
		return session.ID{}, false
	}
	if _, err := sortText.Decode(id[n:], []byte(rest)); err != nil || localOf(id).sort() != sort {
		return session.ID{}, false
	}
	return id, true
}

// shards is over how many partition keys of the index each status is spread, so that
// one hot key does not bound the writes of all users: some 500 touches a second each.
const shards = 16

// shardOf is the shard of a session, from its ID's random part.
func shardOf(id session.ID) int { return int(id[len(id)-1]) % shards }

func shardKey(s session.Status, shard int) string { return fmt.Sprintf("%s#%02d", s, shard) }

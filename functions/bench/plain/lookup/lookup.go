// Package lookup finds a session as everybody writes it: the SDK's default client, and
// attributevalue, which decodes by reflection. It is here only to be compared with, and
// nothing deployed may import it.
package lookup

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// ErrNoSession says that the token is that of no live session.
var ErrNoSession = errors.New("no session")

// Session is an item of core/store/dynamo. Times are Unix milliseconds.
type Session struct {
	Partition      string            `dynamodbav:"pk"`
	Sort           string            `dynamodbav:"sk"`
	Subject        string            `dynamodbav:"subject"`
	Roles          []string          `dynamodbav:"roles"`
	Attributes     map[string]string `dynamodbav:"attributes"`
	Methods        []string          `dynamodbav:"amr"`
	AuthTime       int64             `dynamodbav:"authTime"`
	CreatedAt      int64             `dynamodbav:"createdAt"`
	LastSeenAt     int64             `dynamodbav:"lastSeenAt"`
	ExpiresAt      int64             `dynamodbav:"expiresAt"`
	AbsoluteExpiry int64             `dynamodbav:"absoluteExpiry"`
	PurgeAt        int64             `dynamodbav:"purgeAt"` // Unix seconds
	SecretHash     []byte            `dynamodbav:"secretHash"`
	ClientAddress  string            `dynamodbav:"clientAddress"`
	UserAgent      string            `dynamodbav:"userAgent"`
	Actor          string            `dynamodbav:"actor"`
	EndedAt        int64             `dynamodbav:"endedAt"`
	EndReason      string            `dynamodbav:"endReason"`
	// ID is the session's public name, which the key spells.
	ID string `dynamodbav:"-"`
}

// Table is where sessions are.
type Table struct {
	Client *dynamodb.Client
	Name   string
}

// Where the parts of a token end (core/session, Token).
const (
	versionEnd, partitionEnd, idEnd, secretEnd, tokenSize = 1, 16, 28, 52, 60
)

// Session returns the live session that a token belongs to, or ErrNoSession. It costs
// one consistent GetItem.
func (t *Table) Session(ctx context.Context, token string) (*Session, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != tokenSize {
		return nil, ErrNoSession
	}
	out, err := t.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(t.Name), ConsistentRead: aws.Bool(true), Key: keyOf(raw),
	})
	if err != nil {
		return nil, err
	}
	if out.Item == nil {
		return nil, ErrNoSession
	}
	s := Session{ID: base64.RawURLEncoding.EncodeToString(raw[versionEnd:idEnd])}
	if err := attributevalue.UnmarshalMap(out.Item, &s); err != nil {
		return nil, err
	}
	hash := sha256.Sum256(raw[idEnd:secretEnd])
	if subtle.ConstantTimeCompare(hash[:], s.SecretHash) != 1 || s.EndedAt != 0 || s.ExpiresAt <= time.Now().UnixMilli() {
		return nil, ErrNoSession
	}
	return &s, nil
}

func keyOf(token []byte) map[string]types.AttributeValue {
	rest := base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(token[partitionEnd:idEnd])
	return map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: base64.RawURLEncoding.EncodeToString(token[versionEnd:partitionEnd])},
		"sk": &types.AttributeValueMemberS{Value: "s#" + rest},
	}
}

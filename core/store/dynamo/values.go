package dynamo

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/session"
)

// What follows makes attribute values. Those that can say "none" return nil for it,
// and no attribute is written then.

func textOf(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func numberOf(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func orNone(s string) types.AttributeValue {
	if s == "" {
		return nil
	}
	return textOf(s)
}

func countOrNone(n int) types.AttributeValue {
	if n == 0 {
		return nil
	}
	return numberOf(int64(n))
}

func flagOrNone(is bool) types.AttributeValue {
	if !is {
		return nil
	}
	return &types.AttributeValueMemberBOOL{Value: true}
}

// timeOrNone is Unix milliseconds.
func timeOrNone(t time.Time) types.AttributeValue {
	if t.IsZero() {
		return nil
	}
	return numberOf(t.UnixMilli())
}

// secondsOrNone is Unix seconds, as TTL wants them.
func secondsOrNone(t time.Time) types.AttributeValue {
	if t.IsZero() {
		return nil
	}
	return numberOf(t.Unix())
}

func hashOrNone(h session.Hash) types.AttributeValue {
	if h.IsZero() {
		return nil
	}
	return &types.AttributeValueMemberB{Value: h[:]}
}

func idOrNone(id session.ID) types.AttributeValue {
	if id.IsZero() {
		return nil
	}
	return textOf(id.String())
}

func textsOrNone(list []string) types.AttributeValue {
	if len(list) == 0 {
		return nil
	}
	values := make([]types.AttributeValue, len(list))
	for i, s := range list {
		values[i] = textOf(s)
	}
	return &types.AttributeValueMemberL{Value: values}
}

func textMapOrNone(m map[string]string) types.AttributeValue {
	if len(m) == 0 {
		return nil
	}
	values := make(item, len(m))
	for k, v := range m {
		values[k] = textOf(v)
	}
	return &types.AttributeValueMemberM{Value: values}
}

// put sets an attribute unless it says "none".
func put(i item, name string, v types.AttributeValue) {
	if v != nil {
		i[name] = v
	}
}

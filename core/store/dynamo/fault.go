package dynamo

import (
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// requestError is a request that got no answer of ours: the SDK's error, which names
// the operation, cut to its first line. A refused signature's further lines repeat
// the request, the credentials' session token included.
type requestError struct{ error }

const maxErrorText = 400

// Error implements error.
func (e requestError) Error() string {
	text, _, _ := strings.Cut(e.error.Error(), "\n")
	return text[:min(len(text), maxErrorText)]
}

// Unwrap returns the SDK's error.
func (e requestError) Unwrap() error { return e.error }

func fault(err error) error {
	if err == nil {
		return nil
	}
	return requestError{err}
}

// refused reports whether a write's condition did not hold, and the item that stands
// there, nil if none does (ReturnValuesOnConditionCheckFailure ALL_OLD).
func refused(err error) (there item, yes bool) {
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) {
		return failed.Item, true
	}
	return nil, false
}

package dynamo

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// Image is an item as a stream of a table has it, before or after a write; nil where
// there was none.
type Image = map[string]types.AttributeValue

// EndedIn returns the record of an image that is a session which was ended, and false
// for any other. Of what is no record only the ID and the end are returned.
func EndedIn(image Image) (session.Record, bool) {
	r, _ := orEnded(image, nil) // with an error comes what could be read
	return r, r.Ended()
}

// AccountIn returns the account that an image is, and false for an item of another
// kind. Its error is [signin.ErrDamaged].
func AccountIn(image Image) (a signin.Account, is bool, err error) {
	if !strings.HasPrefix(textIn(image, attrPartition), accountPrefix) {
		return signin.Account{}, false, nil
	}
	a, err = decodeAccount(image)
	return a, true, err
}

package dynamo_test

import (
	"crypto/rand"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"coatcheck/core/session"
	"coatcheck/core/store/dynamo"
)

// A Manager over a table. Nothing here makes a call.
func Example() {
	var credentials aws.CredentialsProvider // from the SDK's config, or a function's environment
	client := dynamo.NewClient(dynamo.ClientOptions{Region: "eu-central-1", Credentials: credentials})
	key := make([]byte, session.MinKeySize)
	_, _ = rand.Read(key)
	keys, err := session.NewKeys(key)
	if err != nil {
		fmt.Println(err)
		return
	}
	manager, err := session.New(dynamo.NewSessions(client, "Sessions"), keys, nil)
	fmt.Println(manager != nil, err)
	// Output: true <nil>
}

package translated_test

import (
	"os"
	"path/filepath"
	"testing"

	"coatcheck/e2e/template/stack"
)

// What the examples become asks each time, too: REST APIs keep answers for 300 s unless
// they are told otherwise, and SAM decides what it passes on.
func TestExamplesAskEachTime(t *testing.T) {
	for _, example := range []string{"attach-http-api", "attach-rest-api", "machine-client"} {
		t.Run(example, func(t *testing.T) {
			made := stack.Translate(t, os.Getenv(samVariable), filepath.Join(stack.Root(t), "examples", example, "template.yaml"))
			for _, fault := range stack.AttachFaults(made) {
				t.Error(fault)
			}
			if apis := made.Of("AWS::ApiGatewayV2::Api", "AWS::ApiGateway::RestApi"); len(apis) != 1 {
				t.Errorf("APIs %q, want one", apis)
			}
		})
	}
}

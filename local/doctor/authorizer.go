package doctor

import (
	"fmt"
	"strings"
)

// front is a kind of API that asks a function who calls.
type front string

const (
	httpAPI      front = "HTTP API"
	webSocketAPI front = "WebSocket API"
	restAPI      front = "REST API"
	graphQLAPI   front = "AppSync GraphQL API"
	eventAPI     front = "AppSync Event API"
)

// authorizer is one of an API, as it is configured.
type authorizer struct {
	front         front
	apiID, api    string // api is the API's name
	id, name      string // both "" for AppSync, whose APIs have at most one
	uri           string // names the function
	ttl           *int32 // seconds; nil: not set
	identity      []string
	token         bool   // REST: hands over one header rather than the request
	expression    string // what a token must fit before the function is asked
	payload       string // HTTP APIs: the event's format
	simple        bool   // HTTP APIs: answers are simple ones, not policies
	role          string // ARN of the role that calls the function; "": the API itself does
	source        string // ARN by which the API calls
	principal     string // and the service that does
	functionNamed        // what uri was found to name
}

// functionNamed is what an authorizer's URI says of its function.
type functionNamed struct {
	version string // or alias; "": the function as it is now
	guess   bool   // a stage variable stands in the name: it may be this function
}

func (a authorizer) check(name string) check {
	subject := fmt.Sprintf("%s %s (%s)", a.front, cut(a.api, 80), a.apiID)
	if a.id != "" {
		subject += fmt.Sprintf(", authorizer %s (%s)", cut(a.name, 80), a.id)
	}
	return check{name, subject}
}

// named reports whether a URI names a function, and as what. API Gateway has
// arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations, AppSync
// the ARN itself.
func named(uri, function string) (functionNamed, bool) {
	arn := uri
	if _, rest, found := strings.Cut(uri, "/functions/"); found {
		arn, _, _ = strings.Cut(rest, "/invocations")
	}
	if strings.Contains(arn, "${") {
		pattern := variablesToStars(arn)
		return functionNamed{guess: true}, glob(pattern, function) || glob(pattern, function+":x")
	}
	if arn == function {
		return functionNamed{}, true
	}
	version, of := strings.CutPrefix(arn, function+":")
	return functionNamed{version: version}, of && version != ""
}

// variablesToStars makes ${stageVariables.name} a star.
func variablesToStars(text string) string {
	var pattern strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		pattern.WriteString(before)
		if !found {
			return pattern.String()
		}
		pattern.WriteByte('*')
		_, text, _ = strings.Cut(rest, "}")
	}
}

package main

import "strings"

// maxResource is the longest resource that API Gateway takes in a policy, in bytes
// (Amazon API Gateway Developer Guide, "Output from an API Gateway Lambda authorizer").
const maxResource = 512

// isARN reports whether a text is the ARN of something that a gateway's caller asks
// for: arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/...
func isARN(text string) bool {
	parts := strings.SplitN(text, ":", 6)
	return len(parts) == 6 && parts[0] == "arn" && parts[2] == "execute-api" && strings.Count(parts[5], "/") >= 2
}

// split cuts an ARN behind the stage.
func split(arn string) (stage, rest string) {
	api, rest, _ := strings.Cut(arn, "/")
	name, rest, _ := strings.Cut(rest, "/")
	return api + "/" + name, rest
}

// asked returns the method and the path that an ARN names.
func asked(arn string) (method, path string) {
	_, rest := split(arn)
	method, path, _ = strings.Cut(rest, "/")
	return method, "/" + path
}

// wholeStage names all that a stage has, so that a policy which a gateway keeps for
// another of its routes says the same there.
func wholeStage(arn string) string {
	stage, _ := split(arn)
	return stage + "/*"
}

// thisRoute names what was asked for and nothing else. What means several things in a
// policy stands for one character, since a client writes the path.
func thisRoute(arn string) string {
	stage, rest := split(arn)
	if strings.HasPrefix(rest, "$") { // $connect, which no client writes
		return arn
	}
	arn = stage + "/" + strings.NewReplacer("*", "?", "$", "?").Replace(rest)
	if len(arn) > maxResource {
		arn = arn[:maxResource-1] + "*"
	}
	return arn
}

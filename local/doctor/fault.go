package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// callError is a call that failed, by the permission that it needs.
type callError struct {
	action string // such as "lambda:GetPolicy"
	err    error
}

func (e *callError) Error() string { return e.action + ": " + e.err.Error() }
func (e *callError) Unwrap() error { return e.err }

// asked names the call that an error comes from; nil stays nil.
func asked(action string, err error) error {
	if err == nil {
		return nil
	}
	return &callError{action, err}
}

// errOdd is an answer that the service's documentation does not allow.
var errOdd = errors.New("an odd answer")

// explain says why there is no answer, and what to do. It never repeats AWS's own
// message: that of a refused signature may hold the credentials' token.
func explain(err error) (found, do string) {
	action := "the call"
	var call *callError
	if errors.As(err, &call) {
		action = call.action
	}
	code := codeOf(err)
	var answer *awshttp.ResponseError
	status := 0
	if errors.As(err, &answer) {
		status = answer.HTTPStatusCode()
	}
	_, throttled := retry.DefaultThrottleErrorCodes[code]
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return action + ": the time ran out", "raise --timeout"
	case throttled || status == http.StatusTooManyRequests:
		return action + ": throttled by AWS", "try again in a minute"
	case refused[code]:
		return action + ": AWS does not accept the credentials (" + code + ")", "sign in to AWS again; check the clock"
	case denied[code] || status == http.StatusForbidden || status == http.StatusUnauthorized:
		return action + ": access denied", "allow " + action + " to who runs this; docs/operations.md has the whole policy"
	case code != "":
		return fmt.Sprintf("%s: AWS answered %s", action, clean(cut(code, 80))), "try again, and look the code up if it stays"
	}
	return noAnswer(action, err)
}

func noAnswer(action string, err error) (found, do string) {
	var reading *smithy.DeserializationError
	var asking smithy.InvalidParamsError // made of what an answer before it lacked
	var network *net.OpError
	var lookup *net.DNSError
	switch {
	case errors.As(err, &reading), errors.As(err, &asking), errors.Is(err, errOdd):
		return action + ": the answer is not understood", "try again; a newer coatcheck may know it"
	case errors.As(err, &lookup):
		return action + ": no address for " + lookup.Name, "check the network and --region"
	case errors.As(err, &network):
		return fmt.Sprintf("%s: no connection (%v)", action, network.Err), "check the network and AWS_ENDPOINT_URL"
	}
	return action + ": no answer", "check the network, and try again"
}

// codeOf returns the error code that AWS answered, "" if there is none.
func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// isCode reports whether AWS answered this error code.
func isCode(err error, code string) bool { return err != nil && codeOf(err) == code }

var denied = map[string]bool{
	"AccessDenied": true, "AccessDeniedException": true, "UnauthorizedOperation": true,
	"UnauthorizedException": true, "AuthorizationError": true, "NotAuthorized": true,
}

var refused = map[string]bool{
	"InvalidClientTokenId": true, "UnrecognizedClientException": true, "ExpiredToken": true, "ExpiredTokenException": true,
	"SignatureDoesNotMatch": true, "InvalidSignatureException": true, "IncompleteSignature": true,
	"IncompleteSignatureException": true, "MissingAuthenticationToken": true, "AuthFailure": true, "InvalidAccessKeyId": true,
}

// gone says of what a stack made that somebody took it away.
var gone = map[string]bool{"ResourceNotFoundException": true, "TableNotFoundException": true, "NoSuchEntity": true}

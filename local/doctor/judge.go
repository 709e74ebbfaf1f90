package doctor

import (
	"context"
	"strings"

	"coatcheck/core/settings"
)

// examineAuthorizers judges every authorizer of the account and Region that calls the
// stack's function.
func (e *examination) examineAuthorizers(ctx context.Context) []Finding {
	name := e.physical(authorize)
	if name == "" {
		return nil
	}
	seen := e.look(ctx, e.stack.place.arn("lambda", "function:"+name))
	is := check{"authorizers", "this account and Region"}
	all := seen.findings
	if len(seen.ours) == 0 {
		all = append(all, is.warn("attach the authorizer to an API's routes", "%d APIs looked at, none asks function %s", seen.apis, name))
	} else {
		all = append(all, is.ok("%d APIs looked at, %d authorizers ask function %s", seen.apis, len(seen.ours), name))
	}
	for _, a := range seen.ours {
		if a.guess {
			all = append(all, a.check("authorizers").unclear("name the function without a stage variable",
				"which function it asks depends on a stage variable; it may be this one"))
			continue
		}
		all = append(all, a.judgeTTL(), a.judgeIdentity())
		if a.front == httpAPI {
			all = append(all, e.judgeAnswers(a))
		}
		if a.version != "" {
			all = append(all, a.check("authorizers").warn("see that it is the one that was deployed last",
				"it asks version %s of the function; what is said here of the function is of its newest", a.version))
		}
		all = append(all, e.examinePermission(ctx, a))
	}
	return all
}

const cacheOff = "set AuthorizerResultTtlInSeconds (in SAM: Identity.ReauthorizeEvery) to 0"

// judgeTTL: a cached yes outlives the session that it was said of.
func (a authorizer) judgeTTL() Finding {
	is := a.check("authorizer-ttl")
	off := cacheOff
	if a.front == restAPI {
		off += " and deploy the API's stages"
	}
	switch {
	case a.front == webSocketAPI && (a.ttl == nil || *a.ttl == 0):
		return is.ok("no cache: a WebSocket is authorized once, when it connects")
	case a.front == webSocketAPI:
		return is.warn(off, "TTL %d s, which AWS documents for HTTP APIs only", *a.ttl)
	case a.ttl == nil && a.front == restAPI:
		return is.fail(off, "TTL is not set, which is 300 s: what was ended is let in for so long")
	case a.ttl == nil:
		return is.unclear(off, "TTL is not set, and AWS does not document what that means here")
	case *a.ttl != 0:
		return is.fail(off, "TTL %d s: what was ended is let in for so long", *a.ttl)
	}
	return is.ok("TTL 0: the function is asked with every call")
}

// judgeIdentity: a gateway refuses by itself who lacks one of the sources that are
// named, and a session comes by cookie or as a bearer token.
func (a authorizer) judgeIdentity() Finding {
	is := a.check("identity-source")
	const none = "name no identity source (TTL 0 needs none): the gateway answers 401 to who lacks one of them, and a session comes by cookie or as a bearer token"
	named := strings.Join(a.identity, ", ")
	switch {
	case a.front == graphQLAPI || a.front == eventAPI:
		if a.expression != "" {
			return is.warn("see that the expression lets Coatcheck's tokens through, or take it out", "only a token that fits %q reaches the function", a.expression)
		}
		return is.ok("AppSync wants the header Authorization; any value reaches the function")
	case a.token:
		return is.warn("use an authorizer of type REQUEST if both cookie and bearer token are to be let in",
			"type TOKEN: only what %s holds reaches the function", named)
	case len(a.identity) == 0:
		return is.ok("none: cookie and bearer token both reach the function")
	case a.front == httpAPI || len(a.identity) > 1:
		return is.fail(none, "calls without %s never reach the function", named)
	}
	return is.warn(none, "calls without %s never reach the function", named)
}

// judgeAnswers: what the gateway takes for an answer must be what the function gives,
// or every call is a 500.
func (e *examination) judgeAnswers(a authorizer) Finding {
	is := a.check("answers")
	function, known := e.functions[authorize]
	if !known || function.err != nil {
		return is.unclear("see the finding about the function", "how the function answers is not known")
	}
	setting := function.settings[answersVariable]
	policies := setting == "policy"
	switch {
	case setting != "" && setting != "simple" && !policies:
		return is.fail("set "+answersVariable+" to simple or policy", "%s is %q", answersVariable, setting)
	case a.payload != "1.0" && a.payload != "2.0":
		return is.unclear("set AuthorizerPayloadFormatVersion to 2.0", "payload format %q is not known", a.payload)
	case a.payload == "1.0" && a.simple:
		return is.fail("set EnableSimpleResponses to false, or the payload format to 2.0", "payload format 1.0 has no simple answers")
	case a.payload == "1.0":
		return is.ok("payload format 1.0, policies")
	case a.simple && policies:
		return is.fail("set EnableSimpleResponses to false, or "+answersVariable+" to simple", "it wants simple answers, the function gives policies: every call is a 500")
	case !a.simple && !policies:
		return is.fail("set EnableSimpleResponses to true, or "+answersVariable+" to policy", "it wants policies, the function gives simple answers: every call is a 500")
	}
	return is.ok("payload format 2.0, %s", map[bool]string{true: "policies", false: "simple answers"}[policies])
}

var answersVariable = settings.Variable("http-api-answers")

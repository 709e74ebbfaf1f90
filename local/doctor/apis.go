package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	resttypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	gatewaytypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/appsync"
	graphtypes "github.com/aws/aws-sdk-go-v2/service/appsync/types"
)

// sighting is what was seen of the account's APIs in the Region.
type sighting struct {
	apis     int // how many were looked at
	ours     []authorizer
	findings []Finding // what could not be looked at
}

// keep takes an authorizer that calls the function.
func (s *sighting) keep(a authorizer, function string) {
	if f, ours := named(a.uri, function); ours {
		a.functionNamed = f
		s.ours = append(s.ours, a)
	}
}

// lost notes APIs that could not be looked at.
func (s *sighting) lost(what, action string, err error) {
	if err != nil {
		s.findings = append(s.findings, check{"authorizers", what}.unanswered(asked(action, err)))
	}
}

// look finds every authorizer that calls the function.
func (e *examination) look(ctx context.Context, function string) sighting {
	var s sighting
	e.lookAtGateways(ctx, function, &s)
	e.lookAtREST(ctx, function, &s)
	e.lookAtGraphs(ctx, function, &s)
	e.lookAtEvents(ctx, function, &s)
	return s
}

// bySource is how API Gateway calls an authorizer's function.
func (e *examination) bySource(apiID, id string) (source, principal string) {
	return e.stack.place.arn("execute-api", apiID+"/authorizers/"+id), "apigateway.amazonaws.com"
}

func (e *examination) lookAtGateways(ctx context.Context, function string, s *sighting) {
	all, err := pages(func(token *string) ([]gatewaytypes.Api, *string, error) {
		out, err := e.getAPIs(ctx, &apigatewayv2.GetApisInput{NextToken: token, MaxResults: aws.String("100")})
		if err != nil {
			return nil, nil, err
		}
		return out.Items, out.NextToken, nil
	})
	s.lost("HTTP and WebSocket APIs", "apigateway:GET on /apis", err)
	s.apis += len(all)
	for _, api := range all {
		kind := httpAPI
		if api.ProtocolType == gatewaytypes.ProtocolTypeWebsocket {
			kind = webSocketAPI
		}
		authorizers, err := e.gatewayAuthorizers(ctx, api.ApiId)
		s.lost(fmt.Sprintf("%s %s (%s)", kind, aws.ToString(api.Name), aws.ToString(api.ApiId)), "apigateway:GET on /apis/*/authorizers", err)
		for _, a := range authorizers {
			s.keep(e.ofGateway(kind, api, a), function)
		}
	}
}

func (e *examination) gatewayAuthorizers(ctx context.Context, apiID *string) ([]gatewaytypes.Authorizer, error) {
	return pages(func(token *string) ([]gatewaytypes.Authorizer, *string, error) {
		out, err := e.getGatewayAuthorizers(ctx, &apigatewayv2.GetAuthorizersInput{ApiId: apiID, NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.Items, out.NextToken, nil
	})
}

func (e *examination) ofGateway(kind front, api gatewaytypes.Api, a gatewaytypes.Authorizer) authorizer {
	is := authorizer{
		front: kind, apiID: aws.ToString(api.ApiId), api: aws.ToString(api.Name),
		id: aws.ToString(a.AuthorizerId), name: aws.ToString(a.Name), uri: aws.ToString(a.AuthorizerUri),
		ttl: a.AuthorizerResultTtlInSeconds, identity: a.IdentitySource,
		payload: aws.ToString(a.AuthorizerPayloadFormatVersion), simple: aws.ToBool(a.EnableSimpleResponses),
		role: aws.ToString(a.AuthorizerCredentialsArn),
	}
	is.source, is.principal = e.bySource(is.apiID, is.id)
	return is
}

func (e *examination) lookAtREST(ctx context.Context, function string, s *sighting) {
	all, err := pages(func(position *string) ([]resttypes.RestApi, *string, error) {
		out, err := e.getRestAPIs(ctx, &apigateway.GetRestApisInput{Position: position, Limit: aws.Int32(500)})
		if err != nil {
			return nil, nil, err
		}
		return out.Items, out.Position, nil
	})
	s.lost("REST APIs", "apigateway:GET on /restapis", err)
	s.apis += len(all)
	for _, api := range all {
		authorizers, err := e.restAuthorizers(ctx, api.Id)
		s.lost(fmt.Sprintf("%s %s (%s)", restAPI, aws.ToString(api.Name), aws.ToString(api.Id)), "apigateway:GET on /restapis/*/authorizers", err)
		for _, a := range authorizers {
			s.keep(e.ofREST(api, a), function)
		}
	}
}

func (e *examination) restAuthorizers(ctx context.Context, apiID *string) ([]resttypes.Authorizer, error) {
	return pages(func(position *string) ([]resttypes.Authorizer, *string, error) {
		out, err := e.getRestAuthorizers(ctx, &apigateway.GetAuthorizersInput{RestApiId: apiID, Position: position, Limit: aws.Int32(500)})
		if err != nil {
			return nil, nil, err
		}
		return out.Items, out.Position, nil
	})
}

func (e *examination) ofREST(api resttypes.RestApi, a resttypes.Authorizer) authorizer {
	is := authorizer{
		front: restAPI, apiID: aws.ToString(api.Id), api: aws.ToString(api.Name),
		id: aws.ToString(a.Id), name: aws.ToString(a.Name), uri: aws.ToString(a.AuthorizerUri),
		ttl: a.AuthorizerResultTtlInSeconds, token: a.Type == resttypes.AuthorizerTypeToken,
		expression: aws.ToString(a.IdentityValidationExpression), role: aws.ToString(a.AuthorizerCredentials),
	}
	for source := range strings.SplitSeq(aws.ToString(a.IdentitySource), ",") {
		if source = strings.TrimSpace(source); source != "" {
			is.identity = append(is.identity, source)
		}
	}
	is.source, is.principal = e.bySource(is.apiID, is.id)
	return is
}

func (e *examination) lookAtGraphs(ctx context.Context, function string, s *sighting) {
	all, err := pages(func(token *string) ([]graphtypes.GraphqlApi, *string, error) {
		out, err := e.listGraphQLAPIs(ctx, &appsync.ListGraphqlApisInput{NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.GraphqlApis, out.NextToken, nil
	})
	s.lost("AppSync GraphQL APIs", "appsync:ListGraphqlApis", err)
	s.apis += len(all)
	for _, api := range all {
		configs := []*graphtypes.LambdaAuthorizerConfig{api.LambdaAuthorizerConfig}
		for _, other := range api.AdditionalAuthenticationProviders {
			configs = append(configs, other.LambdaAuthorizerConfig)
		}
		for _, c := range configs {
			s.keep(ofAppSync(graphQLAPI, api.ApiId, api.Name, api.Arn, c), function)
		}
	}
}

func (e *examination) lookAtEvents(ctx context.Context, function string, s *sighting) {
	all, err := pages(func(token *string) ([]graphtypes.Api, *string, error) {
		out, err := e.listEventAPIs(ctx, &appsync.ListApisInput{NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.Apis, out.NextToken, nil
	})
	s.lost("AppSync Event APIs", "appsync:ListApis", err)
	s.apis += len(all)
	for _, api := range all {
		if api.EventConfig == nil {
			continue
		}
		for _, p := range api.EventConfig.AuthProviders {
			s.keep(ofAppSync(eventAPI, api.ApiId, api.Name, api.ApiArn, p.LambdaAuthorizerConfig), function)
		}
	}
}

// ofAppSync names no function where an API has no Lambda authorizer.
func ofAppSync(kind front, id, name, arn *string, c *graphtypes.LambdaAuthorizerConfig) authorizer {
	if c == nil {
		return authorizer{}
	}
	return authorizer{
		front: kind, apiID: aws.ToString(id), api: aws.ToString(name), uri: aws.ToString(c.AuthorizerUri),
		ttl: &c.AuthorizerResultTtlInSeconds, expression: aws.ToString(c.IdentityValidationExpression),
		source: aws.ToString(arn), principal: "appsync.amazonaws.com",
	}
}

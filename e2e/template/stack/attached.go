package stack

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// AttachFaults returns what must not be so where an API of one's own asks our authorizer,
// one sentence each: the gateway keeps an answer, wants an identity source that not every
// session has, or leaves a route open. It reads SAM's resources and what they become.
func AttachFaults(t *Template) (faults []string) {
	for _, name := range t.Order {
		r := t.Resources[name]
		switch r.Type {
		case "AWS::Serverless::HttpApi", "AWS::Serverless::Api":
			each(mapAt(r.Properties, "Auth", "Authorizers"), func(which string, a Map) {
				faults = append(faults, prefixed(name+"."+which, writtenFaults(r.Type, a))...)
			})
			if r.Type == "AWS::Serverless::Api" && forBrowsers(mapAt(r.Properties, "Auth")) && At(r.Properties, "Auth", "AddDefaultAuthorizerToCorsPreflight") != false {
				faults = append(faults, name+": a browser's OPTIONS is asked for a session")
			}
		case "AWS::ApiGatewayV2::Api", "AWS::ApiGateway::RestApi":
			faults = append(faults, prefixed(name, definitionFaults(mapAt(r.Properties, "Body")))...)
		}
	}
	return faults
}

// forBrowsers reports whether an authorizer of a REST API takes cookies.
func forBrowsers(auth Map) (yes bool) {
	each(mapAt(auth, "Authorizers"), func(_ string, a Map) { yes = yes || a["FunctionPayloadType"] == "REQUEST" })
	return yes
}

// writtenFaults checks an authorizer of SAM's.
func writtenFaults(kind string, a Map) (faults []string) {
	identity := mapAt(a, "Identity")
	want := Map{"ReauthorizeEvery": 0}
	if a["FunctionPayloadType"] == "TOKEN" { // which has one source by its nature
		want["Header"], want["ValidationExpression"] = "Authorization", identity["ValidationExpression"]
	}
	if !reflect.DeepEqual(identity, want) {
		faults = append(faults, fmt.Sprintf("Identity is %v: want %v", identity, want))
	}
	expected := Map{"AuthorizerPayloadFormatVersion": "2.0", "EnableSimpleResponses": true, "EnableFunctionDefaultPermissions": true}
	if kind == "AWS::Serverless::Api" {
		expected = Map{"FunctionPayloadType": a["FunctionPayloadType"]}
		if a["FunctionPayloadType"] == nil {
			faults = append(faults, "no FunctionPayloadType: it would be TOKEN")
		}
	}
	for property, value := range expected {
		if a[property] != value {
			faults = append(faults, fmt.Sprintf("%s is %v: want %v", property, a[property], value))
		}
	}
	return faults
}

// definitionFaults checks the authorizers of an OpenAPI document, which is what is
// deployed.
func definitionFaults(body Map) (faults []string) {
	schemes := maps.Clone(mapAt(body, "securityDefinitions"))
	if schemes == nil {
		schemes = Map{}
	}
	maps.Copy(schemes, mapAt(body, "components", "securitySchemes"))
	each(schemes, func(name string, scheme Map) {
		a := mapAt(scheme, "x-amazon-apigateway-authorizer")
		if a == nil {
			return
		}
		if got := a["authorizerResultTtlInSeconds"]; got != 0 {
			faults = append(faults, fmt.Sprintf("%s: authorizerResultTtlInSeconds is %v: want 0", name, got))
		}
		if got := a["identitySource"]; a["type"] == "request" && got != nil && !reflect.DeepEqual(got, []any{}) {
			faults = append(faults, fmt.Sprintf("%s: identitySource is %v: want none", name, got))
		}
	})
	each(mapAt(body, "paths"), func(path string, methods Map) {
		each(methods, func(method string, operation Map) {
			if len(schemes) > 0 && operation["security"] == nil && method != "options" {
				faults = append(faults, method+" "+path+" is open")
			}
		})
	})
	return faults
}

// each visits the mappings of a mapping in the order of their names.
func each(m Map, visit func(name string, inner Map)) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		visit(name, mapAt(m, name))
	}
}

func prefixed(name string, faults []string) (all []string) {
	for _, fault := range faults {
		all = append(all, name+": "+fault)
	}
	return all
}

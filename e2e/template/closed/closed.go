package main

import (
	"errors"
	"slices"

	"go.yaml.in/yaml/v3"
)

// fault is something that sam local would leave open.
type fault struct {
	line int // of the template, from 1
	what string
}

// checker walks through a template. What is named counts as there only if it stands in
// the template itself.
type checker struct {
	functions   map[string]bool // resources that an authorizer may be
	authorizers map[string]bool // resources, and names in an Auth property
	faults      []fault
}

// open returns what would be open in a template, in the order of its lines.
func open(text []byte) ([]fault, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	if doc.Kind != yaml.DocumentNode || at(doc.Content[0], "Resources") == nil {
		return nil, errors.New("not a template: it has no Resources")
	}
	c := &checker{functions: map[string]bool{}, authorizers: map[string]bool{"NONE": true}}
	resources := at(doc.Content[0], "Resources")
	each(resources, c.collect)
	c.auth("Globals.Api", at(doc.Content[0], "Globals", "Api", "Auth"))
	c.auth("Globals.HttpApi", at(doc.Content[0], "Globals", "HttpApi", "Auth"))
	each(resources, c.check)
	slices.SortStableFunc(c.faults, func(a, b fault) int { return a.line - b.line })
	return c.faults, nil
}

// collect notes what the template has.
func (c *checker) collect(name string, resource *yaml.Node) {
	switch text(at(resource, "Type")) {
	case "AWS::Serverless::Function", "AWS::Lambda::Function":
		c.functions[name] = true
	case "AWS::ApiGateway::Authorizer", "AWS::ApiGatewayV2::Authorizer":
		c.authorizers[name] = true
	case "AWS::Serverless::Api", "AWS::Serverless::HttpApi":
		each(at(resource, "Properties", "Auth", "Authorizers"), func(name string, _ *yaml.Node) { c.authorizers[name] = true })
	}
}

// check looks at every place at which a resource names an authorizer or its function.
func (c *checker) check(name string, resource *yaml.Node) {
	properties := at(resource, "Properties")
	switch text(at(resource, "Type")) {
	case "AWS::Serverless::Api", "AWS::Serverless::HttpApi":
		c.auth(name, at(properties, "Auth"))
		c.definition(name, at(properties, "DefinitionBody"))
	case "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api":
		c.definition(name, at(properties, "Body"))
	case "AWS::ApiGateway::Authorizer", "AWS::ApiGatewayV2::Authorizer":
		c.function("authorizer "+name, properties, "AuthorizerUri")
	case "AWS::ApiGateway::Method", "AWS::ApiGatewayV2::Route":
		if id := at(properties, "AuthorizerId"); id != nil {
			c.authorizer(name, id, referred(id))
		}
	case "AWS::Serverless::Function":
		each(at(properties, "Events"), func(event string, e *yaml.Node) {
			if chosen := at(e, "Properties", "Auth", "Authorizer"); chosen != nil {
				c.authorizer(name+"."+event, chosen, text(chosen))
			}
		})
	}
}

// auth checks the authorizers of an Auth property, and the one that its routes have.
func (c *checker) auth(api string, auth *yaml.Node) {
	each(at(auth, "Authorizers"), func(name string, authorizer *yaml.Node) {
		c.authorizers[name] = true
		c.function("authorizer "+name+" of "+api, authorizer, "FunctionArn")
	})
	if chosen := at(auth, "DefaultAuthorizer"); chosen != nil {
		c.authorizer(api, chosen, text(chosen))
	}
}

// definition checks the authorizers of an OpenAPI document.
func (c *checker) definition(api string, body *yaml.Node) {
	for _, schemes := range []*yaml.Node{at(body, "securityDefinitions"), at(body, "components", "securitySchemes")} {
		each(schemes, func(name string, scheme *yaml.Node) {
			if authorizer := at(scheme, "x-amazon-apigateway-authorizer"); authorizer != nil {
				c.function("authorizer "+name+" of "+api, authorizer, "authorizerUri")
			}
		})
	}
}

// function wants the property that names an authorizer's function to name one of this
// template.
func (c *checker) function(what string, authorizer *yaml.Node, property string) {
	value := at(authorizer, property)
	switch {
	case value == nil: // such as a JWT authorizer, which sam local does not know
		c.add(authorizer, what+" has no function")
	case !c.functions[arnOf(value)]:
		c.add(value, what+" is no function of this template")
	}
}

// authorizer wants what a route asks to be in this template.
func (c *checker) authorizer(route string, value *yaml.Node, name string) {
	if !c.authorizers[name] {
		c.add(value, "authorizer "+name+" of "+route+" is not in this template")
	}
}

func (c *checker) add(n *yaml.Node, what string) { c.faults = append(c.faults, fault{n.Line, what}) }

"""The routes of a template's APIs, as SAM's translator leaves them."""

import dataclasses
import re


@dataclasses.dataclass
class Authorizer:
    function: str
    kind: str  # request or token
    simple: bool
    header: str  # a token's
    expression: str  # "" or what a token has to match


@dataclasses.dataclass
class Route:
    method: str
    path: str
    rest: bool
    stage: str
    function: str
    authorizer: Authorizer
    responses: dict  # a REST API's gateway responses

    def __post_init__(self):
        self.key = f"{self.method} {self.path}"
        self.pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", self.path)))


def routes_of(resources):
    """All routes, the one that matches best first: text before variables, these before greedy ones, a method before ANY."""
    found = []
    for name, resource in resources.items():
        if resource["Type"] == "AWS::ApiGatewayV2::Route":
            found.append(single(resources, resource["Properties"]))
        elif resource["Type"] == "AWS::ApiGatewayV2::Api" and "Body" in resource["Properties"]:
            found += defined(resource["Properties"]["Body"], False, "$default")
        elif resource["Type"] == "AWS::ApiGateway::RestApi":
            stages = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::ApiGateway::Stage" and r["Properties"]["RestApiId"] == {"Ref": name}]
            found += defined(resource["Properties"]["Body"], True, stages[0]["StageName"])
    return sorted(found, key=lambda route: ("+}" in route.path, route.path.count("{"), route.method == "ANY"))


def function_of(uri):
    """The function that a Fn::GetAtt of its Arn, or a Fn::Sub around that, names."""
    if "Fn::GetAtt" in uri:
        return uri["Fn::GetAtt"][0]
    if isinstance(uri["Fn::Sub"], list):
        return function_of(next(iter(uri["Fn::Sub"][1].values())))
    return re.search(r"\$\{(\w+)\.Arn\}", uri["Fn::Sub"])[1]


def single(resources, route):
    """A route that is a resource of its own, of an HTTP API."""
    method, path = route["RouteKey"].split()
    integration = re.search(r"\$\{(\w+)\}", route["Target"]["Fn::Sub"])[1]
    authorizer = None
    if route.get("AuthorizationType") == "CUSTOM":
        made = resources[route["AuthorizerId"]["Ref"]]["Properties"]
        authorizer = Authorizer(function_of(made["AuthorizerUri"]), "request", made["EnableSimpleResponses"] is not False, "", "")
    return Route(method, path, False, "$default", function_of(resources[integration]["Properties"]["IntegrationUri"]), authorizer, {})


def defined(body, rest, stage):
    """The routes of an OpenAPI document."""
    schemes = body.get("securityDefinitions") or body.get("components", {}).get("securitySchemes", {})
    responses = body.get("x-amazon-apigateway-gateway-responses", {})
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            if "x-amazon-apigateway-integration" not in operation or "uri" not in operation["x-amazon-apigateway-integration"]:
                continue
            names = [name for asked in operation.get("security", []) for name in asked if name in schemes]
            yield Route(
                "ANY" if method == "x-amazon-apigateway-any-method" else method.upper(), path, rest, stage,
                function_of(operation["x-amazon-apigateway-integration"]["uri"]), authorizer_of(schemes[names[0]]) if names else None, responses,
            )


def authorizer_of(scheme):
    made = scheme["x-amazon-apigateway-authorizer"]
    return Authorizer(
        function_of(made["authorizerUri"]), made["type"].lower(), made.get("enableSimpleResponses", False),
        scheme.get("name", ""), made.get("identityValidationExpression", ""),
    )

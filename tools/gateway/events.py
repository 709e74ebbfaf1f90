"""The events of HTTP APIs (payload format 2.0) and REST APIs, and what their authorizers' answers mean."""

import re
import time
import urllib.parse
import uuid

from emulator import FunctionError

API = "arn:aws:execute-api:eu-central-1:123456789012:local"


class Refused(Exception):
    """The function is not called; kind is the gateway response of a REST API."""

    def __init__(self, kind, context=None):
        super().__init__(kind)
        self.kind, self.context = kind, context or {}


def event_of(route, request, path, query, parameters):
    return (rest_event if route.rest else http_event)(route, request, path, query, parameters)


def http_event(route, request, path, query, parameters):
    headers, cookies = {}, []
    for name, value in request.headers.items():
        if name.lower() == "cookie":
            cookies += [pair.strip() for pair in value.split(";")]
        else:  # as the gateway does: small letters, several lines in one
            headers[name.lower()] = ",".join(filter(None, [headers.get(name.lower()), value]))
    return {
        "version": "2.0", "routeKey": route.key, "rawPath": path, "rawQueryString": query,
        "cookies": cookies, "headers": headers, "pathParameters": parameters,
        "queryStringParameters": dict(urllib.parse.parse_qsl(query)), "isBase64Encoded": False,
        "requestContext": {
            "accountId": "123456789012", "apiId": "local", "stage": route.stage, "routeKey": route.key,
            "domainName": request.headers.get("Host", ""), "requestId": str(uuid.uuid4()), "timeEpoch": int(time.time() * 1000),
            "http": {
                "method": request.command, "path": path, "protocol": "HTTP/1.1",
                "sourceIp": request.client_address[0], "userAgent": request.headers.get("User-Agent", ""),
            },
        },
    }


def rest_event(route, request, path, query, parameters):
    lines = {}
    for name, value in request.headers.items():
        lines.setdefault(name, []).append(value)
    return {
        "resource": route.path, "path": path, "httpMethod": request.command, "isBase64Encoded": False,
        "headers": {name: values[-1] for name, values in lines.items()}, "multiValueHeaders": lines,
        "queryStringParameters": dict(urllib.parse.parse_qsl(query)) or None, "pathParameters": parameters or None, "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012", "apiId": "local", "stage": route.stage, "resourcePath": route.path,
            "httpMethod": request.command, "path": f"/{route.stage}{path}", "requestId": str(uuid.uuid4()),
            "identity": {"sourceIp": request.client_address[0], "userAgent": request.headers.get("User-Agent", "")},
        },
    }


def verdict_of(route, event, functions):
    """Asks a route's authorizer and puts its context into the event, or raises Refused."""
    method = event["httpMethod"] if route.rest else event["requestContext"]["http"]["method"]
    arn = f"{API}/{route.stage}/{method}{event['path' if route.rest else 'rawPath']}"
    try:
        asked = functions.invoke(route.authorizer.function, question(route, event, arn))
    except FunctionError as error:
        unauthorized = route.rest and error.text == "Unauthorized"
        raise Refused("UNAUTHORIZED" if unauthorized else "AUTHORIZER_FAILURE") from error
    context = asked.get("context") or {}
    if not (asked.get("isAuthorized") is True if route.authorizer.simple else allows(asked["policyDocument"], arn)):
        raise Refused("ACCESS_DENIED", context)
    if route.rest:
        context = {"principalId": asked["principalId"], **{name: str(value) for name, value in context.items()}}
    event["requestContext"]["authorizer"] = context if route.rest else {"lambda": context}


def question(route, event, arn):
    if route.authorizer.kind == "token":
        values = [value for name, value in event["headers"].items() if name.lower() == route.authorizer.header.lower()]
        if not values or not re.fullmatch(route.authorizer.expression or ".*", values[0]):
            raise Refused("UNAUTHORIZED")
        return {"type": "TOKEN", "methodArn": arn, "authorizationToken": values[0]}
    return {**event, "type": "REQUEST", **({"methodArn": arn} if route.rest else {"routeArn": arn, "identitySource": []})}


def allows(policy, arn):
    """A deny that fits wins, and what nothing allows is denied."""
    effects = {
        statement["Effect"] for statement in policy["Statement"] for resource in statement["Resource"]
        if re.fullmatch(re.escape(resource).replace(r"\*", ".*").replace(r"\?", "."), arn)
    }
    return effects == {"Allow"}


# What a client sees unless a REST API says otherwise.
USUAL = {
    "UNAUTHORIZED": (401, '{"message":"Unauthorized"}'),
    "ACCESS_DENIED": (403, '{"message":"User is not authorized to access this resource"}'),
    "AUTHORIZER_FAILURE": (500, '{"message":null}'),
}


def answer_of(route, refused):
    status, body = USUAL[refused.kind]
    headers = {"Content-Type": "application/json"}
    said = route.responses.get(refused.kind, {})
    for name, value in said.get("responseParameters", {}).items():
        if value.startswith("'"):
            headers[name.removeprefix("gatewayresponse.header.")] = value[1:-1]
        else:  # context.authorizer.NAME
            headers[name.removeprefix("gatewayresponse.header.")] = refused.context.get(value.rpartition(".")[2], "")
    body = said.get("responseTemplates", {}).get("application/json", body)
    return {"statusCode": int(said.get("statusCode", status)), "headers": headers, "body": body}

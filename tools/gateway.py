"""An HTTP API on loopback for functions that SAM's emulator runs without containers.

usage: gateway.py TEMPLATE PORT FUNCTION=ADDRESS...

It serves the template's routes (payload format 2.0) and asks their authorizer first
(simple answers), one call at a time: parallel ones crash the emulator. For trials on
machines where no container engine can run, so that `sam local start-api` cannot.
"""

import base64
import http.server
import json
import re
import sys
import time
import urllib.parse
import urllib.request
import uuid

from samcli.yamlhelper import yaml_parse


def function_of(uri):
    """The function that a Fn::GetAtt of its Arn, or a Fn::Sub around that, names."""
    if "Fn::GetAtt" in uri:
        return uri["Fn::GetAtt"][0]
    return re.search(r"\$\{(\w+)\.Arn\}", uri["Fn::Sub"])[1]


def routes(resources):
    """(method, pattern of paths, route key, function, authorizing function or None)"""
    for resource in resources.values():
        if resource["Type"] != "AWS::ApiGatewayV2::Route":
            continue
        route = resource["Properties"]
        method, path = route["RouteKey"].split()
        integration = re.search(r"\$\{(\w+)\}", route["Target"]["Fn::Sub"])[1]
        authorize = None
        if route.get("AuthorizationType") == "CUSTOM":
            authorizer = resources[route["AuthorizerId"]["Ref"]]["Properties"]
            authorize = function_of(authorizer["AuthorizerUri"])
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
        yield method, pattern, route["RouteKey"], function_of(resources[integration]["Properties"]["IntegrationUri"]), authorize


class FunctionError(Exception):
    pass


def invoke(address, event):
    with urllib.request.urlopen(address, json.dumps(event).encode(), timeout=30) as answer:
        result = json.load(answer)
    if isinstance(result, dict) and "errorType" in result:
        raise FunctionError(result)
    return result


class Gateway(http.server.BaseHTTPRequestHandler):
    routes = []
    functions = {}

    def event(self, key, path, query, parameters):
        headers, cookies = {}, []
        for name, value in self.headers.items():
            if name.lower() == "cookie":
                cookies += [pair.strip() for pair in value.split(";")]
            else:  # as the gateway does: small letters, several lines in one
                headers[name.lower()] = ",".join(filter(None, [headers.get(name.lower()), value]))
        return {
            "version": "2.0", "routeKey": key, "rawPath": path, "rawQueryString": query,
            "cookies": cookies, "headers": headers, "pathParameters": parameters,
            "queryStringParameters": dict(urllib.parse.parse_qsl(query)), "isBase64Encoded": False,
            "requestContext": {
                "accountId": "123456789012", "apiId": "local", "stage": "$default", "routeKey": key,
                "domainName": self.headers.get("Host", ""), "requestId": str(uuid.uuid4()),
                "timeEpoch": int(time.time() * 1000),
                "http": {
                    "method": self.command, "path": path, "protocol": "HTTP/1.1",
                    "sourceIp": self.client_address[0], "userAgent": self.headers.get("User-Agent", ""),
                },
            },
        }

    def serve(self):
        path, _, query = self.path.partition("?")
        for method, pattern, key, function, authorize in self.routes:
            match = pattern.fullmatch(path)
            if method == self.command and match:
                break
        else:
            return self.message(404, "Not Found")
        event = self.event(key, path, query, match.groupdict())
        try:
            if authorize:
                arn = f"arn:aws:execute-api:eu-central-1:123456789012:local/$default/{self.command}{path}"
                asked = invoke(self.functions[authorize], {**event, "type": "REQUEST", "routeArn": arn, "identitySource": []})
                if asked.get("isAuthorized") is not True:
                    return self.message(403, "Forbidden")
                event["requestContext"]["authorizer"] = {"lambda": asked.get("context") or {}}
            event["body"] = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            self.answer(invoke(self.functions[function], event))
        except (FunctionError, OSError, ValueError, AttributeError) as error:
            print(key, error, file=sys.stderr)
            self.message(500, "Internal Server Error")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def answer(self, result):
        body = (result.get("body") or "").encode()
        if result.get("isBase64Encoded"):
            body = base64.b64decode(body)
        self.send_response(result["statusCode"])
        for name, value in (result.get("headers") or {}).items():
            self.send_header(name, value)
        for cookie in result.get("cookies") or []:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def message(self, status, text):
        self.answer({"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": json.dumps({"message": text})})


def main(template, port, *functions):
    with open(template, encoding="utf-8") as f:
        # As the gateway does: the route with the fewest variables first.
        Gateway.routes = sorted(routes(yaml_parse(f.read())["Resources"]), key=lambda route: route[2].count("{"))
    Gateway.functions = dict(pair.split("=", 1) for pair in functions)
    http.server.HTTPServer(("127.0.0.1", int(port)), Gateway).serve_forever()


main(*sys.argv[1:])

"""API Gateway on loopback for functions that SAM's emulator runs without containers.

usage: gateway TEMPLATE BUILD PORT EMULATOR SETTINGS

It runs BUILD/NAME/bootstrap for each function of a template, with the variables of the
template and of SETTINGS, a file as `sam local` takes for --env-vars, and serves the
template's HTTP and REST APIs: it asks their authorizers first, each time anew. For trials
where no container engine can run, and for what `sam local` does not imitate: gateway
responses, explicit denies, small header names, contexts of texts.
"""

import http.server
import json
import os
import signal
import sys

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from emulator import Functions, FunctionError  # noqa: E402
from events import answer_of, event_of, Refused, verdict_of  # noqa: E402
from routes import routes_of  # noqa: E402
from translate import translated  # noqa: E402


class Gateway(http.server.BaseHTTPRequestHandler):
    routes = []
    functions = None

    def serve(self):
        path, _, query = self.path.partition("?")
        for route in self.routes:
            match = route.pattern.fullmatch(path)
            if match and route.method in (self.command, "ANY"):
                break
        else:
            return self.send({"statusCode": 404, "headers": {"Content-Type": "application/json"}, "body": '{"message":"Not Found"}'})
        event = event_of(route, self, path, query, match.groupdict())
        try:
            if route.authorizer:
                verdict_of(route, event, self.functions)
            event["body"] = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            return self.send(self.functions.invoke(route.function, event))
        except Refused as refused:
            return self.send(answer_of(route, refused))
        except (FunctionError, OSError, ValueError, AttributeError) as error:
            print(route.key, error, file=sys.stderr, flush=True)
            return self.send({"statusCode": 502 if route.rest else 500, "headers": {"Content-Type": "application/json"}, "body": '{"message":"Internal Server Error"}'})

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve

    def send(self, result):
        body = (result.get("body") or "").encode()
        self.send_response(result["statusCode"])
        for name, value in (result.get("headers") or {}).items():
            self.send_header(name, value)
        for cookie in result.get("cookies") or []:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        """No line for each request."""


def main(template, build, port, emulator, settings):
    made = translated(template)
    with open(settings, encoding="utf-8") as f:
        given = json.load(f)["Parameters"]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    functions = Functions(made["Resources"], build, emulator, given)
    try:
        functions.start()
        Gateway.routes, Gateway.functions = routes_of(made["Resources"]), functions
        # Browsers open connections ahead of need, so each has a thread.
        http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Gateway).serve_forever()
    finally:
        functions.stop()


main(*sys.argv[1:])

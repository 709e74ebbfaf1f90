"""Functions under the emulator that SAM CLI puts into its containers."""

import json
import os
import socket
import subprocess
import threading
import time
import urllib.request


class FunctionError(Exception):
    """The function failed; text is its own error message."""

    def __init__(self, failure):
        super().__init__(failure)
        self.text = failure.get("errorMessage", "")


class Functions:
    def __init__(self, resources, build, emulator, given):
        self.build, self.emulator, self.processes, self.addresses, self.locks = build, emulator, [], {}, {}
        self.variables = {}
        for name, resource in resources.items():
            if resource["Type"] == "AWS::Lambda::Function":
                declared = resource["Properties"].get("Environment", {}).get("Variables", {})
                # Values that CloudFormation would work out are left to the code's defaults.
                texts = {key: value for key, value in declared.items() if isinstance(value, str)}
                self.variables[name] = {**texts, **{key: value for key, value in given.items() if key in declared}}

    def start(self):
        for name, variables in self.variables.items():
            invoke, runtime = free_port(), free_port()
            environment = {
                "PATH": os.environ["PATH"], "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
                "AWS_LAMBDA_FUNCTION_NAME": name, "AWS_LAMBDA_FUNCTION_TIMEOUT": "20", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", **variables,
            }
            self.processes.append(subprocess.Popen([
                self.emulator, "--runtime-interface-emulator-address", f"127.0.0.1:{invoke}", "--runtime-api-address", f"127.0.0.1:{runtime}",
                os.path.join(self.build, name, "bootstrap"),
            ], env=environment))
            wait_for(invoke, name)
            self.addresses[name] = f"http://127.0.0.1:{invoke}/2015-03-31/functions/function/invocations"
            self.locks[name] = threading.Lock()

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()

    def invoke(self, name, event):
        with self.locks[name]:  # parallel calls crash the emulator
            with urllib.request.urlopen(self.addresses[name], json.dumps(event).encode(), timeout=30) as answer:
                result = json.load(answer)
        if isinstance(result, dict) and "errorType" in result:
            raise FunctionError(result)
        return result


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, name):
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"the emulator of {name} did not start")

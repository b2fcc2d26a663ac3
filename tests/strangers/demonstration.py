"""A market to be tried: a demonstration in a folder of its own, on a port that is free."""

import json
import subprocess
import sys
import urllib.request


class Demonstration:
    """A server of its own for one identity; it ends with the block."""

    def __init__(self, market, folder):
        self.market, self.folder = market, folder

    def __enter__(self):
        log = open(self.folder / "server.log", "w")
        command = [self.market, "demo", "--data", self.folder / "data"]
        command += ["--listen", "127.0.0.1:0", "--rate-limits", "false", "--log", "warn"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        for line in self.process.stdout:
            # The last line of the welcome.
            if line.strip().startswith("curl"):
                break
        else:
            sys.exit(f"the demonstration did not start: see {log.name}")
        self.about = json.loads((self.folder / "data" / "demo.json").read_text())
        return self

    def ask(self, method, path, token, body=None, **headers):
        request = urllib.request.Request(self.about["api"] + path, method=method)
        request.add_header("Authorization", f"Bearer {token}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)

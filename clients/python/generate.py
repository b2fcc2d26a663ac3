#!/usr/bin/env python3
"""Makes `market_client/` beside this file from a description: generate.py URL-or-FILE"""

import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from plain import Plain

HERE = Path(__file__).resolve().parent


def main(source):
    is_url = source.startswith(("http://", "https://"))
    text = urllib.request.urlopen(source).read() if is_url else Path(source).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "openapi.json"
        plain.write_text(json.dumps(Plain(json.loads(text)).all()))
        command = ["openapi-python-client", "generate", "--path", plain, "--meta", "none"]
        command += ["--output-path", HERE / "market_client", "--overwrite"]
        command += ["--config", HERE / "generator.yaml"]
        # What it cannot do, it leaves out with a warning: that fails here.
        done = subprocess.run([*command, "--fail-on-warning"], text=True, capture_output=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])

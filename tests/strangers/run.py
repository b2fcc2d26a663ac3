#!/usr/bin/env python3
"""Tries the API as strangers would, from its description alone.

Each of five identities gets a demonstration of its own and Schemathesis with all checks; both
clients are generated and do the main job. What is left of a failed run lies in the folder that is
printed.
"""

import argparse
import concurrent.futures
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from demonstration import Demonstration

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WHO = {
    "anonymous": None,
    "applicant": "applicant",
    "agency": "agency",
    "department": "officer-fire-rescue",
    "operator": "operator",
}
# Whoever is refused for what they send is so before it is looked who they are: one identity tries
# every boundary of every parameter.
FULL = "operator"


def unthrottle(demo):
    """So many wrong passwords come from one address here that nobody could sign in again."""
    token = demo.about["tokens"]["operator"]
    for rule in demo.ask("GET", "/throttles", token)["items"]:
        guards = {"Idempotency_Key": f"t-{rule['name']}", "If_Match": "*"}
        body = {"burst": 1_000_000, "seconds": 1}
        demo.ask("PUT", f"/throttles/{rule['name']}", token, body, **guards)


def schemathesis(name, demo, folder, asked):
    env = {**os.environ, "MARKET_URL": demo.about["url"], "PYTHONPATH": str(HERE)}
    if WHO[name]:
        unthrottle(demo)
        me = demo.ask("GET", "/me", demo.about["tokens"][name])
        own = [me["id"], "operator", "sign_in_pair", "sign_in_address", "sign_in_account"]
        env |= {"MARKET_LOGIN": WHO[name], "MARKET_PASSWORD": demo.about["password"]}
        env |= {"MARKET_OWN": " ".join(own), "MARKET_TOKEN": demo.about["tokens"][name]}
    command = ["schemathesis", "--config-file", HERE / "schemathesis.toml", "run", "--no-color"]
    command += ["--seed", str(asked.seed), "--max-examples", str(asked.examples)]
    if name != FULL and not asked.thorough:
        command += ["--phases", "examples,fuzzing,stateful"]
    command += ["--report", "json", "--report-json-path", folder / "report.json"]
    run([*command, demo.about["url"] + "/api/v1/openapi.json"], folder, env)


def clients(_, demo, folder, asked):
    env = {
        **os.environ,
        "MARKET_URL": demo.about["url"],
        "MARKET_TOKEN": demo.about["tokens"]["applicant"],
        "MARKET_DESCRIPTION": demo.about["url"] + "/api/v1/openapi.json",
    }
    python, typescript = ROOT / "clients/python", ROOT / "clients/typescript"
    run([sys.executable, "generate.py", env["MARKET_DESCRIPTION"]], folder, env, python)
    run(["mypy", "--strict", "--follow-imports=silent", "test_order.py"], folder, env, python)
    run([sys.executable, "test_order.py"], folder, env, python)
    run(["npm", "ci", "--no-audit", "--no-fund"], folder, env, typescript)
    for script in ("generate", "build", "try"):
        run(["npm", "run", "--silent", script], folder, env, typescript)


def run(command, folder, env, place=None):
    with open(folder / "report.txt", "a") as report:
        subprocess.run(command, cwd=place or folder, env=env, stdout=report, stderr=report, check=True)


def attempt(name, market, folder, asked):
    folder = folder / name
    folder.mkdir()
    began = time.monotonic()
    try:
        with Demonstration(market, folder) as demo:
            TRIES[name](name, demo, folder, asked)
    except subprocess.CalledProcessError as why:
        return name, str(why), time.monotonic() - began, folder
    return name, None, time.monotonic() - began, folder


TRIES = {**dict.fromkeys(WHO, schemathesis), "clients": clients}


def finished(pool, tries):
    """The tries as they end; whoever is interrupted begins no more of them."""
    try:
        yield from concurrent.futures.as_completed(tries)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("market", type=Path, help="the program")
    parser.add_argument("--examples", type=int, default=2, help="generated requests per operation and phase")
    parser.add_argument("--only", nargs="+", choices=TRIES, default=sorted(TRIES, key=lambda name: name != FULL))
    parser.add_argument("--thorough", action="store_true", help="every identity tries every boundary")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="market-strangers."))
    market = asked.market.resolve()
    failed = False
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        tries = [pool.submit(attempt, name, market, folder, asked) for name in asked.only]
        for one in finished(pool, tries):
            name, why, seconds, own = one.result()
            print(f"{name:11} {'FAILED' if why else 'ok':6} {seconds:5.0f} s", flush=True)
            if why:
                failed = True
                print((own / "report.txt").read_text()[-20_000:], why, f"see {own}", sep="\n", flush=True)
    if failed:
        sys.exit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()

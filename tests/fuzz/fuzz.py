"""Runs schemathesis against the handler, once as anybody and once as somebody who is signed in, each on a new database.

Fails when schemathesis finds anything, and when it can't have looked: when an operation never succeeded, when a good
token was refused, or when the handler ended or logged an error.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import world
from api import Api

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / os.environ.get("CARGO_TARGET_DIR", "target")
CALLERS = ("anonymous", "signed-in")

# So many seconds has the handler to be ready.
PATIENCE = 10


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100, help="the most cases an operation has in each phase")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes other cases")
    parser.add_argument("--caller", choices=CALLERS, action="append", help="only this one")
    options = parser.parse_args()
    faults = [
        f"{caller}: {fault}"
        for caller in options.caller or CALLERS
        for fault in fuzz(caller, options.cases, options.seed)
    ]
    for fault in faults:
        print(f"FOUND  {fault}")
    sys.exit(1 if faults else 0)


def fuzz(caller, cases, seed):
    """Fuzzes as this caller; answers what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        with handler(folder) as (address, process):
            api = Api(address)
            world.make(api)
            environment = {
                **os.environ,
                "FUZZ_ADDRESS": address,
                "FUZZ_CALLER": caller,
                "FUZZ_TALLY": str(folder / "tally.json"),
            }
            command = [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run"]
            command += [f"{address}/openapi.json", "--max-examples", str(cases), "--seed", str(seed), "--no-color"]
            command += ["--report", "json", "--report-json-path", str(folder / "report.json")]
            print(f"\n== {caller}", flush=True)
            status = subprocess.run(command, cwd=HERE, env=environment, check=False).returncode
            ended = process.poll()
        operations = secured_operations(json.loads((folder / "openapi.json").read_text()))
        faults = [f"schemathesis ended with {status}: see above"] if status != 0 else []
        faults += [f"the handler ended with {ended}"] if ended is not None else []
        faults += [f"the handler logged: {line}" for line in errors(folder / "handler.log")[:10]]
        tally = json.loads((folder / "tally.json").read_text())
        generated = json.loads((folder / "report.json").read_text())["test_cases"]["generated"]
        faults += seen(caller, operations, tally)
        print(f"{caller}: {generated} cases, seed {seed}, {len(faults)} faults", flush=True)
        return faults


def secured_operations(document):
    """The operations of the document: id → whether it needs a token."""
    items = [operation for item in document["paths"].values() for operation in item.values()]
    return {operation["operationId"]: bool(operation.get("security")) for operation in items}


def seen(caller, operations, tally):
    """Prints what was answered how often; answers what shows that the run had no meaning."""
    lost = tally["lost"]
    faults = [f"a good token was refused {len(lost)} times, first by {lost[0]}"] if lost else []
    print(f"{'operation':28} {'2xx':>5} {'4xx':>5}  statuses")
    for operation, secured in operations.items():
        answers = tally["answers"].get(operation, {})
        good = sum(count for status, count in answers.items() if status.startswith("2"))
        refused = sum(count for status, count in answers.items() if status.startswith("4"))
        told = ", ".join(f"{status}: {count}" for status, count in sorted(answers.items()))
        print(f"{operation:28} {good:5} {refused:5}  {told}")
        if secured and caller == "anonymous":
            if set(answers) != {"401"}:
                faults.append(f"{operation} answers {told or 'nothing'} to those without a token, and not only 401")
        elif good == 0:
            faults.append(f"{operation} never succeeded")
    return faults


def errors(log):
    """The lines of a log that tell of an error; a panic is none of its JSON lines."""
    lines = filter(None, log.read_text().splitlines())
    return [line for line in lines if '"level":"ERROR"' in line or not line.startswith("{")]


@contextmanager
def handler(folder):
    """A handler with an empty database on a free port, without limits to how often it may be asked."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": f"sqlite:{folder}/fuzz.db",
        "JWT_SECRET_KEY": "fuzzing, access",
        "JWT_REFRESH_SECRET_KEY": "fuzzing, refresh",
        "RATE_LIMIT_AUTH_PER_MINUTE": "0",
        "RATE_LIMIT_GENERAL_PER_MINUTE": "0",
        "RATE_LIMIT_SEARCH_PER_MINUTE": "0",
        "FUNCTIONS_CUSTOMHANDLER_PORT": str(port),
        "LOG_LEVEL": "info",
    }
    program = TARGET / "debug" / "handler"
    with open(folder / "handler.log", "w", encoding="utf-8") as log:
        subprocess.run([program, "migrate"], env=environment, stdout=log, stderr=log, check=True)
        process = subprocess.Popen([program], env=environment, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            until_ready(Api(address), process)
            (folder / "openapi.json").write_text(json.dumps(Api(address).must("GET", "/openapi.json")))
            yield address, process
        finally:
            process.kill()
            process.wait()


def until_ready(api, process):
    """Waits until the handler says that it is ready."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if api.ask("GET", "/ready")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise RuntimeError("the handler did not become ready")


if __name__ == "__main__":
    main()

"""Runs a processing command and kills it with SIGKILL at a boundary chosen from outside.

Started by the interpreter of the installed add-on in place of `processing/pmreseller`; see test_crash.py. A boundary is
a moment right before or right after something leaves the process: a statement that writes, a commit, an HTTP request, a
call of the panel. They are found by wrapping the three libraries and functions through which everything leaves; our own
code is not touched and knows nothing of it.
"""

import json
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
PLAN = BASE / "tmp" / "crash-plan.json"
WRITES = ("INSERT", "UPDATE", "REPLACE", "DELETE", "CREATE")


class Boundaries:
    """Counts boundaries, writes their names, and ends the process at the planned one."""

    def __init__(self, plan):
        self.kill_at = plan.get("kill_at", -1)
        self.trace = plan.get("trace")
        self.dead = plan.get("dead")
        self.count = 0

    def at(self, name):
        if self.trace:
            with Path(self.trace).open("a") as out:
                out.write(f"{name}\n")
        if self.count == self.kill_at:
            Path(self.dead).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1

    def around(self, function, label):
        def wrapped(*args, **kwargs):
            name = label(*args, **kwargs)
            if name is None:
                return function(*args, **kwargs)
            self.at(f"before {name}")
            result = function(*args, **kwargs)
            self.at(f"after {name}")
            return result

        return wrapped


def statement(cursor, query, args=None):
    words = query.split()
    if words[0].upper() not in WRITES:
        return None
    table = next((word for word in words if word.startswith("reseller_")), "?")
    state = next((str(arg) for arg in args or () if arg in ("sending", "looking", "money", "linked", "opening")), "")
    return f"sql {words[0]} {table} {state}".strip()


def http(adapter, request, *args, **kwargs):
    body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
    func = next((pair[5:] for pair in body.split("&") if pair.startswith("func=")), "?")
    return f"http {func}"


def program(argv, *args, **kwargs):
    words = [word for word in argv[3:] if "=" not in word and not word.startswith("-") and word != "xml"]
    return f"mgrctl {words[0] if words else '?'}"


def main():
    plan = json.loads(PLAN.read_text()) if PLAN.exists() else None
    real = str(BASE / "processing" / "pmreseller.real")
    if plan is not None and "features" not in sys.argv:
        PLAN.unlink()
        import pymysql.connections
        import pymysql.cursors
        import requests.adapters

        boundaries = Boundaries(plan)
        pymysql.cursors.Cursor.execute = boundaries.around(pymysql.cursors.Cursor.execute, statement)
        pymysql.connections.Connection.commit = boundaries.around(
            pymysql.connections.Connection.commit, lambda _: "sql COMMIT"
        )
        requests.adapters.HTTPAdapter.send = boundaries.around(requests.adapters.HTTPAdapter.send, http)
        subprocess.run = boundaries.around(subprocess.run, program)
    # The panel's tree is found from the executable's own place, which this one shares.
    sys.argv[0] = real
    try:
        runpy.run_path(real, run_name="__main__")
    finally:
        # This run passed fewer boundaries than the one that was traced: it is over all the same.
        if plan and plan.get("dead"):
            Path(plan["dead"]).touch()


main()

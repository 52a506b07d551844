"""Runs one of the add-on's executables and kills or stops it at a boundary that was chosen from outside.

A boundary is a moment right before or right after something leaves the process: a statement that writes, a commit, an
HTTP request on its way out, its answer on its way in, a call of the panel. They are found by wrapping the libraries and
functions through which everything leaves; our own code is not touched and knows nothing of it. A boundary's name says
what leaves, and the how-many-eth of its name it is in this process: `before http service.prolong #2`.

What to do stands in a plan, a JSON file in `tmp/chaos` of the panel's tree, which the next process that it is meant for
takes away: `<command>.json`, or `<command>-<service>.json`. `always.json` stays, for all that find no other. Fields:

    at, index   the boundary to end at, by name or by number; neither: none
    how         `kill` (SIGKILL) or `stop` (SIGSTOP; whoever planned it sends SIGCONT)
    trace       a file that gets the name of every boundary, one a line
    sends       a file that gets a JSON line for every HTTP request: its fields, and when it left and was answered
    peaks       a file that gets the most memory that the process has had, in KiB, a line a process
    begun, hit, over   files that get this process's id at its start, at the boundary, and at its end

This file is run by the interpreter of an installed add-on, or by nursery.py; it imports nothing of ours.
"""

import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
import urllib.parse
from collections import Counter
from pathlib import Path

PLANS = "tmp/chaos"
#: by how many seconds the machine's clock is ahead for the processes of a panel; without the file by none
CLOCK = f"{PLANS}/clock"
WRITES = ("INSERT", "UPDATE", "REPLACE", "DELETE", "CREATE")
#: parameters of a statement that tell it from others of the same table
STATES = frozenset(
    [
        "intent",
        "sending",
        "looking",
        "unconfirmed",
        "money",
        "refused",
        "unsent",
        "foreign",
        "leftover",
        "waiting",
        "linked",
        "done",
        "abandoned",
        "opening",
        "live",
        "ended",
    ]
)
#: of a plan; what else somebody calls a process is none
_NAME = re.compile("[a-z0-9._-]{1,60}")
SECRETS = ("authinfo", "password", "passwd")


class Boundaries:
    """Counts boundaries, writes their names, and ends the process at the planned one."""

    def __init__(self, plan):
        self.plan = plan
        self.count = 0
        self.left = 0.0
        self.seen = Counter()

    def at(self, name):
        self.seen[name] += 1
        full = f"{name} #{self.seen[name]}"
        self._append("trace", full)
        if full == self.plan.get("at") or self.count == self.plan.get("index", -1):
            self.count += 1
            self.touch("hit", full)
            os.kill(os.getpid(), signal.SIGSTOP if self.plan["how"] == "stop" else signal.SIGKILL)
            return
        self.count += 1

    def touch(self, mark, more=""):
        """The file appears with its content."""
        if self.plan.get(mark):
            path = Path(self.plan[mark])
            new = path.with_suffix(f".{os.getpid()}")
            new.write_text(f"{os.getpid()} {more}")
            new.rename(path)

    def sent(self, fields):
        if self.plan.get("sends"):
            told = {name: value for name, value in fields.items() if name not in SECRETS}
            self._append("sends", json.dumps({"pid": os.getpid(), "left": self.left, "back": time.time(), **told}))

    def peak(self):
        """The most memory that the process has had, in KiB, as a line of the file `peaks`."""
        if self.plan.get("peaks"):
            import resource

            self._append("peaks", str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))

    def _append(self, what, line):
        if self.plan.get(what):
            handle = os.open(self.plan[what], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(handle, f"{line}\n".encode())
            os.close(handle)

    def around(self, owner, name, label):
        """Make `owner.name` pass a boundary before and after each call that `label` names."""
        function = getattr(owner, name)

        def wrapped(*args, **kwargs):
            called = label(*args, **kwargs)
            if called is None:
                return function(*args, **kwargs)
            self.at(f"before {called}")
            result = function(*args, **kwargs)
            self.at(f"after {called}")
            return result

        setattr(owner, name, wrapped)

    def wrap_http(self):
        """Three boundaries a request: before it leaves, when it has left, when its answer has been read."""
        from http.client import HTTPResponse

        from urllib3.connection import HTTPConnection

        # Whoever has read a whole answer is told so by nothing but this, which close() calls as well.
        send, receive, close = HTTPConnection.request, HTTPConnection.getresponse, HTTPResponse._close_conn  # noqa: SLF001

        def request(connection, method, url, body=None, *args, **kwargs):
            connection.fields = _fields(body)
            func = connection.fields.get("func", "?")
            self.at(f"before http {func}")
            self.left = time.time()
            result = send(connection, method, url, body, *args, **kwargs)
            self.at(f"sent http {func}")
            return result

        def getresponse(connection, *args, **kwargs):
            response = receive(connection, *args, **kwargs)
            response._original_response.fields = connection.fields  # noqa: SLF001 - what is closed
            return response

        def closed(response):
            fields = response.__dict__.pop("fields", None)
            close(response)
            if fields is not None:
                self.sent(fields)
                self.at(f"after http {fields.get('func', '?')}")

        HTTPConnection.request, HTTPConnection.getresponse = request, getresponse
        HTTPResponse._close_conn = closed  # noqa: SLF001 - see above

    def wrap_programs(self):
        """Three boundaries a call of the panel: before mgrctl starts, when it runs, when its answer has been read.

        Other programs are named as well.
        """
        start, communicate = subprocess.Popen.__init__, subprocess.Popen.communicate

        def started(process, argv, *args, **kwargs):
            process.called = _program(argv)
            self.at(f"before {process.called}")
            start(process, argv, *args, **kwargs)
            self.at(f"sent {process.called}")

        def answered(process, *args, **kwargs):
            result = communicate(process, *args, **kwargs)
            self.at(f"after {process.called}")
            return result

        subprocess.Popen.__init__, subprocess.Popen.communicate = started, answered

    def wrap(self):
        import pymysql.connections
        import pymysql.cursors

        self.around(pymysql.cursors.Cursor, "execute", _statement)
        self.around(pymysql.connections.Connection, "commit", lambda _: "sql COMMIT")
        self.wrap_programs()
        self.wrap_http()


def _fields(body):
    text = body.decode() if isinstance(body, bytes) else str(body or "")
    return dict(urllib.parse.parse_qsl(text))


def _statement(cursor, query, args=None):
    words = query.split()
    if words[0].upper() not in WRITES:
        return None
    table = next((word for word in words if word.startswith("reseller_")), "?")
    state = next((str(arg) for arg in args or () if arg in STATES), "")
    return f"sql {words[0]} {table} {state}".strip()


def _program(argv):
    if Path(argv[0]).name != "mgrctl":
        return f"program {Path(argv[0]).name}"
    words = [word for word in argv[3:] if "=" not in word and not word.startswith("-") and word != "xml"]
    return f"mgrctl {words[0] if words else '?'}"


def names(argv, environ):
    """What plans for this process may be called, the narrowest first."""
    kind, words = Path(argv[0]).parent.name, argv[1:]
    if kind == "addon":
        return [environ.get("PARAM_func", "").replace("reseller.", "")]
    if kind == "sbin":
        return words[:1]
    given = dict(zip(words[::2], words[1::2]))
    command = given.get("--command", "")
    return [f"{command}-{given.get('--item', '')}", command]


def taken(base, called):
    """The plan for this process, None without one; nobody else gets it."""
    for name in filter(_NAME.fullmatch, called):
        plan = base / PLANS / f"{name}.json"
        try:
            mine = plan.rename(plan.with_suffix(f".{os.getpid()}"))
        except FileNotFoundError:
            continue
        found = json.loads(mine.read_text())
        mine.unlink()
        return found
    always = base / PLANS / "always.json"
    return json.loads(always.read_text()) if always.exists() else None


def run(real, argv):
    """Run the executable `real` with these arguments, by the plan that is made for it."""
    base = Path(real).resolve().parent.parent
    ahead = base / CLOCK
    if ahead.exists():
        import time_machine

        time_machine.travel(time.time() + float(ahead.read_text())).start()
    plan = taken(base, names(argv, os.environ))
    boundaries = Boundaries(plan or {})
    boundaries.touch("begun")
    if plan is not None:
        boundaries.wrap()
    # The panel's tree is found from the executable's own place, which the real one shares.
    sys.argv = [str(real), *argv[1:]]
    try:
        runpy.run_path(str(real), run_name="__main__")
    finally:
        boundaries.peak()
        boundaries.touch("over")

"""Two stand-in panels and the add-on between them, driven from outside as people and cron drive them.

Tests and the demo share it. It knows the panels as a client, an employee, cron and a database reader do: through
mgrctl, HTTP and SQL, and never through our own modules.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import requests
from lxml import etree

from tests.support import telling

ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 60
#: how long a test waits for what must come: no figure that is tested, so it leaves room for a busy machine
WAIT_SECONDS = 60
TARIFFS = ("VDS-1", "VDS-2", "ISPmanager Lite")
#: names a file with a pickled Shop whose panels outlive the run (tests/quality/lane.py)
KEPT = "RESELLER_KEPT_SHOP"
#: between runs of checkevent: one takes longer than this, and nothing that it waits for is quicker
CRON_PAUSE = 0.2
#: short waits, so that what takes minutes for an operator takes seconds here; the figures are not what is tested
QUICK = {
    # A busy machine may take many seconds for an answer; a test of one that is too late says how late that is.
    "order_seconds": 40,
    "read_seconds": 40,
    "look_seconds": 1,
    "unsent_first_seconds": 1,
    "unsent_growth": 1,
    "unsent_times": 3,
    "stale_intent_seconds": 2,
    "panel_away_seconds": 10,
    "circuit_seconds": 1,
    "part_look_seconds": 1,
    "part_pause_seconds": 0,
    "account_wait_seconds": 10,
    "stuck_seconds": 0,
    "land_seconds": 2,
    # Tests make and break tariffs all the time; the one of the daily look asks for it.
    "tariff_look_seconds": 0,
    # Tests put services and charges at the seller past any order.
    "expense_look_seconds": 0,
    "buy_least": 1000,
    "change_percent": 100,
    "stop_percent": 100,
    # What other tests leave must not speak for what this one does.
    "many_services": 1_000_000,
    "close_percent": 100,
}
#: where a text names a fact of its case: `__item__`, `__remote__`
GAP = re.compile("__[a-z][a-z0-9_]*?__")


class Refused(Exception):
    """A function of a panel answered an error."""

    def __init__(self, func: str, error: Any) -> None:
        self.type = error.get("type", "")
        self.object = error.get("object", "")
        self.text = (error.findtext("msg") or "").strip()
        super().__init__(f"{func}: {self.type} {self.object} {self.text}")


@dataclass(frozen=True)
class PanelAt:
    """One panel of the sandbox, as `sandbox.json` describes it."""

    name: str
    base: Path
    url: str
    http_url: str
    ca: str
    database: str
    socket: str
    accounts: dict[str, dict[str, Any]]

    def call(self, func: str, /, secrets: dict[str, str] | None = None, **params: Any) -> Any:
        """A function through mgrctl as root; raises Refused."""
        argv = [str(self.base / "sbin/mgrctl"), "-m", "billmgr", "-o", "xml", func]
        argv += [f"{name}={value}" for name, value in params.items()]
        environment = dict(os.environ)
        for name, value in (secrets or {}).items():
            environment[f"WORLD_{name}"] = value
            argv += ["-e", f"{name}=$WORLD_{name}"]
        done = subprocess.run(argv, capture_output=True, env=environment, timeout=60, check=False)
        try:
            root = etree.fromstring(done.stdout)
        except etree.XMLSyntaxError as error:
            raise AssertionError(f"{func}: {done.stdout!r} {done.stderr!r}") from error
        # The panel shows its own texts both ways.
        said = [elem.text or "" for elem in root.iter(etree.Element) if elem.tag != "group"]
        assert not GAP.search(" ".join(said)), done.stdout
        found = root.find("error")
        if found is not None:
            raise Refused(func, found)
        return root

    def ask(self, func: str, /, user: str = "", **params: Any) -> Any:
        """A function over HTTPS as one of the accounts, or with what `params` have for a session; the document."""
        if user:
            params["authinfo"] = f"{user}:{self.accounts[user]['password']}"
        fields = {"func": func, "out": "xml", **params}
        return etree.fromstring(requests.post(self.url, data=fields, verify=self.ca, timeout=60).content)

    def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        """Rows of the panel's database."""
        with contextlib.closing(self.connect()) as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute(sql, args)
            return list(cursor.fetchall())

    def value(self, sql: str, *args: object) -> Any:
        """The first column of the first row, None without one."""
        found = self.rows(sql, *args)
        return next(iter(found[0].values())) if found else None

    def write(self, sql: str, *args: object) -> int:
        """A direct change of the database: what a restored dump or a hand in MySQL does."""
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            return int(cursor.execute(sql, args))

    def connect(self) -> Any:
        """A connection with the panel's own credentials."""
        config = dict(
            line.split(None, 1)
            for line in (self.base / "etc/billmgr.conf").read_text().splitlines()
            if len(line.split(None, 1)) == 2
        )
        return pymysql.connect(
            unix_socket=config["DBSocket"],
            user=config["DBUser"],
            password=config["DBPassword"],
            database=config["DBName"],
            autocommit=True,
            ssl_disabled=True,
        )

    def run(self, *argv: str, stdin: bytes = b"", seconds: float = 60) -> subprocess.CompletedProcess[bytes]:
        """A program of the panel's tree, as the panel starts it: in its tree, by a relative path."""
        done = subprocess.run(
            [f"./{argv[0]}", *argv[1:]], cwd=self.base, input=stdin, capture_output=True, timeout=seconds, check=False
        )
        assert not GAP.search((done.stdout + done.stderr).decode(errors="replace")), done
        assert not telling.shows(done.stdout + done.stderr, telling.given), "a secret is shown"
        return done


def panel_at(facts: dict[str, Any], name: str) -> PanelAt:
    """The panel of this name, of the sandbox that `sandbox.json` describes."""
    panel = facts["panels"][name]
    return PanelAt(
        name,
        Path(panel["base"]),
        panel["url"],
        panel["http_url"],
        panel["ca"],
        panel["database"],
        facts["mysql"]["socket"],
        panel["accounts"],
    )


class Sandbox:
    """A running sandbox process; `panels[name]` is the description of a panel."""

    def __init__(self, root: Path, *panels: str, seconds: float = START_SECONDS, tcp: bool = False) -> None:
        self.root = root
        words = [word for name in panels for word in ("--panel", name)] + ["--tcp"] * tcp
        argv = [sys.executable, "-m", "sandbox", "up", "--root", str(root), *words]
        self.output = (root.parent / f"{root.name}.out").open("w+b")
        self.process = subprocess.Popen(argv, cwd=ROOT, stdout=self.output, stderr=subprocess.STDOUT)
        self.facts = self._ready(seconds)
        self.panels: dict[str, dict[str, Any]] = self.facts["panels"]
        #: what the panels run on: name and version
        self.server: str = self.facts["mysql"]["server"]

    def _ready(self, seconds: float) -> dict[str, Any]:
        description = self.root / "sandbox.json"
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(FileNotFoundError, ValueError):
                facts: dict[str, Any] = json.loads(description.read_text())
                if facts.get("ready") and facts.get("pid") == self.process.pid:
                    return facts
            time.sleep(0.05)
        self.output.seek(0)
        raise AssertionError(f"the sandbox did not start: {self.output.read().decode(errors='replace')}")

    def at(self, name: str) -> PanelAt:
        """The panel of this name."""
        return panel_at(self.facts, name)

    def stop(self) -> int:
        """End it as Ctrl-C does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(WAIT_SECONDS)
        self.output.close()
        return code


def install(base: Path, variables: dict[str, str] | None = None) -> None:
    """Put the add-on into a panel's tree as an operator does; `variables` as environment.variables() has them."""
    done = make("install", f"PREFIX={base}", variables=variables)
    assert done.returncode == 0, done.stdout + done.stderr


def make(*words: str, variables: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `make` as an operator does: without the variables of the `make test` that we may be running under."""
    inherited = {
        "MAKEFLAGS",
        "MAKELEVEL",
        "MFLAGS",
        "PREFIX",
        "CRONDIR",
        "LOGROTATEDIR",
        "CHECKEVENT",
        "SETREMOTEID",
        "WHEELS",
        "PYTHON",
    }
    bare = {name: value for name, value in os.environ.items() if name not in inherited}
    environment = {**bare, **(variables or {})}
    return subprocess.run(["make", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@dataclass
class Shop:
    """A reselling panel with one connected module, its seller, and the seller's account it buys with."""

    here: PanelAt
    there: PanelAt
    module: int
    buyer: str
    tariffs: dict[str, int]

    # What people do.

    def order(self, itemtype: str, tariff: str = "", *, client: str = "client1", **fields: Any) -> int:
        """A client's order on the reselling panel; the service's number."""
        tariff = tariff or {"vds": "VDS-1", "soft": "ISPmanager Lite"}[itemtype]
        defaults: dict[str, Any] = {
            "vds": {"domain": f"n{time.monotonic_ns()}.example.com", "ostempl": "ISPsystem__Debian-12-amd64"},
            "soft": {"ip": "192.0.2.77", "licname": f"lic{time.monotonic_ns()}"},
        }[itemtype]
        answer = self.here.call(
            f"{itemtype}.order.param",
            pricelist=self.tariffs[tariff],
            **{"period": 1, "datacenter": self.datacenter, **defaults, **fields},
            skipbasket="on",
            su=client,
            sok="ok",
        )
        return int(answer.findtext("id"))

    def act(self, kind: str, item: int, *, client: str = "client1") -> None:
        """A client suspends, resumes, closes or prolongs a service on the reselling panel."""
        itemtype = self.here.value(
            "SELECT t.intname FROM item i JOIN pricelist p ON p.id = i.pricelist "
            "JOIN itemtype t ON t.id = p.itemtype WHERE i.id = %s",
            item,
        )
        func = {"close": f"{itemtype}.delete", "prolong": "service.prolong"}.get(kind, f"{itemtype}.{kind}")
        more: dict[str, Any] = {"period": 1, "skipbasket": "on"} if kind == "prolong" else {}
        self.here.call(func, elid=item, sok="ok", su=client, **more)

    @property
    def datacenter(self) -> int:
        """A data centre of the panel, which clients have to choose."""
        return int(self.here.value("SELECT MIN(id) FROM datacenter"))

    def checkevent(self) -> str:
        """What cron runs; its summary."""
        return self.here.call("checkevent").findtext("summary") or ""

    def start(self, item: int) -> None:
        """Start on the service's operation, and wait until its try is over."""
        operation = self.operation(item)
        assert operation, f"service {item} has no operation"
        self.here.call("runningoperation.start", elid=operation["id"], sok="ok")
        self.rest(item)

    def ctl(self, *argv: str) -> subprocess.CompletedProcess[bytes]:
        """The operator's command."""
        return self.here.run("sbin/resellerctl", *argv)

    def status(self) -> dict[str, Any]:
        """What `status` says of this shop's module."""
        found = json.loads(self.ctl("status", "--json").stdout)
        return next(each for each in found if each["module"] == self.module)

    def open(self, item: int) -> subprocess.CompletedProcess[bytes]:
        """The module's `open`, run by hand as the panel would."""
        operation = self.operation(item)
        number = operation["id"] if operation else 0
        return self.here.run(
            "processing/pmreseller", "--command", "open", "--item", str(item), "--runningoperation", str(number)
        )

    # What there is.

    def item(self, item: int) -> dict[str, Any]:
        """The service's row."""
        return self.here.rows("SELECT * FROM item WHERE id = %s", item)[0]

    def params(self, item: int) -> dict[str, str]:
        """Its parameters."""
        return {
            row["intname"]: row["value"]
            for row in self.here.rows("SELECT intname, value FROM itemparam WHERE item = %s", item)
        }

    def operation(self, item: int) -> dict[str, Any] | None:
        """Its running operation."""
        found = self.here.rows("SELECT * FROM runningoperation WHERE item = %s", item)
        return found[0] if found else None

    def error(self, item: int) -> str:
        """What its operation says."""
        operation = self.operation(item)
        return (operation or {}).get("errorxml") or ""

    def tasks(self, item: int) -> list[dict[str, Any]]:
        """Its open tasks."""
        return self.here.rows("SELECT * FROM task WHERE item = %s AND status <> 2", item)

    def request(self, item: int) -> dict[str, Any] | None:
        """The newest row of the ledger for it."""
        found = self.here.rows("SELECT * FROM reseller_request WHERE item = %s ORDER BY id DESC LIMIT 1", item)
        return found[0] if found else None

    def links(self, item: int) -> list[dict[str, Any]]:
        """Its live links."""
        return self.here.rows("SELECT * FROM reseller_link WHERE item = %s AND live = 1", item)

    def remotes(self, item: int) -> list[dict[str, Any]]:
        """Services at the seller that name it, deleted ones too."""
        return self.there.rows(
            "SELECT id, status, remoteid FROM item WHERE parent IS NULL AND (remoteid = %s OR remoteid LIKE %s)",
            str(item),
            f"{item}-%",
        )

    def charges(self, item: int) -> list[dict[str, str]]:
        """What the seller's journal says was charged for it."""
        root = self.there.call("sandbox.journal")
        rows = [{node.tag: node.text or "" for node in elem} for elem in root.iterfind("elem")]
        return [
            row
            for row in rows
            if row["event"] == "charge" and (row["remoteid"] == str(item) or row["remoteid"].startswith(f"{item}-"))
        ]

    # Waiting.

    def rest(self, item: int, seconds: float = WAIT_SECONDS) -> None:
        """Wait until the panel has nothing running for the service: no operation, or one that it leaves alone."""
        until(lambda: self._resting(item), f"service {item} does not come to rest", seconds)

    def _resting(self, item: int) -> bool:
        operation = self.operation(item)
        return operation is None or (operation["manual"] == "on" and not operation["run_pid"])

    def until_done(self, item: int, seconds: float = WAIT_SECONDS) -> None:
        """Run checkevent as cron does until the service has no operation any more, and who ended it is done with it."""

        def done() -> bool:
            self.checkevent()
            return self.operation(item) is None and not self.is_held(item)

        until(done, f"the operation of service {item} does not end: {self.error(item)}", seconds, CRON_PAUSE)

    def is_held(self, item: int) -> bool:
        """Whether a process that lives has the service's lease."""
        sql = "SELECT owner FROM reseller_lease WHERE name = %s AND expires > UTC_TIMESTAMP(3)"
        owner = (self.here.value(sql, f"item:{item}") or "").split()
        return len(owner) > 1 and Path(f"/proc/{owner[1]}").exists()

    def until_unconfirmed(self, item: int) -> None:
        """Run checkevent as cron does until its order is given up as not confirmed."""

        def given_up() -> bool:
            self.checkevent()
            request = self.request(item)
            return request is not None and request["state"] == "unconfirmed"

        until(given_up, f"the order of service {item} is looked for for ever", pause=CRON_PAUSE)

    def until_active(self, item: int, seconds: float = WAIT_SECONDS) -> None:
        """Run checkevent as cron does until the service is active."""

        def active() -> bool:
            self.checkevent()
            return bool(self.item(item)["status"] == 2) and not self.is_held(item)

        until(active, f"service {item} does not become active: {self.error(item)}", seconds, CRON_PAUSE)


def until(holds: Any, otherwise: str, seconds: float = WAIT_SECONDS, pause: float = 0.05) -> None:
    """Wait until `holds()`; AssertionError with the reason when it never does."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(pause)


def limits(panel: PanelAt, **chosen: int) -> None:
    """Set the add-on's limits: the quick ones, and those given."""
    lines = [f"{name} {value}" for name, value in {**QUICK, **chosen}.items()]
    (panel.base / "etc/reseller.conf").write_text("\n".join(lines) + "\n")


def connect(here: PanelAt, there: PanelAt, buyer: str, password: str, **settings: Any) -> int:
    """Add a processing module by the panel's own form; its number. Raises Refused with what the check said."""
    fields = {"url": there.url, "username": buyer, "cafile": there.ca, "acts": "on", **settings}
    answer = here.call(
        "processing.add.settings",
        secrets={"password": password},
        clicked_button="finish",
        module="pmreseller",
        name=f"seller as {buyer}",
        datacenter=here.value("SELECT MIN(id) FROM datacenter"),
        sok="ok",
        **fields,
    )
    telling.given.add(password)
    return int(answer.findtext("id"))


def connected(here: PanelAt, there: PanelAt) -> Shop:
    """The panels of a test: quick, a module connected to the seller's buyer, three tariffs sold."""
    quicken(here, there)
    module = connect(here, there, "buyer", there.accounts["buyer"]["password"])
    return Shop(here, there, module, "buyer", sell(here, there, module, TARIFFS))


def quicken(here: PanelAt, there: PanelAt) -> None:
    """Short waits on both sides."""
    limits(here)
    here.call("sandbox.switch", name="retry_seconds", value="0.3")
    for name in ("provision_seconds", "lickey_seconds"):
        there.call("sandbox.switch", name=name, value="0.2")


def sell(here: PanelAt, there: PanelAt, module: int, names: tuple[str, ...]) -> dict[str, int]:
    """Sell tariffs through the module under the seller's names, with everything mapped; their numbers here."""
    numbers = {}
    for name in names:
        mine = int(here.value("SELECT id FROM pricelist WHERE name = %s AND parent IS NULL", name))
        theirs = there.value("SELECT id FROM pricelist WHERE name = %s AND parent IS NULL", name)
        place = there.value("SELECT MIN(id) FROM datacenter")
        here.call(
            "pricelist.edit",
            elid=mine,
            processingmodule=module,
            reseller_pricelist=theirs,
            reseller_datacenter=place,
            sok="ok",
        )
        done = here.run("sbin/resellerctl", "map", str(mine), "--yes")
        assert done.returncode == 0, done.stderr.decode()
        numbers[name] = mine
    return numbers

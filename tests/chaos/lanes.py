"""Lanes: pairs of panels, a seller and a reseller with the add-on, that know nothing of each other.

What is tried runs in many of them at once, one thing at a time in each, so faults, switches, clocks, limits and cron
runs of one never reach another. All of them are one sandbox and share its database server.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql

from tests.chaos.nursery import PLANS, Nursery
from tests.chaos.plant import plant
from tests.support import world
from tests.support.world import ROOT, PanelAt, Shop

SERVER, LARGER, LICENCE = "VDS-1", "VDS-1 more memory", "ISPmanager Lite"
#: a server whose every month is bought as three
QUARTERLY = "VDS-1 by the quarter"
#: LARGER is SERVER with another size of memory and the same disk: a service can be moved between them
_LARGER_ADDONS = "mem:int:2048:16384:0.002,disk:int:30:500:0.05,ip:int:1:8:1.5"
PLENTY = 10_000_000
#: where a lane is calm; what a try needs otherwise it says itself
CALM = {
    **world.QUICK,
    "order_seconds": 8,
    "read_seconds": 8,
    "lease_seconds": 30,
    "run_seconds": 30,
    "document_bytes": 200_000,
    "unsent_times": 6,
    "lock_wait_seconds": 1,
}
SWITCHES = {
    "here": {"retry_seconds": "0.2", "queue_workers": "8", "addon_change": "charged"},
    "there": {"provision_seconds": "0", "lickey_seconds": "0", "addon_change": "charged", "keychange_limit": "1000"},
}


@dataclass(frozen=True)
class Plan:
    """What one process is to do, and how to learn that it has."""

    folder: Path
    number: int

    def file(self, what: str) -> Path:
        return self.folder / f"{self.number}.{what}"

    @property
    def hit(self) -> bool:
        """Whether the boundary was met."""
        return self.file("hit").exists()

    @property
    def over(self) -> bool:
        """Whether the process came to its end, or met the boundary."""
        return self.hit or self.ended

    @property
    def met(self) -> str:
        """Name of the boundary that was met."""
        return self.file("hit").read_text().split(" ", 1)[1] if self.hit else ""

    @property
    def pid(self) -> int:
        """The process that met it."""
        return int(self.file("hit").read_text().split()[0])

    def trace(self) -> list[str]:
        """Boundaries passed so far."""
        path = self.file("trace")
        return path.read_text().splitlines() if path.exists() else []

    @property
    def begun(self) -> bool:
        """Whether a process has taken it."""
        return self.file("begun").exists()

    @property
    def ended(self) -> bool:
        """Whether the process came to its end by itself, also after it was stopped and woken."""
        return self.file("over").exists()

    def wake(self) -> None:
        """Let a stopped process go on."""
        os.kill(self.pid, signal.SIGCONT)


class Lane:
    """One pair of panels; `shop` drives them as people do, what is here watches and plans."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.here, self.there = shop.here, shop.there
        self._connections: dict[str, Any] = {}
        self._asking = threading.Lock()
        self._numbers = itertools.count(time.time_ns())
        self._plans = self.here.base / PLANS
        self._made: list[Plan] = []
        #: services here that nothing is going on with, by status
        self.idle: dict[int, list[int]] = {2: [], 3: []}
        #: services of tries that ended well, with what was tried with them
        self.ended: dict[int, list[str]] = {}
        #: fields of the next orders
        self.wishes: dict[str, str] = {}
        #: what the seller may be paid for a service beyond what its client paid for, by kind (journal.py)
        self.granted: dict[int, dict[str, int]] = {}
        #: what happens right after the next act, while its command runs
        self.after_act: Callable[[], object] | None = None
        #: limits beside the calm ones
        self.chosen: dict[str, int] = {}
        #: limits of one whole try, given to it by its fault
        self.usual: dict[str, int] = {}

    def ask(self, panel: PanelAt, sql: str, *args: object) -> list[dict[str, Any]]:
        """Rows of a panel's database, over a connection that is kept; the thread of a command asks as well."""
        with self._asking:
            return self._asked(panel, sql, *args)

    def _asked(self, panel: PanelAt, sql: str, *args: object) -> list[dict[str, Any]]:
        if panel.name not in self._connections:
            self._connections[panel.name] = panel.connect()
        with self._connections[panel.name].cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute(sql, args)
            return list(cursor.fetchall())

    def plan(self, name: str, **what: Any) -> Plan:
        """Have the next process of this name (boundaries.py) do so."""
        made = Plan(self._plans, next(self._numbers))
        self._made.append(made)
        files = {mark: str(made.file(mark)) for mark in ("begun", "hit", "over", "trace")}
        new = self._plans / f"{made.number}.new"
        new.write_text(json.dumps({**files, **what}))
        new.rename(self._plans / f"{name}.json")
        return made

    def unplan(self) -> None:
        """Nothing that was planned happens any more."""
        for path in self._plans.glob("*.json"):
            path.unlink(missing_ok=True)

    def limits(self, **chosen: int) -> None:
        """The add-on's limits in this lane: calm, those of the try, and those given."""
        self.chosen = chosen
        world.limits(self.here, **{**CALM, **self.usual, **chosen})

    def calm(self) -> None:
        """Money on both sides, no fault, no plan, nothing stopped, every limit as at the start."""
        self.unplan()
        for plan in self._made:
            if plan.hit:
                with contextlib.suppress(ProcessLookupError):
                    plan.wake()
        self._made.clear()
        self.there.call("sandbox.fault.clear")
        self.limits()
        self.top_up()

    @property
    def moves_late(self) -> bool:
        """Whether the panel moves a service's date only when a renewal's operation ends; half of the panels do.

        In pairs, so that each of lives.py's policies meets both.
        """
        return int(self.here.name.rpartition("reseller")[2]) // 2 % 2 == 1

    def top_up(self) -> None:
        """Money enough for everything."""
        self.there.call("sandbox.balance", user=self.shop.buyer, value=PLENTY)
        self.here.call("sandbox.balance", user="client1", value=PLENTY)

    @contextlib.contextmanager
    def switched(self, panel: PanelAt, **switches: str) -> Iterator[None]:
        """Switches of a panel for as long as the block lasts."""
        before = {name: panel.call("sandbox.switch", name=name).findtext("value") for name in switches}
        for name, value in switches.items():
            panel.call("sandbox.switch", name=name, value=value)
        try:
            yield
        finally:
            for name, value in before.items():
                panel.call("sandbox.switch", name=name, value=value)

    def itemtype(self, item: int) -> str:
        """Type of a service, as the panel calls it."""
        sql = "SELECT t.intname FROM item i JOIN pricelist p ON p.id = i.pricelist JOIN itemtype t ON t.id = p.itemtype"
        return str(self.ask(self.here, f"{sql} WHERE i.id = %s", item)[0]["intname"])

    def forget(self, item: int) -> None:
        """Whatever is left open of a service, on either side, must not disturb what comes next."""
        remotes = self.ask(self.there, "SELECT id FROM item WHERE remoteid LIKE %s", f"{item}-%")
        for panel, number in ((self.here, item), *((self.there, row["id"]) for row in remotes)):
            panel.write("DELETE FROM task WHERE item = %s", number)
            panel.write("DELETE FROM runningoperation WHERE item = %s", number)
            panel.write("UPDATE item SET status = 4 WHERE id = %s", number)
        self.here.write("UPDATE reseller_request SET live = NULL, state = 'abandoned' WHERE item = %s", item)
        self.here.write("UPDATE reseller_link SET live = NULL, state = 'ended' WHERE item = %s AND live = 1", item)

    def clear(self) -> None:
        """Forget the services that are kept for the next try, and what is to be played of earlier ones."""
        for item in {*self.ended, *(item for idle in self.idle.values() for item in idle)}:
            self.forget(item)
        self.ended.clear()
        for idle in self.idle.values():
            idle.clear()

    def overdue(self, item: int) -> None:
        """As if a service had not been read in full for longer than any other: the next run of checkevent does."""
        self.here.write("UPDATE reseller_observation SET deep = '2000-01-01', tried = NULL WHERE item = %s", item)

    def leased(self, pid: int) -> bool:
        """Whether this process holds a lease."""
        sql = "SELECT COUNT(*) AS held FROM reseller_lease WHERE owner LIKE %s AND expires > UTC_TIMESTAMP(3)"
        return bool(self.ask(self.here, sql, f"% {pid} %")[0]["held"])


def _connected(here: PanelAt, there: PanelAt) -> Lane:
    for panel, side in ((here, "here"), (there, "there")):
        for name, value in SWITCHES[side].items():
            panel.call("sandbox.switch", name=name, value=value)
        place = panel.value("SELECT MIN(id) FROM datacenter")
        like = {"itemtype": "vds", "price": 15, "periods": "1,3", "datacenter": place, "addons": _LARGER_ADDONS}
        for name in (LARGER, QUARTERLY):
            panel.call("sandbox.tariff", name=name, **like)
    world.limits(here, **CALM)
    module = world.connect(here, there, "buyer", there.accounts["buyer"]["password"])
    tariffs = world.sell(here, there, module, (SERVER, LARGER, QUARTERLY, LICENCE))
    lane = Lane(Shop(here, there, module, "buyer", tariffs))
    here.call("sandbox.switch", name="prolong_runs", value="operation" if lane.moves_late else "at_once")
    # Three months are sold, and bought one by one.
    assert lane.shop.ctl("map", str(tariffs[SERVER]), "period", "3", "1").returncode == 0
    assert lane.shop.ctl("map", str(tariffs[QUARTERLY]), "period", "1", "3").returncode == 0
    lane.calm()
    return lane


def attach(root: Path, number: int) -> Lane:
    """The lane of a running arena, for another process."""
    facts = json.loads((root / "root/sandbox.json").read_text())
    here, there = world.panel_at(facts, f"reseller{number}"), world.panel_at(facts, f"seller{number}")
    module = here.value("SELECT id FROM processingmodule WHERE module = 'pmreseller'")
    rows = here.rows("SELECT id, name FROM pricelist WHERE parent IS NULL")
    return Lane(Shop(here, there, module, "buyer", {row["name"]: row["id"] for row in rows}))


class Arena:
    """A sandbox of `count` lanes."""

    def __init__(self, root: Path, count: int, tree: Path = ROOT) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        names = [f"{side}{number}" for number in range(1, count + 1) for side in ("seller", "reseller")]
        started = time.monotonic()
        self.sandbox = world.Sandbox(root / "root", *names, seconds=world.START_SECONDS * count)
        self.nursery = Nursery(root)
        self.lanes: list[Lane] = []
        try:
            for number in range(1, count + 1):
                here, there = self.sandbox.at(f"reseller{number}"), self.sandbox.at(f"seller{number}")
                plant(tree, here, self.nursery)
                self.lanes.append(_connected(here, there))
        except BaseException:
            self.stop()
            raise
        self.seconds = time.monotonic() - started

    def stop(self) -> None:
        """End everything that was started."""
        self.nursery.stop()
        self.sandbox.stop()

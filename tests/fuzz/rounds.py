"""One round of the fuzzer: something is asked of the add-on while its seller talks nonsense, and is judged.

A finding is a traceback, a process that does not end in time, too much memory, an answer that is no document, an output
with a control character or a secret, or something done at the seller that no request of the ledger asked for.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from reseller.limits import Limits
from reseller.pages.functions import FUNCTIONS
from reseller.processing import COMMANDS
from tests.chaos.commands import ACTIVE, press, resize, take
from tests.chaos.lanes import CALM, Lane
from tests.chaos.settle import is_quiet, rest, standing
from tests.fuzz import values
from tests.fuzz.between import Between
from tests.support import world

#: a process that has not ended by then hangs: longer than every bound that LIMITS sets, on a busy machine
HANG_SECONDS = 120
MOST_MEMORY_KIB = 150 * 1024
LIMITS = {
    **CALM,
    "connect_seconds": 2,
    "read_seconds": 3,
    "order_seconds": 3,
    "list_seconds": 6,
    "run_seconds": 15,
    "circuit_times": 1000,
    "document_bytes": 2_000_000,
    "mgrctl_seconds": 30,
}
_CLI = (
    ("status",),
    ("status", "--json"),
    ("audit",),
    ("audit", "--fix"),
    ("requests",),
    ("requests", "ITEM"),
    ("plan",),
    ("paid",),
    ("map", "TARIFF"),
    ("map", "TARIFF", "--yes"),
    ("link", "--discover"),
    ("link", "ITEM", "ITEM"),
    ("reorder", "ITEM"),
    ("swap", "ITEM", "--to", "manual"),
    ("account", "move", "MODULE"),
    ("checkevent",),
    ("checkevent", "--json"),
)
#: calls of a seller that change a service, by the request that has to be there for it
_NEEDS = {
    "vds.suspend": "'suspend', 'resume'",
    "vds.resume": "'suspend', 'resume'",
    "vds.delete": "'close', 'order'",
    "service.prolong": "'prolong', 'part'",
    "v2.vds.order.param": "'order'",
    "vds.order.param": "'order'",
    "service.reboot": "'reboot'",
    "service.changepassword": "'changepassword'",
}
_JOURNAL = "SELECT id, func, item, remoteid FROM sandbox_journal.entry WHERE panel = %s AND id > %s ORDER BY id"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
#: what the panel and the ledger keep of what was said
_KEPT = (
    "SELECT params FROM task",
    "SELECT errorxml FROM runningoperation WHERE errorxml IS NOT NULL",
    "SELECT CONCAT_WS(' ', error, params, here, there) FROM reseller_problem",
    "SELECT CONCAT_WS(' ', error_type, detail, answer, was, promise) FROM reseller_request",
)


@dataclass
class Outcome:
    """What one round was, and its findings in sentences."""

    number: int
    what: str = ""
    findings: list[str] = field(default_factory=list)


class Fuzz:
    """Rounds in one lane whose module is connected through `between`; round N of a seed is always the same."""

    def __init__(self, lane: Lane, seed: int) -> None:
        self.lane, self.seed = lane, seed
        self.here, self.there = lane.here, lane.there
        self.between = Between(self.there.http_url)
        fields: dict[str, Any] = {"url": self.between.url, "plainhttp": "on", "cafile": "", "sok": "ok"}
        self.here.call("processing.edit", elid=lane.shop.module, **fields)
        self.hang_seconds = HANG_SECONDS
        self.secret = self.there.accounts["buyer"]["password"]
        self.between.secrets = [self.secret]
        self._log = self.here.base / "var/reseller.log"
        self._peaks = self.here.base / "tmp/chaos/peaks"
        world.limits(self.here, **LIMITS)
        (self.here.base / "tmp/chaos/always.json").write_text(f'{{"peaks": "{self._peaks}"}}')
        self.kinds: tuple[Callable[[random.Random], list[str]], ...] = (
            *(self.operation,) * 4,
            *(self.cron,) * 3,
            *(self.command_line,) * 2,
            *(self.handler,) * 2,
            self.module_arguments,
            self.settings,
            self.endless_list,
        )

    def close(self) -> None:
        """The module's seller is at its own address again, and nothing listens between them."""
        self.between.calm()
        self.lane.clear()
        self.between.shutdown()
        self.between.server_close()
        (self.here.base / "tmp/chaos/always.json").unlink()
        fields: dict[str, Any] = {"url": self.there.url, "plainhttp": "off", "cafile": self.there.ca, "sok": "ok"}
        self.here.call("processing.edit", elid=self.lane.shop.module, **fields)
        self.lane.calm()

    def round(self, number: int, kind: Callable[[random.Random], list[str]] | None = None) -> Outcome:
        """One round; its services are forgotten unless they are as they were."""
        chance = random.Random(f"{self.seed}:{number}")
        kind = kind or chance.choice(self.kinds)
        self._item = take(self.lane, ACTIVE)
        since, logged = self._last_entry(), self._log.stat().st_size if self._log.exists() else 0
        self._peaks.unlink(missing_ok=True)
        self.between.changed.clear()
        self.between.chance = random.Random(f"{self.seed}:{number}:answers")
        outcome = Outcome(number, kind.__name__)
        try:
            said = [*kind(chance), *self._rest()]
        finally:
            self.between.calm()
        outcome.what += f" of service {self._item}, changed: {', '.join(self.between.changed) or 'nothing'}"
        outcome.findings = [*said, *self._judge(since, logged)]
        self._leave()
        return outcome

    def _last_entry(self) -> int:
        return int(self.here.value("SELECT COALESCE(MAX(id), 0) FROM sandbox_journal.entry") or 0)

    def _rest(self) -> list[str]:
        """Wait until the panel has nothing running for the service; what is wrong when it always has."""
        try:
            rest(self.lane, self._item, self.hang_seconds)
        except AssertionError as error:
            return [str(error)]
        return []

    def _leave(self) -> None:
        self.here.write("DELETE FROM reseller_circuit")
        rows = standing(self.lane, self._item)
        if is_quiet(rows) and rows[0]["status"] == ACTIVE and rows[0]["link"] == "live":
            self.lane.idle[ACTIVE].append(self._item)
        else:
            self.lane.forget(self._item)
        self.here.write("DELETE FROM reseller_problem")
        self.here.write("DELETE FROM task")

    # What is asked of the add-on.

    def operation(self, chance: random.Random) -> list[str]:
        """The panel's queue runs a command, and cron after it."""
        act = chance.choice(("open", "prolong", "suspend", "close", "setparam", "reboot", "changepassword"))
        if act == "open":
            self.lane.idle[ACTIVE].append(self._item)
            self._item = self.lane.shop.order("vds")
        elif act == "setparam":
            resize(self.lane, self._item)
        elif act in ("reboot", "changepassword"):
            press(self.lane, self._item, act)
        else:
            self.lane.shop.act(act, self._item)
        return [*self._rest(), *self._run("sbin/resellerctl", "checkevent")]

    def cron(self, chance: random.Random) -> list[str]:
        """A run of checkevent, over a service that is overdue, and one that has changed."""
        self.lane.overdue(self._item)
        if chance.random() < 0.5:
            self.there.call("sandbox.item", item=standing(self.lane, self._item)[0]["remote"], employeesuspend="on")
        return self._run("sbin/resellerctl", "checkevent")

    def command_line(self, chance: random.Random) -> list[str]:
        """A person at a terminal."""
        facts = {"ITEM": self._item, "MODULE": self.lane.shop.module, "TARIFF": self.lane.shop.tariffs["VDS-1"]}
        return self._run("sbin/resellerctl", *(str(facts.get(word, word)) for word in chance.choice(_CLI)))

    def handler(self, chance: random.Random) -> list[str]:
        """The panel asks for a page or a form of ours, with whatever somebody has sent."""
        environment = values.environment(chance, list(FUNCTIONS), [self._item])
        given = chance.choice((b"", b"<doc/>", values.raw(chance, b"<doc><elem><id>1</id></elem></doc>")))
        return self._run("addon/reseller", environment=environment, given=given, document=True)

    def module_arguments(self, chance: random.Random) -> list[str]:
        """The module is started with arguments that no panel gives it."""
        words = values.arguments(chance, list(COMMANDS), [self._item])
        return self._run("processing/pmreseller", *words, given=chance.choice((b"", b"<doc>", b"\xff")), document=True)

    def settings(self, chance: random.Random) -> list[str]:
        """Somebody has edited etc/reseller.conf."""
        conf = self.here.base / "etc/reseller.conf"
        kept = conf.read_text()
        # What an operator may choose may take long, or change much: only what is no limit is of interest here.
        lines = values.settings(chance, [f"{name}_" for name in Limits._fields])
        conf.write_text(f"{kept}{lines}\n", errors="surrogateescape")
        try:
            return self._run("sbin/resellerctl", *chance.choice((("status",), ("checkevent",), ("audit",))))
        finally:
            conf.write_text(kept)

    def endless_list(self, chance: random.Random) -> list[str]:
        """The seller's lists go on for ever."""
        self.between.chance = None
        self.between.endless = {"vds", "soft"}
        if chance.random() < 0.5:
            return self._run("sbin/resellerctl", *chance.choice((("audit",), ("checkevent",), ("link", "--discover"))))
        self.lane.idle[ACTIVE].append(self._item)
        self._item = self.lane.shop.order("vds")
        return self._rest()

    def _run(
        self,
        *argv: str,
        given: bytes = b"",
        environment: dict[str, str] | None = None,
        document: bool = False,
    ) -> list[str]:
        """What is wrong with a program's output, or with how it ended."""
        words = [os.fsencode(word) for word in (f"./{argv[0]}", *argv[1:])]
        env = {**os.environ, **(environment or {})}
        try:
            done = subprocess.run(
                words,
                cwd=self.here.base,
                input=given,
                env=env,
                capture_output=True,
                timeout=self.hang_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return [f"{argv} does not end"]
        found = [f"{argv}: {wrong}" for text in (done.stdout, done.stderr) for wrong in self._said(text)]
        if done.returncode < 0:
            found.append(f"{argv} was ended by signal {-done.returncode}")
        if document:
            found += [f"{argv}: {wrong}" for wrong in _no_document(done.stdout)]
        return found

    # What came of it.

    def _said(self, text: bytes) -> list[str]:
        """What no output may hold."""
        said = text.decode("utf-8", "replace")
        found = [f"a traceback: {said[-2000:]}"] if "Traceback (most recent" in said else []
        found += [f"a control character: {said[max(0, at.start() - 80) :][:160]!a}" for at in _controls(said)]
        found += [f"a secret: {form(self.secret)}" for form in values.SECRET_FORMS if form(self.secret) in said]
        return found

    def _judge(self, since: int, logged: int) -> list[str]:
        with self._log.open("rb") as log:
            log.seek(logged)
            text = log.read()
        found = [f"in the log: {wrong}" for wrong in self._said(text)]
        found += [
            f"an error that nobody expected: {line[:3000]!r}" for line in text.splitlines() if b" internal: " in line
        ]
        for sql in _KEPT:
            for row in self.here.rows(sql):
                found += [f"{sql}: {wrong}" for wrong in self._said(str(next(iter(row.values()))).encode())]
        peaks = [int(line) for line in self._peaks.read_text().split()] if self._peaks.exists() else []
        if max(peaks, default=0) > MOST_MEMORY_KIB:
            found.append(f"a process took {max(peaks) // 1024} MiB")
        return found + self._unasked(since)

    def _unasked(self, since: int) -> list[str]:
        """What was done at the seller for a service of ours without a request that asked for it."""
        found = []
        for entry in self.lane.ask(self.there, _JOURNAL, self.there.name, since):
            kinds, item = _NEEDS.get(entry["func"]), entry["remoteid"].partition("-")[0]
            if not kinds or not re.fullmatch("[0-9]{1,9}", item):
                continue
            sql = f"SELECT COUNT(*) FROM reseller_request WHERE item = %s AND kind IN ({kinds}) AND sent IS NOT NULL"
            if not self.here.value(sql, int(item)):
                found.append(f"{entry['func']} of remote service {entry['item']}, which no request has asked for")
        return found


def _controls(said: str) -> list[re.Match[str]]:
    """The first of them, if there is one."""
    found = _CONTROL.search(said)
    return [found] if found else []


def _no_document(output: bytes) -> list[str]:
    try:
        root = etree.fromstring(output)
    except etree.XMLSyntaxError as error:
        return [f"no document ({error}): {output[:300]!r}"]
    return [] if root.tag == "doc" else [f"a document of {root.tag}"]

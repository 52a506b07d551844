"""Days that pass on both panels with their nights, cron between; and who is served then (docs/paid-time.md).

The invariant: no service is dark while it is paid, unless a request with a next try exists or a person was told; and no
charge leaves the seller's date beyond the panel's by more than the term that it bought.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import time
import traceback
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reseller.lifecycle.term_to_buy import after
from tests.chaos.boundaries import CLOCK
from tests.chaos.commands import DELETED
from tests.chaos.journal import ORDER, bought, counted, kind
from tests.chaos.lanes import Lane
from tests.support.world import QUICK

DAY_SECONDS = 86400
#: runs of cron within a day, of which the first sees what the night has done; and the longest that one waits for them
MOST_RUNS = 4
REST_SECONDS = 240
#: what a request is in that is tried again by itself
TRIED = ("intent", "sending", "looking", "waiting", "unsent", "money", "owed")
#: a play ends after so many days whatever the dates are; it goes on so long after the last of them
MOST_DAYS, LATE_DAYS = 1200, 2
_SERVICE = re.compile(r"service (\d+)")
#: a date may be beyond the panel's by so much more than a term: month ends and the days of goodwill (`few_days`)
NEAR_DAYS = 8
#: of a lane whose days are played: a service is read in full once a day, the rest that has its hours is done at once
LIMITS = {**QUICK, "deep_seconds": 3600, "part_look_seconds": 1, "look_seconds": 1, "order_seconds": 5}

_HERE = """
SELECT i.id, i.status, i.expiredate, i.autosuspend, i.employeesuspend, i.abusesuspend, k.remote,
EXISTS (SELECT 1 FROM reseller_request q WHERE q.item = i.id AND q.live = 1 AND q.state IN %s
AND (q.state <> 'unsent' OR q.next_try IS NOT NULL)) AS tried,
(SELECT q.kind FROM reseller_request q WHERE q.item = i.id AND q.kind IN ('suspend', 'resume')
ORDER BY q.id DESC LIMIT 1) AS asked,
EXISTS (SELECT 1 FROM task t WHERE t.item = i.id AND t.status <> 2) AS task,
EXISTS (SELECT 1 FROM runningoperation r WHERE r.item = i.id AND COALESCE(r.errorxml, '') <> '') AS error,
EXISTS (SELECT 1 FROM runningoperation r WHERE r.item = i.id AND r.manual = 'off') AS runs,
k.left_until IN (i.expiredate, k.accounted) AS decided
FROM item i LEFT JOIN reseller_link k ON k.item = i.id AND k.live = 1 WHERE i.id IN %s"""
_TELLING = "SELECT subject, number, kind, touches FROM reseller_problem WHERE subject <> 'many' AND kind NOT IN %s"
#: problems that do not explain why a service is dark
_BESIDE = ("value", "tariff", "resources", "mapping", "key", "expiredate", "autoprolong")
#: problems of a module or the panel that say of all its services that nothing is bought
_OF_ALL = ("account", "clock", "spending", "moved", "off")
#: causes of their own, with a way out of their own, which may stand beside a question about the dates: the seller has
#: stopped a service whose date is not over, and the client's own renewal was refused and waits for Start
_APART = ("stopped", "refused_term")
_BUSY = "SELECT COUNT(*) AS busy FROM runningoperation WHERE run_pid > 0 OR manual = 'off'"
_COLUMNS = """SELECT table_name AS t, column_name AS c FROM information_schema.columns
WHERE table_schema = DATABASE() AND table_name LIKE 'reseller\\_%%' AND data_type = 'datetime'
AND extra NOT LIKE '%%GENERATED%%'"""


@dataclass
class Seen:
    """What the ends of the days showed: sentences, one a service; and days on which one was dark and somebody knew."""

    unserved: list[str] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    told_days: int = 0


class Calendar:
    """Plays one lane's panels for some services; whoever made it closes it."""

    def __init__(self, lane: Lane, items: Iterable[int]) -> None:
        self.lane = lane
        self.items = list(items)
        self.seen = Seen()
        self.day = 0
        #: services whose dates staff have moved today, on either side: nothing is said of how far ahead they are
        self.moved: set[int] = set()
        self._dark: set[int] = set()
        self._charges = {item: len(bought(lane, item)) for item in self.items}

    def close(self) -> None:
        """Bring back the real time."""
        self._clock().unlink(missing_ok=True)
        for panel in (self.lane.here, self.lane.there):
            panel.call("sandbox.clock", set="real")

    def _clock(self) -> Path:
        return self.lane.here.base / CLOCK

    def today(self) -> dt.date:
        """The panel's day."""
        return dt.datetime.now(dt.timezone.utc).date() + dt.timedelta(days=self.day)

    def next(self, days: int = 1, *, here_first: bool = False) -> None:
        """So many days later on both panels, after their nights and the runs of cron."""
        self.day += days
        self._age(days)
        self._clock().write_text(str(self.day * DAY_SECONDS))
        for panel in sorted((self.lane.here, self.lane.there), key=lambda each: (each is self.lane.here) != here_first):
            panel.call("sandbox.clock", advance=f"{days}d")
        self.rest()
        for _ in range(MOST_RUNS):
            said = self.lane.shop.checkevent()
            self.rest()
            if said == "nothing to do":
                break

    def rest(self) -> None:
        """Wait until neither panel has anything running."""
        until = time.monotonic() + REST_SECONDS
        while any(self.lane.ask(panel, _BUSY)[0]["busy"] for panel in (self.lane.here, self.lane.there)):
            assert time.monotonic() < until, "the panels do not come to rest"
            time.sleep(0.05)

    def to_the_end(self) -> None:
        """Day by day wherever a date is near, and in one step where none is, until all that was paid for is over.

        Nobody renews anything any more. Once every date has passed there are two more days, for what comes late.
        """
        self.lane.here.write("UPDATE item SET autoprolong = NULL WHERE id IN %s", self.items or [0])
        while self.day < MOST_DAYS:
            ahead = [(day - self.today()).days for day in self._dates()]
            left = min((days for days in ahead if days > 0), default=0)
            self.next(max(1, left - NEAR_DAYS), here_first=self.day % 2 == 0)
            self.judge()
            if max(ahead, default=-LATE_DAYS) <= -LATE_DAYS:
                return

    def _dates(self) -> list[dt.date]:
        """Every date at which one of the services ends, on either side; at the seller only of those that it has."""
        rows = self.lane.ask(self.lane.here, _HERE, TRIED, self.items or [0])
        remotes = [int(row["remote"]) for row in rows if row["remote"]]
        there = self.lane.ask(self.lane.there, "SELECT status, expiredate FROM item WHERE id IN %s", remotes or [0])
        return [row["expiredate"] for row in (*rows, *there) if row["expiredate"] and row["status"] != DELETED]

    def _age(self, days: int) -> None:
        """Whatever the ledger has noted is older by so much; its database knows no other clock than the machine's."""
        columns: dict[str, list[str]] = {}
        for row in self.lane.ask(self.lane.here, _COLUMNS):
            columns.setdefault(row["t"], []).append(row["c"])
        for table, names in columns.items():
            older = ", ".join(f"{name} = {name} - INTERVAL {days} DAY" for name in names)
            self.lane.here.write(f"UPDATE {table} SET {older}")

    def judge(self) -> None:
        """Who is dark today though it is paid, with nobody at it and nobody told; and what was bought too early."""
        if not self.items:
            return
        today = self.today()
        rows = self.lane.ask(self.lane.here, _HERE, TRIED, self.items)
        remotes = [int(row["remote"]) for row in rows if row["remote"]]
        there = {
            row["id"]: row
            for row in self.lane.ask(
                self.lane.there, "SELECT id, status, expiredate FROM item WHERE id IN %s", remotes or [0]
            )
        }
        told = self._told(remotes=bool(remotes))
        for row in rows:
            far = there.get(int(row["remote"] or 0))
            # One that runs there while something is under way for it here is not dark.
            if _is_paid(row, today) and (far is None or far["status"] != 2 or row["status"] == 3):
                kinds = told[row["id"]]
                # A person has been told, once a cause, or has said that it is to end (`resellerctl paid --leave`).
                if row["decided"] or (kinds and sum(each not in _APART for each in kinds) <= 1):
                    self.seen.told_days += 1
                elif not (row["tried"] or row["runs"] or row["id"] in self._dark):
                    self._dark.add(row["id"])
                    said = f"day {self.day} ({today}), service {row['id']}: {row}, there {far}, told {kinds}"
                    self.seen.unserved.append(said)
            self._judge_charges(row, far)
        self.moved.clear()

    def _told(self, *, remotes: bool) -> defaultdict[int, list[str]]:
        """What problems say of each service; of all where one of the module or the panel stops all purchases."""
        found: defaultdict[int, list[str]] = defaultdict(list)
        for row in self.lane.ask(self.lane.here, _TELLING, _BESIDE):
            of_all = self.items if remotes and row["kind"] in _OF_ALL else ()
            touched = [row["number"]] if row["subject"] == "service" else map(int, row["touches"].split())
            for number in touched if row["touches"] or row["subject"] == "service" else of_all:
                found[number].append(row["kind"])
        return found

    def _judge_charges(self, row: dict[str, Any], far: dict[str, Any] | None) -> None:
        """Of what was bought today: whether the seller's date is beyond the panel's by more than that term."""
        charges = bought(self.lane, row["id"])
        new = charges[self._charges.get(row["id"], 0) :]
        self._charges[row["id"]] = len(charges)
        renewals = [charge for charge in new if kind(charge) != ORDER]
        if not renewals or far is None or row["id"] in self.moved or not (row["expiredate"] and far["expiredate"]):
            return
        months = max(counted([charge])["months"] for charge in renewals)
        last = after(row["expiredate"], months) + dt.timedelta(days=NEAR_DAYS)
        if far["expiredate"] > last:
            self.seen.ahead.append(
                f"day {self.day}, service {row['id']}: paid until {row['expiredate']}, bought until {far['expiredate']}"
            )


def play(lane: Lane) -> list[str]:
    """Play all that is left of the tries of a lane; what was wrong, each with what was tried with the service."""
    lane.calm()
    lane.limits(**LIMITS)
    with contextlib.closing(Calendar(lane, lane.ended)) as played:
        try:
            played.to_the_end()
            wrong = [*played.seen.unserved, *played.seen.ahead]
        except Exception:  # noqa: BLE001 - told with the others
            wrong = [traceback.format_exc()]
    found = [f"{words}\n    tried with it: {lane.ended.get(_item(words), ())}" for words in wrong]
    lane.clear()
    lane.calm()
    return found


def _item(words: str) -> int:
    """The service that a sentence is about, 0 where it names none."""
    named = _SERVICE.search(words)
    return int(named[1]) if named else 0


def _is_paid(row: dict[str, Any], today: dt.date) -> bool:
    """Whether its client has paid for today, and neither they nor staff nor abuse have stopped it."""
    if row["expiredate"] is None or row["expiredate"] <= today:
        return False
    if row["employeesuspend"] == "on" or row["abusesuspend"] == "on":
        return False
    # What the seller alone has stopped shows as suspended here too.
    is_asked_for = row["asked"] == "suspend" and row["autosuspend"] != "on"
    return row["status"] in (2, 5) or (row["status"] == 3 and not is_asked_for)

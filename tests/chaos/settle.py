"""Plain cron runs and the panel's own queue until a service is quiet, with what only a person can decide."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.lanes import Lane

#: far more than any of it takes on a machine that is not busy otherwise
SECONDS = 300
PAUSE_SECONDS = 0.05
#: a panel that is down is started by whoever calls it, as cron and people do now and then
CALL_SECONDS = 5
#: so much time is said to have passed when runs of checkevent change nothing any more
LATER_SECONDS = 90
MOST_DECISIONS = 6
#: so many runs in a row that change nothing, with time passing between them, and nothing will change
STILL_TIMES = 3
#: what is never sent twice unless a person says so
SENT_ANEW = ("order", "prolong", "setparam", "part", "gen_key")

_STANDING = """
SELECT i.status, r.id AS operation, r.intname, r.manual, r.run_pid, q.id AS request, q.kind, q.state, q.looks, q.tries,
k.state AS link, k.remote FROM item i LEFT JOIN runningoperation r ON r.item = i.id
LEFT JOIN reseller_request q ON q.item = i.id AND q.live = 1
LEFT JOIN reseller_link k ON k.item = i.id AND k.live = 1 WHERE i.id = %s ORDER BY r.id, q.id"""


@dataclass
class Settled:
    """How it ended. `quiet`: nothing is open; `decided`: what a person had to do, in order."""

    quiet: bool = False
    decided: list[str] = field(default_factory=list)
    standing: str = ""


def standing(lane: Lane, item: int) -> list[dict[str, Any]]:
    """The service with its operations, open requests and link; a row for each combination."""
    return lane.ask(lane.here, _STANDING, item)


def is_running(rows: list[dict[str, Any]]) -> bool:
    """Whether the panel is at it, or about to be."""
    return any(row["run_pid"] or (row["operation"] and row["manual"] == "off") for row in rows)


def is_quiet(rows: list[dict[str, Any]]) -> bool:
    """Whether nothing is open, but what is to be bought later."""
    return all(
        not row["operation"] and (not row["request"] or row["state"] == "owed") and row["link"] in (None, "live")
        for row in rows
    )


def rest(lane: Lane, item: int, seconds: float = SECONDS) -> None:
    """Wait until the panel has nothing running for the service."""
    called = time.monotonic()
    until = called + seconds
    while is_running(standing(lane, item)):
        assert time.monotonic() < until, f"service {item} does not come to rest: {standing(lane, item)}"
        if time.monotonic() > called + CALL_SECONDS:
            lane.here.call("whoami")
            called = time.monotonic()
        time.sleep(PAUSE_SECONDS)


def pass_time(lane: Lane, item: int, seconds: int = LATER_SECONDS) -> None:
    """What the ledger knows of the service becomes so much older, as if it had been waited for."""
    columns = ("created", "updated", "sent", "next_try")
    older = ", ".join(f"{column} = {column} - INTERVAL {seconds} SECOND" for column in columns)
    lane.here.write(f"UPDATE reseller_request SET {older} WHERE item = %s AND live = 1", item)


def settle(lane: Lane, *items: int, seconds: float = SECONDS, decisions: int = MOST_DECISIONS) -> Settled:
    """Cron runs, and people where it is theirs, until the services are quiet or nothing more happens."""
    settled = Settled()
    until = time.monotonic() + seconds
    before: dict[int, Any] = {}
    still = 0
    while time.monotonic() < until and still < STILL_TIMES:
        for item in items:
            rest(lane, item, max(until - time.monotonic(), 1))
        rows = {item: standing(lane, item) for item in items}
        open_ = [item for item in items if not is_quiet(rows[item])]
        if not open_:
            settled.quiet = True
            return settled
        if _decide(lane, {item: rows[item] for item in open_}, settled, decisions, stuck=still > 1):
            continue
        if rows == before:
            still += 1
            for item in open_:
                pass_time(lane, item)
        else:
            still = 0
        before = rows
        lane.shop.checkevent()
    settled.standing = str([row for item in items for row in standing(lane, item)])
    return settled


def _decide(lane: Lane, rows: dict[int, list[dict[str, Any]]], settled: Settled, most: int, *, stuck: bool) -> bool:
    """What people do: send anew what is not confirmed, Start what was refused, and what has been waiting for long.

    Whether they did anything; each service gets so many decisions.
    """
    before = len(settled.decided)
    for item, standings in rows.items():
        if sum(1 for decided in settled.decided if decided.endswith(f" of {item}")) < most:
            settled.decided += _decided(lane, item, standings, stuck=stuck)
    return len(settled.decided) > before


def _decided(lane: Lane, item: int, rows: list[dict[str, Any]], *, stuck: bool) -> list[str]:
    for row in rows:
        if row["state"] == "unconfirmed" and row["kind"] in SENT_ANEW:
            lane.shop.ctl("reorder", str(item), "--yes")
            return [f"reorder {row['kind']} of {item}"]
        if row["operation"] and (stuck or row["state"] == "refused"):
            lane.here.call("runningoperation.start", elid=row["operation"], sok="ok")
            return [f"start {row['intname']} of {item}"]
    return []

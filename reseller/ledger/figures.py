"""Counts of what the ledger holds, for metrics and for `status`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from reseller.db import Database
from reseller.ledger import problems, refused_changes
from reseller.model import Status

#: names of the states of a service here; a service whose link is not `live` yet is counted under its link's state
_STATES = {
    Status.ORDERED: "ordered",
    Status.ACTIVE: "active",
    Status.SUSPENDED: "suspended",
    Status.DELETED: "deleted",
    Status.PROCESSING: "processing",
}
AWAY, OTHER = "away", "other"


@dataclass
class Figures:
    """The counts of one module.

    `requests` are counted by kind and state, settled ones too. `oldest_read` is when the least recently read service
    was read in full, in seconds since 1970; 0 when there is none.
    """

    services: Counter[str] = field(default_factory=Counter)
    drift: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    open_requests: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    oldest_read: int = 0


def of(db: Database, module: int) -> Figures:
    """Count everything of one module."""
    found = Figures()
    services = db.rows(
        "SELECT k.state, i.status, COALESCE(i.processingmodule <> k.module, i.id IS NOT NULL), COUNT(*) "
        "FROM reseller_link k LEFT JOIN item i ON i.id = k.item WHERE k.live = 1 AND k.module = %s GROUP BY 1, 2, 3",
        module,
    )
    for state, status, is_away, count in services:
        found.services[_state(state, status, is_away=bool(is_away))] += count
    found.drift.update(drift(db, module))
    found.problems.update(problems.counts(db, module))
    for kind, state, live, count in db.rows(
        "SELECT kind, state, live, COUNT(*) FROM reseller_request WHERE module = %s GROUP BY 1, 2, 3", module
    ):
        found.requests[kind, state] += count
        found.open_requests[state] += count if live else 0
    found.open_requests = +found.open_requests
    found.refused = refused(db, module)
    found.oldest_read = db.value(
        "SELECT COALESCE(FLOOR(UNIX_TIMESTAMP(MIN(o.deep))), 0) FROM reseller_link k "
        "JOIN reseller_observation o ON o.link = k.id WHERE k.live = 1 AND k.state = 'live' AND k.module = %s",
        module,
    )
    return found


def drift(db: Database, module: int) -> dict[str, int]:
    """How many differences there are, by kind."""
    return {kind: count for kind, count in problems.counts(db, module).items() if kind in problems.DIFFERENCES}


def refused(db: Database, module: int) -> int:
    """How many changes are refused and wait for a person."""
    return sum(map(len, refused_changes.waiting(db, module).values()))


def _state(link: str, status: int | None, *, is_away: bool) -> str:
    if link != "live":
        return link
    if status is None:
        return _STATES[Status.DELETED]
    return AWAY if is_away and status != Status.DELETED else _STATES.get(status, OTHER)

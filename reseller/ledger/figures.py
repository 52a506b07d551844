"""Counts of what the ledger holds, for metrics and for `status`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from reseller.db import Database
from reseller.ledger import limited_changes, problems
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
    figures = Figures()
    services = db.rows(
        "SELECT k.state, i.status, COALESCE(i.processingmodule <> k.module, i.id IS NOT NULL), COUNT(*) "
        "FROM reseller_link k LEFT JOIN item i ON i.id = k.item WHERE k.live = 1 AND k.module = %s GROUP BY 1, 2, 3",
        module,
    )
    for state, status, is_away, count in services:
        name = state
        if state == "live":
            now = Status.DELETED if status is None else status
            name = AWAY if is_away and now != Status.DELETED else _STATES.get(now, OTHER)
        figures.services[name] += count
    figures.drift.update(drift(db, module))
    figures.problems.update(problems.counts(db, module))
    for kind, state, live, count in db.rows(
        "SELECT kind, state, live, COUNT(*) FROM reseller_request WHERE module = %s GROUP BY 1, 2, 3", module
    ):
        figures.requests[kind, state] += count
        figures.open_requests[state] += count if live else 0
    figures.open_requests = +figures.open_requests
    figures.refused = refused(db, module)
    figures.oldest_read = db.value(
        "SELECT COALESCE(FLOOR(UNIX_TIMESTAMP(MIN(o.deep))), 0) FROM reseller_link k "
        "JOIN reseller_observation o ON o.link = k.id WHERE k.live = 1 AND k.state = 'live' AND k.module = %s",
        module,
    )
    return figures


def drift(db: Database, module: int) -> dict[str, int]:
    """How many differences there are, by kind."""
    return {kind: count for kind, count in problems.counts(db, module).items() if kind in problems.DIFFERENCES}


def refused(db: Database, module: int) -> int:
    """How many changes are refused and wait for a person."""
    return sum(map(len, limited_changes.waiting(db, module).values()))

"""Differences between the two sides that no operation explains: kept for as long as they last, with their first day.

alarm      closed here, alive and paid there
gone       missing there
missing    missing there, by its form alone: the seller's list cannot be read
state      states that contradict each other, or a state that is not known
stuck      in process here without an operation
away       at another module (swap) while its paid term there ends
tariff     another tariff there
resources  other resources there
expiredate, autoprolong, key, mapping: what their names say
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from reseller.db import Database
from reseller.ledger.leases import Lease

ALARM, GONE, MISSING, STATE, STUCK, AWAY = "alarm", "gone", "missing", "state", "stuck", "away"
TARIFF, RESOURCES, EXPIREDATE, AUTOPROLONG, KEY, MAPPING = (
    "tariff",
    "resources",
    "expiredate",
    "autoprolong",
    "key",
    "mapping",
)


class Drift(NamedTuple):
    """One difference of one link; both values are words for a person."""

    kind: str
    here: str
    there: str


def of_link(db: Database, link: int) -> list[Drift]:
    """The differences of a link that are known."""
    sql = "SELECT kind, here, there FROM reseller_drift WHERE link = %s ORDER BY kind"
    return [Drift(*row) for row in db.rows(sql, link)]


def keep(lease: Lease, link: int, found: Collection[Drift]) -> None:
    """Make the known differences of a link those that were found; one that lasts keeps its day."""
    with lease.writing() as db:
        before = {drift.kind: drift for drift in of_link(db, link)}
        for kind in before.keys() - {drift.kind for drift in found}:
            db.execute("DELETE FROM reseller_drift WHERE link = %s AND kind = %s", link, kind)
        for drift in found:
            if before.get(drift.kind) != drift:
                db.execute(
                    "INSERT INTO reseller_drift (link, kind, here, there, since) "
                    "VALUES (%s, %s, %s, %s, UTC_TIMESTAMP(3)) "
                    "ON DUPLICATE KEY UPDATE here = VALUES(here), there = VALUES(there)",
                    link,
                    drift.kind,
                    drift.here,
                    drift.there,
                )


def alarms(db: Database, module: int) -> list[tuple[int, str, str]]:
    """Services closed here that live on there: service here, remote service, its state."""
    rows = db.rows(
        "SELECT k.item, k.remote, d.there FROM reseller_drift d JOIN reseller_link k ON k.id = d.link AND k.live = 1 "
        "WHERE d.kind = %s AND k.module = %s ORDER BY k.item",
        ALARM,
        module,
    )
    return [(row[0], row[1], row[2]) for row in rows]

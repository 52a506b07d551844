"""How many services, and of which type, are read in full now, so that each is read once a day: the deep check.

It finds what no list shows (add-ons, passwords, a renamed key) and what changed on this panel alone. A service that
cannot be read, or that waits for work under way, goes to the end like the others; many such services would otherwise
delay all others. The number due follows from the time since the last reading, so that the load is even however often
runs come. That time is kept for each module and type, so that one that is read often does not delay another.
"""

from __future__ import annotations

from math import ceil

from reseller.db import Database
from reseller.ledger import linked, observations
from reseller.ledger.leases import Lease

#: plan for less than the whole period, since some runs are missed
SHARE = 0.8
#: how often cron runs, which a first run assumes; after a long pause a run reads no more than an hour's worth
CRON_SECONDS, PAUSE_SECONDS = 300, 3600
#: name of a type's cursor: when it was read last
_CURSOR = "deep %s"


def due(db: Database, module: int, itemtype: str, count: int, within_seconds: int) -> list[int]:
    """Links of the services to read now, out of `count` of a module and type, to read all within `within_seconds`."""
    since = observations.seconds_since(db, module, _CURSOR % itemtype)
    return linked.longest_unread(db, module, itemtype, share(count, since, within_seconds))


def asked(lease: Lease, module: int, itemtype: str) -> None:
    """Record the time of this reading, from which due() computes the next share."""
    observations.move_now(lease, module, _CURSOR % itemtype)


def share(count: int, since_seconds: int | None, within_seconds: int) -> int:
    """How many of `count` services are due when the last were read `since_seconds` ago, None for never."""
    pause = CRON_SECONDS if since_seconds is None else min(max(since_seconds, 1), PAUSE_SECONDS)
    return min(count, ceil(count * pause / (within_seconds * SHARE)))

"""The rolling deep check: every linked service is read in full once a day, the one that waits for longest first.

It finds what no list shows (add-ons, passwords, a renamed key) and what changed here alone. One that cannot be read, or
that waits for something under way, goes to the end like the others: many of them would keep all others waiting. How
many are due follows from how long ago the last one was asked for, so that each run reads about the same number, however
often runs come. That is noted for each module and type: a module that is asked often must not make another wait.
"""

from __future__ import annotations

from math import ceil

from reseller.db import Database
from reseller.ledger import observations
from reseller.ledger.leases import Lease
from reseller.sync import candidates

#: the day is planned shorter than it is: runs are missed
SHARE = 0.8
#: how often cron runs; a first run, or one after a long pause, reads no more than an hour's worth
RUN_SECONDS, PAUSE_SECONDS = 300, 3600


def due(db: Database, module: int, itemtype: str, count: int, within_seconds: int) -> list[int]:
    """Links of those of the `count` services of a module and type to read now, so that all are in `within_seconds`."""
    since = observations.seconds_since(db, module, _cursor(itemtype))
    return candidates.longest_unread(db, module, itemtype, share(count, since, within_seconds))


def asked(lease: Lease, module: int, itemtype: str) -> None:
    """Note that what was due of a module and type has been asked for."""
    observations.move_now(lease, module, _cursor(itemtype))


def _cursor(itemtype: str) -> str:
    return f"deep {itemtype}"


def share(count: int, since_seconds: int | None, within_seconds: int) -> int:
    """How many of `count` services are due when the last was read `since_seconds` ago, None for never."""
    pause = RUN_SECONDS if since_seconds is None else min(max(since_seconds, 1), PAUSE_SECONDS)
    return min(count, ceil(count * pause / (within_seconds * SHARE)))

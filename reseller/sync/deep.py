"""The rolling deep check: every linked service is read in full once a day, the one that waits for longest first.

It finds what no list shows (add-ons, passwords, a renamed key) and what changed here alone. One that cannot be read, or
that waits for something under way, goes to the end like the others: many of them would keep all others waiting. How
many are due follows from how long ago the last one was asked for, so that each run reads about the same number, however
often runs come.
"""

from __future__ import annotations

from math import ceil

from reseller.db import Database
from reseller.sync import candidates

#: the day is planned shorter than it is: runs are missed
SHARE = 0.8
#: how often cron runs; a first run, or one after a long pause, reads no more than an hour's worth
RUN_SECONDS, PAUSE_SECONDS = 300, 3600


def due(db: Database, module: int, itemtype: str, within_seconds: int) -> list[int]:
    """Links of the services of a module and type to read now, so that all are read in `within_seconds`."""
    row = db.row(
        f"SELECT COUNT(*), TIMESTAMPDIFF(SECOND, MAX({candidates.ASKED}), UTC_TIMESTAMP(3)) FROM reseller_link k "  # noqa: S608
        "JOIN reseller_observation o ON o.link = k.id "
        "WHERE k.live = 1 AND k.state = 'live' AND k.module = %s AND k.itemtype = %s",
        module,
        itemtype,
    )
    count, since = row or (0, None)
    return candidates.longest_unread(db, module, itemtype, share(int(count), since, within_seconds))


def share(count: int, since_seconds: int | None, within_seconds: int) -> int:
    """How many of `count` services are due when the last was read `since_seconds` ago, None for never."""
    pause = RUN_SECONDS if since_seconds is None else min(max(since_seconds, 1), PAUSE_SECONDS)
    return min(count, ceil(count * pause / (within_seconds * SHARE)))

"""Count how often each client has caused calls to a seller lately; the limit is `Context.may_ask`."""

from __future__ import annotations

from reseller.db import Database


def count(db: Database, account: int, seconds: int) -> int:
    """Count one call for a client's account on the panel; how many it has in the current window, with this one.

    A window is `seconds` long and begins with the first call after the last window ended.
    """
    # Assignments run from left to right, so `times` still sees the old `since`.
    db.execute(
        "INSERT INTO reseller_asked (account, since, times) VALUES (%s, UTC_TIMESTAMP(3), 1) ON DUPLICATE KEY UPDATE "
        "times = IF(since < UTC_TIMESTAMP(3) - INTERVAL %s SECOND, 1, times + 1), "
        "since = IF(times = 1, UTC_TIMESTAMP(3), since)",
        account,
        seconds,
    )
    return int(db.value("SELECT times FROM reseller_asked WHERE account = %s", account) or 0)

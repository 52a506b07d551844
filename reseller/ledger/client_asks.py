"""How often each client has made us ask his seller something lately: he can press a button all day."""

from __future__ import annotations

from reseller.db import Database


def count(db: Database, account: int, seconds: int) -> int:
    """Count one more for a client's account on the panel; how many there were, this one among them, in its window.

    A window begins with the first question after the last one has ended, and is `seconds` long.
    """
    # Assignments happen in their order, so `times` still sees the old `since`.
    db.execute(
        "INSERT INTO reseller_asked (account, since, times) VALUES (%s, UTC_TIMESTAMP(3), 1) ON DUPLICATE KEY UPDATE "
        "times = IF(since < UTC_TIMESTAMP(3) - INTERVAL %s SECOND, 1, times + 1), "
        "since = IF(times = 1, UTC_TIMESTAMP(3), since)",
        account,
        seconds,
    )
    return int(db.value("SELECT times FROM reseller_asked WHERE account = %s", account) or 0)

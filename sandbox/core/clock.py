"""The panel's clock, in one place, so that it can be moved: `sandbox.clock`.

Dates of services, sessions, expenses, the journal and every NOW() of the panel's own SQL follow it. What only measures
how long something takes (the queue's pauses, provisioning) keeps the machine's time, and so do foreign programs.
"""

from __future__ import annotations

import time
from datetime import date, datetime
from email.utils import formatdate

_ahead_seconds = 0.0
_ever_moved = False


def move(seconds: float) -> None:
    """How far the panel's time is ahead of the machine's; negative when it is behind."""
    global _ahead_seconds, _ever_moved  # noqa: PLW0603  (one clock a process, and a process is one panel)
    _ahead_seconds = seconds
    _ever_moved = True


def ahead() -> float:
    return _ahead_seconds


def ever_moved() -> bool:
    """Connections to the database made before the first move need no telling."""
    return _ever_moved


def now() -> float:
    return time.time() + _ahead_seconds


def http_date() -> str:
    """Now as a `Date` header says it."""
    return formatdate(now(), usegmt=True)


def moment() -> datetime:
    """Now, by the machine's own zone, as a panel shows it."""
    return datetime.fromtimestamp(now()).astimezone()


def stamp() -> str:
    return moment().strftime("%Y-%m-%d %H:%M:%S")


def today() -> date:
    return moment().date()

"""The panel's clock, in one place, so that it can be moved one day."""

from __future__ import annotations

from datetime import date, datetime


def today() -> date:
    """The day by the machine's own zone, as a panel shows it."""
    return datetime.now().astimezone().date()

"""Dates as panels write them: `YYYY-MM-DD` or `DD.MM.YYYY`, a time of day cut off (selling-api.md 5.1)."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime

from reseller.wire.secrets import hide_known

_DATE = re.compile(
    r"(?:(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"|(?P<day2>[0-9]{2})\.(?P<month2>[0-9]{2})\.(?P<year2>[0-9]{4}))"
    r"(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?"
)

#: how much of a text that is no date is shown
SHOWN_CHARACTERS = 40


class NotADate(ValueError):
    """The text is neither a date nor empty; its first characters, without secrets, are the message."""


def parse(text: str) -> dt.date | None:
    """The day in `text`; None for an empty text and for 0000-00-00. Raises NotADate for anything else."""
    bare = text.strip()
    if not bare:
        return None
    match = _DATE.fullmatch(bare)
    if match is None:
        raise NotADate(hide_known(bare)[:SHOWN_CHARACTERS])
    parts = [match["year"] or match["year2"], match["month"] or match["month2"], match["day"] or match["day2"]]
    numbers = tuple(int(part) for part in parts)
    # So databases write "no date".
    if numbers == (0, 0, 0):
        return None
    try:
        return dt.date(*numbers)
    except ValueError:
        raise NotADate(hide_known(bare)[:SHOWN_CHARACTERS]) from None


def of_row(column: str) -> dt.date | None:
    """The day in a column of the database; None for an impossible one, such as 0000-00-00 or 2026-05-00."""
    try:
        return dt.date.fromisoformat(column)
    except ValueError:
        return None


def of_header(header: str) -> dt.date | None:
    """The day of an HTTP `Date` header, by UTC; None for an empty or impossible one."""
    try:
        return parsedate_to_datetime(header).astimezone(dt.timezone.utc).date()
    except (TypeError, ValueError, OverflowError):
        return None


def machine_day() -> dt.date:
    """The day by this machine's clock, in UTC; never used where money depends on it."""
    return dt.datetime.now(dt.timezone.utc).date()


def text(day: dt.date | None) -> str:
    """A day as the ledger and people write it: `YYYY-MM-DD`, empty for None."""
    return day.isoformat() if day else ""

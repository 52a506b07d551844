"""Paid time is one level: the client has paid until a day, and the seller has to be paid until about the same day.

Nothing is summed up. P is the panel's own date, as far as it is accounted for; S is the seller's date, read anew each
time. While P is after S a term is bought, either because an operation wants it now or because S is near: the one that
takes S closest to P without going beyond it by more than one term. So a lost row, a date moved by hand or a renewal
that somebody else has bought changes what is bought next, and nothing has to be put right.

P is only followed where there is a reason for its move: an operation of ours, or a person's word. A move of a few days
is goodwill and is followed too; a longer one is a problem with two ways out (`resellerctl paid`).
"""

from __future__ import annotations

import calendar
import datetime as dt
import enum
from collections.abc import Collection
from typing import NamedTuple

from reseller.limits import Limits

_YEAR_MONTHS = 12


class Level(NamedTuple):
    """Until when the client has paid, until when the seller was paid, and which day it is there."""

    paid: dt.date
    there: dt.date
    today: dt.date

    @property
    def missing_days(self) -> int:
        """Days that the client has paid for and the seller was not."""
        return (self.paid - self.there).days


class Move(enum.Enum):
    """What a date of the panel is beside the one that was accounted for last."""

    NONE = "it is that date"
    FOLLOW = "it may be accounted for: it is earlier, only a few days later, or no later than the seller was paid"
    JUMP = "it is later for no known reason"


def after(day: dt.date, months: int) -> dt.date:
    """`months` later: the same day of the month, or its last one where it has no such day.

    The last day there is at most: panels write `9999-12-31` for what has no end.
    """
    month = day.month - 1 + months
    year, month = day.year + month // _YEAR_MONTHS, month % _YEAR_MONTHS + 1
    if year > dt.MAXYEAR:
        return dt.date.max
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def is_wanted(level: Level, limits: Limits) -> bool:
    """Whether an operation buys a term now; what is missing by a few days waits until the seller's date is near."""
    return level.missing_days > (limits.few_days if level.there > level.today else 0)


def is_due(level: Level, limits: Limits) -> bool:
    """Whether a term is bought without an operation; from the seller's last day on no shortfall is tolerated."""
    near = (level.there - level.today).days <= limits.part_days
    return near and level.missing_days > (limits.tolerance_days if level.there > level.today else 0)


def is_in_vain(level: Level, months: int) -> bool:
    """Whether one term would not bring the seller's date past today: money would be spent for days that are over."""
    return after(level.there, months) <= level.today


def is_long_over(level: Level, limits: Limits) -> bool:
    """Whether the seller's date has passed for so long that the service may be gone: a person has to look."""
    return (level.today - level.there).days > limits.part_days


def term(level: Level, wanted: int, offered: Collection[int], limits: Limits) -> int:
    """Months to buy: `wanted`, unless that goes beyond what was paid; then the longest of `offered` that does not.

    The shortest where all of them do: the seller is never paid for more than one term ahead.
    """
    last = level.paid + dt.timedelta(days=min(limits.few_days, (dt.date.max - level.paid).days))
    if after(level.there, wanted) <= last:
        return wanted
    terms = sorted({*offered, wanted})
    fitting = [months for months in terms if after(level.there, months) <= last]
    return fitting[-1] if fitting else terms[0]


def has_moved(was: dt.date, now: dt.date, months: int) -> bool:
    """Whether the seller's date shows a term that was bought: it moved by at least half of it.

    Sellers may give a day more or less than they promise; a day or two is no term.
    """
    return (now - was) * 2 >= after(was, months) - was


def judge(paid: dt.date, there: dt.date | None, accounted: dt.date | None, limits: Limits) -> Move:
    """What the panel's date is beside the one accounted for; `accounted` None: nothing was yet.

    A link that was just made, or is older than this rule, is accounted for as far as the seller was paid.
    """
    base = accounted or there
    if base is None:
        return Move.FOLLOW
    if accounted == paid:
        return Move.NONE
    known = max(base, there) if there else base
    return Move.FOLLOW if (paid - known).days <= limits.few_days else Move.JUMP


def accounted_after(base: dt.date | None, moved_to: dt.date, months: int, limits: Limits) -> dt.date:
    """What is accounted for after an operation of `months` that left the panel's date at `moved_to`.

    No more than the operation explains: a jump from before it stays a jump.
    """
    if base is None or months <= 0:
        return moved_to
    explained = after(base, months)
    return moved_to if (moved_to - explained).days <= limits.few_days else explained

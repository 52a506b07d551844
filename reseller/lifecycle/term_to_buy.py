"""Whether a term is bought, and which: the client has paid until one day, and the seller is to be paid until about it.

Nothing is summed up. P is the panel's own date, as far as it is accounted for; S is the seller's date, read anew each
time. While P is after S a term is bought, either because an operation asks for it now or because S is near: the term
that takes S closest to P without going beyond P by more than one term. So after a lost row, a date moved by hand or a
renewal that somebody else has bought, the two dates alone decide what is bought next, and nothing has to be corrected.

P is only followed where its move has a reason: an operation of ours, or a person's decision. A move of a few days is
goodwill and is followed too; a longer one is a problem with two ways out (`resellerctl paid`).
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
    """The day until which the client has paid, the day until which the seller was paid, and the seller's today."""

    paid: dt.date
    there: dt.date
    today: dt.date

    @property
    def missing_days(self) -> int:
        """Days that the client has paid for and the seller was not."""
        return (self.paid - self.there).days

    def is_wanted(self, limits: Limits) -> bool:
        """Whether an operation buys a term now: more than `few_days` are missing, or any, once the last day is there.

        A smaller shortfall is left to is_due().
        """
        return self.missing_days > (limits.few_days if self.there > self.today else 0)

    def is_due(self, limits: Limits) -> bool:
        """Whether a term is bought without an operation: the seller's date is near, and more than the tolerance is
        missing.

        From the seller's last day on no shortfall is tolerated.
        """
        near = (self.there - self.today).days <= limits.part_days
        return near and self.missing_days > (limits.tolerance_days if self.there > self.today else 0)

    def is_in_vain(self, months: int) -> bool:
        """Whether one term would not bring the seller's date past today: money would be spent for days that are
        over.
        """
        return after(self.there, months) <= self.today

    def is_long_over(self, limits: Limits) -> bool:
        """Whether the seller's date passed more than `part_days` ago: the service may be gone, and a person has to
        look.
        """
        return (self.today - self.there).days > limits.part_days

    def term(self, wanted: int, offered: Collection[int], limits: Limits) -> int:
        """Months to buy: `wanted`, unless that goes beyond what was paid; then the longest of `offered` that does not.

        The shortest where all of them do: the seller is never paid for more than one term ahead. Going beyond by up to
        `few_days` does not count.
        """
        last = self.paid + dt.timedelta(days=min(limits.few_days, (dt.date.max - self.paid).days))
        if after(self.there, wanted) <= last:
            return wanted
        terms = sorted({*offered, wanted})
        fitting = [months for months in terms if after(self.there, months) <= last]
        return fitting[-1] if fitting else terms[0]


class Move(enum.Enum):
    """How the panel's date relates to the date that was accounted for last."""

    NONE = "it is that date"
    FOLLOW = "it may be accounted for: it is earlier, only a few days later, or no later than the seller was paid"
    JUMP = "it is later for no known reason"


def after(day: dt.date, months: int) -> dt.date:
    """The day `months` later: the same day of the month, or its last one where it has no such day.

    Never later than 9999-12-31, which panels write for what has no end.
    """
    month = day.month - 1 + months
    year, month = day.year + month // _YEAR_MONTHS, month % _YEAR_MONTHS + 1
    if year > dt.MAXYEAR:
        return dt.date.max
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def has_moved(was: dt.date, now: dt.date, months: int) -> bool:
    """Whether the seller's date shows a term that was bought: it moved by at least half of it.

    Sellers may give a day more or less than they promise; a day or two is no term.
    """
    return (now - was) * 2 >= after(was, months) - was


def judge(paid: dt.date, there: dt.date | None, accounted: dt.date | None, limits: Limits) -> Move:
    """How the panel's date `paid` relates to the `accounted` one, which is None where nothing was accounted for yet.

    The date of a link that was just made, or is older than this rule, counts as accounted for until the day up to
    which the seller was paid (`there`).
    """
    base = accounted or there
    if base is None:
        return Move.FOLLOW
    if accounted == paid:
        return Move.NONE
    known = max(base, there) if there else base
    return Move.FOLLOW if (paid - known).days <= limits.few_days else Move.JUMP


def accounted_after(base: dt.date | None, moved_to: dt.date, months: int, limits: Limits) -> dt.date:
    """The date to account for after an operation of `months` that left the panel's date at `moved_to`.

    That is `moved_to`, unless it is more than `few_days` beyond `base` plus `months`: then it is that sum, and the rest
    stays a jump that nothing explains.
    """
    if base is None or months <= 0:
        return moved_to
    explained = after(base, months)
    return moved_to if (moved_to - explained).days <= limits.few_days else explained

"""What will be bought at an account in the next days, against the money that is there.

A term counts with its whole cost on the seller's day on which the one before ends, several times if it is short;
what is overdue counts today, as long as a rule would still buy it. It is counted where the client has paid already, or
where the panel renews by itself. The rest is listed with the reason why it is not counted, and so is a service of which
no cost is known. On each day the services that are gone for good when they end come first: licences. Each currency is
reckoned for itself.

A cost is the one last seen in the service's form, else what the same term has cost last. One that was seen too long ago
is old: it is shown as old, and whether the alarm begins is reckoned without it (`Forecast.sure`). Services that are
still opening, or have no date at the seller, are not looked at (ledger/terms.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from reseller import products
from reseller.context import Context
from reseller.ledger import balances, foreseen, links, prices, spent, tariffmap, terms
from reseller.ledger.balances import Kept
from reseller.ledger.tariffmap import TariffMap
from reseller.ledger.terms import Ending
from reseller.lifecycle import term_to_buy
from reseller.lifecycle.term_to_buy import Level
from reseller.limits import Limits
from reseller.mgr5 import items
from reseller.model import DAY, FOR_EVER, TRIAL, Status
from reseller.wire import numbers

#: windows for which what is due is shown
WINDOWS = (foreseen.DAYS, 14, 30)
#: most terms of one service that are counted
MOST_TERMS = 1000


class Term(NamedTuple):
    """A term that is due on `day`; `cost` is None where none is known."""

    day: dt.date
    item: int
    name: str
    itemtype: str
    months: int
    is_owed: bool
    is_final: bool
    cost: Decimal | None
    currency: str
    is_old: bool

    @property
    def rank(self) -> tuple[dt.date, bool, int]:
        """The order in which money is spent: by day, first what cannot be undone when it is missed."""
        return self.day, not self.is_final, self.item


class Left(NamedTuple):
    """A service that is not counted, and why: a word of the texts `reason_<why>`."""

    item: int
    name: str
    ends: dt.date
    why: str


class Outlook(NamedTuple):
    """One currency of an account: `due` are sums by window; `uncovered` is the first day on which money is missing,
    with the services that would not be renewed on it, what is gone for good first.
    """

    currency: str
    money: Kept | None
    due: Mapping[int, Decimal]
    uncovered: dt.date | None
    missing: Decimal
    lost: tuple[Term, ...]
    credit_from: dt.date | None
    terms: tuple[Term, ...]

    def days_left(self, today: dt.date) -> int | None:
        """How many days are covered; None if all of them are."""
        return None if self.uncovered is None else (self.uncovered - today).days


class Forecast(NamedTuple):
    """An account's next days."""

    account: int
    today: dt.date
    days: int
    outlooks: tuple[Outlook, ...]
    left: tuple[Left, ...]
    #: the outlooks without the terms whose cost is old
    sure: tuple[Outlook, ...]

    def first_short(self, *, with_old: bool = True, currency: str = "") -> Outlook | None:
        """The outlook that is short first, of `currency` only if given; None if none is short.

        Without `with_old`, terms whose cost is old do not count (`sure`).
        """
        short = [each for each in (self.outlooks if with_old else self.sure) if each.uncovered is not None]
        short = [each for each in short if currency in ("", each.currency)]
        return min(short, key=lambda each: (each.uncovered or self.today, each.currency), default=None)


def accounts(context: Context) -> dict[int, list[int]]:
    """The accounts at which modules of ours have linked services, each with those modules."""
    found: dict[int, list[int]] = {}
    for module in items.modules(context.db):
        account = links.account_of(context.db, module)
        if account:
            found.setdefault(account, []).append(module)
    return found


def nothing() -> Outlook:
    """The outlook of an account of which neither money nor anything due is known."""
    return _outlook("", None, [], dt.date.min, None)


def of(context: Context, account: int, today: dt.date, days: int, extra: tuple[Decimal, str] | None = None) -> Forecast:
    """The forecast of an account for so many days from the seller's day `today`.

    `extra` is an amount with its currency that would be spent first, such as a new order's.
    """
    found: list[Term] = []
    left: list[Left] = []
    window = _Window(today, today + dt.timedelta(days=days), context.limits)
    endings = _endings(context, account, window)
    costs = _Costs(context, [each.item for each, _, _ in endings])
    for each, months, why in endings:
        made = [] if why or months is None else list(window.terms(each, months, costs))
        found += [term for term in made if term.cost is not None]
        if why or not made or made[-1].cost is None:
            left.append(Left(each.item, each.name, each.ends, why or "cost"))
    kept = {each.money.currency: each for each in balances.of(context.db, account)}
    currencies = sorted({*kept, *(term.currency for term in found)})
    fresh = [term for term in found if not term.is_old]
    outlooks = tuple(_outlook(each, kept.get(each), found, today, extra) for each in currencies)
    sure = tuple(_outlook(each, kept.get(each), fresh, today, extra) for each in currencies)
    return Forecast(account, today, days, outlooks, tuple(left), sure)


def coming(context: Context, account: int, today: dt.date, days: int) -> list[tuple[Ending, int]]:
    """The services whose term ends within so many days and for which a further one will be bought, the earliest first,
    each with the months of that term.
    """
    endings = _endings(context, account, _Window(today, today + dt.timedelta(days=days), context.limits))
    return [(each, months) for each, months, why in endings if not why and months is not None and months > 0]


class _Window(NamedTuple):
    """The days that are foreseen, and the limits by which a term is bought."""

    today: dt.date
    until: dt.date
    limits: Limits

    def is_owed(self, each: Ending, day: dt.date) -> bool:
        """Whether the client has paid for more than the term that ends on `day`, by Level.is_due."""
        tolerance = self.limits.tolerance_days if day > self.today else 0
        paid_for_sure = min(filter(None, (each.paid_until, each.accounted)), default=each.ends)
        return (paid_for_sure - day).days > tolerance

    def is_overdue(self, each: Ending, months: int) -> bool:
        """Whether no rule buys a term any more: the date here passed too long ago, so that nobody renews it; or the
        seller's did, and one term would be over already.
        """
        level = Level(each.paid_until or each.ends, each.ends, self.today)
        is_over_here = each.paid_until is not None and (self.today - each.paid_until).days > self.limits.part_days
        is_lost = months == DAY or level.is_in_vain(months)
        return is_over_here or (level.is_long_over(self.limits) and is_lost)

    def excluded(self, each: Ending, months: int | None) -> str:
        """Why nothing will be bought for a service; empty if something may be."""
        is_owed = self.is_owed(each, each.ends)
        is_alive = each.status in (Status.ACTIVE, Status.SUSPENDED, Status.PROCESSING)
        reasons = {
            "away": each.is_away,
            "status": not is_alive,
            "trial": each.period == TRIAL,
            "left": each.is_left,
            "suspended": each.status == Status.SUSPENDED and not is_owed,
            "renewal": each.renews is None and not is_owed,
            "term": months is None or months in (TRIAL, FOR_EVER),
            "overdue": months is not None and self.is_overdue(each, months),
        }
        return next((why for why, holds in reasons.items() if holds), "")

    def terms(self, each: Ending, months: int, costs: _Costs) -> Iterator[Term]:
        """The terms of a service that are due in the window, at most MOST_TERMS."""
        cost, currency, is_old = costs.of(each.item, months)
        day = each.ends
        for _ in range(MOST_TERMS):
            is_owed = self.is_owed(each, day)
            if day > self.until or (not is_owed and each.renews is None):
                return
            is_final = products.of(each.itemtype).has_key
            when = max(day, self.today)
            yield Term(when, each.item, each.name, each.itemtype, months, is_owed, is_final, cost, currency, is_old)
            day = day + dt.timedelta(days=1) if months == DAY else term_to_buy.after(day, months)


def _endings(context: Context, account: int, window: _Window) -> list[tuple[Ending, int | None, str]]:
    """The services whose term ends in the window, the months of a further one, None where the map has none, and why
    none is bought, empty if one may be.
    """
    endings = terms.ending(context.db, account, window.until)
    maps = tariffmap.load_all(context.db, {each.pricelist for each in endings})
    found = []
    for each in endings:
        text = maps.get(each.pricelist, TariffMap({})).remote(tariffmap.PERIOD, str(each.period)) or ""
        months = DAY if text == str(DAY) else TRIAL if text == str(TRIAL) else numbers.parse(text)
        found.append((each, months, window.excluded(each, months)))
    return found


class _Costs:
    """What a term of each of these services costs, read together."""

    def __init__(self, context: Context, items: Sequence[int]) -> None:
        self._oldest = context.limits.price_seconds
        self._seen = prices.of_services(context.db, items)
        self._charged = spent.last_of_terms(context.db, items)

    def of(self, item: int, months: int) -> tuple[Decimal | None, str, bool]:
        """The cost, None where none is known, its currency, and whether it is old."""
        known = [row for row in self._seen.get(item, ()) if row.part.split(" ")[1] == str(months)]
        if known:
            newest = min(known, key=lambda row: row.age_seconds)
            return newest.seen, newest.currency, newest.age_seconds > self._oldest
        cost, currency = self._charged.get((item, months), (None, ""))
        return cost, currency, False


def _outlook(
    currency: str, kept: Kept | None, found: list[Term], today: dt.date, extra: tuple[Decimal, str] | None
) -> Outlook:
    mine = sorted((term for term in found if term.currency == currency), key=lambda term: term.rank)
    due = {
        window: sum((term.cost or Decimal(0) for term in mine if (term.day - today).days <= window), Decimal(0))
        for window in WINDOWS
    }
    own = extra[0] if extra and extra[1] == currency else Decimal(0)
    if kept is None:
        return Outlook(currency, None, due, None, Decimal(0), (), None, tuple(mine))
    total, uncovered, credit_from = own, None, None
    lost: list[Term] = []
    for term in mine:
        total += term.cost or Decimal(0)
        if credit_from is None and total > kept.money.amount:
            credit_from = term.day
        if total > kept.available:
            uncovered = uncovered or term.day
            lost += [term] if term.day == uncovered else []
    # Enough is what is exactly as much.
    missing = max(total - kept.available, Decimal(0))
    credit_from = credit_from if kept.money.credit else None
    return Outlook(currency, kept, due, uncovered, missing, tuple(lost), credit_from, tuple(mine))

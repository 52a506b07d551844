"""Services that renew by a period which the seller does not offer any more: one problem for each tariff here.

It is raised `forecast_days` before the first of their renewals (lifecycle/forecast.py says what will be renewed), so
that a person has time to find another way. What is offered to new orders may differ from what a service may be renewed
by, so the form of one service's renewal decides where it lists periods, and the price list where it lists none. A form
that was not read, and what neither of them says, raises nothing and ends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reseller.context import Context, Seller
from reseller.ledger import accounts, problems
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.terms import Ending
from reseller.lifecycle import forecast
from reseller.lifecycle import problems as troubles
from reseller.mgr5 import tariffs
from reseller.seller import renewals
from reseller.seller.price_list import Offer
from reseller.wire import dates, texts
from reseller.wire.errors import SellerError

#: how many forms of renewals one look reads; where there are more, the next day's begins with others
FORMS = 20
#: how many services the problem names
NAMED = 20


class _Gone(NamedTuple):
    """A term that is not offered, in months, with what is, and the services that renew by it, the earliest first."""

    term: int
    offered: tuple[str, ...]
    services: tuple[Ending, ...]


def note(context: Context, held: Lease, seller: Seller, offers: Mapping[int, Offer]) -> None:
    """Raise the problem of each tariff of the seller's module, and end those that are over; `offers` are the seller's
    published tariffs by number here, as far as they could be read.
    """
    module = seller.settings.module
    by_term: dict[tuple[int, int], list[Ending]] = {}
    days = context.limits.forecast_days
    for each, months in forecast.coming(context, seller.account, seller.transport.today, days):
        if each.module == module:
            by_term.setdefault((each.pricelist, months), []).append(each)
    look = _Look(context, seller, offers)
    terms = list(by_term.items())
    start = seller.transport.today.toordinal() * FORMS % max(len(terms), 1)
    gone: dict[int, list[_Gone]] = {}
    unknown: set[int] = set()
    for (number, months), services in terms[start:] + terms[:start]:
        offered = look.offered(number, str(months), services[0])
        if offered is None:
            unknown.add(number)
        elif str(months) not in offered:
            gone.setdefault(number, []).append(_Gone(months, offered, tuple(services)))
    for number, found in gone.items():
        with troubles.each(context):
            troubles.raise_(context, held, _problem(context, module, number, found))
    end(context, held, module, keep=unknown | set(gone))


def end(context: Context, held: Lease, module: int, keep: set[int]) -> None:
    """End the problems of a module's tariffs, but for these."""
    for each in problems.of_kind(context.db, module, problems.PERIOD_GONE):
        if each.cause.number not in keep:
            with troubles.each(context):
                troubles.end(context, held, each.cause)


class _Look:
    """What the seller offers for renewals, asked as seldom as possible."""

    def __init__(self, context: Context, seller: Seller, offers: Mapping[int, Offer]) -> None:
        self._context, self._seller, self._offers = context, seller, offers
        self._currency = accounts.balance_of(context.db, seller.account)[0].currency
        self._forms = 0

    def offered(self, number: int, term: str, service: Ending) -> tuple[str, ...] | None:
        """The terms that a service of tariff `number` here may be renewed by; None where that is not known."""
        published = self._published(number)
        if published is not None and term in published:
            return published
        listed = self._listed(service)
        return None if listed is None else listed or published

    def _published(self, number: int) -> tuple[str, ...] | None:
        offer = self._offers.get(number)
        currency = offer.currency_of(self._currency) if offer else ""
        return tuple(offer.prices.get(currency, {})) if offer and currency else None

    def _listed(self, service: Ending) -> tuple[str, ...] | None:
        """The periods in the form of the service's renewal, none where it lists none; None where it was not read."""
        if self._forms >= FORMS:
            return None
        self._forms += 1
        try:
            return renewals.periods(self._seller.transport, service.remote)
        except SellerError as error:
            self._context.log.info(f"item {service.item}: its renewal is not seen: {self._context.word(error)}")
            return None


def _problem(context: Context, module: int, number: int, found: Sequence[_Gone]) -> Problem:
    services = sorted((each for one in found for each in one.services), key=lambda each: (each.ends, each.item))
    params = {
        "module": str(module),
        "pricelist": str(number),
        "tariff": tariffs.name(context.db, number),
        "terms": ", ".join(str(one.term) for one in found),
        "offered": ", ".join(found[0].offered) or "-",
        "day": dates.text(services[0].ends),
        "count": str(len(services)),
        "services": texts.some(services, NAMED, lambda each: f"{each.item} {each.name} ({dates.text(each.ends)})"),
    }
    cause = Cause.of_sold(number, problems.PERIOD_GONE, module)
    touches = tuple(each.item for each in services)
    return Problem(cause, module, troubles.KINDS[problems.PERIOD_GONE].error, params, touches=touches)

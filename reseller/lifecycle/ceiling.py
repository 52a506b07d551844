"""Never dearer than agreed: a purchase that would cost more than was agreed waits for a person (promise 12).

What a purchase costs now is compared with the agreed price of the like (ledger/prices.py), in numbers only:

- a renewal for the service's own period: the cost that the service's form shows;
- an order, and a renewal for another term: the seller's published prices, unit by unit, for the same resources. What is
  charged once is a price of its own, and only of orders;
- a renewal for which neither is told as a number: what the last renewal of that term has cost, by the balance, unless
  the resources were changed since. What an order has cost is never compared with it: a promotion or a setup fee may be
  in it (additions-2.md i).

So both sides of a comparison come from the same place, and read tax the same way. What has no agreed price yet takes
the first one seen, which is 0 of what the seller sells without naming a price for it: a fee that it starts to name is a
rise. An answer that cannot be read decides nothing. A purchase waits if it costs `tolerance` percent
more than agreed, and that is more than `tolerance_sum`; exactly so much more is still fine. Agreed is what a person has
agreed to, not what has passed, so that small rises do not add up. The one problem of the tariff is sync/price_watch.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from reseller.ledger import accounts, prices, spent
from reseller.ledger.prices import Price, Seen
from reseller.lifecycle import two_prices
from reseller.lifecycle.order_plan import TARIFF_FIELD
from reseller.mgr5 import items
from reseller.seller import price_list
from reseller.seller.price_list import ONCE, Charge, Offer
from reseller.wire import money, texts
from reseller.wire.errors import ResellerError, SellerError

if TYPE_CHECKING:
    from reseller.lifecycle.attempt import Attempt, LinkedAttempt
    from reseller.model import Settings
    from reseller.seller.orders import Order
    from reseller.seller.service import Service

#: error type of requests that wait for a person's word about a price
WAITS = "reseller_dearer"
#: both types of requests that wait for one
WAITING = (WAITS, two_prices.CONTRADICTS)
#: the charges of a tariff in a currency for a term and these totals
Parts = Callable[[Offer, str, str, Mapping[str, str]], "list[Charge]"]
#: how many prices a sentence names
NAMED = 5


class Cost(NamedTuple):
    """What was agreed for a purchase, and what it costs now; `currency` is empty where no side names one."""

    agreed: Decimal
    now: Decimal
    currency: str


def has_risen(price: Price, settings: Settings) -> bool:
    """Whether a price is so much above the agreed one that a purchase of as many units as there may be has to wait."""
    return is_above(price.agreed * price.units, price.seen * price.units, settings)


def is_above(agreed: Decimal, now: Decimal, settings: Settings) -> bool:
    """Whether a cost is so much above the agreed one that a purchase has to wait."""
    rise = now - agreed
    return rise > settings.tolerance_sum and rise * 100 > agreed * settings.tolerance


def require_order(attempt: Attempt, order: Order, generation: str, offer: Offer | None = None) -> Cost | None:
    """Let an order wait if it costs too much more than agreed, or the seller names two prices; raises Stopped.

    Its cost, None if that is not known. `offer` is the seller's tariff where it was read a moment ago.
    """
    offer, cost = offer or _offer(attempt, order.pricelist), None
    if offer is not None:
        cost = _published(attempt, offer, order.period, order.addons, Offer.first_charges)
    else:
        cost = _kept(attempt, order.pricelist, order.period)
    if cost is not None:
        _require(attempt, cost)
    shown = two_prices.require_one(attempt, order, generation, offer)
    if shown is None:
        return cost
    return Cost(cost.agreed if cost else shown.amount, shown.amount, shown.currency)


def require_renewal(attempt: LinkedAttempt, form: Service, months: int) -> None:
    """Let the renewal of the service in `form` for this term wait if it costs too much more than agreed; raises
    Stopped.
    """
    item, context = attempt.item, attempt.context
    seen = of_form(item.id, item.pricelist, form, _currency(attempt))
    if seen is None or form.period != str(months):
        theirs = items.tariff_params(context.db, item.pricelist).get(TARIFF_FIELD, "")
        if theirs == form.pricelist:
            offer = _offer(attempt, theirs)
            if offer is None:
                cost = _kept(attempt, theirs, str(months))
            else:
                cost = _published(attempt, offer, str(months), form.addons, Offer.charges)
            if cost is not None:
                _require(attempt, cost)
                return
        seen = _charged(attempt, form, months)
    if seen is not None:
        _require(attempt, _against(attempt, [(seen, Decimal(1))]))


def of_form(item: int, pricelist: int, form: Service, currency: str) -> Seen | None:
    """The price of a renewal that a service's form shows; None if it shows none as a number.

    `pricelist` is the service's tariff here, `currency` the account's, for a form that names none.
    """
    if form.price is None:
        return None
    part = _part(form, form.period)
    return Seen(prices.SERVICE, item, part, form.currency or currency, pricelist, form.price)


def of_offer(pricelist: int, offer: Offer, currency: str, terms: Sequence[str]) -> list[Seen]:
    """The published prices, of one unit each, of a tariff of the seller that is sold here as `pricelist`; 0 where none
    is named.
    """
    return [
        _seen(pricelist, offer, unit, price)
        for unit, price in offer.unit_prices().items()
        if unit[0] == currency and unit[1] in (*terms, ONCE)
    ]


def words(found: Sequence[Price]) -> str:
    """Agreed and present prices, the first few of them."""

    def rise(price: Price) -> str:
        return f"{name(price)}: {money.text(price.agreed, '')} -> {money.text(price.seen, price.currency)}"

    return texts.some(found, NAMED, rise) or "-"


def name(price: Price) -> str:
    """What a price is for: a term in months, with the add-on if it is one's; the service, for its renewal."""
    _, term, *rest = price.part.split(" ")
    if term == ONCE:
        return "once, at the order"
    if price.is_beside:
        return f"{term} months, the order form beside the price list"
    if price.subject == prices.SERVICE:
        return f"service {price.number}, {term} months"
    return f"{term} months{f', add-on {rest[0]}' if rest else ''}"


def _unit(remote: str, term: str, part: str) -> str:
    return f"{remote} {term} {part}".rstrip()


def _part(form: Service, term: str) -> str:
    """The name of a renewal's price: another tariff, other resources or another term have another."""
    held = " ".join(f"{number}={value}" for number, value in sorted(form.addons.items()))
    return f"{form.pricelist} {term} {hashlib.sha256(held.encode()).hexdigest()[:16]}"


def _offer(attempt: Attempt, remote: str) -> Offer | None:
    """The seller's tariff; None if it is not published, or cannot be read."""
    context = attempt.context
    try:
        return price_list.one(attempt.seller.transport, remote, context.limits.read_seconds)
    except SellerError as error:
        context.log.info(f"item {attempt.item.id}: the price of tariff {remote} is not seen: {context.word(error)}")
        return None


def _published(attempt: Attempt, offer: Offer, term: str, totals: Mapping[str, str], parts: Parts) -> Cost | None:
    """The cost by the seller's published prices; None where they say none."""
    currency = offer.currency_of(_currency(attempt))
    pricelist = attempt.item.pricelist
    found = []
    for each in parts(offer, currency, term, totals):
        unit = (currency, ONCE, "") if each.part == ONCE else (currency, term, each.part)
        if each.price is not None:
            found.append((_seen(pricelist, offer, unit, each.price), each.units))
    # All of the term is recorded, as by the nightly look: what costs nothing yet may be given a price later.
    return _against(attempt, found, of_offer(pricelist, offer, currency, [term])) if found else None


def _seen(pricelist: int, offer: Offer, unit: tuple[str, str, str], price: Decimal) -> Seen:
    """The price of a unit, which is named by currency, term and part."""
    currency, term, part = unit
    units = offer.most_units(part)
    return Seen(prices.TARIFF, pricelist, _unit(offer.id, term, part), currency, pricelist, price, units=units)


def _kept(attempt: Attempt, remote: str, term: str) -> Cost | None:
    """What was seen lately of the tariff itself, for a price list without it or that cannot be read: None if old."""
    part, oldest = _unit(remote, term, ""), attempt.context.limits.price_seconds
    for each in prices.of(attempt.context.db, prices.TARIFF, attempt.item.pricelist, attempt.item.module):
        if each.part == part and each.age_seconds <= oldest:
            return Cost(each.agreed, each.seen, each.currency)
    return None


def _charged(attempt: LinkedAttempt, form: Service, months: int) -> Seen | None:
    """What the last renewal by this term has cost, by the balance; None if that is not known for these resources."""
    item = attempt.item.id
    charge = spent.last_renewal(attempt.context.db, item, months)
    if charge is None:
        return None
    part = f"{_part(form, str(months))} renewed"
    return Seen(prices.SERVICE, item, part, charge[1], attempt.item.pricelist, charge[0])


def _against(attempt: Attempt, found: Sequence[tuple[Seen, Decimal]], beside: Sequence[Seen] = ()) -> Cost:
    """What these units cost now, against what was agreed for them; what has no agreed price takes this one.

    Recorded are their prices, and those `beside` them.
    """
    db, first = attempt.context.db, found[0][0]
    mine = prices.of(db, first.subject, first.number, attempt.item.module)
    known = {(each.part, each.currency): each.agreed for each in mine}
    prices.note(attempt.held, attempt.item.module, list(dict.fromkeys([*(seen for seen, _ in found), *beside])))
    agreed = sum((known.get((seen.part, seen.currency), seen.price) * units for seen, units in found), Decimal(0))
    now = sum((seen.price * units for seen, units in found), Decimal(0))
    return Cost(agreed, now, first.currency)


def _currency(attempt: Attempt) -> str:
    return accounts.balance_of(attempt.context.db, attempt.seller.account)[0].currency


def _require(attempt: Attempt, cost: Cost) -> None:
    if not is_above(cost.agreed, cost.now, attempt.seller.settings):
        return
    told = {
        "agreed": money.text(cost.agreed, cost.currency),
        "now": money.text(cost.now, cost.currency),
        "tariff": attempt.item.pricelist_name,
        "pricelist": attempt.item.pricelist,
    }
    seconds = attempt.context.limits.unsent_longest_seconds
    raise attempt.wait_for(ResellerError(WAITS, **told, **attempt.names()), seconds)

"""What the sellers ask now, against what was agreed: one problem for each tariff that became too dear.

The prices of tariffs are those of the daily look at the price list (sync/tariff_watch.py), those of renewals come from
the forms that are read in full once a day. So a renewal that will have to wait is told of before its day comes. A price
that was not seen again for `price_seconds` is old, and neither raises nor ends a problem; a purchase that waits does.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from decimal import Decimal

from reseller.context import Context, Seller
from reseller.db import Database
from reseller.ledger import accounts, prices, problems, requests, tariffmap
from reseller.ledger.leases import Lease
from reseller.ledger.prices import Price, Seen
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.requests import Request
from reseller.lifecycle import ceiling, two_prices
from reseller.lifecycle import problems as troubles
from reseller.mgr5 import items, tariffs
from reseller.model import Settings
from reseller.seller.price_list import Offer
from reseller.wire import money
from reseller.wire.errors import ResellerError

#: how many services the problem names where none has to wait
NAMED = 5


def see(context: Context, held: Lease, seller: Seller, offers: Mapping[int, Offer]) -> None:
    """Record what the seller publishes for tariffs of this panel, for the terms that are bought; `offers` are by
    number here.
    """
    account = accounts.balance_of(context.db, seller.account)[0].currency
    found: list[Seen] = []
    maps = tariffmap.load_all(context.db, offers)
    for number, offer in offers.items():
        rows = maps[number].rows if number in maps else {}
        terms = [remote for (kind, _), remote in rows.items() if kind == tariffmap.PERIOD]
        found += ceiling.of_offer(number, offer, offer.currency_of(account), terms)
    prices.note(held, seller.settings.module, found)
    prices.prune(held, seller.settings.module)


def note(context: Context, held: Lease, module: int) -> None:
    """Raise the problem of each tariff that is too dear, and end those that are over; what has waited goes on then."""
    db = context.db
    risen = prices.risen(db, module, context.limits.price_seconds)
    live = [each for each in requests.all_live(db, [module]) if each.error_type in ceiling.WAITING]
    raised = {each.cause.number: each for each in problems.of_kind(db, module, problems.DEARER)}
    if not risen and not live and not raised:
        return
    try:
        settings = context.seller(module).settings
    except ResellerError as error:
        context.log.error(f"module {module}: prices not compared: {context.word(error)}")
        return
    waiting = by_tariff(db, live)
    dear: dict[int, list[Price]] = {number: [] for number in waiting}
    on_sale = tariffs.active(db, {price.pricelist for price in risen})
    for price in risen:
        is_paid = price.subject == prices.SERVICE or price.pricelist in on_sale
        if is_paid and _counts(context, price, settings, raised, waiting):
            dear.setdefault(price.pricelist, []).append(price)
    for number in waiting:
        # Several rises that are small, or that are of units, may make one purchase too dear.
        dear[number] = dear[number] or [each for each in risen if each.pricelist == number]
    if set(waiting) - {each.pricelist for each in risen}:
        # Agreed to by a person, or back at what was agreed: what waits is looked at again.
        requests.wake(held, ceiling.WAITING, [module])
    for number in set(raised) - set(dear):
        with troubles.each(context):
            troubles.end(context, held, raised[number].cause)
    _raise(context, held, module, dear, waiting, raised)


def by_tariff(db: Database, live: Sequence[Request]) -> dict[int, list[Request]]:
    """Live requests by the tariff of their service, as far as the service exists."""
    found: dict[int, list[Request]] = {}
    of_items = items.read_all(db, [each.item for each in live])
    for request in live:
        if request.item in of_items:
            found.setdefault(of_items[request.item].pricelist, []).append(request)
    return found


def _counts(
    context: Context, price: Price, settings: Settings, raised: Container[int], waiting: Container[int]
) -> bool:
    """Whether a price is too high; an old one keeps what was raised, and two answers matter while an order waits."""
    if price.is_beside:
        return price.pricelist in waiting
    if price.age_seconds > context.limits.price_seconds and price.pricelist not in raised:
        return False
    return ceiling.has_risen(price, settings)


def _raise(  # noqa: PLR0913, PLR0917 - what is known of a module's tariffs by now
    context: Context,
    held: Lease,
    module: int,
    found: Mapping[int, Sequence[Price]],
    waiting: Mapping[int, Sequence[Request]],
    raised: Mapping[int, Problem],
) -> None:
    """Raise the problems; what has not changed costs no statement, however many tariffs there are."""
    names = tariffs.names(context.db, found)
    having = tariffs.first_services(context.db, found, NAMED, module)
    for number, dear in found.items():
        mine = waiting.get(number, ())
        touched = [*(each.item for each in mine), *(each.number for each in dear if each.subject == prices.SERVICE)]
        touches = tuple(dict.fromkeys(touched)) or tuple(having.get(number, ()))
        problem = _problem(module, number, names.get(number, ""), dear, mine)._replace(touches=touches)
        before = raised.get(number)
        if before is not None and before.kept == problem.cut.kept and (before.task or not touches):
            continue
        with troubles.each(context):
            troubles.raise_(context, held, problem)


def _problem(module: int, pricelist: int, name: str, found: Sequence[Price], waiting: Sequence[Request]) -> Problem:
    params = {
        "module": str(module),
        "pricelist": str(pricelist),
        "tariff": name,
        "waiting": str(len(waiting)),
        "count": str(len(found)),
        "prices": ceiling.words(found),
    }
    error = troubles.KINDS[problems.DEARER].error
    contradicts = next((each for each in waiting if each.error_type == two_prices.CONTRADICTS), None)
    if contradicts is not None and all(each.is_beside for each in found):
        error, params = "reseller_two_prices_tariff", {**params, "cause": contradicts.error_text}
    worst = max(found, key=lambda each: each.seen / (each.agreed or Decimal("1e-9")), default=None)
    here = money.text(worst.agreed, worst.currency) if worst else ""
    there = money.text(worst.seen, worst.currency) if worst else ""
    return Problem(Cause.of_sold(pricelist, problems.DEARER, module), module, error, params, here, there)

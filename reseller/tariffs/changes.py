"""What has changed of the tariffs that are sold here: at the seller, here, or on both sides, and what it does to them.

Compared are the seller's answer of now, the panel's tables, and the values that were kept when a part was last agreed
(ledger/tariff_runs.py): so a price that a person has set here is told from a cost that the seller has raised. The
seller is asked once a type for all tariffs, so a thousand tariffs cost no more requests than one.

If more than a fifth of the tariffs are missing from one answer, or it has none at all, the answer is doubted: nothing
is said of those that are missing until the daily look has found the same ones missing for a day. The others are
compared, but no price follows by such an answer.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from reseller.context import Context
from reseller.ledger import accounts, observations, tariffmap
from reseller.ledger.tariff_runs import TARIFF, Value
from reseller.mgr5.tariff_forms import SETUP
from reseller.seller import price_list
from reseller.seller.price_list import Offer
from reseller.tariffs import catalogue, resold, resource_changes
from reseller.tariffs.making import PERIOD
from reseller.tariffs.resold import Resold
from reseller.tariffs.resource_changes import BOTH, HERE, THERE
from reseller.wire import money
from reseller.wire.errors import Message, Rejected, ResellerError

#: the share of a module's tariffs, in percent, that may be missing from one answer before it is doubted
DOUBTED_PERCENT = 20
#: so many tariffs may be missing however few there are
DOUBTED_LEAST = 2
#: the beginning of a cursor's name: since when the same tariffs of a type are missing
DOUBT = "tariffs_doubt"
#: after so long the same tariffs are believed to be missing
BELIEVED_SECONDS = 86400
#: no request is begun with less time left
LEAST_SECONDS = 5


class Change(NamedTuple):
    """One difference of one tariff here. `was` is the seller's value as it was agreed, `there` and `here` are those of
    now, in words; `side` says who has changed it, empty where nothing was agreed. `text` says what follows.
    """

    pricelist: int
    name: str
    remote: str
    part: str
    side: str
    was: str
    there: str
    here: str
    text: Message
    #: sold here below its cost, and on sale here without being for sale there
    is_below_cost: bool = False
    is_unsellable: bool = False
    #: of a period: what it costs there now, None if unknown, and in which currency
    cost: Decimal | None = None
    currency: str = ""
    #: how many services that are not closed have the tariff: they keep their price
    services: int = 0


class Report(NamedTuple):
    """The differences of a module's tariffs; `unread` says which answers are missing or doubted.

    `doubts` has each type that was read, with a digest of the tariffs that are missing if those are too many, else
    empty. `unknown` are tariffs with a period on sale whose cost is not known. `doubtful` are tariffs of which no
    change is taken over by a rule, each with the reason. `offers` has what the seller publishes for each tariff here.
    """

    changes: list[Change]
    unread: list[Message]
    doubts: dict[str, str]
    unknown: list[int]
    doubtful: dict[int, Message]
    offers: dict[int, Offer]


def look(context: Context, module: int, until: float | None = None) -> Report:
    """Compare every tariff of a module with its seller's, until a time (monotonic seconds); what it does not come to is
    unread.

    After a request that got no answer the seller is asked no more, so a price list that it cannot send stops no other
    work of the module. Raises ResellerError as Context.seller().
    """
    context.seller(module)
    found = Report([], [], {}, [], {}, {})
    ours = resold.read(context, module)
    by_type: dict[str, list[Resold]] = {}
    for tariff in ours:
        if tariff.remote:
            by_type.setdefault(tariff.itemtype, []).append(tariff)
    is_over = False
    for itemtype, mine in by_type.items():
        left = seconds_left(context, until)
        if is_over or left < LEAST_SECONDS:
            found.unread.append(Message("reseller_tariffs_not_asked", object=itemtype))
            continue
        try:
            _of_type(context, module, itemtype, mine, found, left)
        except ResellerError as error:
            is_over = not isinstance(error, Rejected)
            found.unread.append(Message("reseller_tariffs_unread", object=itemtype, cause=context.word(error)))
    found.changes.extend(_incomplete(ours))
    return found


def seconds_left(context: Context, until: float | None) -> int:
    """How long one answer may take: `list_seconds`, or what is left of the time."""
    most = context.limits.list_seconds
    return most if until is None else min(most, int(until - time.monotonic()))


def _of_type(  # noqa: PLR0913, PLR0917 - which tariffs of which seller, where to, and in what time
    context: Context, module: int, itemtype: str, mine: list[Resold], found: Report, seconds: int
) -> None:
    seller = context.seller(module)
    wanted = {tariff.remote for tariff in mine}
    total = 0

    def ours(offer: Offer) -> Offer | None:
        nonlocal total
        total += 1
        return offer if offer.id in wanted else None

    offers = {offer.id: offer for offer in price_list.each(seller.transport, itemtype, ours, seconds)}
    offered = catalogue.orderable(context, seller, itemtype)
    missing = [tariff for tariff in mine if tariff.remote not in offers or tariff.remote not in offered]
    # An answer without any tariff is none that could be believed at once, however few are sold here.
    most = max(DOUBTED_LEAST, len(mine) * DOUBTED_PERCENT // 100) if total and offered else 0
    remotes = " ".join(sorted(tariff.remote for tariff in missing))
    digest = hashlib.sha256(remotes.encode()).hexdigest()[:16] if len(missing) > most else ""
    found.doubts[itemtype] = digest
    is_doubted = _is_doubted(context, module, itemtype, digest)
    if is_doubted:
        told = {"count": len(missing), "total": len(mine)}
        found.unread.append(Message("reseller_tariffs_doubted", object=itemtype, **told))
        found.doubtful.update({tariff.number: found.unread[-1] for tariff in mine})
    account = accounts.balance_of(context.db, seller.account)[0].currency
    gone = {tariff.number for tariff in missing}
    for tariff in mine:
        if tariff.remote in offers:
            found.offers[tariff.number] = offers[tariff.remote]
        if tariff.number not in gone:
            offer = offers[tariff.remote].taxed(seller.settings.cost_tax)
            found.changes.extend(_compared(tariff, offer, account, found))
        elif not is_doubted:
            found.changes.append(_withdrawn(tariff, offers.get(tariff.remote)))


def _is_doubted(context: Context, module: int, itemtype: str, digest: str) -> bool:
    """Whether these tariffs are missing, and not for a day yet."""
    since = observations.seconds_since(context.db, module, doubt(itemtype, digest)) if digest else None
    return bool(digest) and (since is None or since < BELIEVED_SECONDS)


def doubt(itemtype: str, digest: str) -> str:
    """The cursor that says since when these tariffs of a type are missing."""
    return f"{DOUBT} {itemtype} {digest}"


def _withdrawn(tariff: Resold, offer: Offer | None) -> Change:
    marks = ", ".join(offer.marks) if offer is not None else ""
    text = Message("reseller_tariff_withdrawn", pricelist=tariff.number, tariff=tariff.remote)
    here = "on" if tariff.is_active else "off"
    return _change(tariff, TARIFF, "", "", marks or "-", here, text)._replace(is_unsellable=tariff.is_active)


def _compared(tariff: Resold, offer: Offer, account: str, found: Report) -> Iterator[Change]:
    known = tariff.known.get(TARIFF)
    if known is not None and offer.name and known.there != offer.name:
        # Since it was imported, the seller calls it otherwise; the name here is a person's, and stays.
        text = Message("reseller_tariff_renamed", pricelist=tariff.number, was=known.there, there=offer.name)
        yield _change(tariff, "name", THERE, known.there, offer.name, tariff.name, text)
    if tariff.datacenter and offer.datacenters and tariff.datacenter not in offer.datacenters:
        told = ", ".join(offer.datacenters)
        text = Message("reseller_tariff_datacenter", pricelist=tariff.number, value=tariff.datacenter)
        lost = _change(tariff, "datacenter", "", tariff.datacenter, told, tariff.datacenter, text)
        yield lost._replace(is_unsellable=tariff.is_active)
    currency = offer.currency_of(account)
    yield from _periods(tariff, offer, currency, found.unknown)
    yield from _setup(tariff, offer, currency)
    for each in resource_changes.compare(tariff, offer, currency):
        if each.is_doubtful:
            found.doubtful.setdefault(tariff.number, each.text)
        change = _change(tariff, each.part, each.side, each.was, each.there, each.here, each.text)
        is_lost = each.is_lost and tariff.is_active
        yield change._replace(is_unsellable=is_lost, is_below_cost=each.is_below_cost and tariff.is_used)


def _periods(tariff: Resold, offer: Offer, currency: str, unknown: list[int]) -> Iterator[Change]:
    costs = offer.prices.get(currency, {})
    for (kind, period), term in tariff.mapping.rows.items():
        part = f"{PERIOD} {period}"
        sold = {iso: each[period] for iso, each in tariff.prices.items() if period in each}
        if kind != tariffmap.PERIOD or not sold:
            continue
        if currency and term not in costs:
            text = Message("reseller_tariff_period_gone", pricelist=tariff.number, value=term)
            yield _change(tariff, part, "", "", "-", price_words(sold), text)._replace(is_unsellable=tariff.is_active)
            continue
        cost = costs.get(term)
        if cost is None:
            unknown.append(tariff.number)
        there = "?" if cost is None else money.text(cost, currency)
        whole = offer.total(currency, term, tariff.given)
        below = _below(whole, currency, sold, period, term)
        known = tariff.known.get(part)
        side = _side(known, there, price_words(sold)) if period == term else ""
        if below or side:
            error = "reseller_tariff_below_cost" if below else "reseller_tariff_price"
            told = money.text(whole, currency) if below else there
            text = Message(error, pricelist=tariff.number, period=period, there=told, here=price_words(sold))
            change = _change(tariff, part, side, known.there if known else "", there, price_words(sold), text)
            yield change._replace(is_below_cost=below and tariff.is_used, cost=cost, currency=currency)


def _setup(tariff: Resold, offer: Offer, currency: str) -> Iterator[Change]:
    """What is charged once: whether a side has changed it, and whether a first sale loses money for it.

    The seller that does not tell it has none, as far as this can be compared.
    """
    known = tariff.known.get(SETUP)
    if known is None and any(part.startswith(PERIOD) for part in tariff.known):
        known = Value("-", "")
    cost = offer.setup.get(currency, Decimal(0))
    there = "?" if cost is None else money.text(cost, currency) if cost else "-"
    here = price_words(tariff.setup)
    side = _side(known, there, here)
    below = bool(cost) and _loses_at_first(tariff, offer, currency)
    if not side and not below:
        return
    error = "reseller_tariff_setup_below" if below else "reseller_tariff_setup"
    text = Message(error, pricelist=tariff.number, there=there, here=here or "-")
    change = _change(tariff, SETUP, side, known.there if known else "", there, here, text)
    yield change._replace(is_below_cost=below and tariff.is_used, cost=cost, currency=currency)


def _loses_at_first(tariff: Resold, offer: Offer, currency: str) -> bool:
    """Whether a period that earns its own cost does not earn what is charged once for it as well."""
    once = (offer.setup.get(currency) or Decimal(0)) - tariff.setup.get(currency, Decimal(0))
    for (kind, period), term in tariff.mapping.rows.items():
        sold = {iso: each[period] for iso, each in tariff.prices.items() if period in each}
        if kind != tariffmap.PERIOD or not sold or int(period) <= 0:
            continue
        whole = offer.total(currency, term, tariff.given)
        loses = {iso: price - once for iso, price in sold.items()}
        if not _below(whole, currency, sold, period, term) and _below(whole, currency, loses, period, term):
            return True
    return False


def _below(cost: Decimal | None, currency: str, sold: Mapping[str, Decimal], period: str, term: str) -> bool:
    """Whether the price in the currency of the cost is below what the same months cost; unknown is not below."""
    price = sold.get(currency)
    if cost is None or price is None:
        return False
    months, bought = int(period), int(term)
    if months > 0 and bought > 0:
        return price * bought < cost * months
    return price < cost


def price_words(sold: Mapping[str, Decimal]) -> str:
    """The prices of one period by currency, in words."""
    return ", ".join(money.text(price, iso) for iso, price in sorted(sold.items()))


def _side(known: Value | None, there: str, here: str) -> str:
    """Who has changed a value since it was agreed; empty for nobody, and where nothing was agreed."""
    if known is None:
        return ""
    return {(True, True): BOTH, (True, False): THERE, (False, True): HERE}.get(
        (known.there != there, known.here != here), ""
    )


def _incomplete(ours: Iterable[Resold]) -> Iterator[Change]:
    """Tariffs that are on sale here with parts that have no counterpart, or with no tariff of the seller at all."""
    for tariff in ours:
        missing = tariff.missing
        if tariff.is_active and (missing or not tariff.remote):
            told = ", ".join(f"{kind} {name}" for kind, name in missing[:10]) or "-"
            text = Message("reseller_tariff_unmapped", pricelist=tariff.number, parts=told)
            yield _change(tariff, TARIFF, "", "", "", told, text)._replace(is_unsellable=tariff.is_lost)


def _change(  # noqa: PLR0913, PLR0917 - the cells of a row
    tariff: Resold, part: str, side: str, was: str, there: str, here: str, text: Message
) -> Change:
    row = Change(tariff.number, tariff.name, tariff.remote, part, side, was, there, here, text)
    return row._replace(services=tariff.services)

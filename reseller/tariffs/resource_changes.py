"""What has changed of the resources of a tariff: those that went or came, limits, units, costs of a unit or choice.

A resource that is counted otherwise than when it was mapped (another kind, billed by use), that has shrunk, or that is
measured otherwise is nothing that a rule could follow: such a tariff waits for a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product
from typing import NamedTuple

from reseller.ledger import tariffmap
from reseller.model import INTEGER
from reseller.seller.price_list import Offer, Resource
from reseller.tariffs.design import NOT_TAKEN
from reseller.tariffs.making import RESOURCE
from reseller.tariffs.resold import Resold
from reseller.wire import money, numbers
from reseller.wire.errors import Message

#: which side has changed a value since it was agreed
THERE, HERE, BOTH = "there", "here", "both"


class ResourceChange(NamedTuple):
    """One difference; the cells are those of changes.Change. `is_lost`: what every client is given cannot be bought.

    `is_doubtful`: no price of the tariff follows by a rule before a person has looked.
    """

    part: str
    side: str
    was: str
    there: str
    here: str
    text: Message
    is_lost: bool = False
    is_below_cost: bool = False
    is_doubtful: bool = False


def compare(tariff: Resold, offer: Offer, currency: str) -> Iterator[ResourceChange]:
    """Every difference of a tariff's resources; `currency` is that of the costs, empty if it is not known."""
    there = {one.id: one for one in offer.resources}
    yield from _gone(tariff, offer, there)
    for (kind, key), number in tariff.mapping.rows.items():
        if kind == tariffmap.ADDON and number in there:
            one = there[number]
            yield from _kind(tariff, key, one)
            yield from _units(tariff, key, one)
            yield from _limits(tariff, key, one)
            yield from _costs(tariff, key, one, currency)


def _gone(tariff: Resold, offer: Offer, there: Mapping[str, Resource]) -> Iterator[ResourceChange]:
    """Parts that are mapped to what the seller does not have any more, and resources that are new there."""
    choices = {choice.id for one in offer.resources for choice in one.choices}
    for (kind, local), remote in tariff.mapping.rows.items():
        is_gone = (kind == tariffmap.ADDON and remote != tariffmap.NONE and remote not in there) or (
            kind == tariffmap.ENUM and remote not in choices
        )
        if is_gone:
            text = Message("reseller_tariff_part_gone", pricelist=tariff.number, part=kind, value=local)
            yield ResourceChange(f"{kind} {local}", THERE, remote, "-", local, text, is_lost=True)
    mapped = {remote for (kind, _), remote in tariff.mapping.rows.items() if kind == tariffmap.ADDON}
    was_imported = any(part.startswith(RESOURCE) for part in tariff.known)
    for number, one in there.items():
        if was_imported and number not in mapped and one.billtype not in NOT_TAKEN:
            text = Message("reseller_tariff_part_new", pricelist=tariff.number, part=RESOURCE, value=one.intname)
            yield ResourceChange(f"{RESOURCE} {one.intname}", THERE, "", one.name, "-", text)


def _kind(tariff: Resold, key: str, one: Resource) -> Iterator[ResourceChange]:
    """A resource that is of another kind there than here, or that clients do not order there any more."""
    here = tariff.resources.get(key)
    if here is not None and (one.billtype in NOT_TAKEN or one.addontype != here.addontype):
        told = f"{one.addontype}/{one.billtype or '-'}"
        text = Message("reseller_tariff_kind", pricelist=tariff.number, part=key, there=told)
        yield ResourceChange(
            f"{RESOURCE} {key}",
            *(THERE, "", told, f"{here.addontype}/{here.billtype}", text),
            is_lost=True,
            is_doubtful=True,
        )


def _units(tariff: Resold, key: str, one: Resource) -> Iterator[ResourceChange]:
    """A resource that the two sides measure differently, unless a person has said that the two names mean one unit."""
    if not tariff.is_same_unit(key, one.measure):
        here = tariff.units.get(key, "")
        text = Message("reseller_tariff_units", pricelist=tariff.number, value=key, here=here, there=one.measure)
        yield ResourceChange(f"{RESOURCE} {key}", "", "", one.measure, here, text, is_lost=True, is_doubtful=True)


def _limits(tariff: Resold, key: str, one: Resource) -> Iterator[ResourceChange]:
    """Amounts that clients may order here and that the seller does not sell, and limits that have shrunk there."""
    here = tariff.resources.get(key)
    if here is None or here.addontype != INTEGER or one.addontype != INTEGER or one.included is None:
        return
    given, most = here.addonlimit or 0, here.addonmax
    there = limit_words(one.included, one.most)
    # As many as the seller includes come without being named in the order (lifecycle/quantities.py).
    is_lost = one.most is not None and max(one.included, one.most) < given
    is_short = one.most is not None and (most is None or most > one.most)
    known = tariff.known.get(f"{RESOURCE} {key}")
    was = _limits_of(known.there) if known else None
    is_less = was is not None and (
        one.included < was[0] or (one.most is not None and (was[1] is None or one.most < was[1]))
    )
    if is_lost or is_short or is_less:
        mine = limit_words(Decimal(given), None if most is None else Decimal(most))
        name = "reseller_tariff_limits" if is_lost or is_short else "reseller_tariff_shrunk"
        text = Message(name, pricelist=tariff.number, value=key, here=mine, there=there)
        side, before = (THERE, known.there) if known and is_less else ("", "")
        yield ResourceChange(f"{RESOURCE} {key}", side, before, there, mine, text, is_lost=is_lost, is_doubtful=is_less)


def limit_words(included: Decimal, most: Decimal | None) -> str:
    """How much there is of a resource, in words: `1..8`, or `1` without a maximum."""
    return numbers.plain(included) + ("" if most is None else f"..{numbers.plain(most)}")


def _limits_of(words: str) -> tuple[Decimal, Decimal | None] | None:
    """The limits in words such as `1..8 by 2 GiB`; None for those of another resource."""
    included, _, most = words.partition(" ")[0].partition("..")
    if not included.isdecimal() or (most and not most.isdecimal()):
        return None
    return Decimal(included), Decimal(most) if most else None


def _costs(tariff: Resold, key: str, one: Resource, currency: str) -> Iterator[ResourceChange]:
    """Costs of a unit, a switch or a choice that the seller has changed since they were agreed."""
    if not currency:
        return
    sold = {
        f"{RESOURCE} {key}": one.prices,
        **{f"{RESOURCE} {key}/{each.intname}": each.prices for each in one.choices},
    }
    for (name, prices), period in product(sold.items(), tariff.periods):
        part = f"{name} {period}"
        known, cost = tariff.known.get(part), prices.get(currency, {}).get(period)
        there = "?" if cost is None else money.text(cost, currency)
        if known is None or known.there == there:
            continue
        price = money.parse(known.here) if known.here.endswith(f" {currency}") else None
        is_below = cost is not None and price is not None and price < cost
        error = "reseller_tariff_unit_below" if is_below else "reseller_tariff_unit"
        text = Message(error, pricelist=tariff.number, part=part, there=there, here=known.here)
        yield ResourceChange(part, THERE, known.there, there, known.here, text, is_below_cost=is_below)

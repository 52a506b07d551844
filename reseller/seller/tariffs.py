"""What may be ordered of the seller's tariffs: names, limits and choices, without prices.

They are made of what price_list.py reads, so that one answer of the seller serves both, and is read in one way.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from reseller.seller import price_list
from reseller.seller.price_list import METERED, NOT_ORDERED, Offer, Resource
from reseller.seller.transport import Transport
from reseller.wire import numbers


class Bounds(NamedTuple):
    """The limits of an add-on: how much the tariff's price includes, and the least and the most of a total."""

    included: Decimal
    least: Decimal
    #: None if the seller states no maximum
    most: Decimal | None
    is_ordered: bool
    is_metered: bool
    #: the name of its unit, empty where none is told
    measure: str = ""

    @classmethod
    def of(cls, resource: Resource) -> Bounds:
        """The limits of a resource; one that the seller does not state as a number is nothing, or no maximum."""
        return cls(
            included=resource.included or Decimal(0),
            least=resource.least or Decimal(0),
            most=resource.most,
            is_ordered=resource.billtype not in NOT_ORDERED,
            is_metered=resource.billtype == METERED,
            measure=resource.measure,
        )


class Tariff(NamedTuple):
    """A tariff of `pricelist.export`; `addons` are ids by internal name, `bounds` by id."""

    id: str
    name: str
    itemtype: str
    datacenters: dict[str, str]
    periods: tuple[str, ...]
    addons: dict[str, str]
    bounds: dict[str, Bounds]
    #: (internal name, id) of every enumeration item of every add-on
    enumitems: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, offer: Offer) -> Tariff:
        """What may be ordered of a published tariff."""
        return cls(
            id=offer.id,
            name=offer.name,
            itemtype=offer.itemtype,
            datacenters=dict(offer.datacenters),
            periods=tuple(period for costs in offer.prices.values() for period in costs),
            addons={one.intname: one.id for one in offer.resources},
            bounds={one.id: Bounds.of(one) for one in offer.resources},
            enumitems=tuple((choice.intname, choice.id) for one in offer.resources for choice in one.choices),
        )

    def included(self, intname: str) -> str:
        """How much of an add-on the tariff's price includes."""
        return numbers.plain(self.bounds[self.addons[intname]].included)


def export(transport: Transport, itemtype: str) -> list[Tariff]:
    """All tariffs of a type that the account can see and order; raises SellerError."""
    return price_list.each(transport, itemtype, Tariff.of, only_available=True)


def one(transport: Transport, pricelist: str) -> Tariff | None:
    """One tariff, even if it is no longer sold; None if the account cannot see it; raises SellerError."""
    offer = price_list.one(transport, pricelist)
    return None if offer is None else Tariff.of(offer)

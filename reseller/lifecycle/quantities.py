"""How much of each add-on a service is to have at the seller, by the tariff map; what is not sold so is refused.

An order names what the client ordered as it is; where the seller does not sell so much of it, the order is refused,
naming the add-on, before anything is sent. What the client's tariff merely includes is a minimum: where the seller's
tariff gives as much by itself, an order does not name it, so that a seller who takes no such field has nothing to
refuse, and it is no difference later. An order needs a counterpart for everything that the tariff includes, unless the
map says that the part exists here only.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple, Optional

from reseller.ledger import tariffmap
from reseller.ledger.tariffmap import TariffMap
from reseller.model import ENUMERATION, INTEGER, Addon, Item
from reseller.seller import price_list
from reseller.seller.price_list import Offer
from reseller.seller.service import Service
from reseller.seller.tariffs import Bounds, Tariff
from reseller.seller.transport import Transport
from reseller.wire import numbers
from reseller.wire.errors import Rejected, ResellerError

#: error type for more, or less, of an add-on than the seller sells
NOT_SOLD = "reseller_quantity"
#: reads the seller's tariff of a service; called only where the tariff matters
Ask = Callable[[], Optional[Tariff]]


class Resource(NamedTuple):
    """An add-on here and its `number` there; `value` is all that the service has of it, as the seller writes it."""

    addon: Addon
    number: str
    value: str

    @property
    def field(self) -> str:
        """The name of the add-on's field in the seller's forms."""
        return f"addon_{self.number}"

    def bounds(self, tariff: Tariff | None) -> Bounds | None:
        """The limits of the add-on in the seller's tariff; None where that does not show it."""
        return tariff.bounds.get(self.number) if tariff else None

    def is_choice_of(self, tariff: Tariff) -> bool:
        """Whether the seller's tariff has the choice; true for what is none, and where it names no choices."""
        if self.addon.addontype != ENUMERATION or not tariff.enumitems:
            return True
        return self.value in {number for _, number in tariff.enumitems}

    def comes_by_itself(self, bounds: Bounds | None) -> bool:
        """Whether the service gets so much of the add-on without naming it in the order."""
        if self.addon.is_ordered:
            return False
        if bounds is None:
            return self.addon.is_nothing
        if self.addon.addontype == INTEGER:
            return bounds.is_metered or Decimal(self.value) <= bounds.included
        return not bounds.is_ordered

    def given(self, tariff: Tariff | None) -> str:
        """The value to ask for of an add-on that nobody ordered: what the tariff here includes.

        For a number it is no less than the seller's tariff gives by itself. Empty where the seller does not sell so
        much, does not let the add-on be ordered, or, for a number, does not show its tariff.
        """
        bounds = self.bounds(tariff)
        is_number = self.addon.addontype == INTEGER
        if bounds is None:
            return "" if is_number else self.value
        if not bounds.is_ordered:
            return ""
        if not is_number:
            return self.value
        total = max(Decimal(self.value), bounds.included)
        return "" if bounds.most is not None and total > bounds.most else numbers.plain(total)


def published(transport: Transport, pricelist: str) -> Offer | None:
    """The seller's tariff with its prices; None where the seller does not show it. Raises SellerError when it cannot
    be asked.
    """
    try:
        return price_list.one(transport, pricelist)
    except Rejected:
        return None


def offered(transport: Transport, pricelist: str) -> Tariff | None:
    """As published(), without the prices."""
    offer = published(transport, pricelist)
    return None if offer is None else Tariff.of(offer)


def named(item: Item, mapping: TariffMap, tariff: Tariff | None) -> dict[str, str]:
    """The values of the add-ons that an order names, by the seller's numbers.

    Raises ResellerError `reseller_unmapped`, `reseller_quantity_whole`, or `reseller_quantity`. An add-on that is
    mapped to what the seller's tariff does not have is not mapped: the map was made for another tariff of the seller. A
    seller whose answer names no add-on, or no choice, at all says nothing of what it has.
    """
    values = {}
    for resource in _wanted(item, mapping, is_order=True):
        bounds = resource.bounds(tariff)
        if tariff is not None and tariff.bounds and bounds is None:
            raise unmapped(item, tariffmap.ADDON, resource.addon.key)
        if tariff is not None and not resource.is_choice_of(tariff):
            raise unmapped(item, tariffmap.ENUM, resource.addon.value)
        if not resource.comes_by_itself(bounds):
            _require_sold(item, resource, bounds)
            values[resource.number] = resource.value
    return values


def require_sold(item: Item, mapping: TariffMap, tariff: Tariff | None, fields: Container[str] | None = None) -> None:
    """Raise ResellerError as named() does, for all add-ons that were ordered or those among the seller's `fields`."""
    for resource in _wanted(item, mapping, is_order=False):
        if resource.addon.is_ordered and (fields is None or resource.field in fields):
            _require_sold(item, resource, resource.bounds(tariff))


def differing(item: Item, mapping: TariffMap, form: Service, ask: Ask) -> dict[str, str]:
    """Fields of the seller's form that do not show what the service has here, with the values that they should have.

    Raises ResellerError `reseller_unmapped` or `reseller_quantity_whole`, and what asking for the tariff raises.
    """
    fields = {}
    for resource in _wanted(item, mapping, is_order=False):
        shown = form.fields.get(resource.field)
        if shown is None and (resource.addon.is_nothing or not resource.addon.is_ordered):
            # A field that the form does not show cannot be changed by the buyer.
            continue
        if amount(resource.value) != amount(shown or ""):
            value = resource.value if resource.addon.is_ordered else resource.given(ask())
            if value and amount(value) != amount(shown or ""):
                fields[resource.field] = value
    return fields


def expected(item: Item, mapping: TariffMap, tariff: Tariff) -> dict[str, str]:
    """What the service would have of each add-on under this tariff of the seller, by the seller's numbers."""
    totals = {number: numbers.plain(bounds.included) for number, bounds in tariff.bounds.items()}
    for resource in _wanted(item, mapping, is_order=False):
        value = resource.value if resource.addon.is_ordered else resource.given(tariff)
        totals[resource.number] = value or totals.get(resource.number, "")
    return totals


def amount(value: str) -> Decimal | str:
    """A value to compare by: empty, off and 0 are equal, and so are 1024 and 1024.0000. Ids of choices are numbers."""
    try:
        return Decimal("0" if value in ("", "off") else value)
    except InvalidOperation:
        return value


def listed(fields: Mapping[str, str]) -> str:
    """Fields of a form with their values, for a person."""
    return " ".join(f"{name}={value}" for name, value in sorted(fields.items()))


def _wanted(item: Item, mapping: TariffMap, *, is_order: bool) -> list[Resource]:
    """All add-ons that have a counterpart; one without is refused if it was ordered, or if `is_order`."""
    resources = {}
    # Of two that have the same counterpart, the one that was ordered counts: it comes last.
    for addon in sorted(item.addons, key=lambda each: each.is_ordered):
        number = mapping.remote(tariffmap.ADDON, addon.key)
        if number == tariffmap.NONE or (addon.is_nothing and not number):
            continue
        value: str | None = addon.value
        if addon.addontype == ENUMERATION and addon.value != "":
            value = mapping.remote(tariffmap.ENUM, addon.value)
        elif addon.addontype == INTEGER and value and numbers.parse(value, numbers.BIGINT_DIGITS) is None:
            raise _refused("reseller_quantity_whole", item, addon)
        if number and value is not None:
            if value:
                resources[number] = Resource(addon, number, value)
        elif is_order or addon.is_ordered:
            raise unmapped(item, *((tariffmap.ENUM, addon.value) if number else (tariffmap.ADDON, addon.key)))
    return list(resources.values())


def _require_sold(item: Item, resource: Resource, bounds: Bounds | None) -> None:
    if bounds is None or resource.addon.addontype != INTEGER:
        return
    least, most = bounds.least, bounds.most
    if not (bounds.is_ordered or resource.addon.is_ordered):
        least = most = bounds.included
    if Decimal(resource.value) < least or (most is not None and Decimal(resource.value) > most):
        raise _refused(NOT_SOLD, item, resource.addon, least=least, most="-" if most is None else most)


def unmapped(item: Item, kind: str, local: str) -> ResellerError:
    """The error for a part of the service's tariff that has no counterpart at the seller."""
    return ResellerError(
        "reseller_unmapped",
        object=kind,
        value=local,
        item=item.id,
        tariff=item.pricelist_name,
        pricelist=item.pricelist,
        part=kind,
    )


def _refused(type_: str, item: Item, addon: Addon, **more: object) -> ResellerError:
    """The error for an add-on of which the service has what cannot be bought."""
    return ResellerError(
        type_,
        object=addon.key,
        value=addon.value,
        item=item.id,
        tariff=item.pricelist_name,
        pricelist=item.pricelist,
        part=addon.key,
        included=addon.included,
        **more,
    )

"""The seller's tariffs and the choices in them (selling-api.md 7)."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from reseller.seller.transport import Transport
from reseller.wire import document, money, numbers
from reseller.wire.bounds import EXPORT

#: an `addonmax` from here on stands for no maximum
UNLIMITED = Decimal(999999)
#: `billtype` of add-ons that are billed by use, and of all that a client does not order (platform.md 6.2)
_METERED = "3"
NOT_ORDERED = ("1", _METERED, "4", "5", "10")


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

    def included(self, intname: str) -> str:
        """How much of an add-on the tariff's price includes."""
        return numbers.plain(self.bounds[self.addons[intname]].included)


def export(transport: Transport, itemtype: str) -> list[Tariff]:
    """All tariffs of a type that the account can see and order; raises SellerError."""
    tariffs = _exported(transport, {"itemtype": itemtype, "onlyavailable": "on"})
    return [tariff for tariff in tariffs if tariff.itemtype in ("", itemtype)]


def one(transport: Transport, pricelist: str) -> Tariff | None:
    """One tariff, even if it is no longer sold; None if the account cannot see it; raises SellerError."""
    return next((tariff for tariff in _exported(transport, {"pricelist": pricelist}) if tariff.id == pricelist), None)


def _exported(transport: Transport, filters: dict[str, str]) -> list[Tariff]:
    """The tariffs, parsed one by one, since a tree of all of them could be large."""
    tariffs: list[Tariff] = []

    def parse(body: bytes) -> document.Element:
        nonlocal tariffs
        root, tariffs = document.stream(body, "pricelist", _tariff, EXPORT)
        return root

    transport.call("pricelist.export", filters, bounds=EXPORT, parse=parse)
    return tariffs


def _tariff(node: document.Element) -> Tariff:
    addons: dict[str, str] = {}
    bounds: dict[str, Bounds] = {}
    for addon in node.iterfind("addon"):
        number = document.text(addon, "id")
        addons[_intname(addon)] = number
        bounds[number] = _bounds(addon)
    return Tariff(
        id=document.text(node, "id"),
        name=document.text(node, "name"),
        itemtype=document.text(node, "itemtype_info/intname"),
        datacenters={document.text(dc, "id"): document.text(dc, "name") for dc in node.iterfind("datacenter")},
        periods=tuple(period.get("length", "") for period in node.iterfind("price/period")),
        addons=addons,
        bounds=bounds,
        enumitems=tuple(
            (document.text(item, "intname"), document.text(item, "id"))
            for item in node.iterfind("addon/enumeration/enumerationitem")
        ),
    )


def _bounds(addon: document.Element) -> Bounds:
    """The limits `addonlimit`, `addonmin` and `addonmax`; 999999 stands for no maximum and becomes None."""
    told = (money.parse(document.text(addon, name)) for name in ("addonlimit", "addonmin", "addonmax"))
    included, least, most = told
    billtype = document.text(addon, "billtype")
    return Bounds(
        included=included or Decimal(0),
        least=least or Decimal(0),
        most=None if most is None or most >= UNLIMITED else most,
        is_ordered=billtype not in NOT_ORDERED,
        is_metered=billtype == _METERED,
        # `measure` stands twice: the number, then the object.
        measure=next((document.text(one, "name") for one in addon.iterfind("measure") if len(one)), ""),
    )


def _intname(addon: document.Element) -> str:
    return document.text(addon, "intname") or document.text(addon, "addon_itemtype_info/intname")

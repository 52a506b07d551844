"""How the parts of a tariff look on both sides: name, unit and prices, for the tariff map.

Here they come from the panel's tables, there from the seller's price list and its order form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from reseller.context import Context
from reseller.ledger import tariffmap
from reseller.ledger.tariffmap import KINDS
from reseller.lifecycle import order_plan
from reseller.mgr5 import tariffs as panel_tariffs
from reseller.model import INTEGER
from reseller.seller import order_form, price_list
from reseller.seller.price_list import Offer, Resource
from reseller.tariffs import resold
from reseller.tariffs.resold import Resold
from reseller.tariffs.resource_changes import limit_words
from reseller.wire import money
from reseller.wire.errors import ResellerError


class Face(NamedTuple):
    """A part as one side shows it: name, how much of it there may be, unit, and prices, in words."""

    name: str = ""
    amount: str = ""
    unit: str = ""
    prices: str = ""


class Sides(NamedTuple):
    """A tariff here and at the seller; `ids` are the seller's ids of internal names, `there` its parts by id, both by
    kind.
    """

    here: Resold
    remote: Offer
    ids: Mapping[str, Mapping[str, set[str]]]
    there: Mapping[str, Mapping[str, Face]]

    def has(self, kind: str, number: str) -> bool:
        """Whether the seller's tariff has this part."""
        return (kind == tariffmap.ADDON and number == tariffmap.NONE) or number in self.there[kind]

    def differing_units(self, kind: str, local: str, there: str | None) -> tuple[str, str] | None:
        """The units of an add-on here and there, if they are told and differ, and nobody has said that they are one."""
        one = next((each for each in self.remote.resources if each.id == (there or "")), None)
        if kind != tariffmap.ADDON or one is None:
            return None
        here = self.here.units.get(local, "")
        return None if self.here.is_same_unit(local, one.measure) else (here, one.measure)


def read(context: Context, pricelist: int) -> Sides:
    """Both sides of a tariff.

    Raises ResellerError `reseller_tariff_missing`, `reseller_unmapped` (no tariff of the seller is chosen) or
    `reseller_tariff_gone` (the seller does not offer the chosen one), SellerError.
    """
    sold = panel_tariffs.sold(context.db, pricelist)
    here = next((one for one in resold.read(context, sold.module) if one.number == pricelist), None) if sold else None
    if here is None:
        raise ResellerError("reseller_tariff_missing", object="pricelist", value=str(pricelist))
    if not here.remote:
        raise ResellerError(
            "reseller_unmapped", object="tariff", item="-", tariff=here.name, pricelist=pricelist, part="tariff"
        )
    seller = context.seller(here.module)
    remote = price_list.one(seller.transport, here.remote, context.limits.list_seconds)
    if remote is None or {"off", "archived"} & set(remote.marks):
        raise ResellerError("reseller_tariff_gone", object="tariff", value=here.remote, tariff=here.name)
    generation = context.generation(seller, here.itemtype)
    form = order_form.read(seller.transport, here.itemtype, generation, remote.id, here.datacenter)
    return Sides(here, remote, _ids(remote, form.templates), _there(remote, form.templates))


def _ids(remote: Offer, templates: Mapping[str, str]) -> dict[str, dict[str, set[str]]]:
    found: dict[str, dict[str, set[str]]] = {kind: {} for kind in KINDS}
    for costs in remote.prices.values():
        found[tariffmap.PERIOD].update({period: {period} for period in costs})
    for one in remote.resources:
        found[tariffmap.ADDON].setdefault(one.intname, set()).add(one.id)
        for choice in one.choices:
            found[tariffmap.ENUM].setdefault(choice.intname, set()).add(choice.id)
    found[tariffmap.OS] = {key: {key} for key in templates}
    return found


def _there(remote: Offer, templates: Mapping[str, str]) -> dict[str, dict[str, Face]]:
    periods = {period for costs in remote.prices.values() for period in costs}
    return {
        tariffmap.PERIOD: {
            period: Face(prices=_priced({iso: costs.get(period) for iso, costs in remote.prices.items()}))
            for period in sorted(periods, key=int)
        },
        tariffmap.ADDON: {
            one.id: Face(one.name, _amount(one), one.measure, _monthly(one.prices)) for one in remote.resources
        },
        tariffmap.ENUM: {
            choice.id: Face(f"{one.name}: {choice.name}", prices=_monthly(choice.prices))
            for one in remote.resources
            for choice in one.choices
        },
        tariffmap.OS: {key: Face(label) for key, label in templates.items()},
    }


def _amount(one: Resource) -> str:
    if one.addontype != INTEGER or one.included is None:
        return ""
    return limit_words(one.included, one.most)


def _priced(costs: Mapping[str, Decimal | None]) -> str:
    return ", ".join(money.text(cost, iso) for iso, cost in sorted(costs.items()) if cost is not None)


def _monthly(prices: price_list.Prices) -> str:
    """The prices of the shortest period that has one."""
    periods = sorted(int(period) for costs in prices.values() for period in costs if int(period) > 0)
    return _priced({iso: costs.get(str(periods[0])) for iso, costs in prices.items()}) if periods else ""


def here(context: Context, tariff: Resold) -> Iterator[tuple[str, str, str, Face]]:
    """(kind, name here, name to look for at the seller, its face here) of every part of the tariff."""
    for period in tariff.periods:
        sold = {iso: costs.get(period) for iso, costs in tariff.prices.items()}
        yield tariffmap.PERIOD, period, period, Face(prices=_priced(sold))
    prices = panel_tariffs.prices_of(context.db, [addon.pricelist for addon in tariff.addons])
    for addon in tariff.addons:
        made = tariff.resources.get(addon.key)
        amount = ""
        if addon.addontype == INTEGER and made is not None:
            most = None if made.addonmax is None else Decimal(made.addonmax)
            amount = limit_words(Decimal(made.addonlimit or 0), most)
        face = Face(addon.name, amount, tariff.units.get(addon.key, ""), _monthly(prices.get(addon.pricelist, {})))
        yield tariffmap.ADDON, addon.key, addon.intname, face
    for number, intname in tariff.choices.items():
        yield tariffmap.ENUM, str(number), intname, Face(intname)
    for name in panel_tariffs.values(context.db, tariff.itemtype, order_plan.TEMPLATE_FIELD):
        yield tariffmap.OS, name, name, Face(name)

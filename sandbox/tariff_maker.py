"""Making tariffs, for the seed and for tests that want their own."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.core import prices
from sandbox.core.tariffs import BOOLEAN, ENUMERATION, INTEGER, ORDERED

if TYPE_CHECKING:
    from sandbox.core.db import Tx

DAY, LIFETIME = -50, 0
DOMAIN = "domain"
_KINDS = {"bool": BOOLEAN, "int": INTEGER, "enum": ENUMERATION}


@dataclass(frozen=True)
class AddonPlan:
    """An add-on to make; `price` is for a month and a unit, of an enumeration for each choice.

    `given` is what the tariff gives to who chooses nothing: `on`, or the name of a choice, of which the first is meant
    when none is said.
    """

    intname: str
    addontype: int
    included: int = 0
    most: int = 0
    price: Decimal = Decimal(0)
    choices: tuple[tuple[str, Decimal], ...] = ()
    given: str = ""
    trial_most: int | None = None

    @staticmethod
    def parse(text: str) -> AddonPlan:
        """`mem:int:1024:8192:0.01`, `backup:bool:2`, `panel:enum:none/0/lite/3.5`. Raises ValueError, IndexError.

        One word more is the most of a trial, `on`, and the choice that the tariff gives.
        """
        parts = text.split(":")
        kind = _KINDS.get(parts[1])
        if kind == INTEGER:
            trial_most = int(parts[5]) if len(parts) > 5 else None
            price = Decimal(parts[4])
            return AddonPlan(parts[0], INTEGER, int(parts[2]), int(parts[3]), price, trial_most=trial_most)
        given = parts[3] if len(parts) > 3 else ""
        if kind == BOOLEAN:
            return AddonPlan(parts[0], BOOLEAN, price=Decimal(parts[2]), given=given)
        if kind != ENUMERATION:
            raise ValueError(f"unknown kind of add-on {parts[1]}")
        words = parts[2].split("/")
        choices = tuple((name, Decimal(price)) for name, price in zip(words[::2], words[1::2]))
        return AddonPlan(parts[0], ENUMERATION, choices=choices, given=given)


@dataclass(frozen=True)
class TariffPlan:
    """A tariff to make. `datacenter` is an id, a position (1, 2), or `all`."""

    itemtype: str
    name: str
    price: Decimal
    periods: tuple[int, ...]
    addons: tuple[AddonPlan, ...] = ()
    datacenter: str = "all"
    zone: str = ""
    """What a tariff of domains sells; its name when nothing is said."""


def cost_of(month: Decimal, period: int) -> Decimal:
    """Ten months' price for a year, nothing for a trial, a thirtieth for a day, fifty months' for ever."""
    if period == DAY:
        return (month / 30).quantize(Decimal("0.0001"))
    if period <= 0:
        return month * 50 if period == LIFETIME else Decimal(0)
    return month * (period - period // 12 * 2)


def make_tariff(tx: Tx, plan: TariffPlan) -> int:
    kind = tx.value("SELECT id FROM itemtype WHERE intname = %s AND parent IS NULL", plan.itemtype)
    number = tx.insert("pricelist", itemtype=kind, name=plan.name, name_ru=plan.name, project=1)
    if plan.itemtype == DOMAIN:
        tx.update("pricelist", {"id": number}, intname=str(zone(tx, plan.zone or plan.name)))
    _prices(tx, number, plan.price, plan.periods)
    for centre in _centres(tx, plan.datacenter):
        tx.insert("pricelist2datacenter", pricelist=number, datacenter=centre)
    for addon in plan.addons:
        _make_addon(tx, addon, number, kind, plan.periods)
    return number


def zone(tx: Tx, name: str) -> int:
    """The zone's row in tld: a domain tariff's intname is its id (additions-2.md h.8)."""
    known = tx.value("SELECT id FROM tld WHERE name = %s", name)
    return int(known) if known is not None else tx.insert("tld", name=name)


def _centres(tx: Tx, text: str) -> list[int]:
    known = [row["id"] for row in tx.rows("SELECT id FROM datacenter ORDER BY id")]
    if text == "all":
        return known
    number = int(text)
    return [number] if number in known else [known[number - 1]]


def _prices(tx: Tx, pricelist: int, month: Decimal, periods: tuple[int, ...], choice: int = 0) -> None:
    costs = {period: cost_of(month, period) for period in periods}
    prices.write(tx, pricelist, prices.currency_of(tx, 1), costs, choice)


def _addon_type(tx: Tx, intname: str, parent: int) -> int:
    """An add-on's own type, with the intname a reseller maps by (selling-api.md 7.1, addon_itemtype_info)."""
    known = tx.value("SELECT id FROM itemtype WHERE intname = %s AND parent = %s", intname, parent)
    return int(known) if known is not None else tx.insert("itemtype", intname=intname, name=intname, parent=parent)


def _make_addon(tx: Tx, plan: AddonPlan, parent: int, kind: int, periods: tuple[int, ...]) -> None:
    shared = {
        "parent": parent,
        "itemtype": _addon_type(tx, plan.intname, kind),
        "intname": plan.intname,
        "name": plan.intname.capitalize(),
        "project": 1,
        "addontype": plan.addontype,
        "billtype": ORDERED,
    }
    if plan.addontype == ENUMERATION:
        enumeration = tx.insert("enumeration", intname=plan.intname, name=plan.intname.capitalize())
        number = tx.insert("pricelist", enumeration=enumeration, **shared)
        for name, price in plan.choices:
            choice = tx.insert("enumerationitem", enumeration=enumeration, intname=name, name=name)
            _prices(tx, number, price, periods, choice)
            if name == (plan.given or plan.choices[0][0]):
                tx.update("pricelist", {"id": number}, enumerationitem=choice)
        return
    if plan.addontype == INTEGER:
        limits = {"addonlimit": plan.included, "addonmin": plan.included, "addonmax": plan.most}
        number = tx.insert("pricelist", **shared, **limits, addonmaxtrial=plan.trial_most)
    else:
        number = tx.insert("pricelist", addonbool=plan.given or "off", **shared)
    _prices(tx, number, plan.price, periods)

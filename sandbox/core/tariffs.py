"""Tariffs with their add-ons, periods and prices (selling-api.md 7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.core import prices
from sandbox.core.errors import bad_value

if TYPE_CHECKING:
    from sandbox.core.db import Tx

BOOLEAN, INTEGER, ENUMERATION = 1, 2, 3
"""addontype (platform.md 6.2)."""
ORDERED, STATISTICS, COMPOUND, BY_HAND = 2, 3, 4, 10
"""billtype (platform.md 6.2): what a client orders, what is billed by its use, what is only made of others, manual."""
TRIAL = -100
"""period of a trial (platform.md 6.2)."""
UNLIMITED = 999999
"""What `pricelist.export` says for no maximum (selling-api.md 7.1)."""


@dataclass(frozen=True)
class Choice:
    """An item of an enumeration, with its price by period."""

    id: int
    intname: str
    name: str
    prices: dict[int, Decimal]


@dataclass(frozen=True)
class Addon:
    id: int
    name: str
    intname: str
    addontype: int
    billtype: int
    included: int
    least: int
    most: int | None
    step: int
    trial_most: int | None
    prices: dict[int, Decimal]
    enumeration: int
    choices: tuple[Choice, ...]
    default_choice: int
    default_switch: str

    @property
    def is_ordered(self) -> bool:
        """Whether a client says how much of it he wants."""
        return self.billtype == ORDERED

    def check(self, text: str) -> str:
        """The value as an order names it, a number as the total; raises `value` with the field's name."""
        field = f"addon_{self.id}"
        if self.addontype == BOOLEAN:
            if text not in ("on", "off"):
                raise bad_value(field, text)
            return text
        if self.addontype == ENUMERATION:
            if text not in {str(choice.id) for choice in self.choices}:
                raise bad_value(field, text)
            return text
        if not text.isdecimal() or int(text) < self.least or (self.most is not None and int(text) > self.most):
            raise bad_value(field, text)
        if self.step and (int(text) - self.least) % self.step:
            raise bad_value(field, text)
        return text

    @property
    def given(self) -> str:
        """What the tariff gives to who chooses nothing (additions-2.md h.1); empty for nothing at all."""
        if self.addontype == BOOLEAN:
            return self.default_switch
        if self.addontype == ENUMERATION:
            return str(self.default_choice or "")
        if self.billtype == STATISTICS:
            return "" if self.most is None else str(self.most)
        return str(self.included)

    @property
    def default(self) -> str:
        """What a form shows first: what the tariff gives, of a list without a default its first choice."""
        if self.addontype == ENUMERATION and not self.given and self.choices:
            return str(self.choices[0].id)
        return self.given

    def cost(self, value: str, period: int, included: int | None = None) -> Decimal:
        """The price of what is above the included amount, the tariff's or `included`; nothing without a price."""
        if not self.is_ordered:
            return Decimal(0)
        if self.addontype == ENUMERATION:
            chosen = next((choice for choice in self.choices if str(choice.id) == value), None)
            return chosen.prices.get(period, Decimal(0)) if chosen is not None else Decimal(0)
        price = self.prices.get(period, Decimal(0))
        if self.addontype == BOOLEAN:
            return price if value == "on" else Decimal(0)
        return price * max(int(value) - (self.included if included is None else included), 0)


@dataclass(frozen=True)
class Tariff:
    id: int
    name: str
    itemtype_id: int
    itemtype: str
    intname: str
    project: int
    active: bool
    most_at_once: int
    prices: dict[int, Decimal]
    setup: Decimal | None
    addons: tuple[Addon, ...]
    datacenters: tuple[tuple[int, str], ...]

    @property
    def periods(self) -> list[int]:
        return list(self.prices)


_PERIOD_NAMES = {
    "en": {-100: "trial", -50: "day", 0: "lifetime", 1: "monthly", 12: "yearly"},
    "ru": {-100: "пробный", -50: "день", 0: "бессрочно", 1: "месяц", 12: "год"},
}


def period_name(period: int, lang: str = "en") -> str:
    """Labels of periods (selling-api.md 3.2), in the language of the request."""
    other = f"{period} мес." if lang == "ru" else f"{period} months"
    return _PERIOD_NAMES.get(lang, _PERIOD_NAMES["en"]).get(period, other)


def load(tx: Tx, elid: object) -> Tariff | None:
    """A tariff by its id; None when there is none or the id is an add-on's."""
    if not str(elid).isdecimal():
        return None
    row = tx.row(
        "SELECT p.*, t.intname AS type FROM pricelist p JOIN itemtype t ON t.id = p.itemtype "
        "WHERE p.id = %s AND p.parent IS NULL",
        int(str(elid)),
    )
    if row is None:
        return None
    centres = tx.rows(
        "SELECT d.id, d.name FROM pricelist2datacenter l JOIN datacenter d ON d.id = l.datacenter "
        "WHERE l.pricelist = %s ORDER BY d.id",
        row["id"],
    )
    # What only others are made of, what staff add by hand and what is switched off are no choice (additions-2.md h.1).
    details = tx.rows(
        "SELECT * FROM pricelist WHERE parent = %s AND active = 'on' AND compound IS NULL "
        "AND IFNULL(billtype, %s) NOT IN (%s, %s) ORDER BY id",
        row["id"],
        ORDERED,
        COMPOUND,
        BY_HAND,
    )
    currency = prices.currency_of(tx, row["project"] or 1)
    addons = tuple(_addon(tx, addon, currency) for addon in details)
    return Tariff(
        row["id"],
        row["name"],
        row["itemtype"],
        row["type"],
        row["intname"] or "",
        row["project"] or 1,
        row["active"] == "on",
        row["max_multiple_order_count"],
        prices.read(tx, row["id"], currency),
        prices.setup(tx, row["id"], currency),
        addons,
        tuple((centre["id"], centre["name"]) for centre in centres),
    )


def _addon(tx: Tx, row: dict[str, Any], currency: int) -> Addon:
    choices: tuple[Choice, ...] = ()
    if row["addontype"] == ENUMERATION:
        found = tx.rows("SELECT * FROM enumerationitem WHERE enumeration = %s ORDER BY id", row["enumeration"])
        choices = tuple(
            Choice(
                one["id"],
                one["intname"],
                one["name"] or one["intname"],
                prices.read(tx, row["id"], currency, one["id"]),
            )
            for one in found
        )
    included = row["addonlimit"] or 0
    return Addon(
        id=row["id"],
        name=row["name"],
        intname=row["intname"] or "",
        addontype=row["addontype"],
        billtype=row["billtype"] or ORDERED,
        included=included,
        least=row["addonmin"] if row["addonmin"] is not None else included,
        most=row["addonmax"],
        step=row["addonstep"] or 0,
        trial_most=row["addonmaxtrial"],
        prices=prices.read(tx, row["id"], currency),
        enumeration=row["enumeration"] or 0,
        choices=choices,
        default_choice=row["enumerationitem"] or 0,
        default_switch=row["addonbool"] or "off",
    )

"""Tariffs with their add-ons, periods and prices (selling-api.md 7.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

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
        if not text.isdigit() or int(text) < self.least or (self.most is not None and int(text) > self.most):
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
    if not str(elid).isdigit():
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
    addons = tuple(_addon(tx, addon) for addon in details)
    return Tariff(
        row["id"],
        row["name"],
        row["itemtype"],
        row["type"],
        row["intname"] or "",
        row["project"] or 1,
        row["active"] == "on",
        row["max_multiple_order_count"],
        _prices(tx, row["id"]),
        addons,
        tuple((centre["id"], centre["name"]) for centre in centres),
    )


PRICE_COLUMNS = {
    TRIAL: "trial",
    -50: "day",
    0: "lifetime",
    1: "monthly",
    3: "quarterly",
    6: "semiannual",
    12: "annually",
    24: "biennial",
    36: "triennial",
    48: "quadrennial",
    60: "quinquennial",
    120: "decennial",
}
"""Columns of the table price by period, in the order of the periods (additions-2.md a.2, a.3)."""


def _prices(tx: Tx, pricelist: int, choice: int = 0) -> dict[int, Decimal]:
    """Of a tariff or add-on, or of a choice of it, in the currency of its provider."""
    links = "pricelistprice l"
    if choice:
        links = (
            "pricelist2enumerationitem c JOIN pricelist2enumerationitemprice l ON l.pricelist2enumerationitem = c.id"
        )
    owner = "c.pricelist = %s AND c.enumerationitem = %s" if choice else "l.pricelist = %s"
    row = tx.row(
        f"SELECT r.* FROM {links} JOIN price r ON r.id = l.price JOIN currency u ON u.id = l.currency "
        f"WHERE {owner} AND u.iso = (SELECT j.currency FROM pricelist p JOIN project j ON j.id = IFNULL(p.project, 1) "
        "WHERE p.id = %s)",
        *((pricelist, choice, pricelist) if choice else (pricelist, pricelist)),
    )
    columns = PRICE_COLUMNS.items() if row else ()
    return {period: row[name] for period, name in sorted(columns) if row and row[name] is not None}


def put_prices(tx: Tx, pricelist: int, prices: Mapping[int, Decimal], choice: int = 0, currency: int = 0) -> None:
    """Set prices of a tariff or add-on, or of a choice of it; those of other periods stay as they are.

    `currency` is an id of the table currency, that of the tariff's provider when it is not said. Raises PanelError for
    a period that no tariff can have.
    """
    strange = [period for period in prices if period not in PRICE_COLUMNS]
    if strange:
        raise bad_value("period", strange[0])
    currency = currency or int(
        tx.value(
            "SELECT u.id FROM pricelist p JOIN project j ON j.id = IFNULL(p.project, 1) "
            "JOIN currency u ON u.iso = j.currency WHERE p.id = %s",
            pricelist,
        )
    )
    columns = {PRICE_COLUMNS[period]: cost for period, cost in prices.items()}
    link: dict[str, object] = {"pricelist": pricelist, "currency": currency}
    table = "pricelistprice"
    if choice:
        table = "pricelist2enumerationitemprice"
        link = {"pricelist2enumerationitem": _link_of(tx, pricelist, choice), "currency": currency}
    where = " AND ".join(f"{name} = %s" for name in link)
    known = tx.value(f"SELECT price FROM {table} WHERE {where}", *link.values())
    if known is None:
        tx.insert(table, **link, price=tx.insert("price", **columns))
    elif columns:
        tx.update("price", {"id": known}, **columns)


def _link_of(tx: Tx, pricelist: int, choice: int) -> int:
    sql = "SELECT id FROM pricelist2enumerationitem WHERE pricelist = %s AND enumerationitem = %s"
    known = tx.value(sql, pricelist, choice)
    made = known or tx.insert("pricelist2enumerationitem", pricelist=pricelist, enumerationitem=choice)
    return int(made)


def _addon(tx: Tx, row: dict[str, Any]) -> Addon:
    choices: tuple[Choice, ...] = ()
    if row["addontype"] == ENUMERATION:
        found = tx.rows("SELECT * FROM enumerationitem WHERE enumeration = %s ORDER BY id", row["enumeration"])
        choices = tuple(
            Choice(one["id"], one["intname"], one["name"] or one["intname"], _prices(tx, row["id"], one["id"]))
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
        prices=_prices(tx, row["id"]),
        enumeration=row["enumeration"] or 0,
        choices=choices,
        default_choice=row["enumerationitem"] or 0,
        default_switch=row["addonbool"] or "off",
    )

"""Prices of tariffs, add-ons and choices: a row of `price` a currency, a column a period (additions-2.md a.3).

NULL is a period that is not for sale, 0 one that is free. `setup` is charged once, at the purchase
(additions-2.md i.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from sandbox.core.errors import bad_value

if TYPE_CHECKING:
    from sandbox.core.db import Tx

WORDS = {
    -100: "trial",
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
"""Columns of `price` and beginnings of the fields of forms, by the period's number (additions-2.md a.2)."""
_FIELD = re.compile(f"({'|'.join(WORDS.values())})([0-9]+)(?:_([0-9]+))?")
SETUP = "setup"
_SETUP_FIELD = re.compile(f"{SETUP}([0-9]+)")
_MONTHS = {word: period for period, word in WORDS.items()}


def currency_of(tx: Tx, project: int) -> int:
    """The currency in which a project charges."""
    sql = "SELECT c.id FROM project p JOIN currency c ON c.iso = p.currency WHERE p.id = %s"
    return int(tx.value(sql, project) or 0)


def read(tx: Tx, pricelist: int, currency: int, choice: int = 0) -> dict[int, Decimal]:
    """Costs by period, the shortest first."""
    if choice:
        sql = (
            "SELECT p.* FROM pricelist2enumerationitem l JOIN pricelist2enumerationitemprice lp "
            "ON lp.pricelist2enumerationitem = l.id JOIN price p ON p.id = lp.price "
            "WHERE l.pricelist = %s AND l.enumerationitem = %s AND lp.currency = %s"
        )
        row = tx.row(sql, pricelist, choice, currency)
    else:
        sql = (
            "SELECT p.* FROM pricelistprice l JOIN price p ON p.id = l.price WHERE l.pricelist = %s AND l.currency = %s"
        )
        row = tx.row(sql, pricelist, currency)
    return {period: row[word] for period, word in WORDS.items() if row is not None and row[word] is not None}


def setup(tx: Tx, pricelist: int, currency: int) -> Decimal | None:
    """What is charged once; None for nothing."""
    sql = (
        "SELECT p.setup FROM pricelistprice l JOIN price p ON p.id = l.price WHERE l.pricelist = %s AND l.currency = %s"
    )
    cost = tx.value(sql, pricelist, currency)
    return None if cost is None else Decimal(cost)


def write(tx: Tx, pricelist: int, currency: int, costs: Mapping[int, Decimal | None], choice: int = 0) -> None:
    """Set the costs of these periods; None closes one."""
    found = _row(tx, pricelist, currency, choice)
    if costs:
        tx.update("price", {"id": found}, **{WORDS[period]: cost for period, cost in costs.items()})


def _row(tx: Tx, pricelist: int, currency: int, choice: int) -> int:
    """The row of `price`, made when it is not there."""
    if not choice:
        key = {"pricelist": pricelist, "currency": currency}
        table = "pricelistprice"
    else:
        sql = "SELECT id FROM pricelist2enumerationitem WHERE pricelist = %s AND enumerationitem = %s"
        link = tx.value(sql, pricelist, choice)
        if link is None:
            link = tx.insert("pricelist2enumerationitem", pricelist=pricelist, enumerationitem=choice)
        key = {"pricelist2enumerationitem": int(link), "currency": currency}
        table = "pricelist2enumerationitemprice"
    where = " AND ".join(f"{name} = %s" for name in key)
    known = tx.value(f"SELECT price FROM {table} WHERE {where}", *key.values())
    if known is None:
        known = tx.insert("price", setup=None)
        tx.insert(table, **key, price=known)
    return int(known)


def fields(tx: Tx, pricelist: int, choices: Iterable[int] = ()) -> dict[str, Decimal]:
    """What a form shows: `monthly126` for each period and active currency, `monthly126_7` for a choice's."""
    found = {}
    for row in tx.rows("SELECT id FROM currency WHERE active = 'on' ORDER BY id"):
        for choice in (0, *choices):
            for period, cost in read(tx, pricelist, row["id"], choice).items():
                found[f"{WORDS[period]}{row['id']}{f'_{choice}' if choice else ''}"] = cost
        once = setup(tx, pricelist, row["id"])
        if once is not None:
            found[f"{SETUP}{row['id']}"] = once
    return found


def term_of(name: str) -> tuple[int | None, str]:
    """The period, None for the setup fee, and the currency's id that a field of `fields` is for. Raises ValueError for
    another name."""
    once = _SETUP_FIELD.fullmatch(name)
    if once is not None:
        return None, once[1]
    found = _FIELD.fullmatch(name)
    if found is None:
        raise ValueError(name)
    return _MONTHS[found[1]], found[2]


def take(tx: Tx, pricelist: int, params: Mapping[str, str], choices: Iterable[int] = ()) -> bool:
    """Set what a form was sent with; whether it named any price. Raises `value` for what is no price or currency."""
    named = [(found, text) for name, text in params.items() if (found := _FIELD.fullmatch(name))]
    known = {row["id"] for row in tx.rows("SELECT id FROM currency WHERE active = 'on'")}
    for found, text in named:
        choice = int(found[3] or 0)
        if int(found[2]) not in known or (choice and choice not in choices):
            raise bad_value(found[0], text)
        write(tx, pricelist, int(found[2]), {_MONTHS[found[1]]: _cost(found[0], text)}, choice)
    _take_setup(tx, pricelist, params, known)
    return bool(named)


def _take_setup(tx: Tx, pricelist: int, params: Mapping[str, str], known: set[int]) -> None:
    for name, text in params.items():
        found = _SETUP_FIELD.fullmatch(name)
        if found is not None:
            if int(found[1]) not in known:
                raise bad_value(name, text)
            row = _row(tx, pricelist, int(found[1]), 0)
            tx.update("price", {"id": row}, setup=_cost(name, text))


def _cost(name: str, text: str) -> Decimal | None:
    if not text:
        return None
    try:
        cost = Decimal(text)
    except InvalidOperation as error:
        raise bad_value(name, text) from error
    if not cost.is_finite() or cost < 0:
        raise bad_value(name, text)
    return cost

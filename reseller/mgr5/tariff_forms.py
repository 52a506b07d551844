"""Make tariffs of this panel through its own functions, and read back what they have become (additions-2.md a.2).

Each function raises PanelError as `Mgrctl.call` does. None of them is taken at its word: callers read back. How the
forms name the columns of a resource, and the prices of an enumeration's values, no source says; only this file decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from reseller.assumption import functions
from reseller.mgr5.mgrctl import Mgrctl
from reseller.wire import document, money, numbers

#: the functions that are called here; without them no tariff is imported, and that is all
ASSUMED = functions(
    "pricelist.add.step2 pricelist.edit pricelist.delete pricelist.detail.edit enumeration.edit enumerationitem.edit "
    "itemtype.edit itemtype.param.value.edit",
    "additions-2.md a.2",
)

#: the panel's words for periods, by months; trial, day and lifetime have numbers of their own (platform.md 6.2)
WORDS = {
    "-100": "trial",
    "-50": "day",
    "0": "lifetime",
    "1": "monthly",
    "3": "quarterly",
    "6": "semiannual",
    "12": "annually",
    "24": "biennial",
    "36": "triennial",
    "48": "quadrennial",
    "60": "quinquennial",
    "120": "decennial",
}
#: stands for a period where a price is charged once, at the purchase: the column of `price`, and by its like `stat126`
#: the beginning of the form's field (additions-2.md a.3, i.2)
SETUP = "setup"
_FIELDS = {**WORDS, SETUP: SETUP}
#: by period
Costs = Mapping[str, Decimal]


def price_fields(costs: Costs, currency: int, choice: int = 0) -> dict[str, str]:
    """Fields of a form for prices by period or SETUP, in the currency of this number; of a choice where one is told."""
    end = f"_{choice}" if choice else ""
    return {f"{_FIELDS[period]}{currency}{end}": numbers.plain(cost) for period, cost in costs.items()}


def add(mgrctl: Mgrctl, own: Mapping[str, object], costs: Costs, currency: int) -> None:
    """Make a tariff that is switched off. The answer need not name it: it is found by its internal name and module."""
    fixed = {"activate": "off", "billhourly": "off", "sok": "ok"}
    mgrctl.call("pricelist.add.step2", {**own, **price_fields(costs, currency), **fixed})


def change(mgrctl: Mgrctl, pricelist: int, fields: Mapping[str, object]) -> None:
    """Set fields of a tariff's form."""
    mgrctl.call("pricelist.edit", {"elid": pricelist, **fields, "sok": "ok"})


def close_period(mgrctl: Mgrctl, pricelist: int, period: str, currency: int) -> None:
    """Take a period out of sale; SETUP: charge nothing once."""
    change(mgrctl, pricelist, {f"{_FIELDS[period]}{currency}": ""})


def set_prices(mgrctl: Mgrctl, pricelist: int, costs: Costs, currency: int) -> None:
    """Set the prices of these periods; the others stay."""
    change(mgrctl, pricelist, price_fields(costs, currency))


def form(mgrctl: Mgrctl, pricelist: int) -> document.Element:
    """The form of a tariff."""
    return mgrctl.call("pricelist.edit", {"elid": pricelist})


def prices(shown: document.Element, currency: int, choice: int = 0) -> dict[str, Decimal]:
    """The prices that a form shows in a currency, by period; a period that is not for sale is missing."""
    end = f"_{choice}" if choice else ""
    found = {}
    for period, word in WORDS.items():
        amount = money.parse(document.text(shown, f"{word}{currency}{end}"))
        if amount is not None:
            found[period] = amount
    return found


def save_resource(mgrctl: Mgrctl, pricelist: int, resource: int, fields: Mapping[str, object]) -> None:
    """Make a resource of a tariff (`resource` 0) or change one; `fields` are columns of its row, and price_fields()."""
    mgrctl.call("pricelist.detail.edit", {"plid": pricelist, "elid": resource or "", **fields, "sok": "ok"})


def resource_form(mgrctl: Mgrctl, pricelist: int, resource: int) -> document.Element:
    """The form of a resource of a tariff."""
    return mgrctl.call("pricelist.detail.edit", {"plid": pricelist, "elid": resource})


def add_type(mgrctl: Mgrctl, intname: str, name: str, parent: int) -> None:
    """Make the type of a resource, below a product type."""
    mgrctl.call("itemtype.edit", {"intname": intname, "name": name, "parent": parent, "sok": "ok"})


def add_enumeration(mgrctl: Mgrctl, intname: str, name: str) -> None:
    """Make an enumeration."""
    mgrctl.call("enumeration.edit", {"intname": intname, "name": name, "sok": "ok"})


def add_choice(mgrctl: Mgrctl, enumeration: int, intname: str, name: str) -> None:
    """Make a value of an enumeration."""
    mgrctl.call("enumerationitem.edit", {"plid": enumeration, "intname": intname, "name": name, "sok": "ok"})


def save_value(mgrctl: Mgrctl, param: int, value: int, fields: Mapping[str, object], module: int) -> None:
    """Make a value of a type's parameter, such as an operating system (`value` 0), or link one to the module."""
    told = {"plid": param, "elid": value or "", **fields, "module": module, "sok": "ok"}
    mgrctl.call("itemtype.param.value.edit", told)


def delete(mgrctl: Mgrctl, pricelist: int) -> None:
    """Delete a tariff; the panel refuses one that services have, or has no such function."""
    mgrctl.call("pricelist.delete", {"elid": pricelist, "sok": "ok"})

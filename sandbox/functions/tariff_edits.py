"""What staff and modules make a tariff of: the tariff, its resources, types and values (additions-2.md a.2)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core import prices
from sandbox.core.documents import add, done, elem, fields
from sandbox.core.errors import PanelError, bad_value, missing
from sandbox.core.registry import function
from sandbox.core.request import ADMIN
from sandbox.core.rows import row_of
from sandbox.tariff_maker import TariffPlan, make_tariff

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

FACT = "additions-2.md a.2"
#: columns of `pricelist` that the form of a resource has; which of them are numbers
_RESOURCE = {
    "name": False,
    "name_ru": False,
    "intname": False,
    "active": False,
    "addonbool": False,
    **dict.fromkeys(
        (
            *("itemtype", "addontype", "billtype", "measure", "enumeration", "enumerationitem"),
            *("addonlimit", "addonmin", "addonmax", "addonstep", "addonlimittrial", "addonmaxtrial"),
        ),
        True,
    ),
}


@function("pricelist.add.step2", ADMIN, FACT)
def pricelist_add(panel: Panel, request: Request) -> etree._Element:
    """Make a tariff: itemtype (its id), name, intname, project, processingmodule, activate, prices as `monthly126=`.
    With `price=` of a month instead of those: a month's and a year's."""
    try:
        price = Decimal(request.text("price", "0"))
    except InvalidOperation as error:
        raise bad_value("price", request.text("price")) from error
    if not request.text("name"):
        raise bad_value("name")
    with panel.db.begin() as tx:
        kind = request.text("itemtype")
        intname = tx.value(
            "SELECT intname FROM itemtype WHERE (id = %s OR intname = %s) AND parent IS NULL", kind, kind
        )
        if intname is None:
            raise missing("itemtype", kind)
        number = make_tariff(tx, TariffPlan(intname, request.text("name"), price, ()))
        own: dict[str, object] = {name: request.text(name) for name in ("intname", "name_ru") if request.text(name)}
        if request.text("project"):
            own["project"] = row_of(tx, "project", request.text("project"), "project")["id"]
        own["active"] = "off" if request.text("activate") == "off" else "on"
        own["hideinorder"] = "on" if request.text("hidden") == "on" else "off"
        tx.update("pricelist", {"id": number}, **own)
        if not prices.take(tx, number, request.params):
            prices.write(tx, number, prices.currency_of(tx, 1), {1: price, 12: price * 10})
        if request.text("processingmodule"):
            module = row_of(tx, "processingmodule", request.text("processingmodule"), "processingmodule")["id"]
            tx.insert("processingmodule2pricelist", processingmodule=module, pricelist=number)
    return done(id=number) if panel.switches["pricelist_add_answer"] == "id" else done()


@function("pricelist.delete", ADMIN, FACT)
def pricelist_delete(panel: Panel, request: Request) -> etree._Element:
    """Delete tariffs that no service has."""
    if panel.switches["pricelist_delete"] == "missed":
        raise missing("func", request.func)
    with panel.db.begin() as tx:
        for elid in request.elids:
            number = row_of(tx, "pricelist", elid)["id"]
            if tx.value("SELECT id FROM item WHERE pricelist = %s LIMIT 1", number) is not None:
                raise PanelError("value", "pricelist", str(number))
            for resource in (number, *(row["id"] for row in _resources(tx, number))):
                for table in ("pricelistprice", "pricelist2datacenter", "pricelistparam", "processingmodule2pricelist"):
                    tx.run(f"DELETE FROM {table} WHERE pricelist = %s", resource)
                tx.run("DELETE FROM pricelist WHERE id = %s", resource)
    return done()


@function("pricelist.resume", ADMIN, FACT)
def pricelist_resume(panel: Panel, request: Request) -> etree._Element:
    """Switch tariffs on."""
    with panel.db.begin() as tx:
        for elid in request.elids:
            tx.update("pricelist", {"id": row_of(tx, "pricelist", elid)["id"]}, active="on")
    return done()


def _resources(tx: Tx, tariff: int) -> list[dict[str, Any]]:
    return tx.rows("SELECT * FROM pricelist WHERE parent = %s ORDER BY id", tariff)


@function("pricelist.detail", ADMIN, FACT)
def pricelist_detail(panel: Panel, request: Request) -> etree._Element:
    """The add-ons of a tariff (elid)."""
    names = ("id", "name", "intname", "addontype", "billtype", "addonlimit", "addonmax", "enumeration")
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        for row in _resources(tx, row_of(tx, "pricelist", request.elid)["id"]):
            elem(document, {name: row[name] for name in names})
    return document


@function("pricelist.detail.edit", ADMIN, FACT)
def pricelist_detail_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change an add-on (elid, empty for a new one) of a tariff (plid): the columns of its row and its
    prices as `monthly126=`, of a choice as `monthly126_<choice>=` (switch enumeration_prices)."""
    with panel.db.begin() as tx:
        parent = row_of(tx, "pricelist", request.text("plid"), "plid")
        row = row_of(tx, "pricelist", request.elid) if request.elid else None
        if row is not None and row["parent"] != parent["id"]:
            raise missing("elid", request.elid)
        if not request.sok:
            return _resource_form(panel, tx, row)
        given = _given(request)
        if row is None:
            if not given.get("name") or given.get("addontype") not in (1, 2, 3):
                raise bad_value("addontype" if given.get("name") else "name")
            kind = given.pop("itemtype", None)
            if kind is None:
                raise bad_value("itemtype")
            number = tx.insert("pricelist", parent=parent["id"], project=parent["project"], itemtype=kind, **given)
        else:
            number = row["id"]
            if given:
                tx.update("pricelist", {"id": number}, **given)
        enumeration = tx.value("SELECT enumeration FROM pricelist WHERE id = %s", number)
        prices.take(tx, number, request.params, _choices(panel, tx, enumeration))
    return done()


def _given(request: Request) -> dict[str, object]:
    given: dict[str, object] = {}
    for name, is_number in _RESOURCE.items():
        text = request.text(name)
        if name not in request.params or not text:
            continue
        if is_number and not text.lstrip("-").isdecimal():
            raise bad_value(name, text)
        given[name] = int(text) if is_number else text
    return given


def _choices(panel: Panel, tx: Tx, enumeration: int | None) -> list[int]:
    """Choices whose prices the form has."""
    if enumeration is None or panel.switches["enumeration_prices"] == "nowhere":
        return []
    rows = tx.rows("SELECT id FROM enumerationitem WHERE enumeration = %s ORDER BY id", enumeration)
    return [row["id"] for row in rows]


def _resource_form(panel: Panel, tx: Tx, row: dict[str, Any] | None) -> etree._Element:
    if row is None:
        return fields(**dict.fromkeys(_RESOURCE, ""))
    form = fields(elid=row["id"], **{name: "" if row[name] is None else row[name] for name in _RESOURCE})
    for name, cost in prices.fields(tx, row["id"], _choices(panel, tx, row["enumeration"])).items():
        add(form, name, f"{cost:.4f}")
    return form

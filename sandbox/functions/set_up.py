"""What staff set up before they sell: product types, data centres, the provider's data (additions-2.md a.2, h.17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core.documents import Cell, add, done, elem, fields, listed
from sandbox.core.errors import PanelError, bad_value
from sandbox.core.registry import function
from sandbox.core.request import ADMIN
from sandbox.core.rows import row_of
from sandbox.functions import countries

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

FACT = "additions-2.md a.2, h.17"
PERIOD_FLAGS = (
    "trial",
    "day",
    "monthly",
    "quarterly",
    "semiannual",
    "annually",
    "biennial",
    "triennial",
    "quadrennial",
    "quinquennial",
    "decennial",
    "lifetime",
)
_TYPE_NAMES = ("intname", "name", "name_ru")
_TYPE_FIELDS = (
    *PERIOD_FLAGS,
    "nostopholidays",
    "closetype",
    "closesubtype",
    "orderview",
    "splitexpense",
    "transfer",
    "trialtype",
    "show_addon_image",
)
"""What is kept of a type and changes nothing here."""


@function("itemtype", ADMIN, FACT)
def itemtype_list(panel: Panel, request: Request) -> etree._Element:
    """Product types."""
    with panel.db.begin() as tx:
        rows = tx.rows("SELECT id, intname, name FROM itemtype WHERE parent IS NULL ORDER BY orderpriority, id")
    return listed(rows)


@function("itemtype.edit", ADMIN, FACT)
def itemtype_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change a product type, or with `parent` the type of a resource: intname, name, name_ru, periods as
    flags (`monthly=on`), closetype, ..."""
    with panel.db.begin() as tx:
        row = row_of(tx, "itemtype", request.elid) if request.elid else None
        if not request.sok:
            return _itemtype_form(tx, row)
        names: dict[str, object] = {name: request.text(name) for name in _TYPE_NAMES if name in request.params}
        if row is None:
            number = _new_itemtype(tx, request, names)
        else:
            number = int(row["id"])
            if names:
                tx.update("itemtype", {"id": number}, **names)
        for name in _TYPE_FIELDS:
            if name in request.params:
                tx.put("itemtypefield", {"itemtype": number, "intname": name}, value=request.text(name))
    panel.clear_cache()
    return done(id=number)


def _itemtype_form(tx: Tx, row: dict[str, Any] | None) -> etree._Element:
    known: dict[str, Cell] = {name: row[name] if row else "" for name in _TYPE_NAMES}
    stored = tx.rows("SELECT intname, value FROM itemtypefield WHERE itemtype = %s", row["id"]) if row else []
    values = {one["intname"]: one["value"] for one in stored}
    return fields(elid=row["id"] if row else None, **known, **{name: values.get(name, "") for name in _TYPE_FIELDS})


def _new_itemtype(tx: Tx, request: Request, names: dict[str, object]) -> int:
    if not request.text("intname"):
        raise bad_value("intname")
    sql = "SELECT id FROM itemtype WHERE intname = %s AND IFNULL(parent, 0) = %s"
    if tx.value(sql, request.text("intname"), request.text("parent") or 0) is not None:
        raise PanelError("exists", "intname", request.text("intname"))
    if request.text("parent"):  # the type of a resource
        names["parent"] = row_of(tx, "itemtype", request.text("parent"))["id"]
    return tx.insert("itemtype", orderparams="domain", **{"name": request.text("intname"), **names})


@function("datacenter.edit", ADMIN, FACT)
def datacenter_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change a data centre: name, name_ru, department. One's own has no external_id."""
    names = ("name", "name_ru", "department")
    with panel.db.begin() as tx:
        row = row_of(tx, "datacenter", request.elid) if request.elid else None
        if not request.sok:
            return fields(elid=request.elid or None, **{name: (row[name] or "") if row else "" for name in names})
        if request.text("department") not in ("", "null"):
            row_of(tx, "department", request.text("department"))
        values: dict[str, object] = {name: request.text(name) or None for name in names if name in request.params}
        if values.get("department") == "null":
            values["department"] = None
        if row is not None:
            if values:
                tx.update("datacenter", {"id": row["id"]}, **values)
            return done(id=row["id"])
        if not request.text("name"):
            raise bad_value("name")
        return done(id=tx.insert("datacenter", **values))


@function("project", ADMIN, "additions-2.md h.19")
def project_list(panel: Panel, request: Request) -> etree._Element:
    """Providers that this panel sells for, each with the address of its billing."""
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        for row in tx.rows("SELECT id, name, billurl, active FROM project ORDER BY id"):
            elem(document, row)
    return document


@function("initialsettings.company", ADMIN, FACT)
def initialsettings_company(panel: Panel, request: Request) -> etree._Element:
    """A step of the first set-up: the provider's name and country."""
    with panel.db.begin() as tx:
        row = tx.row("SELECT * FROM project ORDER BY id LIMIT 1") or {}
        if not request.sok:
            document = fields(name=row.get("name"), country=countries.NONE)
            countries.put(tx, document, "country", request.lang)
            return document
        if not request.text("name"):
            raise bad_value("name")
        tx.update("project", {"id": row["id"]}, name=request.text("name"))
    return done(id=row["id"])


@function("paymethod.add.save", ADMIN, FACT)
def paymethod_add(panel: Panel, request: Request) -> etree._Element:
    """Last step of adding a way to pay: module, name; what else is given are its settings."""
    if not request.text("module"):
        raise PanelError("wizard_unavailable", "module")
    if not request.sok:
        return fields(module=request.text("module"), name=request.text("name"))
    settings = etree.Element("doc")
    for name, value in request.params.items():
        if name not in _NOT_SETTINGS:
            add(settings, name, value)
    xml = etree.tostring(settings, encoding="unicode")
    name = request.text("name") or request.text("module")
    with panel.db.begin() as tx:
        number = tx.insert("paymethod", module=request.text("module"), name=name, xmlparams=xml)
    return done(id=number)


_NOT_SETTINGS = frozenset(
    ["func", "sok", "out", "lang", "auth", "authinfo", "su", "module", "name", "elid", "clicked_button", "snext"]
)


@function("tickets", ADMIN, FACT)
def tickets(panel: Panel, request: Request) -> etree._Element:
    """Requests of clients."""
    with panel.db.begin() as tx:
        rows = tx.rows(
            "SELECT t.id, t.name, a.name AS client, t.status, t.cdate FROM ticket t "
            "LEFT JOIN account a ON a.id = t.account ORDER BY t.id DESC"
        )
    return listed(rows)

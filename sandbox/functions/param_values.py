"""Values of a product type's parameters, such as systems, and the modules that serve them (additions-2.md a.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.documents import done, elem, fields, listed
from sandbox.core.errors import bad_value, missing
from sandbox.core.registry import function
from sandbox.core.request import ADMIN
from sandbox.core.rows import row_of
from sandbox.functions.processing import load_module

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

FACT = "additions-2.md a.2, h.11"
_NAMES = ("intname", "name", "name_ru")
_LINK = "processingmodule2itemtypeparamvalue"


@function("itemtype.param", ADMIN, FACT)
def param_list(panel: Panel, request: Request) -> etree._Element:
    """Parameters of a product type: elid is its id."""
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        kind = row_of(tx, "itemtype", request.elid)["id"]
        for row in tx.rows("SELECT id, intname FROM itemtypeparam WHERE itemtype = %s ORDER BY id", kind):
            elem(document, row)
    return document


@function("itemtype.param.value", ADMIN, FACT)
def value_list(panel: Panel, request: Request) -> etree._Element:
    """Values of a parameter: elid is its id."""
    with panel.db.begin() as tx:
        param = row_of(tx, "itemtypeparam", request.elid)["id"]
        rows = tx.rows(
            "SELECT id, intname, name, name_ru FROM itemtypeparamvalue WHERE itemtypeparam = %s ORDER BY id", param
        )
    return listed(rows)


@function("itemtype.param.value.edit", ADMIN, FACT)
def value_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change a value: plid is the parameter, intname, name, name_ru; `module` serves it from now on."""
    with panel.db.begin() as tx:
        row = row_of(tx, "itemtypeparamvalue", request.elid) if request.elid else None
        if not request.sok:
            return fields(elid=request.elid or None, **{name: row[name] if row else "" for name in _NAMES})
        values: dict[str, object] = {name: request.text(name) for name in _NAMES if name in request.params}
        module = load_module(tx, request.text("module"))["id"] if request.text("module") else None
        if row is not None:
            number = int(row["id"])
            if values:
                tx.update("itemtypeparamvalue", {"id": number}, **values)
        else:
            param = row_of(tx, "itemtypeparam", request.text("plid"), "plid")["id"]
            if not request.text("intname"):
                raise bad_value("intname")
            number = tx.insert("itemtypeparamvalue", itemtypeparam=param, **values)
        if module is not None:
            _link(tx, module, number)
    return done(id=number)


def _link(tx: Tx, module: int, value: int) -> None:
    tx.run(f"INSERT IGNORE INTO {_LINK} (processingmodule, itemtypeparamvalue) VALUES (%s, %s)", module, value)


@function("itemtype.param.value.sync", ADMIN, FACT)
def value_sync(panel: Panel, request: Request) -> etree._Element:
    """A module tells the values of a type's parameter that it can serve: module, itemtype, param, value (a list).
    `disablepricelists` is taken; what it switches off in tariffs is not known."""
    values = [word.strip() for word in request.text("value").split(",") if word.strip()]
    with panel.db.begin() as tx:
        kind = tx.value("SELECT id FROM itemtype WHERE intname = %s AND parent IS NULL", request.text("itemtype"))
        if kind is None:
            raise missing("itemtype", request.text("itemtype"))
        module = row_of(tx, "processingmodule", request.text("module"), "module")["id"]
        param = _id_of(tx, "itemtypeparam", itemtype=kind, intname=request.text("param"))
        tx.run(
            f"DELETE l FROM {_LINK} l JOIN itemtypeparamvalue v ON v.id = l.itemtypeparamvalue "
            "WHERE l.processingmodule = %s AND v.itemtypeparam = %s",
            module,
            param,
        )
        for value in values:
            _link(tx, module, _id_of(tx, "itemtypeparamvalue", itemtypeparam=param, intname=value))
    return done()


def _id_of(tx: Tx, table: str, **key: object) -> int:
    """The row with these values, made when it is not there."""
    where = " AND ".join(f"{name} = %s" for name in key)
    found = tx.value(f"SELECT id FROM {table} WHERE {where}", *key.values())
    return int(found) if found is not None else tx.insert(table, **key)


@function("itemtype.param.value.processing.suspend", ADMIN, FACT)
def value_suspend(panel: Panel, request: Request) -> etree._Element:
    """A module does not serve a value any more: elid is the module, plid the value."""
    with panel.db.begin() as tx:
        module = row_of(tx, "processingmodule", request.elid)["id"]
        value = row_of(tx, "itemtypeparamvalue", request.text("plid"), "plid")["id"]
        sql = f"DELETE FROM {_LINK} WHERE processingmodule = %s AND itemtypeparamvalue = %s"
        if not tx.run(sql, module, value):
            raise missing("plid", value)
    return done()

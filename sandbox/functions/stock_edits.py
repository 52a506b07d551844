"""Forms of the panel that modules save to, beside their own call-backs (platform.md 5.2, last rows of the list)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.documents import done, elem, fields
from sandbox.core.errors import bad_value
from sandbox.core.registry import function
from sandbox.core.request import ADMIN
from sandbox.core.rows import row_of

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

FACT = "platform.md 5.2"


def _edit(panel: Panel, request: Request, table: str, names: tuple[str, ...], **more: object) -> etree._Element:
    """Read a row, or with `sok` make or change it."""
    with panel.db.begin() as tx:
        row = row_of(tx, table, request.elid) if request.elid else None
        if not request.sok:
            return fields(elid=request.elid or None, **{name: row[name] if row else "" for name in names})
        changes: dict[str, object] = {name: request.text(name) or None for name in names if name in request.params}
        if row is not None:
            if changes:
                tx.update(table, {"id": row["id"]}, **changes)
            return done(id=row["id"])
        if not request.text(names[0]):
            raise bad_value(names[0])
        return done(id=tx.insert(table, **changes, **more))


@function("enumeration.edit", ADMIN, FACT)
def enumeration_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change an enumeration: intname, name."""
    return _edit(panel, request, "enumeration", ("intname", "name", "name_ru"))


@function("enumerationitem.edit", ADMIN, FACT)
def enumerationitem_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change an item of an enumeration: plid is the enumeration; intname, name."""
    if request.elid or not request.sok:
        return _edit(panel, request, "enumerationitem", ("intname", "name", "name_ru"))
    with panel.db.begin() as tx:
        parent = row_of(tx, "enumeration", request.text("plid"))["id"]
    return _edit(panel, request, "enumerationitem", ("intname", "name", "name_ru"), enumeration=parent)


def _register_list(name: str, columns: str, parent: str) -> None:
    def run(panel: Panel, request: Request) -> etree._Element:
        document = etree.Element("doc")
        owner = request.elid if parent else ""
        chosen = f"{parent} = %s" if owner else "%s = ''"
        with panel.db.begin() as tx:
            for row in tx.rows(f"SELECT {columns} FROM {name} WHERE {chosen} ORDER BY id", owner):
                elem(document, row)
        return document

    run.__doc__ = f"Rows of {name}" + (f"; elid is the {parent}." if parent else ".")
    function(name, ADMIN, "additions-2.md a.2")(run)


_register_list("enumeration", "id, intname, name", "")
_register_list("enumerationitem", "id, intname, name", "enumeration")


@function("expense.edit", ADMIN, FACT)
def expense_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change an expense: item, operation, realdate, amount."""
    if request.sok and request.text("amount"):
        try:
            Decimal(request.text("amount"))
        except InvalidOperation as error:
            raise bad_value("amount", request.text("amount")) from error
    return _edit(panel, request, "expense", ("item", "operation", "realdate", "amount"))


@function("expense.delete", ADMIN, FACT)
def expense_delete(panel: Panel, request: Request) -> etree._Element:
    """Remove expenses."""
    with panel.db.begin() as tx:
        for elid in request.elids:
            tx.run("DELETE FROM expense WHERE id = %s", row_of(tx, "expense", elid)["id"])
    return done()


@function("paramlist.edit", ADMIN, FACT)
def paramlist_edit(panel: Panel, request: Request) -> etree._Element:
    """Read or set a parameter of the configuration (elid is its name); it stands in etc/billmgr.conf from then on."""
    name = request.elid
    if not name.replace("_", "").isalnum():
        raise bad_value("elid", name)
    lines = panel.paths.conf.read_text().splitlines()
    place = next((number for number, line in enumerate(lines) if line.split(" ", 1)[0] == name), None)
    if not request.sok:
        known = lines[place].split(" ", 1)[1] if place is not None and " " in lines[place] else ""
        return fields(elid=name, value=known)
    value = request.text("value")
    if "\n" in value:
        raise bad_value("value")
    if place is None:
        lines.append(f"{name} {value}")
    else:
        lines[place] = f"{name} {value}"
    panel.paths.conf.write_text("\n".join(lines) + "\n")
    return done(id=name)

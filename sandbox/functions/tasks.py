"""Tasks of employees (Tools > Tasks; platform.md 4.1, 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core import items
from sandbox.core.documents import done, fields, listed, slist
from sandbox.core.errors import bad_value, missing
from sandbox.core.registry import function
from sandbox.core.request import ADMIN
from sandbox.functions.page_parts import is_page, texts

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

OPEN, IN_WORK, CLOSED = 0, 1, 2
"""task.status (platform.md 6.2)."""

_LIST = """SELECT k.id, k.type, k.department, k.item, i.status AS itemstatus, t.intname AS itemtype,
    p.name AS pricelist, a.name AS client, k.performer, k.runningoperation, k.opendate, k.status, k.params
    FROM task k LEFT JOIN item i ON i.id = k.item LEFT JOIN pricelist p ON p.id = i.pricelist
    LEFT JOIN itemtype t ON t.id = p.itemtype LEFT JOIN account a ON a.id = i.account"""


def _load(tx: Tx, elid: str) -> dict[str, Any]:
    row = tx.row("SELECT * FROM task WHERE id = %s FOR UPDATE", int(elid)) if elid.isdecimal() else None
    if row is None:
        raise missing("elid", elid)
    return row


@function("task", ADMIN, "platform.md 4.1")
def task_list(panel: Panel, request: Request) -> etree._Element:
    """Tasks; `filter=on` with column names in one call."""
    wanted = {name: request.text(name) for name in ("type", "item", "status", "runningoperation") if request.text(name)}
    if request.text("filter") != "on":
        wanted = {}
    where = " AND ".join(f"k.{name} = %s" for name in wanted) or "1"
    with panel.db.begin() as tx:
        rows = tx.rows(f"{_LIST} WHERE {where} ORDER BY k.id", *wanted.values())
        names = _names(panel, tx, request)
    document = listed(rows)
    found = {f"{column}_{number}": name for column, known in names.items() for number, name in known.items()}
    texts(document, request, found)
    return document


def _names(panel: Panel, tx: Tx, request: Request) -> dict[str, dict[int, str]]:
    """What the numbers of types, departments, performers and states of services stand for; for people only."""
    if not is_page(request):
        return {}
    words = panel.plugins.messages(request.lang, request.func)
    kinds = {row["id"]: words.get(f"task_{row['operation']}", row["name"]) for row in tx.rows("SELECT * FROM tasktype")}
    departments = {row["id"]: row["name"] for row in tx.rows("SELECT id, name FROM department")}
    people = {row["id"]: row["name"] for row in tx.rows("SELECT id, name FROM user WHERE account IS NULL")}
    states = {number: items.status_name(str(number), request.lang) for number in items.STATUSES}
    return {"type": kinds, "department": departments, "performer": people, "itemstatus": states}


@function("task.gettype", ADMIN, "platform.md 5.2")
def task_gettype(panel: Panel, request: Request) -> etree._Element:
    """The type of task for an operation, empty when there is none: /doc/task_type."""
    with panel.db.begin() as tx:
        kind = tx.value("SELECT id FROM tasktype WHERE operation = %s", request.text("operation"))
    return fields(task_type="" if kind is None else kind)


@function("task.edit", ADMIN, "platform.md 5.2")
def task_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change a task: item, runningoperation, type, params, status."""
    names = ("type", "item", "runningoperation", "status", "params", "department", "performer")
    with panel.db.begin() as tx:
        if not request.sok:
            row = _load(tx, request.elid)
            document = fields(elid=row["id"], **{name: row[name] for name in (*names, "opendate")})
            for name, known in _names(panel, tx, request).items():
                slist(document, name, [("", "null"), *known.items()])
            if is_page(request):
                words = panel.plugins.messages(request.lang, request.func)
                slist(document, "status", [(one, words.get(f"status_{one}", one)) for one in (OPEN, IN_WORK, CLOSED)])
            return document
        values: dict[str, object] = {}
        for name in names:
            if name not in request.params:
                continue
            text = request.text(name)
            if name != "params" and text and not text.isdecimal():
                raise bad_value(name, text)
            values[name] = text if name == "params" else (int(text) if text else None)
        if request.elid:
            number = int(_load(tx, request.elid)["id"])
            if values:
                tx.update("task", {"id": number}, **values)
        else:
            number = _create(tx, values)
    return done(id=number)


def _create(tx: Tx, values: dict[str, object]) -> int:
    if not values.get("type") or tx.value("SELECT id FROM tasktype WHERE id = %s", values["type"]) is None:
        raise bad_value("type", values.get("type") or "")
    for name, table in (("item", "item"), ("runningoperation", "runningoperation")):
        if values.get(name) and tx.value(f"SELECT id FROM {table} WHERE id = %s", values[name]) is None:
            raise missing(name, values[name])
    number = tx.insert("task", **values)
    tx.run("UPDATE task SET opendate = NOW() WHERE id = %s", number)
    return number


@function("task.simple.create", ADMIN, "additions-2.md e.8")
def task_simple_create(panel: Panel, request: Request) -> etree._Element:
    """A task without an operation: elid is the department that has to do it, specification what there is to do."""
    with panel.db.begin() as tx:
        sql = "SELECT id FROM department WHERE id = %s"
        department = tx.value(sql, int(request.elid)) if request.elid.isdecimal() else None
        if department is None:
            raise missing("elid", request.elid)
        if not request.text("specification"):
            raise bad_value("specification")
        number = tx.insert("task", department=department, params=request.text("specification"), status=OPEN)
        tx.run("UPDATE task SET opendate = NOW() WHERE id = %s", number)
    return done(id=number)


@function("task.delete", ADMIN, "platform.md 5.2")
def task_delete(panel: Panel, request: Request) -> etree._Element:
    """Remove tasks."""
    with panel.db.begin() as tx:
        for elid in request.elids:
            _load(tx, elid)
            tx.run("DELETE FROM task WHERE id = %s", int(elid))
    return done()


@function("task.start", ADMIN, "platform.md 5.2")
def task_start(panel: Panel, request: Request) -> etree._Element:
    """An employee takes tasks into work."""
    with panel.db.begin() as tx:
        for elid in request.elids:
            _load(tx, elid)
            tx.run(
                "UPDATE task SET status = %s, performer = %s WHERE id = %s",
                IN_WORK,
                request.caller.user or None,
                int(elid),
            )
    return done()

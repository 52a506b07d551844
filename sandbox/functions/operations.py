"""Running operations (Tools > Running operations) and problems (platform.md 4.1, 5.2)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core import texts
from sandbox.core.documents import add, done, fields, listed, parse, slist
from sandbox.core.errors import ForeignError, bad_value, missing
from sandbox.core.registry import function
from sandbox.core.request import ADMIN
from sandbox.functions.page_parts import is_page

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

_LIST = """SELECT r.id, CONCAT(r.intname, ' ', COALESCE(i.name, '')) AS `desc`, r.item, t.intname AS itemtype,
    a.name AS client, r.cdate, r.trycount, m.name AS processingmodule,
    (SELECT MIN(k.id) FROM task k WHERE k.runningoperation = r.id) AS task,
    IF(r.run_pid IS NOT NULL, 'running', IF(r.manual = 'on', 'manual',
        IF(r.errorxml IS NULL AND r.lastexit IS NULL, 'new', 'error'))) AS status,
    r.intname, r.manual
    FROM runningoperation r LEFT JOIN item i ON i.id = r.item LEFT JOIN pricelist p ON p.id = i.pricelist
    LEFT JOIN itemtype t ON t.id = p.itemtype LEFT JOIN account a ON a.id = i.account
    LEFT JOIN processingmodule m ON m.id = i.processingmodule"""


def _load(tx: Tx, elid: str) -> dict[str, Any]:
    row = tx.row("SELECT * FROM runningoperation WHERE id = %s FOR UPDATE", int(elid)) if elid.isdecimal() else None
    if row is None:
        raise missing("elid", elid)
    return row


@function("runningoperation", ADMIN, "platform.md 4.1")
def operation_list(panel: Panel, request: Request) -> etree._Element:
    """Operations under way, as far as the filter lets them. `intname` and `manual` are the sandbox's own columns."""
    with panel.db.begin() as tx:
        wanted = _filter_of(tx, request)
        where = " AND ".join(_FILTER[name] for name in wanted) or "1"
        rows = tx.rows(f"{_LIST} WHERE {where} ORDER BY r.id", *wanted.values())
    words = panel.plugins.messages(request.lang, request.func)
    for row in rows:
        kind = str(row["intname"])
        row["desc"] = f"{words.get(f'operation_{kind}', kind)} {row['desc'].removeprefix(kind).strip()}".strip()
    return listed(rows)


_FILTER = {
    "id": "r.id = %s",
    "item": "r.item = %s",
    "itemtype": "t.intname = %s",
    "client": "a.name = %s",
    "processingmodule": "m.id = %s",
    "intname": "r.intname = %s",
    "manual": "r.manual = %s",
}


def _key(request: Request) -> dict[str, str]:
    return {"owner": f"user:{request.caller.name}", "itemtype": "runningoperation"}


def _filter_of(tx: Tx, request: Request) -> dict[str, str]:
    sql = "SELECT fields FROM listfilter WHERE owner = %s AND itemtype = %s"
    text = tx.value(sql, *_key(request).values())
    known: dict[str, str] = json.loads(text) if text else {}
    return known


@function("runningoperation.filter", ADMIN, "additions-2.md e.8")
def operation_filter(panel: Panel, request: Request) -> etree._Element:
    """The filter of that list for this employee; all fields empty forgets it."""
    with panel.db.begin() as tx:
        if not request.sok:
            known = _filter_of(tx, request)
            document = fields(**{name: known.get(name, "") for name in _FILTER})
            _filter_choices(panel, tx, request, document)
            return document
        wanted = {name: request.text(name) for name in _FILTER if request.text(name)}
        if wanted:
            tx.put("listfilter", _key(request), fields=json.dumps(wanted, ensure_ascii=False))
        else:
            tx.run("DELETE FROM listfilter WHERE owner = %s AND itemtype = %s", *_key(request).values())
    return done()


def _filter_choices(panel: Panel, tx: Tx, request: Request, document: etree._Element) -> None:
    """For people: what there is to choose from."""
    if not is_page(request):
        return
    words = panel.plugins.messages(request.lang, request.func)
    modules = tx.rows("SELECT id, name FROM processingmodule ORDER BY orderpriority, id")
    kinds = tx.rows("SELECT DISTINCT intname FROM runningoperation ORDER BY intname")
    types = tx.rows("SELECT intname FROM itemtype WHERE parent IS NULL ORDER BY id")
    slist(document, "processingmodule", [("", "null"), *((row["id"], row["name"]) for row in modules)])
    for name, prefix, rows in (("intname", "operation", kinds), ("itemtype", "itemtype", types)):
        known = [row["intname"] for row in rows]
        slist(document, name, [("", "null"), *((one, words.get(f"{prefix}_{one}", one)) for one in known)])
    slist(document, "manual", [("", "null"), *((one, words.get(f"manual_{one}", one)) for one in ("on", "off"))])


@function("runningoperation.errorhistory", ADMIN, "additions-2.md e.8")
def error_history(panel: Panel, request: Request) -> etree._Element:
    """How the tries of an operation (elid) failed, newest first: id, createdate, item, task."""
    with panel.db.begin() as tx:
        rows = tx.rows(
            "SELECT e.id, e.createdate, e.item, (SELECT MIN(k.id) FROM task k WHERE k.runningoperation = "
            "e.runningoperation) AS task FROM operationerror e WHERE e.runningoperation = %s ORDER BY e.id DESC",
            int(request.elid) if request.elid.isdecimal() else 0,
        )
    return listed(rows)


@function("errorhistory.showlog", ADMIN, "additions-2.md e.8")
def error_log(panel: Panel, request: Request) -> etree._Element:
    """What the command had printed when it failed."""
    with panel.db.begin() as tx:
        row = tx.row("SELECT * FROM operationerror WHERE id = %s", int(request.elid) if request.elid.isdecimal() else 0)
    if row is None:
        raise missing("elid", request.elid)
    return fields(elid=row["id"], log=row["log"])


@function("runningoperation.edit", ADMIN, "platform.md 5.2")
def operation_edit(panel: Panel, request: Request) -> etree._Element:
    """Read an operation, or store its `errorxml` and `manual`."""
    with panel.db.begin() as tx:
        row = _load(tx, request.elid)
        if not request.sok:
            names = ("id", "item", "intname", "trycount", "manual", "errorxml", "cdate", "lastexit", "lastoutput")
            document = fields(elid=row["id"], **{name: row[name] for name in names})
            _for_people(panel, tx, request, document)
            return document
        changes: dict[str, object] = {}
        if request.text("errorxml"):
            changes["errorxml"] = _document(panel, request.text("errorxml"))
        if request.text("manual") in ("on", "off"):
            changes["manual"] = request.text("manual")
        if changes:
            tx.update("runningoperation", {"id": row["id"]}, **changes)
    return done(id=row["id"])


def _for_people(panel: Panel, tx: Tx, request: Request, document: etree._Element) -> None:
    """The service by its name, the operation in words, and its error as the sentence it is for this reader."""
    if not is_page(request):
        return
    words = panel.plugins.messages(request.lang, request.func)
    kind, item = document.findtext("intname", ""), document.findtext("item", "")
    name = tx.value("SELECT name FROM item WHERE id = %s", int(item)) if item else ""
    add(document, "title_name", f"{words.get(f'operation_{kind}', kind)} {name or ''}".strip())
    add(document, "service", f"{item} {name or ''}".strip())
    add(document, "sentence", _sentence(panel, request, document.findtext("errorxml", "")))


def _sentence(panel: Panel, request: Request, text: str) -> str:
    """What an error document says; a text that is none, as it is."""
    try:
        found = parse(text.encode()) if text else None
    except etree.XMLSyntaxError:
        return text
    error = None if found is None else found if found.tag == "error" else found.find(".//error")
    if error is None:
        return ""
    said = texts.render(ForeignError(error), request.func, request.lang, panel.plugins).findtext("msg", "")
    return said.strip() or text


def _document(panel: Panel, text: str) -> str:
    """Whether plain text is taken as well, is not known (additions-2.md h.21)."""
    try:
        parse(text.encode())
    except etree.XMLSyntaxError as error:
        if panel.switches["errorxml_text"] == "refused":
            raise bad_value("errorxml", desc="not a document") from error
    return text


@function("runningoperation.setmanual", ADMIN, "platform.md 5.2")
def operation_setmanual(panel: Panel, request: Request) -> etree._Element:
    """The operation is not run again by itself."""
    with panel.db.begin() as tx:
        _load(tx, request.elid)
        tx.run("UPDATE runningoperation SET manual = 'on' WHERE id = %s", int(request.elid))
    return done()


@function("runningoperation.start", ADMIN, "platform.md 5.2")
def operation_start(panel: Panel, request: Request) -> etree._Element:
    """Run operations now; one that was manual is not any more."""
    with panel.db.begin() as tx:
        for elid in request.elids:
            _load(tx, elid)
            tx.run("UPDATE runningoperation SET manual = 'off', nextrun = 0 WHERE id = %s", int(elid))
    panel.queue.wake()
    return done()


@function("runningoperation.delete", ADMIN, "platform.md 5.2")
def operation_delete(panel: Panel, request: Request) -> etree._Element:
    """Forget operations and their tasks; the service stays as it is."""
    with panel.db.begin() as tx:
        for elid in request.elids:
            _load(tx, elid)
            tx.run("DELETE FROM task WHERE runningoperation = %s", int(elid))
            tx.run("DELETE FROM runningoperation WHERE id = %s", int(elid))
    return done()


@function("problems.register", ADMIN, "platform.md 5.2")
def problems_register(panel: Panel, request: Request) -> etree._Element:
    """Register a problem for staff; the same name and id again changes the one that is there."""
    if not request.text("name"):
        raise bad_value("name")
    params = "&".join(f"{name}={value}" for name, value in sorted(request.params.items()) if name.startswith("param_"))
    with panel.db.begin() as tx:
        key = {"name": request.text("name"), "reference": request.text("id")}
        tx.put("problem", key, level=request.text("level", "error"), params=params)
        tx.run("UPDATE problem SET cdate = NOW() WHERE name = %s AND reference = %s", *key.values())
    return done()


@function("problems", ADMIN, "platform.md 5.2")
def problem_list(panel: Panel, request: Request) -> etree._Element:
    """Problems registered so far."""
    with panel.db.begin() as tx:
        rows = tx.rows("SELECT id, name, reference, level, params, cdate FROM problem ORDER BY id")
    return listed(rows)

"""Further parameters of a module that is set up, such as compared periods (additions-2.md b.3).

A module that declares `tuning_param` changes the form and the list on their way; what it reads of the session is
`plid` and `elid`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core.documents import add, done, elem, fields
from sandbox.core.errors import bad_value, missing
from sandbox.core.modules import BUILT_IN
from sandbox.core.registry import function
from sandbox.core.request import ADMIN
from sandbox.functions.processing import load_module

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

FACT = "additions-2.md b.3"
_NAMES = ("param", "value")
_FILTER = "custom:{}"
_KNOWN = "SELECT fields FROM listfilter WHERE owner = %s AND itemtype = %s"


def _tuned(panel: Panel, request: Request, module: str, sub: str, document: etree._Element) -> etree._Element:
    """The document through the module; its error is the answer."""
    if module in BUILT_IN or not panel.modules.has(module, "tuning_param"):
        return document
    block = etree.SubElement(document, "session_params")
    for name in ("plid", "elid"):
        etree.SubElement(block, "param", name=name, value=request.text(name))
    data = etree.tostring(document, encoding="UTF-8", xml_declaration=True)
    answer = panel.modules.check(module, ["--command", "tuning_param", "--subcommand", sub], data)
    document = document if answer is None else answer
    for given in document.findall("session_params"):
        document.remove(given)
    return document


def _load(tx: Tx, request: Request, module: int) -> dict[str, Any] | None:
    if not request.elid:
        return None
    sql = "SELECT * FROM processingcustomparam WHERE id = %s AND processingmodule = %s"
    row = tx.row(sql, int(request.elid), module) if request.elid.isdecimal() else None
    if row is None:
        raise missing("elid", request.elid)
    return row


@function("processing.customparam", ADMIN, FACT)
def param_list(panel: Panel, request: Request) -> etree._Element:
    """Further parameters of the module that plid names: id, param, value."""
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        module = load_module(tx, request.text("plid") or request.elid)
        wanted = tx.value(_KNOWN, _FILTER.format(request.caller.name), module["id"]) or ""
        rows = tx.rows(
            "SELECT id, param, value FROM processingcustomparam WHERE processingmodule = %s "
            "AND param LIKE CONCAT('%%', %s, '%%') ORDER BY id",
            module["id"],
            wanted,
        )
    for row in rows:
        elem(document, row)
    add(document, "p_elems", len(rows))
    return _tuned(panel, request, module["module"], "List", document)


@function("processing.customparam.edit", ADMIN, FACT)
def param_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change one: plid, elid, param, value."""
    with panel.db.begin() as tx:
        module = load_module(tx, request.text("plid"))
        row = _load(tx, request, module["id"])
    document = fields(plid=module["id"], elid=request.elid or None)
    for name in _NAMES:
        add(document, name, request.text(name) or (row[name] if row else ""))
    if not request.sok:
        return _tuned(panel, request, module["module"], "TableFormTune", document)
    if not (request.text("param") or row):
        raise bad_value("param")
    _tuned(panel, request, module["module"], "TableSet", document)
    values: dict[str, object] = {name: request.text(name) for name in _NAMES if name in request.params}
    with panel.db.begin() as tx:
        if row is None:
            return done(id=tx.insert("processingcustomparam", processingmodule=module["id"], **values))
        if values:
            tx.update("processingcustomparam", {"id": row["id"]}, **values)
    return done(id=row["id"])


@function("processing.customparam.filter", ADMIN, FACT)
def param_filter(panel: Panel, request: Request) -> etree._Element:
    """The filter of that list: param, a part of its name; empty forgets it."""
    with panel.db.begin() as tx:
        module = load_module(tx, request.text("plid"))
        key = {"owner": _FILTER.format(request.caller.name), "itemtype": str(module["id"])}
        if not request.sok:
            return fields(plid=module["id"], param=tx.value(_KNOWN, *key.values()) or "")
        if request.text("param"):
            tx.put("listfilter", key, fields=request.text("param"))
        else:
            tx.run("DELETE FROM listfilter WHERE owner = %s AND itemtype = %s", *key.values())
    return done()

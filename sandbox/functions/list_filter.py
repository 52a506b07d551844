"""The filter of a list: state that the server keeps and later lists obey (selling-api.md 5.1)."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core import items
from sandbox.core.documents import done, fields, slist
from sandbox.core.errors import bad_value
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions.page_parts import is_page

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

_PARAM = "EXISTS (SELECT 1 FROM itemparam f WHERE f.item = i.id AND f.intname = '{}' AND f.value LIKE {})"
_LIKE = "CONCAT('%%', %s, '%%')"

CONDITIONS = {
    "id": "i.id = %s",
    "ip": _PARAM.format("ip", _LIKE),
    "domain": f"i.name LIKE {_LIKE}",
    "name": f"i.name LIKE {_LIKE}",
    "pricelist": "i.pricelist = %s",
    "period": "i.period = %s",
    "status": "i.status = %s",
    "service_status": "i.service_status = %s",
    "opendate": "i.opendate = %s",
    "expiredate": "i.expiredate = %s",
    "orderdatefrom": "i.createdate >= %s",
    "orderdateto": "i.createdate <= %s",
    "cost_from": "i.cost >= %s",
    "cost_to": "i.cost <= %s",
    "autoprolong": "IFNULL(i.autoprolong, 'null') = %s",
    "datacenter": "i.datacenter = %s",
    "ostemplate": _PARAM.format("ostempl", "%s"),
}
"""Fields of `<type>.filter` (selling-api.md 5.1) and what they ask of a row."""
_DATES = ("opendate", "expiredate", "orderdatefrom", "orderdateto")
_SUMS = ("cost_from", "cost_to")
_SUM = re.compile(r"-?[0-9]{1,14}(\.[0-9]{1,4})?")


def owner(panel: Panel, request: Request) -> str:
    """Whose the filter is: the user's, or one session's, is not known (selling-api.md 5.1)."""
    if panel.switches["filter_scope"] == "user":
        return f"user:{request.caller.name}"
    session = request.text("auth") or request.origin.session
    return f"session:{session}" if session else ""


def stored(panel: Panel, tx: Tx, request: Request) -> dict[str, str]:
    """The filter in force for this caller's list of this type."""
    whose = owner(panel, request)
    if not whose:
        return {}
    text = tx.value("SELECT fields FROM listfilter WHERE owner = %s AND itemtype = %s", whose, request.itemtype)
    found: dict[str, str] = json.loads(text) if text else {}
    return found


def conditions(wanted: dict[str, str]) -> tuple[str, tuple[Any, ...]]:
    """What the filter adds to a list's WHERE, and its values."""
    where = "".join(f" AND {CONDITIONS[name]}" for name in wanted)
    return where, tuple(wanted.values())


def _choices(tx: Tx, request: Request, document: etree._Element) -> None:
    """For people: states and tariffs by their names."""
    if not is_page(request):
        return
    states = [(number, items.status_name(str(number), request.lang)) for number in items.STATUSES]
    tariffs = tx.rows(
        "SELECT p.id, p.name FROM pricelist p JOIN itemtype t ON t.id = p.itemtype WHERE t.intname = %s AND "
        "p.parent IS NULL ORDER BY p.name",
        request.itemtype,
    )
    slist(document, "status", [("", "null"), *states])
    slist(document, "pricelist", [("", "null"), *((row["id"], row["name"]) for row in tariffs)])


def _require_comparable(request: Request) -> None:
    """A stored filter is asked by every later list, so what no database compares is refused here."""
    for name in (*_DATES, *_SUMS):
        text = request.text(name)
        if text and not (_is_date(text) if name in _DATES else _SUM.fullmatch(text)):
            raise bad_value(name, text)


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text)) and len(text) == len("2026-11-30")
    except ValueError:
        return False


@function("<itemtype>.filter", CLIENT, "selling-api.md 5.1")
def type_filter(panel: Panel, request: Request) -> etree._Element:
    """Show the filter of a list, set it with sok, or forget it: `clicked_button=clear`, or all fields empty."""
    whose = owner(panel, request)
    with panel.db.begin() as tx:
        if not request.sok:
            known = stored(panel, tx, request)
            document = fields(**{name: known.get(name, "") for name in CONDITIONS})
            _choices(tx, request, document)
            return document
        _require_comparable(request)
        wanted = {name: request.text(name) for name in CONDITIONS if request.text(name)}
        if request.text("clicked_button") in ("clear", "reset"):
            wanted = {}
        if whose and wanted:
            key = {"owner": whose, "itemtype": request.itemtype}
            tx.put("listfilter", key, fields=json.dumps(wanted, ensure_ascii=False))
        else:
            tx.run("DELETE FROM listfilter WHERE owner = %s AND itemtype = %s", whose, request.itemtype)
    return done()

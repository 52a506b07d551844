"""Which product types and tariffs a module processes, as staff tick them on its form.

What the panel calls these fields is not told; the link itself is `processingmodule2pricelist` (platform.md 6.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.core import prices
from sandbox.core.documents import add, money
from sandbox.core.errors import bad_value
from sandbox.core.modules import BUILT_IN
from sandbox.functions.page_parts import choices, is_page, page, table

if TYPE_CHECKING:
    from lxml import etree

    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

TARIFFS, TYPES = "sold_pricelist", "sold_itemtype"


def serves_type(panel: Panel, module: str, itemtype: str) -> bool:
    """Whether a module takes tariffs of this type; one that names no types takes all."""
    served = panel.modules.features(module).itemtypes
    return module in BUILT_IN or not served or itemtype in served


def _offered(panel: Panel, tx: Tx, module: str) -> list[dict[str, object]]:
    """All tariffs of the types that the module serves, by type and name."""
    rows = tx.rows(
        "SELECT p.id, p.name, p.project, t.intname AS itemtype FROM pricelist p JOIN itemtype t ON t.id = p.itemtype "
        "WHERE p.parent IS NULL ORDER BY t.id, p.name, p.id"
    )
    return [row for row in rows if serves_type(panel, module, str(row["itemtype"]))]


def _linked(tx: Tx, number: int) -> set[int]:
    rows = tx.rows("SELECT pricelist FROM processingmodule2pricelist WHERE processingmodule = %s", number)
    return {int(row["pricelist"]) for row in rows}


def _whole_types(offered: list[dict[str, object]], linked: set[int]) -> set[str]:
    """Types all of whose tariffs are linked."""
    types = {str(row["itemtype"]) for row in offered}
    return types - {str(row["itemtype"]) for row in offered if row["id"] not in linked}


def show(panel: Panel, request: Request, form: etree._Element, module: str, number: int) -> None:
    """Both tables and what is ticked in them, on a page for people."""
    if not is_page(request):
        return
    with panel.db.begin() as tx:
        offered = _offered(panel, tx, module)
        linked = _linked(tx, number)
        rows = [{**row, "price": _price(tx, row)} for row in offered]
    types = list(dict.fromkeys(str(row["itemtype"]) for row in offered))
    sold = page(form, request, "sold")
    choices(sold, TYPES, "typelist", {"itemtype": "msg"})
    choices(sold, TARIFFS, "soldlist", {"pricelist": "data", "itemtype": "msg", "price": "price"})
    table(form, "typelist", [{TYPES: one, "itemtype": one} for one in types])
    table(
        form,
        "soldlist",
        [{TARIFFS: row["id"], "pricelist": row["name"], **{n: row[n] for n in ("itemtype", "price")}} for row in rows],
    )
    add(form, TYPES, ", ".join(one for one in types if one in _whole_types(offered, linked)))
    add(form, TARIFFS, ", ".join(str(row["id"]) for row in offered if row["id"] in linked))


def _price(tx: Tx, row: dict[str, object]) -> str:
    """Of a month, or of the shortest term there is."""
    currency = tx.row(
        "SELECT c.id, c.iso FROM project p JOIN currency c ON c.iso = p.currency WHERE p.id = %s", row["project"]
    )
    costs = prices.read(tx, int(str(row["id"])), currency["id"]) if currency else {}
    if not costs or currency is None:
        return ""
    return f"{money(costs[1] if 1 in costs else min(costs.items())[1])} {currency['iso']}"


def store(panel: Panel, tx: Tx, request: Request, module: str, number: int) -> None:
    """Link what is ticked. A type that was not ticked whole before takes all its tariffs, one that was gives them up.

    Raises `value` for a tariff that is not there, or of a type that the module does not serve.
    """
    if TARIFFS not in request.params and TYPES not in request.params:
        return
    offered = _offered(panel, tx, module)
    before = _linked(tx, number)
    wanted = set(before) if TARIFFS not in request.params else set()
    known = {str(row["id"]) for row in offered}
    for part in _parts(request, TARIFFS):
        if part not in known:
            raise bad_value(TARIFFS, part)
        wanted.add(int(part))
    if TYPES in request.params:
        whole, ticked = _whole_types(offered, before), set(_parts(request, TYPES))
        unknown = ticked - {str(row["itemtype"]) for row in offered}
        if unknown:
            raise bad_value(TYPES, min(unknown))
        wanted |= {int(str(row["id"])) for row in offered if row["itemtype"] in ticked - whole}
        wanted -= {int(str(row["id"])) for row in offered if row["itemtype"] in whole - ticked}
    tx.run("DELETE FROM processingmodule2pricelist WHERE processingmodule = %s", number)
    for pricelist in sorted(wanted):
        tx.insert("processingmodule2pricelist", processingmodule=number, pricelist=pricelist)


def _parts(request: Request, name: str) -> list[str]:
    return [part.strip() for part in request.text(name).split(",") if part.strip()]

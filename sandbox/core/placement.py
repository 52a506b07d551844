"""Which module serves a service: the order of the tariff's modules, and what the modules themselves say.

A module that declares `get_suitable_module` names those of its kind that can take the service; the others are taken by
`orderpriority` (platform.md 5.2, 6.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.documents import add
from sandbox.core.modules import BUILT_IN

if TYPE_CHECKING:
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel

FEATURE = "get_suitable_module"


def question(pricelist: int, skip: list[int]) -> bytes:
    """`<doc><item><pricelist>..</pricelist></item><skip_modules>1,2</skip_modules></doc>`."""
    document = etree.Element("doc")
    add(etree.SubElement(document, "item"), "pricelist", pricelist)
    add(document, "skip_modules", ",".join(str(one) for one in skip))
    return etree.tostring(document, encoding="UTF-8", xml_declaration=True)


def candidates(panel: Panel, item: Item) -> list[tuple[int, str]]:
    """Active modules of the tariff with their executables, by their priority."""
    with panel.db.begin() as tx:
        rows = tx.rows(
            "SELECT m.id, m.module FROM processingmodule2pricelist l JOIN processingmodule m "
            "ON m.id = l.processingmodule WHERE l.pricelist = %s AND m.active = 'on' ORDER BY m.orderpriority, m.id",
            item.pricelist,
        )
    return [(row["id"], row["module"]) for row in rows]


def choose(panel: Panel, item: Item, skip: list[int]) -> int | None:
    """The module for a service, None when there is none. Asks modules, so it is never called in a transaction."""
    said: dict[str, set[str]] = {}
    for number, module in candidates(panel, item):
        if number in skip:
            continue
        if module in BUILT_IN or not panel.modules.has(module, FEATURE):
            return number
        if module not in said:
            answer = panel.modules.command(module, ["--command", FEATURE], question(item.pricelist, skip))
            said[module] = {element.get("id", "") for element in answer.iterfind("modules/module")}
        if str(number) in said[module]:
            return number
    return None

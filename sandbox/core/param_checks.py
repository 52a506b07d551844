"""A module's say before a service is changed: check_param and check_addon (platform.md 5.2).

When the panel asks is unclear even to the vendor's own authors ("unclear when check_param is called"), so it is switch
check_param.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import items, quantities
from sandbox.core.documents import add
from sandbox.core.modules import BUILT_IN

if TYPE_CHECKING:
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request


def item_document(panel: Panel, item: Item) -> bytes:
    """The service as both commands read it. Only "item XML" is known of its shape."""
    document = etree.Element("doc")
    block = etree.SubElement(document, "item", id=str(item.id))
    for name in ("id", "pricelist", "itemtype", "period", "status", "account"):
        add(block, name, getattr(item, name))
    add(block, "processingmodule", item.module_id)
    with panel.db.begin() as tx:
        for name, value in items.params(tx, item.id).items():
            add(block, name, value)
    return etree.tostring(document, encoding="UTF-8", xml_declaration=True)


def ask(panel: Panel, request: Request) -> None:
    """Before a service is edited. Raises the module's error. Never in a transaction: it runs the module."""
    if panel.switches["check_param"] != "edit":
        return
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller, request.itemtype)
        known = items.params(tx, item.id)
        addons = quantities.of(tx, item)
    if not item.module or item.module in BUILT_IN:
        return
    changed = [
        ("check_param", name, request.text(name)) for name in known if request.text(name, known[name]) != known[name]
    ]
    changed += [
        ("check_addon", held.addon.intname, request.text(held.field)) for held in addons if held.field in request.params
    ]
    for command, name, value in changed:
        if panel.modules.has(item.module, command):
            words = ["--command", command, "--item", str(item.id), "--param", name, "--value", value]
            panel.modules.run(item.module, words, item_document(panel, item))

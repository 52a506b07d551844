"""The first step of adding a processing module: what there is to choose from (platform.md 1.2, reselling.md 1).

The product type decides which modules are offered. Names of this step's fields are not told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.documents import add, fields, slist
from sandbox.core.errors import PanelError, bad_value
from sandbox.core.modules import MANUAL
from sandbox.core.registry import function
from sandbox.core.request import ADMIN
from sandbox.functions.menu import catalogue_text
from sandbox.functions.module_tariffs import serves_type
from sandbox.functions.page_parts import table

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

_GROUP = "processing_module"


@function("processing.add", ADMIN, "platform.md 1.2, reselling.md 1")
def processing_add(panel: Panel, request: Request) -> etree._Element:
    """The catalogue of modules, for a product type (type=) or for all; with sok it leads to the settings of module=."""
    module = request.text("module")
    if request.sok:
        if not module or not panel.modules.exists(module):
            raise bad_value("module", module)
        document = fields(module=module)
        add(document, "ok", f"func=processing.add.settings&module={module}", type="form")
        return document
    document = fields(type=request.text("type"), module=module)
    with panel.db.begin() as tx:
        types = [row["intname"] for row in tx.rows("SELECT intname FROM itemtype WHERE parent IS NULL ORDER BY id")]
    labels = panel.plugins.messages(request.lang, request.func)
    words = {"": labels.get("all_types", ""), **{one: labels.get(f"itemtype_{one}", one) for one in types}}
    slist(document, "type", words.items())
    offered = [
        (row, served) for row, served in _modules(panel, request, labels) if request.text("type") in ("", *served)
    ]
    table(
        document,
        "modulelist",
        [{**row, "types": _named(served, words)} for row, served in offered],
    )
    if request.text("sv_field"):
        outer = etree.Element("doc")
        outer.append(document)
        return outer
    return document


def _named(served: list[str], words: dict[str, str]) -> str:
    """Types by their names; all of them in one word."""
    return words[""] if set(served) >= set(words) - {""} else ", ".join(words.get(one, one) for one in served)


def _modules(panel: Panel, request: Request, labels: dict[str, str]) -> list[tuple[dict[str, str], list[str]]]:
    """Those of the catalogue whose program is there, and the built-in way of people; each with the types it serves."""
    names = panel.plugins.messages(request.lang, "label_processing_modules")
    rows = []
    for entry in panel.plugins.interface.catalogue():
        module = entry.get("name", "")
        if entry.findtext("group") != _GROUP or not panel.modules.exists(module):
            continue
        title = names.get(f"module_{module}") or names.get(module) or module
        row = {
            "module": module,
            "title": title,
            "desc": catalogue_text(panel, request.lang, entry, "desc_short", module),
            "author": entry.findtext("author", ""),
            "price": catalogue_text(panel, request.lang, entry, "price", module),
        }
        rows.append((row, _served(panel, module)))
    by_hand = {"module": MANUAL, "title": labels.get("by_hand", MANUAL), "desc": labels.get("by_hand_desc", "")}
    return [*rows, ({**by_hand, "author": "", "price": ""}, _served(panel, MANUAL))]


def _served(panel: Panel, module: str) -> list[str]:
    """A module that cannot say what it serves is offered for everything: its form then says what is wrong."""
    types = sorted(panel.itemtypes())
    try:
        return [one for one in types if serves_type(panel, module, one)]
    except PanelError:
        return types

"""Reports that metadata describe alone: bands with `<query>` or `<action>` (platform.md 1.1, "Reports").

A report with a handler is that handler's own: it prints `<reportdata>` itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.documents import elem
from sandbox.core.errors import PanelError

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request
    from sandbox.core.validators import Internal


def declared(panel: Panel, func: str) -> etree._Element | None:
    """Metadata of type report that say where their data come from."""
    element = panel.plugins.interface.metadata(func)
    if element is None or element.get("type") != "report":
        return None
    return element if element.find("band/query") is not None or element.find("band/action") is not None else None


def run(panel: Panel, request: Request, metadata: etree._Element, internal: Internal) -> etree._Element:
    """`firstrun="no"`: nothing is computed before the form was sent."""
    document = etree.Element("doc")
    data = etree.SubElement(document, "reportdata")
    if metadata.get("firstrun") == "no" and not request.sok:
        return document
    for band in metadata.iterchildren("band"):
        block = etree.SubElement(data, band.get("name", "band"))
        query, action = band.findtext("query"), band.findtext("action")
        if query:
            with panel.db.begin() as tx:
                for row in tx.rows(query.strip()):
                    elem(block, row)
        elif action:
            for found in _rows(panel, request, action.strip(), internal):
                block.append(found)
    return document


def _rows(panel: Panel, request: Request, action: str, internal: Internal) -> list[etree._Element]:
    """A call without rights is an empty document when it comes from within (platform.md 1.1)."""
    try:
        return internal(panel, request, action, {}).findall("elem")
    except PanelError as error:
        if error.kind == "access":
            return []
        raise

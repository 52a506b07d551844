"""What is done to a document before it goes out: metadata, messages and the echo of the request come in, and what the
caller may not see is cut, from the metadata and from the data (platform.md 1.1, 2.2, 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.documents import add
from sandbox.core.levels import Cut, Viewer, cut_metadata

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

TRANSPORT = ("auth", "authinfo", "su", "password", "confirm", "key")
"""Parameters that no document echoes."""


def dress(panel: Panel, request: Request, document: etree._Element) -> etree._Element:
    """Metadata, messages and `tparams`, where there are metadata of this function and none in the document yet."""
    if document.find("error") is not None or document.find("metadata") is not None:
        return document
    if panel.plugins.interface.metadata(request.func) is None:
        return document
    panel.plugins.dress(document, request.func, request.lang)
    if document.find("tparams") is None:
        echo(request, document)
    return document


def echo(request: Request, document: etree._Element) -> None:
    block = etree.SubElement(document, "tparams")
    for name, value in request.params.items():
        if name not in TRANSPORT:
            add(block, _tag(name), value)


def _tag(name: str) -> str:
    """A parameter's name as an element, whatever a client may send."""
    kept = "".join(char if char.isalnum() or char in "._-" else "_" for char in name)
    return kept if kept[:1].isalpha() else f"_{kept}"


def viewer(panel: Panel, request: Request) -> Viewer:
    features = panel.switches["features_on"].replace(",", " ").split()
    return Viewer(
        request.caller.level,
        panel.switches["level_without_plus"] == "least",
        frozenset(features),
        new=not request.elid,
    )


def cut(panel: Panel, request: Request, document: etree._Element) -> etree._Element:
    """The document as this caller may see it."""
    sight = viewer(panel, request)
    shown = document.find("metadata")
    if shown is not None:
        cut_metadata(shown, sight).apply(document)
    known = _known(panel, request.func, sight)
    if known:
        known.apply(document)
    return document


def takes_columns(panel: Panel, request: Request, names: frozenset[str]) -> bool:
    """Whether cut() would take one of these columns from the rows of this answer."""
    known = _known(panel, request.func, viewer(panel, request))
    return known is not None and bool(known.columns & names)


def _known(panel: Panel, func: str, sight: Viewer) -> Cut | None:
    """What the declared metadata take from the data; the same for all callers of one level, so remembered."""
    key = (func, sight)
    if key not in panel.cuts:
        element = panel.plugins.interface.metadata(func)
        copied = None if element is None else etree.fromstring(etree.tostring(element, with_tail=False))
        panel.cuts[key] = None if copied is None else cut_metadata(copied, sight)
    return panel.cuts[key]

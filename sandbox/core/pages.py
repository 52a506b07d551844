"""What is done to a document before it goes out: metadata, messages and the echo of the request come in, and what the
caller may not see is cut, from the metadata and from the data (platform.md 1.1, 2.2, 3.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.documents import add
from sandbox.core.errors import bad_value
from sandbox.core.levels import Cut, Viewer, cut_metadata

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

MOST_ROWS = 10_000
_START, _SIZE = "startidx", "pagesize"


def window(panel: Panel, request: Request) -> tuple[int, int]:
    """Which rows of a list are asked for: the place of the first, and how many (additions-2.md g, selling-api.md 5.1).

    Pages are p_num and p_cnt, counted from 1; newer functions have startidx, counted from 0 here, and pagesize. Which
    of them a list obeys is switch paging. Raises PanelError for what is no number in bounds.
    """
    obeyed = panel.switches["paging"]
    if obeyed == "offset" or (obeyed == "both" and {_START, _SIZE} & set(request.params)):
        return whole(request, _START, 0, least=0), whole(request, _SIZE, _rows(panel))
    count = whole(request, "p_cnt", _rows(panel))
    return (whole(request, "p_num", 1) - 1) * count, count


def _rows(panel: Panel) -> int:
    return int(panel.switches.number("page_rows"))


def whole(request: Request, name: str, default: int, least: int = 1) -> int:
    text = request.text(name) or str(default)
    if not re.fullmatch("[0-9]+", text) or not least <= int(text) <= MOST_ROWS:
        raise bad_value(name, text)
    return int(text)


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
    kept = "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in name)
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

"""What only a page for people has: names behind numbers, fields that the data bring (out=devel, platform.md 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.documents import add

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.core.request import Request


def is_page(request: Request) -> bool:
    """Whether the answer is drawn; programs get the data alone."""
    return request.out == "devel"


def texts(document: etree._Element, request: Request, found: Mapping[str, object]) -> None:
    """Messages of this answer, over those of the function: `type_3` for what 3 means in the column `type`."""
    if not is_page(request):
        return
    block = etree.SubElement(document, "messages", name=request.func)
    for name, text in found.items():
        etree.SubElement(block, "msg", name=name).text = str(text)


def page(document: etree._Element, request: Request, name: str) -> etree._Element:
    """A page of the form to put fields in, added to whatever the document declares already."""
    metadata = document.find("metadata")
    if metadata is None:
        metadata = etree.SubElement(document, "metadata", name=request.func, type="form")
    form = metadata.find("form")
    if form is None:
        form = etree.SubElement(metadata, "form")
    return etree.SubElement(form, "page", name=name)


def choices(parent: etree._Element, key: str, name: str, columns: Mapping[str, str]) -> None:
    """A field whose table has a box to tick in each row: `key` is the cell that is sent; columns by name and type."""
    field = etree.SubElement(parent, "field", name=key)
    block = etree.SubElement(field, "list", name=name, type="table", key=key, select="multiple")
    for column, kind in columns.items():
        etree.SubElement(block, "col", name=column, type=kind)


def table(document: etree._Element, name: str, rows: Iterable[Mapping[str, object]]) -> None:
    """`<list name><elem>..</elem></list>`: the rows of a table in a form (platform.md 2.2)."""
    block = etree.SubElement(document, "list", name=name)
    for row in rows:
        element = etree.SubElement(block, "elem")
        for cell, value in row.items():
            add(element, cell, "" if value is None else str(value))

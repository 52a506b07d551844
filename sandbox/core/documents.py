"""Building and reading the panel's documents (platform.md 2.2, "Data of a form", "Data of a list")."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

from lxml import etree

NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML document can hold."""

Cell = object
"""What a cell can show: text, a number, a date, or None for an empty element."""


def text_of(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return number(value)
    return str(value)


def shown_date(style: str, day: date | str | None) -> Cell:
    """A date of a service as a client sees it, by the switch `shown_dates`; None for none."""
    if day is None or style == "nothing":
        return None
    year, month, rest = text_of(day).split("-", 2)
    return {
        "iso": f"{year}-{month}-{rest}",
        "dotted": f"{rest[:2]}.{month}.{year}",
        "timed": f"{year}-{month}-{rest[:2]} 00:00:00",
        "zero": "0000-00-00",
    }[style]


def number(value: Decimal | None) -> str:
    """A quantity without needless zeros."""
    if value is None:
        return ""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(value: Decimal) -> str:
    """Two places for people, up to four when they count: `0.1048`, `0.00` (selling-api.md 2)."""
    text = format(value.quantize(Decimal("0.0001")), "f")
    return text.removesuffix("00")


def readable(text: str) -> str:
    """A text as a document can hold it."""
    return NOT_XML.sub("\ufffd", text)


def add(parent: etree._Element, name: str, value: Cell = None, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, name, attributes)
    text = text_of(value)
    if text:
        element.text = readable(text)
    return element


def fields(**values: Cell) -> etree._Element:
    """A document of plain fields; a field of None is left out."""
    document = etree.Element("doc")
    for name, value in values.items():
        if value is not None:
            add(document, name, value)
    return document


def done(**values: Cell) -> etree._Element:
    """A success: `<doc><ok/>...</doc>` (platform.md 2.2)."""
    document = fields(**values)
    etree.SubElement(document, "ok")
    return document


def elem(parent: etree._Element, values: Mapping[str, Cell]) -> etree._Element:
    element = etree.SubElement(parent, "elem")
    for name, value in values.items():
        add(element, name, value)
    return element


def listed(rows: Iterable[Mapping[str, Cell]]) -> etree._Element:
    """A whole list: an `elem` for each row, and how many there are in `p_elems`."""
    document = etree.Element("doc")
    for row in rows:
        elem(document, row)
    add(document, "p_elems", len(document))
    return document


def slist(parent: etree._Element, name: str, choices: Iterable[tuple[Cell, Cell]]) -> None:
    """`<slist name><val key="k">Label</val></slist>` (platform.md 2.2)."""
    element = etree.SubElement(parent, "slist", name=name)
    for key, label in choices:
        add(element, "val", label, key=text_of(key))


def parse(data: bytes) -> etree._Element:
    """Documents made by plug-ins; a comment in them is no part of a value. Raises etree.XMLSyntaxError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    return etree.fromstring(data, parser)

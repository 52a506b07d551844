"""A report: bands of rows, bands within them, totals and diagrams (platform.md 1.1, "Reports")."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from sandbox.browser import cells, lists

if TYPE_CHECKING:
    from lxml import etree

    from sandbox.browser.words import Words

COLOURS = ("#2f6db3", "#d9822b", "#3d9970", "#b04a5a", "#7a5fa8", "#8a8f98", "#c2a632", "#3aa0b5")
RADIUS = 80
BAR = 220


@dataclass
class Part:
    """One slice or bar: its caption, figure, colour, and the shape it is drawn with."""

    label: str
    value: str
    share: float
    colour: str
    path: str = ""
    width: float = 0


@dataclass
class Diagram:
    title: str
    pie: bool
    parts: list[Part]


@dataclass
class Line:
    cells: list[cells.Cell]
    bands: list[Band]


@dataclass
class Band:
    title: str
    columns: list[lists.Column]
    lines: list[Line]
    totals: list[str]
    diagrams: list[Diagram] = field(default_factory=list)


def read(metadata: etree._Element, data: etree._Element, words: Words) -> list[Band]:
    block = data.find("reportdata")
    if block is None:
        return []
    return [_band(one, block, words) for one in metadata.iterchildren("band")]


def _band(metadata: etree._Element, parent: etree._Element, words: Words) -> Band:
    name = metadata.get("name", "band")
    block = cells.child(parent, name)
    title = words.maybe(name, f"band_{name}", f"title_{name}")
    if block is None:
        return Band(title, [], [], [])
    shown = lists.columns(block, metadata, words)
    rows = lists.ordered(block, {}, shown)
    inner = list(metadata.iterchildren("band"))
    lines = [
        Line(
            lists.row_cells(row, shown, words),
            [_band(one, row, words) for one in inner if cells.child(row, one.get("name", "band")) is not None],
        )
        for row in rows
    ]
    drawn = [_diagram(one, rows, words) for one in metadata.iterchildren("diagram")]
    return Band(title, shown, lines, _totals(shown, rows), [one for one in drawn if one.parts])


def figure(text: str) -> Decimal:
    """The number a cell begins with."""
    found = re.match(r"\s*(-?[0-9,]{1,20}(?:\.[0-9]{1,20})?)(?!\S)", text)
    try:
        return Decimal(found[1].replace(",", "")) if found is not None else Decimal(0)
    except InvalidOperation:
        return Decimal(0)


def _totals(shown: list[lists.Column], rows: list[etree._Element]) -> list[str]:
    """`total="count|sum"`; empty when no column has one."""
    found = []
    for one in shown:
        kind = one.element.get("total", "")
        if kind == "count":
            found.append(str(len(rows)))
        elif kind == "sum":
            found.append(f"{sum((figure(cells.value(row, one.name)) for row in rows), Decimal(0)):f}")
        else:
            found.append("")
    return found if any(found) and rows else []


def _diagram(metadata: etree._Element, rows: list[etree._Element], words: Words) -> Diagram:
    label, data = metadata.get("label", ""), metadata.get("data", "")
    found = []
    for row in rows:
        caption = cells.value(row, label)
        found.append((words.maybe(f"{label}_{caption}", caption) or caption, figure(cells.value(row, data))))
    name = metadata.get("name", "")
    title = words.maybe(f"diagram_{name}", name)
    pie = metadata.get("type") == "pie"
    found = [(caption, value) for caption, value in found if value > 0]
    return Diagram(title, pie, _slices(found) if pie else _bars(found))


def _slices(found: list[tuple[str, Decimal]]) -> list[Part]:
    whole = float(sum(value for _, value in found)) or 1.0
    parts, turned = [], 0.0
    for number, (caption, value) in enumerate(found):
        share = float(value) / whole
        path = _slice(turned, turned + share)
        parts.append(Part(caption, f"{value:f}", share, COLOURS[number % len(COLOURS)], path))
        turned += share
    return parts


def _slice(start: float, end: float) -> str:
    """From the top, clockwise; a whole circle is two halves, since an arc cannot end where it began."""
    if end - start > 0.9999:
        return f"M0 -{RADIUS}A{RADIUS} {RADIUS} 0 1 1 0 {RADIUS}A{RADIUS} {RADIUS} 0 1 1 0 -{RADIUS}Z"
    ends = [(math.sin(2 * math.pi * at) * RADIUS, -math.cos(2 * math.pi * at) * RADIUS) for at in (start, end)]
    (x1, y1), (x2, y2) = ends
    large = 1 if end - start > 0.5 else 0
    return f"M0 0L{x1:.2f} {y1:.2f}A{RADIUS} {RADIUS} 0 {large} 1 {x2:.2f} {y2:.2f}Z"


def _bars(found: list[tuple[str, Decimal]]) -> list[Part]:
    most = float(max((value for _, value in found), default=Decimal(1)))
    whole = float(sum(value for _, value in found)) or 1.0
    return [
        Part(caption, f"{value:f}", float(value) / whole, COLOURS[0], width=float(value) / most * BAR)
        for caption, value in found
    ]

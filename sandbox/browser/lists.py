"""A list: its columns, rows, toolbar, sorting and pages (platform.md 1.1, 1.2, 2.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.browser import cells, icons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.browser.words import Words

ANY = ("new", "back", "groupformnosel", "list", "refresh", "windownosel", "url", "editnosel")
ONE = ("action", "editlist", "window", "preview")
CONFIRMED = ("group", "groupdownload")
"""Types of buttons by the number of rows that must be marked; those that ask first (platform.md 1.2)."""
DEFAULT_ROWS = 50


@dataclass
class Row:
    elid: str
    name: str
    cells: list[cells.Cell]
    element: etree._Element
    barred: list[str] = field(default_factory=list)
    """Names of the buttons that are not for this row."""
    pale: bool = False


@dataclass
class Column:
    name: str
    label: str
    type: str
    sort: str
    number: bool
    element: etree._Element

    @property
    def width(self) -> str:
        """`width`: pixels, or percent; anything else is passed over."""
        found = re.fullmatch(r"([0-9]{1,4})(?:px)?(%?)", self.element.get("width", ""))
        return f"{found[1]}{found[2]}" if found else ""

    @property
    def align(self) -> str:
        wanted = self.element.get("align", "")
        return wanted if wanted in ("left", "center", "right") else "right" if self.number else ""


@dataclass
class Button:
    name: str
    func: str
    type: str
    label: str
    hint: str
    default: bool
    element: etree._Element
    why_off: str = ""
    """`hint_<btn>_disabled`: why it is not for the marked rows."""

    @property
    def icon(self) -> str:
        return icons.shape(self.element.get("img", ""))

    @property
    def rows(self) -> str:
        """How many rows it needs."""
        if self.type in ANY:
            return "any"
        alone = self.type in ONE or (self.type == "edit" and self.element.get("nogroupedit") == "yes")
        return "one" if alone else "some"

    @property
    def asks(self) -> bool:
        return self.type in CONFIRMED or self.element.get("confirm", "no") not in ("no", "")

    def admits(self, row: etree._Element) -> bool:
        """`hide` and `remove` take it from rows with a value, `show` gives it to those alone (platform.md 1.2)."""
        shown = list(self.element.iterchildren("show"))
        if shown and not any(_matches(one, row) for one in shown):
            return False
        return not any(_matches(one, row) for one in self.element.iterchildren("hide", "remove"))


def _matches(condition: etree._Element, row: etree._Element) -> bool:
    return cells.value(row, condition.get("name", "")) == condition.get("value", "")


def buttons(metadata: etree._Element, words: Words) -> list[list[Button]]:
    """The toolbar, group by group."""
    toolbar = metadata.find("toolbar")
    groups: list[list[Button]] = []
    if toolbar is None:
        return groups
    for child in toolbar.iterchildren("toolbtn", "toolgrp"):
        found = [child] if child.tag == "toolbtn" else child.iter("toolbtn")
        groups.append([_button(one, words) for one in found])
    return [group for group in groups if group]


def _button(element: etree._Element, words: Words) -> Button:
    name = element.get("name", "")
    label = words(f"short_{name}", name)
    label = name if label == f"short_{name}" else label
    default = element.get("default") == "yes"
    kind = element.get("type", "edit")
    hint, why_off = words.maybe(f"hint_{name}"), words.maybe(f"hint_{name}_disabled")
    return Button(name, element.get("func", ""), kind, label, hint, default, element, why_off)


def columns(document: etree._Element, block: etree._Element | None, words: Words, prefix: str = "") -> list[Column]:
    """From `coldata`, a list field or a band; without one, what the first row has."""
    if block is not None and block.find("col") is not None:
        found = [one for one in block.iterchildren("col") if one.get("hidden") != "yes"]
    else:
        first = document.find("elem")
        found = [] if first is None else [etree.Element("col", name=str(cell.tag)) for cell in first if _plain(cell)]
    result = []
    for one in found:
        name = one.get("name", "")
        label = words(f"{prefix}{name}", name)
        label = name if label == f"{prefix}{name}" and not words.has(f"{prefix}{name}") else label
        number = one.get("sort") == "digit" or one.get("type") == "price"
        result.append(Column(name, label, one.get("type", "data"), one.get("sort", ""), number, one))
    return result


def _plain(cell: etree._Element) -> bool:
    return isinstance(cell.tag, str) and all(len(inner) == 0 for inner in cell)


def row_cells(row: etree._Element, shown: list[Column], words: Words) -> list[cells.Cell]:
    return [cells.read(row, one.element, words) for one in shown]


def order_of(document: etree._Element, params: Mapping[str, str], shown: list[Column]) -> tuple[str, str]:
    """The column that the rows are sorted by, and `asc` or `desc`: as the document says, as was asked, or `sorted`."""
    wanted = document.findtext("p_sort") or params.get("p_sort", "")
    if wanted:
        falling = (document.findtext("p_order") or params.get("p_order", "")) == "desc"
    else:
        first = next((one for one in shown if one.element.get("sorted")), None)
        wanted, falling = (first.name, first.element.get("sorted") == "desc") if first is not None else ("", False)
    return wanted, "desc" if falling else "asc"


def ordered(document: etree._Element, params: Mapping[str, str], shown: list[Column]) -> list[etree._Element]:
    """The rows as asked for: functions that do not sort by themselves answer all rows, and are sorted here."""
    rows = document.findall("elem")
    if document.find("p_num") is not None:
        return rows
    wanted, order = order_of(document, params, shown)
    column = next((one for one in shown if one.name == wanted), None)
    if column is None:
        return rows
    return sorted(rows, key=lambda row: _key(cells.value(row, wanted), column.number), reverse=order == "desc")


def _key(text: str, number: bool) -> tuple[float, str]:
    found = re.match(r"\s*-?[0-9]+(\.[0-9]+)?", cells.plain(text)) if number else None
    return (float(found.group()) if found else 0.0, text.lower())


@dataclass
class Paging:
    number: int
    count: int
    total: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.count))


def whole(text: str, default: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 7 and int(text) > 0 else default


def paged(
    document: etree._Element, rows: list[etree._Element], params: Mapping[str, str]
) -> tuple[list[etree._Element], Paging]:
    """A page of the rows, and which one it is."""
    total = whole(document.findtext("p_elems", ""), len(rows))
    if document.find("p_num") is not None:
        number = whole(document.findtext("p_num", ""), 1)
        return rows, Paging(number, whole(document.findtext("p_cnt", ""), DEFAULT_ROWS), total)
    count = whole(params.get("p_cnt", ""), DEFAULT_ROWS)
    paging = Paging(whole(params.get("p_num", ""), 1), count, len(rows))
    paging.number = min(paging.number, paging.last)
    return rows[(paging.number - 1) * count : paging.number * count], paging

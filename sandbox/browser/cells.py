"""What a cell of a list says: its text, its marks and its colour (platform.md 1.2; selling-api.md 5.1, 5.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.browser import icons

if TYPE_CHECKING:
    from sandbox.browser.words import Words

_PRICE = re.compile(r"(-?[0-9]{1,100}(?:\.[0-9]{1,100})?)(?: ([A-Z]{3}))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9:]{5,8})?")
_LEAST_PLACES = 2
_LINES = ("br", "p", "div", "li", "tr", "h1", "h2", "h3")
_NBSP = "\u00a0"
_LONG, _SHORT = 50, 16
_SWITCH = {"on": "yes", "off": "no"}
_TONES = {
    "good": ("on", "2", "active", "good", "ok", "yes", "ready", "done"),
    "busy": ("5", "running", "new", "process", "work", "in_work"),
    "warn": ("3", "manual", "suspended", "warning", "wait", "waiting"),
    "bad": ("error", "bad", "failed", "broken", "unconfirmed"),
    "off": ("off", "no", "0", "1", "4", "closed", "deleted"),
}
"""Colours of states, by the values that columns of type `img` have; a state is said in words beside its colour."""


@dataclass
class Badge:
    """A mark in a cell, from `prop` or `xprop`: a picture when its `img` is known, and always its text."""

    text: str
    icon: str = ""


@dataclass
class Cell:
    text: str
    badges: list[Badge] = field(default_factory=list)
    number: bool = False
    tone: str = ""

    @property
    def kind(self) -> str:
        """How its text breaks."""
        if self.number:
            return "number"
        if len(self.text) > _LONG:
            return "long"
        return "short" if _DATE.fullmatch(self.text) or len(self.text) < _SHORT else ""


def child(parent: etree._Element, name: str) -> etree._Element | None:
    """The first element of this name: metadata may hold names that no element can have, and find() reads as paths."""
    return next((one for one in parent.iterchildren(etree.Element) if one.tag == name), None)


def value(row: etree._Element, name: str) -> str:
    """The value of a cell; of a composite one that of its first element."""
    found = child(row, name)
    if found is None:
        return ""
    return found.text or "" if len(found) == 0 else found[0].text or ""


def read(row: etree._Element, column: etree._Element, words: Words) -> Cell:
    """The cell of a `<col>` in a row."""
    name, kind = column.get("name", ""), column.get("type", "data")
    number = column.get("sort") == "digit" or kind == "price"
    tone = tone_of(value(row, name)) if kind == "img" else ""
    return Cell(_text(row, name, kind, words), _badges(row, column, words), number, tone)


def tone_of(text: str) -> str:
    """By the whole value, or by what stands before a detail, as in `5_open` (selling-api.md 5.2)."""
    whole = text.lower()
    return next((tone for tone, values in _TONES.items() if {whole, whole.partition("_")[0]} & set(values)), "")


def _text(row: etree._Element, name: str, kind: str, words: Words) -> str:
    found = child(row, name)
    if found is None:
        return ""
    if len(found):
        return _composite(row, found, words)
    text = found.text or ""
    if kind == "price":
        return price(text, row.findtext("currency", ""))
    if kind in ("msg", "img") and text:
        own = row.findtext("status_msg", "") if name == "item_status" else ""
        return words.maybe(f"{name}_{text}", text) or own or words.own.get(_SWITCH.get(text, ""), text)
    return text


def _composite(row: etree._Element, cell: etree._Element, words: Words) -> str:
    """Name of a message inside, as in item_status, whose text the row may carry itself (selling-api.md 5.2)."""
    name = cell.findtext("msg", "")
    if name:
        return words.maybe(name) or row.findtext("status_msg", "") or name
    return ", ".join(text for text in (str(one).strip() for one in cell.itertext()) if text)


def plain(text: str) -> str:
    """A text without its markup, which is taken off and never obeyed; what stood on a line of its own still does."""
    if "<" not in text:
        return text
    root = etree.fromstring(text, etree.HTMLParser(remove_comments=True, remove_pis=True))
    if root is None:  # nothing but markup
        return ""
    etree.strip_elements(root, "script", "style", with_tail=False)
    for line in root.iter(*_LINES):
        line.tail = f"\n{line.tail or ''}"
    lines = "".join(str(one) for one in root.itertext()).splitlines()
    return "\n".join(filter(None, (one.strip() for one in lines)))


def price(text: str, currency: str = "") -> str:
    """`1234.5000` as `1 234.50 EUR`: at least two places, more where they count. What is no figure stays as it is."""
    bare = plain(text).strip()
    found = _PRICE.fullmatch(bare)
    if found is None:
        return bare
    figures, _, decimals = found[1].partition(".")
    decimals = decimals.rstrip("0").ljust(_LEAST_PLACES, "0")
    shown = f"{int(figures):,}.{decimals}".replace(",", _NBSP)
    shown = f"-{shown}" if figures == "-0" and decimals.strip("0") else shown
    named = found[2] or currency
    return f"{shown}{_NBSP}{named}" if named else shown


def _badges(row: etree._Element, column: etree._Element, words: Words) -> list[Badge]:
    """`prop` names a cell that says on, `xprop` a cell and its value."""
    found = []
    for prop in column.iterchildren("prop", "xprop"):
        name, wanted = prop.get("name", ""), prop.get("value", "on")
        if value(row, name) == wanted:
            names = (f"hint_p_{name}_{wanted}", f"{name}_{wanted}", f"hint_p_{name}", f"hint_{name}", name)
            found.append(Badge(words.maybe(*names) or f"{name} {wanted}", icons.shape(prop.get("img", ""))))
    return found


def shadowed(row: etree._Element, coldata: etree._Element | None) -> bool:
    """`<shadow name value/>` in `coldata`: such rows are drawn pale."""
    if coldata is None:
        return False
    return any(value(row, one.get("name", "")) == one.get("value", "on") for one in coldata.iterchildren("shadow"))

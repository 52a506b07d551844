"""The grammar of `level` and the cut of what a caller may not see (platform.md 1.1).

Items are separated by spaces: a number 0-31, the name of a level or of a mask; `+` means "this level or higher". What
is cut from the metadata is cut from the data too: a column's value in each row, a control's element of the document.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from sandbox.core.request import LEVEL_NAMES

MASKS = {"all": frozenset(range(32))}
"""`all` = any level; no other mask is known (platform.md 1.1)."""
CONTROLS = ("input", "select", "slider", "textarea", "text", "htmldata", "textdata", "datetime", "link")


def levels_of(grammar: str, least: bool = False) -> frozenset[int]:
    """The levels a grammar lets in; `least` reads an item without `+` as if it had one (a switch)."""
    allowed: set[int] = set()
    for item in grammar.split():
        word = item.rstrip("+")
        if word in MASKS:
            allowed |= MASKS[word]
            continue
        number = int(word) if word.isdecimal() else LEVEL_NAMES.get(word)
        if number is not None:
            allowed |= set(range(number, 32)) if item.endswith("+") or least else {number}
    return frozenset(allowed)


@dataclass(frozen=True)
class Viewer:
    """For whom a page is cut.

    `least`: a level without `+` means that level and every higher one (switch level_without_plus). `new`: the call has
    no `elid`, so the form is that of a new record. `features`: those of the module that are on.
    """

    level: int
    least: bool
    features: frozenset[str]
    new: bool

    def may_see(self, element: etree._Element) -> bool:
        grammar = element.get("level")
        if grammar is not None and self.level not in levels_of(grammar, self.least):
            return False
        feature = element.get("if")
        return feature is None or feature in self.features

    def keeps(self, element: etree._Element) -> bool:
        """Whether `remove_if` leaves the tag in this form: that of a new record, or of one that exists."""
        return element.get("remove_if") != ("new" if self.new else "edit")


@dataclass(frozen=True)
class Cut:
    """Names of data that go with what was taken from the metadata."""

    fields: frozenset[str]
    columns: frozenset[str]
    inner: frozenset[tuple[str, str]]
    """List of a form, column."""

    def __bool__(self) -> bool:
        return bool(self.fields or self.columns or self.inner)

    def apply(self, document: etree._Element) -> None:
        for child in list(document):
            if child.tag in self.fields or (child.tag == "slist" and child.get("name") in self.fields):
                document.remove(child)
        for column in self.columns:
            for cell in document.findall(f"elem/{column}"):
                _drop(cell)
        for block, column in self.inner:
            for cell in document.findall(f"list[@name='{block}']/elem/{column}"):
                _drop(cell)


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def cut_metadata(metadata: etree._Element, viewer: Viewer) -> Cut:
    """Take from metadata what the viewer may not see; what data go with it."""
    fields: set[str] = set()
    columns: set[str] = set()
    inner: set[tuple[str, str]] = set()
    for element in list(metadata.iter(etree.Element)):
        if element is metadata or not _within(element, metadata):
            continue
        if viewer.may_see(element) and viewer.keeps(element):
            for instruction in ("level", "if", "remove_if"):
                if instruction in element.attrib:
                    del element.attrib[instruction]
            continue
        for control in element.iter(*CONTROLS):
            fields.add(control.get("name", ""))
        for column in element.iter("col"):
            block = next(column.iterancestors("list"), None)
            if block is None:
                columns.add(column.get("name", ""))
            else:
                inner.add((block.get("name", ""), column.get("name", "")))
        _drop(element)
    return Cut(frozenset(fields - {""}), frozenset(columns - {""}), frozenset(inner))


def _within(element: etree._Element, root: etree._Element) -> bool:
    """Still there, and not inside something that has been cut."""
    return any(ancestor is root for ancestor in element.iterancestors())

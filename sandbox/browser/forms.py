"""A form: its pages, fields and buttons, with the values of the document (platform.md 1.1, 1.2, 2.2)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.browser import cells, lists

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.browser.words import Words

CONTROLS = (
    "input",
    "select",
    "textarea",
    "textdata",
    "htmldata",
    "slider",
    "datetime",
    "link",
    "list",
    "img",
    "desc",
    "frame",
)

COLOURS = ("red", "green")
"""`color` of a button, as far as it is drawn."""
_DATE = re.compile(r"(?:(?!0000)[0-9]{4}-(?!00)[0-9]{2}-(?!00)[0-9]{2})?")
"""What a browser takes for a date, or none."""
_COLOUR = re.compile(r"#[0-9A-Fa-f]{3}(?:[0-9A-Fa-f]{3})?|[a-z]{3,20}")


@dataclass
class Choice:
    key: str
    label: str
    depend: str = ""
    colour: str = ""


@dataclass
class Control:
    kind: str
    name: str
    value: str
    readonly: bool = False
    choices: list[Choice] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    columns: list[lists.Column] = field(default_factory=list)
    rows: list[tuple[str, list[cells.Cell]]] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    """Keys of the rows of a table that are marked."""
    conditions: str = ""
    """JSON for the page's script: which fields a value hides."""

    @property
    def shown(self) -> str:
        """The value in words."""
        return next((one.label for one in self.choices if one.key == self.value), self.value)


@dataclass
class Field:
    name: str
    label: str
    hint: str
    required: bool
    controls: list[Control]
    hidden: bool = False
    wrong: bool = False
    wide: bool = False


@dataclass
class Page:
    label: str
    fields: list[Field]
    collapsed: bool = False


@dataclass
class FormButton:
    press: str
    label: str
    main: bool = False
    colour: str = ""


@dataclass
class Form:
    pages: list[Page]
    buttons: list[FormButton]
    names: set[str]
    """Names of all controls."""


def read(metadata: etree._Element, data: etree._Element, words: Words, given: Mapping[str, str], wrong: str) -> Form:
    """`given` are values that were entered before, over those of the document; `wrong` the field that was refused."""
    body = metadata.find("form")
    if body is None:
        return Form([], [], set())
    reader = _Reader(data, words, given, wrong)
    loose = [reader.field(one) for one in body.iterchildren("field")]
    pages = [Page("", loose)] if loose else []
    for page in body.iterchildren("page"):
        name = page.get("name", "")
        fields = [reader.field(one) for one in page.iterchildren("field")]
        pages.append(Page(words.maybe(name) or name, fields, page.get("collapsed") == "yes"))
    return Form([page for page in pages if page.fields], _buttons(body, words), reader.names)


def _buttons(body: etree._Element, words: Words) -> list[FormButton]:
    """Those that are declared, else OK and Cancel, each with its type, name and function for when it is pressed."""
    declared = body.findall("buttons/button")
    if declared:
        found = []
        for one in declared:
            name, kind = one.get("name", ""), one.get("type", "ok")
            own = words.own.get(kind, name)
            label = words.maybe(f"msg_{name}", f"button_{name}", f"short_{name}", name) or words.own.get(name, own)
            colour = one.get("color", "")
            press = f"form|{kind}|{name}|{one.get('func', '')}"
            found.append(FormButton(press, label, kind in ("ok", "next"), colour if colour in COLOURS else ""))
        return found
    result = []
    if body.get("nosubmit") != "yes":
        result.append(FormButton("form|ok|ok|", words.own["ok"], main=True))
    if body.get("nocancel") != "yes":
        result.append(FormButton("form|cancel|cancel|", words.own["cancel"]))
    return result


class _Reader:
    def __init__(self, data: etree._Element, words: Words, given: Mapping[str, str], wrong: str) -> None:
        self._data = data
        self._words = words
        self._given = given
        self._wrong = wrong
        self.names: set[str] = set()

    def field(self, element: etree._Element) -> Field:
        name = element.get("name", "")
        controls = [self._control(one) for one in element.iterchildren(*CONTROLS)]
        required = any(one.get("required") == "yes" for one in element.iterchildren(*CONTROLS))
        label = "" if element.get("noname") == "yes" else self._words(name)
        hidden = bool(controls) and all(one.kind == "hidden" for one in controls)
        wrong = self._wrong in {name, *(one.name for one in controls)} - {""}
        wide = element.get("fullwidth") == "yes"
        return Field(name, label, self._words.maybe(f"hint_{name}"), required, controls, hidden, wrong, wide)

    def _value(self, name: str) -> str:
        if name in self._given:
            return self._given[name]
        found = cells.child(self._data, name)
        return "" if found is None else found.text or ""

    def _control(self, element: etree._Element) -> Control:
        name = element.get("name", "")
        self.names.add(name)
        kind = _kind(element)
        shown = cells.child(self._data, name)
        readonly = element.get("readonly") == "yes" or (shown is not None and shown.get("readonly") == "yes")
        control = Control(kind, name, self._value(name), readonly)
        if kind == "date" and not _DATE.fullmatch(control.value):  # a browser would show, and send, nothing
            control.kind = "text"
        if kind == "text" and (element.get("zoom") == "yes" or "\n" in control.value):  # one line would join them
            control.kind = "textarea"
        if kind == "password" and name not in self._given:
            control.value = "" if element.get("private") == "yes" else control.value
        if kind in ("select", "radio"):
            control.choices = self._choices(name)
            if control.value not in {"", "null"} and control.value not in {one.key for one in control.choices}:
                control.choices.append(Choice(control.value, control.value))  # else a browser sends another, unasked
        elif kind in ("textdata", "htmldata", "desc"):
            control.value = self._said(element, control.value)
        elif kind == "list":
            self._list(element, control)
        wanted = ("maxlength", "min", "max", "step", "rows", "setvalues", "depend", "type", "select", "private")
        control.attributes = {one: element.get(one, "") for one in wanted if element.get(one)}
        control.conditions = _conditions(element)
        return control

    def _said(self, element: etree._Element, value: str) -> str:
        """A text of the messages, or of the document; markup in it is taken off, never obeyed."""
        name, parent = element.get("name", ""), element.getparent()
        is_label = parent is not None and parent.get("name") == name and parent.get("noname") != "yes"
        text = value or ("" if is_label else self._words.maybe(name))
        if element.get("type") == "msg":
            text = self._words.maybe(value) or text
        if element.tag == "htmldata" and text.strip():
            text = cells.plain(text)
        return str(text)

    def _choices(self, name: str) -> list[Choice]:
        found = []
        for one in self._data.iterfind(f"slist[@name='{name}']/*") if "'" not in name else ():
            key = one.get("key", one.text or "")
            text = one.text or ""
            if one.tag == "msg":
                text = self._words.maybe(text, f"{name}_{text}") or text
            label = text or self._words.maybe(f"{name}_{key}", key) or key
            label = self._words.own["null"] if label == "null" else label
            colour = one.get("color", "")
            found.append(Choice(key, label, one.get("depend", ""), colour if _COLOUR.fullmatch(colour) else ""))
        return found

    def _list(self, element: etree._Element, control: Control) -> None:
        """Rows of a table in a form; with `key` one of them, or several, can be chosen."""
        name = control.name
        block = self._data.find(f"list[@name='{name}']") if "'" not in name else None
        if block is None:
            return
        control.columns = lists.columns(block, element, self._words, "list_")
        key = element.get("key", "")
        if element.get("select"):
            control.name = key
            control.value = self._value(key)
            control.chosen = [part for part in re.split(", ?", control.value) if part]
            self.names.add(key)
        control.rows = [
            (cells.value(row, key), lists.row_cells(row, control.columns, self._words))
            for row in block.iterchildren("elem")
        ]


def _kind(element: etree._Element) -> str:
    if element.tag == "input":
        if element.get("date") == "yes":
            return "date"
        kind = element.get("type", "text")
        return {"toggle": "checkbox", "slist": "select"}.get(kind, kind)
    if element.tag == "select":
        return "radio" if element.get("type") == "radio" else "select"
    return str(element.tag)


def _conditions(element: etree._Element) -> str:
    """`<if value hide shadow>`: fields that are not shown while the control has the value (platform.md 1.2)."""
    found = []
    for one in element.iterchildren("if"):
        target = one.get("hide") or one.get("shadow") or ""
        found.append([one.get("value", ""), target])
    return json.dumps(found) if found else ""

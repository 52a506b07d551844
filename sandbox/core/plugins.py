"""What the files etc/xml/billmgr_mod_*.xml declare (platform.md 1). Nothing here knows a plug-in by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.interface import Interface
from sandbox.core.levels import levels_of
from sandbox.core.log import Log

if TYPE_CHECKING:
    from sandbox.switches import Switches

STAGES = ("before", "after", "final")
BACKGROUND = "background"
_GROUP_BUTTONS = ("group", "groupdownload", "groupform", "groupwindow")


def _takes_several(button: etree._Element) -> bool:
    """Whether a button works on several rows (platform.md 1.2): `edit` does too (additions-2.md h.14), unless its
    `nogroupedit` says no."""
    kind = button.get("type")
    return kind in _GROUP_BUTTONS or (kind == "edit" and button.get("nogroupedit") != "yes")


@dataclass(frozen=True)
class Handler:
    """`<handler name type>`: a file of addon/ and how it is spoken to."""

    name: str
    kind: str
    ignore_errors: bool = False
    level: str = ""


@dataclass(frozen=True)
class Hook:
    """`<event name before|after|final|background postdata sessiondata base>` of a handler."""

    handler: Handler
    stage: str
    postdata: bool
    sessiondata: bool = False
    base: int = 0


class Plugins:
    """Read at the start of the core; an `exit` and the next call read them anew (platform.md 2.1, "Activation")."""

    def __init__(self, folder: Path, manager: str, log: Log, switches: Switches) -> None:
        self.hooks: dict[str, list[Hook]] = {}
        self.functions: dict[str, Handler] = {}
        self._function_levels: dict[str, str] = {}
        self._switches = switches
        self._groups: dict[str, bool] = {}
        self.interface = Interface(folder, manager, log, switches["product_version"])
        for root in self.interface.roots:
            for element in root.iterfind("handler"):
                self._load_handler(element, log)

    def _load_handler(self, element: etree._Element, log: Log) -> None:
        handler = Handler(
            element.get("name", ""),
            element.get("type", "xml"),
            element.get("ignore_errors") == "yes",
            element.get("level", ""),
        )
        for function in element.iterfind("func"):
            name = function.get("name", "")
            self.functions[name] = handler
            self._function_levels[name] = function.get("level", "") or handler.level
            log.detail("action", f"Register func '{handler.name}' for action '{name}'")
        for event in element.iterfind("event"):
            self._load_event(handler, event)
            log.detail("action", f"Register event '{handler.name}' for action '{event.get('name')}'")

    def _load_event(self, handler: Handler, event: etree._Element) -> None:
        """`base="#10000"` is probably an ordering number (platform.md 1.2); an event may ask for several stages."""
        attributes = {**dict.fromkeys(STAGES, ""), self._switches["background_attribute"]: BACKGROUND}
        base = event.get("base", "").lstrip("#")
        for attribute, stage in attributes.items():
            if event.get(attribute) == "yes":
                hook = Hook(
                    handler,
                    stage or attribute,
                    event.get("postdata") == "yes",
                    event.get("sessiondata", "no") not in ("", "no"),
                    int(base) if base.isdecimal() else 0,
                )
                self.hooks.setdefault(event.get("name", ""), []).append(hook)

    def hooks_of(self, func: str, stage: str) -> list[Hook]:
        """Order of several handlers on one event: not told (platform.md 2.3), so a switch."""
        found = [hook for hook in self.hooks.get(func, []) if hook.stage == stage]
        order = self._switches["handler_order"]
        if order == "base":
            return sorted(found, key=lambda hook: hook.base)
        return found if order == "files" else list(reversed(found))

    def message(self, language: str, section: str, name: str) -> str | None:
        return self.interface.messages(language, section).get(name)

    def messages(self, language: str, section: str) -> dict[str, str]:
        return self.interface.messages(language, section)

    def admits(self, func: str, level: int) -> bool:
        """Open to every authenticated level unless the metadata say otherwise (platform.md 1.1)."""
        if level < 1:
            return False
        least = self._switches["level_without_plus"] == "least"
        element = self.interface.metadata(func)
        grammars = [element.get("level") if element is not None else None]
        if self._switches["handler_level"] == "honoured":
            grammars.append(self._function_levels.get(func))
        return all(level in levels_of(grammar, least) for grammar in grammars if grammar)

    def level_of(self, func: str) -> int:
        """The lowest level that may call a plug-in's function, for the list of functions."""
        return next((level for level in range(1, 32) if self.admits(func, level)), 99)

    def is_group(self, func: str) -> bool:
        """Some list has a button for this function that works on one or more marked rows."""
        parent = func.rpartition(".")[0]
        if func in self._groups:
            return self._groups[func]
        self._groups[func] = self._has_group_button(func, self.interface.names() | {parent})
        return self._groups[func]

    def _has_group_button(self, func: str, names: set[str]) -> bool:
        for name in names:
            element = self.interface.metadata(name)
            buttons = [] if element is None else [one for one in element.iter("toolbtn") if one.get("func") == func]
            if any(_takes_several(button) for button in buttons):
                return True
        return False

    def form_fields(self, metadata: str) -> list[str]:
        """Names of the controls of a form's metadata, in order."""
        element = self.interface.metadata(metadata)
        if element is None:
            return []
        names: list[str] = []
        for control in element.iter("input", "select", "textarea", "slider", "datetime"):
            name = control.get("name", "")
            if name and name not in names:
                names.append(name)
        return names

    def dress(self, document: etree._Element, name: str, language: str) -> None:
        """Put metadata and messages into a document, as handlers get it on stdin (platform.md 2.2)."""
        element = self.interface.metadata(name)
        if element is None or document.find("metadata") is not None:
            return
        document.insert(0, etree.fromstring(etree.tostring(element, with_tail=False)))
        block = etree.Element("messages", name=name, checked=name)
        for key, text in self.messages(language, name).items():
            etree.SubElement(block, "msg", name=key).text = text
        document.insert(1, block)

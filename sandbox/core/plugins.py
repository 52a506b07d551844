"""What the files etc/xml/billmgr_mod_*.xml declare (platform.md 1). Nothing here knows a plug-in by name.

Merging is thin so far: metadata of one name are put together in the order of the files, the attributes of the later
winning; the rules of etc/xml/schema come with the next step.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from sandbox.core.documents import parse
from sandbox.core.log import Log
from sandbox.core.request import LEVEL_NAMES

STAGES = ("before", "after", "final")


@dataclass(frozen=True)
class Handler:
    """`<handler name type>`: a file of addon/ and how it is spoken to."""

    name: str
    kind: str


@dataclass(frozen=True)
class Hook:
    """`<event name before|after|final postdata>` of a handler."""

    handler: Handler
    stage: str
    postdata: bool


def least_level(grammar: str) -> int:
    """The lowest level that `level="admin+"`, `level="16"` and their like let in (platform.md 1.1)."""
    lowest = 99
    for item in grammar.split():
        word = item.rstrip("+")
        lowest = min(lowest, int(word) if word.isdigit() else LEVEL_NAMES.get(word, 99))
    return lowest


class Plugins:
    """Read at the start of the core; an `exit` and the next call read them anew (platform.md 2.1, "Activation")."""

    def __init__(self, folder: Path, manager: str, log: Log) -> None:
        self.hooks: dict[str, list[Hook]] = {}
        self.functions: dict[str, Handler] = {}
        self.metadata: dict[str, etree._Element] = {}
        self._messages: dict[tuple[str, str], dict[str, str]] = {}
        self._includes: dict[tuple[str, str], list[str]] = {}
        for file in sorted(folder.glob(f"{manager}_mod_*.xml")):
            try:
                root = parse(file.read_bytes())
            except (etree.XMLSyntaxError, OSError) as error:
                log.failure("xml", f"{file.name}: {error}")
                continue
            self._load(root, log)

    def _load(self, root: etree._Element, log: Log) -> None:
        for element in root.iterfind("handler"):
            self._load_handler(element, log)
        for element in root.iterfind("metadata"):
            self._merge_metadata(element)
        for language in root.iterfind("lang"):
            for block in language.iterfind("messages"):
                self._load_messages(language.get("name", ""), block)

    def _load_handler(self, element: etree._Element, log: Log) -> None:
        handler = Handler(element.get("name", ""), element.get("type", "xml"))
        for function in element.iterfind("func"):
            self.functions[function.get("name", "")] = handler
            log.detail("action", f"Register func '{handler.name}' for action '{function.get('name')}'")
        for event in element.iterfind("event"):
            name = event.get("name", "")
            for stage in STAGES:
                if event.get(stage) == "yes":
                    hook = Hook(handler, stage, event.get("postdata") == "yes")
                    self.hooks.setdefault(name, []).append(hook)
            log.detail("action", f"Register event '{handler.name}' for action '{name}'")

    def _merge_metadata(self, element: etree._Element) -> None:
        name = element.get("name", "")
        known = self.metadata.get(name)
        if known is None:
            self.metadata[name] = element
            return
        known.attrib.update(dict(element.attrib))
        known.extend(list(element))

    def _load_messages(self, language: str, block: etree._Element) -> None:
        key = (language, block.get("name", ""))
        texts = self._messages.setdefault(key, {})
        for message in block.iterfind("msg"):
            texts[message.get("name", "")] = message.text or ""
        self._includes.setdefault(key, []).extend(part.get("name", "") for part in block.iterfind("include"))

    def message(self, language: str, section: str, name: str) -> str | None:
        found = self._messages.get((language, section), {}).get(name)
        if found is not None:
            return found
        for other in self._includes.get((language, section), []):
            found = self._messages.get((language, other), {}).get(name)
            if found is not None:
                return found
        return None

    def messages(self, language: str, section: str) -> dict[str, str]:
        texts: dict[str, str] = {}
        for other in self._includes.get((language, section), []):
            texts.update(self._messages.get((language, other), {}))
        texts.update(self._messages.get((language, section), {}))
        return texts

    def level_of(self, func: str) -> int:
        """Open to every authenticated level unless the metadata say otherwise (platform.md 1.1)."""
        element = self.metadata.get(func)
        grammar = element.get("level") if element is not None else None
        return least_level(grammar) if grammar else 1

    def form_fields(self, metadata: str) -> list[str]:
        """Names of the controls of a form's metadata, in order."""
        element = self.metadata.get(metadata)
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
        element = self.metadata.get(name)
        if element is None or document.find("metadata") is not None:
            return
        document.insert(0, etree.fromstring(etree.tostring(element, with_tail=False)))
        block = etree.Element("messages", name=name, checked=name)
        for key, text in self.messages(language, name).items():
            etree.SubElement(block, "msg", name=key).text = text
        document.insert(1, block)

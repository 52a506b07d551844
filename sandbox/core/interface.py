"""The panel's interface: metadata, messages, menus and the catalogue of modules, its own and those of plug-ins, merged.

Files are etc/xml/billmgr.xml and etc/xml/billmgr_mod_*.xml (platform.md 1.1). `{itemtype}` in the panel's own file
stands for every type of services, those a provider made himself included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from lxml import etree

from sandbox.core.documents import parse
from sandbox.core.log import Log
from sandbox.core.merging import Rule, Schema, arrange, drop_for_others, merge_children, merge_node

TYPED = "{itemtype}"


class Interface:
    def __init__(self, folder: Path, manager: str, log: Log, product: str) -> None:
        self._schema = Schema(folder / "schema")
        self._own = etree.Element("mgrdata")
        self._added = etree.Element("mgrdata")
        self.roots: list[etree._Element] = []
        """The files of plug-ins as they are, without what is for another panel or version."""
        for file in sorted(folder.glob(f"{manager}.xml")) + sorted(folder.glob(f"{manager}_mod_*.xml")):
            try:
                root = parse(file.read_bytes())
            except (etree.XMLSyntaxError, OSError) as error:
                log.failure("xml", f"{file.name}: {error}")
                continue
            drop_for_others(root, product, manager)
            built_in = file.name == f"{manager}.xml"
            merge_children(self._own if built_in else self._added, root, self._schema.root)
            if not built_in:
                self.roots.append(root)
        self._metadata: dict[str, etree._Element | None] = {}
        self.itemtypes: Callable[[], frozenset[str]] = frozenset

    def rule(self, *path: str) -> Rule:
        """How nodes below this path unify."""
        return self._schema.rule(*path)

    def forget(self) -> None:
        """A type of services may have come."""
        self._metadata.clear()

    def _typed(self, name: str) -> tuple[str, str]:
        """The name in the panel's own file, and the type that its template stands for."""
        itemtype, dot, rest = name.partition(".")
        if itemtype in self.itemtypes():
            return f"{TYPED}{dot}{rest}", itemtype
        return name, ""

    def _named(self, root: etree._Element, tag: str, name: str) -> Iterator[etree._Element]:
        return (element for element in root.iterchildren(tag) if element.get("name") == name)

    def metadata(self, name: str) -> etree._Element | None:
        """Merged and arranged; not to be changed by the reader."""
        if name not in self._metadata:
            self._metadata[name] = self._merged(name)
        return self._metadata[name]

    def _merged(self, name: str) -> etree._Element | None:
        own, itemtype = self._typed(name)
        result: etree._Element | None = None
        for element in self._named(self._own, "metadata", own):
            result = etree.fromstring(etree.tostring(element, encoding="unicode").replace(TYPED, itemtype))
        rule = self._schema.rule("metadata")
        for element in self._named(self._added, "metadata", name):
            if result is None:
                result = etree.Element("metadata")
            merge_node(result, element, rule)
        if result is not None:
            arrange(result, rule)
        return result

    def names(self) -> set[str]:
        """Metadata that plug-ins declare or that the panel has under a name of its own."""
        found = {element.get("name", "") for element in self._added.iterchildren("metadata")}
        return found | {one.get("name", "") for one in self._own.iterchildren("metadata")}

    def messages(self, language: str, section: str, depth: int = 0) -> dict[str, str]:
        """Texts of a block and of the blocks it includes (platform.md 1.2); those of plug-ins over the panel's own."""
        own, itemtype = self._typed(section)
        texts: dict[str, str] = {}
        for root, name in ((self._own, own), (self._added, section)):
            for block in self._blocks(root, language, name):
                if depth < 8:
                    for include in block.iterchildren("include"):
                        texts = {**self.messages(language, include.get("name", ""), depth + 1), **texts}
                for message in block.iterchildren("msg"):
                    texts[message.get("name", "").replace(TYPED, itemtype)] = message.text or ""
        return texts

    def _blocks(self, root: etree._Element, language: str, name: str) -> Iterator[etree._Element]:
        for lang in self._named(root, "lang", language):
            yield from self._named(lang, "messages", name)

    def menu(self) -> etree._Element:
        """`<mainmenu>` of all files."""
        whole = etree.Element("mgrdata")
        for root in (self._own, self._added):
            for element in root.iterchildren("mainmenu"):
                copied = etree.Element("mgrdata")
                copied.append(etree.fromstring(etree.tostring(element, with_tail=False)))
                merge_children(whole, copied, self._schema.root)
        arrange(whole, self._schema.root)
        found = whole.find("mainmenu")
        return found if found is not None else etree.Element("mainmenu")

    def catalogue(self) -> list[etree._Element]:
        """`<plugin>` of all files (platform.md 1.2)."""
        return list(self._added.iterchildren("plugin"))

"""The main menu as links: the groups of the current theme, and what only the classic menu has (platform.md 1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.browser import icons

if TYPE_CHECKING:
    from lxml import etree

    from sandbox.browser.words import Words


@dataclass
class Entry:
    func: str
    label: str


@dataclass
class Group:
    label: str
    entries: list[Entry]
    icon: str = ""


def read(document: etree._Element, words: Words) -> list[Group]:
    tree = document.find("mainmenu")
    if tree is None:
        return []
    groups: dict[str, Group] = {}
    seen: set[str] = set()
    modern = tree.find("modernmenu")
    tops = [] if modern is None else list(modern.iterchildren("node"))
    for top in [*tops, *tree.iterchildren("node")]:
        name = top.get("name", "")
        label = words.maybe(f"modernmenu_{name}", f"menu_{name}") or name
        nodes = list(top.iterchildren("node")) or [top]
        fresh = [one for one in nodes if one.get("name") not in seen]
        seen |= {one.get("name", "") for one in fresh}
        group = groups.setdefault(name, Group(label, [], icons.shape(top.get("icon", ""))))
        group.entries += [_entry(one, words, top in tops) for one in fresh]
    return [group for group in groups.values() if group.entries]


def _entry(node: etree._Element, words: Words, modern: bool) -> Entry:
    name = node.get("name", "")
    names = (f"modernmenu_{name}", f"menu_{name}")
    return Entry(name, words.maybe(*(names if modern else names[::-1])) or name)

"""Merging interface files node by node, by the rules of etc/xml/schema (platform.md 1.1, "Merge rules").

A schema names for each element its `key`, the attributes that identify it, and how equal ones unify (`merge`):
`xml` combines attributes and children, the later winning; `replace` takes the later node whole; `no` and `ignore` put
the node in beside the others. An element no schema names is put in unchanged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

ISP = "{http://ispsystem.com/xml-schema}"
"""Namespace of `<isp:include name>`, which brings in the rules another element shares."""
POSITIONS = ("before", "after", "first", "last")
PLACED = ("dist", "eqdist", "maxdist", "ifmgr")


@dataclass
class Rule:
    """How elements of one name are unified below one parent."""

    keys: tuple[str, ...] = ()
    merge: str = "ignore"
    children: dict[str, Rule] = field(default_factory=dict)


UNCHANGED = Rule()


class Schema:
    """All rules, read from the files of etc/xml/schema."""

    def __init__(self, folder: Path) -> None:
        self.root = Rule(merge="xml")
        self._shared: dict[str, tuple[str, Rule]] = {}
        self._wanted: list[tuple[Rule, str]] = []
        for file in sorted(folder.glob("*.xml")):
            self._read(etree.parse(str(file)).getroot(), self.root)
        for rule, name in self._wanted:
            if name in self._shared:
                tag, shared = self._shared[name]
                rule.children.setdefault(tag, shared)

    def _read(self, element: etree._Element, rule: Rule) -> None:
        for child in element.iterchildren(etree.Element):
            if child.tag == f"{ISP}include":
                self._wanted.append((rule, child.get("name", "")))
                continue
            known = rule.children.setdefault(child.tag, Rule())
            known.keys = tuple(child.get("key", "").split())
            known.merge = child.get("merge", "xml")
            if child.get("share"):
                self._shared[child.get("share", "")] = (child.tag, known)
            self._read(child, known)

    def rule(self, *path: str) -> Rule:
        rule = self.root
        for tag in path:
            rule = rule.children.get(tag, UNCHANGED)
        return rule


def merge_children(target: etree._Element, source: etree._Element, rule: Rule) -> None:
    """Put the children of `source` into `target`."""
    for child in source.iterchildren(etree.Element):
        known = rule.children.get(child.tag, UNCHANGED)
        same = _same(target, child, known)
        if same is None:
            fresh = etree.SubElement(target, child.tag, {str(name): str(value) for name, value in child.attrib.items()})
            fresh.text = child.text
            # Through the rules as well: one file may hold two nodes of one key.
            merge_children(fresh, child, known)
        elif known.merge == "replace":
            target.replace(same, _copy(child))
        else:
            merge_node(same, child, known)


def merge_node(target: etree._Element, source: etree._Element, rule: Rule) -> None:
    """Attributes and children are combined and the node met later wins."""
    target.attrib.update(dict(source.attrib))
    if source.text and source.text.strip():
        target.text = source.text
    merge_children(target, source, rule)


def _same(target: etree._Element, child: etree._Element, rule: Rule) -> etree._Element | None:
    if rule.merge not in ("xml", "replace"):
        return None
    key = [child.get(name) for name in rule.keys]
    for other in target.iterchildren(child.tag):
        if [other.get(name) for name in rule.keys] == key:
            return other
    return None


def _copy(element: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(element, with_tail=False))


def arrange(parent: etree._Element, rule: Rule) -> None:
    """`first`, `last`, `before` and `after`, the value of the latter two being the key of a sibling of the same tag."""
    for child in list(parent.iterchildren(etree.Element)):
        known = rule.children.get(child.tag, UNCHANGED)
        wanted = {name: child.attrib.pop(name) for name in POSITIONS if name in child.attrib}
        arrange(child, known)
        if wanted.get("first") == "yes":
            parent.insert(0, child)
        elif wanted.get("last") == "yes":
            parent.append(child)
        elif "before" in wanted or "after" in wanted:
            key = known.keys[0] if known.keys else "name"
            name = wanted.get("before", wanted.get("after"))
            sibling = next((one for one in parent.iterchildren(child.tag) if one.get(key) == name), None)
            if sibling is not None and sibling is not child:
                (sibling.addprevious if "before" in wanted else sibling.addnext)(child)


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))


def drop_for_others(root: etree._Element, product: str, manager: str) -> None:
    """Nodes for another version (`dist` the least, `eqdist`, `maxdist`) or another panel (`ifmgr`) go first."""
    ours = version(product)
    for element in list(root.iter(etree.Element)):
        parent = element.getparent()
        if parent is not None and not _ours(element, ours, manager):
            parent.remove(element)
        for name in PLACED:
            if name in element.attrib:
                del element.attrib[name]


def _ours(element: etree._Element, ours: tuple[int, ...], manager: str) -> bool:
    least, equal, most = (element.get(name) for name in ("dist", "eqdist", "maxdist"))
    managers = element.get("ifmgr")
    return (
        (least is None or ours >= version(least))
        and (equal is None or ours == version(equal))
        and (most is None or ours <= version(most))
        and (managers is None or manager in managers.split())
    )

"""The main menu and the catalogue of modules (platform.md 1.1, 1.2, 3.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from sandbox import install
from sandbox.core import pages
from sandbox.core.documents import add, done, elem
from sandbox.core.errors import PanelError, bad_value, missing
from sandbox.core.levels import cut_metadata
from sandbox.core.registry import function
from sandbox.core.request import ADMIN, CLIENT

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

_PACKAGE = re.compile(r"(?:billmanager-plugin-)?([A-Za-z0-9_.-]+)")


@function("menu", CLIENT, "platform.md 1.1")
def menu(panel: Panel, request: Request) -> etree._Element:
    """The main menu as the caller's level lets him see it, and the texts of its items."""
    document = etree.Element("doc")
    tree = panel.plugins.interface.menu()
    sight = pages.viewer(panel, request)
    if sight.may_see(tree):
        cut_metadata(tree, sight)
        if "level" in tree.attrib:
            del tree.attrib["level"]
        document.append(tree)
    block = etree.SubElement(document, "messages", name="desktop", checked="desktop")
    for name, text in panel.plugins.messages(request.lang, "desktop").items():
        etree.SubElement(block, "msg", name=name).text = text
    return document


@function("plugin", ADMIN, "platform.md 1.2, 3.2, 7.2")
def plugin(panel: Panel, request: Request) -> etree._Element:
    """Modules that plug-ins describe; `clicked_button=install name= sok=ok` installs a package from src/<plugin>."""
    if request.text("clicked_button") == "install":
        return _install(panel, request) if request.sok else done()
    document = etree.Element("doc")
    found = panel.plugins.interface.catalogue()
    for entry in found:
        name = entry.get("name", "")
        row = elem(document, {"name": name, "group": entry.findtext("group"), "author": entry.findtext("author")})
        for text in ("desc_short", "desc_full", "price"):
            add(row, text, catalogue_text(panel, request.lang, entry, text, name))
    add(document, "p_elems", len(found))
    return document


def catalogue_text(panel: Panel, lang: str, entry: etree._Element, kind: str, name: str) -> str:
    """In the entry itself, or in the messages `plugin` as `<kind>_<plugin>` (platform.md 1.2)."""
    for language in (lang, "en"):
        for message in entry.iterchildren("msg"):
            if message.get("name") == kind and message.get("lang") == language:
                return message.text or ""
        found = panel.plugins.message(language, "plugin", f"{kind}_{name}")
        if found is not None:
            return found
    return ""


def _install(panel: Panel, request: Request) -> etree._Element:
    """There is no shop to fetch packages from: what lies in src/<plugin> is the package (platform.md 7.2)."""
    match = _PACKAGE.fullmatch(request.text("name"))
    if match is None:
        raise bad_value("name", request.text("name"))
    source = panel.paths.base / "src" / match.group(1)
    if not source.is_dir():
        raise missing("package", request.text("name"))
    try:
        install.install(panel.paths.base, install.plan([source]))
    except install.NotInstallable as error:
        raise PanelError("process", "install", error) from error
    panel.stop_requested.set()  # it is active after a restart (platform.md 2.1)
    return done()

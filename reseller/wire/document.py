"""mgr5 documents: reading them safely, and writing the few that we answer.

Every answer of either panel is a `<doc>`; errors are an `<error>` in it (reference/platform.md 4.1). Parsing is done
with everything off that a hostile document could use: entities, DTDs, the network, huge trees. lxml is imported where
it is used: what only reads the database does not pay for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reseller.wire.errors import ResellerError
from reseller.wire.texts import fit

if TYPE_CHECKING:
    from lxml import etree

    Element = etree._Element


#: of one value of an error, which may be anything that a seller or a client said
VALUE_CHARACTERS = 500
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class NotADocument(Exception):
    """The bytes are no mgr5 document; the text says why, in words for a person."""


def parse(body: bytes) -> Element:
    """The `<doc>` root of `body`; raises NotADocument for HTML, cut or foreign documents, and any DOCTYPE."""
    from lxml import etree

    start = body[:512].lstrip().lower()
    if not start:
        raise NotADocument("an empty answer")
    if start.startswith((b"<!doctype html", b"<html")):
        captcha = b"captcha" in body[:65536].lower()
        raise NotADocument("a captcha page" if captcha else "an HTML page")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotADocument(f"a document that cannot be parsed ({error})") from error
    # Nothing was expanded (libxml2 itself stops what tries to grow in attributes); that it was tried is enough.
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotADocument("a document with a DOCTYPE, which the panel never sends")
    if root.tag != "doc":
        raise NotADocument(f"a document whose root is {root.tag!s:.40}, not doc")
    return root


def text(parent: Element, path: str) -> str:
    """Stripped text of the first element at `path`, or an empty string."""
    return (parent.findtext(path) or "").strip()


def error_of(root: Element) -> Element | None:
    """The error of an answer; v2 functions may wrap theirs as `<warning><error>` (reference/selling-api.md 2)."""
    found = root.find("error")
    return found if found is not None else root.find("warning/error")


def error_params(error: Element) -> dict[str, str]:
    """`<param name=..>` children of an error element."""
    return {node.get("name", ""): (node.text or "").strip() for node in error.findall("param")}


def error_element(error: ResellerError, message: str, lang: str = "en") -> Element:
    """`<error type object value lang code>` with its params and its text, as the panel writes it."""
    from lxml import etree

    told = {"type": error.type, "object": error.object, "value": error.value, "lang": lang, "code": "1"}
    node = etree.Element("error", {name: fit(each, VALUE_CHARACTERS) for name, each in told.items()})
    for name, given in error.params.items():
        etree.SubElement(node, "param", name=name).text = fit(given, VALUE_CHARACTERS)
    etree.SubElement(node, "msg").text = fit(message)
    return node


def document(*children: Element) -> Element:
    """A `<doc>` with these children."""
    from lxml import etree

    root = etree.Element("doc")
    root.extend(children)
    return root


def element(tag: str, content: str = "", /, **attributes: str) -> Element:
    """`<tag attributes>content</tag>`."""
    from lxml import etree

    node = etree.Element(tag, {name: printable(each) for name, each in attributes.items()})
    node.text = printable(content)
    return node


def dump(root: Element) -> bytes:
    """The document as the panel prints it, with its XML declaration."""
    from lxml import etree

    body: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return body + b"\n"


def printable(content: str) -> str:
    """`content` without what XML cannot carry: control characters, and bytes that were no text (surrogates)."""
    return content if content.isprintable() else _UNPRINTABLE.sub("", content)

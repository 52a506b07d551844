"""mgr5 documents: parse them safely, and write the few that we return.

Every answer of either panel is a `<doc>` in UTF-8; errors are an `<error>` in it (platform.md 4.1). Parsing has
everything switched off that a hostile document could use: entities, DTDs, the network, huge trees; comments and
processing instructions are dropped. Characters that XML forbids are removed, so that one odd name does not block a
whole list. lxml is imported inside the functions, so that commands which only read the database start faster.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar

from reseller.wire.bounds import FORM, PANEL, Bounds
from reseller.wire.errors import ResellerError
from reseller.wire.texts import fit, said

if TYPE_CHECKING:
    from lxml import etree

    Element = etree._Element


#: most characters of one value of an error, which may be anything that a seller or a client has sent
VALUE_CHARACTERS = 500
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile("&#(?:x0*([0-9a-fA-F]{1,6})|0*([0-9]{1,7}));")
#: least bytes of an element and an attribute: `<a/>`, ` a=""`; a body too short for too many need not be counted
_ELEMENT_BYTES, _ATTRIBUTE_BYTES = 4, 5
_OPTIONS: dict[str, Any] = {
    # Always UTF-8, whatever encoding a document declares or its first bytes suggest.
    "encoding": "utf-8",
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "collect_ids": False,
}
_Made = TypeVar("_Made")


class NotADocument(Exception):
    """The bytes are no mgr5 document; the text gives the reason for a person."""


class TooLarge(NotADocument):
    """The document exceeds a bound; the text says which."""


def parse(body: bytes, bounds: Bounds = PANEL) -> Element:
    """The `<doc>` root of `body`.

    Raises NotADocument for HTML, cut or foreign documents, and any DOCTYPE; TooLarge if a bound is exceeded.
    """
    from lxml import etree

    _require_document(body, bounds)
    root = _clean_if_needed(body, lambda part: etree.fromstring(part, etree.XMLParser(**_OPTIONS)))
    _require_root(root)
    if len(root) > bounds.rows:
        raise TooLarge(f"more than {bounds.rows} rows")
    return root


def stream(body: bytes, tag: str, make: Callable[[Element], _Made], bounds: Bounds) -> tuple[Element, list[_Made]]:
    """The values that `make` returns for each child of the root with this tag, and the root with its last child.

    Children are removed once they are handled, except an error or a warning. Raises as parse(), also for a row that is
    larger than a form may be.
    """
    _require_document(body, bounds)
    return _clean_if_needed(body, lambda part: _streamed(part, tag, make, bounds))


def _streamed(body: bytes, tag: str, make: Callable[[Element], _Made], bounds: Bounds) -> tuple[Element, list[_Made]]:
    from lxml import etree

    made: list[_Made] = []
    root: Element | None = None
    read: Element | None = None
    rows = size = depth = 0
    for event, node in etree.iterparse(BytesIO(body), events=("start", "end"), **_OPTIONS):
        if root is None:
            root = node
            _require_root(root)
        depth += 1 if event == "start" else -1
        size += event == "start"
        if size > FORM.elements:
            raise TooLarge(f"a row of more than {FORM.elements} elements")
        if event == "start" or depth != 1:
            continue
        rows, size = rows + 1, 0
        if rows > bounds.rows:
            raise TooLarge(f"more than {bounds.rows} rows")
        if node.tag == tag:
            made.append(make(node))
        # Remove the row before: the parser may still be working at the end of this one.
        if read is not None and read.tag not in ("error", "warning"):
            root.remove(read)
        read = node
    if root is None:
        raise NotADocument("an empty answer")
    return root, made


def _require_document(body: bytes, bounds: Bounds) -> None:
    """Refuse a body that is no document by its beginning, or that is too large by a quick count."""
    start = body[:512].lstrip().lower()
    if not start:
        raise NotADocument("an empty answer")
    if start.startswith((b"<!doctype html", b"<html")):
        captcha = b"captcha" in body[:65536].lower()
        raise NotADocument("a captcha page" if captcha else "an HTML page")
    # Refused before parsing: a DOCTYPE can add attributes to every element. (Two tests, since the first is fast.)
    if b"DOCTYPE" in body and b"<!DOCTYPE" in body:
        raise NotADocument("a document with a DOCTYPE, which the panel never sends")
    if len(body) > bounds.bytes:
        raise TooLarge(f"more than {bounds.bytes} bytes")
    if len(body) > bounds.elements * _ELEMENT_BYTES and body.count(b"<") - body.count(b"</") > bounds.elements:
        raise TooLarge(f"more than {bounds.elements} elements")
    if len(body) > bounds.attributes * _ATTRIBUTE_BYTES and body.count(b"=") > bounds.attributes:
        raise TooLarge(f"more than {bounds.attributes} attributes")


def _clean_if_needed(body: bytes, read: Callable[[bytes], _Made]) -> _Made:
    """The result of `read(body)`; if it fails, of the body without characters that XML forbids."""
    from lxml import etree

    try:
        return read(body)
    except (etree.XMLSyntaxError, ValueError) as error:
        # Bytes that are no UTF-8 become U+FFFD; characters that XML forbids may also be written as references.
        cleaned = _REFERENCE.sub(_allowed, printable(body.decode("utf-8", "replace"))).encode()
        if cleaned == body:
            raise NotADocument(f"a document that cannot be parsed ({error})") from error
    try:
        return read(cleaned)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotADocument(f"a document that cannot be parsed ({error})") from error


def _allowed(reference: re.Match[str]) -> str:
    """The character reference, or nothing if XML has no such character."""
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    return reference[0] if number <= sys.maxunicode and not _UNPRINTABLE.match(chr(number)) else ""


def _require_root(root: Element) -> None:
    if root.tag != "doc":
        raise NotADocument(f"a document whose root is {said(str(root.tag), 40)}, not doc")


def text(parent: Element, path: str) -> str:
    """The stripped text of the first element at `path`, or an empty string."""
    return (parent.findtext(path) or "").strip()


def error_of(root: Element) -> Element | None:
    """The error element of an answer; v2 functions may wrap it as `<warning><error>` (selling-api.md 2)."""
    error = root.find("error")
    return error if error is not None else root.find("warning/error")


def error_params(error: Element) -> dict[str, str]:
    """The `<param name=..>` children of an error element, by name."""
    return {node.get("name", ""): (node.text or "").strip() for node in error.findall("param")}


def error_element(error: ResellerError, message: str, lang: str = "en") -> Element:
    """`<error type object value lang code>` with its params and its text, as the panel writes it."""
    from lxml import etree

    attributes = {"type": error.type, "object": error.object, "value": error.value, "lang": lang, "code": "1"}
    node = etree.Element("error", {name: fit(each, VALUE_CHARACTERS) for name, each in attributes.items()})
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
    """The document as bytes with its XML declaration, as the panel prints it."""
    from lxml import etree

    body: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return body + b"\n"


def printable(content: str) -> str:
    """`content` without characters that XML cannot hold: control characters, and surrogates, which stand for invalid
    bytes.
    """
    return content if content.isprintable() else _UNPRINTABLE.sub("", content)

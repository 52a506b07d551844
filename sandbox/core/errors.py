"""Errors as the panel's documents carry them (platform.md 4.1, selling-api.md 2)."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from sandbox.core.documents import add, readable


class PanelError(Exception):
    """Type, object, value and named parameters; the text is looked up later, in the language of the request."""

    def __init__(
        self, kind: str, object_: str = "", value: object = "", params: Mapping[str, str] | None = None
    ) -> None:
        self.kind = kind
        self.object = object_
        self.value = str(value)
        self.params: dict[str, str] = dict(params or {})
        super().__init__(f"{kind}({object_}, {self.value})")


class ForeignError(PanelError):
    """An error document made by a handler or a module; it goes out as it came, completed where it is short."""

    def __init__(self, element: etree._Element) -> None:
        params = {param.get("name", ""): param.text or "" for param in element.findall("param")}
        value = element.get("value") or params.get("value", "")
        super().__init__(element.get("type") or "", element.get("object") or "", value, params)
        self.element = element


def missing(object_: str, value: object = "") -> PanelError:
    """A record or function that is not there."""
    return PanelError("missed", object_, value)


def bad_value(object_: str, value: object = "", desc: str = "") -> PanelError:
    return PanelError("value", object_, value, {"desc": desc} if desc else None)


def denied(func: str) -> PanelError:
    """Not allowed at this level, or a dead session (selling-api.md 1.2)."""
    return PanelError("access", func)


def error_element(error: PanelError, template: str, lang: str) -> etree._Element:
    """`<error type object value lang code><param../><group>template</group><msg>text</msg></error>`."""
    if isinstance(error, ForeignError):
        element = etree.fromstring(etree.tostring(error.element, with_tail=False))
        element.set("lang", lang)
        if element.get("code") is None:
            element.set("code", "1")
        if element.find("msg") is None:
            etree.SubElement(element, "group").text = template
            etree.SubElement(element, "msg").text = fill(template, error)
        return element
    object_, value = readable(error.object), readable(error.value)
    element = etree.Element("error", type=error.kind, object=object_, value=value, lang=lang, code="1")
    if object_:
        add(element, "param", object_).attrib.update({"name": "object", "type": "msg", "msg": object_})
    if value:
        add(element, "param", value).set("name", "value")
    for name, text in error.params.items():
        add(element, "param", text).set("name", name)
    add(element, "group", template)
    add(element, "msg", fill(template, error))
    return element


def fill(template: str, error: PanelError) -> str:
    """`__param__` placeholders (platform.md 4.1)."""
    text = template
    for name, value in {"object": error.object, "value": error.value, **error.params}.items():
        text = text.replace(f"__{name}__", value)
    return text

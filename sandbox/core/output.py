"""The formats of an answer: text, xml, devel, json, bjson (platform.md 3, selling-api.md 1.3)."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from lxml import etree

from sandbox.core import deferred

_PAGE_PARTS = ("metadata", "messages", "tparams")
TYPES = {"text": "text/plain", "xml": "text/xml", "devel": "text/xml", "html": "text/html"}


def content_type(out: str) -> str:
    return TYPES.get(out, "application/json" if "json" in out else "text/html")


def render(document: etree._Element, out: str, single: str = "array") -> bytes:
    if out == "text":
        return as_text(document).encode()
    if out == "devel":
        return etree.tostring(document, xml_declaration=True, encoding="UTF-8")
    data = _data_only(document)
    if out == "xml":
        return deferred.fill(data, etree.tostring(data, xml_declaration=True, encoding="UTF-8"))
    if out == "bjson":
        return json.dumps(as_bjson(data), ensure_ascii=False).encode()
    if out in ("json", "sjson", "xjson"):
        return json.dumps({"doc": as_json(data, single)}, ensure_ascii=False).encode()
    return as_html(data).encode()


def _data_only(document: etree._Element) -> etree._Element:
    """xml is data, devel adds metadata and messages (platform.md 3.2)."""
    if not any(document.find(part) is not None for part in _PAGE_PARTS):
        return document
    bare = etree.Element("doc")
    bare.attrib.update(document.attrib)
    bare.extend([child for child in document if child.tag not in _PAGE_PARTS])
    return bare


def as_json(element: etree._Element, single: str = "array") -> Any:
    """Text under `$`, attributes as `$name`; rows, choices and repeated elements are lists (platform.md 3.2).

    `single` is the switch single_elem: a row that is the only one may come as an object (selling-api.md 1.3).
    """
    result: dict[str, Any] = {f"${name!s}": value for name, value in element.attrib.items() if name != "binary"}
    for child in element:
        if not isinstance(child.tag, str):
            continue
        value = as_json(child, single)
        known = result.get(child.tag)
        if known is None:
            result[child.tag] = [value] if single == "array" and child.tag in ("elem", "slist", "val") else value
        elif isinstance(known, list):
            known.append(value)
        else:
            result[child.tag] = [known, value]
    if element.text and element.text.strip():
        result["$"] = element.text
    return result


def as_bjson(document: etree._Element) -> dict[str, Any]:
    """Wrappers and attributes dropped: `elem` for a list, `model` for a form or result, `error` (platform.md 3.2).

    A result's scalars are there as `id.v` too (selling-api.md 1.3), an element of attributes only as its attributes.
    """
    error = document.find("error")
    if error is not None:
        return {"error": _flat_error(error)}
    if document.find("warning/error") is not None:
        return {"warning": as_bjson(document.find("warning"))}  # type: ignore[arg-type]
    rows = document.findall("elem")
    if rows or document.find("p_elems") is not None:
        counts = {child.tag: child.text or "" for child in document if str(child.tag).startswith("p_")}
        return {"elem": [{cell.tag: cell.text or "" for cell in row} for row in rows], **counts}
    result: dict[str, Any] = {}
    model: dict[str, Any] = {}
    for child in document:
        if child.tag == "doc":
            result["doc"] = as_bjson(child)
        elif len(child) == 0 and child.tag not in ("ok", "slist"):
            attributes = {str(name): str(value) for name, value in child.attrib.items()}
            model[str(child.tag)] = attributes if attributes and not child.text else child.text or ""
    if document.find("ok") is not None:
        if document.findtext("ok"):
            model["ok"] = document.findtext("ok")
        result.update({name: {"v": value} for name, value in model.items()})
    return {**result, "model": model}


def _flat_error(error: etree._Element) -> dict[str, Any]:
    flat: dict[str, Any] = {name: error.get(name, "") for name in ("type", "object", "value")}
    flat["msg"] = error.findtext("msg", "")
    params = [{"name": one.get("name", ""), "value": one.text or ""} for one in error.findall("param")]
    return {**flat, "param": params} if params else flat


def as_ajax(document: etree._Element) -> bytes:
    """`sfrom=ajax`: the answer is wrapped into `content` (selling-api.md 1.3)."""
    return json.dumps({"content": [as_bjson(document)]}, ensure_ascii=False).encode()


def as_text(document: etree._Element) -> str:
    """A form is a line a field, a list a line a row, a plain success `OK` (platform.md 3.1, 3.2)."""
    error = document.find("error")
    if error is not None:
        return error_line(error) + "\n"
    rows = document.findall("elem")
    if rows:
        lines = [" ".join(_pair(cell) for cell in row) for row in rows]
        return "\n".join(lines) + "\n"
    leaves = [
        child
        for child in document
        if isinstance(child.tag, str) and len(child) == 0 and child.tag not in ("ok", "slist", *_PAGE_PARTS)
    ]
    if document.find("ok") is not None:
        details = " ".join(f"{leaf.tag}={leaf.text or ''}" for leaf in leaves)
        return f"OK {details}".strip() + "\n"
    if document.find("p_elems") is not None:
        return ""
    lines = [f"{leaf.tag}={leaf.text or ''}" for leaf in leaves]
    lines += [f"{leaf.tag}.{name!s}={value!s}" for leaf in leaves for name, value in leaf.attrib.items()]
    return "\n".join(lines) + "\n" if lines else ""


def _pair(cell: etree._Element) -> str:
    return f"{cell.tag}={cell.text or ''}"


def error_line(error: etree._Element) -> str:
    """Starts with ERROR; the rest of the line is not known (platform.md 3.3)."""
    head = f"{error.get('type', '')}({error.get('object') or ''}, {error.get('value') or ''})"
    return f"ERROR {head} {error.findtext('msg', '')}".strip()


def as_html(document: etree._Element) -> str:
    """Without `out` a page for people comes back (selling-api.md 1.3)."""
    body = escape(etree.tostring(document, encoding="unicode", pretty_print=True))
    return f"<!DOCTYPE html>\n<html><head><title>BILLmanager</title></head><body><pre>{body}</pre></body></html>\n"

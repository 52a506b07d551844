"""From a request to its document: rights, handlers before, the function, handlers after, the final ones.

Order and effect of the stages are platform.md 2.1: an error of a `before` handler prevents the function, `after` runs
only when it succeeded, `final` runs in any case.
"""

from __future__ import annotations

import fnmatch
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pymysql
from lxml import etree

import sandbox.functions  # noqa: F401  (registers the panel's functions)
from sandbox.core import handlers, texts
from sandbox.core.errors import PanelError, denied, missing
from sandbox.core.registry import find
from sandbox.core.request import NOBODY

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request


def answer(panel: Panel, request: Request) -> etree._Element:
    """The document of a call; an error is a document too."""
    panel.log.request(request.origin.ip, request.caller.name, request.params)
    serialised = panel.switches["serialise_calls"] == "on" and not request.origin.nested
    if serialised:
        with panel.one_call:
            document = _answer(panel, request)
    else:
        document = _answer(panel, request)
    document.set("lang", request.lang)
    document.set("func", request.func)
    document.set("binary", "/billmgr")
    return document


def _answer(panel: Panel, request: Request) -> etree._Element:
    try:
        document = _run(panel, request)
    except PanelError as error:
        document = error_document(panel, request, error)
    except pymysql.err.Error as error:
        panel.log.failure("db", traceback.format_exc())
        document = error_document(panel, request, PanelError("db", "", error.args[0] if error.args else ""))
    except Exception:  # noqa: BLE001  (the boundary: a mistake is logged whole and answered, never a dropped call)
        panel.log.failure("core", traceback.format_exc())
        document = error_document(panel, request, PanelError("process", request.func, "internal error"))
    return _final(panel, request, document)


def _final(panel: Panel, request: Request, document: etree._Element) -> etree._Element:
    """Final handlers run independently of how the function ended (platform.md 2.1)."""
    try:
        return handlers.apply_hooks(panel, request, "final", document)
    except PanelError as error:
        return error_document(panel, request, error)


def error_document(panel: Panel, request: Request, error: PanelError) -> etree._Element:
    panel.log.line("libmgr", "ERROR", f"Error: Type: '{error.kind}' Object: '{error.object}' Value: '{error.value}'")
    document = etree.Element("doc")
    document.append(texts.render(error, request.func, request.lang, panel.plugins))
    return document


def _run(panel: Panel, request: Request) -> etree._Element:
    handler = panel.plugins.functions.get(request.func)
    built_in = None if handler is not None else find(request.func, panel.itemtypes())
    if handler is None and (built_in is None or absent(panel, request.func)):
        raise missing("func", request.func)
    before = handlers.apply_hooks(panel, request, "before", etree.Element("doc"))
    if handler is not None:
        document = _run_handler(panel, request)
    elif built_in is not None:
        document = run_built_in(panel, request)
    for child in before:
        document.append(child)
    return handlers.apply_hooks(panel, request, "after", document)


def absent(panel: Panel, func: str) -> bool:
    """Functions this panel was told to lack (switch absent_functions)."""
    globs = [glob.strip() for glob in panel.switches["absent_functions"].split(",")]
    return any(fnmatch.fnmatchcase(func, glob) for glob in globs if glob)


def run_built_in(panel: Panel, request: Request) -> etree._Element:
    """A function of the panel itself, without any handlers."""
    found = find(request.func, panel.itemtypes())
    if found is None:
        raise missing("func", request.func)
    known, itemtype = found
    if request.caller.level < known.level:
        raise denied(request.func)
    return known.run(panel, replace(request, itemtype=itemtype))


def _run_handler(panel: Panel, request: Request) -> etree._Element:
    """A function made by a plug-in: open to every authenticated level unless its metadata say so (platform.md 1.1)."""
    if request.caller.level < max(panel.plugins.level_of(request.func), NOBODY + 1):
        raise denied(request.func)
    document = etree.Element("doc", lang=request.lang, func=request.func, binary="/billmgr")
    panel.plugins.dress(document, request.func, request.lang)
    echo = etree.SubElement(document, "tparams")
    for name, value in request.params.items():
        if name not in ("auth", "authinfo", "su"):
            etree.SubElement(echo, _tag(name)).text = value
    if request.elid:
        etree.SubElement(document, "elid").text = request.elid
    handler = panel.plugins.functions[request.func]
    return handlers.call(panel, request, handler, "action", document)


def _tag(name: str) -> str:
    """A parameter's name as an element, whatever a client may send."""
    kept = "".join(char if char.isalnum() or char in "._-" else "_" for char in name)
    return kept if kept[:1].isalpha() else f"_{kept}"

"""From a request to its document: rights, handlers before, the function, handlers after, the final ones.

Order and effect of the stages are platform.md 2.1: an error of a `before` handler prevents the function, `after` runs
only when it succeeded, `final` runs in any case.
"""

from __future__ import annotations

import fnmatch
import re
import time
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pymysql
from lxml import etree

from sandbox.core import columns, handlers, pages, reports, texts, validators
from sandbox.core.documents import add
from sandbox.core.errors import PanelError, bad_value, denied, missing
from sandbox.core.registry import find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.core.panel import Panel
    from sandbox.core.registry import Function, Run
    from sandbox.core.request import Request

_TOO_MUCH = (pymysql.constants.ER.DATA_TOO_LONG, pymysql.constants.ER.WARN_DATA_OUT_OF_RANGE)


def answer(panel: Panel, request: Request) -> etree._Element:
    """The document of a call; an error is a document too."""
    hides = panel.modules.hides(request.func)
    panel.log.request(request.origin.ip, request.caller.name, request.params, hides)
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
    document = _guarded(panel, request, _run)
    if document.find("error") is None:
        handlers.start_background(panel, request, document)
    document = _guarded(panel, request, lambda *_: _final(panel, request, document))
    if document.find("error") is not None:
        return document
    if request.out == "devel":
        document = pages.dress(panel, request, document)
    return pages.cut(panel, request, document)


def _guarded(panel: Panel, request: Request, step: Run) -> etree._Element:
    """Whatever goes wrong in a step is a document."""
    try:
        return step(panel, request)
    except PanelError as error:
        return error_document(panel, request, error)
    except pymysql.err.Error as error:
        panel.log.failure("db", traceback.format_exc())
        return error_document(panel, request, _of_database(error))
    except Exception:  # noqa: BLE001  (the boundary: a mistake is logged whole and answered, never a dropped call)
        panel.log.failure("core", traceback.format_exc())
        return error_document(panel, request, PanelError("process", request.func, "internal error"))


def _of_database(error: pymysql.err.Error) -> PanelError:
    """What does not fit into its column is a wrong value; the rest is the database's own number."""
    code, text = (*error.args, "", "")[:2]
    column = re.search(r"column '([^']+)'", str(text))
    if code in _TOO_MUCH and column is not None:
        return bad_value(column[1], desc="too_much")
    return PanelError("db", "", code)


def _final(panel: Panel, request: Request, document: etree._Element) -> etree._Element:
    """Final handlers run independently of how the function ended (platform.md 2.1)."""
    return handlers.apply_hooks(panel, request, "final", document)


def error_document(panel: Panel, request: Request, error: PanelError) -> etree._Element:
    panel.log.line("libmgr", "ERROR", f"Error: Type: '{error.kind}' Object: '{error.object}' Value: '{error.value}'")
    document = etree.Element("doc")
    document.append(texts.render(error, request.func, request.lang, panel.plugins))
    return document


def _run(panel: Panel, request: Request) -> etree._Element:
    _wait_while_suspended(panel)
    handler = panel.plugins.functions.get(request.func)
    built_in = None if handler is not None else find(request.func, panel.itemtypes())
    report = None if handler is not None or built_in is not None else reports.declared(panel, request.func)
    if handler is None and report is None and (built_in is None or absent(panel, request.func)):
        raise missing("func", request.func)
    _check_rights(panel, request, built_in)
    request = validators.checked(panel, request, internal)
    before = handlers.apply_hooks(panel, request, "before", etree.Element("doc"))
    if handler is not None:
        document = handlers.run_function(panel, request, handler, _page(panel, request))
    elif report is not None:
        document = reports.run(panel, request, report, internal)
    else:
        document = columns.around(panel, request, run_built_in)
    return handlers.apply_hooks(panel, request, "after", handlers.put_over(document, before))


def _check_rights(panel: Panel, request: Request, built_in: tuple[Function, str] | None) -> None:
    """Before any handler is started. Functions of plug-ins are open to every authenticated level (platform.md 1.1)."""
    if built_in is None:
        if not panel.plugins.admits(request.func, request.caller.level):
            raise denied(request.func)
    elif request.caller.level < built_in[0].level:
        raise denied(request.func)


def _wait_while_suspended(panel: Panel) -> None:
    """`mgrctl -l` (platform.md 3.1); what calls meet then is not told."""
    if panel.suspended.is_set() and panel.switches["suspended_calls"] == "refuse":
        raise PanelError("process", "suspended", panel.name)
    while panel.suspended.is_set() and not panel.stop_requested.is_set():
        time.sleep(0.02)


def internal(panel: Panel, request: Request, func: str, params: Mapping[str, str]) -> etree._Element:
    """A call within a call: its error is the caller's, in the caller's language (platform.md 4.1)."""
    return _run(panel, replace(request, func=func, params={**params, "func": func}))


def absent(panel: Panel, func: str) -> bool:
    """Functions this panel was told to lack (switch absent_functions)."""
    return _listed(panel, "absent_functions", func)


def _listed(panel: Panel, switch: str, func: str) -> bool:
    globs = [glob.strip() for glob in panel.switches[switch].split(",")]
    return any(fnmatch.fnmatchcase(func, glob) for glob in globs if glob)


def run_built_in(panel: Panel, request: Request) -> etree._Element:
    """A function of the panel itself, without any handlers."""
    found = find(request.func, panel.itemtypes())
    if found is None:
        raise missing("func", request.func)
    known, itemtype = found
    if request.caller.level < known.level:
        raise denied(request.func)
    if _listed(panel, "failing_functions", request.func):
        raise PanelError("process", request.func, "failed")
    return known.run(panel, replace(request, itemtype=itemtype))


def _page(panel: Panel, request: Request) -> etree._Element:
    """What a plug-in's own function gets on stdin: metadata, messages, the echo of the request (platform.md 2.2)."""
    document = etree.Element("doc", lang=request.lang, func=request.func, binary="/billmgr")
    panel.plugins.dress(document, request.func, request.lang)
    pages.echo(request, document)
    if request.elid:
        add(document, "elid", request.elid)
    return document

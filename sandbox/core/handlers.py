"""Handlers of addon/: their environment, what they read and what becomes of what they print (platform.md 2)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from lxml import etree

from sandbox.core import pages, programs
from sandbox.core.documents import parse, readable
from sandbox.core.errors import ForeignError, PanelError
from sandbox.core.plugins import BACKGROUND, Handler, Hook

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

_LEFT_OUT = ("auth", "authinfo", "su")
"""Parameters of the transport, not of the function: a handler learns the user from AUTH_USER."""
_NOT_MERGED = ("metadata", "messages", "tparams", "param")
"""While merging what a before handler prints, `param` is ignored (platform.md 2.1)."""
_OVERRIDING = ("ok", "redirect")


def environment(panel: Panel, request: Request, stage: str) -> dict[str, str]:
    """PARAM_*, AUTH_*, EVENT_TYPE, ACTION_NAME and the CGI names (platform.md 2.1, 2.2)."""
    origin = request.origin
    values = {f"PARAM_{name}": value for name, value in request.params.items() if name not in _LEFT_OUT}
    values["PARAM_func"] = request.func
    values |= {
        "AUTH_USER": request.caller.name,
        "AUTH_LEVEL": str(request.caller.level),
        "AUTH_IP": origin.ip,
        "EVENT_TYPE": stage,
        "ACTION_NAME": request.func,
        "SANDBOX_NESTED": str(threading.get_native_id()),
    }
    if request.elid:
        values.setdefault("PARAM_elids", request.elid)
    if not origin.local:
        values |= {"REQUEST_METHOD": origin.method, "QUERY_STRING": origin.query, "REMOTE_ADDR": origin.ip}
        if origin.secure:
            values["HTTPS"] = "on"
        for name, value in origin.headers.items():
            values["HTTP_" + name.upper().replace("-", "_")] = value
    elif panel.switches["local_request_env"] == "on":
        values |= {"REQUEST_METHOD": "GET", "QUERY_STRING": urlencode(dict(request.params)), "REMOTE_ADDR": origin.ip}
    return programs.base_environment(values)


def elements(panel: Panel, request: Request) -> Iterator[Request]:
    """The calls a handler gets for one call of a function: in a group operation one for each element, PARAM_elid
    running and PARAM_elids constant (platform.md 2.2; a switch, since no page says so)."""
    several = len(request.elids) > 1 and panel.switches["group_calls"] == "each"
    if not several or not panel.plugins.is_group(request.func):
        yield request
        return
    for elid in request.elids:
        yield replace(request, params={**request.params, "elid": elid, "elids": request.elid})


def _failed(handler: Handler) -> PanelError:
    """A crash and broken XML are one and the same failure (platform.md 2.1)."""
    return PanelError("plugin", handler.name)


def call(
    panel: Panel,
    request: Request,
    handler: Handler,
    stage: str,
    document: etree._Element,
    postdata: bool = False,
    sessiondata: bool = False,
) -> etree._Element:
    """Run the handler; its document, or an error: its own, or the documented one for a failure."""
    data = b""
    if sessiondata or (handler.kind == "xml" and stage != BACKGROUND):
        data = etree.tostring(document, xml_declaration=True, encoding="UTF-8")
    elif postdata:
        data = urlencode(dict(request.params)).encode()
    limit = panel.switches.number("handler_seconds")
    program = panel.paths.addon / handler.name
    outcome = programs.run(program, [], panel.paths.base, environment(panel, request, stage), data, limit)
    if outcome.err and panel.switches["handler_stderr"] == "logged":
        panel.log.detail("plugin", f"{handler.name}: {outcome.err[-2000:].decode(errors='replace').strip()}")
    if outcome.code != 0:
        panel.log.failure("plugin", f"{handler.name} ended with {outcome.code} for {request.func} ({stage})")
        # Whether the code of a handler that printed a whole document counts, is not known (additions-2.md h.21).
        if panel.switches["handler_exit"] == "counts" or outcome.code < 0:
            raise _failed(handler)
    try:
        answer = parse(outcome.out)
    except etree.XMLSyntaxError as error:
        panel.log.failure("plugin", f"{handler.name} printed no XML for {request.func} ({stage}): {error}")
        raise _failed(handler) from error
    error_element = answer.find("error")
    if error_element is not None:
        raise ForeignError(error_element)
    return answer


def run_function(panel: Panel, request: Request, handler: Handler, document: etree._Element) -> etree._Element:
    """A plug-in's own function; in a group operation the document of the last element is the answer."""
    answer = document
    for part in elements(panel, request):
        fresh = etree.fromstring(etree.tostring(document))
        elid = fresh.find("elid")
        if elid is not None:
            elid.text = readable(part.elid)
        answer = call(panel, part, handler, "action", fresh)
    return answer


def apply_hooks(panel: Panel, request: Request, stage: str, document: etree._Element) -> etree._Element:
    """Handlers hung on this function at one stage."""
    hooks = panel.plugins.hooks_of(request.func, stage)
    if not hooks:
        return document
    if stage != "before" or panel.switches["before_handler_input"] == "page":
        document = pages.dress(panel, request, document)
    for part in elements(panel, request):
        for hook in hooks:
            document = _apply(panel, part, hook, document)
    return document


def _apply(panel: Panel, request: Request, hook: Hook, document: etree._Element) -> etree._Element:
    try:
        answer = call(panel, request, hook.handler, hook.stage, document, hook.postdata, hook.sessiondata)
    except PanelError as error:
        passed_over = hook.handler.ignore_errors and panel.switches["ignore_errors"] == "obeyed"
        if passed_over and not isinstance(error, ForeignError):
            return document
        raise
    if hook.stage == "before":
        merging = hook.handler.kind == "xml" and panel.switches["before_handler_output"] == "merge"
        return _merged(document, answer) if merging else document
    if hook.handler.kind != "xml":
        return document
    # The printed document replaces the one that came on stdin (platform.md 2.2).
    return answer


def _merged(document: etree._Element, answer: etree._Element) -> etree._Element:
    """What the handler printed beside what it was given."""
    given = {etree.tostring(child, with_tail=False) for child in document}
    for child in list(answer):
        if child.tag not in _NOT_MERGED and etree.tostring(child, with_tail=False) not in given:
            document.append(child)
    return document


def put_over(document: etree._Element, printed: etree._Element) -> etree._Element:
    """Elements of before handlers in the function's document: `ok` and `redirect` override (platform.md 2.1)."""
    for child in list(printed):
        if child.tag in _NOT_MERGED or not isinstance(child.tag, str):
            continue
        if child.tag in _OVERRIDING:
            for known in document.findall(child.tag):
                document.remove(known)
        document.append(child)
    return document


def start_background(panel: Panel, request: Request, document: etree._Element) -> None:
    """Background handlers run beside the panel and cannot influence the answer (platform.md 2.1)."""
    hooks = panel.plugins.hooks_of(request.func, BACKGROUND)
    if hooks:
        copied = etree.fromstring(etree.tostring(document))
        threading.Thread(target=_run_background, args=(panel, request, hooks, copied), daemon=True).start()


def _run_background(panel: Panel, request: Request, hooks: list[Hook], document: etree._Element) -> None:
    for part in elements(panel, request):
        for hook in hooks:
            try:
                call(panel, part, hook.handler, BACKGROUND, document, hook.postdata, hook.sessiondata)
            except PanelError as error:
                panel.log.failure("plugin", f"background handler {hook.handler.name}: {error}")

"""Handlers of addon/: their environment, what they read and what becomes of what they print (platform.md 2)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from lxml import etree

from sandbox.core import programs
from sandbox.core.documents import parse
from sandbox.core.errors import ForeignError, PanelError
from sandbox.core.plugins import Handler, Hook

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

_LEFT_OUT = ("auth", "authinfo", "su")
"""Parameters of the transport, not of the function: a handler learns the user from AUTH_USER."""


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
        values["PARAM_elids"] = request.elid
    if not origin.local:
        values |= {"REQUEST_METHOD": origin.method, "QUERY_STRING": origin.query, "REMOTE_ADDR": origin.ip}
        if origin.secure:
            values["HTTPS"] = "on"
        for name, value in origin.headers.items():
            values["HTTP_" + name.upper().replace("-", "_")] = value
    elif panel.switches["local_request_env"] == "on":
        values |= {"REQUEST_METHOD": "GET", "QUERY_STRING": urlencode(dict(request.params)), "REMOTE_ADDR": origin.ip}
    return programs.base_environment(values)


def _failed(handler: Handler) -> PanelError:
    """A crash and broken XML are one and the same failure (platform.md 2.1)."""
    return PanelError("plugin", handler.name)


def call(
    panel: Panel, request: Request, handler: Handler, stage: str, document: etree._Element, postdata: bool = False
) -> etree._Element:
    """Run the handler; its document, or an error: its own, or the documented one for a failure."""
    data = b""
    if handler.kind == "xml":
        data = etree.tostring(document, xml_declaration=True, encoding="UTF-8")
    elif postdata:
        data = urlencode(dict(request.params)).encode()
    limit = panel.switches.number("handler_seconds")
    program = panel.paths.addon / handler.name
    outcome = programs.run(program, [], panel.paths.base, environment(panel, request, stage), data, limit)
    if outcome.err:
        panel.log.detail("plugin", f"{handler.name}: {outcome.err[-2000:].decode(errors='replace').strip()}")
    if outcome.code != 0:
        panel.log.failure("plugin", f"{handler.name} ended with {outcome.code} for {request.func} ({stage})")
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


def apply_hooks(panel: Panel, request: Request, stage: str, document: etree._Element) -> etree._Element:
    """Handlers hung on this function at one stage, in the order of their registration (order: platform.md 2.3)."""
    for hook in panel.plugins.hooks.get(request.func, []):
        if hook.stage == stage:
            document = _apply(panel, request, hook, document)
    return document


def _apply(panel: Panel, request: Request, hook: Hook, document: etree._Element) -> etree._Element:
    answer = call(panel, request, hook.handler, hook.stage, document, hook.postdata)
    if hook.handler.kind != "xml":
        return document
    if hook.stage == "before":
        return _merged(document, answer) if panel.switches["before_handler_output"] == "merge" else document
    # The printed document replaces the one that came on stdin (platform.md 2.2).
    return answer


def _merged(document: etree._Element, answer: etree._Element) -> etree._Element:
    document.extend([child for child in answer if child.tag not in ("metadata", "messages", "ok", "tparams")])
    return document

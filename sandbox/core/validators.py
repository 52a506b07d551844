"""Validators: `check` and `checkargs` of a form's controls, asked when the form is saved (platform.md 1.1).

A validator is a function whose name starts with `check`; a handler may be one. It gets `value`, `args`, `name` and
`funcname`, and answers `<doc stylesheet="validator"><value>NEW</value></doc>` or an error.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.errors import PanelError
from sandbox.core.levels import CONTROLS

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

Internal = Callable[["Panel", "Request", str, Mapping[str, str]], etree._Element]
_CHECKED = ("select", *CONTROLS)


def checked(
    panel: Panel, request: Request, internal: Internal, metadata: str = "", only: Container[str] | None = None
) -> Request:
    """The request with values as the validators gave them back. `metadata` names the form when it is not the
    function's own, `only` the fields that count where not all do."""
    if not request.sok or request.text("clicked_button") not in ("", "ok"):
        return request
    element = panel.plugins.interface.metadata(metadata or request.func)
    if element is None:
        return request
    changed: dict[str, str] = {}
    for control in element.iter(*_CHECKED):
        name = control.get("name", "")
        if only is not None and name not in only:
            continue
        if name in request.params or control.get("required") == "yes":
            value = _value(panel, request, internal, control, request.text(name))
            if value != request.text(name):
                changed[name] = value
    return replace(request, params={**request.params, **changed}) if changed else request


def _value(panel: Panel, request: Request, internal: Internal, control: etree._Element, value: str) -> str:
    name = control.get("name", "")
    if value == "":
        if control.get("required") == "yes":
            raise PanelError(panel.switches["required_error"], name, "", {"desc": "empty"})
        return value  # empty values are accepted
    check = control.get("check")
    if not check:
        return value
    # `zoom` fields are validated line by line.
    lines = value.split("\n") if control.get("zoom") else [value]
    return "\n".join(_ask(panel, request, internal, control, line) if line else line for line in lines)


def _ask(panel: Panel, request: Request, internal: Internal, control: etree._Element, value: str) -> str:
    params = {
        "value": value,
        "args": control.get("checkargs", ""),
        "name": control.get("name", ""),
        "funcname": request.func,
    }
    answer = internal(panel, request, f"check{control.get('check')}", params).find("value")
    return value if answer is None else answer.text or ""

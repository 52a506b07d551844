"""The panel's own validators: functions named check* (platform.md 1.1, "Validators")."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.errors import PanelError
from sandbox.core.registry import function
from sandbox.core.request import CLIENT

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

Check = Callable[[str, str], bool]


def _validator(name: str, holds: Check, doc: str) -> None:
    def run(panel: Panel, request: Request) -> etree._Element:
        value = request.text("value").strip()  # spaces around may be trimmed
        if value and not holds(value, request.text("args")):
            raise PanelError("value", request.text("name"), value)
        document = etree.Element("doc", stylesheet="validator")
        etree.SubElement(document, "value").text = value
        return document

    run.__doc__ = doc
    function(f"check{name}", CLIENT, "platform.md 1.1")(run)


def _int(value: str, args: str) -> bool:
    """`checkargs="1,9"`: least and most."""
    if re.fullmatch(r"-?\d+", value) is None:
        return False
    bounds = [part.strip() for part in args.split(",")] + ["", ""]
    least, most = bounds[0], bounds[1]
    return not (least and int(value) < int(least)) and not (most and int(value) > int(most))


def _pattern(pattern: str) -> Check:
    return lambda value, _args: re.fullmatch(pattern, value) is not None


def _ip(value: str, _args: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _iprange(value: str, _args: str) -> bool:
    first, dash, last = value.partition("-")
    if dash:
        return _ip(first.strip(), "") and _ip(last.strip(), "")
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def _daterange(value: str, _args: str) -> bool:
    try:
        for part in value.split(" "):
            date.fromisoformat(part)
    except ValueError:
        return False
    return True


_validator("int", _int, "A whole number between the two of args.")
_validator("url", _pattern(r"https?://[^\s/]+(/\S*)?"), "An address with http:// or https://.")
_validator("email", _pattern(r"[^@\s]+@[^@\s]+\.[^@\s]+"), "An e-mail address.")
_validator("ip", _ip, "An IP address.")
_validator("iprange", _iprange, "An IP address, a network or two addresses with a dash.")
_validator("phone", _pattern(r"\+?[\d\s()-]{5,20}"), "A telephone number.")
_validator("daterange", _daterange, "One date or two, YYYY-MM-DD.")
_validator("certificatelatin", _pattern(r"[\x20-\x7e]*"), "Latin letters, as certificates want them.")
_validator("username", _pattern(r"[a-z_][a-z0-9_.@-]*"), "A name to log in with.")

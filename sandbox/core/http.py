"""The HTTP API at /billmgr: parameters, authentication, formats (platform.md 4, selling-api.md 1)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import callers, dispatch, output, texts
from sandbox.core.answer import SESSION_COOKIE, Answer
from sandbox.core.errors import PanelError
from sandbox.core.request import ANONYMOUS, Caller, Origin, Request

if TYPE_CHECKING:
    from sandbox.core.panel import Panel

__all__ = ["SESSION_COOKIE", "Answer"]

LOGIN_PAGE = (
    b"<!DOCTYPE html>\n<html><head><meta charset=utf-8><title>BILLmanager</title></head>"
    b"<body>Please log in</body></html>\n"
)


def parameters(given: Iterable[tuple[str, object]]) -> dict[str, str]:
    """The last value of a name counts; marked rows of a list come one by one and are joined (platform.md 1.1)."""
    pairs = [(name, str(getattr(value, "filename", value))) for name, value in given]  # of a file, its name
    several = {"_rows", "_private", *(value for name, value in pairs if name == "_several")}
    params: dict[str, str] = {}
    for name, value in pairs:
        joined = name in several and name in params
        params[name] = ", ".join(filter(None, (params[name], value))) if joined else value
    return params


def claimed_user(params: Mapping[str, str]) -> str:
    """The user a request names, before anything is checked: faults may be meant for one user."""
    return params.get("authinfo", "").partition(":")[0] or params.get("username", "")


def handle(panel: Panel, params: dict[str, str], origin: Origin) -> Answer:
    """One request, from its parameters to the bytes of its answer. Errors come with status 200 (platform.md 4.2)."""
    lang = texts.chosen_lang(params.get("lang") or _cookie_lang(origin))
    if panel.front is not None and panel.front.wanted(params, origin):
        return panel.front.handle(panel, params, origin, lang)
    out = params.get("out", "html")
    func = params.get("func", "")
    request = Request(func, params, ANONYMOUS, origin, lang, out)
    try:
        caller = _caller(panel, params, origin, func)
    except PanelError as error:
        if params.get("authinfo") is None and panel.switches["dead_session"] == "html":
            return Answer(LOGIN_PAGE, "text/html")
        panel.log.request(origin.ip, claimed_user(params), params, panel.modules.hides(func))
        return _answer(panel, request, dispatch.error_document(panel, request, error))
    if caller.level == 0 and not func:
        return Answer(LOGIN_PAGE, "text/html")
    document = dispatch.answer(panel, replace(request, caller=caller))
    return _answer(panel, request, document)


def _answer(panel: Panel, request: Request, document: etree._Element) -> Answer:
    out = request.out
    document = _as_warning(panel, request, document)
    session = document.find("auth")
    cookie = session.get("id", "") if session is not None and document.get("func") == "auth" else ""
    if request.text("sfrom") == "ajax" and "json" in out:
        return Answer(output.as_ajax(document), output.content_type(out), cookie=cookie)
    body = output.render(document, out, panel.switches["single_elem"])
    return Answer(body, output.content_type(out), cookie=cookie)


def _as_warning(panel: Panel, request: Request, document: etree._Element) -> etree._Element:
    """v2 functions can answer an error inside `warning` (selling-api.md 2)."""
    error = document.find("error")
    if error is not None and request.func.startswith("v2.") and panel.switches["v2_errors"] == "warning":
        etree.SubElement(document, "warning").append(error)
    return document


def _caller(panel: Panel, params: dict[str, str], origin: Origin, func: str) -> Caller:
    """authinfo, auth=SID, or the cookie with a Referer of the panel itself (selling-api.md 1.2)."""
    if "authinfo" in params:
        name, _, password = params["authinfo"].partition(":")
        _check_restriction(panel, origin)
        return callers.by_password(panel, name, password, origin.ip)
    session = params.get("auth", "")
    if not session and origin.session and _own_referer(origin):
        session = origin.session
    if session:
        return callers.by_session(panel, session, origin.ip, func)
    return ANONYMOUS


def _check_restriction(panel: Panel, origin: Origin) -> None:
    """`Option RestrictAuthinfo`: authinfo works from the addresses of RestrictAuthinfoRange only (platform.md 4.1)."""
    if "RestrictAuthinfo" not in panel.options:
        return
    ranges = panel.conf.get("RestrictAuthinfoRange", "")
    if not ranges or not callers.address_allowed(ranges, origin.ip):
        raise PanelError("auth", panel.switches["badip_error"], origin.ip)


def source_address(panel: Panel, peer: str, headers: Mapping[str, str]) -> str:
    """Behind a trusted proxy X-Forwarded-For counts, when X-Forwarded-Secret is the ForwardedSecret of the
    configuration (platform.md 4.2)."""
    secret = panel.conf.get("ForwardedSecret", "")
    given = headers.get("X-Forwarded-Secret", "")
    if secret and hmac.compare_digest(given.encode(), secret.encode()):
        return headers.get("X-Forwarded-For", peer).split(",")[0].strip() or peer
    return peer


def _cookie_lang(origin: Origin) -> str:
    """The cookie `billmgrlang5=<theme>:<lang>` (platform.md 2.2)."""
    match = re.search(r"billmgrlang5=[^;:]*:([a-z]{2})", origin.headers.get("Cookie", ""))
    return match.group(1) if match else "en"


def _own_referer(origin: Origin) -> bool:
    host = origin.headers.get("Host", "")
    referer = origin.headers.get("Referer", "")
    return bool(host) and referer.split("/", 3)[2:3] == [host]


BOMB = (
    b'<?xml version="1.0"?>\n<!DOCTYPE doc [<!ENTITY a "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in range(ord("b"), ord("k")))
    + b"]>\n<doc><id>&j;</id></doc>\n"
)
"""Six hundred megabytes once expanded."""

_HEAD = b"<!DOCTYPE html>\n<html><head><meta charset=utf-8><title>%s</title></head>"
FORBIDDEN_PAGE = _HEAD % b"403 Forbidden" + b"<body><h1>Forbidden</h1></body></html>\n"
GATEWAY_PAGE = _HEAD % b"502 Bad Gateway" + b"<body>Bad Gateway</body></html>\n"
PROGRESS_PAGE = b"Request in process, please wait"
"""What a long call can answer (selling-api.md 1.4)."""
CAPTCHA_PAGE = (
    _HEAD % b"DDoS-Guard"
    + b"<body>Checking your browser before accessing<form action='/captcha'></form></body></html>\n"
)

PAGES = {
    "html": (FORBIDDEN_PAGE, 403),
    "html460": (FORBIDDEN_PAGE, 460),
    "captcha": (CAPTCHA_PAGE, 200),
    "html_after": (GATEWAY_PAGE, 502),
    "progress": (PROGRESS_PAGE, 200),
}
"""What front proxies and long calls answer instead of a document, with its status (selling-api.md 1.4)."""

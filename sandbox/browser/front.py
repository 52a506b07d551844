"""What a browser gets at the panel's URL, and what its buttons do.

A GET shows pages and changes nothing: what is neither a list, a form nor a report, or carries `sok`, is asked about
first. Everything else is a POST with the session's token. Parameters of this front begin with `_` and reach no
function.
"""

from __future__ import annotations

import hashlib
import hmac
import traceback
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from sandbox.browser import drawing, words
from sandbox.browser.visit import NOT_KEPT, Visit, in_an_address
from sandbox.core import callers, dispatch, texts
from sandbox.core.answer import Answer
from sandbox.core.errors import PanelError
from sandbox.core.request import ANONYMOUS, Caller, Origin, Request

if TYPE_CHECKING:
    from sandbox.core.panel import Panel

METHODS = ("GET", "HEAD", "POST")
ACTING = ("sok", "clicked_button", "sv_field")
"""Parameters that make a form do more than show itself (platform.md 1.1)."""


def wanted(params: Mapping[str, str], origin: Origin) -> bool:
    """A page for people: no other format asked for, no credentials in the call, and a program that reads HTML."""
    machine = any(name in params for name in ("authinfo", "auth")) or params.get("out", "html") not in ("", "html")
    return not machine and "text/html" in origin.headers.get("Accept", "")


def handle(panel: Panel, params: dict[str, str], origin: Origin, lang: str) -> Answer:
    """The page for a request; a mistake in drawing one is logged whole, and said."""
    if origin.method not in METHODS:
        return Answer(b"", "text/html", 405, headers=(("Allow", ", ".join(METHODS)),))
    try:
        return _handle(panel, params, origin, lang)
    except Exception:  # noqa: BLE001  (the boundary: see the docstring)
        panel.log.failure("front", traceback.format_exc())
        own = words.own(lang)
        return drawing.page("failed.html", 500, lang=lang, panel=panel.name, w=own)


def _handle(panel: Panel, params: dict[str, str], origin: Origin, lang: str) -> Answer:
    own = {name: value for name, value in params.items() if name.startswith("_")}
    call = {
        name: value.replace("\r\n", "\n")  # which a browser makes of every line's end
        for name, value in params.items()
        if not name.startswith("_") and name not in ("out", "lang")
    }
    if own.get("_lang") in texts.LANGUAGES:
        back = {"_back": own["_back"]} if own.get("_back") else {}
        return redirect({**call, **back}, headers=(_remembered(own["_lang"]),))
    if call.get("func") in ("auth", "logon"):
        return _log_in(panel, call, origin, lang)
    caller, over = _caller(panel, origin)
    if caller.level == 0:
        return _login_page(panel, lang, _led_here(panel, call), words.own(lang)["session_over"] if over else "")
    token = token_of(origin.session)
    if origin.method == "POST" and not hmac.compare_digest(own.get("_token", "").encode(), token.encode()):
        return Visit(panel, caller, origin, lang, token).notice(words.own(lang)["stale"], status=403)
    if origin.method == "POST" and own.get("_press") == "logout":
        callers.close_session(panel, origin.session)
        return redirect({}, cookie="-")
    pressed, _, wanted = own.get("_press", "").partition("|")
    in_form = pressed == "lang" and wanted in texts.LANGUAGES  # so that what was entered stays
    answer = _visit(Visit(panel, caller, origin, wanted if in_form else lang, token), call, own, origin)
    return replace(answer, headers=(*answer.headers, _remembered(wanted))) if in_form else answer


def _remembered(lang: str) -> tuple[str, str]:
    return "Set-Cookie", f"billmgrlang5=plain:{lang}; Path=/; SameSite=Lax"


def _visit(visit: Visit, call: dict[str, str], own: Mapping[str, str], origin: Origin) -> Answer:
    if origin.method == "POST" and call.get("func"):
        return visit.press(call, own)
    if not call.get("func"):
        return visit.home()
    if any(call.get(name) for name in ACTING) or not visit.reads(call["func"]):
        return visit.ask(call)
    return visit.show(call, own)


def token_of(session: str) -> str:
    """Made from the session's secret, so it needs no place of its own and ends with the session."""
    return hmac.new(session.encode(), b"browser form", hashlib.sha256).hexdigest()[:32]


def redirect(call: Mapping[str, str], cookie: str = "", headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    # Not an empty query: some clients resolve that to the address that they came from.
    query = urlencode(call or {"func": ""})
    return Answer(b"", "text/html", 303, cookie, (("Location", f"?{query}"), *headers))


def _caller(panel: Panel, origin: Origin) -> tuple[Caller, bool]:
    """Who the cookie says it is, and whether a session is over."""
    if not origin.session:
        return ANONYMOUS, False
    try:
        return callers.by_session(panel, origin.session, origin.ip, ""), False
    except PanelError:
        return ANONYMOUS, True


def _log_in(panel: Panel, call: dict[str, str], origin: Origin, lang: str) -> Answer:
    """By name and password, or by a one-time key as the platform's links do (platform.md 3.2)."""
    following = dict(parse_qsl(call.get("next", "")))
    if not call.get("password") and not call.get("key"):
        return _login_page(panel, lang, following, words.own(lang)["no_password"] if "password" in call else "")
    params = {str(name): call[name] for name in ("username", "password", "key") if name in call}
    request = Request("auth", {**params, "func": "auth"}, ANONYMOUS, origin, lang, "html")
    document = dispatch.answer(panel, request)
    error = document.find("error")
    if error is not None:
        return _login_page(panel, lang, following, error.findtext("msg", ""), call.get("username", ""))
    session = document.find("auth")
    return redirect(following, cookie="" if session is None else session.get("id", ""))


def _led_here(panel: Panel, call: Mapping[str, str]) -> dict[str, str]:
    """What leads to a page again: nothing that was entered into its form, since an address is no place for that."""
    entered = {*panel.plugins.form_fields(call.get("func", "")), *NOT_KEPT} - {"func"}
    return in_an_address({name: value for name, value in call.items() if name not in entered})


def _login_page(panel: Panel, lang: str, following: Mapping[str, str], error: str, user: str = "") -> Answer:
    kept = urlencode({name: value for name, value in following.items() if name not in ACTING})
    own = words.own(lang)
    return drawing.page("login.html", lang=lang, panel=panel.name, w=own, error=error, following=kept, user=user)

"""addon/reseller: the panel's functions that we answer (reference/platform.md 2).

A handler always exits with 0 and prints a document: a non-zero exit and broken XML are one and the same failure to the
panel, and hide what was wrong. Rights are checked here as well as in the metadata.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from reseller import process
from reseller.log import Log
from reseller.mgr5.panel import Panel
from reseller.pages.call import CLIENT_LEVEL, EMPLOYEE_LEVEL, Call
from reseller.wire import document, texts
from reseller.wire.errors import ResellerError

if TYPE_CHECKING:
    from reseller.wire.document import Element


def main(executable: str, environment: Mapping[str, str]) -> int:
    """Answer the function named in the environment."""
    process.bound()
    call = Call(Panel.of(executable), environment)
    try:
        handler, least = FUNCTIONS.get(call.func, (None, 0))
        if handler is None:
            raise ResellerError("reseller_function", object="func", value=call.func)
        if call.level < least:
            raise ResellerError("access", object="func", value=call.func)
        answer = handler(call)
    except ResellerError as error:
        answer = _error(call, error)
    except Exception as error:  # noqa: BLE001 - the panel must get a document, whatever happened; the log gets the rest
        answer = _error(call, Log(call.panel.base).unexpected(error))
    sys.stdout.buffer.write(document.dump(answer))
    return 0


def _checkevent(call: Call) -> Element:
    from reseller.sync import checkevent, metrics
    from reseller.sync.job import Mode

    mode = Mode(pending=call.text("pending") == "on", force=call.text("force") == "on")
    try:
        work = call.work
    except ResellerError:
        metrics.failed(call.panel)
        raise
    summary = checkevent.run(work, mode)
    return document.document(document.element("ok"), document.element("summary", str(summary)))


Handler = Callable[[Call], "Element"]


def _page(module: str, function: str = "show") -> Handler:
    """A page of reseller/pages, loaded when it is asked for."""

    def answer(call: Call) -> Element:
        page: Handler = getattr(import_module(f"reseller.pages.{module}"), function)
        return page(call)

    return answer


#: handler, and the least level that may call it
FUNCTIONS: dict[str, tuple[Handler, int]] = {
    "item.setremoteid": (_page("link_form", "setremoteid"), CLIENT_LEVEL),
    **{
        name: (handler, EMPLOYEE_LEVEL)
        for name, handler in {
            "checkevent": _checkevent,
            "reseller.checkevent": _checkevent,
            "reseller.services": _page("services_list"),
            "reseller.services.filter": _page("filter_form", "services"),
            "reseller.requests": _page("requests_list"),
            "reseller.requests.filter": _page("filter_form", "requests"),
            "reseller.check": _page("check_now"),
            "reseller.reorder": _page("reorder_form"),
            "reseller.link": _page("link_form", "link"),
            "reseller.unlink": _page("link_form", "unlink"),
            "reseller.swap": _page("swap_form", "away"),
            "reseller.swap.back": _page("swap_form", "back"),
            "reseller.report": _page("report"),
        }.items()
    },
}


def _error(call: Call, error: ResellerError) -> Element:
    said = texts.word(call.panel.base, error, call.lang)
    return document.document(document.error_element(error, said, call.lang))

"""The functions `checkevent`, `reseller.checkevent` and `reseller.checkevent.force`: start a run of checkevent now.

The last one lets refused changes through.
"""

from __future__ import annotations

from reseller.log import Log
from reseller.pages.call import Call
from reseller.sync import checkevent, metrics
from reseller.sync.job import ALL, Mode
from reseller.wire import document, texts
from reseller.wire.errors import ResellerError

FORCE = "reseller.checkevent.force"


def show(call: Call) -> document.Element:
    """One run; `pending=on` processes only open work. Raises ResellerError `reseller_own_function` for `force`.

    That of `reseller.checkevent.force` goes past all limits of a day: it makes the refused changes and buys the terms
    held back.
    """
    if call.func == FORCE:
        mode = Mode(force=ALL)
    else:
        call.require_own("force", FORCE)
        mode = Mode(pending=call.text("pending") == "on")
    try:
        context = call.context
    except ResellerError as error:
        metrics.failed(call.panel)
        Log(call.panel.base).error(f"checkevent: no run could start: {texts.word(call.panel.base, error)}")
        raise
    summary = checkevent.run(context, mode)
    return document.document(document.element("ok"), document.element("summary", str(summary)))

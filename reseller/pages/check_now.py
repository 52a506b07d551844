"""The button `reseller.check`: look at the marked services now, as checkevent does."""

from __future__ import annotations

from reseller.pages import several
from reseller.pages.call import Call, done
from reseller.sync import check_now
from reseller.wire import document


def show(call: Call) -> document.Element:
    """Look at each service.

    A group button is called once for each marked row, or once for all (platform.md 2.2).
    """
    several.each(call, several.chosen(call.numbers("elid")), lambda number: check_now.now(call.context, number))
    return done()

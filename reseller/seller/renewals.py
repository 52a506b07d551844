"""Renewing one remote service, and seeing to it that the seller does not (selling-api.md 4.1, 4.2)."""

from __future__ import annotations

import datetime as dt

from reseller.seller import changes
from reseller.seller.transport import Transport
from reseller.wire import dates, document
from reseller.wire.errors import Ambiguous


def promise(transport: Transport, remote: str, period: str) -> dt.date | None:
    """The date that renewing by `period` months would lead to, by the form without `sok`; None if it does not say.

    Raises SellerError, among them Ambiguous for what is no date.
    """
    form = transport.call("service.prolong", {"elid": remote, "period": period})
    try:
        return dates.parse(document.text(form, "newexpiredate") or document.text(form, "doc/newexpiredate"))
    except dates.NotADate as error:
        what = f"a new date that is none: {error}"
        raise Ambiguous("reseller_bad_answer", what=what, url=transport.endpoint) from error


def prolong(transport: Transport, remote: str, period: str, seconds: int) -> None:
    """Renew: charges the account at once, and is not idempotent (selling-api.md 4.1)."""
    fields = {"elid": remote, "period": period, "skipbasket": "on", "clicked_button": "finish", "sok": "ok"}
    transport.call("service.prolong", fields, seconds=seconds, spends=True)


def no_autoprolong(transport: Transport, itemtype: str, remote: str) -> None:
    """Switch the seller's own renewal off: this side renews, and both would charge; raises SellerError."""
    changes.relabel(transport, itemtype, remote, {"autoprolong": "null"})

"""Renew one remote service, and switch off the seller's automatic renewal (selling-api.md 4.1, 4.2)."""

from __future__ import annotations

import datetime as dt

from reseller.assumption import answers
from reseller.seller import changes
from reseller.seller.transport import Transport
from reseller.wire import dates, document
from reseller.wire.errors import Ambiguous

#: without this date a renewal is only known by the service's own date (selling-api.md 4.1)
ASSUMED = answers("service.prolong", "newexpiredate|doc/newexpiredate", "selling-api.md 4.1")


def promise(transport: Transport, remote: str, period: str) -> dt.date | None:
    """The date to which renewing by `period` months would lead, from the form without `sok`; None if it is not shown.

    Raises SellerError; Ambiguous for a value that is no date.
    """
    form = transport.call("service.prolong", {"elid": remote, "period": period})
    try:
        return dates.parse(document.text(form, "newexpiredate") or document.text(form, "doc/newexpiredate"))
    except dates.NotADate as error:
        what = f"a new date that is none: {error}"
        raise Ambiguous("reseller_bad_answer", what=what, url=transport.endpoint) from error


def periods(transport: Transport, remote: str) -> tuple[str, ...]:
    """The periods by which the service may be renewed, as its form without `sok` lists them (selling-api.md 4.1); none
    where it lists none. Raises SellerError.
    """
    form = transport.call("service.prolong", {"elid": remote})
    return tuple(key for node in form.iterfind("slist[@name='period']/*") if (key := node.get("key", "")))


def prolong(transport: Transport, remote: str, period: str, seconds: int) -> None:
    """Renew the service; the seller charges the account at once. Not idempotent (selling-api.md 4.1).

    Raises SellerError.
    """
    fields = {"elid": remote, "period": period, "skipbasket": "on", "clicked_button": "finish", "sok": "ok"}
    transport.call("service.prolong", fields, seconds=seconds, spends=True)


def no_autoprolong(transport: Transport, itemtype: str, remote: str) -> None:
    """Switch off the seller's automatic renewal, since we renew and both would charge; raises SellerError."""
    changes.relabel(transport, itemtype, remote, {"autoprolong": "null"})

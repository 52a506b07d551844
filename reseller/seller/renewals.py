"""Renewing one remote service, and seeing to it that the seller does not (reference/selling-api.md 4.1, 4.2)."""

from __future__ import annotations

from reseller.seller.transport import Transport
from reseller.wire import document


def promise(transport: Transport, remote: str, period: str) -> str:
    """The date that renewing by `period` months would lead to, by the form without `sok`; empty if it does not say."""
    form = transport.call("service.prolong", {"elid": remote, "period": period})
    return document.text(form, "newexpiredate") or document.text(form, "doc/newexpiredate")


def prolong(transport: Transport, remote: str, period: str, seconds: int) -> None:
    """Renew: charges the account at once, and is not idempotent (selling-api.md 4.1)."""
    fields = {"elid": remote, "period": period, "skipbasket": "on", "clicked_button": "finish", "sok": "ok"}
    transport.call("service.prolong", fields, seconds=seconds, spends=True)


def no_autoprolong(transport: Transport, itemtype: str, remote: str) -> None:
    """Switch the seller's own renewal off: this side renews, and both would charge; raises SellerError."""
    transport.call(f"{itemtype}.edit", {"elid": remote, "autoprolong": "null", "sok": "ok"})

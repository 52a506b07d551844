"""The state of one remote service, and the calls that change it (reference/selling-api.md 4.1, 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

from reseller.model import Status
from reseller.seller.services import read_one
from reseller.seller.transport import Transport
from reseller.wire import document
from reseller.wire.errors import Rejected

#: who but the buyer can have suspended a service, as `item_status` spells it; not to be undone by the buyer
STAFF_SUSPENSIONS = ("employeesuspend", "abusesuspend")


@dataclass(frozen=True)
class View:
    """What the seller says of a service now; `suspended_by` is one of STAFF_SUSPENSIONS or empty."""

    exists: bool
    status: int = 0
    suspended_by: str = ""
    expiredate: str = ""


def view(transport: Transport, itemtype: str, remote: str) -> View:
    """Read the service's form; raises SellerError. A service that the seller says is missing does not exist."""
    try:
        form = read_one(transport, itemtype, remote)
    except Rejected as error:
        if error.seller_type in ("missed", "item_not_exists"):
            return View(exists=False)
        raise
    status = document.text(form, "status")
    number = int(status) if status.isdigit() else 0
    # item_status is composite and its XML unknown (selling-api.md 5.2): its words are looked for, not its shape.
    node = form.find("item_status")
    words = "" if node is None else " ".join(str(word) for word in (*node.itertext(), *(child.tag for child in node)))
    by = next((who for who in STAFF_SUSPENSIONS if number == Status.SUSPENDED and who in words), "")
    return View(number != Status.DELETED, number, by, document.text(form, "expiredate"))


def change(transport: Transport, itemtype: str, remote: str, verb: str) -> None:
    """`suspend`, `resume` or `delete`; what it answers says nothing but "not refused" (selling-api.md 4.3)."""
    transport.call(f"{itemtype}.{verb}", {"elid": remote, "sok": "ok"})


def promise(transport: Transport, remote: str, period: str) -> str:
    """The date that renewing by `period` months would lead to, by the form without `sok`; empty if it does not say."""
    form = transport.call("service.prolong", {"elid": remote, "period": period})
    return document.text(form, "newexpiredate") or document.text(form, "doc/newexpiredate")


def prolong(transport: Transport, remote: str, period: str, seconds: int) -> None:
    """Renew: charges the account at once, and is not idempotent (selling-api.md 4.1)."""
    fields = {"elid": remote, "period": period, "skipbasket": "on", "clicked_button": "finish", "sok": "ok"}
    transport.call("service.prolong", fields, seconds=seconds)

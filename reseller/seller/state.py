"""The state of one remote service, and the calls that change it (reference/selling-api.md 4.1, 4.3)."""

from __future__ import annotations

import re
from typing import NamedTuple

from reseller.model import Status
from reseller.seller.services import read_one
from reseller.seller.transport import Transport
from reseller.wire import document
from reseller.wire.errors import Rejected

#: who but the buyer can have suspended a service, as `item_status` spells it; not to be undone by the buyer
STAFF_SUSPENSIONS = ("employeesuspend", "abusesuspend")

#: sub-statuses of a service that the seller has something under way for, such as `2_reboot` or `5_open`
_RUNNING = re.compile(rf"(?:{Status.ACTIVE}|{Status.PROCESSING})_([a-z_]+)")

#: what `autoprolong` says when the seller does not renew by itself (reference/selling-api.md 4.2)
NO_RENEWAL = ("", "null", "off", "0")


class View(NamedTuple):
    """What the seller says of a service now; `suspended_by` is one of STAFF_SUSPENSIONS or empty."""

    exists: bool
    status: int = 0
    suspended_by: str = ""
    expiredate: str = ""
    #: months by which the seller renews the service itself, empty when it does not
    autoprolong: str = ""
    #: what the seller is doing with it, as far as it tells, or empty
    running: str = ""
    #: the licence key, empty where there is none yet
    key: str = ""

    @property
    def is_busy(self) -> bool:
        """Whether the seller has something under way there: status 5, or 2 with a sub-status such as `2_reboot`."""
        return self.exists and (self.status == Status.PROCESSING or bool(self.running))

    def may_be_at(self, verb: str) -> bool:
        """Whether what is under way may be this, as far as the form tells."""
        return self.is_busy and self.running in ("", verb)


def view(transport: Transport, itemtype: str, remote: str) -> View:
    """Read the service's form; raises SellerError. A service that the seller says is missing does not exist."""
    try:
        return view_of(read_one(transport, itemtype, remote))
    except Rejected as error:
        if is_missing(error):
            return View(exists=False)
        raise


def is_missing(error: Rejected) -> bool:
    """Whether the seller says that there is no such service (any more), and not that there is no such function."""
    function = error.seller_type == "missed" and error.seller_object in ("func", "function", "action")
    return error.seller_type in ("missed", "item_not_exists") and not function


def view_of(form: document.Element) -> View:
    """What an edit form says of its service."""
    status = document.text(form, "status")
    number = int(status) if status.isdigit() else 0
    # item_status is composite and its XML unknown (selling-api.md 5.2): its words are looked for, not its shape.
    node = form.find("item_status")
    words = "" if node is None else " ".join(str(word) for word in (*node.itertext(), *(child.tag for child in node)))
    by = next((who for who in STAFF_SUSPENSIONS if number == Status.SUSPENDED and who in words), "")
    running = _RUNNING.search(words)
    return View(
        exists=number != Status.DELETED,
        status=number,
        suspended_by=by,
        expiredate=document.text(form, "expiredate"),
        autoprolong=autoprolong(form),
        running=running.group(1) if running else "",
        key=document.text(form, "lickey"),
    )


def autoprolong(form: document.Element) -> str:
    """Months by which the seller renews the service of this form by itself, empty when it does not."""
    months = document.text(form, "autoprolong")
    return "" if months in NO_RENEWAL else months


def change(transport: Transport, itemtype: str, remote: str, verb: str) -> None:
    """`suspend`, `resume` or `delete`; what it answers says nothing but "not refused" (selling-api.md 4.3)."""
    transport.call(f"{itemtype}.{verb}", {"elid": remote, "sok": "ok"})

"""Controls of a service at the seller: state, power, password, licence key (selling-api.md 4.2, 4.3).

An answer only says that the call was not refused; the effect is read from the service's form (service.py).
"""

from __future__ import annotations

from reseller.seller.transport import Transport
from reseller.wire import checked, document


def change_state(transport: Transport, itemtype: str, remote: str, verb: str) -> None:
    """Send `suspend`, `resume` or `delete`; raises SellerError."""
    transport.call(f"{itemtype}.{verb}", {"elid": remote, "sok": "ok"}, changes=True)


def power(transport: Transport, remote: str, verb: str) -> None:
    """Send `start`, `stop`, `reboot` or `hardreboot`; raises SellerError.

    The first two are absolute; the others take effect each time they arrive.
    """
    transport.call(f"service.{verb}", {"elid": remote}, changes=True)


def change_password(transport: Transport, remote: str, password: str) -> None:
    """Set the service's password; sending the same one again changes nothing. Raises SellerError."""
    secrets = {"passwd": password, "confirm": password}
    transport.call("service.changepassword", {"elid": remote, "sok": "ok"}, secrets=secrets, changes=True)


def new_key(transport: Transport, itemtype: str, remote: str) -> str:
    """Have a licence's key replaced, which the seller counts; the new key, empty if the answer does not have it yet."""
    fields = {"elid": remote, "clicked_button": "newkey", "sok": "ok"}
    answer = transport.call(f"{itemtype}.edit", fields, changes=True)
    return checked.secret(document.text(answer, "lickey") or document.text(answer, "doc/lickey"))

"""What a client does with a service at the seller: state, power, password, licence key (selling-api.md 4.2, 4.3).

Answers say nothing but "not refused"; what counts is what the service's form shows (service.py).
"""

from __future__ import annotations

from reseller.seller.transport import Transport
from reseller.wire import claims, document


def change_state(transport: Transport, itemtype: str, remote: str, verb: str) -> None:
    """`suspend`, `resume` or `delete`; raises SellerError."""
    transport.call(f"{itemtype}.{verb}", {"elid": remote, "sok": "ok"}, changes=True)


def power(transport: Transport, remote: str, verb: str) -> None:
    """`start`, `stop`, `reboot` or `hardreboot`; the first two are absolute, the others act each time they arrive."""
    transport.call(f"service.{verb}", {"elid": remote}, changes=True)


def change_password(transport: Transport, remote: str, password: str) -> None:
    """Give the service a new password; the same one again changes nothing."""
    secrets = {"passwd": password, "confirm": password}
    transport.call("service.changepassword", {"elid": remote, "sok": "ok"}, secrets=secrets, changes=True)


def new_key(transport: Transport, itemtype: str, remote: str) -> str:
    """Have a licence's key replaced, which the seller counts; the new key, empty where it is not there yet."""
    fields = {"elid": remote, "clicked_button": "newkey", "sok": "ok"}
    answer = transport.call(f"{itemtype}.edit", fields, changes=True)
    return claims.secret(document.text(answer, "lickey") or document.text(answer, "doc/lickey"))

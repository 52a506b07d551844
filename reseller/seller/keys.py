"""Our key on a remote service, its `remoteid`: read, set, taken off (reference/reselling.md 5, selling-api.md 4.2)."""

from __future__ import annotations

from typing import NamedTuple

from reseller.model import Status
from reseller.seller.services import read_one
from reseller.seller.transport import Transport
from reseller.wire import document
from reseller.wire.errors import Rejected

SETTER = "item.setremoteid"
_ABSENT = ("missed", "item_not_exists")


class Keyed(NamedTuple):
    """A remote service as linking sees it; `key` is None where the seller does not show it."""

    itemtype: str
    remote: str
    status: int
    key: str | None
    name: str
    pricelist: str
    expiredate: str
    tariff: str = ""
    address: str = ""

    @property
    def item(self) -> str:
        """The service here that the key names, empty without one."""
        return (self.key or "").partition("-")[0]


NOTHING = Keyed("", "", 0, None, "", "", "")


def find(transport: Transport, itemtype: str, remote: str) -> Keyed | None:
    """The service of this type with this number, None when the seller has none that lives; raises SellerError."""
    try:
        form = read_one(transport, itemtype, remote)
    except Rejected as error:
        if error.seller_type in _ABSENT:
            return None
        raise
    status = document.text(form, "status")
    names = (document.text(form, column) for column in ("domain", "licname", "name"))
    found = Keyed(
        itemtype,
        remote,
        int(status) if status.isdigit() else 0,
        document.text(form, "remoteid") if form.find("remoteid") is not None else None,
        next(filter(None, names), ""),
        document.text(form, "pricelist"),
        document.text(form, "expiredate"),
        document.text(form, "pricelist_name"),
        document.text(form, "ip"),
    )
    return None if found.status == Status.DELETED else found


def set_key(transport: Transport, itemtype: str, remote: str, key: str) -> None:
    """Set it, or take it off with an empty key; absolute, so it may be repeated. Raises SellerError.

    The seller's own function does it, the edit form where there is no such function.
    """
    try:
        transport.call(SETTER, {"elid": remote, "value": key, "sok": "ok"})
    except Rejected as error:
        if error.seller_type not in ("missed", "access") or error.seller_object not in ("", "func", "function", SETTER):
            raise
        transport.call(f"{itemtype}.edit", {"elid": remote, "remoteid": key, "sok": "ok"})

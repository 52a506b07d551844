"""A licence that changes hands at the seller: its form, name and address (reference/selling-api.md 4.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from reseller.seller import state
from reseller.seller.services import read_one
from reseller.seller.state import View
from reseller.seller.transport import Transport
from reseller.wire import document
from reseller.wire.errors import Rejected

#: period of a trial, which cannot be renewed (reference/reselling.md 8.1)
TRIAL = "-100"


@dataclass(frozen=True)
class Licence:
    """What the form says of a licence."""

    view: View
    licname: str = ""
    ip: str = ""
    remoteid: str = ""
    pricelist: str = ""
    period: str = ""
    addons: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Of its key, for the ledger: enough to see that it is another. Empty without a key."""
        return hashlib.sha256(self.view.key.encode()).hexdigest() if self.view.key else ""


def read(transport: Transport, itemtype: str, remote: str) -> Licence:
    """The licence; one that the seller says is missing does not exist. Raises SellerError."""
    try:
        form = read_one(transport, itemtype, remote)
    except Rejected as error:
        if state.is_missing(error):
            return Licence(View(exists=False))
        raise
    texts = {name: document.text(form, name) for name in ("licname", "ip", "remoteid", "pricelist", "period")}
    addons = {
        str(node.tag).partition("_")[2]: (node.text or "").strip()
        for node in form
        if str(node.tag).startswith("addon_") and str(node.tag).partition("_")[2].isdigit()
    }
    return Licence(state.view_of(form), addons=addons, **texts)


def edit(transport: Transport, itemtype: str, remote: str, fields: Mapping[str, str]) -> None:
    """Change fields of the form; a change of name, address or `remoteid` is not charged."""
    transport.call(f"{itemtype}.edit", {**fields, "elid": remote, "sok": "ok"})

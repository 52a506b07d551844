"""Meeting a seller's account at an address that was never used: is it one that we know?

It is, by its own id there under another user or another spelling; and under another name of its host, when three of our
remote services show their keys there, each with eight random digits that nobody else has. What was found is recorded,
so that the question is asked once for each address.

And is it this very panel? A module that buys from its own panel orders its own orders, without end. A session that was
opened at the seller proves it: when this panel, asked by its own mgrctl whose session that is, names the same user, the
two are one, whatever the address is called. Nothing is handed to the seller for it that opens anything here.
"""

from __future__ import annotations

from collections.abc import Collection

from reseller.context import Context
from reseller.db import Database
from reseller.ledger import accounts
from reseller.ledger.accounts import Address
from reseller.seller import account, service
from reseller.seller.transport import Transport
from reseller.wire import document
from reseller.wire.errors import PanelError, Rejected, ResellerError

#: as many of our keys prove that another host is the same seller
KEYS = 3


def of(db: Database, transport: Transport, username: str, own_id: str = "") -> int:
    """The ledger's number of the account that `transport` leads to; raises SellerError.

    `own_id` is the account's own there, asked for where it is not given.
    """
    address = Address.of(transport.endpoint, username, own_id or account.own_id(transport))
    known = accounts.of_address(db, address) or accounts.of_identity(db, address) or _alias(db, transport, address)
    if not known:
        return accounts.number(db, transport.endpoint, username, address.own_id)
    accounts.record(db, address, known)
    return known


def _alias(db: Database, transport: Transport, address: Address) -> int:
    """The account that this one is under another name of its host, 0 when that cannot be shown."""
    candidates = accounts.possible(db, address)
    shown = accounts.with_links(db, KEYS) if candidates else {}
    return next((each for each in candidates if each in shown and _shows(transport, shown[each])), 0)


def _shows(transport: Transport, keys: Collection[tuple[str, str, str]]) -> bool:
    """Whether each of these remote services is there and carries its key."""
    try:
        return all(service.read(transport, itemtype, remote).key == key for itemtype, remote, key in keys)
    except Rejected:
        return False


def require_other_panel(context: Context, transport: Transport, number: int, *, anew: bool = False) -> None:
    """Raises ResellerError `reseller_own_panel` for an account of this very panel; SellerError, PanelError.

    Asked once for each account, and `anew` where somebody saves settings: a name may lead elsewhere by now.
    """
    own = None if anew else accounts.is_own_panel(context.db, number)
    if own is None:
        own = _knows_session(context, transport)
        accounts.save_own_panel(context.db, number, own=own)
    if own:
        raise ResellerError("reseller_own_panel", object="url", url=transport.endpoint)


def _knows_session(context: Context, transport: Transport) -> bool:
    """Whether a session that was opened at the seller is one of the same user here."""
    session = document.text(transport.call("auth"), "auth")
    there = account.whoami(transport)
    if not session:
        return False
    try:
        here = context.mgrctl.call("whoami", secrets={"auth": session}).find("user")
    except PanelError as error:
        if error.panel_type in ("client", "timeout"):
            raise
        return False
    # A panel that passes over the session answers for root, who is no client.
    return here is not None and all(here.get(name) == there.get(name) for name in ("id", "name", "level"))

"""Recognise a seller's account at an address that was never used before, and refuse an account of this very panel.

The account is a known one if the seller gives the same account id under another user or another spelling of the
address. Under another host name it is a known one if three of our remote services show their keys there, each with
eight random digits that nobody else has. The result is recorded, so that the question is asked once for each address.

A module that buys from its own panel would order its own orders, without end. A session opened at the seller proves
that: when this panel, asked through its own mgrctl whose session it is, names the same user, the two are one panel,
whatever the address is called. The seller is given nothing that would open anything here.
"""

from __future__ import annotations

import contextlib

from reseller.context import Context
from reseller.db import Database
from reseller.ledger import accounts
from reseller.ledger.accounts import Address
from reseller.seller import account, service
from reseller.seller.transport import Transport
from reseller.wire import document
from reseller.wire.errors import PanelError, Rejected, ResellerError

#: so many of our keys, shown by another host, prove that it is the same seller
KEYS = 3


def of(db: Database, transport: Transport, username: str, own_id: str = "") -> int:
    """The ledger's number of the account that `transport` leads to, a new one if it is not known; raises SellerError.

    `own_id` is the account's id at the seller; the seller is asked for it where it is not given.
    """
    address = Address.of(transport.endpoint, username, own_id or account.own_id(account.whoami(transport)))
    known = accounts.of_address(db, address) or accounts.of_identity(db, address)
    candidates = [] if known else accounts.possible(db, address)
    linked = accounts.with_links(db, KEYS) if candidates else {}
    for each in candidates:
        # The address is another host name of this account if each of these remote services carries its key there.
        keys = linked.get(each)
        with contextlib.suppress(Rejected):
            if keys and all(service.read(transport, itemtype, remote).key == key for itemtype, remote, key in keys):
                known = each
                break
    if not known:
        return accounts.number(db, transport.endpoint, username, address.own_id)
    accounts.record(db, address, known)
    return known


def require_other_panel(context: Context, transport: Transport, number: int, *, anew: bool = False) -> None:
    """Raise ResellerError `reseller_own_panel` for an account of this very panel; raises SellerError, PanelError.

    The answer is recorded for each account; it is found out `anew` when somebody saves settings, since a host name may
    lead elsewhere by now.
    """
    own = None if anew else accounts.is_own_panel(context.db, number)
    if own is None:
        own = _knows_session(context, transport)
        accounts.save_own_panel(context.db, number, own=own)
    if own:
        raise ResellerError("reseller_own_panel", object="url", url=transport.endpoint)


def _knows_session(context: Context, transport: Transport) -> bool:
    """Whether this panel recognises a session that was opened at the seller, as one of the same user."""
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
    # A panel that ignores the session answers for root, who is no client.
    return here is not None and all(here.get(name) == there.get(name) for name in ("id", "name", "level"))

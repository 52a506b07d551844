"""The account we buy with: who it is, what it has, and what the seller lets it do."""

from __future__ import annotations

from typing import NamedTuple

from reseller.model import Balance
from reseller.seller import orders
from reseller.seller.transport import Transport
from reseller.wire import document, money
from reseller.wire.errors import Rejected, ResellerError

CLIENT_LEVEL = 16


class Account(NamedTuple):
    """What the connection check found; `generations` maps a type to the order function generation to use."""

    name: str
    balance: Balance
    generations: dict[str, str]


def check(transport: Transport, itemtypes: tuple[str, ...]) -> Account:
    """Log in, make sure it is a client account, read its money, and probe the order functions.

    Raises SellerError with what is wrong in words, `reseller_not_client` for an employee's account, or
    `reseller_no_orders` when no type can be ordered.
    """
    user = transport.call("whoami").find("user")
    if user is None:
        raise ResellerError("reseller_no_account", url=transport.endpoint)
    level = user.get("level", "")
    if level != str(CLIENT_LEVEL):
        raise ResellerError("reseller_not_client", object="username", value=user.get("name", ""), level=level)
    found = {itemtype: orders.preferred(itemtype, orders.probe(transport, itemtype)) for itemtype in itemtypes}
    generations = {itemtype: generation for itemtype, generation in found.items() if generation}
    if not generations:
        raise ResellerError("reseller_no_orders", types=", ".join(itemtypes))
    return Account(user.get("name", ""), read_balance(transport), generations)


def read_balance(transport: Transport) -> Balance:
    """The account's money: `subaccount` where the account may list it, `whoami` otherwise (selling-api.md 6)."""
    try:
        elem = transport.call("subaccount").find("elem")
    except Rejected:
        elem = None
    if elem is not None:
        shown = document.text(elem, "balance")
        currency = document.text(elem, "currency") or _currency(shown)
    else:
        user = transport.call("whoami").find("user")
        shown = "" if user is None else user.get("balance", "")
        currency = _currency(shown)
    amount = money.parse(shown)
    return Balance("" if amount is None else str(amount), currency)


def _currency(shown: str) -> str:
    """The letters after the amount, `EUR` in `5.00 EUR`."""
    words = [word for word in shown.split() if word.isalpha()]
    return words[0] if words else ""

"""The account we buy with: who it is, what it has, and what the seller lets it do."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from reseller.model import CURRENCY_CHARACTERS, Balance
from reseller.seller import orders
from reseller.seller.transport import Transport
from reseller.wire import document, money
from reseller.wire.bounds import PAGE
from reseller.wire.errors import Rejected, ResellerError
from reseller.wire.texts import fit

CLIENT_LEVEL = 16


class Account(NamedTuple):
    """What the connection check found; `generations` maps a type to the order function generation to use."""

    name: str
    own_id: str
    balance: Balance
    generations: dict[str, str]


def check(transport: Transport, itemtypes: tuple[str, ...]) -> Account:
    """Log in, make sure it is a client account, read its money, and probe the order functions.

    Raises SellerError with what is wrong in words, `reseller_not_client` for an employee's account, or
    `reseller_no_orders` when no type can be ordered.
    """
    user = whoami(transport)
    level = user.get("level", "")
    if level != str(CLIENT_LEVEL):
        raise ResellerError("reseller_not_client", object="username", value=user.get("name", ""), level=level)
    found = {itemtype: orders.preferred(itemtype, orders.probe(transport, itemtype)) for itemtype in itemtypes}
    generations = {itemtype: generation for itemtype, generation in found.items() if generation}
    if not generations:
        raise ResellerError("reseller_no_orders", types=", ".join(itemtypes))
    return Account(user.get("name", ""), _own_id(user), read_balance(transport), generations)


def whoami(transport: Transport) -> document.Element:
    """The user that we are at the seller; raises SellerError, or ResellerError `reseller_no_account`."""
    user = transport.call("whoami").find("user")
    if user is None:
        raise ResellerError("reseller_no_account", url=transport.endpoint)
    return user


def own_id(transport: Transport) -> str:
    """The account's own id at the seller; raises as whoami()."""
    return _own_id(whoami(transport))


def _own_id(user: document.Element) -> str:
    """Of the account, which may have several users; of the user where the seller does not name its account."""
    found = user.get("account", "")
    return found or f"user {user.get('id') or user.get('name', '')}"


def read_balance(transport: Transport, currency: str = "") -> Balance:
    """The account's money: `subaccount` where the account may list it, `whoami` otherwise (selling-api.md 6).

    An account may have a row for each currency: the one in `currency` is meant, the first where none is asked for.
    """
    try:
        rows = [_of_row(elem) for elem in transport.call("subaccount", bounds=PAGE).iterfind("elem")]
    except Rejected:
        rows = []
    if rows:
        return next((row for row in rows if row.currency == currency), rows[0])
    user = transport.call("whoami").find("user")
    shown = "" if user is None else user.get("balance", "")
    return _balance(money.parse(shown), _currency(shown))


def _of_row(elem: document.Element) -> Balance:
    shown = document.text(elem, "balance")
    return _balance(money.of(elem.find("balance")), document.text(elem, "currency") or _currency(shown))


def _balance(amount: Decimal | None, currency: str) -> Balance:
    return Balance("" if amount is None else str(amount), fit(currency, CURRENCY_CHARACTERS))


def _currency(shown: str) -> str:
    """The letters after the amount, `EUR` in `5.00 EUR`."""
    words = [word for word in shown.split() if word.isalpha()]
    return words[0] if words else ""

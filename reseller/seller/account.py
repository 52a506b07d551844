"""The seller account that we buy with: its identity, its balance, and the order functions that it may use."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import NamedTuple

from reseller.assumption import EVERYTHING, answers
from reseller.model import CLIENT_LEVEL, CURRENCY_CHARACTERS, Balance, Money
from reseller.seller import orders
from reseller.seller.transport import Transport
from reseller.wire import document, money
from reseller.wire.bounds import PAGE
from reseller.wire.errors import Rejected, ResellerError
from reseller.wire.texts import fit

#: what the answers have to contain (platform.md 4.2, selling-api.md 6)
ASSUMED = (
    *answers("whoami", "user@level user@account|user@id|user@name", "platform.md 4.2", EVERYTHING),
    *answers("subaccount", "elem/balance", "selling-api.md 6"),
)


class Account(NamedTuple):
    """The result of the connection check; `generations` maps a type to the generation of its order function."""

    name: str
    own_id: str
    balance: Balance
    generations: dict[str, str]


def check(transport: Transport, itemtypes: tuple[str, ...]) -> Account:
    """Log in, require a client account, read its balance, and probe the order functions of these types.

    Raises SellerError if a call fails, `reseller_not_client` for an employee's account, or `reseller_no_orders` if no
    type can be ordered.
    """
    user = whoami(transport)
    level = user.get("level", "")
    if level != str(CLIENT_LEVEL):
        raise ResellerError("reseller_not_client", object="username", value=user.get("name", ""), level=level)
    probed = {itemtype: orders.preferred(itemtype, orders.probe(transport, itemtype)) for itemtype in itemtypes}
    generations = {itemtype: generation for itemtype, generation in probed.items() if generation}
    if not generations:
        raise ResellerError("reseller_no_orders", types=", ".join(itemtypes))
    return Account(user.get("name", ""), own_id(user), read_balance(transport), generations)


def whoami(transport: Transport) -> document.Element:
    """The user that the seller takes us for; raises SellerError, or ResellerError `reseller_no_account`."""
    user = transport.call("whoami").find("user")
    if user is None:
        raise ResellerError("reseller_no_account", url=transport.endpoint)
    return user


def own_id(user: document.Element) -> str:
    """The account's own number at the seller, by its user, of which it may have several (whoami()).

    The number of the user if the seller does not name the account.
    """
    return user.get("account", "") or f"user {user.get('id') or user.get('name', '')}"


def read_money(transport: Transport) -> list[Money]:
    """All that an account has, by currency, with credit and reserved money where they are told; raises SellerError.

    From `subaccount`, else from `accountinfo`, which names the credit limit (additions-2.md b.8), else from `whoami`.
    """
    for function in ("subaccount", "accountinfo"):
        with contextlib.suppress(Rejected):
            found = [_money(elem) for elem in transport.call(function, bounds=PAGE).iterfind("elem")]
            rows = [row for row in found if row is not None]
            if rows:
                return rows
    told = read_balance(transport)
    return [Money(Decimal(told.amount), told.currency)] if told.amount else []


def _money(elem: document.Element) -> Money | None:
    amount = money.of(elem.find("balance"))
    letters = document.text(elem, "currency") or money.currency(document.text(elem, "balance"))
    if amount is None:
        return None
    credit = money.of(elem.find("creditlimit"))
    return Money(amount, fit(letters, CURRENCY_CHARACTERS), credit, money.of(elem.find("reserved")))


def read_balance(transport: Transport, currency: str = "") -> Balance:
    """The account's balance: from `subaccount` if the account may list it, else from `whoami` (selling-api.md 6).

    An account may have a row for each currency: the row in `currency` is returned, or the first if there is none.
    Raises SellerError.
    """
    rows: list[Balance] = []
    with contextlib.suppress(Rejected):
        for elem in transport.call("subaccount", bounds=PAGE).iterfind("elem"):
            letters = document.text(elem, "currency") or money.currency(document.text(elem, "balance"))
            rows.append(_balance(money.of(elem.find("balance")), letters))
    if rows:
        return next((row for row in rows if row.currency == currency), rows[0])
    user = transport.call("whoami").find("user")
    shown = "" if user is None else user.get("balance", "")
    return _balance(money.parse(shown), money.currency(shown))


def _balance(amount: Decimal | None, currency: str) -> Balance:
    return Balance("" if amount is None else str(amount), fit(currency, CURRENCY_CHARACTERS))

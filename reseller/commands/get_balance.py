"""getbalance: the money at the seller, stored where the panel shows and watches it (additions-2.md b.4, b.5).

The panel's column, its block on the first page and its message about a low balance have one figure for a module: what
can be spent, in the currency in which the module's account was read first. All currencies are kept in the ledger.
"""

from __future__ import annotations

import datetime as dt

from reseller.context import Context
from reseller.ledger import accounts, balances
from reseller.mgr5 import functions, items
from reseller.model import Money
from reseller.seller.account import read_money
from reseller.wire import numbers
from reseller.wire.errors import ResellerError


def save(context: Context, module: int) -> Money:
    """Read the account's money, and store it here and with the panel; the row of the account's main currency.

    Raises ResellerError `reseller_no_balance` if the seller tells none.
    """
    seller = context.seller(module)
    balances.save(context.db, seller.account, read_money(seller.transport))
    # The row in the currency in which the account pays, else the first.
    rows = balances.of(context.db, seller.account)
    currency = accounts.balance_of(context.db, seller.account)[0].currency
    main = next((row for row in rows if row.money.currency == currency), rows[0] if rows else None)
    if main is None:
        raise ResellerError("reseller_no_balance", object="module", value=module)
    now = dt.datetime.now(dt.timezone.utc)
    functions.save_balance(context.mgrctl, module, numbers.plain(main.available), main.money.currency, now)
    return main.money


def save_all(context: Context) -> None:
    """As save(), for every module of ours that is switched on; one that fails is logged and stops no other."""
    for module in items.modules(context.db):
        if items.is_active(context.db, module):
            try:
                save(context, module)
            except ResellerError as error:
                context.log.error(f"module {module}: getbalance: {context.word(error)}")

"""A person's word about charges of a seller that none of our requests explains: they are in order."""

from __future__ import annotations

from reseller.context import Context
from reseller.ledger import accounts, expenses, links, problems
from reseller.ledger.expenses import Unplanned
from reseller.ledger.problems import Cause
from reseller.lifecycle import problems as troubles
from reseller.wire.errors import ResellerError


def one(context: Context, module: int) -> list[Unplanned]:
    """The charges of a module's account that are not explained; raises ResellerError `reseller_not_unplanned` if there
    are none.
    """
    found = expenses.of(context.db, links.account_of(context.db, module))
    if not found:
        raise ResellerError("reseller_not_unplanned", object="module", value=module)
    return found


def accept(context: Context, module: int, until: int) -> list[Unplanned]:
    """Record that the charges up to number `until` are in order, and end the problem of the account if that is all of
    them; which they are.

    What has come since they were shown has a higher number, and is no part of the word. Raises as one(), also if none
    is so old, and BusyError while another process is at the account's charges.
    """
    number = links.account_of(context.db, module)
    with context.leased(f"expenses:{number}") as held:
        every = one(context, module)
        found = [each for each in every if each.expense.number <= until]
        if not found:
            raise ResellerError("reseller_not_unplanned", object="module", value=module)
        expenses.accept(context.db, number, [each.expense.number for each in found], str(context.caller))
        told = f"{accounts.name(context.db, number)}: {len(found)} charges up to {until}"
        context.note("expenses accept", told, module=module)
        if not expenses.of(context.db, number):
            troubles.end(context, held, Cause(problems.SELLER, number, problems.UNPLANNED))
    return found

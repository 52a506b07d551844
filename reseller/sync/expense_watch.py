"""Charges at the seller that belong to none of our requests: one problem of the account, looked for once a day.

The seller's list of charges is read from the newest one of the account's last look on, a bounded number of pages; the
first look only notes where the list ends, and one that could not read all leaves that as it was. A list that the
account may not read, or that does not name services, is no source: that is logged, and neither raises nor ends
anything. What is found is judged anew in each look, so that a charge of an order that was found late is explained by
it. DAYS after its day a charge is forgotten.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from reseller.context import Context, Seller
from reseller.ledger import accounts, expenses, links, observations, problems, terms
from reseller.ledger.expenses import Unplanned
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.model import Expense
from reseller.seller import expenses as charged
from reseller.seller.expenses import Read
from reseller.wire import dates, money, texts
from reseller.wire.errors import ResellerError

#: name of the cursor of when it was looked last
LOOKED = "expenses"
#: for how long a charge is told of
DAYS = 30
#: how many charges the problem names
NAMED = 10


def note(context: Context, held: Lease, module: int) -> None:
    """Look at the account's charges if it is time, and raise or end the problem; a seller that fails is only logged."""
    account = links.account_of(context.db, module)
    if not account or terms.looks_after(context.db, account) != module:
        return
    cause = Cause(problems.SELLER, account, problems.UNPLANNED)
    usual, is_raised = context.limits.expense_look_seconds, problems.of(context.db, cause) is not None
    if not usual:
        _keep(context, held, module, cause, [])
        return
    since = observations.seconds_since(context.db, module, LOOKED)
    if since is not None and since < (min(usual, context.limits.unlisted_seconds) if is_raised else usual):
        return
    observations.move_now(held, module, LOOKED)
    try:
        seller = context.seller(module)
        last = expenses.newest(context.db, account)
        read = _read(context, seller, last)
    except ResellerError as error:
        context.log.error(f"module {module}: charges not compared: {context.word(error)}")
        return
    if read is not None:
        _judge(context, held, account, () if last is None else read.rows, seller.transport.today)
        # Not before the charges are kept: a process that ends in between reads them once more.
        if read.is_whole and read.newest != last:
            expenses.read_to(held, account, read.newest)
        _keep(context, held, module, cause, expenses.of(context.db, account))


def _read(context: Context, seller: Seller, last: int | None) -> Read | None:
    """The charges after number `last`, None where the list is no source; raises SellerError."""
    module = seller.settings.module
    read = charged.since(seller.transport, last, context.limits.page_rows)
    if read is None:
        context.log.info(f"module {module}: the seller's charges do not name services and days, and are not compared")
    elif not read.is_whole:
        context.log.error(
            f"module {module}: the seller's charges are more than one look reads, or in no order; some of "
            f"{last or 0} to {read.newest} are unread, and the next look tries again; a larger page_rows reads more"
        )
    return read


def _judge(context: Context, held: Lease, account: int, found: Sequence[Expense], today: dt.date) -> None:
    """Keep what nothing explains, and forget what is explained by now, or is long ago."""
    kept = [each.expense for each in expenses.of(context.db, account)]
    first = today - dt.timedelta(days=DAYS)
    every = [*kept, *(each for each in found if each.day >= first)]
    lost = expenses.judge(context.db, account, every, is_shared=bool(context.limits.shared_account))
    if lost:
        expenses.put(held, account, lost)
    numbers_lost = {each.expense.number for each in lost}
    explained = [each.number for each in kept if each.number not in numbers_lost]
    if kept or found:
        expenses.drop(held, account, explained, first)


def _keep(context: Context, held: Lease, module: int, cause: Cause, found: Sequence[Unplanned]) -> None:
    with troubles.each(context):
        if not found:
            troubles.end(context, held, cause)
            return
        params = {
            "module": str(module),
            "account": accounts.name(context.db, cause.number),
            "count": str(len(found)),
            "days": str(DAYS),
            "charges": texts.some(found, NAMED, words),
        }
        touches = tuple(dict.fromkeys(each.item for each in found if each.item)) or tuple(
            links.some(context.db, module)
        )
        error = troubles.KINDS[problems.UNPLANNED].error
        troubles.raise_(context, held, Problem(cause, module, error, params, touches=touches))


def words(each: Unplanned) -> str:
    """A charge for a person: the remote service, the service here, amount, day and the seller's word for it."""
    expense, here = each.expense, f" (service {each.item})" if each.item else ""
    amount = money.text(expense.amount, expense.currency)
    return f"{expense.remote}{here}: {amount}, {dates.text(expense.day)}, {expense.operation or '?'}"

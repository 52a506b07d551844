"""Which charges of a seller a request of ours explains, and those that none does, kept until they are or are accepted.

A charge is explained by a request of ours that may have been charged and was sent for the same remote service within a
day of it, or by a service that is paid by the day, which the seller charges by itself. Several charges a request are
usual, since a seller may book each add-on for itself; so a second charge for one request is not seen here. Where other
panels buy with the account, a charge for a service that was never linked here is taken for theirs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from reseller.db import Database
from reseller.ledger import observations, requests
from reseller.ledger.leases import Lease
from reseller.model import DAY, Expense
from reseller.wire import numbers
from reseller.wire.texts import fit

ROWS_AT_ONCE = 500
#: the cursor of an account, beside those of modules: whichever module reads its charges goes on from here
_OF_ACCOUNTS, _NEWEST = 0, "expenses_newest %s"
_COLUMNS = "charge, remote, operation, day, amount, currency"
_WHO_CHARACTERS = 190


class Unplanned(NamedTuple):
    """A charge that nothing explains; `item` is the service here that is or was linked, 0 for none."""

    expense: Expense
    item: int


def judge(db: Database, account: int, found: Sequence[Expense], *, is_shared: bool) -> list[Unplanned]:
    """Those of these charges that nothing explains, the newest first; `is_shared`: other panels use the account too."""
    lost: list[Unplanned] = []
    for start in range(0, len(found), ROWS_AT_ONCE):
        part = _judge(db, account, found[start : start + ROWS_AT_ONCE])
        lost += [each for each in part if each.item or not is_shared]
    return sorted(lost, key=lambda each: -each.expense.number)


def _judge(db: Database, account: int, found: Sequence[Expense]) -> list[Unplanned]:
    if not found:
        return []
    rows = db.rows(
        "SELECT k.remote, k.item, COALESCE(i.period, 0) FROM reseller_link k LEFT JOIN item i ON i.id = k.item "
        "WHERE k.account = %s AND k.remote IN %s ORDER BY k.id",
        account,
        tuple({each.remote for each in found}),
    )
    linked = {remote: (item, period) for remote, item, period in rows}
    first = min(each.day for each in found) - dt.timedelta(days=1)
    # the days on which requests that may be charged were sent, by service
    sent: dict[int, set[dt.date]] = {}
    if rows:
        sql = "SELECT item, CAST(sent AS DATE) FROM reseller_request WHERE item IN %s AND sent >= %s AND kind IN %s"
        for item, day in db.rows(sql, tuple({item for _, item, _ in rows}), first, requests.CHARGED):
            sent.setdefault(item, set()).add(day)
    lost = []
    for each in found:
        item, period = linked.get(each.remote, (0, 0))
        own = {number for remote, number, _ in rows if remote == each.remote}
        is_asked = any(abs((day - each.day).days) <= 1 for number in own for day in sent.get(number, ()))
        if not is_asked and period != DAY and each.amount > 0:
            lost.append(Unplanned(each, item))
    return lost


def newest(db: Database, account: int) -> int | None:
    """The number of the newest charge of an account that was read; None before the first look."""
    known = observations.cursors(db, _OF_ACCOUNTS).get(_NEWEST % account)
    return None if known is None else numbers.whole(known)


def read_to(lease: Lease, account: int, number: int) -> None:
    """Record that the charges of an account are read and kept up to this number."""
    observations.move(lease, _OF_ACCOUNTS, _NEWEST % account, str(number))


def of(db: Database, account: int) -> list[Unplanned]:
    """The charges of an account that are kept and were not accepted, the newest first."""
    sql = f"SELECT {_COLUMNS}, item FROM reseller_expense WHERE account = %s AND accepted_by = '' ORDER BY charge DESC"  # noqa: S608
    return [Unplanned(Expense(*row[:6]), row[6]) for row in db.rows(sql, account)]


def put(lease: Lease, account: int, found: Sequence[Unplanned]) -> None:
    """Keep these charges of an account."""
    for start in range(0, len(found), ROWS_AT_ONCE):
        part = found[start : start + ROWS_AT_ONCE]
        marks = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)"] * len(part))
        with lease.writing() as db:
            db.execute(
                f"INSERT INTO reseller_expense (account, {_COLUMNS}, item) VALUES {marks} "  # noqa: S608
                "ON DUPLICATE KEY UPDATE item = VALUES(item)",
                *(value for each in part for value in (account, *each.expense, each.item)),
            )


def drop(lease: Lease, account: int, numbers: Sequence[int], before: dt.date) -> None:
    """Forget charges that are explained now, and all of earlier days."""
    with lease.writing() as db:
        db.execute(
            "DELETE FROM reseller_expense WHERE account = %s AND (day < %s OR charge IN %s)",
            account,
            before,
            tuple(numbers) or (0,),
        )


def accept(db: Database, account: int, numbers: Sequence[int], who: str) -> int:
    """Record a person's word that these charges are in order: how many. It takes no lease."""
    sql = "UPDATE reseller_expense SET accepted_by = %s WHERE account = %s AND charge IN %s AND accepted_by = ''"
    return db.execute(sql, fit(who, _WHO_CHARACTERS), account, tuple(numbers) or (0,))

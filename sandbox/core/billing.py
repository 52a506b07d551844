"""Money of an account, and the journal that cannot be changed afterwards.

A charge, its expense row, the service it pays for and the journal's row are one transaction: whatever breaks later, the
journal says what was sold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.core import history_texts
from sandbox.core.documents import money
from sandbox.core.errors import PanelError
from sandbox.schema import JOURNAL

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.request import Request


@dataclass(frozen=True)
class Entry:
    """What one row of the journal says, apart from who did it and when."""

    account: int
    item: int | None
    itemtype: str
    remoteid: str = ""
    amount: Decimal = Decimal(0)
    detail: str = ""
    charge: bool = False
    """A purchase, also one that costs nothing."""


@dataclass(frozen=True)
class Purse:
    """An account's money with one project."""

    id: int
    account: int
    balance: Decimal
    limit: Decimal
    currency: str
    floor: Decimal = Decimal(0)
    """Kept back without being named, as some sellers do."""

    @property
    def available(self) -> Decimal:
        return self.balance + self.limit - self.floor


def purse(tx: Tx, account: int, project: int = 1) -> Purse:
    """Held until the transaction ends: two orders at once cannot spend the same money."""
    row = tx.row(
        "SELECT s.id, s.balance, s.creditlimit, s.floor, p.currency FROM subaccount s "
        "JOIN project p ON p.id = s.project WHERE s.account = %s AND s.project = %s FOR UPDATE",
        account,
        project,
    )
    if row is None:
        raise PanelError("missed", "subaccount", account)
    return Purse(row["id"], account, row["balance"], row["creditlimit"], row["currency"], row["floor"])


def require(source: Purse, amount: Decimal) -> None:
    """Raises not_enough_money with its seven parameters (selling-api.md 2)."""
    if source.available >= amount:
        return
    raise PanelError(
        "not_enough_money",
        params={
            "amount": money(amount),
            "have": money(source.balance),
            "currency": source.currency,
            "deficit": money(amount - source.available),
            "limit": money(source.limit),
            "reserved": money(Decimal(0)),
            "available": money(source.available),
        },
    )


def charge(tx: Tx, source: Purse, amount: Decimal, item: int, operation: str) -> None:
    require(source, amount)
    tx.run("UPDATE subaccount SET balance = balance - %s WHERE id = %s", amount, source.id)
    tx.run(
        "INSERT INTO expense (item, subaccount, operation, period, cdate, realdate, amount, account) "
        "VALUES (%s, %s, %s, (SELECT period FROM item WHERE id = %s), CURDATE(), CURDATE(), %s, %s)",
        item,
        source.id,
        operation,
        item,
        amount,
        source.account,
    )


def journal(tx: Tx, panel: str, request: Request, entry: Entry, currency: str = "EUR") -> None:
    tx.run(
        f"INSERT INTO {JOURNAL}.entry (panel, time, account, user, event, func, item, itemtype, amount, currency, "
        "remoteid, detail) "
        "VALUES (%s, NOW(3), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        panel,
        entry.account,
        request.caller.name,
        "charge" if entry.charge else "change",
        request.func,
        entry.item,
        entry.itemtype,
        entry.amount,
        currency,
        entry.remoteid,
        entry.detail,
    )


def history(
    tx: Tx, request: Request, item: int, action: str, text: str, params: Mapping[str, object] | None = None
) -> None:
    """What a client reads in service.history: date, text, user, address (selling-api.md 8.2).

    `text` is a key of history_texts, filled with the params when it is read, or prose as it stands.
    """
    user = "Provider's employee or system" if request.caller.staff else request.caller.name
    ip = "-" if request.caller.staff else request.origin.ip
    tx.run(
        "INSERT INTO history_item (reference, request_action, changedate, description, user, ip) "
        "VALUES (%s, %s, NOW(), %s, %s, %s)",
        item,
        action,
        history_texts.stored(text, {name: str(value) for name, value in (params or {}).items()}),
        user,
        ip,
    )


def entries(tx: Tx, panel: str, wanted: dict[str, str]) -> list[dict[str, Any]]:
    """Rows of the journal, oldest first, by item, remoteid, func or account."""
    where, values = ["panel = %s"], [panel]
    for name in ("item", "remoteid", "func", "account"):
        if wanted.get(name):
            where.append(f"{name} = %s")
            values.append(wanted[name])
    return tx.rows(f"SELECT * FROM {JOURNAL}.entry WHERE {' AND '.join(where)} ORDER BY id", *values)

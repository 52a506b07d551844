"""The money of seller accounts, one row for each currency: never added up, and each with the time at which it was told.

Credit, reserved money and the floor are kept from the answers that name them, such as a refusal for lack of money
(selling-api.md 2), until another answer names them. A reading that failed leaves the old time.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from reseller.db import Database
from reseller.model import CURRENCY_CHARACTERS, Money

_COLUMNS = "amount, currency, credit, reserved, floor"


class Kept(NamedTuple):
    """What was told last, and how many seconds ago."""

    money: Money
    age_seconds: int

    @property
    def available(self) -> Decimal:
        """What can be spent: balance and credit, without what is reserved and what the seller keeps back."""
        kept_back = (self.money.reserved or Decimal(0)) + (self.money.floor or Decimal(0))
        return self.money.amount + (self.money.credit or Decimal(0)) - kept_back


def save(db: Database, account: int, told: Sequence[Money]) -> None:
    """Record what a seller has told just now; it takes no lease."""
    for each in told:
        db.execute(
            f"INSERT INTO reseller_balance (account, {_COLUMNS}, checked) "  # noqa: S608
            "VALUES (%s, %s, %s, %s, %s, %s, UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE amount = VALUES(amount), "
            "credit = COALESCE(VALUES(credit), credit), reserved = COALESCE(VALUES(reserved), reserved), "
            "floor = COALESCE(VALUES(floor), floor), checked = VALUES(checked)",
            account,
            each.amount,
            each.currency[:CURRENCY_CHARACTERS],
            each.credit,
            each.reserved,
            each.floor,
        )


def save_refused(db: Database, account: int, told: Money, amount: Decimal | None, deficit: Decimal | None) -> None:
    """Record what a refusal for lack of money has told: `amount` was to be paid, and `deficit` of it is missing.

    The floor is what the seller keeps back: balance plus credit less reserved money, less what it would have let us
    spend (`amount` less `deficit`), never below 0. Credit and reserved money that the refusal does not name are those
    kept from other answers. Without both numbers the floor is not known.
    """
    save(db, account, [told])
    if amount is None or deficit is None:
        return
    for kept in of(db, account):
        if kept.money.currency == told.currency[:CURRENCY_CHARACTERS]:
            could_be_spent = kept.available + (kept.money.floor or Decimal(0))
            save(db, account, [told._replace(floor=max(could_be_spent - (amount - deficit), Decimal(0)))])


def lower_floor(db: Database, account: int, currency: str) -> None:
    """After a purchase: the seller keeps back no more than what it has left, whatever it said before."""
    left = "GREATEST(amount + COALESCE(credit, 0) - COALESCE(reserved, 0), 0)"
    db.execute(
        f"UPDATE reseller_balance SET floor = {left} WHERE account = %s AND currency = %s AND floor > {left}",  # noqa: S608
        account,
        currency[:CURRENCY_CHARACTERS],
    )


def of(db: Database, account: int) -> list[Kept]:
    """An account's money by currency."""
    sql = (
        f"SELECT {_COLUMNS}, TIMESTAMPDIFF(SECOND, checked, UTC_TIMESTAMP(3)) FROM reseller_balance "  # noqa: S608
        "WHERE account = %s ORDER BY currency"
    )
    return [Kept(Money(*row[:5]), row[5]) for row in db.rows(sql, account)]

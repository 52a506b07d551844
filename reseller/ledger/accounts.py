"""Seller accounts: one row for each address and user name, shared by the modules that use it."""

from __future__ import annotations

from reseller.db import Database
from reseller.model import Balance


def number(db: Database, endpoint: str, username: str) -> int:
    """Id of the account, made on first use."""
    found = db.value("SELECT id FROM reseller_account WHERE endpoint = %s AND username = %s", endpoint, username)
    if found:
        return int(found)
    db.execute("INSERT IGNORE INTO reseller_account (endpoint, username) VALUES (%s, %s)", endpoint, username)
    return int(db.value("SELECT id FROM reseller_account WHERE endpoint = %s AND username = %s", endpoint, username))


def is_known(db: Database, endpoint: str, username: str) -> bool:
    """Whether the account was ever connected at this address."""
    found = db.value("SELECT id FROM reseller_account WHERE endpoint = %s AND username = %s", endpoint, username)
    return found is not None


def generations(db: Database, account: int) -> dict[str, str]:
    """Order function generation by type, as the last connection check or first order found it."""
    stored = db.value("SELECT generations FROM reseller_account WHERE id = %s", account) or ""
    return dict(pair.split("=", 1) for pair in stored.split())


def save_generations(db: Database, account: int, found: dict[str, str]) -> None:
    """Remember them, beside those of other types."""
    merged = {**generations(db, account), **found}
    stored = " ".join(f"{itemtype}={generation}" for itemtype, generation in sorted(merged.items()))
    db.execute("UPDATE reseller_account SET generations = %s WHERE id = %s", stored, account)


def save_balance(db: Database, account: int, balance: Balance) -> None:
    """Remember the account's money and when it was seen."""
    db.execute(
        "UPDATE reseller_account SET balance = %s, currency = %s, checked = UTC_TIMESTAMP(3) WHERE id = %s",
        balance.amount or None,
        balance.currency,
        account,
    )

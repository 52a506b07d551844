"""Seller accounts: one row each, however its address is spelled and whichever of its users logs in.

An account is identified by host, port and its own number there. `reseller_address` maps each address and user name in a
module's settings to the account, so that finding it costs no call of the seller. The account's row keeps the address
under which it was first used, to show to people.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from reseller.db import Database
from reseller.ledger import balances
from reseller.ledger.leases import Lease
from reseller.model import CURRENCY_CHARACTERS, Balance, Money
from reseller.wire import hosts, money


class Address(NamedTuple):
    """One way to reach an account.

    `host` is as hosts.host_and_port() returns it; `own_id` is the account's number there, empty while unknown.
    """

    host: str
    username: str
    own_id: str = ""

    @classmethod
    def of(cls, endpoint: str, username: str, own_id: str = "") -> Address:
        """From an address as a person typed it."""
        return cls(hosts.host_and_port(endpoint), username, own_id)


def of_address(db: Database, address: Address) -> int:
    """The account that is recorded for this address, 0 for none."""
    name, _, port = address.host.rpartition(":")
    typed = address.host
    with contextlib.suppress(UnicodeError):
        # Rows of older versions have the host as it was typed, possibly not in ASCII.
        typed = f"{name.encode('ascii').decode('idna')}:{port}"
    sql = (
        "SELECT account FROM reseller_address WHERE host IN (%s, %s) AND username = %s ORDER BY host = %s DESC LIMIT 1"
    )
    return db.value(sql, address.host, typed, address.username, address.host) or 0


def of_identity(db: Database, address: Address) -> int:
    """The account that has this number of its own at this host, 0 if none is recorded."""
    sql = "SELECT account FROM reseller_address WHERE host = %s AND own_id = %s AND own_id > '' LIMIT 1"
    return db.value(sql, address.host, address.own_id) or 0


def possible(db: Database, address: Address) -> list[int]:
    """Accounts at other hosts that may be this account under another host name.

    These have the same number of their own there, or one that is not known yet.
    """
    sql = "SELECT DISTINCT account FROM reseller_address WHERE host <> %s AND own_id IN ('', %s) ORDER BY account"
    return db.column(sql, address.host, address.own_id)


def record(db: Database, address: Address, account: int) -> None:
    """Record that this address leads to the account."""
    db.execute(
        "INSERT INTO reseller_address (host, username, account, own_id) VALUES (%s, %s, %s, %s) "
        "ON DUPLICATE KEY UPDATE account = VALUES(account), own_id = IF(VALUES(own_id) > '', VALUES(own_id), own_id)",
        address.host,
        address.username,
        account,
        address.own_id,
    )


def number(db: Database, endpoint: str, username: str, own_id: str = "") -> int:
    """The id of the account at this address; a new row is made on first use."""
    address = Address.of(endpoint, username, own_id)
    account = of_address(db, address) or of_identity(db, address)
    if not account:
        db.execute("INSERT IGNORE INTO reseller_account (endpoint, username) VALUES (%s, %s)", endpoint, username)
        account = int(
            db.value("SELECT id FROM reseller_account WHERE endpoint = %s AND username = %s", endpoint, username)
        )
    record(db, address, account)
    return account


def is_own_panel(db: Database, account: int) -> bool | None:
    """Whether the account is at this very panel, None if that is not known yet."""
    own = db.value("SELECT MAX(own_panel) FROM reseller_address WHERE account = %s", account)
    return None if own is None else bool(own)


def save_own_panel(db: Database, account: int, *, own: bool) -> None:
    """Record whether the account is at this very panel."""
    db.execute("UPDATE reseller_address SET own_panel = %s WHERE account = %s", own, account)


class Bought(NamedTuple):
    """A remote service and the account that bought it; `item` is 0 and `key` empty for a kept licence."""

    item: int
    account: int
    itemtype: str
    remote: str
    key: str


def bought(db: Database, module: int, account: int, most: int = 2_000_000) -> list[Bought]:
    """The remote services of a module's live links that are at another account than this; at most `most`."""
    sql = (
        "SELECT item, account, itemtype, remote, rkey FROM reseller_link WHERE module = %s AND live = 1 "
        "AND account <> %s ORDER BY account, item LIMIT %s"
    )
    return [Bought(*row) for row in db.rows(sql, module, account, most)]


def kept(db: Database, module: int, account: int) -> list[Bought]:
    """Kept licences of a module that are at another account than this."""
    sql = (
        "SELECT DISTINCT 0, f.account, f.itemtype, f.remote, '' FROM reseller_free f "
        "JOIN reseller_link k ON k.account = f.account AND k.remote = f.remote AND k.module = %s "
        "WHERE f.account <> %s AND f.state = 'free' ORDER BY f.account, f.remote"
    )
    return [Bought(*row) for row in db.rows(sql, module, account)]


def move(lease: Lease, module: int, account: int) -> None:
    """Assign the module's live links, kept licences and live requests to this account."""
    with lease.writing() as db:
        db.execute(
            "UPDATE reseller_free f JOIN reseller_link k ON k.account = f.account AND k.remote = f.remote "
            "AND k.module = %s SET f.account = %s WHERE f.state = 'free' AND f.account <> %s",
            module,
            account,
            account,
        )
        db.execute(
            "UPDATE reseller_link SET account = %s WHERE module = %s AND live = 1 AND account <> %s",
            account,
            module,
            account,
        )
        db.execute(
            "UPDATE reseller_request SET account = %s WHERE module = %s AND live = 1 AND account NOT IN (0, %s)",
            account,
            module,
            account,
        )


def name(db: Database, account: int) -> str:
    """The account for people: its user name and address."""
    row = db.row("SELECT username, endpoint FROM reseller_account WHERE id = %s", account)
    return f"{row[0]} @ {row[1]}" if row else f"account {account}"


def with_links(db: Database, least: int) -> dict[int, Sequence[tuple[str, str, str]]]:
    """Accounts with at least `least` live links: type, remote number and key of that many of the newest."""
    counted = db.rows("SELECT account FROM reseller_link WHERE live = 1 GROUP BY account HAVING COUNT(*) >= %s", least)
    sql = "SELECT itemtype, remote, rkey FROM reseller_link WHERE account = %s AND live = 1 ORDER BY id DESC LIMIT %s"
    return {row[0]: [(each[0], each[1], each[2]) for each in db.rows(sql, row[0], least)] for row in counted}


def is_known(db: Database, endpoint: str, username: str) -> bool:
    """Whether the account was ever connected at this address."""
    account = db.value("SELECT id FROM reseller_account WHERE endpoint = %s AND username = %s", endpoint, username)
    return account is not None


def generations(db: Database, account: int) -> dict[str, str]:
    """The generation of the order functions by type, as the last connection check or first order found it."""
    stored = db.value("SELECT generations FROM reseller_account WHERE id = %s", account) or ""
    return dict(pair.split("=", 1) for pair in stored.split())


def save_generations(db: Database, account: int, found: dict[str, str]) -> None:
    """Record generations; those of other types stay."""
    merged = {**generations(db, account), **found}
    stored = " ".join(f"{itemtype}={generation}" for itemtype, generation in sorted(merged.items()))
    db.execute("UPDATE reseller_account SET generations = %s WHERE id = %s", stored, account)


def balance_of(db: Database, account: int) -> tuple[Balance, int]:
    """The balance that was read last, and its age in seconds; an empty balance if none was ever read."""
    age = "TIMESTAMPDIFF(SECOND, checked, UTC_TIMESTAMP(3))"
    row = db.row(f"SELECT balance, currency, {age} FROM reseller_account WHERE id = %s", account)  # noqa: S608
    balance, currency, seconds = row or (None, "", None)
    return Balance(money.text(balance, ""), currency or ""), seconds or 0


def save_balance(db: Database, account: int, balance: Balance) -> None:
    """Record the balance and the time at which it was read."""
    if balance.amount:
        balances.save(db, account, [Money(Decimal(balance.amount), balance.currency)])
    db.execute(
        "UPDATE reseller_account SET balance = %s, currency = %s, checked = UTC_TIMESTAMP(3) WHERE id = %s",
        balance.amount or None,
        balance.currency[:CURRENCY_CHARACTERS],
        account,
    )

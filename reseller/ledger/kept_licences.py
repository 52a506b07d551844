"""Licences that were kept instead of deleted (table reseller_free): what they are, and which order takes them.

keeping  being stopped and renamed by the close request whose key is `owner`
unfit    could not be kept; that close request deletes it instead
free     belongs to nobody: the next order of this type, tariff and resources may take it
taking   being handed to the order whose key is `owner`; once that order is linked the row is only a trace, and once
         it is given up the licence may be taken like a free one

A row records a paid service that no link shows, so it exists from before the first call until after the link.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from reseller.db import Database
from reseller.ledger.leases import Lease
from reseller.ledger.states import State

KEEPING, UNFIT, FREE, TAKING = "keeping", "unfit", "free", "taking"

_COLUMNS = "f.account, f.itemtype, f.pricelist, f.resources, f.id, f.remote, f.state, f.owner, f.digest, f.expiredate"


class Kind(NamedTuple):
    """What makes two licences interchangeable: account, type, the seller's tariff, and resources."""

    account: int
    itemtype: str
    pricelist: str
    resources: str

    @staticmethod
    def listed(addons: Mapping[str, str]) -> str:
        """Add-ons by the seller's numbers as one text, equal for equal add-ons.

        Those that are empty or off are left out.
        """
        return " ".join(f"{addon}={value}" for addon, value in sorted(addons.items()) if value not in ("", "off"))


class Licence(NamedTuple):
    """A row of `reseller_free`; `id` is 0 for one that is not written yet.

    `digest` is that of the licence key which its last client knows, empty without one; `expiredate` is the date at the
    time of keeping.
    """

    kind: Kind
    id: int
    remote: str
    state: str
    owner: str
    digest: str
    expiredate: str

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> Licence:
        """From the columns `_COLUMNS` of a row."""
        return cls(Kind(*row[:4]), *row[4:])


def of_remote(db: Database, account: int, remote: str) -> Licence | None:
    """The row of a remote service."""
    row = db.row(f"SELECT {_COLUMNS} FROM reseller_free f WHERE f.account = %s AND f.remote = %s", account, remote)  # noqa: S608
    return Licence.of_row(row) if row else None


def kept(db: Database, account: int) -> set[str]:
    """Remote services of an account that are kept, or are being kept, for an order that is not linked with them yet."""
    sql = (
        "SELECT f.remote FROM reseller_free f LEFT JOIN reseller_request r ON r.rkey = f.owner "
        "WHERE f.account = %s AND (f.state <> %s OR r.state IS NULL OR r.state <> %s)"
    )
    return set(db.column(sql, account, TAKING, State.LINKED))


def of_order(db: Database, key: str) -> Licence | None:
    """The licence that is being handed to the order with this key."""
    row = db.row(f"SELECT {_COLUMNS} FROM reseller_free f WHERE f.owner = %s AND f.state = %s", key, TAKING)  # noqa: S608
    return Licence.of_row(row) if row else None


def reserve(lease: Lease, licence: Licence) -> Licence:
    """Write the row of a licence that is about to be kept; it replaces an older row of the same remote service."""
    kind, remote = licence.kind, licence.remote
    with lease.db.transaction():
        lease.claims("DELETE FROM reseller_free WHERE account = %s AND remote = %s", kind.account, remote)
        number = lease.insert(
            "reseller_free",
            account=kind.account,
            itemtype=kind.itemtype,
            pricelist=kind.pricelist,
            resources=kind.resources,
            remote=remote,
            state=licence.state,
            owner=licence.owner,
            digest=licence.digest,
            expiredate=licence.expiredate,
        )
    return licence._replace(id=number)


def settle(lease: Lease, licence: Licence, state: str) -> None:
    """Move a row of ours to another state; a free licence has no owner."""
    lease.execute(
        "UPDATE reseller_free SET state = %s, owner = IF(%s, '', owner), updated = UTC_TIMESTAMP(3) WHERE id = %s",
        state,
        state == FREE,
        licence.id,
    )


def remove(lease: Lease, licence: Licence) -> None:
    """Delete the row of a licence that is gone or cannot be used."""
    lease.execute("DELETE FROM reseller_free WHERE id = %s", licence.id)


def claim(lease: Lease, kind: Kind, key: str, tried: Collection[str]) -> Licence | None:
    """Take the licence of this kind that ends first for the order `key`; the row as it was, None if there is none.

    Two orders never get the same licence: a row is taken by compare-and-set on the owner that was read. Remote services
    in `tried` are skipped.
    """
    rows = lease.db.rows(
        f"SELECT {_COLUMNS} FROM reseller_free f LEFT JOIN reseller_request r ON r.rkey = f.owner "  # noqa: S608
        "LEFT JOIN reseller_link k ON k.account = f.account AND k.remote = f.remote AND k.live = 1 "
        "WHERE f.account = %s AND f.itemtype = %s AND f.pricelist = %s AND f.resources = %s AND k.id IS NULL "
        "AND (f.state = %s OR (f.state = %s AND r.state = %s)) ORDER BY f.expiredate, f.updated, f.remote",
        kind.account,
        kind.itemtype,
        kind.pricelist,
        kind.resources,
        FREE,
        TAKING,
        State.ABANDONED,
    )
    for licence in (Licence.of_row(row) for row in rows):
        if licence.remote not in tried and lease.claims(
            "UPDATE reseller_free SET state = %s, owner = %s, updated = UTC_TIMESTAMP(3) "
            "WHERE id = %s AND state = %s AND owner = %s",
            TAKING,
            key,
            licence.id,
            licence.state,
            licence.owner,
        ):
            return licence
    return None

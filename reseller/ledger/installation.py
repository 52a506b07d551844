"""Which machine and which panel's tree the ledger belongs to: a copy of a panel must not spend what the panel spends.

A panel that was restored from a backup on a second host, or a cloned machine, has the same ledger, the same operations
and the same account at the seller. So the first run writes down where it is, and nothing that spends or changes
anything there is sent from elsewhere, until a person has said that the panel has moved (lifecycle/moved_panel.py).

A machine is known by /etc/machine-id, of which only a hash is kept; host name and path beside it are for people.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from reseller import files
from reseller.db import Database
from reseller.ledger.leases import Lease
from reseller.wire.errors import Moved

_MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")
#: what systemd writes into the file of an image before its first start
_NONE = ("", "uninitialized")
_ROW, _CHARACTERS = 1, 190


class Place(NamedTuple):
    """`mark` is the hash of machine and path; `host` and `path` say it to a person."""

    mark: str
    host: str
    path: str


#: of a ledger whose row is lost: no place is that
UNKNOWN = Place("", "?", "?")


def here(base: Path) -> Place:
    """Where this process runs: the machine, and the panel's tree `base`."""
    host, path = os.uname().nodename, os.path.realpath(base)
    mark = hashlib.sha256(f"{_machine() or host}\0{path}".encode("utf-8", "surrogateescape")).hexdigest()
    return Place(mark, host[:_CHARACTERS], os.fsencode(path).decode(errors="replace")[:_CHARACTERS])


def _machine() -> str:
    """The machine's own id, empty where it has none; then its host name has to do."""
    for path in _MACHINE_IDS:
        try:
            found = files.read(Path(path)).decode("ascii", "replace").strip()
        except OSError:
            continue
        if found not in _NONE:
            return found
    return ""


def of(db: Database) -> Place:
    """Where the ledger belongs, UNKNOWN when that is lost."""
    row = db.row("SELECT mark, host, path FROM reseller_place WHERE id = %s", _ROW)
    return Place(*row) if row else UNKNOWN


def note(db: Database, base: Path) -> None:
    """The ledger belongs here, unless it belongs somewhere already; for the migration of its tables."""
    sql = "INSERT IGNORE INTO reseller_place (id, mark, host, path, since) VALUES (%s, %s, %s, %s, UTC_TIMESTAMP(3))"
    db.execute(sql, _ROW, *here(base))


def take(lease: Lease, found: Place) -> None:
    """The ledger belongs to `found` from now on."""
    with lease.writing() as db:
        sql = "REPLACE INTO reseller_place (id, mark, host, path, since) VALUES (%s, %s, %s, %s, UTC_TIMESTAMP(3))"
        db.execute(sql, _ROW, *found)


def difference(db: Database, base: Path) -> Moved | None:
    """What is to be said when the panel in `base` is not where its ledger belongs; None when it is."""
    now, was = here(base), of(db)
    if now.mark == was.mark:
        return None
    return Moved("reseller_moved", host_was=was.host, path_was=was.path, host=now.host, path=now.path)


def require(db: Database, base: Path) -> None:
    """To be asked before anything is sent that spends or changes anything at a seller; raises Moved."""
    error = difference(db, base)
    if error is not None:
        raise error

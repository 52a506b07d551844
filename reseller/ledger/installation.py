"""The machine and the panel directory that the ledger belongs to, so that a copy of a panel does not spend money too.

A panel that was restored from a backup on a second host, or a cloned machine with an id of its own, has the same
ledger, the same operations and the same account at the seller. So the first run records where it is, and from any
other place nothing that spends or changes is sent to a seller until a person confirms that the panel has moved
(lifecycle/moved_panel.py).

A machine is recognised by a hash of /etc/machine-id; host name and path are kept to show to people. A clone that keeps
both the id and the path is not recognised as one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from reseller import files
from reseller.db import Database
from reseller.ledger.leases import Lease
from reseller.wire.errors import Moved

_MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")

_ROW, _CHARACTERS = 1, 190


class Place(NamedTuple):
    """A machine and a panel directory: `mark` is their hash, `host` and `path` are for people."""

    mark: str
    host: str
    path: str


#: the place of a ledger whose row is lost; it equals no real place
UNKNOWN = Place("", "?", "?")


def here(base: Path) -> Place:
    """The place of this process: this machine, and the panel's directory `base`."""
    host, path = os.uname().nodename, os.path.realpath(base)
    # The host name has to serve for a machine without an id.
    machine = host
    for file in _MACHINE_IDS:
        with contextlib.suppress(OSError):
            content = files.read(Path(file)).decode("ascii", "replace").strip()
            # systemd writes this into an image before its first start.
            if content not in ("", "uninitialized"):
                machine = content
                break
    mark = hashlib.sha256(f"{machine}\0{path}".encode("utf-8", "surrogateescape")).hexdigest()
    return Place(mark, host[:_CHARACTERS], os.fsencode(path).decode(errors="replace")[:_CHARACTERS])


def of(db: Database) -> Place:
    """The place that the ledger belongs to, UNKNOWN if its row is lost."""
    row = db.row("SELECT mark, host, path FROM reseller_place WHERE id = %s", _ROW)
    return Place(*row) if row else UNKNOWN


def note(db: Database, base: Path) -> None:
    """Record that the ledger belongs to this place, unless it has one; called by the migration of the tables."""
    sql = "INSERT IGNORE INTO reseller_place (id, mark, host, path, since) VALUES (%s, %s, %s, %s, UTC_TIMESTAMP(3))"
    db.execute(sql, _ROW, *here(base))


def take(lease: Lease, place: Place) -> None:
    """Record that the ledger belongs to `place` from now on."""
    with lease.writing() as db:
        sql = "REPLACE INTO reseller_place (id, mark, host, path, since) VALUES (%s, %s, %s, %s, UTC_TIMESTAMP(3))"
        db.execute(sql, _ROW, *place)


def difference(db: Database, base: Path) -> Moved | None:
    """The error to report when the panel in `base` is not at the ledger's place; None if it is."""
    now, was = here(base), of(db)
    if now.mark == was.mark:
        return None
    return Moved("reseller_moved", host_was=was.host, path_was=was.path, host=now.host, path=now.path)


def require(db: Database, base: Path) -> None:
    """Raise Moved unless the panel is at the ledger's place.

    Called before every call that spends or changes anything.
    """
    error = difference(db, base)
    if error is not None:
        raise error

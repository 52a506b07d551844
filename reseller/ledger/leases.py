"""Leases: which process may work on a service, or run checkevent of a module, at the moment.

A lease is a row with an owner, an end and a fencing number, taken by one compare-and-set UPDATE, so it holds on every
machine that uses the database. A write about a service or a run carries the fencing number in its WHERE: a process that
was stopped past the end of its lease writes nothing when it wakes up, and learns that it lost the lease. A person's
words, the map, acts, balances, circuits, and what a look at one service saw, are written without it. If the owner died
on this very host (same boot, same process namespace, no such process any more) its lease is taken over at once; the
lease of any other owner is waited out.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from reseller.db import Database
from reseller.wire.errors import BusyError, ResellerError
from reseller.wire.numbers import whole

POLL_SECONDS = 0.1
_HELD = "EXISTS (SELECT 1 FROM reseller_lease l WHERE l.name = %s AND l.fence = %s AND l.expires > UTC_TIMESTAMP(3))"


class Lease(NamedTuple):
    """A lease that this process holds; every write about what it guards goes through it.

    `left_by` is the last owner if it never gave the lease back, as `process <number>`; otherwise it is empty.
    """

    db: Database
    name: str
    fence: int
    left_by: str = ""

    def execute(self, sql: str, *args: object) -> None:
        """Run an UPDATE or DELETE that ends in a WHERE clause and must match at least one row.

        It must not change the table of leases: MySQL refuses to change a table that the statement also reads (error
        1093), as does MariaDB before 10.3.1.

        Raises ResellerError `reseller_lease_lost` if no row matched: the lease ran out, and another process may have
        it.
        """
        if not self.db.execute(f"{sql} AND {_HELD}", *args, self.name, self.fence):
            raise ResellerError("reseller_lease_lost", object=self.name)

    def claims(self, sql: str, *args: object) -> bool:
        """As execute(), for a row that another process may just have taken: whether a row matched."""
        if self.db.execute(f"{sql} AND {_HELD}", *args, self.name, self.fence):
            return True
        if not self.db.value(f"SELECT {_HELD}", self.name, self.fence):
            raise ResellerError("reseller_lease_lost", object=self.name)
        return False

    def insert(self, table: str, **values: object) -> int:
        """Insert a row while the lease holds; its id. Raises `reseller_lease_lost`, or the database's duplicate key.

        `table` and the names of `values` are words of this program, never input; `created` and `updated` are set here.
        """
        marks = ", ".join(["%s"] * len(values))
        number = self.db.insert(
            f"INSERT INTO {table} ({', '.join(values)}, created, updated) "  # noqa: S608 - names are our own
            f"SELECT {marks}, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM DUAL WHERE {_HELD}",
            *values.values(),
            self.name,
            self.fence,
        )
        if not number:
            raise ResellerError("reseller_lease_lost", object=self.name)
        return number

    def extend(self, seconds: int) -> None:
        """Make the lease last this many seconds from now: called before a send, which it must outlive.

        Raises ResellerError `reseller_lease_lost` if it ran out, even if no process has taken it since.
        """
        extended = self.db.execute(
            "UPDATE reseller_lease SET expires = UTC_TIMESTAMP(3) + INTERVAL %s SECOND "
            "WHERE name = %s AND fence = %s AND expires > UTC_TIMESTAMP(3)",
            seconds,
            self.name,
            self.fence,
        )
        if not extended:
            raise ResellerError("reseller_lease_lost", object=self.name)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Database]:
        """A transaction during which the lease cannot be taken over, for writing many rows at once.

        Raises ResellerError `reseller_lease_lost` if another process has the lease by now.
        """
        with self.db.transaction():
            sql = "SELECT fence FROM reseller_lease WHERE name = %s AND fence = %s AND expires > UTC_TIMESTAMP(3)"
            if self.db.row(f"{sql} FOR UPDATE", self.name, self.fence) is None:
                raise ResellerError("reseller_lease_lost", object=self.name)
            yield self.db


@contextlib.contextmanager
def lease(db: Database, name: str, seconds: int, *, wait_seconds: float = 0) -> Iterator[Lease]:
    """Hold the lease `name` for the block, for at most `seconds`.

    Raises BusyError with the owner's name if it cannot be had within `wait_seconds`.
    """
    until = time.monotonic() + wait_seconds
    while True:
        try:
            taken = _take(db, name, seconds)
            break
        except BusyError:
            if time.monotonic() >= until:
                raise
        import random

        # A random pause, so that waiting processes do not all try at once.
        time.sleep(POLL_SECONDS * (0.5 + random.random()))  # noqa: S311 - no secret
    try:
        yield taken
    finally:
        with contextlib.suppress(ResellerError):
            db.execute(
                "UPDATE reseller_lease SET owner = '', expires = UTC_TIMESTAMP(3) WHERE name = %s AND fence = %s",
                name,
                taken.fence,
            )


def _take(db: Database, name: str, seconds: int) -> Lease:
    me = f"{_host()} {os.getpid()} {_started(os.getpid())} {os.urandom(4).hex()}"
    db.execute("INSERT IGNORE INTO reseller_lease (name, owner, fence, expires) VALUES (%s, '', 0, '2000-01-01')", name)
    row = db.row("SELECT owner, fence, expires > UTC_TIMESTAMP(3) FROM reseller_lease WHERE name = %s", name)
    owner, fence, running = row or ("", 0, 0)
    if running and owner:
        host, pid, started = [*owner.split(), "", "", ""][:3]
        # Of an owner on another host it is never known whether its process is gone.
        if host != _host() or not whole(pid) or _started(whole(pid)) == started:
            raise BusyError("reseller_busy", object=name, owner=" ".join(owner.split()[:1] + owner.split()[3:4]))
    took = db.execute(
        "UPDATE reseller_lease SET owner = %s, fence = fence + 1, expires = UTC_TIMESTAMP(3) + INTERVAL %s SECOND "
        "WHERE name = %s AND fence = %s",
        me,
        seconds,
        name,
        fence,
    )
    if not took:
        raise BusyError("reseller_busy", object=name, owner="another process")
    return Lease(db, name, fence + 1, f"process {owner.split()[1]}" if len(owner.split()) > 1 else "")


def _host() -> str:
    """This boot of this host and this process namespace, as one word without spaces."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{os.uname().nodename}/{boot}/{Path('/proc/self/ns/pid').readlink()}"


def _started(pid: int) -> str:
    """Start time of a process in clock ticks, empty when there is no such process; a zombie counts as gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]

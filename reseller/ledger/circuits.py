"""A seller that is down is not hammered: one circuit a module, shared by all processes.

It opens after `circuit_times` calls in a row that found nobody, or that only looked and got no usable answer; while it
is open nothing is sent. After `circuit_seconds` one process, and only one, may try; its success closes the circuit, its
failure opens it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from reseller.db import Database
from reseller.limits import Limits
from reseller.wire.errors import ResellerError, SellerDown
from reseller.wire.texts import fit

#: a run makes hundreds of calls: a circuit that was found closed is not asked for again so soon
TRUST_SECONDS = 1.0
CAUSE_CHARACTERS = 500


class Circuit:
    """The circuit of one module, as one process uses it; a `Gate` of the transport."""

    def __init__(self, db: Database, module: int, limits: Limits, word: Callable[[ResellerError], str] = str) -> None:
        """`word` makes a sentence of the error that is kept as the cause."""
        self._db = db
        self._word = word
        self._cause = ""
        self._module = module
        self._limits = limits
        self._failures = 0
        self._trying = False
        self._trusted_until = 0.0

    def check(self) -> None:
        """Return if a call may be made; raises SellerDown with the seconds until the next may."""
        if time.monotonic() < self._trusted_until:
            return
        seconds, until = self._read()
        if not self._failures:
            self._trusted_until = time.monotonic() + TRUST_SECONDS
        if self._failures < self._limits.circuit_times or self._trying:
            return
        if seconds <= 0 and self._take_trial(until):
            self._trying = True
            return
        raise SellerDown(max(seconds, 1), self._failures, self._cause)

    def require_closed(self) -> None:
        """Raises SellerDown while nobody may try; takes no turn."""
        error = self.down()
        if error is not None:
            raise error

    def down(self) -> SellerDown | None:
        """What is to be said while nobody may try, None when somebody may."""
        seconds = self.down_seconds()
        return SellerDown(seconds, self._failures, self._cause) if seconds else None

    def down_seconds(self) -> int:
        """How long nobody may try, 0 when somebody may now."""
        seconds, _ = self._read()
        return seconds if self._failures >= self._limits.circuit_times else 0

    def _read(self) -> tuple[int, object]:
        """Seconds until the next try may be made, 0 when it may be now; and when that is, as the database has it."""
        row = self._db.row(
            "SELECT failures, CEIL(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), until) / 1000000), until, cause "
            "FROM reseller_circuit WHERE module = %s",
            self._module,
        )
        self._failures, seconds, until, self._cause = row or (0, 0, None, "")
        return max(int(seconds), 0), until

    def _take_trial(self, until: object) -> bool:
        return bool(
            self._db.execute(
                "UPDATE reseller_circuit SET until = UTC_TIMESTAMP(3) + INTERVAL %s SECOND "
                "WHERE module = %s AND until = %s",
                self._limits.circuit_seconds,
                self._module,
                until,
            )
        )

    def record(self, *, reached: bool | None, error: ResellerError | None = None) -> None:
        """Note how a call ended, None where that says nothing; a seller that answers as ever costs nothing here.

        `error` is what it ended with, kept as the cause of an open circuit.
        """
        self._trying = False
        if reached is None:
            return
        if reached:
            if self._failures:
                self._db.execute("UPDATE reseller_circuit SET failures = 0 WHERE module = %s", self._module)
            return
        self._trusted_until = 0.0
        self._db.execute(
            "INSERT INTO reseller_circuit (module, failures, until, cause) VALUES (%s, 1, UTC_TIMESTAMP(3), %s) "
            "ON DUPLICATE KEY UPDATE failures = failures + 1, until = UTC_TIMESTAMP(3) + INTERVAL %s SECOND, "
            "cause = VALUES(cause)",
            self._module,
            fit(self._word(error), CAUSE_CHARACTERS) if error else "",
            self._limits.circuit_seconds,
        )

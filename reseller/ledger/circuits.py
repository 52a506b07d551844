"""A circuit breaker for each module, shared by all processes, so that a failing seller is left alone for a while.

The circuit opens after `circuit_times` failed calls in a row (limits.py has the numbers): calls that did not reach the
seller, or reads without a usable answer. While it is open nothing is sent. After `circuit_seconds` a single process may
make a trial call: success closes the circuit, failure opens it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from reseller.db import Database
from reseller.limits import Limits
from reseller.wire.errors import ResellerError, SellerDown
from reseller.wire.texts import fit

#: seconds for which a closed circuit is not read again, since a run makes hundreds of calls
TRUST_SECONDS = 1.0
CAUSE_CHARACTERS = 500


class Circuit:
    """One module's circuit, as one process uses it; it is a `Gate` of the transport."""

    def __init__(self, db: Database, module: int, limits: Limits, word: Callable[[ResellerError], str] = str) -> None:
        """`word` words the error that is kept as the cause."""
        self._db = db
        self._word = word
        self._cause = ""
        self._module = module
        self._limits = limits
        self._failures = 0
        self._trying = False
        self._trusted_until = 0.0

    def check(self) -> None:
        """Return if a call may be made; otherwise raise SellerDown with the seconds until the next trial."""
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
        """Raise SellerDown while no call may be made; unlike check(), it does not use up the trial call."""
        error = self.down()
        if error is not None:
            raise error

    def down(self) -> SellerDown | None:
        """The SellerDown to report while no call may be made, else None."""
        seconds = self.down_seconds()
        return SellerDown(seconds, self._failures, self._cause) if seconds else None

    def down_seconds(self) -> int:
        """Seconds until a call may be made, 0 if one may be made now."""
        seconds, _ = self._read()
        return seconds if self._failures >= self._limits.circuit_times else 0

    def _read(self) -> tuple[int, object]:
        """Seconds until a trial is allowed (0 for now), and that time as the database holds it."""
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
        """Record how a call ended; `reached` is None if that proves nothing. A success after a success writes nothing.

        `error` is kept as the cause of an open circuit.
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
            "INSERT INTO reseller_circuit (module, failures, until, cause) "
            "VALUES (%s, 1, UTC_TIMESTAMP(3) + INTERVAL %s SECOND, %s) "
            "ON DUPLICATE KEY UPDATE failures = failures + 1, until = VALUES(until), cause = VALUES(cause)",
            self._module,
            self._limits.circuit_seconds,
            fit(self._word(error), CAUSE_CHARACTERS) if error else "",
        )

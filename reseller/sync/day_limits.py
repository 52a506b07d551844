"""The limits of a day: if too many services would be changed, stopped or closed, a run does none of that kind.

It records what it would have done of that kind; the other kinds go on.

An error at the seller, a wrong account or a fault of ours looks like a thousand services that changed at once. Refused
changes are kept in the ledger and shown by `resellerctl plan`; a person checks them and lets them through once, with
`--force` (promise 5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from reseller.ledger import limited_changes, links
from reseller.ledger.leases import Lease
from reseller.ledger.limited_changes import Refused
from reseller.limits import Limits
from reseller.sync.compare import Comparison
from reseller.sync.job import Mode


class DayLimit(NamedTuple):
    """How many of `total` services may be changed in one way within a day; `most` is None for no limit."""

    kind: str
    total: int
    most: int | None

    def allows(self, count: int) -> bool:
        """Whether `count` services are within the limit."""
        return self.most is None or count <= self.most

    @classmethod
    def of(cls, kind: str, total: int, limits: Limits) -> DayLimit:
        """The limit of a kind of change (promise 5). Below `change_least` services there is no limit on plain changes.

        `total` counts the linked services; for STOP only those that run.
        """
        if kind == limited_changes.STOP:
            return cls(kind, total, max(limits.stop_least, total * limits.stop_percent // 100))
        if kind == limited_changes.CLOSE:
            return cls(kind, total, max(limits.close_least, total * limits.close_percent // 100))
        if total < limits.change_least:
            return cls(kind, total, None)
        return cls(kind, total, total * limits.change_percent // 100)


class Verdict(NamedTuple):
    """Which comparisons may be applied now; `refused` are the limits that were exceeded, with the number of services of
    each.

    `released` counts changes that were refused before and no longer are: the next run looks at them.
    """

    allowed: tuple[Comparison, ...]
    refused: tuple[tuple[DayLimit, int], ...]
    released: int


class ChangeLimits(NamedTuple):
    """The limits of one module, and what counts against them."""

    held: Lease
    module: int
    limits: Limits

    def weigh(self, comparisons: Sequence[Comparison], suspected: Callable[[], int], *, mode: Mode) -> Verdict:
        """Check a plan against the limits, together with the changes of the last 24 hours and those refused already.

        `suspected` counts the suspensions that the lists show, compared yet or not; it reads all services, so it is
        called only when suspensions are to be weighed. `mode` says which limits are let through.
        """
        db = self.held.db
        before = limited_changes.refused(db, self.module)
        left = [row for row in before if row.left_by and not mode.forces(row.kind)]
        comparisons = self._without_left(comparisons, left)
        before = [row for row in before if not row.left_by or mode.forces(row.kind)]
        compared = {comparison.candidate.link for comparison in comparisons}
        kept: set[int] = set()
        barred: list[tuple[DayLimit, int]] = []
        released = 0
        for kind in (limited_changes.CHANGE, limited_changes.STOP, limited_changes.CLOSE):
            mine = [comparison for comparison in comparisons if comparison.kind == kind]
            waiting = {row.link for row in before if row.kind == kind} - compared
            new = waiting | {comparison.candidate.link for comparison in mine}
            if not new:
                continue
            is_stop = kind == limited_changes.STOP
            total = limited_changes.running(db, self.module) if is_stop else sum(links.counts(db, self.module).values())
            limit = DayLimit.of(kind, total, self.limits)
            recent = limited_changes.changed(db, self.module, kind)
            count = len(new | recent)
            if is_stop:
                count = max(count, len(recent - new) + suspected())
            if mode.forces(kind) or limit.allows(count):
                limited_changes.forget(self.held, waiting)
                released += len(waiting)
            else:
                limited_changes.refuse(self.held, self.module, [comparison.as_refused for comparison in mine])
                kept |= {comparison.candidate.link for comparison in mine}
                barred.append((limit, count))
        # A service that was compared again is judged by its new comparison only.
        limited_changes.forget(self.held, ({row.link for row in before} & compared) - kept)
        kinds = {limit.kind for limit, _ in barred}
        allowed = tuple(comparison for comparison in comparisons if comparison.kind not in kinds)
        return Verdict(allowed, tuple(barred), released)

    def _without_left(self, comparisons: Sequence[Comparison], left: Sequence[Refused]) -> list[Comparison]:
        """The comparisons that no person has decided to leave as they are.

        Such a decision ends when its service changes.
        """
        states = {row.link: (row.digest, row.here) for row in left}
        kept = []
        for comparison in comparisons:
            candidate = comparison.candidate
            if states.get(candidate.link) != (candidate.digest, candidate.here_digest):
                kept.append(comparison)
        limited_changes.forget(self.held, states.keys() & {comparison.candidate.link for comparison in kept})
        return kept

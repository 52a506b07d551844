"""The limits of a day: a run that would change or close too much changes none of it, and keeps what it would have done.

An error at the seller, a wrong account or a fault of ours looks like a thousand services that changed at once. What is
refused is kept in the ledger and shown by `resellerctl plan`; a person looks at it and says `--force`, once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from reseller.ledger import refused_changes
from reseller.ledger.leases import Lease
from reseller.ledger.refused_changes import Refused
from reseller.limits import Limits
from reseller.sync.compare import Finding
from reseller.sync.job import Mode


class Ceiling(NamedTuple):
    """How many of `total` services may fall under a limit within a day; None for no limit."""

    kind: str
    total: int
    most: int | None

    def allows(self, count: int) -> bool:
        """Whether so many may."""
        return self.most is None or count <= self.most


def ceiling(kind: str, total: int, limits: Limits) -> Ceiling:
    """The limit of a kind of change (promise 5); few services are never too many to change.

    `total` is of the linked services, of those that run for STOP.
    """
    if kind == refused_changes.STOP:
        return Ceiling(kind, total, max(limits.stop_least, total * limits.stop_percent // 100))
    if kind == refused_changes.CLOSE:
        return Ceiling(kind, total, max(limits.close_least, total * limits.close_percent // 100))
    if total < limits.change_least:
        return Ceiling(kind, total, None)
    return Ceiling(kind, total, total * limits.change_percent // 100)


class Verdict(NamedTuple):
    """What of a plan may be applied now; `refused` are the ceilings that were met, with how many services met each.

    `released` is how many that were refused before are not any more: the next run looks at them.
    """

    allowed: tuple[Finding, ...]
    refused: tuple[tuple[Ceiling, int], ...]
    released: int


class Day(NamedTuple):
    """The limits of a module, and what counts against them."""

    held: Lease
    module: int
    limits: Limits

    def weigh(self, findings: Sequence[Finding], suspected: Callable[[], int], *, mode: Mode) -> Verdict:
        """Hold a plan against the limits, together with what was changed within a day and what is refused already.

        `suspected` counts the suspensions that the lists alone announce, whether they were looked at yet or not: asked
        only when there is something to weigh, since it reads all services. `mode` says what is let through.
        """
        db = self.held.db
        before = refused_changes.refused(db, self.module)
        findings = self._without_left(findings, [row for row in before if row.left_by and not mode.forces(row.kind)])
        before = [row for row in before if not row.left_by or mode.forces(row.kind)]
        seen = {finding.candidate.link for finding in findings}
        kept: set[int] = set()
        barred: list[tuple[Ceiling, int]] = []
        released = 0
        for kind in (refused_changes.CHANGE, refused_changes.STOP, refused_changes.CLOSE):
            mine = [finding for finding in findings if finding.kind == kind]
            waiting = {row.link for row in before if row.kind == kind} - seen
            new = waiting | {finding.candidate.link for finding in mine}
            if not new:
                continue
            of = refused_changes.running if kind == refused_changes.STOP else refused_changes.linked
            limit = ceiling(kind, of(db, self.module), self.limits)
            recent = refused_changes.changed(db, self.module, kind)
            count = len(new | recent)
            if kind == refused_changes.STOP:
                count = max(count, len(recent - new) + suspected())
            if mode.forces(kind) or limit.allows(count):
                refused_changes.forget(self.held, waiting)
                released += len(waiting)
            else:
                refused_changes.refuse(self.held, self.module, [_refused(finding) for finding in mine])
                kept |= {finding.candidate.link for finding in mine}
                barred.append((limit, count))
        # What was looked at again is judged anew, by what it is now.
        refused_changes.forget(self.held, ({row.link for row in before} & seen) - kept)
        kinds = {limit.kind for limit, _ in barred}
        allowed = tuple(finding for finding in findings if finding.kind not in kinds)
        return Verdict(allowed, tuple(barred), released)

    def _without_left(self, findings: Sequence[Finding], left: Sequence[Refused]) -> list[Finding]:
        """Those of which nobody has said that they are not to be made; once a service is another, that is over."""
        states = {row.link: (row.digest, row.here) for row in left}
        kept = []
        for finding in findings:
            candidate = finding.candidate
            if states.get(candidate.link) != (candidate.digest, candidate.here_digest):
                kept.append(finding)
        refused_changes.forget(self.held, states.keys() & {finding.candidate.link for finding in kept})
        return kept


def _refused(finding: Finding) -> Refused:
    candidate = finding.candidate
    return Refused(candidate.link, finding.kind, str(finding), candidate.digest, candidate.here_digest)

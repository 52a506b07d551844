"""One run of checkevent: its mode, its summary, and one module's part of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import NamedTuple

from reseller.context import Context
from reseller.ledger import limited_changes
from reseller.seller.transport import Timing

#: values of Mode.force besides the kinds of limited_changes: all limits, or the one on spending
ALL, SPEND = "all", "spend"
FORCES = (ALL, limited_changes.CHANGE, limited_changes.STOP, limited_changes.CLOSE, SPEND)


class Mode(NamedTuple):
    """`pending`: process only open work. `force`: which limit of a day is let through once, of FORCES.

    Empty for none.
    """

    pending: bool = False
    force: str = ""

    def forces(self, kind: str) -> bool:
        """Whether this limit of a day is let through."""
        return self.force in (ALL, kind)


@dataclass
class Summary:
    """The figures of a run; `problems` are sentences for an operator. Threads may add to it."""

    activated: int = 0
    waiting: int = 0
    adopted: int = 0
    finished: int = 0
    looking: int = 0
    restarted: int = 0
    renewed: int = 0
    changed: int = 0
    suspended: int = 0
    resumed: int = 0
    gone: int = 0
    held: int = 0
    refused: int = 0
    alarms: int = 0
    failed: int = 0
    left: int = 0
    busy: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    #: those of the problems that were failures, for the log
    failures: list[str] = field(default_factory=list)
    #: whether the run came to its end and could read all lists of the seller
    is_whole: bool = False
    timing: Timing = field(default_factory=Timing)
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, name: str, count: int = 1) -> None:
        """Add to the figure `name`."""
        with self._guard:
            setattr(self, name, getattr(self, name) + count)

    def fail(self, problem: str) -> None:
        """Count a failure and record its sentence."""
        with self._guard:
            self.failed += 1
            self.problems.append(problem)
            self.failures.append(problem)

    def take(self, other: Summary) -> None:
        """Add the figures and sentences of another summary: a module's to the run's."""
        for name, value in other.counts().items():
            self.add(name, value)
        self.busy += other.busy
        self.problems += other.problems
        self.failures += other.failures

    def counts(self) -> dict[str, int]:
        """The figures, by name."""
        return {name: value for name, value in vars(self).items() if type(value) is int}

    def __str__(self) -> str:
        told = [f"{value} {name}" for name, value in self.counts().items() if value]
        told += [f"another run is at module {module}" for module in self.busy]
        return ", ".join(told) or "nothing to do"


class Job(NamedTuple):
    """One module's part of a run; it ends at `until` (monotonic) and may make `calls` calls of the panel at once."""

    context: Context
    module: int
    mode: Mode
    summary: Summary
    until: float
    calls: int

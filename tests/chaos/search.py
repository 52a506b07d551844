"""The search: which cases there are, in which order they are tried, over all lanes at once."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from tests.chaos import calendar, strangers
from tests.chaos.cases import KILL, STOP, Case, Result, run
from tests.chaos.commands import COMMANDS, Command
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.lanes import Lane
from tests.chaos.paid_time import PAID_TIME
from tests.chaos.staff import STAFF
from tests.chaos.waiting import WAITING

ALL = (*COMMANDS, *STAFF, *WAITING, *PAID_TIME)
#: a boundary that one try did not pass, because everything took another time, is tried so often
TRIES = 3
#: of all commands x faults x boundaries those that meet both a fault and a crash, beside the ones that only then exist
PRODUCT = 150
#: of the questions around a call that changes something, so many meet each kind of fault as well
QUESTIONS = 0.25
PROGRESS_SECONDS = 15


@dataclass
class Found:
    """What was tried so far."""

    results: list[Result] = field(default_factory=list)
    #: boundaries of each command, in the order of an undisturbed run, then those that only a fault shows
    boundaries: dict[str, list[str]] = field(default_factory=dict)
    unreached: list[Case] = field(default_factory=list)
    #: services of which the days after the tries were played, and what those days showed, in sentences
    played: int = 0
    unserved: list[str] = field(default_factory=list)
    #: services of others that ours have reached (strangers.py), in sentences
    struck: list[str] = field(default_factory=list)

    @property
    def points(self) -> set[tuple[str, str]]:
        """Distinct pairs of command and boundary at which a process was killed or stopped."""
        return {(result.case.command.name, result.case.at) for result in self.results if result.met}

    @property
    def faults(self) -> set[str]:
        """Kinds of fault that a command has met."""
        return {result.case.fault.name for result in self.results if result.case.fault}

    def total(self, count: str) -> int:
        """The sum of one figure over all verdicts."""
        return sum(getattr(result.counted, count) for result in self.results)

    @property
    def problems(self) -> list[str]:
        """Everything that should not be, in sentences."""
        return [problem for result in self.results for problem in result.problems] + self.unserved + self.struck


class Search:
    """Tries cases over lanes; `seed` decides the order and every sample, `points` how many crashes are sampled."""

    def __init__(
        self, lanes: Sequence[Lane], seed: int, points: int = 0, *, say: Callable[[str], None] = print
    ) -> None:
        self.found = Found()
        self._lanes = lanes
        self._points = points
        self._chance = random.Random(seed)
        self._say = say

    def all(self, commands: Sequence[Command] = ALL, faults: Sequence[Fault] = FAULTS) -> Found:
        """Undisturbed, then under each fault, then with each crash; or samples of the last two."""
        self.each("undisturbed", [case for command in commands for case in _ways(Case(command))])
        disturbed = [
            self._way(Case(command, fault, aim))
            for command in commands
            for fault in faults
            for aim in self._aims(command, fault)
        ]
        self.each("faults", self._sample(disturbed, self._points // 3))
        self.each("crashes", self._crashes())
        self.days()
        self.strangers()
        return self.found

    def strangers(self) -> None:
        """Put services of others in the way of ours: under our number at the same seller, and at a second one."""
        first, second = self._lanes[:2]
        self.found.struck += [*strangers.by_key(first), *strangers.by_module(first, second)]
        for words in self.found.struck:
            self._say(f"  ! {words}")

    def days(self) -> None:
        """Play what is left of all tries day by day, in every lane, until nobody has paid for any of it any more."""
        started = time.monotonic()
        self.found.played = sum(len(lane.ended) for lane in self._lanes)
        with ThreadPoolExecutor(len(self._lanes)) as pool:
            for seen in pool.map(calendar.play, self._lanes):
                self.found.unserved += seen
                for words in seen:
                    self._say(f"  ! {words}")
        self._say(f"  days: {self.found.played} services to their end in {time.monotonic() - started:.0f} s")

    def _aims(self, command: Command, fault: Fault) -> list[str]:
        """The call that changes something, where there is one, and now and then one of the questions around it."""
        aims = list(fault.aims(command))
        asked = [aim for aim in aims if aim != "call"]
        wanted = 1 if "call" not in aims or self._chance.random() < QUESTIONS else 0
        return [*(aim for aim in aims if aim == "call"), *self._chance.sample(asked, min(len(asked), wanted))]

    def _sample(self, cases: list[Case], size: int) -> list[Case]:
        self._chance.shuffle(cases)
        return cases[:size] if self._points else cases

    def _crashes(self) -> list[Case]:
        """Every boundary of every command, killed and stopped; and crashes together with a fault."""
        undisturbed = [result.case.command for result in self.found.results if not result.case.fault]
        plain = {command.name: command for command in undisturbed}
        cases = [
            self._way(Case(command, how=how, at=at))
            for command in plain.values()
            for at, how in self._ends(self.found.boundaries.get(command.name, []))
        ]
        both = [
            replace(result.case, how=how, at=at)
            for result in self.found.results
            if result.case.fault
            for at in result.trace
            for how in (KILL, STOP)
        ]
        only: dict[tuple[str, str], Case] = {}
        for case in both:
            if case.at not in self.found.boundaries[case.command.name]:
                only.setdefault((case.command.name, case.at), case)
        cases += only.values()
        if not self._points:
            cases += self._chance.sample(both, min(PRODUCT, len(both)))
        return self._sample(cases, self._points)

    def _way(self, case: Case) -> Case:
        """The case, in one of the ways in which panels move a date where that matters to it."""
        return self._chance.choice(_ways(case))

    def _ends(self, boundaries: list[str]) -> list[tuple[str, str]]:
        """How to end at which of them, so that each is met, and each state of the world both ways.

        Nothing leaves the process between the boundary after one thing and the one before the next: those two are one
        state, and one of them is killed at, the other stopped at.
        """
        ends: list[tuple[str, str]] = []
        left = list(boundaries)
        while left:
            at = left.pop(0)
            if at.startswith("after ") and left and left[0].startswith("before "):
                ends += zip((at, left.pop(0)), self._chance.sample((KILL, STOP), 2))
            else:
                ends += [(at, KILL), (at, STOP)]
        return ends

    def each(self, what: str, cases: Iterable[Case]) -> None:
        """Try these, one at a time in each lane."""
        waiting = deque((case, 1) for case in cases)
        total, done, started = len(waiting), 0, time.monotonic()
        guard = threading.Lock()

        def context(lane: Lane) -> None:
            nonlocal done
            while True:
                with guard:
                    place = next((place for place, (case, _) in enumerate(waiting) if case.suits(lane)), None)
                    if place is None:
                        return
                    case, times = waiting[place]
                    del waiting[place]
                result = run(lane, case, patience=times)
                with guard:
                    if case.how and not result.met and result and times < TRIES:
                        waiting.append((case, times + 1))
                        continue
                    done += 1
                    self._note(result)

        threads = [threading.Thread(target=context, args=(lane,), daemon=True) for lane in self._lanes]
        for thread in threads:
            thread.start()
        told = time.monotonic()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.5)
                if time.monotonic() > told + PROGRESS_SECONDS:
                    told = time.monotonic()
                    self._say(f"  {what}: {done} of {total} tries, {done / (told - started):.1f} a second")
        self._say(f"  {what}: {done} tries in {time.monotonic() - started:.0f} s")

    def _note(self, result: Result) -> None:
        self.found.results.append(result)
        case = result.case
        if not case.how and not case.fault:
            known = self.found.boundaries.setdefault(case.command.name, [])
            known += [name for name in result.trace if name not in known]
        if case.how and not result.met:
            self.found.unreached.append(case)
        for problem in result.problems:
            self._say(f"  ! {problem}")


def _ways(case: Case) -> list[Case]:
    """The case, once for each way in which panels move a date where that matters to it."""
    return [replace(case, late=late) for late in (False, True)] if case.command.both_ways else [case]

"""One try: a command, a fault or none, a crash or none; then cron, queue and people until it is quiet; then counted."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from tests.chaos.commands import Command, give_back
from tests.chaos.faults import Fault
from tests.chaos.journal import Verdict, verdict
from tests.chaos.lanes import Lane, Plan
from tests.chaos.settle import rest, settle
from tests.chaos.sides import wrong
from tests.support.world import until

KILL, STOP = "kill", "stop"
#: leases so short that one is waited out; the command that is stopped has to live with them
SHORT = ("lease_seconds", "order_seconds", "run_seconds", "account_wait_seconds")
REACH_SECONDS = 90


@dataclass(frozen=True)
class Case:
    """What is tried; `at` is a boundary's name (boundaries.py)."""

    command: Command
    fault: Fault | None = None
    aim: str = ""
    how: str = ""
    at: str = ""
    #: only in lanes whose panel moves a date late, or only in the others (lanes.py); None: in any
    late: bool | None = None

    def suits(self, lane: Lane) -> bool:
        """Whether it may be tried there."""
        return self.late is None or self.late == lane.moves_late

    def __str__(self) -> str:
        fault = f", {self.fault.name} {self.aim}".rstrip() if self.fault else ""
        crash = f", {self.how} {self.at}" if self.how else ""
        late = {None: "", False: ", date moved first", True: ", date moved late"}[self.late]
        return f"{self.command.name}{late}{fault}{crash}"


@dataclass
class Result:
    """How it ended; `problems` are sentences about what should not be."""

    case: Case
    met: bool = False
    trace: list[str] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    counted: Verdict = field(default_factory=Verdict)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0

    def __bool__(self) -> bool:
        return not self.counted and not self.problems


def run(lane: Lane, case: Case, patience: int = 1) -> Result:
    """Try it; whatever goes wrong is in the result, and the lane is calm again.

    `patience`: seconds that a lease lasts which is to be waited out; a busy machine does not get far within one.
    """
    result = Result(case)
    started = time.monotonic()
    item = 0
    if lane.usual or lane.chosen:
        lane.usual = {}
        lane.limits()
    try:
        item = case.command.prepare(lane)
        item = _disturb(lane, case, item, result, patience)
        case.command.mend(lane, item)
        _finish(lane, case, item, result)
        # A fault that nothing has met is not to meet what tidies up, or prepares the next try.
        lane.there.call("sandbox.fault.clear")
        case.command.after(lane)
    except Exception:  # noqa: BLE001 - one bad try never stops the rest
        result.problems.append(f"{case}: {traceback.format_exc()}")
        _mend(lane, case.command)
    if not result and item:
        lane.forget(item)
    result.seconds = time.monotonic() - started
    return result


def _disturb(lane: Lane, case: Case, item: int, result: Result, patience: int) -> int:
    """Give the command and let it be disturbed; the service, when the panel has nothing running for it any more."""
    command = case.command
    if case.how == STOP:
        lane.limits(**dict.fromkeys(SHORT, patience))
    plan = lane.plan(command.plan, at=case.at, how=case.how)
    with ExitStack() as disturbed:
        if case.fault:
            disturbed.enter_context(case.fault.on(lane, case.fault.aims(command)[case.aim]))
        with _giving(lane, command, item) as given:
            until(lambda: plan.over or given.failed, f"{case}: the process does not come to its end", REACH_SECONDS)
            result.met = plan.hit
            if case.how == STOP:
                if plan.hit:
                    _take_over(lane, command, given.item(), plan)
                lane.limits()
        item = given.item()
        rest(lane, item)
    result.trace = plan.trace()
    lane.unplan()
    if case.fault:
        lane.limits()
    return item


class _Given:
    """The command being given, in a thread of its own, since some come back only when they are done."""

    def __init__(self, lane: Lane, command: Command, item: int) -> None:
        self._lane, self._command, self._item = lane, command, item
        self._error: BaseException | None = None
        self._acted = threading.Event()
        self._thread = threading.Thread(target=self._give, daemon=True)

    def _give(self) -> None:
        try:
            self._item = self._command.act(self._lane, self._item)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self._error = error
        self._acted.set()

    @property
    def failed(self) -> bool:
        return self._error is not None

    def item(self) -> int:
        """The service, new ones as soon as they have a number."""
        if not self._command.blocks:
            self._acted.wait(REACH_SECONDS)
        return self._item

    def start(self) -> None:
        """Give it, and let happen at once what is to happen while it runs."""
        self._thread.start()
        if self._lane.after_act is not None:
            self.item()
            self._lane.after_act()
            self._lane.after_act = None

    def finish(self) -> None:
        """Wait until it has been given; raises what went wrong then."""
        self._thread.join(REACH_SECONDS)
        assert not self._thread.is_alive(), f"{self._command.name} does not come back"
        if self._error is not None:
            raise self._error


@contextmanager
def _giving(lane: Lane, command: Command, item: int) -> Iterator[_Given]:
    given = _Given(lane, command, item)
    given.start()
    yield given
    given.finish()


def _take_over(lane: Lane, command: Command, item: int, plan: Plan) -> None:
    """While the process is stopped its leases end, somebody else does the work, and then it goes on to its end."""
    until(lambda: not lane.leased(plan.pid), "a lease that nobody prolongs does not end", REACH_SECONDS)
    lane.limits()
    command.meanwhile(lane, item)
    plan.wake()
    until(lambda: plan.ended, "the process that was stopped does not come to its end", REACH_SECONDS)


def _finish(lane: Lane, case: Case, item: int, result: Result) -> None:
    """Until it is quiet; then both sides must show what was wanted, once."""
    settled = settle(lane, item)
    result.decided = settled.decided
    if case.command.once:
        lane.shop.checkevent()  # buys what is owed
        settled = settle(lane, item)  # where it was refused just now, in its next try
        result.decided += settled.decided
        lane.shop.checkevent()  # writes down what is to be bought next
    result.counted = verdict(lane, item)
    result.problems += [f"{case}: {words}" for words in result.counted.words]
    if not settled.quiet and not case.command.open_end:
        result.problems.append(f"{case}: does not end: {settled.standing}")
    elif case.command.ends:
        found = wrong(lane, item, case.command.ends)
        if found and case.how == STOP:
            # What is stopped on its way out comes late; what only a form shows of it is found when that is read next.
            lane.overdue(item)
            lane.shop.checkevent()
            found = wrong(lane, item, case.command.ends)
        result.problems += [f"{case}: {words}" for words in found]
    if result:
        # How it goes on with the service day by day is played with all of them at the end (search.py).
        lane.ended.setdefault(item, []).append(str(case))
        if not (case.command.open_end or case.command.once):
            give_back(lane, item)


def _mend(lane: Lane, command: Command) -> None:
    """Calm again after a try that broke off."""
    lane.after_act = None
    lane.wishes.clear()
    lane.calm()
    command.after(lane)

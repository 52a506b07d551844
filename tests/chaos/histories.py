"""Random histories of a few services, against a model of what each client paid for.

A history is a handful of steps: orders, changes, money, staff on both sides, faults, crashes, time, runs of cron;
nobody waits for anybody. Then everything is mended and settled, and both journals are compared: with each other, and
what the clients paid for with the model as well. `python -m tests.chaos.histories ROOT LANE COUNT SEED` runs some in
one lane of a running arena; run() does so in all of them.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.chaos import calendar
from tests.chaos.cases import KILL, STOP
from tests.chaos.commands import ACTIVE, COMMANDS, press, resize
from tests.chaos.journal import CHANGE, MONTHS, ORDER, RENEWAL, counted, paid, verdict
from tests.chaos.lanes import Arena, Lane, Plan, attach
from tests.chaos.settle import settle, standing
from tests.support.world import ROOT, Refused, until

STEPS = 6
#: services that a history finds at its start, from the ones before
KNOWN = 2
IMPATIENT = {"order_seconds": 2, "read_seconds": 2, "lease_seconds": 2, "run_seconds": 5, "account_wait_seconds": 2}
CALLS = ("vds.edit", "soft.edit", "vds", "soft", "*")
WIRE = (
    *("reply_lost", "reset", "reset_after", "cut", "truncated", "html", "html_after"),
    *("error", "error_after", "progress", "captcha"),
)
ACTS = ("prolong", "prolong", "suspend", "resume", "close", "setparam", "reboot")
#: by what a client does: the process that serves it, and the call at the seller that matters, after how many like it
TARGETS = {command.name: (command.plan, *command.aims["call"]) for command in COMMANDS if "call" in command.aims}
PROCESSES = ("open", "prolong", "suspend", "resume", "close", "setparam", "reboot", "checkevent", "checkevent")
#: what these processes pass at most; a number beyond the end is no crash
MOST_BOUNDARIES = 45

#: what nobody is owed any more once the operation is deleted
WITHDRAWN = {"open": (ORDER, MONTHS), "prolong": (MONTHS,), "setparam": (CHANGE,)}

services = st.integers(0, 5)
boundaries = st.integers(0, MOST_BOUNDARIES)
#: what happens to one thing that a client does: nothing, something on the way, or a crash at or around the call
troubles = st.one_of(
    st.none(),
    st.tuples(st.just("fault"), st.sampled_from(WIRE)),
    st.tuples(st.sampled_from((KILL, STOP)), st.sampled_from(("before", "sent", "after")) | boundaries),
)


_ACTS: dict[str, Any] = {
    **{act: lambda lane, item, act=act: lane.shop.act(act, item) for act in ("prolong", "suspend", "resume", "close")},
    "setparam": resize,
    "reboot": lambda lane, item: press(lane, item, "reboot"),
}


class History(RuleBasedStateMachine):
    """One history in `lane`; services are told apart by their place in the order of their making."""

    lane: ClassVar[Lane]

    def __init__(self) -> None:
        super().__init__()
        self.paid: dict[int, Counter[str]] = {}
        self.stopped: list[Plan] = []
        #: services whose status is not the model's to know any more
        self.spoiled: set[int] = set()
        self.poor = False
        self.late = False
        #: what staff took back, by service
        self.withdrawn: dict[int, Counter[str]] = {}

    @initialize()
    def begin(self) -> None:
        """Calm, but for short patience; a few services are there already."""
        self.lane.limits(**IMPATIENT)
        for _ in range(KNOWN):
            if self.lane.idle[2]:
                item = self.lane.idle[2].pop()
                charged = counted(paid(self.lane, item))
                self.paid[item] = Counter({kind: charged[kind] for kind in (ORDER, RENEWAL)})

    # What clients do.

    @rule(itemtype=st.sampled_from(("vds", "vds", "soft")), trouble=troubles)
    def client_orders(self, itemtype: str, trouble: Any) -> None:
        """A client orders."""
        self._trouble(f"open {itemtype}", trouble)
        self._order(itemtype)

    def _order(self, itemtype: str) -> None:
        item = self.lane.shop.order(itemtype)
        self.paid[item] = Counter({ORDER: 1})

    @rule(place=services, act=st.sampled_from(ACTS), trouble=troubles)
    def client_wants(self, place: int, act: str, trouble: Any) -> None:
        """A client wants something of a service; the panel may refuse, for instance while something is under way."""
        item = self._service(place)
        if act == "setparam" and standing(self.lane, item)[0]["status"] != ACTIVE:
            # Of one that is not active the panel changes only its own rows, and gives no command.
            return
        self._trouble(act, trouble)
        with contextlib.suppress(Refused):
            _ACTS[act](self.lane, item)
            self.paid[item][RENEWAL] += act == "prolong"

    def _trouble(self, act: str, trouble: Any) -> None:
        """Aim it at what comes next."""
        if trouble is None:
            return
        what, where = trouble
        process, func, skip = TARGETS[act]
        if what == "fault":
            self.lane.there.call("sandbox.fault", kind=where, forfunc=func, skip=skip, times=1)
        elif isinstance(where, int):
            self._plan(process, what, index=where)
        else:
            self._plan(process, what, at=f"{where} http {func} #{skip + 1}")

    def _plan(self, process: str, how: str, **where: Any) -> None:
        plan = self.lane.plan(process, how=how, **where)
        if how == STOP:
            self.stopped.append(plan)

    # What people do on this side.

    @rule(place=services, what=st.sampled_from(("start", "setmanual", "delete", "task")))
    def staff_here(self, place: int, what: str) -> None:
        """An employee starts, stops or deletes an operation, or deletes its task."""
        item = self._service(place)
        row = standing(self.lane, item)[0]
        if not row["operation"]:
            return
        with contextlib.suppress(Refused):
            if what == "task":
                for task in self.lane.shop.tasks(item):
                    self.lane.here.call("task.delete", elid=task["id"], sok="ok")
                return
            self.lane.here.call(f"runningoperation.{what}", elid=row["operation"], sok="ok")
            if what == "delete":
                self.spoiled.add(item)
                self.withdrawn.setdefault(item, Counter()).update(WITHDRAWN.get(row["intname"], ()))

    @rule(full=st.booleans())
    def money(self, full: bool) -> None:
        """The account at the seller is empty, or filled again."""
        if full:
            self.lane.top_up()
        else:
            self.lane.there.call("sandbox.balance", user=self.lane.shop.buyer, value=0)
        self.poor = not full

    # What happens at the seller.

    @rule(place=services, what=st.sampled_from(({"employeesuspend": "on", "status": 3}, {"status": 4}, {"status": 3})))
    def staff_there(self, place: int, what: dict[str, Any]) -> None:
        """The seller's staff suspend or delete a service."""
        item = self._service(place)
        remote = standing(self.lane, item)[0]["remote"]
        if remote:
            self.lane.there.call("sandbox.item", item=remote, **what)
            self.spoiled.add(item)

    @rule(kind=st.sampled_from(WIRE), func=st.sampled_from(CALLS), skip=st.integers(0, 2), times=st.integers(1, 2))
    def fault(self, kind: str, func: str, skip: int, times: int) -> None:
        """Something goes wrong on the way."""
        self.lane.there.call("sandbox.fault", kind=kind, forfunc=func, skip=skip, times=times)

    # What happens to us.

    @rule(process=st.sampled_from(PROCESSES), index=boundaries, how=st.sampled_from((KILL, STOP)))
    def crash(self, process: str, index: int, how: str) -> None:
        """The next such process is killed, or stopped, at this boundary; cron would wait for one that is stopped."""
        self._plan(process, KILL if process == "checkevent" else how, index=index)

    @rule()
    def cron(self) -> None:
        """checkevent, as every five minutes."""
        self.lane.here.run("sbin/mgrctl", "-m", "billmgr", "checkevent")
        self._wake()

    @rule(days=st.sampled_from((1, 5, 33)))
    def time(self, days: int) -> None:
        """Days pass, with their nights, on both panels."""
        self.spoiled.update(self.paid)
        self.late = True
        for panel in (self.lane.here, self.lane.there):
            panel.call("sandbox.clock", advance=f"{days}d")

    def _service(self, place: int) -> int:
        if not self.paid:
            self._order("vds")
        return list(self.paid)[place % len(self.paid)]

    def _wake(self) -> None:
        """Processes that were stopped for longer than their leases go on."""
        for plan in [plan for plan in self.stopped if plan.hit]:
            until(lambda plan=plan: not self.lane.leased(plan.pid), "a lease that nobody prolongs does not end")
            plan.wake()
            self.stopped.remove(plan)

    def _wake_all(self) -> None:
        """The same for those that have not met their boundary yet, now that no more of them begin."""
        if self.stopped:
            time.sleep(0.1)
        for plan in self.stopped:
            if plan.begun:
                until(lambda plan=plan: plan.over, "a process neither ends nor stops")
        self._wake()

    def teardown(self) -> None:
        """Mend, settle, compare."""
        lane = self.lane
        lane.unplan()
        lane.there.call("sandbox.fault.clear")
        if self.poor:
            lane.top_up()
        self._wake_all()
        lane.limits()
        try:
            for item in self.paid:
                remote = standing(lane, item)[0]["remote"]
                if remote and item in self.spoiled:
                    lane.there.write("UPDATE item SET employeesuspend = 'off' WHERE id = %s", remote)
            settled = settle(lane, *self.paid, decisions=2)
            self._compare(settled.standing)
        finally:
            for panel in (lane.here, lane.there) if self.late else ():
                panel.call("sandbox.clock", set="real")
            self._leave()

    def _compare(self, standing_: str) -> None:
        """Nobody was charged twice, nothing is lost, and the panel charged its clients for what they asked for."""
        for item, model in self.paid.items():
            charged = counted(paid(self.lane, item))
            assert {kind: charged[kind] for kind in (ORDER, RENEWAL)} == {
                kind: model[kind] for kind in (ORDER, RENEWAL)
            }, f"service {item}: the panel charged {charged} for {model}"
            wrong = verdict(self.lane, item, self.withdrawn.get(item, Counter()))
            assert not wrong, f"{wrong.words}, {standing_}"

    def _leave(self) -> None:
        """Services that nothing is going on with are for the next history, and played when all are over (play).

        The others are forgotten.
        """
        for item in self.paid:
            row = standing(self.lane, item)[0]
            plain = row["status"] == 2 and row["link"] == "live" and not row["operation"] and not row["request"]
            if plain and item not in self.spoiled and self.lane.itemtype(item) == "vds":
                self.lane.idle[2].append(item)
                self.lane.ended.setdefault(item, []).append("history")
            else:
                self.lane.forget(item)


def play(lane: Lane, count: int, seed: int) -> None:
    """So many histories in one lane, then day by day what they leave.

    Raises what the first that fails has to say, with its steps.
    """
    lane.calm()
    machine = type("LaneHistory", (History,), {"lane": lane})
    chosen = settings(
        max_examples=count,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    hypothesis.seed(seed)(machine)
    run_state_machine_as_test(machine, settings=chosen)
    unserved = calendar.play(lane)
    assert not unserved, "\n".join(unserved)


def run(arena: Arena, count: int, seed: int) -> list[str]:
    """So many histories over all lanes; what was said where one failed."""
    lanes = len(arena.lanes)
    shares = [count // lanes + (number < count % lanes) for number in range(lanes)]
    words = [
        [sys.executable, "-m", "tests.chaos.histories", str(arena.root), str(number), str(share), str(seed + number)]
        for number, share in enumerate(shares, 1)
        if share
    ]
    players = [
        subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for argv in words
    ]
    said = [player.communicate()[0] for player in players]
    return [text for player, text in zip(players, said) if player.returncode]


if __name__ == "__main__":
    root, number, count, seed = sys.argv[1:]
    play(attach(Path(root), int(number)), int(count), int(seed))

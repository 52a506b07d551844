"""The short form of `make chaos`: a seeded sample of crash points and faults, three pairs of panels at once."""

import os
import random
import re

import pytest

from tests.chaos import report
from tests.chaos.cases import STOP, Case, run
from tests.chaos.commands import COMMANDS
from tests.chaos.faults import FAULTS
from tests.chaos.paid_time import PAID_TIME
from tests.chaos.search import Search
from tests.chaos.staff import STAFF
from tests.chaos.waiting import WAITING

#: another one tries others
SEED = int(os.environ.get("CHAOS_SEED", "1"))
POINTS = 42
_WAITING = {command.name: command for command in WAITING}
_FAULTS = {fault.name: fault for fault in FAULTS}
_PAID_TIME = {command.name: command for command in PAID_TIME}
#: what a whole search has found once, and no sample need meet again
FOUND = (
    Case(
        _WAITING["cron: owed term"],
        _FAULTS["warning"],
        "call",
        STOP,
        "after sql UPDATE reseller_request refused #1",
    ),
    # Whoever was stopped while it asked a person had asked for what somebody else had asked for.
    Case(_PAID_TIME["paid: copied panel"], how=STOP, at="sent mgrctl task.edit #1", late=True),
)


@pytest.mark.timeout(900)
def test_of_a_sample_of_crashes_and_faults_none_costs_money(arena, capfd):
    for lane in arena.lanes:
        lane.clear()
    chance = random.Random(SEED)
    some = [*chance.sample(WAITING, 4), *chance.sample(PAID_TIME, 4)]
    found = Search(arena.lanes, SEED, POINTS).all((*COMMANDS, *some))
    with capfd.disabled():
        print(f"\n{report.line(found)} (a sample, seed {SEED})")
    assert found.problems == []
    assert report.figures(found, SEED) == {
        "crash_points": len(found.points),
        "faults": len(found.faults),
        "duplicate_orders": 0,
        "duplicate_renewals": 0,
        "lost": 0,
        "unserved": 0,
        "seed": SEED,
    }
    assert found.played > len(COMMANDS)
    # One boundary can have been drawn twice, to be killed at and to be stopped at.
    assert len(found.points) > POINTS * 0.8
    assert re.fullmatch(
        r"chaos: \d+ crash points, \d+ faults, 0 duplicate orders, 0 duplicate renewals, 0 lost, 0 unserved",
        report.line(found),
    )


@pytest.mark.timeout(900)
def test_no_command_changes_anything_while_its_module_observes_and_each_does_what_was_wanted_after(arena):
    for lane in arena.lanes:
        lane.clear()
    search = Search(arena.lanes, SEED)
    search.each("observes", [Case(each, _FAULTS["module observes"]) for each in (*COMMANDS, *STAFF)])
    assert search.found.problems == []
    assert len(search.found.results) == len(COMMANDS) + len(STAFF)


@pytest.mark.parametrize("case", FOUND, ids=str)
def test_what_a_search_has_found_stays_mended(arena, case):
    lane = next(lane for lane in arena.lanes if case.suits(lane))
    result = run(lane, case)
    assert result.met
    assert result, result.problems

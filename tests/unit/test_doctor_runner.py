"""Each check alone: one that hangs, crashes or kills itself is its own result."""

import os
import signal
import time

import pytest

from reseller.doctor import checks, host, runner
from reseller.doctor.finding import FAILS, HOLDS, UNCHECKED, WARNING, Check, Finding, Line, exit_code
from reseller.mgr5 import function_list
from reseller.mgr5.panel import Panel
from reseller.wire.errors import Message, ResellerError


def good(_):
    yield Finding(HOLDS, Message("good"))


def hangs(_):
    yield Finding(HOLDS, Message("before"))
    if os.fork() == 0:
        time.sleep(3600)
    time.sleep(3600)


def crashes(_):
    yield Finding(HOLDS, Message("before"))
    raise KeyError("x")


def refuses(_):
    yield from ()
    raise ResellerError("words", why="so")


def dies(_):
    yield Finding(HOLDS, Message("before"))
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def panel(tmp_path):
    (tmp_path / "var").mkdir()
    return Panel(tmp_path)


def run(panel, *looks, seconds=20):
    return [
        (line.check, line.verdict) for line in runner.run(panel, [Check(x.__name__, x, seconds) for x in looks], "en")
    ]


def test_a_check_that_hangs_is_ended_and_what_it_found_before_stays(panel):
    assert run(panel, hangs, seconds=1) == [("hangs", HOLDS), ("hangs", UNCHECKED)]
    assert run(panel, good) == [("good", HOLDS)]


def test_a_check_that_crashes_was_not_checked_and_the_log_says_where(panel):
    assert run(panel, crashes, good) == [("crashes", HOLDS), ("crashes", UNCHECKED), ("good", HOLDS)]
    assert "doctor crashes" in (panel.base / "var/reseller.log").read_text()


def test_an_error_in_words_fails(panel):
    [line] = runner.run(panel, [Check("refuses", refuses)], "en")
    assert (line.verdict, line.text) == (FAILS, "words why=so")


def test_a_check_whose_process_is_killed_was_not_checked(panel):
    assert run(panel, dies, good) == [("dies", HOLDS), ("dies", UNCHECKED), ("good", HOLDS)]


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([], 2),
        ([HOLDS], 0),
        ([HOLDS, WARNING], 0),
        ([HOLDS, UNCHECKED], 2),
        ([FAILS, UNCHECKED], 1),
    ],
)
def test_what_was_not_checked_is_never_good(verdicts, code):
    assert exit_code(verdicts) == code


def test_a_tree_that_is_no_panel_ends_in_words(panel):
    lines = list(checks.every(panel, "en"))
    assert {line.check for line in lines} > {"files", "database", "functions", "modules"}
    assert {line.verdict for line in lines if line.check in ("files", "database", "functions", "modules")} == {FAILS}


def test_room_on_a_disk():
    assert host.verdict_of_room(10**12, 10**6) == HOLDS
    assert host.verdict_of_room(10**8, 10**6) == WARNING
    assert host.verdict_of_room(10**12, 1000) == WARNING
    assert host.verdict_of_room(10**6, 10**6) == FAILS
    assert host.verdict_of_room(10**12, 0) == FAILS


def test_selinux_and_lists_of_programs_are_seen_by_their_state(panel, tmp_path):
    (panel.base / "lib/reseller").mkdir(parents=True)
    (panel.base / "lib/reseller/manifest").write_text("")
    state, listed = tmp_path / "enforce", tmp_path / "fapolicyd"

    def found():
        return [(each.verdict, each.message.type) for each in host.of_guards(panel, state, (listed,))]

    assert found() == [(HOLDS, "reseller_doctor_selinux_none")]
    state.write_text("1")
    listed.mkdir()
    assert found() == [(WARNING, "reseller_doctor_allow_list"), (HOLDS, "reseller_doctor_selinux")]
    state.unlink()
    state.mkdir()
    assert (UNCHECKED, "reseller_doctor_selinux_unread") in found()


def test_a_report_keeps_no_sentence():
    lines = [Line("a", HOLDS, "of client1", "rm x", 1.0, {"n": 1}), Line("a", FAILS, "of client2", "", 1.0, {"m": 2})]
    assert checks.report(lines) == {"a": {"verdicts": [HOLDS, FAILS], "n": 1, "m": 2}}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("name=vds.edit level=16 desc=Read.", "vds.edit"),
        ("vds.edit - Read", "vds.edit"),
        ("name=<itemtype>.open level=29", "<itemtype>.open"),
        ("name=v2.<itemtype>.order.param level=16", "v2.<itemtype>.order.param"),
        ("whoami", "whoami"),
    ],
)
def test_a_function_stands_first_in_its_line(tmp_path, line, name):
    (tmp_path / "sbin").mkdir()
    (tmp_path / "sbin/mgrctl").write_text(f"#!/bin/sh\ncat <<'X'\nwhoami\n{line}\nX\n")
    (tmp_path / "sbin/mgrctl").chmod(0o755)
    assert function_list.of(Panel(tmp_path)) == {"whoami", name}


def test_a_function_of_all_types_is_one_of_each():
    names = frozenset({"<itemtype>.open", "v2.<itemtype>.order.param", "soft.edit"})
    assert function_list.has(names, "vds.open")
    assert function_list.has(names, "v2.vds.order.param")
    assert function_list.has(names, "soft.edit")
    assert not function_list.has(names, "vds.edit")
    assert not function_list.has(names, "vds.order.param")
    assert not function_list.has(names, "processing.open")

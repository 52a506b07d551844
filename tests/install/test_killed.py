"""`make install` and `make uninstall`, killed in the middle: the same command again completes them, and leaves nothing.

Programs that the script calls are found by PATH; of one that it calls at a known step there is one before it that kills
the whole process group there, as `kill -9` or a host that goes down does, before or after that step.
"""

import os
import re
import shutil
import subprocess

import pytest

from tests.support import environment
from tests.support.trees import functions, listing
from tests.support.world import ROOT, make

KILLER = """#!/bin/sh
[ {when} = before ] || {real} "$@"
case "$*" in {pattern}) kill -9 0 ;; esac
[ {when} = after ] || exec {real} "$@"
"""
#: steps of an installation, in their order: program, its words as a pattern of the shell, killed before it or after
STEPS = [
    pytest.param("cp", "'-R reseller '*", "before", id="environment"),
    pytest.param("mv", "*/lib/reseller/manifest", "before", id="manifest-written"),
    pytest.param("mv", "*/lib/reseller/manifest", "after", id="manifest"),
    pytest.param("mv", "*/venv.new*", "after", id="environment-switched"),
    pytest.param("mv", "*/processing/pmreseller", "after", id="some-files"),
    pytest.param("mv", "*/cron.d/reseller", "before", id="cron-file-written"),
    pytest.param("xargs", "*", "before", id="restart"),
]
#: of an upgrade alone
MORE = [
    pytest.param("mv", "*_checkevent.xml.aside", "after", id="own-functions-aside"),
    pytest.param("rm", "'-rf '*/venv-*", "before", id="older-environment"),
]
#: where a first installation differs from an upgrade: nothing is there yet, or not all of it
FIRST = [STEPS[0], STEPS[2], STEPS[4], STEPS[6]]
REMOVAL = [
    pytest.param("rm", "'-f '*/addon/reseller", "before", id="first-file"),
    pytest.param("rm", "'-rf '*/venv*", "before", id="all-files"),
    pytest.param("rm", "'-f '*/manifest", "before", id="manifest"),
]


def killed(folder, target, base, step):
    """Run `make` up to that step, where it and all that it has started is killed."""
    program, pattern, when = step
    folder.mkdir()
    (folder / program).write_text(KILLER.format(when=when, real=shutil.which(program), pattern=pattern))
    (folder / program).chmod(0o755)
    given = {**environment.variables(), "PATH": f"{folder}:{os.environ['PATH']}"}
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        given[name] = ""
    words = ["make", target, f"PREFIX={base}"]
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, **given}, capture_output=True, start_new_session=True, check=False
    )
    assert done.returncode == -9, done.stdout + done.stderr


def again(target, base):
    done = make(target, f"PREFIX={base}", variables=environment.variables())
    assert done.returncode == 0, done.stdout + done.stderr


def whole(base):
    """All that is there; of the environment, whose name is new each time, only which files."""
    found = {}
    for name, told in listing(base).items():
        plain = re.sub(r"/venv-[0-9-]+", "/venv-N", name)
        if "__pycache__" not in plain:
            found[plain] = None if "/venv" in plain else told
    return found


def is_installed(base):
    return (base / "lib/reseller/manifest").exists()


@pytest.fixture(scope="module")
def expected(bare):
    """All that is in the tree with the add-on."""
    base, _ = bare
    again("install", base)
    return whole(base)


@pytest.fixture
def complete(bare, expected):
    """The tree with the add-on, as it should be."""
    base, _ = bare
    if not is_installed(base):
        again("install", base)
    assert whole(base) == expected
    return base


@pytest.mark.parametrize(("program", "pattern", "when"), [*STEPS, *MORE])
def test_an_upgrade_that_was_killed_leaves_a_program_that_answers(complete, expected, tmp_path, program, pattern, when):
    killed(tmp_path / "bin", "install", complete, (program, pattern, when))
    for words in (["processing/pmreseller", "--command", "features"], ["sbin/resellerctl", "--version"]):
        subprocess.run([complete / words[0], *words[1:]], capture_output=True, check=True)
    again("install", complete)
    assert whole(complete) == expected
    assert {"checkevent", "reseller.checkevent"} <= functions(complete)


@pytest.mark.parametrize(("program", "pattern", "when"), FIRST)
def test_an_installation_that_was_killed_is_completed_by_the_same_command(
    bare, expected, tmp_path, program, pattern, when
):
    base, before = bare
    if is_installed(base):
        again("uninstall", base)
    killed(tmp_path / "bin", "install", base, (program, pattern, when))
    again("install", base)
    assert whole(base) == expected
    assert {"checkevent", "reseller.checkevent"} <= functions(base)
    again("uninstall", base)
    assert listing(base) == before, "something was left over"


@pytest.mark.parametrize(("program", "pattern", "when"), REMOVAL)
def test_a_removal_that_was_killed_is_completed_by_the_same_command(bare, complete, tmp_path, program, pattern, when):
    killed(tmp_path / "bin", "uninstall", complete, (program, pattern, when))
    if is_installed(complete):
        again("uninstall", complete)
    assert listing(complete) == bare[1], "something was left over"

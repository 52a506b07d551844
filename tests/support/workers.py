"""Tests in several processes at once: which belong together, and which begins first.

`make test` starts several workers (pytest-xdist), each with sandboxes of its own. The tests of a file stay together, as
they share fixtures of their module; files that share none (`SPREAD`) are dealt out test by test at the end, so that all
workers end together. One tree lies at /usr/local/mgr5 at a time: files that need it are one piece of work (`HOME`).
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests.support import environment

if environment.MEASURE in os.environ:
    # Before anything loads reseller/: the tests of its parts run in this process.
    coverage.process_startup()

HOME = {"test_life_perlnote", "test_life_phphost", "test_life_pybridge", "test_life_shellvps", "test_tree_and_packages"}
HOME |= {"test_life_phpregistrar", "test_whereabouts", "test_alone"}
#: takes the place for one test and gives it back; the fixture `home`, once made, keeps it to the end
BEFORE_HOME = "test_alone"
#: files that use the fixture `arena`, as all of tests/chaos do: it is made once
ARENA = {"test_migration", "test_parallel"}
SPREAD = {"test_bad_input", "test_checks", "test_commands", "test_connection", "test_failures", "test_foreign"}
SPREAD |= {"test_life", "test_order", "test_reopen"}


#: folders whose tests work with both panels, over the wire; what they have in common is made once a worker
WIRE = {"orders", "life", "sync", "problems", "linking", "swap", "pages", "install", "security", "tariffs", "doctor"}


def piece(nodeid: str) -> str:
    """The name of the piece of work that a test belongs to; one worker does all of it."""
    path = Path(nodeid.split("::", maxsplit=1)[0])
    if path.stem in HOME and path.is_relative_to("sandbox"):
        return "home"
    if path.parent.name == "chaos" or path.stem in ARENA:
        return "arena"
    return nodeid if path.stem in SPREAD and path.parent.name in WIRE else str(path)


def _rank(nodeid: str) -> int:
    """When a piece of work begins, the earliest first."""
    name = piece(nodeid)
    if name in ("arena", "home"):
        return 0
    return 3 if name == nodeid else 1 if Path(name).parent.name in WIRE else 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Pieces of work instead of single tests."""
    from xdist.scheduler import LoadScopeScheduling

    class Pieces(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return piece(nodeid)

    return Pieces(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """Pieces are dealt out in the order that they are collected in, see below, not by their number of tests."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes one worker for long begins first, and what is dealt out test by test ends the run.

    Two workers cannot have the place at the same time; one would wait for the other's end.
    """
    sizes = Counter(piece(item.nodeid) for item in items)

    def order(item: pytest.Item) -> tuple[int, int, bool]:
        return _rank(item.nodeid), -sizes[piece(item.nodeid)], item.path.stem != BEFORE_HOME

    items.sort(key=order)
    astray = [
        item.nodeid for item in items if "home" in getattr(item, "fixturenames", ()) and piece(item.nodeid) != "home"
    ]
    if astray:
        raise pytest.UsageError(f"name the files of these in workers.HOME, they use the fixture `home`: {astray}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Worker, at its end."""
    measuring = coverage.Coverage.current()
    if measuring:
        # A worker ends without the farewells of an interpreter.
        measuring.stop()
        measuring.save()

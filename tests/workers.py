"""Tests in several processes at once: which belong together, which must be alone, and what is told of the whole run.

`make test` starts several workers (pytest-xdist), each with sandboxes of its own. The tests of a file stay together, as
they share fixtures of their module; files that share none (`SPREAD`) are dealt out test by test at the end, so that all
workers end together. One tree lies at /usr/local/mgr5 at a time: files that need it are one piece of work (`HOME`).
Tests marked `calm` measure, so no other test runs meanwhile.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests import environment

if environment.MEASURE in os.environ:
    # Before anything loads reseller/: the tests of its parts run in this process.
    coverage.process_startup()

HOME = {"test_life_perlnote", "test_life_phphost", "test_life_pybridge", "test_life_shellvps", "test_tree_and_packages"}
#: files that use the fixture `arena`, as all of tests/chaos do: it is made once
ARENA = {"test_parallel"}
SPREAD = {"test_bad_input", "test_checks", "test_commands", "test_connection", "test_failures", "test_foreign"}
SPREAD |= {"test_life", "test_order", "test_reopen"}


def piece(nodeid: str) -> str:
    """The name of the piece of work that a test belongs to; one worker does all of it."""
    path = Path(nodeid.split("::", maxsplit=1)[0])
    if path.stem in HOME and path.parent.name == "conformance":
        return "home"
    if path.parent.name == "chaos" or path.stem in ARENA:
        return "arena"
    return nodeid if path.stem in SPREAD and path.parent.name == "tests" else str(path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Pieces of work instead of single tests, the largest first."""
    from xdist.scheduler import LoadScopeScheduling

    class Pieces(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return piece(nodeid)

    return Pieces(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two workers cannot have the place at the same time; one would wait for the other's end."""
    astray = [
        item.nodeid for item in items if "home" in getattr(item, "fixturenames", ()) and piece(item.nodeid) != "home"
    ]
    if astray:
        raise pytest.UsageError(f"name the files of these in workers.HOME, they use the fixture `home`: {astray}")


# Calm: a test holds the room shared, one that measures holds it alone.


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Outermost, so that waiting is no part of the test's time."""
    folder = getattr(item.config, "workerinput", {}).get("locks")
    with _room(Path(folder), alone=bool(item.get_closest_marker("calm"))) if folder else contextlib.nullcontext():
        return (yield)


@contextlib.contextmanager
def _room(folder: Path, *, alone: bool) -> Iterator[None]:
    """The door is passed one by one, so that who waits to be alone is not overtaken for ever."""
    with (folder / "door").open("w") as door, (folder / "room").open("w") as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        if not alone:
            fcntl.flock(door, fcntl.LOCK_UN)
        yield


# The controller collects nothing; what its workers know of the collection is told at their end.


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Controller, before a worker starts."""
    if not hasattr(node.config, "locks"):
        node.config.locks = tempfile.mkdtemp(prefix="workers-")
    node.workerinput["locks"] = node.config.locks


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Worker, at its end."""
    measuring = coverage.Coverage.current()
    if measuring:
        # A worker ends without the farewells of an interpreter.
        measuring.stop()
        measuring.save()
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["facts_shown"] = sorted(getattr(session.config, "facts_shown", ()))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Controller, after a worker's end: every worker has collected the same."""
    node.config.facts_shown = set(getattr(node, "workeroutput", {}).get("facts_shown", ()))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Controller, at the end."""
    if hasattr(config, "locks"):
        shutil.rmtree(config.locks)

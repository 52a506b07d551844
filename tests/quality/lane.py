"""A pair of panels that is kept for many runs of tests, and runs them: one process of `make mutation`.

It is started in the tree of the mutants and reads orders from stdin, one JSON object a line: `mutant` (a name, `stats`,
(pytest's), `failed` (the first test that did), `passed` (by mutated function, the tests that pass it), `durations`.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

from tests.chaos.nursery import Nursery
from tests.chaos.plant import plant
from tests.support import world

#: so many runs, and the lists of services have grown enough to be begun anew
RUNS = 60
QUIET = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--timeout", "60"]


class Recorder:
    """What a run of pytest has to tell: a plug-in, written to a file since it is in another process."""

    def __init__(self, answer: Path, hits: Path) -> None:
        self.answer = answer
        self.hits = hits
        self.told: dict[str, Any] = {"failed": "", "passed": {}, "durations": {}}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.told["failed"]:
            self.told["failed"] = report.nodeid
        durations = self.told["durations"]
        durations[report.nodeid] = durations.get(report.nodeid, 0.0) + report.duration

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        names = {*state()._stats}  # noqa: SLF001 - where mutmut keeps them
        state()._stats.clear()  # noqa: SLF001
        if self.hits.exists():
            names |= {*self.hits.read_text(encoding="utf-8").split()}
            self.hits.unlink()
        for name in names:
            self.told["passed"].setdefault(name, []).append(item.nodeid)

    def pytest_sessionfinish(self) -> None:
        self.answer.write_text(json.dumps(self.told), encoding="utf-8")


class Lane:
    """The panels, and the process that starts the add-on's."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lane-"))
        self.told, self.hits, self.answer = (self.folder / name for name in ("told", "hits", "answer"))
        self.told.write_text("")
        command = [sys.executable, "-m", "tests.quality.hatchery"]
        self.nursery = Nursery(self.folder, command, [str(self.told), str(self.hits)])
        self.runs = 0
        self.sandbox: world.Sandbox | None = None

    def begin(self) -> None:
        """Panels as new."""
        if self.sandbox:
            self.sandbox.stop()
            shutil.rmtree(self.sandbox.root)
        self.runs = 0
        self.told.write_text("")
        self.sandbox = world.Sandbox(self.folder / "root")
        here, there = self.sandbox.at("reseller"), self.sandbox.at("seller")
        plant(world.ROOT, here, self.nursery)
        kept = self.folder / "shop"
        kept.write_bytes(pickle.dumps(world.connected(here, there)))
        os.environ[world.KEPT] = str(kept)

    def run(self, mutant: str, tests: list[str], seconds: float) -> dict[str, Any]:
        """One run in a process of its own."""
        if self.sandbox is None or self.runs >= RUNS:
            self.begin()
        self.runs += 1
        self.told.write_text(mutant)
        for file in (self.answer, self.hits):
            file.unlink(missing_ok=True)
        child = os.fork()
        if not child:
            os.setsid()
            with open(os.devnull, "r+b") as nothing:  # noqa: PTH123 - of the operating system
                for number in (0, 1, 2):
                    os.dup2(nothing.fileno(), number)
            set_mutant_under_test(mutant)
            words = QUIET if mutant == "stats" else [*QUIET, "-x"]
            os._exit(int(pytest.main([*words, *tests], plugins=[Recorder(self.answer, self.hits)])))
        code = _waited(child, seconds)
        told = (
            json.loads(self.answer.read_text())
            if self.answer.exists()
            else {"failed": "", "passed": {}, "durations": {}}
        )
        return {"code": code, **told}

    def stop(self) -> None:
        """End everything."""
        if self.sandbox:
            self.sandbox.stop()
        self.nursery.stop()
        shutil.rmtree(self.folder)


def _waited(child: int, seconds: float) -> int:
    """The exit code of a child; 124 for one that took too long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 124


def main() -> None:
    """Serve orders until there are no more."""
    # What pytest and the tests load is loaded once.
    with contextlib.redirect_stdout(sys.stderr):
        pytest.main([*QUIET, "--collect-only", "-qq", *sys.argv[1:]])
    lane = Lane()
    try:
        for line in sys.stdin:
            order = json.loads(line)
            if order.get("anew"):
                lane.begin()
            print(json.dumps(lane.run(order["mutant"], order["tests"], order["seconds"])), flush=True)
    finally:
        lane.stop()


if __name__ == "__main__":
    main()

"""Mutants tried end to end: on lanes (lane.py), each of which works off what is left."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from mutmut.utils.format_utils import mangled_name_from_mutant_name

_T = TypeVar("_T")
LANES = 2
#: at most so many of the tests that pass a function are tried on its mutants, the quickest first
MOST_TESTS = 60
STATS_SECONDS, MUTANT_SECONDS = 1800, 240


class Lane:
    """A lane from outside."""

    def __init__(self, tree: Path, files: Iterable[str]) -> None:
        argv = [sys.executable, "-m", "tests.quality.lane", *files]
        self.log = (tree.parent / "lane.log").open("ab")
        self.process = subprocess.Popen(argv, cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)

    def stop(self) -> None:
        """No more orders."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()
        self.log.close()

    def order(self, mutant: str, tests: list[str], seconds: float, *, anew: bool = False) -> dict[str, Any]:
        """One run of tests; its answer."""
        assert self.process.stdin
        assert self.process.stdout
        words = {"mutant": mutant, "tests": tests, "seconds": seconds, "anew": anew}
        self.process.stdin.write(json.dumps(words).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"a lane ended, see {self.log.name}"
        found: dict[str, Any] = json.loads(line)
        return found

    def verdict(self, mutant: str, tests: list[str]) -> str:
        """What the tests say of a mutant; noticed only if the one that failed passes again without it."""
        for anew in (False, True):
            told = self.order(mutant, tests, MUTANT_SECONDS, anew=anew)
            if not told["code"]:
                return "survived"
            failed = [told["failed"]] if told["failed"] else tests
            # The second time on panels as new: what a mutant leaves behind can spoil a test as well.
            if not self.order("", failed, MUTANT_SECONDS, anew=anew)["code"]:
                return "killed" if told["failed"] else "timeout"
        return "unclear"


class Lanes:
    """So many of them, and who is free."""

    def __init__(self, tree: Path, files: list[str]) -> None:
        self.files = files
        self.all = [Lane(tree, files) for _ in range(LANES)]
        self.free: queue.SimpleQueue[Lane] = queue.SimpleQueue()
        for lane in self.all:
            self.free.put(lane)

    def map(self, context: Callable[[Lane, str], _T], words: Iterable[str]) -> list[_T]:
        """`work` for each word, on the first lane that is free."""

        def one(word: str) -> _T:
            lane = self.free.get()
            try:
                return context(lane, word)
            finally:
                self.free.put(lane)

        with ThreadPoolExecutor(LANES) as pool:
            return list(pool.map(one, words))

    def stop(self) -> None:
        """End them."""
        for lane in self.all:
            lane.stop()


def verdicts(tree: Path, files: list[str], mutants: list[str]) -> dict[str, str]:
    """What the tests of these files say of each mutant."""
    lanes = Lanes(tree, files)
    try:
        passed: dict[str, set[str]] = {}
        durations: dict[str, float] = {}
        for told in lanes.map(lambda lane, file: lane.order("stats", [file], STATS_SECONDS), files):
            durations.update(told["durations"])
            for function, tests in told["passed"].items():
                passed.setdefault(function, set()).update(tests)
        print(f"mutation: {len(durations)} tests pass {len(passed)} functions", flush=True)

        def tried(lane: Lane, mutant: str) -> str:
            tests = sorted(passed.get(mangled_name_from_mutant_name(mutant), ()), key=lambda test: durations[test])
            status = lane.verdict(mutant, tests[:MOST_TESTS]) if tests else "no tests"
            print(f"{status:10} {mutant}", flush=True)
            return status

        return dict(zip(mutants, lanes.map(tried, mutants)))
    finally:
        lanes.stop()

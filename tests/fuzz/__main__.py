"""`make fuzz`: the seller's answers, arguments, environments and settings changed at random, for so many seconds."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.chaos.lanes import Arena, Lane
from tests.fuzz.rounds import Fuzz

LANES = 3
TOLD_SECONDS = 30


class Run:
    """Rounds in all lanes at once until the time is up; the numbers of a lane's rounds are its own."""

    def __init__(self, seed: int, seconds: float) -> None:
        self.seed, self.until = seed, time.monotonic() + seconds
        self.kinds: Counter[str] = Counter()
        self.findings: list[str] = []

    def lane(self, place: int, lane: Lane) -> None:
        """One lane's rounds."""
        fuzz = Fuzz(lane, self.seed * 1000 + place)
        number, told = 0, time.monotonic()
        try:
            while time.monotonic() < self.until:
                number += 1
                self.one(fuzz, number)
                if not place and time.monotonic() > told + TOLD_SECONDS:
                    told = time.monotonic()
                    print(f"  {self.kinds.total()} rounds, {len(self.findings)} findings", flush=True)
        finally:
            fuzz.close()

    def one(self, fuzz: Fuzz, number: int) -> None:
        """One round and what it found."""
        try:
            outcome = fuzz.round(number)
        except Exception:  # noqa: BLE001 - a finding like any other
            self._found(f"seed {fuzz.seed}, round {number}: {traceback.format_exc()}")
            fuzz.lane.calm()
            return
        self.kinds[outcome.what.split()[0]] += 1
        for wrong in outcome.findings:
            self._found(f"seed {fuzz.seed}, round {number}, {outcome.what}: {wrong}")

    def _found(self, words: str) -> None:
        self.findings.append(words)
        print(f"  ! {words}", flush=True)


def main() -> int:
    """1 when anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=LANES)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        arena = Arena(Path(folder), chosen.lanes)
        try:
            run = Run(chosen.seed, chosen.seconds)
            with ThreadPoolExecutor(chosen.lanes) as pool:
                for done in [pool.submit(run.lane, place, lane) for place, lane in enumerate(arena.lanes)]:
                    done.result()
        finally:
            arena.stop()
    print(", ".join(f"{count} {kind}" for kind, count in sorted(run.kinds.items())))
    print(f"fuzz: {run.kinds.total()} rounds, {len(run.findings)} findings, seed {chosen.seed}")
    return 1 if run.findings else 0


if __name__ == "__main__":
    sys.exit(main())

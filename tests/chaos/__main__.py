"""`make chaos`: every command x every fault x every crash point, counted by the seller's journal.

With `--histories N` so many random histories instead, with `--lives N` so many random lives, day by day (lives.py).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import histories, lives, report
from tests.chaos.lanes import Arena
from tests.chaos.search import ALL, Search

LANES = 6


def main() -> int:
    """Run the search; 1 unless everything is as it should be."""
    arguments = _parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        arena = Arena(Path(folder), arguments.lanes)
        _say(
            f"chaos: {arguments.lanes} pairs of panels on {arena.sandbox.server} in {arena.seconds:.0f} s, "
            f"seed {arguments.seed}"
        )
        try:
            if arguments.lives:
                return _lives(arena, arguments)
            return _histories(arena, arguments) if arguments.histories else _search(arena, arguments)
        finally:
            arena.stop()


def _search(arena: Arena, arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    commands = [command for command in ALL if arguments.only in command.name]
    found = Search(arena.lanes, arguments.seed, arguments.points, say=_say).all(commands)
    _say(f"\n{report.matrix(found)}\n")
    for case in found.unreached:
        _say(f"not reached: {case}")
    _say(f"{len(found.results)} tries, {len(found.problems)} problems, {time.monotonic() - started:.0f} s")
    report.write(found, arguments.seed, arena.sandbox.server)
    _say(f"{report.line(found)} ({arena.sandbox.server})")
    return 1 if found.problems else 0


def _histories(arena: Arena, arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    failed = histories.run(arena, arguments.histories, arguments.seed)
    for said in failed:
        _say(said)
    _say(
        f"chaos: {arguments.histories} histories, {len(failed)} lanes failed, {time.monotonic() - started:.0f} s "
        f"({arena.sandbox.server})"
    )
    return 1 if failed else 0


def _lives(arena: Arena, arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    wanted = lives.drawn(arguments.lives, arguments.seed)
    outcomes = lives.play(arena.lanes, wanted, lives.POLICIES, arguments.days, say=_say)
    for found in outcomes.values():
        for said in (*found.broken, *found.unserved, *found.ahead):
            _say(said)
    _say(lives.table(outcomes, arguments.days))
    unserved, ahead = (sum(len(getattr(each, what)) for each in outcomes.values()) for what in ("unserved", "ahead"))
    _say(
        f"chaos: {len(wanted)} lives of {arguments.days} days under each policy, {unserved} unserved, "
        f"{ahead} paid too far ahead, {time.monotonic() - started:.0f} s ({arena.sandbox.server})"
    )
    return 0 if all(outcomes.values()) else 1


def _say(text: str) -> None:
    print(text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument(
        "--points", type=int, default=0, help="a sample of so many crashes, and a third of it of faults"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the order and of every sample")
    parser.add_argument("--lanes", type=int, default=LANES, help="pairs of panels that are tried in at once")
    parser.add_argument("--histories", type=int, default=0, help="play so many random histories instead")
    parser.add_argument("--lives", type=int, default=0, help="play so many random lives under each policy instead")
    parser.add_argument("--days", type=int, default=lives.DAYS, help="how long the lives are")
    parser.add_argument("--only", default="", help="commands whose name holds this")
    return parser


if __name__ == "__main__":
    sys.exit(main())

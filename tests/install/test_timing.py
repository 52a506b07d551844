"""No test judges how long something took: on a busy machine the answer is about the machine. `make bench` measures.

A test may wait for what must come, in a `while` with an end, and may ask that at least so much time has passed. Read
off the sources here is that it neither compares a clock with an upper bound nor keeps the time that has passed. Not
seen is what a program that a test starts measures by itself, nor timeouts, which are for what hangs.
"""

import ast

import pytest

from tests.support.world import ROOT

CLOCKS = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time", "time", "time_ns"}
#: programs that measure, and the search of crashes, which gives up on what it has started
MEASURING = ("bench", "chaos", "walk.py")


def is_clock(node):
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute):
        return ast.unparse(node.func) in {f"time.{name}" for name in CLOCKS}
    return isinstance(node.func, ast.Name) and node.func.id in CLOCKS - {"time"}


def reads_clock(node):
    return any(is_clock(part) for part in ast.walk(node))


def has_upper_bound(compare):
    sides = [compare.left, *compare.comparators]
    return any(
        (isinstance(op, (ast.Lt, ast.LtE)) and reads_clock(left))
        or (isinstance(op, (ast.Gt, ast.GtE)) and reads_clock(right))
        for left, op, right in zip(sides, compare.ops, sides[1:])
    )


def keeps_elapsed(statement):
    return any(
        isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub) and reads_clock(part.left)
        for part in ast.walk(statement)
    )


def judging(node):
    """Lines below this node that judge elapsed time."""
    if isinstance(node, ast.While):
        return []
    found = [line for child in ast.iter_child_nodes(node) for line in judging(child)]
    judges = isinstance(node, ast.Compare) and has_upper_bound(node)
    keeps = isinstance(node, (ast.Assign, ast.AnnAssign, ast.Return)) and keeps_elapsed(node)
    return [*found, *([node.lineno] if judges or keeps else [])]


def test_no_test_compares_elapsed_time_with_an_upper_bound():
    files = [file for file in (ROOT / "tests").rglob("*.py") if not {file.parent.name, file.name} & set(MEASURING)]
    assert len(files) > 100
    found = {str(file.relative_to(ROOT)): judging(ast.parse(file.read_text())) for file in files}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        "assert time.monotonic() - started < 3",
        "assert 1 <= time.time() - started < 3",
        "assert 3 > perf_counter() - started",
        "for _ in range(3):\n    assert time.monotonic() <= end",
        "took = time.perf_counter() - started",
        "def seconds():\n    return time.monotonic() - started",
    ],
)
def test_what_judges_is_seen(source):
    assert judging(ast.parse(source))


@pytest.mark.parametrize(
    "source",
    [
        "assert time.monotonic() - started >= 0.4",
        "assert before <= success <= time.time()",
        "while not holds():\n    assert time.monotonic() < end",
        "end = time.monotonic() + 60",
        "day = dt.datetime.combine(today, dt.time(12)) - dt.timedelta(days=1)",
    ],
)
def test_what_waits_or_asks_for_the_least_is_not(source):
    assert not judging(ast.parse(source))

"""Measuring two programs fairly: in turns, so that both meet the same machine, and by medians."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


def ratio(ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> float:
    """Median of `ours` over median of `theirs`, one of each a round; the first round only warms up."""
    pairs = [(ours(), theirs()) for _ in range(rounds + 1)][1:]
    return statistics.median(pair[0] for pair in pairs) / statistics.median(pair[1] for pair in pairs)


@dataclass(frozen=True)
class Run:
    """One run of a program: from start to end, the most memory that it itself held at once, and what it printed."""

    seconds: float
    peak_bytes: int
    output: bytes


#: a process counts as its own the memory of the one that started it, so a small one has to do that
_STARTER = (
    "import os, sys\n"
    "pid = os.fork() or os.execv(sys.argv[1], sys.argv[1:])\n"
    "_, status, used = os.wait4(pid, 0)\n"
    "print(used.ru_maxrss * 1024, file=sys.stderr)\n"
    "sys.exit(os.waitstatus_to_exitcode(status) != 0)"
)


def run(argv: Sequence[str], cwd: Path, **variables: str) -> Run:
    """Run it with these variables in its environment; raises CalledProcessError when it fails."""
    words = [sys.executable, "-I", "-S", "-c", _STARTER, *argv]
    started = time.perf_counter()
    done = subprocess.run(words, cwd=cwd, env={**os.environ, **variables}, capture_output=True, check=True)
    return Run(time.perf_counter() - started, int(done.stderr.split()[-1]), done.stdout)


def wall_seconds(argv: Sequence[str], cwd: Path) -> float:
    """From start to end; raises CalledProcessError when it fails."""
    started = time.perf_counter()
    subprocess.run(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def own_seconds(argv: Sequence[str], cwd: Path) -> float:
    """Processor time, user and system, of this one process, without that of the processes it starts.

    `wait4` would count those it waited for. The process's clock, to the nanosecond and with all its threads, is read
    after it has ended and before it is reaped. Raises CalledProcessError when the process fails.
    """
    process = subprocess.Popen(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout
    said = process.stdout.read()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    # clock_getcpuclockid(3), which Python does not have: Linux makes the number so.
    seconds = time.clock_gettime((~process.pid << 3) | 2)
    code = process.wait()
    if code:
        raise subprocess.CalledProcessError(code, list(argv), said)
    return seconds

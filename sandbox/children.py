"""Processes that must not outlive the sandbox: what Linux offers for it, in one place.

The supervisor is a sub-reaper, so a module whose core was killed becomes the supervisor's child and can be found and
ended; the cores and the database die with the supervisor by the parent-death signal.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def die_with_parent() -> None:
    """For `preexec_fn` in the single-threaded supervisor: the kernel sends SIGTERM when it is gone."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def adopt_orphans() -> None:
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _stat(pid: int) -> tuple[int, str, str] | None:
    """Parent, state letter and start time of a process, or None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), fields[0], fields[19]


def start_time(pid: int) -> str:
    """Kernel ticks at which this process started: with the pid it names one process for ever. Empty when gone."""
    found = _stat(pid)
    return "" if found is None or found[1] == "Z" else found[2]


def descendants(pid: int) -> list[int]:
    """Living processes below this one."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            found = _stat(int(entry.name))
            if found is not None and found[1] != "Z":
                parents.setdefault(found[0], []).append(int(entry.name))
    result: list[int] = []
    unseen = [pid]
    while unseen:
        children = parents.get(unseen.pop(), [])
        result += children
        unseen += children
    return result


def end_descendants(pid: int, spare: frozenset[int], patience_seconds: float = 3.0) -> None:
    """SIGTERM, then SIGKILL, to everything below this process but the spared ones, and reap it."""
    deadline = time.monotonic() + patience_seconds
    told: set[int] = set()
    while True:
        reap_orphans(spare)
        alive = [child for child in descendants(pid) if child not in spare]
        if not alive:
            return
        late = time.monotonic() > deadline
        for child in alive:
            if late or child not in told:
                told.add(child)
                _signal(child, signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(0.02)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def reap_orphans(known: frozenset[int]) -> None:
    """Collect ended children that nobody else waits for; the known ones are left to their Popen objects."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in known:
            return
        os.waitpid(ended.si_pid, 0)

"""Run another program with the limits that this process was started with (reseller/process.py); its output."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from reseller import process


def run(
    argv: Sequence[str],
    seconds: float,
    *,
    given: bytes = b"",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """The program's output and exit code; `given` is its input.

    Raises OSError if it cannot be started, TimeoutExpired if it runs longer than `seconds`; it is killed then.
    """
    pipe, stdin = subprocess.PIPE, subprocess.PIPE if given else subprocess.DEVNULL
    with process.as_started():
        # Popen returns after the exec, so the program, and whatever it starts, has these limits.
        child = subprocess.Popen(argv, env=env, cwd=cwd, stdin=stdin, stdout=pipe, stderr=pipe)
    with child:
        try:
            stdout, stderr = child.communicate(given, timeout=seconds)
        except BaseException:
            child.kill()
            raise
    return subprocess.CompletedProcess(argv, child.returncode, stdout, stderr)

"""Programs that we start: they have the limits that we were started with, and their output is kept."""

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
    """What the program said, and how it ended; `given` is its input.

    Raises OSError when it cannot be started, TimeoutExpired when it takes longer than that, after it was killed.
    """
    pipe, stdin = subprocess.PIPE, subprocess.PIPE if given else subprocess.DEVNULL
    with process.as_started():
        # It returns when the program has been executed, so what it starts has these limits as well.
        child = subprocess.Popen(argv, env=env, cwd=cwd, stdin=stdin, stdout=pipe, stderr=pipe)
    with child:
        try:
            stdout, stderr = child.communicate(given, timeout=seconds)
        except BaseException:
            child.kill()
            raise
    return subprocess.CompletedProcess(argv, child.returncode, stdout, stderr)

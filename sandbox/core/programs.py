"""Running somebody else's program: handlers of addon/ and commands of processing/.

Started without the core's own environment (its virtual environment must not leak into plug-ins) and in a process group
of its own, so that a time limit ends what the program started as well.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_KEPT = ("HOME", "TZ", "TMPDIR", "USER", "LOGNAME")


@dataclass(frozen=True)
class Outcome:
    """How a program ended. `code` is -1 when it could not be started."""

    code: int
    out: bytes
    err: bytes
    timed_out: bool = False


def base_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """No locale: the panel sets none (platform.md 8.2)."""
    environment = {"PATH": PATH, **{name: os.environ[name] for name in _KEPT if name in os.environ}}
    environment.setdefault("HOME", "/root")
    usable = {name: value for name, value in extra.items() if "=" not in name and "\0" not in name}
    environment.update({name: value.replace("\0", "") for name, value in usable.items()})
    return environment


def run(
    program: Path, arguments: list[str], cwd: Path, environment: dict[str, str], data: bytes, limit_seconds: float
) -> Outcome:
    """Wait for the program; 0 seconds means no limit (platform.md 2.3: unknown)."""
    try:
        process = subprocess.Popen(
            [str(program), *arguments],
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return Outcome(-1, b"", str(error).encode())
    try:
        out, err = process.communicate(data, limit_seconds or None)
    except subprocess.TimeoutExpired:
        end_group(process.pid)
        out, err = process.communicate()
        return Outcome(process.returncode, out, err, timed_out=True)
    return Outcome(process.returncode, out, err)


def end_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return

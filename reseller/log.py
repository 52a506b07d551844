"""var/reseller.log of the panel's tree, in the panel's own line form (reference/platform.md 7.1).

A line names what was done, to which service, how it ended and under which correlation id. Values of requests are not
logged at all, so no secret can be; what is logged is chosen by the caller, word by word.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

#: one id a process: all its requests, log lines, errors and ledger rows carry it
CORRELATION = secrets.token_hex(4)


class Log:
    """Appends lines; losing the log never stops the work."""

    def __init__(self, base: Path) -> None:
        self._path = base / "var" / "reseller.log"

    def info(self, text: str) -> None:
        """Something was done."""
        self._write("INFO", text)

    def error(self, text: str) -> None:
        """Something failed."""
        self._write("ERROR", text)

    def _write(self, level: str, text: str) -> None:
        now = time.localtime()
        stamp = f"{time.strftime('%b', now)} {now.tm_mday:2d} {time.strftime('%H:%M:%S', now)}"
        line = f"{stamp} [{os.getpid()}] reseller {level} [{CORRELATION}] {' '.join(text.split())}\n"
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        except OSError:
            return
        with os.fdopen(handle, "a", encoding="utf-8") as out:
            out.write(line)

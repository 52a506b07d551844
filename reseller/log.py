"""The log `var/reseller.log` in the panel's directory, in the panel's own line format (platform.md 7.1).

A line names what was done, to which service, how it ended, and the correlation id. Values of requests are not logged at
all, so they cannot reveal a secret. Error texts come from others, so the secrets that this process handles are hidden
in them (promise 7).
"""

from __future__ import annotations

import contextlib
import os
import time
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from reseller import files
from reseller.wire.errors import ResellerError
from reseller.wire.secrets import hide_known
from reseller.wire.texts import fit

#: id of this process, for log lines that belong to no request
CORRELATION = os.urandom(4).hex()
#: most characters of one line; the rest of a traceback adds little
LINE_CHARACTERS = 8000
_current: ContextVar[str] = ContextVar("correlation", default=CORRELATION)


def correlation() -> str:
    """The id of the request at work, from its intent to its end and in every process; log lines and errors carry it."""
    return _current.get()


def follow(request: str) -> None:
    """From now on, log lines of this process (or of this block of under()) carry the id of this request."""
    _current.set(request or CORRELATION)


@contextlib.contextmanager
def under(request: str = "") -> Iterator[None]:
    """Log lines inside the block carry the id of this request; without one, a new id for a request yet to be made."""
    before = _current.set(request or os.urandom(4).hex())
    try:
        yield
    finally:
        _current.reset(before)


class Log:
    """Appends lines to the log, without the secrets met by this process; a failure to write never stops the work."""

    def __init__(self, base: Path) -> None:
        self.path = base / "var" / "reseller.log"

    def info(self, text: str) -> None:
        """Log something that was done."""
        self._write("INFO", text)

    def error(self, text: str) -> None:
        """Log a failure."""
        self._write("ERROR", text)

    def unexpected(self, error: Exception, about: str = "") -> ResellerError:
        """Log the traceback of an unexpected error; returns the ResellerError to report to a person."""
        trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        self.error(f"internal: {about}" + " | ".join(trace.splitlines()))
        return ResellerError("reseller_internal", text=error.__class__.__name__)

    def _write(self, level: str, text: str) -> None:
        now = time.localtime()
        stamp = f"{time.strftime('%b', now)} {now.tm_mday:2d} {time.strftime('%H:%M:%S', now)}"
        line = f"{stamp} [{os.getpid()}] reseller {level} [{correlation()}] {fit(hide_known(text), LINE_CHARACTERS)}\n"
        # A full disk is no reason to leave a service half done.
        with contextlib.suppress(OSError):
            files.append(self.path, line, 0o640)

"""var/reseller.log of the panel's tree, in the panel's own line form (platform.md 7.1).

A line names what was done, to which service, how it ended and under which correlation id. Values of requests are not
logged at all, so no secret can be; what is logged is chosen by the caller, word by word. What failed is said in
words of others, so the secrets that this process handles are hidden in it.
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

#: of this process, for what belongs to no request
CORRELATION = os.urandom(4).hex()
#: of one line; what follows of a trace says nothing new
LINE_CHARACTERS = 8000
_current: ContextVar[str] = ContextVar("correlation", default=CORRELATION)


def correlation() -> str:
    """One id a request, from its intent to its end, in whatever processes work on it; log lines and errors carry it."""
    return _current.get()


def follow(request: str) -> None:
    """From now on what this process, or this block of under(), does belongs to the request with this id."""
    _current.set(request or CORRELATION)


@contextlib.contextmanager
def under(request: str = "") -> Iterator[None]:
    """What is done inside the block belongs to the request with this id, to one that is yet to be made without it."""
    before = _current.set(request or os.urandom(4).hex())
    try:
        yield
    finally:
        _current.reset(before)


class Log:
    """Appends lines; losing the log never stops the work."""

    def __init__(self, base: Path) -> None:
        self._path = base / "var" / "reseller.log"

    def info(self, text: str) -> None:
        """Something was done."""
        self._write("INFO", text)

    def error(self, text: str) -> None:
        """Something failed."""
        self._write("ERROR", hide_known(text))

    def unexpected(self, error: Exception, about: str = "") -> ResellerError:
        """Where an error arose that nobody expected; what a person is told of it."""
        trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        self.error(f"internal: {about}" + " | ".join(trace.splitlines()))
        return ResellerError("reseller_internal", text=error.__class__.__name__)

    def _write(self, level: str, text: str) -> None:
        now = time.localtime()
        stamp = f"{time.strftime('%b', now)} {now.tm_mday:2d} {time.strftime('%H:%M:%S', now)}"
        line = f"{stamp} [{os.getpid()}] reseller {level} [{correlation()}] {fit(text, LINE_CHARACTERS)}\n"
        # A full disk is no reason to leave a service half done.
        with contextlib.suppress(OSError):
            files.append(self._path, line, 0o640)

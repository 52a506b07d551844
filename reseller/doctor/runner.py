"""Run each check in a process of its own, with a deadline, and pass on what it finds as soon as it is found.

A file system that hangs, a database that does not answer or a crash in a library ends only that process; what the check
had found before is kept. The sentences are made there too, because only that process knows the secrets that it read
and that no sentence may show (wire/secrets.py).
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from collections.abc import Iterator, Sequence
from typing import Any

from reseller.doctor.finding import FAILS, UNCHECKED, Check, Finding, Line
from reseller.log import Log
from reseller.mgr5.panel import Panel
from reseller.wire import texts
from reseller.wire.errors import Message, ResellerError

READ_BYTES = 65536
#: what a check's process writes last; one that was killed does not
END: dict[str, object] = {}


def run(panel: Panel, checks: Sequence[Check], lang: str) -> Iterator[Line]:
    """The lines of these checks, one check after the other."""
    for check in checks:
        yield from _alone(panel, check, lang)


def _alone(panel: Panel, check: Check, lang: str) -> Iterator[Line]:
    began = time.monotonic()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _look(panel, check, lang, writer)
    os.close(writer)
    has_ended = False
    try:
        with os.fdopen(reader, "rb") as stream:
            for told in _lines(stream, began + check.seconds):
                has_ended = told == END
                if not has_ended:
                    seconds = round(time.monotonic() - began, 3)
                    yield Line(check.name, told["verdict"], told["text"], told["command"], seconds, told["facts"])
    finally:
        _end(child)
    if not has_ended:
        seconds = round(time.monotonic() - began, 3)
        is_late = seconds >= check.seconds
        why = Message("reseller_doctor_late", seconds=check.seconds) if is_late else Message("reseller_doctor_died")
        yield Line(check.name, UNCHECKED, texts.word(panel.base, why, lang), "", seconds)


def _lines(stream: Any, until: float) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - a pipe
    """The documents that the check has written, until it ends or its time is up."""
    rest = b""
    while (left := until - time.monotonic()) > 0:
        if not select.select([stream], [], [], left)[0]:
            return
        part = os.read(stream.fileno(), READ_BYTES)
        if not part:
            return
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            yield json.loads(line)


def _end(child: int) -> None:
    """End the check's process, and what it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _look(panel: Panel, check: Check, lang: str, writer: int) -> None:
    """The check's own process; it never returns."""
    try:
        os.setpgid(0, 0)
        with os.fdopen(writer, "w", encoding="utf-8") as stream:
            for finding in _findings(panel, check):
                told = {
                    "verdict": finding.verdict,
                    "text": texts.word(panel.base, finding.message, lang),
                    "command": finding.command,
                    "facts": dict(finding.facts),
                }
                stream.write(json.dumps(told, default=str) + "\n")
                stream.flush()
            stream.write(json.dumps(END) + "\n")
    finally:
        os._exit(0)


def _findings(panel: Panel, check: Check) -> Iterator[Finding]:
    """What the check finds; an error that a person can mend fails, any other means that it could not be looked at."""
    try:
        yield from check.look(panel)
    except ResellerError as error:
        yield Finding(FAILS, error)
    except Exception as error:  # noqa: BLE001 - a crash is the result of this check; the log gets the rest
        yield Finding(UNCHECKED, Log(panel.base).unexpected(error, f"doctor {check.name}: "))

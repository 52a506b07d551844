"""What a check says: one finding for each thing that it looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from reseller.mgr5.panel import Panel
from reseller.wire.errors import Message

#: the four verdicts, from the best; what could not be looked at is never counted as good
HOLDS, WARNING, FAILS, UNCHECKED = "holds", "warning", "fails", "not checked"

#: exit codes: all is well, or nothing worse than a warning; something fails; something could not be looked at
WELL, ILL, UNKNOWN = 0, 1, 2


class Finding(NamedTuple):
    """A verdict with its sentence; `command` is a line of the shell that mends it, empty where only a person can.

    `facts` go into the report of `--facts` and hold neither secrets nor names.
    """

    verdict: str
    message: Message
    command: str = ""
    facts: Mapping[str, object] = {}


#: looks at one thing; may raise anything, which is then its result
Look = Callable[[Panel], Iterator[Finding]]


class Check(NamedTuple):
    """A check by its name, and how many seconds it may take."""

    name: str
    look: Look
    seconds: int = 30


class Line(NamedTuple):
    """A finding in words, in the language of this run: what the command line shows."""

    check: str
    verdict: str
    text: str
    command: str
    seconds: float
    facts: Mapping[str, object] = {}


def exit_code(verdicts: list[str]) -> int:
    """WELL, ILL or UNKNOWN; no verdict at all is UNKNOWN."""
    if FAILS in verdicts:
        return ILL
    return UNKNOWN if UNCHECKED in verdicts or not verdicts else WELL

"""Faults of the wire: what can go wrong between a client and a panel, as commands (selling-api.md 1.4, 10).

A fault matches requests over HTTP only, never mgrctl, and is used up after its number of times.
"""

from __future__ import annotations

import fnmatch
import itertools
import threading
from dataclasses import dataclass, field

KINDS = {
    "reply_lost": "the work is committed, then the connection is closed without a byte",
    "reset": "the connection is reset before any work",
    "reset_after": "the work is committed, then the connection is reset",
    "cut": "the work is committed, half of the answer arrives, then the connection is closed",
    "slow": "the work is committed, the answer comes seconds later",
    "slow_before": "the work starts seconds later",
    "html": "an HTML page, status 403, no work",
    "html_after": "the work is committed, then an HTML page, status 502",
    "html460": "an HTML page, status 460, no work",
    "progress": "the work is committed, the answer is a plain page that asks to wait",
    "warning": "an error of type, object, value inside warning, no work",
    "captcha": "a captcha page, status 200, no work",
    "error": "an error document of type, object, value, no work",
    "error_after": "the work is committed, then an error document of type, object, value",
    "huge": "an answer of size bytes, no work",
    "bomb": "a document of nested entities, no work",
    "truncated": "the work is committed; status 200, complete length, but the XML ends in the middle",
    "lacks": "the work is committed, the answer comes without the elements, or attributes, at object (`a/b c@d`)",
    "hold_before": "kept before the work until sandbox.release",
    "hold_after": "the work is committed, then kept until sandbox.release",
    "refused": "the listeners are closed until the fault is cleared",
    "gone_after": "the whole answer arrives, then the connection is closed and `refused` begins",
}
BEFORE = frozenset(("reset", "html", "html460", "captcha", "error", "warning", "huge", "bomb"))
"""Kinds that answer instead of the function."""
ENDS = frozenset(("reply_lost", "reset_after", "cut", "gone_after"))
"""Kinds that end the connection once the work is committed."""


@dataclass
class Fault:
    id: int
    kind: str
    func: str = "*"
    user: str = "*"
    times: int = 1
    skip: int = 0
    seconds: float = 0
    size: int = 50_000_000
    type: str = "value"
    object: str = ""
    value: str = ""
    met: int = 0

    @property
    def used_up(self) -> bool:
        return self.met >= self.skip + self.times


@dataclass
class Held:
    """A request that a fault keeps: from its beginning it can be released, and it `waits` once it has come so far."""

    func: str
    released: threading.Event = field(default_factory=threading.Event)
    waits: bool = False


class Faults:
    """Those in force now, and the requests that are being held."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._numbers = itertools.count(1)
        self._faults: list[Fault] = []
        self._held: list[Held] = []
        self.spent: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        with self._guard:
            fault.id = next(self._numbers)
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._guard:
            self._faults.clear()
        self.release()

    def all(self) -> list[Fault]:
        with self._guard:
            return list(self._faults)

    def take(self, func: str, user: str) -> Fault | None:
        """The first fault that matches this request, counted as met. `refused` is not met by requests."""
        with self._guard:
            for fault in self._faults:
                if fault.kind == "refused" or not fnmatch.fnmatchcase(func, fault.func):
                    continue
                if not fnmatch.fnmatchcase(user, fault.user):
                    continue
                fault.met += 1
                if fault.used_up:
                    self._faults.remove(fault)
                    self.spent.append(fault)
                if fault.met > fault.skip:
                    return fault
        return None

    def hold(self, func: str) -> Held:
        held = Held(func)
        with self._guard:
            self._held.append(held)
        return held

    def release(self) -> int:
        """Let every held request go on, and those that a hold has met but that do not wait yet; how many."""
        with self._guard:
            held = list(self._held)
            self._held.clear()
        for one in held:
            one.released.set()
        return len(held)

    def held(self) -> list[str]:
        """The functions of the requests that wait now."""
        with self._guard:
            return [one.func for one in self._held if one.waits]

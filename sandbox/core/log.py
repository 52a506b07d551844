"""The panel's log, var/billmgr.log, in the line format of platform.md 7.1. No secret ever reaches it."""

from __future__ import annotations

import fnmatch
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

_SECRET = re.compile(r"pass|confirm|authinfo|^auth$|secret|token|key|errorxml", re.IGNORECASE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MASK = "********"
SHORTEST = 4
"""Characters of a value that lines hide wherever it stands: a shorter one is part of too many words."""
MOST_HIDDEN = 1000


def is_secret(name: str) -> bool:
    return _SECRET.search(name) is not None


def masked(params: Mapping[str, str], hides: Callable[[str], bool] = is_secret) -> dict[str, str]:
    """`service.saveparam name=password value=..` hides its value as well as `password=..` does.

    `hides` says of a parameter's name whether its value is for nobody."""
    named = hides(params.get("name", "")) or hides(params.get("param", "")) or params.get("crypted") == "on"
    result = {}
    for name, value in params.items():
        hide = hides(name) or (named and name not in ("func", "elid", "sok", "name", "param", "crypted", "out"))
        result[name] = MASK if hide and value else value
    return result


def query_text(params: Mapping[str, str], hides: Callable[[str], bool] = is_secret) -> str:
    shown = masked(params, hides)
    return "&".join(f"{quote(name, safe='.')}={quote(value, safe='.*@:')}" for name, value in shown.items())


LEVELS = {
    "NOTICE": 1,
    "CRITICAL": 2,
    "ERROR": 3,
    "WARNING": 4,
    "INFO": 5,
    "EXTINFO": 6,
    "REMOTE": 7,
    "TRACE": 8,
    "DEBUG": 9,
}
"""platform.md 7.1."""


class Levels:
    """etc/debug.conf: lines `<manager>.<module> <level>` with `*` for any (platform.md 7.1)."""

    def __init__(self, rules: list[tuple[str, int]], default: Callable[[], int]) -> None:
        self._rules = rules
        self._default = default

    @classmethod
    def read(cls, file: Path, default: Callable[[], int]) -> Levels:
        rules = []
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            lines = []
        for line in lines:
            words = line.split()
            if len(words) == 2 and words[1].isdecimal() and not line.startswith("#"):
                rules.append((words[0], int(words[1])))
        return cls(rules, default)

    def shows(self, module: str, level: str) -> bool:
        """The last line that names the module counts."""
        limit = self._default()
        for glob, number in self._rules:
            if fnmatch.fnmatchcase(f"billmgr.{module}", glob):
                limit = number
        return LEVELS.get(level, 1) <= limit


class Log:
    """Opened for each line: a person may rotate or remove the file at any time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._hidden: dict[str, None] = {}
        self.levels = Levels([], lambda: 9)

    def hide(self, value: str) -> None:
        """Have no line show this crypted setting of a module from now on, even if the module itself prints it."""
        if len(value) >= SHORTEST:
            with self._guard:
                self._hidden.pop(value, None)
                self._hidden[value] = None
                if len(self._hidden) > MOST_HIDDEN:
                    del self._hidden[next(iter(self._hidden))]

    def clean(self, text: str) -> str:
        """The text without what is hidden."""
        for value in tuple(self._hidden):
            text = text.replace(value, MASK)
        return text

    def line(self, module: str, level: str, text: str) -> None:
        if not self.levels.shows(module, level):
            return
        text = self.clean(text)
        now = time.localtime()
        stamp = f"{_MONTHS[now.tm_mon - 1]} {now.tm_mday:2d} {now.tm_hour:02d}:{now.tm_min:02d}:{now.tm_sec:02d}"
        thread = threading.get_native_id()
        line = f"{stamp} [{os.getpid()}:{thread}] {module} {level} {text}\n"
        with self._guard, self._path.open("a", encoding="utf-8") as file:
            file.write(line)

    def request(self, ip: str, user: str, params: Mapping[str, str], hides: Callable[[str], bool] = is_secret) -> None:
        """`INFO Request` is what authors grep for (platform.md 3.1)."""
        self.line("core", "INFO", f"Request [{ip}][{user}] '{query_text(params, hides)}'")

    def note(self, module: str, text: str) -> None:
        self.line(module, "INFO", text)

    def detail(self, module: str, text: str) -> None:
        self.line(module, "EXTINFO", text)

    def failure(self, module: str, text: str) -> None:
        self.line(module, "ERROR", text)

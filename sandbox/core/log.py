"""The panel's log, var/billmgr.log, in the line format of platform.md 7.1. No secret ever reaches it."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

_SECRET = re.compile(r"pass|confirm|authinfo|^auth$|secret|token|key|errorxml", re.IGNORECASE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MASK = "********"


def is_secret(name: str) -> bool:
    return _SECRET.search(name) is not None


def masked(params: Mapping[str, str]) -> dict[str, str]:
    """`service.saveparam name=password value=..` hides its value as well as `password=..` does."""
    named = is_secret(params.get("name", "")) or is_secret(params.get("param", "")) or params.get("crypted") == "on"
    result = {}
    for name, value in params.items():
        hide = is_secret(name) or (named and name not in ("func", "elid", "sok", "name", "param", "crypted", "out"))
        result[name] = MASK if hide and value else value
    return result


def query_text(params: Mapping[str, str]) -> str:
    return "&".join(f"{quote(name, safe='.')}={quote(value, safe='.*@:')}" for name, value in masked(params).items())


class Log:
    """Opened for each line: a person may rotate or remove the file at any time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()

    def line(self, module: str, level: str, text: str) -> None:
        now = time.localtime()
        stamp = f"{_MONTHS[now.tm_mon - 1]} {now.tm_mday:2d} {now.tm_hour:02d}:{now.tm_min:02d}:{now.tm_sec:02d}"
        thread = threading.get_native_id()
        line = f"{stamp} [{os.getpid()}:{thread}] {module} {level} {text}\n"
        with self._guard, self._path.open("a", encoding="utf-8") as file:
            file.write(line)

    def request(self, ip: str, user: str, params: Mapping[str, str]) -> None:
        """`INFO Request` is what authors grep for (platform.md 3.1)."""
        self.line("core", "INFO", f"Request [{ip}][{user}] '{query_text(params)}'")

    def note(self, module: str, text: str) -> None:
        self.line(module, "INFO", text)

    def detail(self, module: str, text: str) -> None:
        self.line(module, "EXTINFO", text)

    def failure(self, module: str, text: str) -> None:
        self.line(module, "ERROR", text)

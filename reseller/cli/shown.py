"""The output of all subcommands: a table for people, JSON for machines."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from reseller import files
from reseller.context import Caller
from reseller.wire import numbers, texts
from reseller.wire.errors import ResellerError
from reseller.wire.secrets import hide_known


def say(text: str) -> None:
    """Print a line for a person, without secrets and control characters: names come from clients and sellers."""
    print("\n".join(map(texts.visible, hide_known(text, len(text)).split("\n"))))


def complain(text: str) -> None:
    """Print an error to stderr."""
    print(f"resellerctl: {texts.visible(hide_known(text))}", file=sys.stderr)


def number(text: str) -> int:
    """A number of a service, a tariff or a module, for argparse; raises ArgumentTypeError for anything else."""
    value = numbers.whole(text)
    if not value:
        raise argparse.ArgumentTypeError("a number is needed, as in 1234")
    return value


def counted(count: int, one: str) -> str:
    """A count with its noun: `1 finding`, `2 findings`."""
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


def lasting(seconds: int) -> str:
    """A duration in its largest unit: `40 seconds`, `3 hours`, `2 days`."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return counted(seconds // length, unit)
    return counted(seconds, "second")


def table(rows: Sequence[Mapping[str, object]], *, as_json: bool, empty: str) -> None:
    """Print rows that have the same columns as a table; `empty` is printed if there are none."""
    if as_json:
        machine(rows)
        return
    if not rows:
        say(empty)
        return
    names = list(rows[0])
    shown = [names, *[["-" if row[name] in (None, "") else str(row[name]) for name in names] for row in rows]]
    widths = [max(len(line[column]) for line in shown) for column in range(len(names))]
    for line in shown:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def machine(value: object) -> None:
    """Print a value as JSON, without secrets."""
    import json

    text = json.dumps(value, default=str)
    print(hide_known(text, len(text)))


def save(path: Path, content: str | bytes, error_type: str) -> None:
    """Write a file that only its owner may read; raises ResellerError `error_type`, with path and reason."""
    try:
        files.replace(path, content, 0o600)
    except OSError as error:
        raise ResellerError(error_type, path=path, text=error.strerror or str(error)) from error


def caller() -> Caller:
    """The caller of the command: the user who logged in at the terminal, else who used sudo, else the process's
    user.
    """
    try:
        user = os.getlogin()
    except OSError:
        # There is no terminal in cron, a container or a script.
        user = os.environ.get("SUDO_USER") or os.environ.get("USER") or "root"
    return Caller(user, os.environ.get("SSH_CLIENT", "").partition(" ")[0])


def told(service: int, text: str, *, as_json: bool) -> int:
    """Print one sentence about one service; the exit code."""
    if as_json:
        machine({"service": service, "text": text})
    else:
        say(text)
    return 0

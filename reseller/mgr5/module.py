"""The protocol of a processing module: the vendor's arguments in, a document and an exit code out (platform.md 5.2).

The panel may look at the exit code, at stdout, or at both (unknown), so both always agree: 0 with a result, 1 with an
error document. Words on a wrong command line go to stderr as well, as the vendor's base class does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from reseller.wire.errors import UsageError

#: options that take a number, and those that take text; `--id` is a tariff's code at the seller and may be any text
_NUMBERS = ("item", "module", "runningoperation", "level", "addon")
_TEXTS = ("command", "subcommand", "id", "lang", "itemtype", "intname", "param", "value")
_SHORT = {"command": "-c", "item": "-i", "lang": "-l", "module": "-m", "itemtype": "-t", "addon": "-a"}


@dataclass(frozen=True)
class Arguments:
    """One call of the module; numbers are 0 and texts empty where not given."""

    command: str
    item: int = 0
    module: int = 0
    runningoperation: int = 0
    lang: str = ""
    itemtype: str = ""

    def need(self, name: str) -> int:
        """The number `name`, which the command cannot do without; raises UsageError `reseller_usage_missing`."""
        value: int = getattr(self, name)
        if value <= 0:
            raise UsageError("reseller_usage_missing", object=name, command=self.command, option=f"--{name}")
        return value


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"pmreseller: {message}\n")
        raise UsageError("reseller_usage", text=message)


def parse(argv: Sequence[str]) -> Arguments:
    """Arguments of a call; raises UsageError for an unknown option, a missing value or a number that is none."""
    parser = _Parser(prog="pmreseller", description="Processing module: resells services of another BILLmanager.")
    parser.add_argument("-V", "--version", action="version", version="1.0")
    for name in _NUMBERS:
        parser.add_argument(*_flags(name), type=int, default=0)
    for name in _TEXTS:
        parser.add_argument(*_flags(name), default="")
    given = parser.parse_args(argv)
    if not given.command:
        parser.error("--command is missing")
    return Arguments(
        command=given.command,
        item=given.item,
        module=given.module,
        runningoperation=given.runningoperation,
        lang=given.lang,
        itemtype=given.itemtype,
    )


def _flags(name: str) -> list[str]:
    return [f"--{name}", *([_SHORT[name]] if name in _SHORT else [])]

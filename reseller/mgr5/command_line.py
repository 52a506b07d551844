"""The protocol of a processing module: the vendor's arguments in, a document and an exit code out (platform.md 5.2).

It is unknown whether the panel looks at the exit code, at stdout, or at both, so both always agree: 0 with a result, 1
with an error document. The text about a wrong command line goes to stderr as well, as in the vendor's base class.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from reseller.wire import numbers
from reseller.wire.errors import UsageError
from reseller.wire.texts import fit

#: options that take a number, and those that take text; `--id` is a tariff's code at the seller and may be any text
_NUMBERS = ("item", "module", "runningoperation", "level", "addon")
_WORDS = ("command", "subcommand", "id", "lang", "itemtype", "intname", "param", "value")
_TEXTS = (*_WORDS, "userid", "password", "panelkey")
#: second names of options: which of the two the panel uses is unknown (platform.md 5.3)
_ALSO = {"panelkey": "--panel_key"}
_SHORT = {"command": "-c", "item": "-i", "lang": "-l", "module": "-m", "itemtype": "-t", "addon": "-a"}
_OPTIONS = {f"--{name}": name for name in (*_NUMBERS, *_TEXTS)}
_OPTIONS.update((other, name) for table in (_SHORT, _ALSO) for name, other in table.items())
_USAGE = f"pmreseller: a processing module. Options: {' '.join(_OPTIONS)}; each takes a value."
#: answers to these options, as the vendor's own modules give them (platform.md 5.2)
_TOLD = {"-V": "1.0", "--version": "1.0", "-h": _USAGE, "--help": _USAGE}


@dataclass(frozen=True)
class Arguments:
    """The arguments of one call; numbers are 0 and texts are empty if not given."""

    command: str
    item: int = 0
    module: int = 0
    #: level of the calling user, 0 if the panel does not pass it
    level: int = 0
    runningoperation: int = 0
    subcommand: str = ""
    #: a tariff's number at the seller
    id: str = ""
    lang: str = ""
    itemtype: str = ""
    addon: int = 0
    param: str = ""
    value: str = ""
    userid: str = ""
    panelkey: str = ""
    #: encrypted, as the panel stores it (mgr5/crypt.py)
    password: str = field(default="", repr=False)

    def need(self, name: str) -> int:
        """The number `name`, which the command requires; raises UsageError `reseller_usage_missing`."""
        value: int = getattr(self, name)
        if value <= 0:
            raise UsageError("reseller_usage_missing", object=name, command=self.command, option=f"--{name}")
        return value


def parse(argv: Sequence[str]) -> Arguments:
    """The arguments of a call; raises UsageError for an unknown option, a missing value or an invalid number.

    Parsed by hand: argparse costs as much as starting Python, and every option takes the next word, whatever it is.
    """
    if argv and argv[0] in _TOLD:
        sys.stdout.write(f"{_TOLD[argv[0]]}\n")
        raise SystemExit(0)
    given: dict[str, str] = {}
    words = iter(argv)
    for word in words:
        flag, equals, value = word.partition("=")
        name = _OPTIONS.get(flag)
        if name is None:
            raise _wrong(f"unknown option {flag}")
        taken = value if equals else next(words, None)
        if taken is None:
            raise _wrong(f"{flag} takes a value")
        given[name] = taken
    if not given.get("command"):
        raise _wrong("--command is missing")
    values = {}
    for name in _NUMBERS:
        number = numbers.parse(given.get(name, "0"))
        if number is None:
            raise _wrong(f"--{name} takes a number, not {given[name]}")
        values[name] = number
    return Arguments(
        **values,
        command=given["command"],
        subcommand=given.get("subcommand", ""),
        id=given.get("id", ""),
        lang=given.get("lang", ""),
        itemtype=given.get("itemtype", ""),
        param=given.get("param", ""),
        value=given.get("value", ""),
        userid=given.get("userid", ""),
        panelkey=given.get("panelkey", ""),
        password=given.get("password", ""),
    )


def _wrong(text: str) -> UsageError:
    sys.stderr.write(f"pmreseller: {fit(text)}\n")
    return UsageError("reseller_usage", text=text)

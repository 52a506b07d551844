"""Whole numbers as people and panels write them: ASCII digits only, and never more of them than a column holds."""

from __future__ import annotations

import re
from decimal import Decimal

#: no sign, no leading zero, no other digits than these: one number has one spelling
_WHOLE = re.compile("[1-9][0-9]{0,17}")
#: `str.isdigit` also accepts digits of other scripts and superscripts, which `int` then refuses or reads
_DIGITS = re.compile("[0-9]+")
#: digits that fit a signed 32-bit column (INT), and a signed 64-bit one (BIGINT)
INT_DIGITS, BIGINT_DIGITS = 9, 18


def whole(text: str) -> int:
    """The id that `text` is the one spelling of (1 to 18 digits), 0 for anything else."""
    return int(text) if _WHOLE.fullmatch(text) else 0


def parse(text: str, digits: int = INT_DIGITS) -> int | None:
    """The number that `text` writes in at most `digits` ASCII digits, None for anything else; zeros may lead it."""
    return int(text) if len(text) <= digits and _DIGITS.fullmatch(text) else None


def plain(number: object) -> str:
    """A number without the decimals that a column may print: what takes `60` need not take `60.0000`."""
    return format(Decimal(str(number)).normalize(), "f")

"""Whole numbers as people and panels write them: ASCII digits only, and no more digits than a column holds."""

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
    """The id that `text` spells (1 to 18 digits, no leading zero), 0 for anything else."""
    return int(text) if _WHOLE.fullmatch(text) else 0


def parse(text: str, digits: int = INT_DIGITS) -> int | None:
    """The number in `text`, written with at most `digits` ASCII digits, leading zeros allowed.

    None for anything else.
    """
    return int(text) if len(text) <= digits and _DIGITS.fullmatch(text) else None


def plain(number: object) -> str:
    """A number without the trailing zeros that a column may print: a field that takes `60` may refuse `60.0000`."""
    return format(Decimal(str(number)).normalize(), "f")

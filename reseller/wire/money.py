"""Amounts as panels print them: `5.00`, `1 234,56 руб.`, `1,234.50 EUR / Month` (selling-api.md 6)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from reseller.wire import numbers

if TYPE_CHECKING:
    from lxml import etree

#: a number with all signs that may separate thousands or the fraction; a space only before three digits; no exponent
_AMOUNT = re.compile("-?(?:[.,](?=[0-9]))?[0-9](?:[0-9.,'\u2019]|[ \u00a0\u202f](?=[0-9]{3}(?![0-9])))*")
_EXACT = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,10})?)(?:[ \u00a0][^0-9.,]*)?")
_POWER = re.compile("[eE][+-]?[0-9]")
_GROUPING = re.compile("[ \u00a0\u202f'\u2019]")
#: digits between two thousands separators
_GROUP = 3
#: most digits before the decimal sign, as in the ledger's DECIMAL(20, 4), and after it
_MOST_WHOLE, _MOST_FRACTION = 16, 10


def parse(shown: str) -> Decimal | None:
    """The first amount in `shown`; None if there is none, or it is larger than an account can have.

    The last of `.` and `,` is the decimal sign. A sign that occurs more than once separates thousands, and so does a
    single `,` before exactly three digits, unless the amount begins with 0: `1,234` is a thousand, `0,104` is not.
    """
    match = _AMOUNT.search(shown)
    if not match or _POWER.match(shown, match.end()):
        return None
    digits = _GROUPING.sub("", match.group().rstrip(".,'\u2019"))
    whole, fraction = _split(digits.lstrip("-"))
    if not whole or len(whole) > _MOST_WHOLE or len(fraction) > _MOST_FRACTION:
        return None
    sign = "-" if digits.startswith("-") else ""
    return Decimal(f"{sign}{whole}.{fraction or 0}") if fraction else Decimal(f"{sign}{whole}")


def _split(digits: str) -> tuple[str, str]:
    """The digits before and after the decimal sign."""
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return digits, ""
    mark, whole, fraction = digits[last], digits[:last], digits[last + 1 :]
    is_grouped = mark in whole or (mark == "," and "." not in whole and len(fraction) == _GROUP and whole.lstrip("0"))
    bare = whole.replace(".", "").replace(",", "")
    return (bare + fraction, "") if is_grouped else (bare or "0", fraction)


def text(amount: Decimal | None, currency: str) -> str:
    """An amount for a person, without trailing zeros: `10.5 EUR`; empty if it is unknown."""
    return "" if amount is None else f"{numbers.plain(amount)} {currency}".rstrip()


def of(node: etree._Element | None) -> Decimal | None:
    """The amount in an element: its raw `orig`, else the text that people see; None if there is none.

    A panel prints `10.00 EUR` and has `10.0000` in the attribute (platform.md 3.2).
    """
    if node is None:
        return None
    return parse(node.get("orig") or node.text or "")


def exact(node: etree._Element | None) -> Decimal | None:
    """The amount in an element, if it is written as machines write it: `10.00`, or `10.00 EUR / Month`; else None.

    What people's separators may be in it is not guessed: `1,226` is a thousand to some, and little more than one to
    others.
    """
    match = _EXACT.fullmatch((node.get("orig") or node.text or "").strip()) if node is not None else None
    return Decimal(match[1]) if match else None


def currency(shown: str) -> str:
    """The currency's letters in an amount, such as `EUR` in `5.00 EUR / Month`; empty without any: `5.00 € / Month`."""
    return next((word for word in shown.partition("/")[0].split() if word.isalpha()), "")

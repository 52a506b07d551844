"""Amounts as panels print them: `5.00`, `1 234,56 руб.`, `10.0000 EUR / Month` (reference/selling-api.md 6)."""

from __future__ import annotations

import re
from decimal import Decimal

_AMOUNT = re.compile(r"-?\d[\d \u00a0\u202f']*(?:[.,]\d+)?")


def parse(shown: str) -> Decimal | None:
    """The first amount in `shown`, or None; blanks may part the thousands, the decimal sign is `.` or `,`."""
    found = _AMOUNT.search(shown)
    if not found:
        return None
    digits = re.sub(r"[ \u00a0\u202f']", "", found.group()).replace(",", ".")
    return Decimal(digits)

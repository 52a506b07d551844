"""How a period is shown to people: months as a number, the special ones as a word."""

from __future__ import annotations

from reseller.context import Context
from reseller.seller.price_list import ONCE
from reseller.wire.errors import Message

#: numbers of the panel that are no months (platform.md 6.2), and what is charged once
_SPECIAL = {
    "-100": "reseller_period_trial",
    "-50": "reseller_period_day",
    "0": "reseller_period_lifetime",
    ONCE: "reseller_period_once",
}


def word(context: Context, period: str) -> str:
    """`12` as it is, `-100` as the word for a trial."""
    name = _SPECIAL.get(period)
    return context.word(Message(name)) if name else period

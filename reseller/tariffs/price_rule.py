"""The operator's rule (margin, rate of currency, rounding): from what the seller charges to what is charged here.

What is shown and what is written come from here. A price is the cost in the seller's currency, times the rate, plus the
margin, rounded up once: a sum of a period to the rule's step, the price of a unit to four places only, which is all
that a panel's table keeps.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from reseller.wire import numbers
from reseller.wire.errors import ResellerError

#: margins and rates beyond these are typing errors
MOST_PERCENT, MOST_RATE = Decimal(1000), Decimal(1_000_000)
#: a margin of the price cannot be the whole price
MOST_OF_PRICE = Decimal(95)
#: places of a price in the panel's tables (additions-2.md a.3)
UNIT = Decimal("0.0001")
_WORDS = re.compile(r"\+?\s*([0-9]{1,4}(?:\.[0-9]{1,4})?)\s*%\s*(of price)?")
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,8})?")


class Rule(NamedTuple):
    """`percent` is on top of the cost, or with `of_price` the part of the price that is margin; `step` rounds up.

    `currency` is the one to sell in, empty for the seller's own; `rate` is how much of it one unit of the seller's is,
    None where none was given.
    """

    percent: Decimal = Decimal(0)
    of_price: bool = False
    step: Decimal = Decimal("0.01")
    currency: str = ""
    rate: Decimal | None = None

    def __str__(self) -> str:
        margin = f"+{numbers.plain(self.percent)} %{' of price' if self.of_price else ''}"
        sold = f", {numbers.plain(self.rate)} {self.currency} for one" if self.rate else ""
        return f"{margin}, rounded up to {numbers.plain(self.step)}{sold}"

    def total(self, cost: Decimal) -> Decimal:
        """The price of a period."""
        return self._rounded_up(cost, self.step)

    def unit(self, cost: Decimal) -> Decimal:
        """The price of one unit of a resource, or of a choice."""
        return self._rounded_up(cost, UNIT)

    def _rounded_up(self, cost: Decimal, step: Decimal) -> Decimal:
        sold = cost * (self.rate or 1)
        exact = sold * 100 / (100 - self.percent) if self.of_price else sold * (100 + self.percent) / 100
        return (exact / step).to_integral_value(ROUND_CEILING) * step


def parse(margin: str, step: str, currency: str, rate: str) -> Rule:
    """The rule in the operator's words: `+20 %` on the cost, or `+20 % of price`; empty for the cost itself.

    Raises ResellerError `reseller_rule` naming the part that is none.
    """
    found = _WORDS.fullmatch(margin.strip()) if margin.strip() else None
    percent = Decimal(found[1]) if found else Decimal(0)
    of_price = bool(found and found[2])
    if (margin.strip() and not found) or percent > (MOST_OF_PRICE if of_price else MOST_PERCENT):
        raise _refused("rule", margin)
    if currency and not re.fullmatch("[A-Z]{3}", currency):
        raise _refused("currency", currency)
    given = _positive("rate", rate) if rate.strip() else None
    rounded = _positive("round", step or "0.01")
    if rounded % UNIT:
        raise _refused("round", step)
    return Rule(percent, of_price, rounded, currency, given)


def _positive(name: str, text: str) -> Decimal:
    number = Decimal(text.strip()) if _NUMBER.fullmatch(text.strip()) else Decimal(0)
    if not 0 < number <= MOST_RATE:
        raise _refused(name, text)
    return number


def _refused(name: str, value: str) -> ResellerError:
    return ResellerError("reseller_rule", object=name, value=value)

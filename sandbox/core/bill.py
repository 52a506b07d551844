"""What a purchase costs: the price of the period with its add-ons, a setup fee once, and tax (additions-2.md i)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.tariffs import Tariff

_CENT = Decimal("0.01")


class Bill(NamedTuple):
    """The first term of an order: what is charged, and what it would be without the discount."""

    total: Decimal
    nodiscount: Decimal


def of_order(panel: Panel, tariff: Tariff, period: int, extra: Decimal) -> Bill:
    """`extra` is what the add-ons cost; the setup fee has no discount."""
    price, once = tariff.prices[period] + extra, tariff.setup or Decimal(0)
    less = price * Decimal(panel.switches["order_discount"]) / 100
    return Bill(taxed(panel, price - less + once), taxed(panel, price + once))


def taxed(panel: Panel, amount: Decimal) -> Decimal:
    """The amount with the tax that the provider adds to its prices (switch tax_added)."""
    rate = Decimal(panel.switches["tax_added"])
    return (amount * (100 + rate) / 100).quantize(_CENT, ROUND_HALF_UP) if rate else amount

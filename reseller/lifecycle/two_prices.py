"""Two answers of the seller about one order, its form's sum and the sum of the published prices: they have to agree.

A price that the seller names differently in two places may be another than the one that was agreed to: an order waits
until both say the same, or a person agrees to the difference (a cost that only the form has in it, such as a setup fee
that the price list does not tell). The difference is a row of the tariff's prices (ledger/prices.py, BESIDE). Whoever
agrees to a difference agrees to a smaller one too, and to none: it may depend on what is ordered, or go away.

A form may round each line before it adds up, so a cent for each charge is no difference, nor is what is no rise
(`tolerance_sum` of the module).

Only numbers of one kind are compared: for the same term, amounts and currency, and with the same tax. Whether tax is in
the published prices no answer tells (additions-2.md i.7), so the form is asked only where the module's settings say it.
A discount that the form names is no contradiction: its sum without the discount may agree as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from reseller.ledger import prices
from reseller.ledger.prices import Seen
from reseller.seller import order_form, orders, price_list
from reseller.seller.order_form import Total
from reseller.seller.price_list import Offer
from reseller.wire import money
from reseller.wire.errors import ResellerError, SellerError

if TYPE_CHECKING:
    from reseller.lifecycle.attempt import Attempt
    from reseller.seller.orders import Order

#: most that a line of the form may be rounded by: a form that prints whole amounts is no reason to overlook one
_CENT = Decimal("0.01")
#: error type of orders that wait since the seller names two prices
CONTRADICTS = "reseller_two_prices"


def require_one(attempt: Attempt, order: Order, generation: str, offer: Offer | None) -> Total | None:
    """Let an order wait whose form says something else than the published prices of `offer`; raises Stopped.

    What the form says; None if it was not asked, says no number of this order, or cannot be read.
    """
    tax, context = attempt.seller.settings.tax, attempt.context
    if generation != orders.V2 or tax is None:
        return None
    try:
        shown = order_form.total(attempt.seller.transport, order)
    except SellerError as error:
        context.log.info(f"item {attempt.item.id}: the order form's sum is not seen: {context.word(error)}")
        return None
    if shown is None or offer is None:
        return shown
    charges = offer.first_charges(shown.currency, order.period, shown.addons)
    listed = price_list.with_tax(price_list.sum_of(charges), tax)
    if listed is not None:
        slack = max(min(shown.place, _CENT) * len(charges), attempt.seller.settings.tolerance_sum)
        _compare(attempt, order, shown, listed, slack)
    return shown


def _compare(attempt: Attempt, order: Order, shown: Total, listed: Decimal, slack: Decimal) -> None:
    item, part = attempt.item, f"{order.pricelist} {order.period}{prices.BESIDE}"
    known = prices.of(attempt.context.db, prices.TARIFF, item.pricelist, item.module)
    mine = (each.agreed for each in known if (each.part, each.currency) == (part, shown.currency))
    # The difference that a person has agreed to, if any.
    agreed = next(mine, Decimal(0))
    least, most = min(agreed, Decimal(0)) - slack, max(agreed, Decimal(0)) + slack
    agrees = any(least <= sum_ - listed <= most for sum_ in (shown.amount, shown.full))
    gap = agreed if agrees else shown.full - listed
    seen = Seen(prices.TARIFF, item.pricelist, part, shown.currency, item.pricelist, gap, agreed)
    prices.note(attempt.held, item.module, [seen])
    if not agrees:
        told: Mapping[str, object] = {
            "form": money.text(shown.amount, shown.currency),
            "listed": money.text(listed, shown.currency),
            "agreed": money.text(agreed, shown.currency),
            "tariff": item.pricelist_name,
            "pricelist": item.pricelist,
        }
        seconds = attempt.context.limits.unsent_longest_seconds
        raise attempt.wait_for(ResellerError(CONTRADICTS, **told, **attempt.names()), seconds)

"""What a configuration of a tariff costs at the seller: the price of the period and of every resource in it.

It is the sum that the seller's own order form shows. The included amount of a number is free, exactly once; a switch
and a choice cost their price whether the client or the tariff has chosen them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from reseller.model import BOOLEAN, ENUMERATION
from reseller.seller.price_list import Offer, Prices, Resource
from reseller.tariffs.design import NOT_TAKEN
from reseller.wire import numbers


def total(offer: Offer, currency: str, period: str, values: Mapping[str, str]) -> Decimal | None:
    """The cost of a period with these values by the resource's number: a whole total, `on` or `off`, a choice's number.

    None if a cost that counts is not known. A resource that clients do not order there, or that the tariff does not
    have, costs nothing.
    """
    found = offer.prices.get(currency, {}).get(period)
    for one in offer.resources:
        if found is not None and one.id in values and one.billtype not in NOT_TAKEN:
            cost = _cost(one, currency, period, values[one.id])
            found = None if cost is None else found + cost
    return found


def _cost(one: Resource, currency: str, period: str, value: str) -> Decimal | None:
    if one.addontype == ENUMERATION:
        chosen = next((choice for choice in one.choices if choice.id == value), None)
        return Decimal(0) if chosen is None else _price(chosen.prices, currency, period)
    if one.addontype == BOOLEAN:
        count = 1 if value == "on" else 0
    else:
        count = max((numbers.parse(value, numbers.BIGINT_DIGITS) or 0) - int(one.included or 0), 0)
    if not count:
        return Decimal(0)
    price = _price(one.prices, currency, period)
    return None if price is None else price * count


def _price(prices: Prices, currency: str, period: str) -> Decimal | None:
    return prices.get(currency, {}).get(period)

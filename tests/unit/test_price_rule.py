"""From the seller's cost to the price here: one function, rounded up once, and never below the cost by itself."""

import random
from decimal import Decimal

import pytest

from reseller.tariffs import price_rule
from reseller.tariffs.price_rule import UNIT
from reseller.wire.errors import ResellerError


@pytest.mark.parametrize(
    ("margin", "step", "cost", "price"),
    [
        ("", "", "9.99", "9.99"),
        ("+25 %", "", "100", "125"),
        ("+25 % of price", "", "75", "100"),
        ("20%", "1", "9.99", "12"),
        ("+0.5 %", "0.01", "10", "10.05"),
        ("+20 %", "0.5", "10", "12"),
        ("+20 %", "0.5", "10.01", "12.5"),
        ("+300 %", "10", "0", "0"),
    ],
)
def test_margin_and_step(margin, step, cost, price):
    assert price_rule.parse(margin, step, "", "").total(Decimal(cost)) == Decimal(price)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("rule", ("20", "", "", "")),
        ("rule", ("-20 %", "", "", "")),
        ("rule", ("+1,5 %", "", "", "")),
        ("rule", ("+20 % of cost", "", "", "")),
        ("rule", ("+1001 %", "", "", "")),
        ("rule", ("+96 % of price", "", "", "")),
        ("rule", ("٢٠ %", "", "", "")),
        ("round", ("", "0", "", "")),
        ("round", ("", "-1", "", "")),
        ("round", ("", "1e3", "", "")),
        ("round", ("", "0.00005", "", "")),
        ("round", ("", "0.01001", "", "")),
        ("currency", ("", "", "euro", "")),
        ("rate", ("", "", "USD", "0")),
        ("rate", ("", "", "USD", "1,1")),
        ("rate", ("", "", "USD", "9999999")),
    ],
)
def test_what_is_no_rule_is_refused_by_the_part(part, words):
    with pytest.raises(ResellerError) as refused:
        price_rule.parse(*words)
    assert (refused.value.type, refused.value.object) == ("reseller_rule", part)


def test_no_price_is_below_its_cost_nor_more_than_a_step_above_the_margin():
    chance = random.Random(17)
    for _ in range(2000):
        percent, step = chance.randrange(0, 90), Decimal(chance.choice(["0.01", "0.05", "0.5", "1", "7"]))
        rate = Decimal(chance.randrange(1, 10**6)) / 1000
        of_price = chance.random() < 0.5
        rule = price_rule.parse(f"+{percent} %{' of price' if of_price else ''}", str(step), "USD", str(rate))
        cost = Decimal(chance.randrange(0, 10**8)) / 10**4
        exact = cost * rate * 100 / (100 - percent) if of_price else cost * rate * (100 + percent) / 100
        for price, unit in ((rule.total(cost), step), (rule.unit(cost), UNIT)):
            assert exact <= price < exact + unit
            assert price % unit == 0

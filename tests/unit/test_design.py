"""Which of a seller's resources are taken over: none that is ordered without a stated cost, none that is ambiguous."""

from decimal import Decimal

import pytest

from reseller.model import ENUMERATION, INTEGER
from reseller.seller.order_form import OrderForm
from reseller.seller.price_list import Choice, Offer, Resource
from reseller.tariffs import design
from reseller.tariffs.price_rule import Rule

FORM = OrderForm(frozenset(), {}, {}, {}, {})
ONE, TWO = {"1": Decimal(1)}, {"1": Decimal(1), "12": Decimal(0)}


def resource(prices, *choices, billtype="2"):
    kind = ENUMERATION if choices else INTEGER
    limits = (Decimal(1), Decimal(1), Decimal(8))
    return Resource("5", "part", "Part", kind, billtype, *limits, "", "3" if choices else "", choices, prices)


def choice(number, intname, prices):
    return Choice(number, intname, intname, prices)


def designed(one):
    offer = Offer("7", "Tariff", {}, "vds", (), {}, {"EUR": {"1": Decimal(10), "12": Decimal(100)}}, {}, (one,), {})
    return design.design(offer, FORM, Rule(), "", ("EUR", "EUR"))


@pytest.mark.parametrize(
    "one",
    [
        resource({"EUR": TWO}),
        resource({"EUR": TWO, "USD": ONE}),
        resource({}, billtype="1"),
        resource({}, choice("1", "a", {"EUR": TWO}), choice("2", "b", {"EUR": TWO})),
    ],
)
def test_a_resource_with_a_cost_in_each_period_is_taken_over_and_0_is_one(one):
    made = designed(one)
    assert ([part.key for part in made.resources], made.left) == (["part"], ())


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (resource({"EUR": ONE}), "reseller_import_unit_unpriced"),
        (resource({"USD": TWO}), "reseller_import_unit_unpriced"),
        (resource({}), "reseller_import_unit_unpriced"),
        (resource({"EUR": {"1": Decimal(1), "12": None}}, billtype="1"), "reseller_import_unit_unpriced"),
        (resource({"EUR": TWO}, choice("1", "a", {"EUR": TWO}), choice("2", "b", {})), "reseller_import_unit_unpriced"),
        (
            resource({}, choice("1", "a", {"EUR": TWO}), choice("2", "a", {"EUR": TWO})),
            "reseller_import_choices",
        ),
    ],
)
def test_an_ordered_resource_without_a_cost_and_one_with_ambiguous_choices_are_left_out_with_the_reason(one, why):
    made = designed(one)
    assert made.resources == ()
    [left] = made.left
    assert (left.type, left.params["part"]) == (why, "part")

"""What a purchase costs: the first term, further terms, a setup fee, tax (additions-2.md i)."""

from decimal import Decimal
from functools import partial

import pytest

TOTAL = "total_summary/cost/price"


@pytest.fixture
def seller(conformance_sandbox):
    return conformance_sandbox.seller


@pytest.fixture
def turn(seller, switch):
    """Set a switch for one test."""
    return partial(switch, seller)


@pytest.fixture
def tariff(seller):
    """10 a month, and 5 once."""
    number = seller.call("sandbox.tariff", itemtype="vds", name="Costs", price=10, datacenter=1).findtext("id")
    euro = seller.rows("SELECT id FROM currency WHERE iso = 'EUR'")[0]["id"]
    seller.call("pricelist.edit", elid=number, sok="ok", **{f"setup{euro}": "5"})
    return number


def charges(seller, item):
    return [row["amount"] for row in seller.rows("SELECT amount FROM expense WHERE item = %s ORDER BY id", item)]


def bought_and_renewed(seller, tariff):
    item = seller.live(pricelist=tariff)
    seller.http("service.prolong", elid=item, period=1, sok="ok")
    return item


def form(seller, tariff):
    price = seller.http("v2.vds.order.param", pricelist=tariff, order_period=1).find(TOTAL)
    return price.findtext("cost"), price.findtext("nodiscount")


@pytest.mark.fact("I1-01")
def test_a_setup_fee_is_charged_once(seller, tariff):
    assert form(seller, tariff) == ("15.00", "15.00")
    item = bought_and_renewed(seller, tariff)
    assert charges(seller, item) == [15, 10]
    assert seller.http("vds.edit", elid=item).findtext("cost") == "10.00"


@pytest.mark.fact("I1-02")
def test_a_promotion_is_of_the_first_term_and_shows_in_the_form(seller, tariff, turn):
    turn("order_discount", "50")
    assert form(seller, tariff) == ("10.00", "15.00")
    shown = seller.http("v2.vds.order.param", pricelist=tariff, order_period=1)
    assert shown.findtext("discount_summary/cost/price/cost") == "5.00"
    assert charges(seller, bought_and_renewed(seller, tariff)) == [10, 10]


@pytest.mark.parametrize(("setting", "costs"), [("0", (15, 10)), ("20", (18, 12))])
@pytest.mark.fact("I1-03")
def test_tax_is_in_the_price_or_comes_on_top(seller, tariff, turn, setting, costs):
    turn("tax_added", setting)
    assert Decimal(form(seller, tariff)[0]) == costs[0]
    item = bought_and_renewed(seller, tariff)
    assert charges(seller, item) == list(costs)
    assert Decimal(seller.http("vds.edit", elid=item).findtext("cost")) == costs[1]
    exported = seller.http("pricelist.export", pricelist=tariff)
    assert exported.find("pricelist/price/period").get("cost") == "10.0000"


@pytest.mark.parametrize(
    ("setting", "attribute", "period"),
    [("nowhere", None, None), ("attribute", "5.0000", None), ("period", None, "5.0000")],
)
def test_where_the_export_tells_a_setup_fee(seller, tariff, turn, setting, attribute, period):
    turn("export_setup", setting)
    block = seller.http("pricelist.export", pricelist=tariff).find("pricelist/price")
    assert block.get("setup") == attribute
    own = block.find("period[@type='setup']")
    assert (None if own is None else own.get("cost")) == period


def test_a_setup_fee_is_a_field_of_the_form_and_no_field_of_an_unknown_currency(seller, tariff):
    shown = seller.call("pricelist.edit", elid=tariff)
    euro = seller.rows("SELECT id FROM currency WHERE iso = 'EUR'")[0]["id"]
    assert shown.findtext(f"setup{euro}") == "5.0000"
    assert seller.error("pricelist.edit", elid=tariff, sok="ok", setup99="5").get("type") == "value"


@pytest.mark.parametrize(("setting", "cost"), [("nothing", "11.235"), ("lines", "11.24"), ("whole", "11")])
def test_what_the_order_form_is_rounded_to(seller, turn, setting, cost):
    turn("order_form_rounds", setting)
    made = seller.call("sandbox.tariff", name="Rounded", price="10", periods="1", addons="backup:bool:1.235:on")
    form = seller.http("v2.vds.order.param", pricelist=made.findtext("id"), order_period="1")
    assert form.findtext("total_summary/cost/price/cost").startswith(cost)

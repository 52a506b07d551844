"""The order form and the price list have to agree about an order, and costs count with the tax that comes on top."""

import json

import pytest

from tests.support.keeping import fault
from tests.support.pricing import goes_on, night, selling, waits


@pytest.fixture
def sold(shop):
    with selling(shop) as make:
        yield make


@pytest.fixture
def setting(shop):
    """Set settings of the module, for one test."""

    def put(**fields):
        shop.here.call("processing.edit", elid=shop.module, sok="ok", **fields)

    yield put
    put(sellertax="", taxback="off", tolerancesum="")


def test_an_order_waits_while_the_form_says_something_else_and_goes_on_by_itself(shop, sold, setting):
    """A setup fee that the price list does not tell is in the form."""
    setting(sellertax="0")
    tariff = sold(setup=5)
    item = tariff.order()
    assert waits(shop, item, "reseller_two_prices")
    assert "15 EUR" in shop.error(item)
    assert "10 EUR" in shop.error(item)
    assert shop.remotes(item) == []
    night(shop)
    told = tariff.problem()
    assert told["error"] == "reseller_two_prices_tariff"
    assert told["task"]
    assert all(price in json.loads(told["params"])["cause"] for price in ("15 EUR", "10 EUR"))
    tariff.costs("", "setup")
    goes_on(shop, item)
    shop.until_active(item)
    night(shop)
    assert tariff.problem() is None
    assert [row["amount"] for row in shop.charges(item)] == ["10"]


def test_a_person_agrees_to_the_difference_and_not_to_a_larger_one(shop, sold, setting):
    setting(sellertax="0")
    tariff = sold(setup=5)
    first = tariff.order()
    night(shop)
    assert shop.ctl("prices", "accept", str(tariff.here), "--yes").returncode == 0
    goes_on(shop, first)
    shop.until_active(first)
    again = tariff.order()
    shop.until_active(again)
    tariff.costs("5.2", "setup")
    item = tariff.order()
    assert waits(shop, item, "reseller_two_prices")
    assert "a difference of 5 EUR" in shop.error(item)
    # Who has agreed to a difference has agreed to a smaller one, and to none.
    for setup in ("3", ""):
        tariff.costs(setup, "setup")
        goes_on(shop, item)
        shop.until_active(item)
        item = tariff.order()
    tariff.costs("7", "setup")
    item = tariff.order()
    assert waits(shop, item, "reseller_two_prices")
    night(shop)
    assert shop.ctl("prices", "accept", str(tariff.here), "--yes").returncode == 0
    # It may depend on what is ordered: both amounts are fine from now on.
    for setup in ("7", "5"):
        tariff.costs(setup, "setup")
        goes_on(shop, item)
        shop.until_active(item)
        item = tariff.order()


@pytest.mark.parametrize(
    ("rounds", "cost", "least", "is_held"),
    [("lines", "1.235", "0", False), ("whole", "1.7", "", True), ("whole", "1.95", "", False)],
)
def test_a_form_that_rounds_each_line_is_no_contradiction_and_whole_amounts_hide_none(
    shop, sold, switch, setting, rounds, cost, least, is_held
):
    switch(shop.there, "order_form_rounds", rounds)
    setting(sellertax="0", tolerancesum=least)
    names = ("one", "two", "three") if rounds == "lines" else ("one",)
    tariff = sold(addons=",".join(f"{name}:bool:{cost}:on" for name in names))
    assert waits(shop, tariff.order(), "reseller_two_prices") == is_held


@pytest.mark.parametrize(
    ("named", "added", "discount", "is_held"),
    [("20", "20", "0", False), ("0", "20", "0", True), ("0", "0", "50", False), ("", "20", "0", False)],
)
def test_tax_and_discounts_are_no_contradiction(shop, sold, switch, setting, named, added, discount, is_held):
    switch(shop.there, "tax_added", added)
    switch(shop.there, "order_discount", discount)
    setting(sellertax=named)
    tariff = sold(addons="mem:int:1:8:1.37,backup:bool:2.5:on")
    assert waits(shop, tariff.order(), "reseller_two_prices") == is_held


def test_a_form_that_cannot_be_read_decides_nothing(shop, sold, setting):
    setting(sellertax="0")
    tariff = sold(setup=5)
    fault(shop, "html", "v2.vds.order.param")
    shop.until_active(tariff.order())


def priced(tariff):
    return tariff.shop.here.value(
        "SELECT p.monthly FROM pricelistprice l JOIN price p ON p.id = l.price JOIN currency c ON c.id = l.currency "
        "WHERE l.pricelist = %s AND c.iso = 'EUR'",
        tariff.here,
    )


def loss(tariff):
    told = json.loads(tariff.shop.ctl("tariffs", "diff", str(tariff.shop.module), "--json").stdout)["changes"]
    rows = [row for row in told if (row["tariff"], row["part"]) == (tariff.here, "period 1")]
    return rows[0]["loss"] if rows else ""


def test_costs_count_with_the_tax_that_comes_on_top_unless_it_comes_back(shop, sold, setting):
    setting(sellertax="20")
    with_tax = sold()
    assert priced(with_tax) == 18
    with_tax.sells("11.99")
    assert loss(with_tax) == "below cost"
    with_tax.sells("12")
    assert loss(with_tax) == ""
    setting(sellertax="20", taxback="on")
    assert priced(sold()) == 15

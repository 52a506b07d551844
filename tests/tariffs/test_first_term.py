"""What the first term costs, what each further one does, and what is charged once: three numbers (additions-2.md i)."""

import json

import pytest

from tests.support import keeping, world
from tests.support.keeping import fault
from tests.support.pricing import goes_on, night, selling, waits
from tests.support.world import until


@pytest.fixture
def sold(shop):
    with selling(shop) as make:
        yield make


def setup_here(tariff):
    sql = (
        "SELECT p.setup FROM pricelistprice l JOIN price p ON p.id = l.price JOIN currency c ON c.id = l.currency "
        "WHERE l.pricelist = %s AND c.iso = 'EUR'"
    )
    return tariff.shop.here.value(sql, tariff.here)


def difference(tariff):
    """The row of what is charged once in the diff."""
    told = json.loads(tariff.shop.ctl("tariffs", "diff", str(tariff.shop.module), "--json").stdout)["changes"]
    return next((row for row in told if (row["tariff"], row["part"]) == (tariff.here, "setup")), None)


def renewed(shop, item):
    """A renewal by an operation, done."""
    bought = len(shop.charges(item))
    shop.act("prolong", item)
    until(lambda: shop.checkevent() and shop.operation(item) is None, "the renewal does not end")
    assert len(shop.charges(item)) == bought + 1


def charged_parts(shop, item):
    """The prices that were compared by charges."""
    sql = "SELECT part FROM reseller_price WHERE subject = 'service' AND number = %s AND part LIKE %s"
    return [row["part"] for row in shop.here.rows(sql, item, "% renewed")]


def renewed_by_charges(shop, item):
    """A renewal of which neither the form, which tells that of another term, nor the price list tells a price."""
    shop.here.write("DELETE FROM reseller_price WHERE subject = 'tariff'")
    shop.there.write("UPDATE item SET period = 12 WHERE id = %s", keeping.remote(shop, item))
    fault(shop, "html", "pricelist.export", times=99)
    renewed(shop, item)
    shop.there.call("sandbox.fault.clear")
    shop.here.write("DELETE FROM reseller_circuit")


@pytest.mark.parametrize("told", ["attribute", "period"])
def test_what_is_charged_once_has_its_own_price_by_the_rule(shop, sold, switch, told):
    switch(shop.there, "export_setup", told)
    tariff = sold(setup=4)
    assert setup_here(tariff) == 6
    assert difference(tariff) is None
    listed = shop.ctl("tariffs", "list", str(shop.module), "--json").stdout
    [row] = [row for each in json.loads(listed) for row in each["tariffs"] if row["remote"] == tariff.there]
    assert row["prices"] == "1: 10, 12: 100, once: 4 EUR"


def test_a_seller_that_names_one_cost_is_said_to(shop, sold):
    made = shop.there.call("sandbox.tariff", itemtype="vds", name="One cost", price=10, periods="1")
    words = ("tariffs", "import", str(shop.module), made.findtext("id"))
    assert json.loads(shop.ctl(*words, "--json").stdout)["one_cost"] == [made.findtext("id")]
    assert "names one cost" in shop.ctl(*words).stdout.decode()


def test_an_order_is_held_against_both_and_a_renewal_against_its_term_alone(shop, sold, switch):
    switch(shop.there, "export_setup", "attribute")
    tariff = sold(setup=5)
    night(shop)
    assert tariff.agreed()["once, at the order"] == ("5 EUR", "5 EUR")
    first = tariff.order()
    shop.until_active(first)
    tariff.costs(20, "setup")
    item = tariff.order()
    assert waits(shop, item)
    assert "30 EUR" in shop.error(item)
    assert "15 EUR" in shop.error(item)
    renewed(shop, first)
    night(shop)
    assert "once, at the order: 5 -> 20 EUR" in json.loads(tariff.problem()["params"])["prices"]
    assert shop.ctl("prices", "accept", str(tariff.here), "--yes").returncode == 0
    goes_on(shop, item)
    shop.until_active(item)
    assert [row["amount"] for row in shop.charges(first)] == ["15", "10"]
    assert [row["amount"] for row in shop.charges(item)] == ["30"]


def test_what_an_order_has_cost_is_never_compared_with_a_renewal(shop, sold, switch):
    switch(shop.there, "order_discount", "50")
    tariff = sold()
    world.limits(shop.here, tariff_look_seconds=0)
    item = tariff.order()
    shop.until_active(item)
    for _ in range(2):
        renewed_by_charges(shop, item)
    assert charged_parts(shop, item)
    assert [row["amount"] for row in shop.charges(item)] == ["5", "10", "10"]


def test_a_renewal_known_by_charges_is_not_held_against_those_of_other_resources(shop, sold):
    tariff = sold(addons="mem:int:1:8:10")
    world.limits(shop.here, tariff_look_seconds=0)
    item = tariff.order()
    shop.until_active(item)
    renewed_by_charges(shop, item)
    sql = "SELECT id FROM pricelist WHERE parent = %s AND intname = 'mem'"
    more = {f"addon_{shop.here.value(sql, tariff.here)}": 3}
    shop.here.call("vds.edit", elid=item, su="client1", sok="ok", **more)
    shop.until_done(item)
    for _ in range(2):
        renewed_by_charges(shop, item)
    assert charged_parts(shop, item)
    assert [row["amount"] for row in shop.charges(item)][-2:] == ["30", "30"]


def test_a_change_of_what_is_charged_once_is_named_and_follows_by_the_rule(shop, sold, switch):
    switch(shop.there, "export_setup", "attribute")
    tariff = sold(setup=4)
    tariff.costs(5, "setup")
    row = difference(tariff)
    assert (row["changed"], row["was"], row["there"], row["here"], row["loss"]) == (
        *("there", "4 EUR", "5 EUR", "6 EUR", ""),
    )
    done = shop.ctl("tariffs", "diff", str(shop.module), "--apply", "--rule", "+50 %", "--yes", "--json")
    told = json.loads(done.stdout)
    [line] = [line for line in told["lines"] if line["here"] == tariff.here]
    assert (line["part"], line["panel"], line["outcome"]) == ("price setup", "7.5 EUR", "done")
    assert setup_here(tariff) == 7.5
    assert difference(tariff) is None
    assert shop.ctl("tariffs", "undo", str(told["run"]), "--yes").returncode == 0
    assert setup_here(tariff) == 6


def test_a_first_sale_that_does_not_earn_what_is_charged_once_is_a_loss(shop, sold, switch):
    tariff = sold(setup=5)
    assert difference(tariff) is None
    switch(shop.there, "export_setup", "attribute")
    # 15 a month here earn 10 there and 5 once, to the cent.
    assert difference(tariff)["loss"] == ""
    tariff.costs("5.01", "setup")
    assert difference(tariff)["loss"] == "below cost"
    tariff.sells("0.01", "setup")
    assert difference(tariff)["loss"] == ""

"""Resources that shrink or are counted otherwise, single choices, and services that keep what they have."""

import contextlib
import json

import pytest

from tests.support import world
from tests.support.tariffs import Own, ordered, sold_until_the_end
from tests.tariffs.test_diff import Sold, apply, diff, line, of, price
from tests.tariffs.test_import import everything

BILLED_BY_USE = 3


@pytest.fixture
def own(shop):
    with sold_until_the_end(shop, Own) as make:
        yield make


@pytest.fixture
def sold(shop):
    with sold_until_the_end(shop, Sold) as make:
        yield make


def test_what_has_shrunk_or_is_counted_otherwise_makes_the_tariffs_prices_wait(shop, sold):
    less, by_use, whole = sold(), sold(), sold()
    shop.there.write("UPDATE pricelist SET addonmax = 4 WHERE parent = %s AND intname = 'mem'", less.there)
    shop.there.write(
        "UPDATE pricelist SET billtype = %s WHERE parent = %s AND intname = 'mem'", BILLED_BY_USE, by_use.there
    )
    for tariff in (less, by_use, whole):
        tariff.costs(11)
    row = of(shop, less)["resource mem"]
    assert (row["changed"], row["there"], row["here"]) == ("there", "1..4", "1..8")
    assert of(shop, by_use)["resource mem"]["loss"] == "cannot be bought"
    told = apply(shop, "--yes")
    assert [line(told, tariff)["outcome"] for tariff in (less, by_use, whole)] == ["left", "left", "done"]
    assert [price(shop, tariff) for tariff in (less, by_use, whole)] == [12, 12, 13.2]


def test_costs_of_units_and_choices_that_the_seller_has_changed_are_named(shop, sold):
    tariff = sold()
    euro = shop.there.value("SELECT id FROM currency WHERE iso = 'EUR'")
    resources = {
        row["intname"]: row["id"]
        for row in shop.there.rows("SELECT id, intname FROM pricelist WHERE parent = %s", tariff.there)
    }
    choice = shop.there.value(
        "SELECT i.id FROM enumerationitem i JOIN pricelist p ON p.enumeration = i.enumeration "
        "WHERE p.id = %s AND i.intname = 'lite'",
        resources["panel"],
    )
    call = shop.there.call
    call("pricelist.detail.edit", plid=tariff.there, elid=resources["mem"], sok="ok", **{f"monthly{euro}": 5})
    name = f"monthly{euro}_{choice}"
    call("pricelist.detail.edit", plid=tariff.there, elid=resources["panel"], sok="ok", **{name: "2.1"})
    found = of(shop, tariff)
    assert (found["resource mem 1"]["was"], found["resource mem 1"]["there"]) == ("1 EUR", "5 EUR")
    assert found["resource mem 1"]["loss"] == "below cost"
    assert (found["resource panel/lite 1"]["there"], found["resource panel/lite 1"]["loss"]) == ("2.1 EUR", "")


def test_amounts_that_are_sold_here_and_not_there_are_named_before_an_order_is_refused(shop, own):
    tariff = own("Amounts", "mem:int:16:64:0.1,disk:int:1:50:0.1", "mem:int:1:8:0.1,disk:int:1:40:0.1")
    tariff.map("--yes")
    found = {row["part"]: row for row in diff(shop)["changes"] if row["tariff"] == tariff.here}
    assert found["resource mem"]["loss"] == "cannot be bought"
    assert (found["resource disk"]["there"], found["resource disk"]["loss"]) == ("1..40", "")
    item = ordered(shop, tariff, 1)
    assert "reseller_quantity" in shop.error(item)
    assert shop.charges(item) == []
    with contextlib.suppress(world.Refused):
        shop.here.call("runningoperation.delete", elid=shop.operation(item)["id"])


def test_services_keep_their_price_and_how_many_is_said_before(shop, sold):
    tariff = sold()
    item = ordered(shop, tariff, 1)
    shop.until_active(item)
    before = shop.item(item)
    tariff.costs(11)
    assert apply(shop)["services"] == 1
    told = shop.ctl("tariffs", "diff", str(shop.module), "--apply", "--rule", "+20 %").stdout.decode()
    assert "keep their price: 1" in told
    apply(shop, "--yes")
    assert price(shop, tariff) == 13.2
    assert shop.item(item)["cost"] == before["cost"]


def test_a_withdrawn_tariff_goes_on_serving_renewals(shop, sold):
    tariff = sold()
    item = ordered(shop, tariff, 1)
    shop.until_active(item)
    shop.there.write("UPDATE pricelist SET archived = 'on', hideinorder = 'on' WHERE id = %s", tariff.there)
    assert of(shop, tariff)["tariff"]["loss"] == "cannot be bought"
    shop.here.write("UPDATE pricelist SET active = 'off' WHERE id = %s", tariff.here)
    charges = len(shop.charges(item))
    shop.act("prolong", item)
    shop.until_done(item)
    assert len(shop.charges(item)) == charges + 1


def test_a_run_changes_what_its_plan_names_and_nothing_else(shop, sold):
    risen, other = sold(), sold()
    risen.costs(11)
    before = everything(shop)
    told = apply(shop, "--yes")
    assert [each["here"] for each in told["lines"] if each["outcome"] == "done"] == [risen.here]
    after = everything(shop)
    changed = {name: [row for row in rows if row not in before[name]] for name, rows in after.items()}
    assert {name for name, rows in changed.items() if rows} == {"price", "reseller_tariff_value"}
    assert [float(row["monthly"]) for row in changed["price"]] == [13.2]
    assert {row["pricelist"] for row in changed["reseller_tariff_value"]} == {risen.here}
    assert of(shop, other) == {}


def test_the_price_of_a_single_choice_that_was_changed_since_is_not_undone(shop):
    there = shop.there.call(
        "sandbox.tariff", itemtype="vds", name="Choice", price=10, periods="1", addons="panel:enum:none/0/lite/2"
    ).findtext("id")
    told = json.loads(shop.ctl("tariffs", "import", str(shop.module), there, "--yes", "--json").stdout)
    here = shop.here.value("SELECT id FROM pricelist WHERE intname = %s AND parent IS NULL", there)
    panel = shop.here.value("SELECT id FROM pricelist WHERE parent = %s AND intname = 'panel'", here)
    choice = shop.here.value(
        "SELECT i.id FROM enumerationitem i JOIN pricelist p ON p.enumeration = i.enumeration "
        "WHERE p.id = %s AND i.intname = 'lite'",
        panel,
    )
    euro = shop.here.value("SELECT id FROM currency WHERE iso = 'EUR'")
    name = f"monthly{euro}_{choice}"
    shop.here.call("pricelist.detail.edit", plid=here, elid=panel, sok="ok", **{name: "3"})
    done = shop.ctl("tariffs", "undo", str(told["run"]), "--yes", "--json")
    assert done.returncode == 1
    [row] = json.loads(done.stdout)["lines"]
    assert (row["outcome"], "resource panel/lite 1" in row["text"]) == ("left", True)
    shop.here.call("pricelist.detail.edit", plid=here, elid=panel, sok="ok", **{name: "2"})
    assert shop.ctl("tariffs", "undo", str(told["run"]), "--yes").returncode == 0
    assert shop.here.value("SELECT COUNT(*) FROM pricelist WHERE id = %s", here) == 0

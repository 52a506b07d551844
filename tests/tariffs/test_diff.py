"""`resellerctl tariffs diff`: what has changed of the tariffs that are sold here, on which side, and what it costs."""

import json
from itertools import count

import pytest

from tests.support.tariffs import sold_until_the_end

_names = count(1)


class Sold:
    """A tariff of the seller that was imported and is on sale."""

    def __init__(self, shop, addons="mem:int:1:8:1,panel:enum:none/0/lite/2", periods="1,12"):
        self.shop = shop
        made = shop.there.call(
            "sandbox.tariff", itemtype="vds", name=f"Kept {next(_names)}", price=10, periods=periods, addons=addons
        )
        self.there = made.findtext("id")
        done = shop.ctl("tariffs", "import", str(shop.module), self.there, "--rule", "+20 %", "--yes", "--json")
        assert done.returncode == 0, done.stdout.decode()
        self.here = shop.here.value("SELECT id FROM pricelist WHERE intname = %s AND parent IS NULL", self.there)
        shop.here.call("pricelist.resume", elid=self.here)

    def costs(self, amount, period="monthly"):
        self._set(self.shop.there, self.there, period, amount)

    def sells(self, amount, period="monthly"):
        self._set(self.shop.here, self.here, period, amount)

    @staticmethod
    def _set(panel, number, period, amount):
        euro = panel.value("SELECT id FROM currency WHERE iso = 'EUR'")
        panel.call("pricelist.edit", elid=number, sok="ok", **{f"{period}{euro}": amount})


@pytest.fixture
def sold(shop):
    with sold_until_the_end(shop, Sold) as make:
        yield make


def diff(shop):
    done = shop.ctl("tariffs", "diff", str(shop.module), "--json")
    told = json.loads(done.stdout)
    wrong = any(row["loss"] for row in told["changes"]) or told["unread"]
    assert done.returncode == (1 if wrong else 0), done.stderr.decode()
    return told


def of(shop, tariff):
    return {row["part"]: row for row in diff(shop)["changes"] if row["tariff"] == tariff.here}


def test_nothing_differs_right_after_an_import(shop, sold):
    assert of(shop, sold()) == {}


def test_each_side_that_has_changed_a_price_is_named(shop, sold):
    there, here, both = sold(), sold(), sold()
    there.costs(11)
    here.sells(13)
    both.costs(11)
    both.sells(14)
    [row] = of(shop, there).values()
    assert (row["part"], row["changed"], row["was"], row["there"], row["here"], row["loss"]) == (
        *("period 1", "there", "10 EUR", "11 EUR", "12 EUR", ""),
    )
    assert [row["changed"] for row in of(shop, here).values()] == ["here"]
    assert [row["changed"] for row in of(shop, both).values()] == ["both"]


def test_a_period_that_is_sold_below_its_cost_is_said_so_and_exactly_equal_is_not(shop, sold):
    tariff = sold()
    tariff.costs(12)
    assert of(shop, tariff)["period 1"]["loss"] == ""
    tariff.costs("12.01")
    row = of(shop, tariff)["period 1"]
    assert (row["loss"], row["changed"]) == ("below cost", "there")
    assert "12.01 EUR" in row["text"]
    tariff.sells("12.01")
    assert of(shop, tariff)["period 1"]["loss"] == ""


def test_a_year_that_is_bought_month_by_month_costs_twelve_months(shop, sold):
    tariff = sold()
    assert shop.ctl("map", str(tariff.here), "period", "12", "1").returncode == 0
    assert of(shop, tariff) == {}
    tariff.costs("10.01")
    tariff.sells("10.01")
    row = of(shop, tariff)["period 12"]
    assert row["loss"] == "below cost"


def test_a_price_that_went_at_the_seller_is_unknown_and_no_fall(shop, sold):
    tariff = sold()
    tariff.costs("", "annually")
    row = of(shop, tariff)["period 12"]
    assert (row["there"], row["loss"]) == ("-", "cannot be bought")


def test_a_tariff_that_is_withdrawn_is_named_and_stays_mapped(shop, sold):
    tariff = sold()
    rows = shop.here.rows("SELECT * FROM reseller_map WHERE pricelist = %s", tariff.here)
    shop.there.write("UPDATE pricelist SET hideinorder = 'on' WHERE id = %s", tariff.there)
    row = of(shop, tariff)["tariff"]
    assert (row["loss"], row["there"]) == ("cannot be bought", "hidden")
    shop.here.write("UPDATE pricelist SET active = 'off' WHERE id = %s", tariff.here)
    assert of(shop, tariff)["tariff"]["loss"] == ""
    assert shop.here.rows("SELECT * FROM reseller_map WHERE pricelist = %s", tariff.here) == rows


def test_an_answer_without_a_fifth_of_the_tariffs_is_doubted_and_nothing_follows(shop, sold):
    tariffs = [sold() for _ in range(3)]
    on_sale = [
        row["id"] for row in shop.there.rows("SELECT id FROM pricelist WHERE parent IS NULL AND archived = 'off'")
    ]
    try:
        shop.there.write("UPDATE pricelist SET archived = 'on' WHERE id IN %s", on_sale)
        told = diff(shop)
    finally:
        shop.there.write("UPDATE pricelist SET archived = 'off' WHERE id IN %s", on_sale)
    assert any("vds" in text and "so nothing follows" in text for text in told["unread"])
    assert [row for row in told["changes"] if row["tariff"] in {tariff.here for tariff in tariffs}] == []


def test_the_tariffs_that_are_there_are_compared_even_when_too_many_are_missing(shop, sold):
    there, *lost = [sold() for _ in range(4)]
    others = shop.there.rows(
        "SELECT id FROM pricelist WHERE parent IS NULL AND archived = 'off' AND id <> %s", there.there
    )
    there.costs(13)
    try:
        shop.there.write("UPDATE pricelist SET archived = 'on' WHERE id IN %s", [row["id"] for row in others])
        told = diff(shop)
    finally:
        shop.there.write("UPDATE pricelist SET archived = 'off' WHERE id IN %s", [row["id"] for row in others])
    assert told["unread"]
    found = {row["tariff"]: row["loss"] for row in told["changes"]}
    assert found[there.here] == "below cost"
    assert not {tariff.here for tariff in lost} & set(found)


def test_a_price_below_cost_of_what_nobody_has_or_can_order_is_no_loss(shop, sold):
    tariff = sold()
    tariff.costs(13)
    assert of(shop, tariff)["period 1"]["loss"] == "below cost"
    shop.here.call("pricelist.edit", elid=tariff.here, active="off", sok="ok")
    assert of(shop, tariff)["period 1"]["loss"] == ""


def test_a_tariff_cannot_be_bought_without_any_period_and_can_without_an_addon_of_which_it_gives_nothing(shop, sold):
    empty, switch = sold(), sold(addons="mem:int:1:8:1,backup:bool:1")
    for period in ("1", "12"):
        assert of(shop, empty).get("tariff", {"loss": ""})["loss"] == ""
        assert shop.ctl("map", str(empty.here), "--drop", "period", period).returncode == 0
    assert of(shop, empty)["tariff"]["loss"] == "cannot be bought"
    assert shop.ctl("map", str(switch.here), "--drop", "addon", "backup").returncode == 0
    row = of(shop, switch)["tariff"]
    assert (row["here"], row["loss"]) == ("addon backup", "")
    shop.here.write("UPDATE pricelist SET addonbool = 'on' WHERE parent = %s AND intname = 'backup'", switch.here)
    assert of(shop, switch)["tariff"]["loss"] == "cannot be bought"


def test_parts_that_went_and_resources_that_came_are_named(shop, sold):
    tariff = sold()
    shop.there.write("UPDATE pricelist SET active = 'off' WHERE parent = %s AND intname = 'mem'", tariff.there)
    found = of(shop, tariff)
    assert found["addon mem"]["loss"] == "cannot be bought"
    kind = "SELECT id FROM itemtype WHERE intname = 'ip' AND parent IS NOT NULL LIMIT 1"
    shop.there.write(
        f"INSERT INTO pricelist (parent, itemtype, intname, name, project, addontype, billtype, addonlimit, addonmin) "
        f"VALUES (%s, ({kind}), 'ip', 'Ip', 1, 2, 2, 1, 1)",
        tariff.there,
    )
    assert of(shop, tariff)["resource ip"]["changed"] == "there"


def test_a_data_centre_that_went_is_named(shop, sold):
    tariff = sold()
    shop.there.write("DELETE FROM pricelist2datacenter WHERE pricelist = %s", tariff.there)
    other = shop.there.value("SELECT MAX(id) FROM datacenter")
    shop.there.write("INSERT INTO pricelist2datacenter (pricelist, datacenter) VALUES (%s, %s)", tariff.there, other)
    assert of(shop, tariff)["datacenter"]["loss"] == "cannot be bought"


def test_a_tariff_on_sale_with_a_part_that_is_not_mapped_is_named(shop, sold):
    tariff = sold()
    assert shop.ctl("map", str(tariff.here), "--drop", "addon", "mem").returncode == 0
    row = of(shop, tariff)["tariff"]
    assert (row["here"], row["loss"]) == ("addon mem", "cannot be bought")


def test_more_tariffs_cost_no_more_requests(shop, sold):
    def asked():
        log = (shop.there.base / "var/billmgr.log").read_text()
        before = log.count("func=pricelist.export") + log.count("order")
        diff(shop)
        log = (shop.there.base / "var/billmgr.log").read_text()
        return log.count("func=pricelist.export") + log.count("order") - before

    sold()
    diff(shop)
    few = asked()
    for _ in range(4):
        sold()
    assert 0 < asked() == few


def test_people_are_told_what_to_do(shop, sold):
    tariff = sold()
    tariff.costs(20)
    said = shop.ctl("tariffs", "diff", str(shop.module)).stdout.decode()
    assert "below cost" in said
    assert "Raise the price" in said


# Prices that follow.


def apply(shop, *words, code=0):
    done = shop.ctl("tariffs", "diff", str(shop.module), "--apply", "--rule", "+20 %", *words, "--json")
    assert done.returncode == code, (done.stdout + done.stderr).decode()
    return json.loads(done.stdout)


def line(told, tariff):
    return next(each for each in told["lines"] if each["here"] == tariff.here)


def price(shop, tariff):
    sql = "SELECT p.monthly FROM pricelistprice l JOIN price p ON p.id = l.price WHERE l.pricelist = %s"
    return float(shop.here.value(sql, tariff.here))


def test_a_price_follows_its_cost_by_the_rule_only_when_told_and_is_set_back_by_the_runs_number(shop, sold):
    tariff = sold()
    tariff.costs(11)
    planned = line(apply(shop), tariff)
    assert (planned["part"], planned["seller"], planned["panel"]) == ("price 1", "12 EUR", "13.2 EUR")
    assert price(shop, tariff) == 12
    told = apply(shop, "--yes")
    assert line(told, tariff)["outcome"] == "done"
    assert price(shop, tariff) == 13.2
    assert of(shop, tariff) == {}
    assert apply(shop, "--yes")["run"] == 0
    assert shop.ctl("tariffs", "undo", str(told["run"]), "--yes").returncode == 0
    assert price(shop, tariff) == 12


def test_what_a_person_has_set_stays_and_what_is_not_plausible_waits(shop, sold):
    mine, tenfold, nothing, unknown = (sold() for _ in range(4))
    mine.costs(11)
    mine.sells(20)
    tenfold.costs(100)
    nothing.costs(0)
    told = apply(shop, "--yes")
    for tariff, kept in ((mine, 20), (tenfold, 12), (nothing, 12)):
        assert line(told, tariff)["outcome"] == "left"
        assert price(shop, tariff) == kept
    assert [each for each in told["lines"] if each["here"] == unknown.here] == []


def test_a_price_that_was_changed_since_a_run_is_not_set_back(shop, sold):
    tariff = sold()
    tariff.costs(11)
    run = apply(shop, "--yes")["run"]
    tariff.sells(15)
    done = shop.ctl("tariffs", "undo", str(run), "--yes")
    assert done.returncode == 1
    assert price(shop, tariff) == 15


def test_a_price_that_was_set_back_follows_its_cost_again(shop, sold):
    tariff = sold()
    tariff.costs(11)
    run = apply(shop, "--yes")["run"]
    assert shop.ctl("tariffs", "undo", str(run), "--yes").returncode == 0
    row = of(shop, tariff)["period 1"]
    assert (row["changed"], row["was"], row["there"], row["here"]) == ("there", "10 EUR", "11 EUR", "12 EUR")
    assert line(apply(shop, "--yes"), tariff)["outcome"] == "done"
    assert price(shop, tariff) == 13.2


def test_a_run_that_died_while_it_set_a_price_is_taken_back_whether_it_was_set_or_not(shop, sold):
    was_set, was_not = sold(), sold()
    was_set.costs(11)
    was_not.costs(11)
    run = apply(shop, "--yes")["run"]
    was_not.sells(12)
    shop.here.write("UPDATE reseller_tariff_line SET outcome = 'begun' WHERE run = %s", run)
    done = shop.ctl("tariffs", "undo", str(run), "--yes", "--json")
    assert done.returncode == 0, done.stdout.decode()
    outcomes = {each["here"]: each["outcome"] for each in json.loads(done.stdout)["lines"]}
    assert (outcomes[was_set.here], outcomes[was_not.here]) == ("done", "there")
    assert (price(shop, was_set), price(shop, was_not)) == (12, 12)


def test_a_price_that_the_panel_keeps_otherwise_is_said_and_can_be_taken_back(shop, sold):
    """The table of another panel may have fewer places."""
    tariff = sold()
    tariff.costs(11)
    place = "SELECT l.price FROM pricelistprice l WHERE l.pricelist = %s"
    number = shop.here.value(place, tariff.here)
    shop.here.write("DROP TRIGGER IF EXISTS fewer_places")
    shop.here.write(
        "CREATE TRIGGER fewer_places BEFORE UPDATE ON price FOR EACH ROW "
        f"SET NEW.monthly = IF(NEW.id = {number} AND NEW.monthly = 13.2, 13, NEW.monthly)"
    )
    try:
        told = apply(shop, "--yes", code=1)
    finally:
        shop.here.write("DROP TRIGGER fewer_places")
    found = line(told, tariff)
    assert (found["outcome"], found["panel"]) == ("other", "13 EUR")
    assert shop.ctl("tariffs", "undo", str(told["run"]), "--yes").returncode == 0
    assert price(shop, tariff) == 12


def test_a_name_that_the_seller_has_changed_is_told_and_changes_nothing(shop, sold):
    tariff = sold()
    name = shop.here.value("SELECT name FROM pricelist WHERE id = %s", tariff.here)
    shop.there.call("pricelist.edit", elid=tariff.there, name="Renamed there", sok="ok")
    row = of(shop, tariff)["name"]
    assert (row["changed"], row["was"], row["there"], row["here"], row["loss"]) == (
        *("there", name, "Renamed there", name, ""),
    )

"""Services that renew by a period which the seller does not offer any more: told a month ahead, over by itself."""

import json
from itertools import count

import pytest

from tests.support import world
from tests.support.foreseeing import in_days
from tests.support.keeping import fault
from tests.support.paying import ends_in
from tests.support.tariffs import ordered, sold_until_the_end

_names = count(1)


class Yearly:
    """A tariff of the seller that was imported and is on sale by the month and by the year."""

    def __init__(self, shop):
        self.shop = shop
        made = shop.there.call(
            "sandbox.tariff", itemtype="vds", name=f"Yearly {next(_names)}", price=10, periods="1,12"
        )
        self.there = made.findtext("id")
        done = shop.ctl("tariffs", "import", str(shop.module), self.there, "--rule", "+20 %", "--yes")
        assert done.returncode == 0, done.stdout.decode()
        self.here = shop.here.value("SELECT id FROM pricelist WHERE intname = %s AND parent IS NULL", self.there)
        shop.here.call("pricelist.resume", elid=self.here)

    def costs_a_year(self, amount):
        euro = self.shop.there.value("SELECT id FROM currency WHERE iso = 'EUR'")
        self.shop.there.call("pricelist.edit", elid=self.there, sok="ok", **{f"annually{euro}": amount})

    def withdrawn(self, word="on"):
        self.shop.there.write("UPDATE pricelist SET archived = %s WHERE id = %s", word, self.there)

    def renews(self, days):
        """A service that is paid by the year and is renewed by itself in so many days."""
        item = ordered(self.shop, self, 12)
        self.shop.until_active(item)
        self.shop.here.write("UPDATE item SET autoprolong = 12 WHERE id = %s", item)
        ends_in(self.shop, item, days)
        self.shop.checkevent()
        return item

    def told(self):
        """The problem of the tariff after a look of now, None without one."""
        shop = self.shop
        shop.here.write("UPDATE reseller_cursor SET value = '2020-01-01' WHERE name = 'tariffs'")
        shop.checkevent()
        sql = "SELECT * FROM reseller_problem WHERE subject = 'pricelist' AND kind = 'period_gone' AND number = %s"
        found = shop.here.rows(sql, self.here)
        return {**found[0], **json.loads(found[0]["params"])} if found else None


@pytest.fixture(autouse=True)
def _looks(shop):
    """The look comes with every run, and nothing that other tests have left renews."""
    world.limits(shop.here, tariff_look_seconds=1, unlisted_seconds=1)
    shop.here.write("DELETE FROM reseller_cursor WHERE name LIKE 'tariffs%%'")
    shop.here.write("UPDATE item SET autoprolong = NULL")
    yield
    shop.here.write("UPDATE item SET autoprolong = NULL")
    shop.here.write("DELETE FROM reseller_problem WHERE kind IN ('below_cost', 'unsellable', 'period_gone')")


@pytest.fixture
def tariff(shop):
    with sold_until_the_end(shop, Yearly) as make:
        yield make()


def test_services_whose_period_is_gone_are_one_problem_of_their_tariff_that_ends_when_it_is_back(shop, tariff):
    first, second = tariff.renews(20), tariff.renews(25)
    assert tariff.told() is None
    tariff.costs_a_year("")
    told = tariff.told()
    assert (told["terms"], told["offered"], told["count"], told["day"]) == ("12", "1", "2", in_days(20))
    assert told["touches"].split() == [str(first), str(second)]
    assert told["task"]
    assert tariff.told()["task"] == told["task"]
    audit = json.loads(shop.ctl("audit", "--json").stdout)
    [text] = [row["text"] for row in audit if row["kind"] == "period_gone"]
    assert f"resellerctl map {tariff.here} period PERIOD TERM" in text
    tariff.costs_a_year(100)
    assert tariff.told() is None
    assert shop.here.value("SELECT COUNT(*) FROM task WHERE id = %s AND status <> 2", told["task"]) == 0


def test_it_is_over_when_the_period_is_mapped_to_another_term(shop, tariff):
    tariff.renews(20)
    tariff.costs_a_year("")
    assert tariff.told() is not None
    assert shop.ctl("map", str(tariff.here), "period", "12", "1").returncode == 0
    assert tariff.told() is None


def test_what_renews_later_than_in_thirty_days_or_not_at_all_is_none(shop, tariff):
    item = tariff.renews(31)
    tariff.costs_a_year("")
    assert tariff.told() is None
    ends_in(shop, item, 30)
    assert tariff.told()["day"] == in_days(30)
    shop.here.write("UPDATE item SET autoprolong = NULL WHERE id = %s", item)
    assert tariff.told() is None


def test_the_form_of_a_renewal_decides_where_the_price_list_does_not_name_the_period(shop, tariff):
    tariff.renews(20)
    tariff.withdrawn()
    # The tariff is not published any more, and its services go on being renewed.
    assert tariff.told() is None
    tariff.costs_a_year("")
    assert tariff.told()["offered"] == "1"
    # What cannot be seen ends nothing.
    fault(shop, "html", "service.prolong", times=20)
    assert tariff.told() is not None
    shop.there.call("sandbox.fault.clear")
    shop.here.write("DELETE FROM reseller_circuit")
    tariff.costs_a_year(100)
    assert tariff.told() is None


def test_a_form_that_cannot_be_read_decides_nothing(shop, tariff):
    """The service may well be renewed by what the price list does not name any more."""
    tariff.renews(20)
    tariff.costs_a_year("")
    fault(shop, "html", "service.prolong", times=20)
    assert tariff.told() is None
    shop.there.call("sandbox.fault.clear")
    shop.here.write("DELETE FROM reseller_circuit")
    assert tariff.told()["offered"] == "1"


def test_it_ends_with_the_look(shop, tariff):
    tariff.renews(20)
    tariff.costs_a_year("")
    assert tariff.told() is not None
    world.limits(shop.here, tariff_look_seconds=0)
    assert tariff.told() is None

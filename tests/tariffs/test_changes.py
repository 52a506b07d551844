"""Changes in mid-term that cost more at the seller than was charged here: shown, told of, over when it is covered."""

import csv
import json
from decimal import Decimal

import pytest

from tests.support.paying import service, today


@pytest.fixture
def charged(shop, switch):
    """The seller charges what is added in mid-term, and nothing that other tests have changed is there."""
    switch(shop.there, "addon_change", "charged")
    shop.here.write("UPDATE reseller_request SET cost = NULL WHERE kind = 'setparam'")
    yield
    shop.here.write("UPDATE reseller_request SET cost = NULL WHERE kind = 'setparam'")
    shop.here.write("DELETE FROM reseller_problem WHERE kind = 'dear_change'")


def more_memory(shop, item):
    """The client orders memory for the rest of the term; what that has cost at the seller."""
    sql = "SELECT p.id FROM pricelist p JOIN item i ON i.pricelist = p.parent WHERE i.id = %s AND p.intname = 'mem'"
    shop.here.call("vds.edit", elid=item, su="client1", sok="ok", **{f"addon_{shop.here.value(sql, item)}": 8192})
    shop.until_done(item)
    return Decimal(shop.here.value("SELECT cost FROM reseller_request WHERE item = %s AND kind = 'setparam'", item))


def charge(shop, item, amount):
    """Staff charge the client; the number of the expense."""
    fields = {"item": item, "operation": "edit", "realdate": today().isoformat(), "amount": amount}
    return shop.here.call("expense.edit", sok="ok", **fields).findtext("id")


def problem(shop):
    shop.checkevent()
    found = shop.here.rows("SELECT * FROM reseller_problem WHERE subject = 'pricelist' AND kind = 'dear_change'")
    return {**found[0], **json.loads(found[0]["params"])} if found else None


def listed(shop, item, *words):
    done = shop.ctl("margins", "change", "--months", "1", *words)
    assert done.returncode == 0
    return [row for row in json.loads(done.stdout) if row["service"] == item]


def amount(number):
    return format(number.normalize(), "f")


def test_a_change_that_cost_more_than_was_charged_is_a_problem_of_its_tariff_until_the_client_is_charged(shop, charged):
    item = service(shop)
    assert problem(shop) is None
    cost = more_memory(shop, item)
    assert cost > 1
    told = problem(shop)
    assert (told["number"], told["touches"], told["count"]) == (shop.tariffs["VDS-1"], str(item), "1")
    assert f": 0 -> {amount(cost)} EUR" in told["services"]
    assert told["task"]
    [row] = listed(shop, item, "--json")
    assert (row["charged"], row["cost"], row["margin"]) == ("0 EUR", f"{amount(cost)} EUR", f"-{amount(cost)}")
    report = shop.here.call("reseller.report", days=30)
    [band] = [row for row in report.iterfind("reportdata/changes/elem") if row.findtext("service") == str(item)]
    assert (band.findtext("cost"), band.findtext("margin")) == (f"{amount(cost)} EUR", f"-{amount(cost)}")
    table = list(csv.reader(shop.ctl("margins", "change", "--csv").stdout.decode().splitlines()))
    assert table[0][:2] == ["service", "name"]
    assert str(item) in [row[0] for row in table[1:]]
    charge(shop, item, cost)
    assert problem(shop) is None
    assert shop.here.value("SELECT COUNT(*) FROM task WHERE id = %s AND status <> 2", told["task"]) == 0
    assert listed(shop, item, "--json")[0]["margin"] == "0"


def test_what_the_module_tolerates_is_none_and_a_little_more_is(shop, charged):
    item = service(shop)
    cost = more_memory(shop, item)
    shop.here.write("UPDATE reseller_request SET cost = 12 WHERE item = %s AND kind = 'setparam'", item)
    expense = charge(shop, item, 10)
    assert cost > 0
    assert problem(shop) is None
    shop.here.call("expense.edit", elid=expense, amount="9.99", sok="ok")
    assert problem(shop) is not None
    shop.here.call("expense.delete", elid=expense)


def test_what_was_charged_for_terms_or_before_the_change_covers_none(shop, charged):
    item = service(shop)
    more_memory(shop, item)
    expense = charge(shop, item, 1000)
    assert problem(shop) is None
    for fields in ({"operation": "prolong"}, {"operation": "edit", "realdate": "2020-01-01"}):
        shop.here.call("expense.edit", elid=expense, sok="ok", **fields)
        assert problem(shop) is not None
    shop.here.call("expense.delete", elid=expense)


def test_two_currencies_are_shown_and_not_compared(shop, charged):
    item = service(shop)
    more_memory(shop, item)
    shop.here.write("UPDATE reseller_request SET cost_currency = 'USD' WHERE item = %s AND kind = 'setparam'", item)
    assert problem(shop) is None
    [row] = listed(shop, item, "--json")
    assert (row["cost"].split()[1], row["charged"], row["margin"]) == ("USD", "0 EUR", "")


def test_it_is_over_thirty_days_after_the_last_change(shop, charged):
    item = service(shop)
    more_memory(shop, item)
    assert problem(shop) is not None
    shop.here.write("UPDATE reseller_request SET sent = sent - INTERVAL 31 DAY WHERE item = %s", item)
    assert problem(shop) is None
    assert listed(shop, item, "--json") == []


def test_a_problem_that_an_older_version_has_raised_ends_too(shop, charged):
    item = service(shop)
    more_memory(shop, item)
    assert problem(shop) is not None
    shop.here.write("UPDATE reseller_problem SET part = 0 WHERE kind = 'dear_change'")
    assert problem(shop)["part"] == shop.module
    assert shop.here.value("SELECT COUNT(*) FROM reseller_problem WHERE kind = 'dear_change'") == 1
    shop.here.write("UPDATE reseller_problem SET part = 0 WHERE kind = 'dear_change'")
    shop.here.write("UPDATE reseller_request SET cost = NULL WHERE item = %s AND kind = 'setparam'", item)
    assert problem(shop) is None


def test_a_change_that_the_panel_charges_as_the_seller_does_is_none(shop, charged, switch):
    switch(shop.here, "addon_change", "charged")
    item = service(shop)
    cost = more_memory(shop, item)
    assert problem(shop) is None
    [row] = listed(shop, item, "--json")
    assert (row["charged"], row["cost"]) == (f"{amount(cost)} EUR",) * 2

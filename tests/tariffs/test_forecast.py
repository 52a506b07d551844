"""What is due at the seller against the money there: told of days ahead, ended by a top-up, in each currency."""

import json

import pytest

from tests.support import world
from tests.support.foreseeing import alone, cost, has, in_days, renewing
from tests.support.keeping import fault
from tests.support.paying import ends_in
from tests.support.world import until

SHORT = "SELECT * FROM reseller_problem WHERE subject = 'account' AND kind = 'short'"


@pytest.fixture(autouse=True)
def _alone(shop):
    with alone(shop):
        yield


@pytest.fixture
def setting(shop):
    """Set settings of the module, for one test."""
    used = set()

    def put(**fields):
        used.update(fields)
        shop.here.call("processing.edit", elid=shop.module, sok="ok", **fields)

    yield put
    put(**dict.fromkeys(used, "off"))


def short(shop):
    found = shop.here.rows(SHORT)
    return {**found[0], **json.loads(found[0]["params"])} if found else None


def foreseen(shop, *words, currency="EUR"):
    done = shop.ctl("forecast", *words, "--json")
    [account] = json.loads(done.stdout)
    found = {each["currency"]: each for each in account["currencies"]}
    assert done.returncode == int(any(each["days_left"] is not None for each in found.values()))
    return found[currency], {each["item"]: each["why"] for each in account["not counted"]}


def test_an_account_that_will_be_short_in_nine_days_says_so_today_and_a_top_up_ends_it(shop):
    item = renewing(shop, 9)
    has(shop, cost(shop, item) - 1)
    shop.checkevent()
    told = short(shop)
    assert (told["day"], told["days"], told["missing"]) == (in_days(9), "9", "1 EUR")
    assert str(item) in told["services"]
    assert told["task"]
    found, _ = foreseen(shop)
    assert (found["days_left"], found["uncovered"]) == (9, in_days(9))
    assert f"short on {in_days(9)}, in 9 days" in shop.ctl("forecast").stdout.decode()
    # A balance that cannot be read ends nothing, whatever it is by now.
    has(shop, 500)
    for func in ("subaccount", "accountinfo", "whoami"):
        fault(shop, "html", func, times=20)
    shop.checkevent()
    assert short(shop) is not None
    shop.there.call("sandbox.fault.clear")
    shop.here.write("DELETE FROM reseller_circuit")
    shop.checkevent()
    assert short(shop) is None
    assert shop.here.value("SELECT COUNT(*) FROM task WHERE id = %s AND status <> 2", told["task"]) == 0


def test_exactly_enough_is_enough_and_credit_counts(shop):
    item = renewing(shop, 9)
    has(shop, cost(shop, item))
    shop.checkevent()
    assert short(shop) is None
    assert foreseen(shop)[0]["missing"] == "0"


def test_what_is_due_later_than_is_told_of_is_no_problem_yet_where_the_module_is_not_to_warn_early(shop, setting):
    renewing(shop, 20)
    has(shop, 1)
    shop.checkevent()
    assert short(shop)["days"] == "20"
    setting(shortquiet="on")
    shop.checkevent()
    assert short(shop) is None


def test_terms_count_whole_several_times_licences_first_and_what_is_not_renewed_is_named(shop):
    server, licence, ends = renewing(shop, 5), renewing(shop, 5, "soft"), renewing(shop, 5)
    shop.here.write("UPDATE item SET autoprolong = NULL WHERE id = %s", ends)
    found, left = foreseen(shop, "--days", "70")
    mine = [term for term in found["terms"] if term["item"] in (server, licence)]
    assert [term["item"] for term in mine[:2]] == [licence, server]
    assert [term["is_final"] for term in mine[:2]] == [True, False]
    assert len([term for term in mine if term["item"] == server]) == 3
    assert left[ends] == "renewal"
    assert ends not in {term["item"] for term in found["terms"]}


def test_an_order_that_would_leave_renewals_uncovered_waits_until_the_money_lasts(shop, setting):
    item = renewing(shop, 9)
    price = cost(shop, item)
    has(shop, price * 2 - 1)
    shop.checkevent()
    assert short(shop) is None
    setting(shorthold="on")
    held = shop.order("vds")
    shop.rest(held)
    assert shop.request(held)["error_type"] == "reseller_order_held"
    assert shop.remotes(held) == []
    # The client has paid and waits: whoever can top up is told, with a task.
    shop.checkevent()
    [told] = shop.here.rows("SELECT * FROM reseller_problem WHERE subject = 'account' AND kind = 'funds'")
    assert (told["touches"], json.loads(told["params"])["deficit"]) == (str(held), "1.0000")
    assert told["task"]
    # The words are fit for a client: neither the seller nor money is named.
    assert "EUR" not in shop.error(held)
    shop.checkevent()
    shop.rest(held)
    assert shop.request(held)["error_type"] == "reseller_order_held"
    has(shop, price * 2)
    shop.until_active(held)
    assert len(shop.charges(held)) == 1
    shop.checkevent()
    assert shop.here.rows("SELECT * FROM reseller_problem WHERE subject = 'account' AND kind = 'funds'") == []


def test_what_is_due_is_weighed_in_its_own_time_however_often_others_read_the_balance(shop):
    item = renewing(shop, 9)
    has(shop, cost(shop, item) - 1)
    world.limits(shop.here, balance_seconds=3600)
    # Purchases, and whoever asks for the forecast, read the balance: it is never old.
    shop.here.write("DELETE FROM reseller_problem WHERE kind = 'short'")
    shop.here.write("UPDATE reseller_cursor SET value = '2020-01-01' WHERE name = 'cover'")
    foreseen(shop)
    shop.checkevent()
    assert short(shop)["day"] == in_days(9)


def test_two_currencies_are_foreseen_each_for_itself(shop, setting):
    euro = renewing(shop, 9)
    there = shop.there
    there.call("sandbox.switch", name="form_cost_shown", value="text")
    account = there.value("SELECT account FROM user WHERE name = %s", shop.buyer)
    number = there.call("sandbox.tariff", itemtype="vds", name="In dollars", price=7, periods="1").findtext("id")
    dollars = there.value("SELECT id FROM currency WHERE iso = 'USD'")
    there.write("INSERT INTO project (name, currency) VALUES ('Dollars', 'USD')")
    project = there.value("SELECT MAX(id) FROM project")
    there.write("INSERT INTO subaccount (account, project, balance) VALUES (%s, %s, 50)", account, project)
    there.write("UPDATE pricelist SET project = %s WHERE id = %s", project, number)
    there.write("UPDATE pricelistprice SET currency = %s WHERE pricelist = %s", dollars, number)
    try:
        words = ("--rule", "+50 %", "--currency", "EUR", "--rate", "0.9", "--yes")
        done = shop.ctl("tariffs", "import", str(shop.module), number, *words)
        assert done.returncode == 0, done.stdout.decode()
        here = shop.here.value("SELECT id FROM pricelist WHERE intname = %s AND parent IS NULL", number)
        shop.here.call("pricelist.resume", elid=here)
        shop.tariffs["In dollars"] = here
        item = shop.order("vds", "In dollars")
        shop.until_active(item)
        assert shop.here.value("SELECT cost_currency FROM reseller_request WHERE item = %s", item) == "USD"
        shop.here.write("UPDATE item SET autoprolong = 1 WHERE id = %s", item)
        ends_in(shop, item, 4)
        there.write("UPDATE subaccount SET balance = 6 WHERE project = %s", project)
        has(shop, cost(shop, euro) - 1)
        shop.checkevent()
        told = short(shop)
        assert (told["day"], told["missing"]) == (in_days(4), "1 USD")
        assert told["others"] == f"{in_days(9)}: 1 EUR"
        assert foreseen(shop, currency="USD")[0]["days_left"] == 4
        there.write("UPDATE subaccount SET balance = 7 WHERE project = %s", project)
        shop.checkevent()
        assert short(shop)["day"] == in_days(9)
        has(shop, 500)
        shop.checkevent()
        assert short(shop) is None
        # What is paid in euros takes no dollar from a renewal.
        there.write("UPDATE subaccount SET balance = 6 WHERE project = %s", project)
        shop.checkevent()
        assert short(shop)["missing"] == "1 USD"
        setting(shorthold="on")
        shop.until_active(shop.order("vds"))
        shop.rest(held := shop.order("vds", "In dollars"))
        assert shop.request(held)["error_type"] == "reseller_order_held"
    finally:
        there.call("sandbox.switch", name="form_cost_shown", value="number")
        there.write("DELETE FROM subaccount WHERE project = %s", project)
        there.write("UPDATE pricelist SET project = 1, archived = 'on' WHERE id = %s", number)
        there.write("DELETE FROM project WHERE id = %s", project)
        shop.here.write("DELETE FROM reseller_balance WHERE currency = 'USD'")


@pytest.mark.parametrize("setting_of", ["module", "all"])
def test_the_panel_shows_the_balance_that_the_module_tells(shop, setting_of):
    has(shop, "321.5", limit=20)  # put back by the next test's fixture `shop`
    shop.here.call("sandbox.switch", name="getbalance_of", value=setting_of)
    try:
        shop.here.call("processing.checkbalance")
    finally:
        shop.here.call("sandbox.switch", name="getbalance_of", value="module")
    listed = {row.findtext("id"): row.findtext("balance_info") for row in shop.here.call("processing").iterfind("elem")}
    assert listed[str(shop.module)].startswith("321.5")
    told = shop.here.run("processing/pmreseller", "--command", "getbalance", "--module", str(shop.module))
    assert b"<balance>321.5" in told.stdout
    assert b"<currency>EUR</currency>" in told.stdout


def test_metrics_have_the_money_and_for_how_long_it_lasts(shop):
    item = renewing(shop, 9)
    has(shop, cost(shop, item) - 1)
    shop.checkevent()

    def figures():
        shop.here.write("UPDATE reseller_observation SET deep = '2020-01-01', tried = NULL")
        (shop.here.base / "var/reseller.prom").unlink(missing_ok=True)
        shop.checkevent()
        text = (shop.here.base / "var/reseller.prom").read_text()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}

    of_module = f'{{module="{shop.module}"'
    found = figures()
    assert found[f'reseller_days_left{of_module},currency="EUR"}}'] == 9
    assert found[f'reseller_balance{of_module},currency="EUR"}}'] == float(cost(shop, item)) - 1
    assert found[f'reseller_cost_due{of_module},currency="EUR",days="14"}}'] == float(cost(shop, item))
    assert found[f"reseller_account_state{of_module}}}"] == 0
    has(shop, 500)
    until(lambda: shop.checkevent() and short(shop) is None, "the account stays short")
    assert figures()[f"reseller_account_state{of_module}}}"] == 1


def test_a_cost_that_is_old_silences_no_alarm_that_the_others_raise(shop):
    stale, item = renewing(shop, 12), renewing(shop, 9)
    has(shop, cost(shop, item) - 1)
    sql = "UPDATE reseller_price SET seen_at = '2020-01-01' WHERE subject = 'service' AND number = %s"
    shop.here.write("DELETE FROM reseller_problem WHERE kind = 'short'")
    assert shop.here.write(sql, stale) != 0
    shop.checkevent()
    terms = {term["item"]: term["is_old"] for term in foreseen(shop)[0]["terms"]}
    assert (terms[stale], terms[item]) == (True, False)
    assert short(shop)["day"] == in_days(9)


def dates(shop, item, here, there):
    """The service is paid by its client until so many days from now, and at the seller until so many."""
    ends_in(shop, item, there)
    day = in_days(here)
    shop.here.write("UPDATE item SET expiredate = %s WHERE id = %s", day, item)
    shop.here.write("UPDATE reseller_link SET accounted = %s WHERE item = %s", day, item)
    shop.here.write("UPDATE reseller_observation SET expiredate = %s WHERE item = %s", in_days(there), item)


@pytest.mark.parametrize(
    ("here", "there", "terms", "why"),
    [
        (-2, -2, 2, None),
        (-3, 20, 1, None),
        (-4, 20, 0, "overdue"),
        (-60, -90, 0, "overdue"),
        (-90, -90, 0, "overdue"),
        (20, -20, 2, None),
        (20, -40, 0, "overdue"),
        (40, 25, 1, None),
    ],
    ids=str,
)
def test_what_is_overdue_counts_only_while_a_rule_would_still_buy_it(shop, here, there, terms, why):
    item = renewing(shop, 9)
    dates(shop, item, here, there)
    found, left = foreseen(shop)
    assert len([term for term in found["terms"] if term["item"] == item]) == terms
    assert left.get(item) == why


def test_days_that_were_not_bought_for_long_are_not_each_due_today(shop):
    item = renewing(shop, 9)
    tariff = shop.tariffs["VDS-1"]
    sql = "UPDATE reseller_map SET remote = %s WHERE pricelist = %s AND kind = 'period' AND local = '1'"
    before = shop.here.value(
        "SELECT remote FROM reseller_map WHERE pricelist = %s AND kind = 'period' AND local = '1'", tariff
    )
    assert shop.here.write(sql, "-50", tariff) == 1
    try:
        daily = "UPDATE reseller_price SET part = REPLACE(part, ' 1 ', ' -50 ') WHERE subject = 'service'"
        assert shop.here.write(f"{daily} AND number = %s", item) > 0
        dates(shop, item, -300, -300)
        found, left = foreseen(shop)
        assert [term for term in found["terms"] if term["item"] == item] == []
        assert left[item] == "overdue"
        dates(shop, item, 100, -300)
        assert foreseen(shop)[1][item] == "overdue"
        dates(shop, item, -1, -1)
        found, left = foreseen(shop, "--days", "5")
        assert len([term for term in found["terms"] if term["item"] == item]) == 7
    finally:
        shop.here.write(sql, before, tariff)

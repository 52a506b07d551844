"""The daily look of checkevent at the tariffs: what loses money, and what cannot be bought, is told and ends."""

import json

import pytest

from tests.support import world
from tests.support.tariffs import nothing_else_sold

KINDS = ("below_cost", "unsellable")


@pytest.fixture(autouse=True)
def _looks(shop):
    """The look comes with every run, and no tariff of another test is wrong."""
    world.limits(shop.here, tariff_look_seconds=1, unlisted_seconds=1)
    shop.here.write("DELETE FROM reseller_cursor WHERE name LIKE 'tariffs%%'")
    with nothing_else_sold(shop):
        yield
    shop.here.write("DELETE FROM reseller_problem WHERE kind IN ('below_cost', 'unsellable')")


@pytest.fixture
def tariff(shop):
    """A tariff of virtual servers that was imported and is on sale: its number here and there."""
    return on_sale(shop, "vds")


def on_sale(shop, itemtype):
    there = shop.there.call("sandbox.tariff", itemtype=itemtype, name="Watched", price=10, periods="1").findtext("id")
    done = shop.ctl("tariffs", "import", str(shop.module), there, "--rule", "+20 %", "--yes")
    assert done.returncode == 0, done.stdout.decode()
    here = shop.here.value("SELECT id FROM pricelist WHERE intname = %s AND parent IS NULL", there)
    shop.here.call("pricelist.resume", elid=here)
    return here, there


def problems(shop):
    """The two problems of the module, by kind, after a look of now."""
    shop.here.write("UPDATE reseller_cursor SET value = '2020-01-01' WHERE name = 'tariffs'")
    shop.checkevent()
    sql = "SELECT kind, params FROM reseller_problem WHERE kind IN %s AND number = %s AND subject = 'module'"
    return {row["kind"]: json.loads(row["params"]) for row in shop.here.rows(sql, KINDS, shop.module)}


def costs(shop, there, amount):
    euro = shop.there.value("SELECT id FROM currency WHERE iso = 'EUR'")
    shop.there.call("pricelist.edit", elid=there, sok="ok", **{f"monthly{euro}": amount})


def test_a_cost_that_rose_above_the_price_is_a_problem_until_the_price_has_followed(shop, tariff):
    here, there = tariff
    assert "below_cost" not in problems(shop)
    costs(shop, there, 13)
    told = problems(shop)["below_cost"]
    assert f"{here} Watched (period 1)" in told["tariffs"]
    audit = json.loads(shop.ctl("audit", "--json").stdout)
    assert any(row["kind"] == "below_cost" and "Watched" in row["text"] for row in audit)
    euro = shop.here.value("SELECT id FROM currency WHERE iso = 'EUR'")
    shop.here.call("pricelist.edit", elid=here, sok="ok", **{f"monthly{euro}": 13})
    assert "below_cost" not in problems(shop)


def test_a_tariff_that_is_withdrawn_tonight_is_a_problem_until_it_is_off(shop, tariff):
    here, there = tariff
    assert f"{here} Watched" not in problems(shop).get("unsellable", {}).get("tariffs", "")
    shop.there.write("UPDATE pricelist SET archived = 'on' WHERE id = %s", there)
    assert f"{here} Watched (tariff)" in problems(shop)["unsellable"]["tariffs"]
    shop.here.call("pricelist.edit", elid=here, active="off", sok="ok")
    assert f"{here} Watched" not in problems(shop).get("unsellable", {}).get("tariffs", "")


def test_a_seller_that_does_not_answer_ends_nothing_and_is_asked_again(shop, tariff):
    _, there = tariff
    costs(shop, there, 13)
    assert "below_cost" in problems(shop)
    shop.there.call("sandbox.fault", kind="html", forfunc="pricelist.export", times=9)
    costs(shop, there, 10)
    assert "below_cost" in problems(shop)
    assert shop.here.value("SELECT value FROM reseller_cursor WHERE name = 'tariffs_failed'") == "1"
    shop.there.call("sandbox.fault.clear")
    shop.here.write("DELETE FROM reseller_circuit")
    assert "below_cost" not in problems(shop)
    assert shop.here.value("SELECT value FROM reseller_cursor WHERE name = 'tariffs_failed'") is None


def test_many_tariffs_that_stay_away_for_a_day_are_believed_and_one_that_comes_back_begins_anew(shop, tariff):
    here, _ = tariff
    more = [
        shop.there.call("sandbox.tariff", itemtype="vds", name="Away", price=1, periods="1").findtext("id")
        for _ in range(3)
    ]
    assert shop.ctl("tariffs", "import", str(shop.module), *more, "--yes").returncode == 0
    named = f"{here} Watched (tariff)"
    sql = "SELECT id FROM pricelist WHERE parent IS NULL AND archived = 'off'"
    gone = [row["id"] for row in shop.there.rows(sql)]
    doubts = "SELECT name FROM reseller_cursor WHERE name LIKE 'tariffs_doubt vds%%'"
    try:
        shop.there.write("UPDATE pricelist SET archived = 'on' WHERE id IN %s", gone)
        assert named not in problems(shop).get("unsellable", {}).get("tariffs", "")
        [before] = shop.here.rows(doubts)
        shop.there.write("UPDATE pricelist SET archived = 'off' WHERE id = %s", more[0])
        problems(shop)
        [since] = shop.here.rows(doubts)
        assert since != before
        shop.here.write("UPDATE reseller_cursor SET value = '2020-01-01' WHERE name = %s", since["name"])
        assert named in problems(shop)["unsellable"]["tariffs"]
    finally:
        shop.there.write("UPDATE pricelist SET archived = 'off' WHERE id IN %s", gone)
    assert named not in problems(shop).get("unsellable", {}).get("tariffs", "")
    assert shop.here.rows(doubts) == []


def test_a_cost_that_is_not_known_ends_no_loss(shop, tariff):
    _, there = tariff
    costs(shop, there, 13)
    assert "below_cost" in problems(shop)
    shop.there.call(
        "sandbox.fault", kind="lacks", forfunc="pricelist.export", times=9, object="pricelist/price/period@cost"
    )
    assert "below_cost" in problems(shop)
    shop.there.call("sandbox.fault.clear")
    costs(shop, there, 10)
    assert "below_cost" not in problems(shop)


def test_where_the_look_is_switched_off_its_problems_end(shop, tariff):
    _, there = tariff
    costs(shop, there, 13)
    assert "below_cost" in problems(shop)
    world.limits(shop.here, tariff_look_seconds=0)
    assert problems(shop) == {}


def test_a_price_list_that_does_not_come_is_asked_for_once_and_stops_no_other_work(shop, tariff):
    def exports():
        return (shop.there.base / "var/billmgr.log").read_text().count("func=pricelist.export")

    on_sale(shop, "storage")
    shop.there.call("sandbox.fault", kind="html_after", forfunc="pricelist.export", times=9)
    before = exports()
    problems(shop)
    assert exports() == before + 1
    shop.there.call("sandbox.fault.clear")


def test_the_look_comes_once_a_day_and_never_where_it_is_switched_off(shop, tariff):
    def exports():
        return (shop.there.base / "var/billmgr.log").read_text().count("func=pricelist.export")

    world.limits(shop.here, tariff_look_seconds=86400)
    problems(shop)
    before = exports()
    shop.checkevent()
    assert exports() == before
    shop.here.write("UPDATE reseller_cursor SET value = '2020-01-01' WHERE name = 'tariffs'")
    world.limits(shop.here, tariff_look_seconds=0)
    shop.checkevent()
    assert exports() == before
    world.limits(shop.here, tariff_look_seconds=86400)
    shop.checkevent()
    assert exports() > before


def test_what_is_kept_of_modules_and_accounts_that_are_gone_is_forgotten(shop, tariff):
    """Prices of a module without linked services at once, charges and forecasts of an account when they are old."""
    price = (
        "INSERT INTO reseller_price (subject, number, part, currency, pricelist, module, agreed, agreed_by, agreed_at, "
        "seen, seen_at) VALUES ('tariff', %s, '1 1 of gone', 'EUR', 1, %s, 1, '', NOW(), 1, NOW())"
    )
    charge = "INSERT INTO reseller_expense (account, charge, remote, operation, day, amount, currency, item) VALUES "
    for number, module in ((987001, 987000), (tariff[0], shop.module)):
        shop.here.write(price, number, module)
    for number, days in ((1, 61), (2, 5)):
        shop.here.write(f"{charge} (987000, %s, '1', 'open', UTC_DATE() - INTERVAL %s DAY, 1, 'EUR', 0)", number, days)
        shop.here.write(
            "INSERT INTO reseller_foreseen (account, currency, day, amount, noted) "
            "VALUES (987000, 'EUR', UTC_DATE() - INTERVAL %s DAY, 1, NOW())",
            days,
        )
    problems(shop)
    kept = "SELECT number, module FROM reseller_price WHERE part = '1 1 of gone'"
    assert shop.here.rows(kept) == [{"number": tariff[0], "module": shop.module}]
    for table in ("reseller_expense", "reseller_foreseen"):
        assert shop.here.value(f"SELECT COUNT(*) FROM {table} WHERE account = 987000") == 1
        shop.here.write(f"DELETE FROM {table} WHERE account = 987000")
    shop.here.write("DELETE FROM reseller_price WHERE part = '1 1 of gone'")

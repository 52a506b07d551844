"""How far forecasts were off, and what a seller keeps back without naming it."""

import json
from decimal import Decimal

import pytest

from reseller.ledger import balances
from reseller.model import Money
from tests.support import world
from tests.support.foreseeing import alone, cost, has, in_days, renewing
from tests.support.paying import renew, today


@pytest.fixture(autouse=True)
def _alone(shop):
    with alone(shop):
        shop.here.write("DELETE FROM reseller_foreseen")
        yield
        shop.here.write("DELETE FROM reseller_foreseen")
        shop.here.write("UPDATE reseller_balance SET floor = NULL")
        has(shop, 500, floor=0)


def foreseen(shop):
    """The account's euros as the command tells them."""
    [account] = json.loads(shop.ctl("forecast", "--json").stdout)
    return next(each for each in account["currencies"] if each["currency"] == "EUR")


def weighed(shop):
    """What is due is weighed now; the forecasts that are kept."""
    shop.here.write("UPDATE reseller_cursor SET value = '2020-01-01' WHERE name = 'cover'")
    shop.checkevent()
    return shop.here.rows("SELECT * FROM reseller_foreseen WHERE currency = 'EUR' ORDER BY day")


def pass_days(shop, item, days):
    """So many days pass for the forecasts and for what was bought."""
    shop.here.write(
        "UPDATE reseller_foreseen SET day = day - INTERVAL %s DAY, noted = noted - INTERVAL %s DAY", days, days
    )
    shop.here.write(
        "UPDATE reseller_request SET sent = sent - INTERVAL %s DAY, "
        "was = IF(was > '', DATE_FORMAT(was - INTERVAL %s DAY, '%%Y-%%m-%%d'), '') WHERE item = %s",
        days,
        days,
        item,
    )


@pytest.fixture
def renewed(shop):
    """A service that was foreseen to be renewed within a week, and was renewed after that."""
    item = renewing(shop, 5)
    shop.here.write("DELETE FROM reseller_foreseen")
    [kept] = weighed(shop)
    assert (kept["day"], kept["spent"]) == (today(), None)
    assert float(kept["amount"]) == float(foreseen(shop)["due"]["7"]) >= cost(shop, item)
    assert foreseen(shop)["error"] is None
    renew(shop, item)
    return item


def counted(shop, item):
    """The error after the week is over."""
    pass_days(shop, item, 9)
    weighed(shop)
    return foreseen(shop)["error"]


def test_the_forecast_of_a_day_is_kept_once_and_counted_when_its_week_is_over(shop, renewed):
    price = float(cost(shop, renewed))
    shop.here.write("UPDATE reseller_foreseen SET amount = %s", price)
    assert len(weighed(shop)) == 1
    pass_days(shop, renewed, 8)
    assert [row["spent"] for row in weighed(shop)] == [None, None]
    pass_days(shop, renewed, 1)
    shop.here.write("DELETE FROM reseller_foreseen WHERE day > %s", in_days(-9))
    assert [row["spent"] is None for row in weighed(shop)] == [False, True]
    error = foreseen(shop)["error"]
    assert (error["percent"], error["forecasts"], float(error["spent"])) == (0, 1, price)
    page = shop.here.call("reseller.forecast")
    assert [row.findtext("error") for row in page.iterfind("elem") if row.findtext("currency") == "EUR"] == ["0 % (1)"]
    told = shop.ctl("forecast").stdout.decode()
    assert "EUR: forecasts for 7 days were off by 0 EUR on average (0 %); compared: 1" in told


def test_a_cost_that_was_foreseen_otherwise_shows_in_the_error(shop, renewed):
    shop.here.write("UPDATE reseller_foreseen SET amount = %s", cost(shop, renewed) * 2)
    assert counted(shop, renewed)["percent"] == 50


def test_what_was_renewed_before_the_forecast_or_for_later_terms_is_not_in_it(shop, renewed):
    shop.here.write("UPDATE reseller_foreseen SET amount = 10, noted = noted + INTERVAL 1 HOUR")
    assert counted(shop, renewed)["percent"] == 100
    shop.here.write(
        "UPDATE reseller_foreseen SET spent = NULL, noted = noted - INTERVAL 1 HOUR WHERE spent IS NOT NULL"
    )
    shop.here.write("UPDATE reseller_request SET was = %s WHERE item = %s AND was > ''", in_days(1), renewed)
    shop.here.write("DELETE FROM reseller_foreseen WHERE day = %s", in_days(0))
    weighed(shop)
    assert float(foreseen(shop)["error"]["spent"]) == 0


def test_a_forecast_with_a_renewal_of_unknown_cost_is_not_counted(shop, renewed):
    shop.here.write("UPDATE reseller_request SET cost = NULL WHERE item = %s AND kind = 'prolong'", renewed)
    assert counted(shop, renewed) is None
    assert [row["day"] for row in weighed(shop)] == [today()]


def test_a_forecast_that_looks_less_than_a_week_ahead_is_not_kept(shop):
    """It would be held against what a whole week has cost."""
    renewing(shop, 5)
    shop.here.write("DELETE FROM reseller_foreseen")
    world.limits(shop.here, forecast_days=6)
    assert weighed(shop) == []
    world.limits(shop.here, forecast_days=7)
    assert len(weighed(shop)) == 1


def test_forecasts_of_long_ago_are_forgotten(shop, renewed):
    counted(shop, renewed)
    pass_days(shop, renewed, 40)
    assert [row["day"] for row in weighed(shop)] == [today()]


def test_a_refusal_that_shows_what_the_seller_keeps_back_counts_until_a_purchase_goes_below_it(shop):
    price = cost(shop, renewing(shop, 9))
    has(shop, price + 3, floor=5)
    poor = shop.order("vds")
    shop.rest(poor)
    assert shop.request(poor)["error_type"] == "reseller_money"
    told = foreseen(shop)
    assert float(told["floor"]) == 5
    assert float(told["available"]) == float(price) + 3 - 5
    page = shop.here.call("reseller.forecast")
    assert [row.findtext("floor") for row in page.iterfind("elem") if row.findtext("currency") == "EUR"] == ["5"]
    assert "kept back by the seller 5 EUR" in shop.ctl("forecast").stdout.decode()
    # The renewal would be refused too, though the balance covers it.
    assert (told["days_left"], told["missing"]) == (9, "2")
    has(shop, price + 5, floor=0)
    shop.until_active(poor)
    # It has left just as much as it keeps back.
    assert float(foreseen(shop)["floor"]) == 5
    has(shop, price + 2)
    shop.until_active(shop.order("vds"))
    assert float(foreseen(shop)["floor"]) == 2


def test_reserved_money_that_a_refusal_does_not_name_is_not_kept_back_a_second_time(shop, inside):
    db, account = inside.db, 987654
    try:
        balances.save(db, account, [Money(Decimal(100), "EUR", Decimal(5), Decimal(10))])
        # 20 and a credit of 5, of which 10 are reserved: 15 can be spent, and 15 of 30 are missing.
        balances.save_refused(db, account, Money(Decimal(20), "EUR"), Decimal(30), Decimal(15))
        [kept] = balances.of(db, account)
        assert (kept.money.floor, kept.available) == (0, 15)
        # 12 can be spent: it keeps 3 back.
        balances.save_refused(db, account, Money(Decimal(20), "EUR"), Decimal(30), Decimal(18))
        [kept] = balances.of(db, account)
        assert (kept.money.floor, kept.available) == (3, 12)
        # Another reserve is named, and no sum: what was kept back stays.
        balances.save_refused(db, account, Money(Decimal(20), "EUR", reserved=Decimal(8)), None, None)
        assert balances.of(db, account)[0].available == 14
    finally:
        shop.here.write("DELETE FROM reseller_balance WHERE account = %s", account)

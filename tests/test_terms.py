"""Terms: sold for one time and bought for another, renewed too early, renewed by the seller too."""

import datetime as dt

import pytest

from tests import world
from tests.world import until

VDS = "vds"


@pytest.fixture
def months(shop):
    """Map what the client pays for to what is bought there, for one test."""
    tariff = shop.tariffs["VDS-1"]

    def put(here, there):
        done = shop.ctl("map", str(tariff), "period", str(here), str(there))
        assert done.returncode == 0, done.stderr.decode()

    yield put
    for period in (1, 3, 6, 12):
        put(period, period)


def today():
    return dt.datetime.now(dt.timezone.utc).date()


def service(shop, period=1):
    item = shop.order(VDS, period=period)
    shop.until_active(item)
    return item


def remote(shop, item):
    return shop.links(item)[0]["remote"]


def expires(shop, item):
    return shop.there.value("SELECT expiredate FROM item WHERE id = %s", remote(shop, item))


def ends_in(shop, item, days):
    """The seller's date as it is so many days before the end."""
    shop.there.call("sandbox.item", item=remote(shop, item), expiredate=today() + dt.timedelta(days=days))


def bought(shop, item):
    """Months of each charge at the seller, oldest first."""
    return [
        int(row["detail"].split("period=")[1].split()[0]) for row in shop.charges(item) if "period=" in row["detail"]
    ]


def owed(shop, item):
    rows = shop.here.rows("SELECT * FROM reseller_request WHERE item = %s AND kind = 'part' AND live = 1", item)
    return rows[0] if rows else None


def test_three_months_sold_are_bought_month_by_month_each_in_time(shop, months):
    months(3, 1)
    item = service(shop, 3)
    assert len(shop.charges(item)) == 1
    for _ in range(3):
        shop.checkevent()
    assert len(shop.charges(item)) == 1
    assert owed(shop, item)["state"] == "owed"
    for charges in (2, 3):
        ends_in(shop, item, 3)
        until(lambda n=charges: (shop.checkevent(), len(shop.charges(item)) == n)[1], "the next term is not bought")
        assert expires(shop, item) > today() + dt.timedelta(days=25)
    ends_in(shop, item, 1)
    for _ in range(3):
        shop.checkevent()
    assert len(shop.charges(item)) == 3
    assert owed(shop, item) is None
    assert shop.operation(item) is None
    assert shop.tasks(item) == []


def test_an_owed_term_without_money_makes_one_task_and_is_bought_when_there_is_some(shop, months):
    months(3, 1)
    item = service(shop, 3)
    ends_in(shop, item, 2)
    shop.there.call("sandbox.balance", user=shop.buyer, value=1)
    until(lambda: (shop.checkevent(), shop.tasks(item))[1], "nobody is told")
    shop.checkevent()
    assert len(shop.tasks(item)) == 1
    assert "missing" in shop.tasks(item)[0]["params"]
    shop.there.call("sandbox.balance", user=shop.buyer, value=500)
    until(lambda: (shop.checkevent(), len(shop.charges(item)) == 2)[1], "the term is not bought")
    assert shop.tasks(item) == []


@pytest.mark.parametrize("kind", ["reply_lost", "cut"])
def test_an_owed_term_whose_answer_is_lost_is_bought_once(shop, months, kind):
    months(3, 1)
    item = service(shop, 3)
    ends_in(shop, item, 3)
    shop.there.call("sandbox.fault", kind=kind, forfunc="service.prolong", times=1, skip=1)
    until(lambda: (shop.checkevent(), len(shop.charges(item)) == 2)[1], "the term is not bought")
    until(lambda: (shop.checkevent(), owed(shop, item)["state"] == "owed")[1], "its date is not seen")
    assert len(shop.charges(item)) == 2


def test_what_is_owed_ends_with_a_close(shop, months):
    months(3, 1)
    item = service(shop, 3)
    until(lambda: (shop.checkevent(), owed(shop, item))[1], "it is not written down")
    shop.act("close", item)
    shop.until_done(item)
    shop.checkevent()
    assert owed(shop, item) is None
    assert len(shop.charges(item)) == 1


def test_a_year_bought_for_a_month_covers_the_renewals_to_come(shop, months):
    months(1, 12)
    item = service(shop)
    for _ in range(2):
        shop.act("prolong", item)
        shop.rest(item)
        assert shop.operation(item) is None, shop.error(item)
    assert len(shop.charges(item)) == 1
    sold = shop.here.value("SELECT SUM(sold) FROM reseller_request WHERE item = %s", item)
    shop.here.write("UPDATE reseller_request SET sold = sold + %s WHERE item = %s LIMIT 1", 12 - sold, item)
    shop.act("prolong", item)
    shop.rest(item)
    assert len(shop.charges(item)) == 2


@pytest.mark.parametrize(("here", "there"), [(3, 2), (1, 7), (12, 0)])
def test_terms_that_do_not_fit_are_refused_when_they_are_mapped(shop, here, there):
    done = shop.ctl("map", str(shop.tariffs["VDS-1"]), "period", str(here), str(there))
    assert done.returncode == 1
    assert b"1, 3, 6, 12" in done.stderr or b"multiple" in done.stderr


def test_terms_that_stopped_fitting_are_refused_before_anything_is_sent(shop):
    tariff = shop.tariffs["VDS-1"]
    shop.here.write(
        "UPDATE reseller_map SET remote = '3' WHERE pricelist = %s AND kind = 'period' AND local = '1'", tariff
    )
    shop.here.write(
        "UPDATE reseller_map SET remote = '2' WHERE pricelist = %s AND kind = 'period' AND local = '3'", tariff
    )
    try:
        item = shop.order(VDS, period=3)
        shop.rest(item)
        assert "reseller_term" in shop.error(item)
        assert shop.charges(item) == []
    finally:
        for period in (1, 3):
            shop.ctl("map", str(tariff), "period", str(period), str(period))


def test_too_early_a_renewal_is_kept_for_the_day_the_seller_names(shop, switch):
    item = service(shop)
    switch(shop.there, "prolong_window_days", "10")
    day = expires(shop, item) - dt.timedelta(days=10)
    charged = len(shop.charges(item))
    shop.act("prolong", item)
    shop.rest(item)
    assert "reseller_later" in shop.error(item)
    assert day.isoformat() in shop.error(item)
    assert shop.tasks(item) == []
    request = shop.request(item)
    assert request["state"] == "unsent"
    assert abs(request["next_try"] - dt.datetime.combine(day, dt.time(12))) < dt.timedelta(minutes=5)
    shop.there.call("sandbox.switch", name="prolong_window_days", value="0")
    shop.checkevent()
    assert len(shop.charges(item)) == charged
    shop.here.write("UPDATE reseller_request SET next_try = UTC_TIMESTAMP(3) WHERE id = %s", request["id"])
    shop.until_done(item)
    assert len(shop.charges(item)) == charged + 1


def test_the_seller_does_not_renew_what_this_side_renews(shop):
    item = service(shop)
    shop.there.write("UPDATE item SET autoprolong = 1 WHERE id = %s", remote(shop, item))
    shop.act("prolong", item)
    shop.until_done(item)
    assert shop.there.value("SELECT autoprolong FROM item WHERE id = %s", remote(shop, item)) is None
    assert "switched off" in (shop.here.base / "var/reseller.log").read_text()


def test_a_seller_that_is_down_is_asked_by_one_process_at_a_time(shop):
    """Twelve services want something from a seller that is away; it is left alone, and all come through later."""
    world.limits(shop.here, circuit_times=2, circuit_seconds=60, unsent_times=50)
    found = [service(shop) for _ in range(6)]
    shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=100000)
    for item in found:
        shop.act("suspend", item)
    for item in found:
        shop.rest(item)
    log = (shop.here.base / "var/reseller.log").read_text()
    tried = log.count("vds.edit NotSent")
    for _ in range(5):
        assert "left alone" in shop.ctl("checkevent").stdout.decode()
    log = (shop.here.base / "var/reseller.log").read_text()
    assert log.count("vds.edit NotSent") == tried < 6
    shop.there.call("sandbox.fault.clear")
    world.limits(shop.here)
    shop.here.write("UPDATE reseller_circuit SET until = UTC_TIMESTAMP(3)")
    shop.here.write("UPDATE reseller_request SET next_try = UTC_TIMESTAMP(3) WHERE live = 1")
    for item in found:
        shop.until_done(item)
        assert shop.item(item)["status"] == 3

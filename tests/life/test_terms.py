"""Terms: sold for one time and bought for another, renewed too early, renewed by the seller too."""

import datetime as dt

import pytest

from tests.support import world
from tests.support.keeping import remote
from tests.support.paying import bought, ends_in, expires, left_days, owed, passes, problem, renew, runs, service, today
from tests.support.world import until

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


def test_three_months_sold_are_bought_month_by_month_each_in_time(shop, months):
    months(3, 1)
    item = service(shop, 3)
    runs(shop)
    assert len(shop.charges(item)) == 1
    for charges in (2, 3):
        ends_in(shop, item, 4)
        runs(shop)
        assert len(shop.charges(item)) == charges - 1
        ends_in(shop, item, 3)
        until(lambda n=charges: (shop.checkevent(), len(shop.charges(item)) == n)[1], "the next term is not bought")
    assert abs(left_days(shop, item)) <= 3
    ends_in(shop, item, 0)
    runs(shop)
    assert len(shop.charges(item)) <= 4, "a day that is missing is bought on the last day, and no more"
    assert owed(shop, item) is None
    assert shop.operation(item) is None
    assert shop.tasks(item) == []


def test_a_term_without_money_is_one_problem_and_is_bought_when_there_is_some(shop, months):
    months(3, 1)
    item = service(shop, 3)
    ends_in(shop, item, 2)
    shop.there.call("sandbox.balance", user=shop.buyer, value=1)
    until(lambda: (shop.checkevent(), shop.tasks(item))[1], "nobody is told")
    runs(shop)
    assert len(shop.tasks(item)) == 1
    assert "Top up" in shop.tasks(item)[0]["params"]
    [funds] = shop.here.rows("SELECT * FROM reseller_problem WHERE kind = 'funds'")
    assert (funds["subject"], funds["touches"]) == ("account", str(item))
    shop.there.call("sandbox.balance", user=shop.buyer, value=500)
    until(lambda: (shop.checkevent(), len(shop.charges(item)) == 2)[1], "the term is not bought")
    shop.checkevent()
    assert shop.tasks(item) == []
    assert shop.here.rows("SELECT * FROM reseller_problem WHERE kind = 'funds'") == []


@pytest.mark.parametrize("kind", ["reply_lost", "cut"])
def test_a_term_whose_answer_is_lost_is_bought_once(shop, months, kind):
    months(3, 1)
    item = service(shop, 3)
    ends_in(shop, item, 3)
    shop.there.call("sandbox.fault", kind=kind, forfunc="service.prolong", times=1, skip=1)
    until(lambda: (shop.checkevent(), len(shop.charges(item)) == 2)[1], "the term is not bought")
    until(lambda: (shop.checkevent(), owed(shop, item) is None)[1], "its date is not seen")
    runs(shop)
    assert len(shop.charges(item)) == 2


def test_what_is_paid_for_longer_ends_with_a_close(shop, months):
    months(3, 1)
    item = service(shop, 3)
    shop.there.call("sandbox.balance", user=shop.buyer, value=1)
    ends_in(shop, item, 3)
    until(lambda: (shop.checkevent(), owed(shop, item))[1], "it is not written down")
    shop.act("close", item)
    shop.until_done(item)
    shop.there.call("sandbox.balance", user=shop.buyer, value=500)
    runs(shop)
    assert owed(shop, item) is None
    assert len(shop.charges(item)) == 1


def test_a_year_bought_for_a_month_covers_the_renewals_to_come(shop, months):
    months(1, 12)
    item = service(shop)
    for _ in range(11):
        shop.act("prolong", item)
        shop.rest(item)
        assert shop.operation(item) is None, shop.error(item)
    assert len(shop.charges(item)) == 1
    shop.act("prolong", item)
    shop.rest(item)
    # A year would go far beyond what is paid: the shortest of the seller's terms that are mapped.
    assert bought(shop, item)[1:] == [3]


# A renewal is weighed against the seller's date, and the panel's date may move before its call or by its call-back.


def test_each_renewal_is_bought_once_and_the_panels_way_is_learned(shop, moving):
    item = service(shop)
    for charges in (2, 3, 4):
        renew(shop, item)
        assert len(shop.charges(item)) == charges
    assert abs(left_days(shop, item)) <= 1
    learned = shop.here.value("SELECT value FROM reseller_cursor WHERE module = 0 AND name = 'panel moves the date'")
    assert learned == {"at_once": "before", "operation": "after"}[moving]
    runs(shop)
    assert problem(shop, item, "paid") is None


def test_a_year_renewed_is_bought_as_one_where_the_seller_sells_it(shop, moving):
    item = service(shop)
    renew(shop, item)
    renew(shop, item, period=12)
    assert bought(shop, item)[1:] == [1, 12]
    assert abs(left_days(shop, item)) <= 1


def test_what_staff_renewed_at_the_seller_is_not_bought_again(shop, moving):
    item = service(shop)
    renew(shop, item)
    shop.there.call("service.prolong", elid=remote(shop, item), period=1, su=shop.buyer, sok="ok")
    charged = len(shop.charges(item))
    renew(shop, item)
    assert len(shop.charges(item)) == charged
    assert abs(left_days(shop, item)) <= 1


@pytest.mark.parametrize("days", [-1, 1])
def test_a_seller_that_gives_a_day_more_or_less_than_it_promised_has_renewed(shop, moving, days):
    item = service(shop)
    renew(shop, item)
    charged = len(shop.charges(item))
    shop.there.call("sandbox.fault", kind="hold_after", forfunc="service.prolong", times=1, skip=1)
    shop.here.call("service.prolong", elid=item, period=1, sok="ok", su="client1", skipbasket="on")
    until(lambda: len(shop.charges(item)) == charged + 1, "it is not bought")
    shop.there.call("sandbox.item", item=remote(shop, item), expiredate=expires(shop, item) + dt.timedelta(days=days))
    shop.there.call("sandbox.release")
    shop.until_done(item)
    assert len(shop.charges(item)) == charged + 1
    assert shop.request(item)["state"] == "done"


def test_one_request_at_a_time_moves_the_date(shop, months):
    """A term without an operation is in doubt while the client renews: the renewal waits until that is known."""
    months(3, 1)
    item = service(shop, 3)
    ends_in(shop, item, 3)
    shop.there.call("sandbox.fault", kind="html", forfunc="service.prolong", times=1000, skip=1)
    until(lambda: (shop.checkevent(), owed(shop, item) and owed(shop, item)["state"] == "unconfirmed")[1], "no doubt")
    shop.there.call("sandbox.fault.clear")
    charged = len(shop.charges(item))
    shop.act("prolong", item)
    shop.rest(item)
    runs(shop)
    assert len(shop.charges(item)) == charged
    assert "reseller_later" in shop.error(item)
    # The renewal that waits asks for the service's lease now and then.
    until(lambda: shop.ctl("reorder", str(item), "--yes").returncode == 0, "it cannot be decided")
    shop.until_done(item)
    assert len(shop.charges(item)) == charged + 1
    assert owed(shop, item) is None


# The panel's date moves without an operation.


def dated(shop, item, days):
    """Staff move the panel's date by so many days."""
    shop.here.call("sandbox.item", item=item, expiredate=shop.item(item)["expiredate"] + dt.timedelta(days=days))
    world.limits(shop.here, deep_seconds=1)
    until(lambda: (shop.checkevent(), problem(shop, item, "paid") or days < 8)[1], "nobody is told")
    runs(shop)


def test_a_date_mistyped_by_years_buys_nothing_and_is_for_a_person(shop):
    item = service(shop)
    dated(shop, item, 3650)
    assert len(shop.tasks(item)) == 1
    assert "--leave" in shop.tasks(item)[0]["params"]
    ends_in(shop, item, 2)
    runs(shop)
    assert len(shop.charges(item)) == 1
    listed = shop.ctl("paid").stdout.decode()
    assert str(item) in listed
    shown = shop.ctl("paid", str(item), "--buy")
    assert b"terms are bought there" in shown.stdout
    assert problem(shop, item, "paid"), "shown, not done"
    assert shop.ctl("paid", str(item), "--leave", "--yes").returncode == 0
    runs(shop)
    assert problem(shop, item, "paid") is None
    assert (len(shop.charges(item)), shop.tasks(item)) == (1, [])
    assert shop.ctl("paid", str(item), "--buy", "--yes").returncode == 1


def test_a_jump_that_the_client_has_paid_for_is_bought_term_by_term(shop):
    item = service(shop)
    dated(shop, item, 61)
    assert shop.ctl("paid", str(item), "--buy", "--yes").returncode == 0
    runs(shop)
    assert len(shop.charges(item)) == 1
    ends_in(shop, item, 3)
    until(lambda: (shop.checkevent(), len(shop.charges(item)) == 2)[1], "the term is not bought")
    assert shop.tasks(item) == []


def test_a_few_days_of_goodwill_are_followed(shop):
    item = service(shop)
    dated(shop, item, 5)
    link = shop.links(item)[0]
    assert link["accounted"] == shop.item(item)["expiredate"]
    ends_in(shop, item, 3)
    until(lambda: (shop.checkevent(), len(shop.charges(item)) == 2)[1], "nothing is bought for them")
    assert shop.tasks(item) == []


@pytest.fixture
def asking(shop):
    """The module asks about a few days, for one test."""
    shop.here.call("processing.edit", elid=shop.module, askgaps="on", sok="ok")
    yield
    shop.here.call("processing.edit", elid=shop.module, askgaps="off", sok="ok")


def gap(shop):
    """A service whose client has paid for five days more than the seller was; the seller's date is near."""
    item = service(shop)
    dated(shop, item, 5)
    ends_in(shop, item, 3)
    until(lambda: (shop.checkevent(), problem(shop, item, "gap"))[1], "nobody is asked")
    runs(shop)
    assert len(shop.charges(item)) == 1
    return item


def test_a_term_for_a_few_days_is_bought_by_a_persons_word_where_the_module_asks(shop, asking):
    item = gap(shop)
    assert "has cost: 10" in shop.tasks(item)[0]["params"]
    assert "--buy --yes" in shop.ctl("audit").stdout.decode()
    assert shop.ctl("paid", str(item), "--buy", "--yes").returncode == 0
    until(lambda: (shop.checkevent(), len(shop.charges(item)) == 2)[1], "it is not bought")
    runs(shop)
    assert (problem(shop, item, "gap"), shop.tasks(item), bought(shop, item)) == (None, [], [1, 1])


def test_a_service_is_left_to_end_where_nobody_pays_for_a_few_days(shop, asking):
    item = gap(shop)
    assert shop.ctl("paid", str(item), "--leave", "--yes").returncode == 0
    world.limits(shop.here, deep_seconds=1)
    runs(shop, 4)
    ends_in(shop, item, 0)
    runs(shop)
    assert (problem(shop, item, "gap"), shop.tasks(item), len(shop.charges(item))) == (None, [], 1)
    renew(shop, item)
    assert len(shop.charges(item)) == 2, "the client's next renewal is bought as always"


def test_a_jump_asks_for_the_few_days_before_it_too(shop, asking):
    """One question at a time about one service's dates: the days that are missing, and those that jumped."""
    item = gap(shop)
    world.limits(shop.here, part_look_seconds=0, part_days=3)
    dated(shop, item, 200)
    until(lambda: (shop.checkevent(), told(shop, item) == ["paid"])[1], f"asked about: {told(shop, item)}")
    passes(shop, item, 8)
    assert (today() - expires(shop, item)).days > 3
    runs(shop, 4)
    assert told(shop, item) == ["paid"]
    assert len(shop.tasks(item)) == 1
    assert shop.ctl("paid", str(item), "--buy", "--yes").returncode == 0
    until(lambda: (shop.checkevent(), told(shop, item) == ["owed"])[1], f"what is over is not said: {told(shop, item)}")
    assert len(shop.charges(item)) == 1


def told(shop, item):
    sql = "SELECT kind FROM reseller_problem WHERE subject = 'service' AND number = %s ORDER BY kind"
    return [row["kind"] for row in shop.here.rows(sql, item)]


@pytest.mark.parametrize("end", ["close", "renew"])
def test_a_gap_that_is_closed_or_renewed_away_is_not_asked_about(shop, asking, end):
    item = gap(shop)
    # As after any purchase: no term is written down for the service for a day.
    world.limits(shop.here, part_pause_seconds=86400)
    if end == "close":
        shop.act("close", item)
        shop.until_done(item)
    else:
        renew(shop, item)
    assert (problem(shop, item, "gap"), shop.tasks(item)) == (None, [])
    assert len(shop.charges(item)) == (1 if end == "close" else 2)


def test_a_word_about_one_date_is_none_about_another(shop):
    """A mistyped date is left, and put right; what the client is given later is followed as always."""
    item = service(shop)
    right = shop.item(item)["expiredate"]
    dated(shop, item, 200)
    assert shop.ctl("paid", str(item), "--leave", "--yes").returncode == 0
    shop.here.call("sandbox.item", item=item, expiredate=right)
    runs(shop)
    dated(shop, item, 5)
    assert shop.links(item)[0]["accounted"] == right + dt.timedelta(days=5)
    shop.here.call("sandbox.item", item=item, expiredate=right + dt.timedelta(days=100))
    until(lambda: (shop.checkevent(), problem(shop, item, "paid"))[1], "a smaller jump is not told")


def test_a_ledger_from_yesterday_buys_nothing_by_itself(shop):
    item = service(shop)
    before = shop.links(item)[0]["accounted"]
    renew(shop, item)
    shop.here.write("UPDATE reseller_link SET accounted = %s, highest = %s WHERE item = %s", before, before, item)
    shop.there.call("sandbox.item", item=remote(shop, item), expiredate=before)
    charged = len(shop.charges(item))
    world.limits(shop.here, deep_seconds=1)
    until(lambda: (shop.checkevent(), problem(shop, item, "paid"))[1], "nobody is told")
    ends_in(shop, item, 1)
    runs(shop)
    assert len(shop.charges(item)) == charged


# What the seller says.


def test_a_form_that_has_gone_back_is_not_paid_for(shop):
    item = service(shop)
    renew(shop, item)
    true = expires(shop, item)
    charged = len(shop.charges(item))
    world.limits(shop.here, part_look_seconds=600)
    shop.there.call("sandbox.item", item=remote(shop, item), expiredate=true - dt.timedelta(days=30))
    shop.act("prolong", item)
    shop.rest(item)
    assert "reseller_later" in shop.error(item)
    assert len(shop.charges(item)) == charged
    shop.there.call("sandbox.item", item=remote(shop, item), expiredate=true)
    shop.here.write("UPDATE reseller_request SET next_try = UTC_TIMESTAMP(3) WHERE item = %s AND live = 1", item)
    shop.until_done(item)
    assert len(shop.charges(item)) == charged + 1


def test_a_form_that_has_gone_back_and_is_left_like_that_is_asked_about_once(shop):
    item = service(shop)
    renew(shop, item)
    charged = len(shop.charges(item))
    back = expires(shop, item) - dt.timedelta(days=30)
    shop.there.call("sandbox.item", item=remote(shop, item), expiredate=back)
    shop.act("prolong", item)
    until(lambda: problem(shop, item, "date_back"), "nobody is told")
    shop.rest(item)
    task = problem(shop, item, "date_back")["task"]
    assert shop.ctl("paid", str(item), "--leave", "--yes").returncode == 0
    for _ in range(3):
        shop.start(item)
        shop.rest(item)
        shop.checkevent()
    assert problem(shop, item, "date_back") is None
    assert task not in [row["id"] for row in shop.tasks(item)]
    assert back.isoformat() in shop.error(item)
    assert len(shop.charges(item)) == charged


def test_nothing_is_bought_for_days_that_are_over(shop):
    item = service(shop)
    passes(shop, item, 31 + 40)
    charged = len(shop.charges(item))
    shop.act("prolong", item)
    shop.rest(item)
    runs(shop)
    assert len(shop.charges(item)) == charged
    assert "reseller_too_late" in shop.error(item)


def test_a_seller_whose_day_is_another_sells_nothing_without_an_operation(shop, months):
    months(3, 1)
    item = service(shop, 3)
    ends_in(shop, item, 3)
    shop.there.call("sandbox.clock", advance="3d")
    try:
        runs(shop)
        assert len(shop.charges(item)) == 1
        [clock] = shop.here.rows("SELECT * FROM reseller_problem WHERE kind = 'clock'")
        assert clock["number"] == shop.module
    finally:
        shop.there.call("sandbox.clock", set="real")
    until(lambda: (shop.checkevent(), len(shop.charges(item)) == 2)[1], "the term is not bought")
    assert shop.here.rows("SELECT * FROM reseller_problem WHERE kind = 'clock'") == []


def test_what_is_suspended_here_stays_so_at_the_seller_when_it_is_renewed(shop):
    item = service(shop)
    shop.act("suspend", item)
    shop.until_done(item)
    renew(shop, item)
    number = remote(shop, item)
    until(lambda: (shop.checkevent(), shop.there.value("SELECT status FROM item WHERE id = %s", number) == 3)[1], "up")


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

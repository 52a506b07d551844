"""What a request has cost is kept, and what is bought without an operation has a limit a day."""

import contextlib
import json
import threading
from decimal import Decimal

import pytest

from tests.support import world
from tests.support.keeping import is_held, remote
from tests.support.paying import ends_in, expires, owed, runs, service
from tests.support.world import Refused, until

HELD = "SELECT * FROM reseller_problem WHERE subject = 'module' AND kind = 'spending'"


def balance(shop):
    """The buyer's money at the seller."""
    account = shop.there.value("SELECT account FROM user WHERE name = %s", shop.buyer)
    return shop.there.value("SELECT balance FROM subaccount WHERE account = %s", account)


def costs(shop, item):
    """What each request of a service has cost, as an operator sees it."""
    rows = json.loads(shop.ctl("requests", str(item), "--json").stdout)
    return [(row["what"], row["cost"]) for row in rows]


@pytest.fixture
def setting(shop):
    """Set the module's limit, for one test."""

    def put(value):
        shop.here.call("processing.edit", elid=shop.module, spendlimit=value, sok="ok")

    yield put
    put("")


@pytest.fixture
def monthly(shop):
    """Services of which three months were sold and one is bought, due by so many."""
    tariff = str(shop.tariffs["VDS-1"])
    assert shop.ctl("map", tariff, "period", "3", "1").returncode == 0
    # What other tests have bought within this day is not theirs.
    shop.here.write("UPDATE reseller_request SET sent = sent - INTERVAL 2 DAY WHERE kind = 'part'")

    all_made = []

    def make(count):
        made = [service(shop, 3) for _ in range(count)]
        for item in made:
            ends_in(shop, item, 3)
        all_made.extend(made)
        return made

    yield make
    # What is still due of them must not use up the limit of another test.
    shop.here.write("UPDATE reseller_link SET live = NULL, state = 'ended' WHERE item IN %s", (0, *all_made))
    assert shop.ctl("map", tariff, "period", "3", "3").returncode == 0


def parts(shop, items):
    """How many terms were bought beside the orders."""
    return sum(len(shop.charges(item)) - 1 for item in items)


@pytest.mark.parametrize("fault", [None, "reply_lost"])
def test_an_order_and_a_renewal_keep_what_they_have_cost(shop, fault):
    before = balance(shop)
    if fault:
        shop.there.call("sandbox.fault", kind=fault, forfunc="*.order.param", times=1)
    item = service(shop)
    between = balance(shop)
    shop.act("prolong", item)
    shop.until_done(item)
    after = balance(shop)
    kept = [Decimal(cost.split()[0]) for _, cost in costs(shop, item)]
    assert kept == [before - between, between - after]
    assert all(cost > 0 for cost in kept)
    assert {cost.split()[1] for _, cost in costs(shop, item)} == {"EUR"}


def test_a_balance_that_is_not_told_stops_no_purchase(shop):
    for func in ("subaccount", "whoami"):
        shop.there.call("sandbox.fault", kind="html", forfunc=func, times=100)
    with contextlib.suppress(AssertionError):
        item = shop.order("vds")
        shop.until_active(item, 20)
    assert shop.item(item)["status"] == 2
    assert costs(shop, item) == [("order", "")]


def test_more_terms_than_the_limit_wait_are_one_problem_and_are_let_through(shop, monthly):
    made = monthly(3)
    world.limits(shop.here, buy_least=2, buy_percent=0)
    until(lambda: (shop.checkevent(), shop.here.rows(HELD))[1], "nothing is held back")
    runs(shop)
    assert parts(shop, made) == 2
    assert "Within a day 2 terms were bought" in shop.ctl("audit").stdout.decode()
    [held] = shop.here.rows(HELD)
    [waiting] = [item for item in made if str(item) in held["touches"]]
    assert [task["item"] for task in shop.tasks(waiting)] == [waiting]
    # What a client asks for is not held back.
    shop.act("prolong", waiting)
    shop.until_done(waiting)
    assert parts(shop, made) == 3
    [other] = monthly(1)
    runs(shop)
    assert parts(shop, [other]) == 0
    done = shop.ctl("checkevent", "--force")
    assert done.returncode == 0, done
    assert parts(shop, [other]) == 1
    shop.checkevent()
    assert shop.here.rows(HELD) == []
    assert shop.tasks(waiting) == shop.tasks(other) == []


def test_an_amount_is_a_limit_too_and_the_next_day_is_another(shop, monthly, setting):
    made = monthly(2)
    price = Decimal(costs(shop, made[0])[0][1].split()[0])
    setting(str(price + price / 2))
    until(lambda: (shop.checkevent(), shop.here.rows(HELD))[1], "nothing is held back")
    runs(shop)
    assert parts(shop, made) == 1
    shop.here.write("UPDATE reseller_request SET sent = sent - INTERVAL 1 DAY WHERE kind = 'part' AND sent IS NOT NULL")
    until(lambda: (shop.checkevent(), parts(shop, made) == 2)[1], "the next day does not come")
    shop.checkevent()
    assert shop.here.rows(HELD) == []


@pytest.mark.parametrize("value", ["much", "-5"])
def test_a_limit_that_is_no_amount_is_refused_by_name(shop, setting, value):
    with pytest.raises(Refused) as refused:
        setting(value)
    assert refused.value.type == "reseller_settings_limit"
    assert value in refused.value.text


def test_what_waits_for_money_and_is_held_back_keeps_no_client_waiting(shop, monthly, setting):
    [item] = monthly(1)
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    until(lambda: (shop.checkevent(), (owed(shop, item) or {}).get("state") == "money")[1], "it does not lack money")
    fresh = shop.order("vds")
    shop.rest(fresh)
    setting("0.01")
    shop.there.call("sandbox.balance", user=shop.buyer, value=500)
    shop.until_active(fresh)
    assert parts(shop, [item]) == 0


def test_terms_that_were_refused_count_for_no_limit(shop, monthly):
    made = monthly(3)
    world.limits(shop.here, buy_least=2, buy_percent=0)
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    states = lambda: [(owed(shop, item) or {}).get("state") for item in made]  # noqa: E731
    until(lambda: (shop.checkevent(), "money" in states())[1], "none lacks money")
    shop.there.call("sandbox.balance", user=shop.buyer, value=500)
    until(lambda: (shop.checkevent(), parts(shop, made) == 2)[1], "they are not bought")


def test_a_withdrawn_deletion_holds_no_term_back(shop, monthly, switch):
    switch(shop.there, "delete_does", "at_end")
    item = service(shop, 3)
    shop.act("close", item)
    until(lambda: "at the end" in shop.error(item), "it is not put off")
    shop.here.call("runningoperation.delete", elid=shop.operation(item)["id"], sok="ok")
    shop.here.call("sandbox.item", item=item, status=2)
    shop.checkevent()
    # The seller has cancelled it, as it was asked to.
    shop.there.write("UPDATE item SET closeatend = 'off' WHERE id = %s", remote(shop, item))
    ends_in(shop, item, 3)
    date = expires(shop, item).isoformat()
    shop.here.write("UPDATE reseller_request SET promise = %s WHERE item = %s AND live = 1", date, item)
    until(lambda: (shop.checkevent(), parts(shop, [item]) == 1)[1], "a term that is paid for is not bought")


def test_where_no_cost_is_known_an_amount_lets_nothing_through(shop, monthly, setting):
    [item] = monthly(1)
    setting("1000")
    shop.here.write("UPDATE reseller_request SET cost = NULL WHERE item = %s", item)
    until(lambda: (shop.checkevent(), shop.here.rows(HELD))[1], "it is not held back")
    assert parts(shop, [item]) == 0
    setting("")
    until(lambda: (shop.checkevent(), parts(shop, [item]) == 1)[1], "it is not bought")


def test_a_top_up_in_the_middle_of_a_purchase_is_no_cost(shop, monthly):
    [item] = monthly(1)
    until(lambda: (shop.checkevent(), owed(shop, item))[1], "no term is due")
    shop.there.call("sandbox.fault", kind="hold_before", forfunc="service.prolong", times=1, skip=1)
    with contextlib.ExitStack() as running:
        running.enter_context(held_run(shop))
        until(lambda: is_held(shop), "nothing is held")
        shop.there.call("sandbox.balance", user=shop.buyer, value=19000)
        shop.there.call("sandbox.release")
    until(lambda: (shop.checkevent(), parts(shop, [item]) == 1)[1], "it is not bought")
    assert ("part", "") in costs(shop, item)


@contextlib.contextmanager
def held_run(shop):
    """Cron in a thread of its own."""
    run = threading.Thread(target=shop.checkevent)
    run.start()
    yield
    run.join(60)

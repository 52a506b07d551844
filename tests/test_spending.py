"""What a request has cost is kept, and what is bought without an operation has a limit a day."""

import contextlib
import json
from decimal import Decimal

import pytest

from tests import world
from tests.test_terms import ends_in, runs, service
from tests.world import Refused, until

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

    def make(count):
        made = [service(shop, 3) for _ in range(count)]
        for item in made:
            ends_in(shop, item, 3)
        return made

    yield make
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

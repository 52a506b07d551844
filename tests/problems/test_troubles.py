"""Fifty troubles at random among two hundred services: as many problems as causes, found by status alone, none left.

TROUBLES_SEED=N draws others.
"""

import datetime as dt
import os
import random
from collections import Counter
from functools import partial

import pytest

from tests.support import world
from tests.support.paying import runs, today
from tests.support.planting import hide, planted, staff
from tests.support.world import until

SERVICES, TROUBLES = 200, 50
NAMES = ("problems", "services_with_problems")
SEED = int(os.environ.get("TROUBLES_SEED", "1"))


def here(shop, pair, **columns):
    shop.here.call("sandbox.item", item=pair.item, **columns)


def dates(shop, pair):
    return (
        shop.here.value("SELECT expiredate FROM item WHERE id = %s", pair.item),
        shop.there.value("SELECT expiredate FROM item WHERE id = %s", pair.remote),
    )


# Each makes one trouble, and gives back what cures it.


def stopped(shop, pair):
    staff(shop, pair, status=3, abusesuspend="on")
    return partial(staff, shop, pair, status=2, abusesuspend="off")


def alarm(shop, pair):
    here(shop, pair, status=4)
    return partial(here, shop, pair, status=2)


def state(shop, pair):
    here(shop, pair, status=3, autosuspend="on")
    return partial(here, shop, pair, status=2, autosuspend="off")


def tariff(shop, pair):
    mine, other = (
        shop.there.value("SELECT id FROM pricelist WHERE name = %s AND parent IS NULL", name)
        for name in ("VDS-1", "VDS-2")
    )
    staff(shop, pair, pricelist=other)
    return partial(staff, shop, pair, pricelist=mine)


def gone(shop, pair):
    hide(shop, pair)
    return partial(hide, shop, pair, hidden=False)


def paid(shop, pair):
    day, _ = dates(shop, pair)
    here(shop, pair, expiredate=day + dt.timedelta(days=200))
    return partial(here, shop, pair, expiredate=day)


def expiredate(shop, pair):
    _, day = dates(shop, pair)
    staff(shop, pair, expiredate=day + dt.timedelta(days=200))
    return partial(staff, shop, pair, expiredate=day)


def endless(shop, pair):
    day, far = dates(shop, pair)
    staff(shop, pair, expiredate=today() + dt.timedelta(days=2))
    here(shop, pair, expiredate="")

    def cure():
        staff(shop, pair, expiredate=far)
        here(shop, pair, expiredate=day)

    return cure


def foreign_key(shop, pair):
    key = shop.there.value("SELECT remoteid FROM item WHERE id = %s", pair.remote)
    staff(shop, pair, remoteid="12345678-0badcafe")
    return partial(staff, shop, pair, remoteid=key)


def value(shop, pair):
    old = shop.there.value("SELECT value FROM itemparam WHERE item = %s AND intname = 'ip'", pair.remote)
    staff(shop, pair, param_ip="192.0.2.7%<b>")
    return partial(staff, shop, pair, param_ip=old or "")


def away(shop, pair):
    _, far = dates(shop, pair)
    shop.here.write("UPDATE item SET processingmodule = NULL WHERE id = %s", pair.item)
    staff(shop, pair, expiredate=today() + dt.timedelta(days=5))

    def cure():
        shop.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", shop.module, pair.item)
        staff(shop, pair, expiredate=far)

    return cure


KINDS = (stopped, alarm, state, tariff, gone, paid, expiredate, endless, foreign_key, value, away)


def all_are_due(shop):
    """The forms of all services are read in the next run, as in a day's."""
    shop.here.write("UPDATE reseller_observation SET settled = 0")


def status(shop):
    """What it says of the kinds that are made here, and the services that they name."""
    found = shop.status()
    kinds = [make.__name__ for make in KINDS]
    return tuple({kind: found[name][kind] for kind in kinds if kind in found[name]} for name in NAMES)


@pytest.fixture
def services(shop):
    with planted(shop, SERVICES) as pairs:
        world.limits(shop.here, stale_intent_seconds=0)
        # Other tests have left some of services that are no more.
        shop.here.write("DELETE FROM reseller_problem")
        runs(shop)
        assert status(shop)[0] == {}
        yield pairs


def test_as_many_problems_as_causes_are_found_by_status_alone_and_none_is_left(shop, services):
    rng = random.Random(SEED)
    made = [(rng.choice(KINDS), pair) for pair in rng.sample(services, TROUBLES)]
    cures = [make(shop, pair) for make, pair in made]
    all_are_due(shop)
    runs(shop, 3)
    counted, named = status(shop)
    assert counted == Counter(make.__name__ for make, _ in made)
    for make in KINDS:
        assert named.get(make.__name__, []) == sorted(pair.item for each, pair in made if each is make)
    items = {pair.item for _, pair in made}
    tasks = [task["item"] for pair in services for task in shop.tasks(pair.item)]
    assert Counter(tasks) == Counter(pair.item for make, pair in made if make is not expiredate)
    rng.shuffle(cures)
    for cure in cures:
        cure()
    all_are_due(shop)
    until(lambda: (shop.checkevent(), status(shop)[0] == {})[1], f"problems are left: {status(shop)}")
    assert [task for pair in services for task in shop.tasks(pair.item)] == []
    alive = shop.here.rows("SELECT id, status FROM item WHERE id IN %s", tuple(items))
    assert {row["status"] for row in alive} == {2}

"""What lost its operation, its date, its account or its module: nobody is charged twice, and nothing ends silently."""

import datetime as dt

import pytest

from tests.support import world
from tests.support.keeping import press, remote, there
from tests.support.paying import bought, ends_in, expires, owed, problem, renew, runs, service
from tests.support.world import until


@pytest.fixture
def monthly(shop):
    """Three months are sold, and bought one by one, for one test."""
    tariff = str(shop.tariffs["VDS-1"])
    assert shop.ctl("map", tariff, "period", "3", "1").returncode == 0
    yield lambda: service(shop, 3)
    assert shop.ctl("map", tariff, "period", "3", "3").returncode == 0


@pytest.fixture
def learned(shop, moving):
    """When the panel moves its date; it has been learned from one renewal."""
    renew(shop, service(shop))
    return moving


def states(shop, item):
    rows = shop.here.rows("SELECT kind, state FROM reseller_request WHERE item = %s AND live = 1", item)
    return {row["kind"]: row["state"] for row in rows}


def in_doubt(shop, item, state):
    until(lambda: (shop.checkevent(), states(shop, item).get("prolong") == state)[1], f"it is not {state}")


def deleted(shop, item):
    """Staff delete its operation."""
    shop.here.call("runningoperation.delete", elid=shop.operation(item)["id"], sok="ok")


def buys(shop, item, count):
    """The term that is due is bought."""
    ends_in(shop, item, 2)
    until(lambda: (shop.checkevent(), len(shop.charges(item)) == count)[1], f"not bought: {states(shop, item)}")


# A doubt is not lost with the link.


def test_a_renewal_of_unknown_outcome_keeps_its_link_and_is_charged_once(shop):
    item = service(shop)
    world.limits(shop.here, order_seconds=1, read_seconds=1)
    shop.there.call("sandbox.fault", kind="hold_before", forfunc="service.prolong", times=1, skip=1)
    shop.act("prolong", item)
    shop.rest(item)
    world.limits(shop.here)
    in_doubt(shop, item, "unconfirmed")
    refused = shop.ctl("unlink", str(item))
    assert refused.returncode == 1
    assert b"prolong" in refused.stderr
    assert shop.links(item), "the link is gone"
    shop.start(item)
    shop.rest(item)
    shop.there.call("sandbox.release")
    until(lambda: bought(shop, item) == [1, 1], "it does not land")
    shop.until_done(item)
    runs(shop)
    assert bought(shop, item) == [1, 1]


def test_a_renewal_that_the_seller_is_at_keeps_its_link(shop, switch):
    item = service(shop)
    switch(shop.there, "prolong_runs", "operation")
    switch(shop.there, "provision", "manual")
    shop.act("prolong", item)
    shop.rest(item)
    assert states(shop, item) == {"prolong": "waiting"}
    assert shop.ctl("unlink", str(item)).returncode == 1
    shop.there.call("sandbox.provision", item=remote(shop, item))
    shop.until_done(item)
    assert bought(shop, item) == [1, 1]


def test_a_move_waits_for_what_the_account_of_today_may_have(shop):
    keep = service(shop)
    name, password = "left mover", "s3cret mover"
    shop.there.call("sandbox.client", name=name, secrets={"password": password}, balance=100)
    world.limits(shop.here, order_seconds=1, read_seconds=1)
    shop.there.call("sandbox.fault", kind="hold_before", forfunc="*order.param", times=1)
    item = shop.order("vds")
    shop.rest(item)
    world.limits(shop.here)
    there_ = shop.there.value("SELECT account FROM user WHERE name = %s", name)
    shop.there.write("UPDATE item SET account = %s WHERE id = %s", there_, remote(shop, keep))
    moved = shop.here.run(
        *("sbin/resellerctl", "account", "move", str(shop.module), "--username", name, "--password-stdin"),
        stdin=password.encode(),
    )
    try:
        assert f"order of service {item}" in moved.stdout.decode(), moved
    finally:
        mine = shop.there.value("SELECT account FROM user WHERE name = %s", shop.buyer)
        shop.there.write("UPDATE item SET account = %s WHERE id = %s", mine, remote(shop, keep))
        shop.there.call("sandbox.release")
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


# What lost its operation.


def test_a_suspension_that_was_never_sent_and_lost_its_operation_holds_no_term_back(shop, monthly):
    item = monthly()
    world.limits(shop.here, unsent_times=1)
    shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=1000)
    shop.act("suspend", item)
    shop.rest(item)
    deleted(shop, item)
    shop.here.call("sandbox.item", item=item, status=2)
    shop.there.call("sandbox.fault.clear")
    until(lambda: (shop.checkevent(), states(shop, item) == {})[1], "it is kept for ever")
    buys(shop, item, 2)
    assert there(shop, item)["status"] == 2
    assert shop.tasks(item) == []


def test_a_renewal_that_was_never_sent_and_lost_its_operation_is_asked_about(shop, learned):
    item = service(shop)
    world.limits(shop.here, unsent_times=1, deep_seconds=1)
    shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=1000)
    shop.act("prolong", item)
    shop.rest(item)
    deleted(shop, item)
    shop.there.call("sandbox.fault.clear")
    kind = {"at_once": "paid", "operation": "unrenewed"}[learned]
    until(lambda: (shop.checkevent(), problem(shop, item, kind))[1], f"nobody is asked: {states(shop, item)}")
    if learned == "operation":
        refused = shop.ctl("paid", str(item), "--buy", "--yes")
        assert refused.returncode == 1
        assert "Set the service's date" in refused.stdout.decode()
        assert problem(shop, item, kind)
        shop.here.call("sandbox.item", item=item, expiredate=shop.item(item)["expiredate"] + dt.timedelta(days=31))
        until(lambda: (shop.checkevent(), problem(shop, item, "paid"))[1], "nobody is asked about the date")
    assert shop.ctl("paid", str(item), "--buy", "--yes").returncode == 0
    buys(shop, item, 2)


def test_a_renewal_of_unknown_outcome_without_an_operation_is_decided_by_a_person(shop, learned):
    item = service(shop)
    world.limits(shop.here, deep_seconds=1)
    shop.there.call("sandbox.fault", kind="html", forfunc="service.prolong", times=1000, skip=1)
    shop.act("prolong", item)
    shop.rest(item)
    in_doubt(shop, item, "unconfirmed")
    shop.there.call("sandbox.fault.clear")
    deleted(shop, item)
    until(lambda: (shop.checkevent(), problem(shop, item, "undecided"))[1], "nobody is told")
    assert "undecided" in shop.ctl("audit").stdout.decode()
    assert "is given up" not in shop.ctl("reorder", str(item)).stdout.decode()
    assert states(shop, item) == {"prolong": "unconfirmed"}, "shown, not done"
    assert shop.ctl("reorder", str(item), "--yes").returncode == 0
    assert problem(shop, item, "undecided") is None
    if learned == "operation":
        assert problem(shop, item, "unrenewed")
        shop.here.call("sandbox.item", item=item, expiredate=shop.item(item)["expiredate"] + dt.timedelta(days=31))
    until(lambda: (shop.checkevent(), problem(shop, item, "paid"))[1], "nobody is asked about the date")
    assert shop.ctl("paid", str(item), "--buy", "--yes").returncode == 0
    buys(shop, item, 2)


def test_a_button_that_got_stuck_holds_no_term_back_and_can_be_decided(shop, monthly):
    item = monthly()
    for func in ("service.reboot", "vds.reboot"):
        shop.there.call("sandbox.fault", kind="html", forfunc=func, times=100)
    press(shop, item, "reboot")
    shop.rest(item)
    shop.there.call("sandbox.fault.clear")
    until(lambda: (shop.checkevent(), states(shop, item).get("reboot") == "unconfirmed")[1], "no doubt")
    buys(shop, item, 2)
    deleted(shop, item)
    until(lambda: (shop.checkevent(), problem(shop, item, "undecided"))[1], "nobody is told")
    assert shop.ctl("reorder", str(item), "--yes").returncode == 0
    runs(shop)
    assert (states(shop, item), problem(shop, item, "undecided"), shop.tasks(item)) == ({}, None, [])


# Paid time that no date answers.


@pytest.mark.parametrize("style", ["nothing", "zero"])
def test_a_seller_whose_dates_are_gone_is_told_of_before_the_last_one(shop, monthly, switch, style):
    item = monthly()
    world.limits(shop.here, deep_seconds=1)
    ends_in(shop, item, 2)
    shop.here.write("UPDATE reseller_link SET highest = %s WHERE item = %s", expires(shop, item), item)
    switch(shop.there, "shown_dates", style)
    until(lambda: (shop.checkevent(), problem(shop, item, "undated"))[1], "nobody is told")
    until(lambda: (shop.checkevent(), shop.tasks(item))[1], "nobody is asked")
    runs(shop)
    assert len(shop.tasks(item)) == 1
    assert bought(shop, item) == [1]
    switch(shop.there, "shown_dates", "iso")
    buys(shop, item, 2)
    runs(shop)
    assert (problem(shop, item, "undated"), shop.tasks(item)) == (None, [])


def test_a_module_that_is_off_is_one_problem_with_the_services_that_end(shop, monthly):
    item = monthly()
    active = "UPDATE processingmodule SET active = %s WHERE id = %s"
    off = "SELECT touches FROM reseller_problem WHERE kind = 'off' AND number = %s"
    shop.here.write(active, "off", shop.module)
    try:
        shop.here.call("tool.clearcache")
        ends_in(shop, item, 2)
        until(lambda: (shop.checkevent(), shop.here.value(off, shop.module))[1], "nobody is told")
        runs(shop)
        assert str(item) in shop.here.value(off, shop.module).split()
        assert bought(shop, item) == [1]
    finally:
        shop.here.write(active, "on", shop.module)
        shop.here.call("tool.clearcache")
    buys(shop, item, 2)
    runs(shop)
    assert shop.here.value(off, shop.module) is None


def test_a_term_that_waits_for_money_is_not_bought_while_the_sellers_day_is_another(shop, monthly):
    item = monthly()
    shop.there.call("sandbox.balance", user=shop.buyer, value=1)
    ends_in(shop, item, 3)
    until(lambda: (shop.checkevent(), (owed(shop, item) or {}).get("state") == "money")[1], "it is not due")
    shop.there.call("sandbox.clock", advance="3d")
    try:
        runs(shop)
        shop.there.call("sandbox.balance", user=shop.buyer, value=500)
        runs(shop, 4)
        assert bought(shop, item) == [1]
    finally:
        shop.there.call("sandbox.clock", set="real")
    until(lambda: (shop.checkevent(), len(shop.charges(item)) == 2)[1], "the term is not bought")


def test_a_refusal_for_money_without_figures_keeps_nobody_waiting(shop):
    shop.there.call("sandbox.fault", kind="error", type="not_enough_money", forfunc="*order.param", times=100)
    first = shop.order("vds")
    shop.rest(first)
    shop.there.call("sandbox.fault.clear")
    shop.there.call("sandbox.balance", user=shop.buyer, value=1)
    second = shop.order("vds")
    shop.rest(second)
    shop.there.call("sandbox.balance", user=shop.buyer, value=500)
    shop.until_active(second)
    assert shop.charges(first) == []
    world.limits(shop.here, unsent_longest_seconds=1)
    shop.until_active(first)
    assert (len(shop.charges(first)), len(shop.charges(second))) == (1, 1)

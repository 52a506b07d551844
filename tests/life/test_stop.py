"""One command or button stops all that spends, at once; what waits is shown with its cost, and then goes on."""

import json
from decimal import Decimal

import pytest

from reseller.seller import changes, keys
from reseller.wire.errors import Halted
from tests.support import world
from tests.support.keeping import is_held, remote, spending, there
from tests.support.paying import ends_in, expires, service
from tests.support.world import Refused, until

VDS = "vds"


@pytest.fixture
def stopped(shop):
    """Whatever a test stops goes on after it."""
    yield shop
    for row in shop.here.rows("SELECT module FROM reseller_stop"):
        assert shop.ctl("start", *([str(row["module"])] if row["module"] else []), "--yes").returncode == 0
    shop.checkevent()
    assert problems(shop) == []


def stop(shop, *words):
    done = shop.ctl("stop", *words)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def start(shop, *words):
    done = shop.ctl("start", *words)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def problems(shop):
    return shop.here.rows("SELECT * FROM reseller_problem WHERE kind = 'halted'")


def tasks(shop):
    return shop.here.rows("SELECT * FROM task WHERE params LIKE '%%a strange invoice%%' AND runningoperation IS NULL")


def changed(shop, item):
    journal = shop.there.call("sandbox.journal", item=remote(shop, item)).iterfind("elem")
    return [elem.findtext("func") for elem in journal if elem.findtext("event") == "change"]


def parked(shop, item):
    until(lambda: "a strange invoice" in shop.error(item), "its operation does not say that buying is stopped")


def test_what_spends_waits_under_one_problem_and_goes_on_oldest_first(stopped):
    shop = stopped
    renewed, changed = service(shop), service(shop)
    charges = {item: len(shop.charges(item)) for item in (renewed, changed)}
    assert "0 wait" in stop(shop, "--why", "a strange invoice")
    ordered = shop.order(VDS)
    parked(shop, ordered)
    shop.here.call("service.prolong", elid=renewed, sok="ok", su="client1", skipbasket="on", period=1)
    parked(shop, renewed)
    for _ in range(3):
        shop.here.write("UPDATE reseller_request SET next_try = '2020-01-01' WHERE live = 1")
        assert "restarted" not in shop.checkevent()
    assert shop.charges(ordered) == []
    assert len(shop.charges(renewed)) == charges[renewed]
    assert shop.operation(ordered)["manual"] == "on"
    [problem] = problems(shop)
    assert {ordered, renewed} <= set(map(int, problem["touches"].split()))
    [task] = tasks(shop)
    assert task["id"] == problem["task"]
    assert "a strange invoice" in shop.ctl("status").stdout.decode()
    assert "a strange invoice" in shop.ctl("audit").stdout.decode()
    # What costs nothing is done all the same.
    shop.act("suspend", changed)
    shop.until_done(changed)
    assert there(shop, changed)["status"] == 3
    shop.act("resume", changed)
    shop.until_done(changed)
    assert there(shop, changed)["status"] == 2

    plan = json.loads(start(shop, "--json"))
    mine = [row for row in plan["waiting"] if row["service"] in (ordered, renewed)]
    assert [(row["service"], row["what"]) for row in mine] == [(ordered, "order"), (renewed, "prolong")]
    assert all(Decimal(row["cost"].split()[0]) > 0 for row in mine)
    assert plan["done"] is False
    assert "Nothing was changed" in start(shop)
    assert "Buying goes on" in start(shop, "--yes")
    assert (problems(shop), tasks(shop)) == ([], [])
    assert "restarted" in shop.checkevent()
    shop.until_active(ordered)
    shop.until_done(renewed)
    assert len(shop.charges(ordered)) == 1
    assert len(shop.charges(renewed)) == charges[renewed] + 1
    who = shop.here.rows("SELECT what FROM reseller_act WHERE what IN ('stop', 'start') ORDER BY id")
    assert [row["what"] for row in who][-2:] == ["stop", "start"]


def test_a_change_that_costs_something_waits_too(stopped):
    shop = stopped
    item = service(shop)
    stop(shop, "--why", "a strange invoice")
    sql = "SELECT p.id FROM pricelist p JOIN item i ON i.pricelist = p.parent WHERE i.id = %s AND p.intname = 'mem'"
    shop.here.call(f"{VDS}.edit", elid=item, su="client1", sok="ok", **{f"addon_{shop.here.value(sql, item)}": 4096})
    parked(shop, item)
    assert changed(shop, item) == []
    start(shop, "--yes")
    shop.checkevent()
    shop.until_done(item)
    assert len(changed(shop, item)) == 1


def test_every_call_that_spends_is_stopped_and_none_that_costs_nothing(inside, server, stopped):
    stop(stopped, "--why", "a strange invoice")
    transport, number = inside.context.seller(stopped.module).transport, remote(stopped, server)
    for call in spending(transport, number):
        with pytest.raises(Halted):
            call()
    changes.relabel(transport, VDS, number, {"autoprolong": "null"})
    keys.set_key(transport, VDS, number, stopped.links(server)[0]["rkey"])


def test_it_holds_at_once_for_what_is_about_to_be_sent(stopped):
    """The order has been decided upon and holds the purse: only the call itself is missing."""
    shop = stopped
    shop.there.call("sandbox.fault", kind="hold_before", forfunc="subaccount", times=1)
    item = shop.order(VDS)
    until(lambda: is_held(shop), "it does not ask for the balance")
    stop(shop, "--why", "a strange invoice")
    shop.there.call("sandbox.fault.clear")
    parked(shop, item)
    assert shop.charges(item) == []
    start(shop, "--yes")
    shop.checkevent()
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_paid_time_that_is_due_waits_and_is_bought_afterwards(stopped):
    shop = stopped
    tariff = str(shop.tariffs["VDS-1"])
    assert shop.ctl("map", tariff, "period", "3", "1").returncode == 0
    try:
        item = service(shop, 3)
        ends_in(shop, item, 3)
        shop.checkevent()
        stop(shop, "--why", "a strange invoice")
        before = expires(shop, item)
        for _ in range(3):
            shop.checkevent()
        assert expires(shop, item) == before
        [problem] = problems(shop)
        assert str(item) in problem["touches"].split()
        [row] = [row for row in json.loads(start(shop, "--json"))["waiting"] if row["service"] == item]
        assert row["what"] == "part"
        start(shop, "--yes")
        for _ in range(3):
            shop.checkevent()
        assert expires(shop, item) > before
    finally:
        assert shop.ctl("map", tariff, "period", "3", "3").returncode == 0


def test_the_stop_of_one_module_is_none_of_another(stopped):
    shop = stopped
    second = world.connect(shop.here, shop.there, shop.buyer, shop.there.accounts[shop.buyer]["password"])
    try:
        assert f"module: {second}" in stop(shop, str(second), "--why", "a strange invoice")
        item = service(shop)
        assert len(shop.charges(item)) == 1
        assert shop.ctl("start", "--yes").returncode == 1
        start(shop, str(second), "--yes")
    finally:
        shop.here.call("processing.delete", elid=second)


def test_a_deletion_goes_on_and_keeps_the_seller_from_charging_once_more(stopped):
    shop = stopped
    item = service(shop)
    number = remote(shop, item)
    shop.there.write("UPDATE item SET autoprolong = 1 WHERE id = %s", number)
    stop(shop, "--why", "a strange invoice")
    shop.act("close", item)
    until(lambda: (shop.checkevent(), shop.item(item)["status"] == 4)[1], "it is not closed")
    assert not shop.there.value("SELECT autoprolong FROM item WHERE id = %s", number)


def test_a_service_that_was_bought_before_is_opened(stopped, switch):
    """Its renewal at the seller has to be switched off first, which costs nothing."""
    shop = stopped
    switch(shop.there, "provision", "manual")
    item = shop.order(VDS)
    until(lambda: shop.remotes(item), "it is not bought")
    shop.rest(item)
    stop(shop, "--why", "a strange invoice")
    number = shop.remotes(item)[0]["id"]
    shop.there.write("UPDATE item SET autoprolong = 1 WHERE id = %s", number)
    shop.there.call("sandbox.provision", item=number)
    shop.until_active(item)
    assert not shop.there.value("SELECT autoprolong FROM item WHERE id = %s", number)


def test_a_reason_in_other_bytes_stops_all_the_same(stopped):
    shop = stopped
    done = shop.here.run("sbin/resellerctl", "stop", "--why", b"caf\xe9")
    assert done.returncode == 0, done.stderr
    assert shop.here.value("SELECT COUNT(*) FROM reseller_stop") == 1


def test_a_problem_that_outlives_its_stop_ends_with_the_next_run(stopped):
    shop = stopped
    item = shop.order(VDS)
    stop(shop, "--why", "a strange invoice")
    parked_or_active = shop.item(item)["status"]
    assert parked_or_active in (2, 5)
    assert problems(shop)
    shop.here.write("DELETE FROM reseller_stop")
    shop.checkevent()
    assert problems(shop) == []
    shop.here.write("UPDATE reseller_request SET next_try = UTC_TIMESTAMP(3) WHERE live = 1 AND item = %s", item)
    shop.until_active(item)


def test_a_row_that_nobody_can_read_stops_no_run(stopped):
    shop = stopped
    stop(shop, "--why", "a strange invoice")
    shop.here.write("UPDATE reseller_problem SET params = 'no JSON', touches = 'x' WHERE kind = 'halted'")
    file = shop.here.base / "var/reseller.prom"
    before = file.stat().st_mtime_ns
    item = service_that_is_suspended(shop)
    assert file.stat().st_mtime_ns > before
    assert shop.item(item)["status"] == 3
    shop.here.write("DELETE FROM reseller_problem WHERE kind = 'halted'")


def service_that_is_suspended(shop):
    """By the seller, which the runs show here."""
    item = shop.here.value(
        "SELECT MAX(k.item) FROM reseller_link k JOIN item i ON i.id = k.item "
        "WHERE k.live = 1 AND k.state = 'live' AND i.status = 2"
    )
    shop.there.call("sandbox.item", item=remote(shop, item), status=3, employeesuspend="on")
    until(lambda: (shop.checkevent(), shop.item(item)["status"] == 3)[1], "it does not show here")
    return item


@pytest.mark.parametrize(
    ("words", "said"),
    [(("stop", "4711"), "no Reseller module 4711"), (("start",), "not stopped"), (("start", "4711"), "not stopped")],
)
def test_what_there_is_not_is_said(stopped, words, said):
    done = stopped.ctl(*words)
    assert done.returncode == 1
    assert said in done.stderr.decode()


def test_employees_stop_and_full_administrators_go_on(stopped):
    shop = stopped
    assert (
        shop.here.ask("reseller.stop", "admin", module="all", why="a strange invoice", sok="ok").find("ok") is not None
    )
    item = shop.order(VDS)
    parked(shop, item)
    assert shop.here.ask("reseller.start", "admin", sok="ok").find("error").get("type") == "access"
    form = shop.here.call("reseller.start")
    assert (form.findtext("module"), form.findtext("why")) == ("all", "a strange invoice")
    assert str(item) in [row.findtext("service") for row in form.iterfind("list/elem")]
    with pytest.raises(Refused) as refused:
        shop.here.call("reseller.start", module="all", shown="another plan", sok="ok")
    assert refused.value.type == "reseller_page_plan"
    shop.here.call("reseller.start", module="all", shown=form.findtext("shown"), sok="ok")
    assert shop.here.rows("SELECT * FROM reseller_stop") == []
    shop.checkevent()
    shop.until_active(item)

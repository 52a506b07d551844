"""What a client has paid for against what there is, cell by cell: each trouble is one problem with one task, and ends.

Made over the wire, told of within two runs, gone after the cure; docs/problems.md lists them all with their tests.
"""

import json
import os
import signal
import subprocess

import pytest

from reseller.lifecycle import order_plan
from tests.support import world
from tests.support.keeping import is_held, remote, there
from tests.support.paying import ends_in, expires, problem, runs, service
from tests.support.planting import planted, staff, status, suspend_there
from tests.support.world import until

OF_SERVICE = (
    "SELECT * FROM reseller_problem WHERE subject IN ('service', 'many') "
    "AND FIND_IN_SET(%s, REPLACE(touches, ' ', ','))"
)


@pytest.fixture(autouse=True)
def _usual(shop):
    world.limits(shop.here, stale_intent_seconds=0)


def problems(shop, item):
    return shop.here.rows(OF_SERVICE, item)


def told(shop, item, kind):
    """The one problem of it, within two runs, with its one task, in `status` and in the audit."""
    runs(shop, 2)
    [found] = problems(shop, item)
    assert found["kind"] == kind
    [task] = shop.tasks(item)
    text = task["params"]
    assert str(item) in text
    assert item in shop.status()["services_with_problems"][kind]
    named = [row for row in json.loads(shop.ctl("audit", "--json").stdout) if row["kind"] == kind]
    assert [row["text"] for row in named if row["service"] == item] == [text]
    runs(shop)
    assert [row["params"] for row in shop.tasks(item)] == [text]
    return text


def cured(shop, item):
    """Nothing is left of it within two runs."""
    until(lambda: (shop.checkevent(), problems(shop, item) == [])[1], f"it stays: {problems(shop, item)}")
    assert shop.tasks(item) == []


# Orders.


def waiting_order(shop, switch):
    switch(shop.there, "provision", "manual")
    item = shop.order("vds")
    shop.rest(item)
    until(lambda: shop.links(item), "it is not bought")
    shop.here.write("UPDATE reseller_link SET created = created - INTERVAL 2 DAY WHERE item = %s", item)
    return item


def test_an_order_that_is_not_active_after_a_day_is_told_of(shop, switch):
    item = waiting_order(shop, switch)
    assert "processing" in told(shop, item, "late")
    shop.there.call("sandbox.provision", item=remote(shop, item))
    shop.until_active(item)
    cured(shop, item)


def test_an_order_that_is_left_unpaid_there_is_told_of(shop, switch):
    item = waiting_order(shop, switch)
    shop.there.call("sandbox.item", item=remote(shop, item), status=1)
    assert "ordered" in told(shop, item, "late")
    shop.there.call("sandbox.item", item=remote(shop, item), status=5)
    shop.there.call("sandbox.provision", item=remote(shop, item))
    shop.until_active(item)
    cured(shop, item)


def test_a_link_that_cannot_be_finished_is_told_of(shop):
    item = service(shop)
    shop.here.write("UPDATE reseller_link SET state = 'half' WHERE item = %s", item)
    number = remote(shop, item)
    shop.there.call("sandbox.item", item=number, remoteid="")
    shop.there.call("sandbox.fault", kind="html", forfunc="vds.edit", times=100000)
    world.limits(shop.here, stale_intent_seconds=0, circuit_times=100000)
    told(shop, item, "half")
    shop.there.call("sandbox.fault.clear")
    cured(shop, item)
    assert [row["state"] for row in shop.links(item)] == ["live"]


# Paid time.


def test_a_renewal_that_was_refused_is_told_of_before_the_service_ends(shop):
    item = service(shop)
    shop.there.call(
        "sandbox.fault", kind="error", type="value", object="period", forfunc="service.prolong", skip=1, times=1
    )
    shop.act("prolong", item)
    shop.rest(item)
    assert refused(shop, item)
    runs(shop)
    assert problems(shop, item) == []
    ends_in(shop, item, 2)
    assert expires(shop, item).isoformat() in told(shop, item, "refused_term")
    shop.there.call("sandbox.fault.clear")
    shop.start(item)
    shop.until_done(item)
    cured(shop, item)


def refused(shop, item):
    sql = (
        "SELECT COUNT(*) FROM reseller_request WHERE item = %s AND live = 1 AND kind = 'prolong' AND state = 'refused'"
    )
    return shop.here.value(sql, item)


def test_a_service_without_an_end_here_that_ends_there_is_told_of(shop):
    item = service(shop)
    ends_in(shop, item, 2)
    shop.here.call("sandbox.item", item=item, expiredate="")
    assert expires(shop, item).isoformat() in told(shop, item, "endless")
    shop.here.call("sandbox.item", item=item, expiredate=expires(shop, item))
    shop.here.write("UPDATE reseller_link SET accounted = %s WHERE item = %s", expires(shop, item), item)
    cured(shop, item)


@pytest.mark.parametrize(("by", "said"), [("employeesuspend", "employeesuspend"), ("abusesuspend", "abusesuspend")])
def test_a_service_that_the_seller_stopped_while_it_is_paid_is_told_of(shop, by, said):
    item = service(shop)
    runs(shop)
    shop.there.call("sandbox.item", item=remote(shop, item), status=3, **{by: "on"})
    assert said in told(shop, item, "stopped")
    assert shop.item(item)["status"] == 3
    shop.there.call("sandbox.item", item=remote(shop, item), status=2, **{by: "off"})
    cured(shop, item)
    assert shop.item(item)["status"] == 2


def test_the_sellers_own_renewal_is_switched_off_or_told_of(shop):
    item = service(shop)
    runs(shop)
    world.limits(shop.here, stale_intent_seconds=0, deep_seconds=1)
    shop.there.call("sandbox.item", item=remote(shop, item), autoprolong=1)
    until(lambda: (shop.checkevent(), there(shop, item)["autoprolong"] in (None, ""))[1], "it renews itself")
    assert problems(shop, item) == []
    world.limits(shop.here, stale_intent_seconds=0)
    shop.there.call("sandbox.item", item=remote(shop, item), autoprolong=1)
    shop.here.write("UPDATE reseller_observation SET settled = 0 WHERE item = %s", item)
    # The form is shown, and what would switch it off is refused.
    shop.there.call("sandbox.fault", kind="error", type="conflict", forfunc="vds.edit", skip=1, times=1000)
    shop.checkevent()
    shop.there.call("sandbox.fault.clear")
    assert problem(shop, item, "autoprolong")
    assert len(shop.tasks(item)) == 1
    shop.here.write("UPDATE reseller_observation SET settled = 0 WHERE item = %s", item)
    cured(shop, item)
    assert there(shop, item)["autoprolong"] in (None, "")


def test_a_service_that_is_away_for_long_is_told_of(shop):
    item = service(shop)
    assert shop.ctl("swap", str(item), "--to", "manual", "--yes").returncode == 0
    shop.here.write("UPDATE reseller_swap SET created = created - INTERVAL 15 DAY WHERE item = %s", item)
    told(shop, item, "long_away")
    assert shop.ctl("swap", str(item), "--back", "--yes").returncode == 0
    cured(shop, item)


# Modules and runs.


def test_a_module_that_is_gone_while_services_are_linked_is_told_of(shop):
    item = service(shop)
    by_kind = "SELECT * FROM reseller_problem WHERE kind = 'ownerless'"
    module = "UPDATE processingmodule SET module = %s WHERE id = %s"
    try:
        shop.here.write(module, "another", shop.module)
        shop.here.call("tool.clearcache")
        shop.checkevent()
        [found] = shop.here.rows(by_kind)
        assert str(item) in found["touches"].split()
        assert [row["kind"] for row in json.loads(shop.ctl("audit", "--json").stdout)] == ["ownerless"]
        status = shop.ctl("status")
        assert (status.returncode, b"none of this add-on" in status.stdout) == (1, True)
        runs(shop)
        assert len(shop.here.rows("SELECT * FROM task WHERE id = %s", found["task"])) == 1
    finally:
        shop.here.write(module, "pmreseller", shop.module)
        shop.here.call("tool.clearcache")
    shop.checkevent()
    assert shop.here.rows(by_kind) == []
    assert shop.here.rows("SELECT * FROM task WHERE id = %s", found["task"]) == []


def dies(shop):
    """A run is killed while it waits for the seller's list."""
    shop.there.call("sandbox.fault", kind="hold_before", forfunc="vds", times=1)
    run = subprocess.Popen(
        ["./sbin/resellerctl", "checkevent"], cwd=shop.here.base, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until(lambda: is_held(shop), "the run does not come to its list")
    owner = shop.here.value("SELECT owner FROM reseller_lease WHERE name = %s", f"checkevent:{shop.module}")
    os.kill(int(owner.split()[1]), signal.SIGKILL)
    run.wait()
    shop.there.call("sandbox.release")


def test_a_run_that_died_is_told_of_by_the_next_and_is_a_problem_until_one_comes_to_its_end(shop):
    service(shop)
    found = "SELECT * FROM reseller_problem WHERE kind = 'died'"
    dies(shop)
    assert shop.here.rows(found) == []
    dies(shop)
    [died] = shop.here.rows(found)
    assert "1 died" in shop.ctl("status").stdout.decode()
    done = shop.ctl("checkevent")
    assert b"did not come to its end" in done.stdout
    assert shop.here.rows(found) == []
    assert b"did not come to its end" not in shop.ctl("checkevent").stdout
    assert died["number"] == shop.module


def test_that_no_run_has_begun_for_long_is_told_by_status_and_audit(shop):
    shop.checkevent()
    assert shop.ctl("status").returncode == 0
    figures = shop.here.base / "var/reseller.prom"
    lines = figures.read_text().splitlines()
    aged = [f"{line.rpartition(' ')[0]} 1000000000" if line.startswith("reseller_last_run") else line for line in lines]
    figures.write_text("\n".join(aged) + "\n")
    done = shop.ctl("status")
    assert (done.returncode, b"No run of checkevent has begun since" in done.stderr) == (1, True)
    assert "no_run" in {row["kind"] for row in json.loads(shop.ctl("audit", "--json").stdout)}
    shop.checkevent()
    assert shop.ctl("status").returncode == 0


def test_status_names_a_module_that_is_off_and_the_balance_that_was_seen_last(shop):
    shop.checkevent()
    shop.ctl("status")
    shop.here.write("UPDATE reseller_account SET checked = checked - INTERVAL 3 HOUR")
    shop.here.write("UPDATE processingmodule SET active = 'off' WHERE id = %s", shop.module)
    try:
        shop.there.call("sandbox.fault", kind="html", forfunc="*", times=100000)
        told_ = shop.ctl("status").stdout.decode()
    finally:
        shop.here.write("UPDATE processingmodule SET active = 'on' WHERE id = %s", shop.module)
    assert "switched off" in told_
    assert "1000 EUR, as seen 3 hours ago" in told_


# Many at once.


def test_forty_tariffs_that_moved_there_are_one_problem_with_one_task(shop):
    other = shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-2' AND parent IS NULL")
    world.limits(shop.here, many_services=3)
    with planted(shop, 40) as pairs:
        runs(shop)
        for pair in pairs:
            staff(shop, pair, pricelist=other)
        runs(shop, 2)
        items = [pair.item for pair in pairs]
        tasks = [task for item in items for task in shop.tasks(item)]
        assert len(tasks) == 1
        assert "40 services have this at once" in tasks[0]["params"]
        [row] = [row for row in json.loads(shop.ctl("audit", "--json").stdout) if row["kind"] == "tariff"]
        assert row["text"] == tasks[0]["params"]
        assert shop.status()["problems"]["tariff"] == 40
        mine = shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-1' AND parent IS NULL")
        for pair in pairs:
            staff(shop, pair, pricelist=mine)
        until(lambda: (shop.checkevent(), [i for i in items if problems(shop, i)] == [])[1], "it stays")
        assert [task for item in items for task in shop.tasks(item)] == []


@pytest.fixture
def stopped(shop):
    """Ten services, of which the seller stops five within a day."""
    with planted(shop, 10) as pairs:
        runs(shop)
        world.limits(shop.here, stale_intent_seconds=0, stop_percent=30)
        for pair in pairs[:5]:
            suspend_there(shop, pair)
        yield pairs


def mass(shop):
    return shop.here.rows("SELECT * FROM reseller_problem WHERE kind = 'mass_stop'")


def test_many_that_the_seller_stops_are_not_shown_to_clients_but_one_problem(shop, stopped):
    runs(shop)
    assert {status(shop, pair) for pair in stopped} == {2}
    [found] = mass(shop)
    assert found["touches"].split() == [str(pair.item) for pair in stopped[:5]]
    tasks = [task for pair in stopped for task in shop.tasks(pair.item)]
    assert [str(found["task"])] == [str(task["id"]) for task in tasks]
    assert "5 of 10 running services" in tasks[0]["params"]
    kinds = [row["kind"] for row in json.loads(shop.ctl("audit", "--json").stdout)]
    assert (kinds.count("mass_stop"), kinds.count("stopped")) == (1, 0)
    shop.ctl("checkevent", "--force")
    assert [status(shop, pair) for pair in stopped] == [3] * 5 + [2] * 5
    runs(shop)
    assert mass(shop) == []


def test_many_that_the_seller_stops_may_be_left_as_they_are(shop, stopped):
    runs(shop)
    refused = shop.ctl("plan", "--leave")
    assert (refused.returncode, b"5 changes would be left unmade" in refused.stderr) == (1, True)
    assert len(mass(shop)) == 1
    assert shop.ctl("plan", "--leave", "--yes").returncode == 0
    world.limits(shop.here, stale_intent_seconds=0, stop_percent=30, deep_seconds=1)
    runs(shop, 4)
    assert (mass(shop), {status(shop, pair) for pair in stopped}) == ([], {2})
    assert b"Nothing is refused" in shop.ctl("plan").stdout
    # One that the seller lets run and stops again is another matter.
    staff(shop, stopped[0], status=2, employeesuspend="off")
    until(lambda: (shop.checkevent(), shop.checkevent() == "nothing to do")[1], "it does not come to rest")
    suspend_there(shop, stopped[0])
    until(lambda: (shop.checkevent(), status(shop, stopped[0]) == 3)[1], "it is not shown")


def test_up_to_two_of_few_are_shown(shop):
    with planted(shop, 4) as pairs:
        runs(shop)
        world.limits(shop.here, stop_percent=30)
        for pair in pairs[:2]:
            suspend_there(shop, pair)
        runs(shop)
        assert [status(shop, pair) for pair in pairs] == [3, 3, 2, 2]


def test_a_number_that_is_no_service_has_no_requests(shop):
    done = shop.ctl("requests", "99999999")
    assert (done.returncode, b"does not exist on this panel" in done.stderr) == (1, True)


# Differences that change nothing by themselves.


@pytest.fixture
def server(shop):
    item = service(shop)
    runs(shop)
    return item


def look(shop, item):
    shop.here.write("UPDATE reseller_observation SET settled = 0 WHERE item = %s", item)
    shop.checkevent()


def test_a_tariff_without_a_counterpart_is_told_of(shop, server):
    target = "UPDATE pricelistparam SET value = %s WHERE pricelist = %s AND intname = %s"
    mine = (shop.tariffs["VDS-1"], order_plan.TARIFF_FIELD)
    kept = shop.here.value("SELECT value FROM pricelistparam WHERE pricelist = %s AND intname = %s", *mine)
    shop.here.write(target, "", *mine)
    try:
        look(shop, server)
        assert [row["kind"] for row in problems(shop, server)] == ["mapping"]
    finally:
        shop.here.write(target, kept, *mine)
    look(shop, server)
    cured(shop, server)


def test_a_key_that_is_ours_and_not_this_links_is_told_of(shop, server):
    key = there(shop, server)["remoteid"]
    shop.there.call("sandbox.item", item=remote(shop, server), remoteid=str(server))
    look(shop, server)
    assert [row["kind"] for row in problems(shop, server)] == ["key"]
    shop.there.call("sandbox.item", item=remote(shop, server), remoteid=key)
    look(shop, server)
    cured(shop, server)


def test_a_service_that_is_away_while_its_term_there_ends_is_told_of(shop, server):
    ends_in(shop, server, 5)
    assert shop.ctl("swap", str(server), "--to", "manual", "--yes").returncode == 0
    told(shop, server, "away")
    assert shop.ctl("swap", str(server), "--back", "--yes").returncode == 0
    cured(shop, server)

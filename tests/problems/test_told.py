"""Told all the same: whatever the panel refuses, rests, was closed by staff, or is said to be and is not."""

import contextlib

import pytest

from tests.support import world
from tests.support.keeping import remote, there
from tests.support.paying import ends_in, problem, runs, service
from tests.support.planting import planted, staff, status, suspend_there
from tests.support.world import until


@pytest.fixture(autouse=True)
def _usual(shop):
    world.limits(shop.here, stale_intent_seconds=0)


@contextlib.contextmanager
def refusing(shop, item):
    """The panel's database takes no task about this service."""
    shop.here.write("DROP TRIGGER IF EXISTS no_task")
    with shop.here.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TRIGGER no_task BEFORE INSERT ON task FOR EACH ROW BEGIN IF NEW.item = {int(item)} THEN "
            "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'; END IF; END"
        )
        connection.commit()
    try:
        yield
    finally:
        shop.here.write("DROP TRIGGER no_task")


def long_away(shop, item):
    assert shop.ctl("swap", str(item), "--to", "manual", "--yes").returncode == 0
    shop.here.write("UPDATE reseller_swap SET created = created - INTERVAL 15 DAY WHERE item = %s", item)


def test_a_task_that_the_panel_refuses_keeps_nothing_from_the_others(shop):
    first, second = service(shop), service(shop)
    runs(shop)
    long_away(shop, first)
    with refusing(shop, first):
        shop.there.call("sandbox.item", item=remote(shop, second), status=3, abusesuspend="on")
        runs(shop, 2)
        assert shop.item(second)["status"] == 3
        assert problem(shop, second, "stopped")
        assert (problem(shop, first, "long_away")["task"], shop.tasks(first)) == (0, [])
    runs(shop)
    assert len(shop.tasks(first)) == 1
    assert shop.ctl("swap", str(first), "--back", "--yes").returncode == 0


def test_an_operation_at_rest_hides_no_stop(shop):
    item = service(shop)
    runs(shop)
    shop.there.call(
        "sandbox.fault", kind="error", type="value", object="period", forfunc="service.prolong", skip=1, times=1
    )
    shop.act("prolong", item)
    shop.rest(item)
    shop.there.call("sandbox.item", item=remote(shop, item), status=3, abusesuspend="on")
    until(lambda: (shop.checkevent(), problem(shop, item, "stopped"))[1], "nobody is told")
    shop.there.call("sandbox.item", item=remote(shop, item), status=2, abusesuspend="off")
    until(lambda: (shop.checkevent(), problem(shop, item, "stopped") is None)[1], "it stays")
    shop.start(item)
    shop.until_done(item)


def test_what_ends_there_without_an_end_here_is_told_of_afterwards_too(shop):
    item = service(shop)
    ends_in(shop, item, 2)
    shop.here.call("sandbox.item", item=item, expiredate="")
    runs(shop)
    assert problem(shop, item, "endless")
    ends_in(shop, item, -1)
    shop.there.call("sandbox.item", item=remote(shop, item), status=3)
    until(lambda: (shop.checkevent(), shop.item(item)["status"] == 3)[1], "it is not shown")
    runs(shop)
    assert problem(shop, item, "endless")
    assert len(shop.tasks(item)) == 1


def test_a_renewal_of_the_sellers_that_only_seems_to_stop_is_told_of(shop):
    item = service(shop)
    runs(shop)
    shop.there.write("UPDATE item SET autoprolong = 1 WHERE id = %s", remote(shop, item))
    keep = "CREATE TRIGGER stays BEFORE UPDATE ON item FOR EACH ROW SET NEW.autoprolong = OLD.autoprolong"
    with shop.there.connect() as connection, connection.cursor() as cursor:
        cursor.execute(keep)
    try:
        shop.here.write("UPDATE reseller_observation SET settled = 0 WHERE item = %s", item)
        shop.there.call("sandbox.item", item=remote(shop, item), autoprolong=1)
        until(lambda: (shop.checkevent(), problem(shop, item, "autoprolong"))[1], "nobody is told")
    finally:
        shop.there.write("DROP TRIGGER stays")
    shop.here.write("UPDATE reseller_observation SET settled = 0 WHERE item = %s", item)
    until(lambda: (shop.checkevent(), problem(shop, item, "autoprolong") is None)[1], "it stays")
    assert there(shop, item)["autoprolong"] in (None, "")


def test_the_sellers_own_renewal_is_left_to_a_module_that_is_off(shop):
    item = service(shop)
    runs(shop)
    active = "UPDATE processingmodule SET active = %s WHERE id = %s"
    try:
        shop.here.write(active, "off", shop.module)
        shop.there.call("sandbox.item", item=remote(shop, item), autoprolong=1)
        shop.here.write("UPDATE reseller_observation SET settled = 0 WHERE item = %s", item)
        runs(shop)
        assert (there(shop, item)["autoprolong"], problem(shop, item, "autoprolong")) == (1, None)
    finally:
        shop.here.write(active, "on", shop.module)
    shop.here.write("UPDATE reseller_observation SET settled = 0 WHERE item = %s", item)
    until(lambda: (shop.checkevent(), there(shop, item)["autoprolong"] in (None, ""))[1], "it renews itself")


def moved_tariffs(shop, pairs):
    other = shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-2' AND parent IS NULL")
    for pair in pairs:
        staff(shop, pair, pricelist=other)


def test_a_task_for_many_that_staff_closed_is_no_word_about_new_ones(shop):
    world.limits(shop.here, stale_intent_seconds=0, many_services=3)
    with planted(shop, 8) as pairs:
        runs(shop)
        moved_tariffs(shop, pairs[:4])
        runs(shop, 2)
        [task] = [task for pair in pairs for task in shop.tasks(pair.item)]
        shop.here.call("task.delete", elid=task["id"], sok="ok")
        runs(shop)
        assert [task for pair in pairs for task in shop.tasks(pair.item)] == []
        moved_tariffs(shop, pairs[4:])
        runs(shop, 2)
        [task] = [task for pair in pairs for task in shop.tasks(pair.item)]
        assert "8 services" in task["params"]


def test_what_was_left_can_be_done_after_all_and_keeps_no_other_from_its_daily_turn(shop):
    with planted(shop, 10) as pairs:
        runs(shop)
        world.limits(shop.here, stop_percent=30)
        for pair in pairs[:5]:
            suspend_there(shop, pair)
        runs(shop)
        assert shop.ctl("plan", "--leave", "--limit", "stop", "--yes").returncode == 0
        shop.here.write("UPDATE reseller_observation SET deep = deep - INTERVAL 2 DAY, tried = NULL")
        world.limits(shop.here, stop_percent=30, deep_seconds=1)
        runs(shop, 2)
        unread = (
            "SELECT COUNT(*) FROM reseller_observation WHERE deep < UTC_TIMESTAMP() - INTERVAL 1 DAY AND item IN %s"
        )
        assert shop.here.value(unread, [pair.item for pair in pairs[5:]]) == 0
        assert {status(shop, pair) for pair in pairs} == {2}
        assert shop.ctl("checkevent", "--force", "stop").returncode == 0
        assert [status(shop, pair) for pair in pairs] == [3] * 5 + [2] * 5


def test_a_module_that_is_gone_takes_its_other_problems_with_it(shop):
    item = service(shop)
    runs(shop)
    shop.there.call("sandbox.item", item=remote(shop, item), status=3, abusesuspend="on")
    until(lambda: (shop.checkevent(), problem(shop, item, "stopped"))[1], "nobody is told")
    try:
        shop.here.write("UPDATE processingmodule SET module = 'another' WHERE id = %s", shop.module)
        runs(shop)
        kinds = {
            row["kind"] for row in shop.here.rows("SELECT kind FROM reseller_problem WHERE module = %s", shop.module)
        }
        assert kinds == {"ownerless"}
    finally:
        shop.here.write("UPDATE processingmodule SET module = 'pmreseller' WHERE id = %s", shop.module)
    shop.there.call("sandbox.item", item=remote(shop, item), status=2, abusesuspend="off")
    until(lambda: (shop.checkevent(), shop.item(item)["status"] == 2)[1], "it is not lifted")


def test_a_quiet_run_writes_nothing_about_what_is_refused(shop):
    with planted(shop, 10) as pairs:
        runs(shop)
        world.limits(shop.here, stop_percent=30, deep_seconds=1)
        for pair in pairs[:5]:
            suspend_there(shop, pair)
        runs(shop)
        kept = (
            "SELECT link, since FROM reseller_plan ORDER BY link",
            "SELECT kind, updated FROM reseller_problem ORDER BY 1",
        )
        before = [shop.here.rows(sql) for sql in kept]
        runs(shop, 3)
        assert [shop.here.rows(sql) for sql in kept] == before

"""Linked services are kept true: whatever changed there is changed here, once, and nothing else is."""

import contextlib
import datetime as dt
import random
import signal
import subprocess
import time

import pytest

from reseller.seller.services import Roll
from reseller.sync import deep_check
from tests.support import keeping, world
from tests.support.planting import Calls, hide, planted, staff, status, suspend_there
from tests.support.world import until


@pytest.fixture
def pairs(shop):
    """Pairs of equal services, looked at once."""
    with planted(shop, 6) as found:
        assert shop.checkevent() == "nothing to do"
        yield found


def drifts(shop, pair):
    rows = shop.here.rows(
        "SELECT kind, here, there FROM reseller_problem WHERE subject = 'service' AND number = %s",
        pair.item,
    )
    return {row["kind"]: (row["here"], row["there"]) for row in rows}


# What changed is changed here.


def test_technical_facts_come_here_with_one_call_each_and_a_quiet_run_makes_none(shop, pairs):
    facts = {"param_ip": "203.0.113.9", "param_domain": "renamed.example.com", "param_username": "root2"}
    staff(shop, pairs[0], **facts)
    shop.there.call("sandbox.provision", item=pairs[-1].remote, password="Fresh-Secret-77")
    calls = Calls(shop.here)
    assert shop.checkevent() == "1 changed"
    assert calls.of(r"service\.saveparam") == 3
    params = shop.params(pairs[0].item)
    assert {f"param_{name}": params[name] for name in ("ip", "domain", "username")} == facts
    # No list shows a password: the rolling check finds it, and its turn was not in the run before.
    world.limits(shop.here, deep_seconds=1)
    assert shop.checkevent() == "1 changed"
    secret = "SELECT value FROM itemcryptedparam WHERE item = %s AND intname = 'password'"
    assert shop.here.value(secret, pairs[-1].item)
    calls = Calls(shop.here)
    assert shop.checkevent() == "nothing to do"
    assert calls.of(r"service\.\w+") == 0


def test_a_suspension_by_the_sellers_staff_is_shown_and_lifted_with_theirs(shop, pairs):
    writes = Calls(shop.there)
    suspend_there(shop, pairs[0])
    assert shop.checkevent() == "1 suspended"
    assert status(shop, pairs[0]) == 3
    assert shop.checkevent() == "nothing to do"
    staff(shop, pairs[0], status=2, employeesuspend="off")
    assert shop.checkevent() == "1 resumed"
    assert status(shop, pairs[0]) == 2
    assert writes.of(r"vds\.(suspend|resume|delete)") == 0


@pytest.mark.parametrize("why", ["flag", "term"])
def test_what_the_panel_itself_would_keep_suspended_is_not_brought_back(shop, pairs, why):
    suspend_there(shop, pairs[0])
    shop.checkevent()
    yesterday = (dt.datetime.now(dt.timezone.utc).date() - dt.timedelta(days=1)).isoformat()
    own = {"autosuspend": "on"} if why == "flag" else {"expiredate": yesterday}
    shop.here.call("sandbox.item", item=pairs[0].item, **own)
    staff(shop, pairs[0], status=2, employeesuspend="off")
    shop.checkevent()
    assert status(shop, pairs[0]) == 3
    assert "state" in drifts(shop, pairs[0])
    assert len(shop.tasks(pairs[0].item)) == 1


def test_a_service_that_the_client_suspended_after_us_is_not_brought_back_by_the_seller(shop, pairs):
    """The seller's suspension was shown, it ended, and the client stopped the service, all between two runs."""
    suspend_there(shop, pairs[0])
    shop.checkevent()
    staff(shop, pairs[0], status=2, employeesuspend="off")
    shop.here.call("sandbox.item", item=pairs[0].item, status=2)
    shop.act("suspend", pairs[0].item)
    shop.until_done(pairs[0].item)
    assert status(shop, pairs[0]) == 3
    staff(shop, pairs[0], status=2)
    shop.checkevent()
    assert status(shop, pairs[0]) == 3
    assert "state" in drifts(shop, pairs[0])


def test_another_tariff_there_is_a_task_and_nobodys_bill(shop, pairs):
    other = shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-2' AND parent IS NULL")
    mine = shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-1' AND parent IS NULL")
    before = shop.item(pairs[0].item)
    staff(shop, pairs[0], pricelist=other)
    shop.checkevent()
    assert drifts(shop, pairs[0])["tariff"] == (str(mine), str(other))
    assert shop.item(pairs[0].item) == before
    tasks = shop.tasks(pairs[0].item)
    assert len(tasks) == 1
    # Somebody closed it: said is said.
    shop.here.call("task.edit", elid=tasks[0]["id"], status=2, sok="ok")
    staff(shop, pairs[0], param_ip="203.0.113.10")
    assert shop.checkevent() == "1 changed"
    assert shop.tasks(pairs[0].item) == []
    staff(shop, pairs[0], pricelist=mine)
    shop.checkevent()
    assert drifts(shop, pairs[0]) == {}


def test_a_task_ends_with_its_difference(shop, pairs):
    other = shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-2' AND parent IS NULL")
    mine = shop.there.value("SELECT pricelist FROM item WHERE id = %s", pairs[0].remote)
    staff(shop, pairs[0], pricelist=other)
    shop.checkevent()
    assert len(shop.tasks(pairs[0].item)) == 1
    staff(shop, pairs[0], pricelist=mine)
    shop.checkevent()
    assert shop.tasks(pairs[0].item) == []


def test_a_later_date_is_reported_and_followed_where_that_is_wanted_and_a_sooner_one_is_paid_for_when_it_is_near(
    shop, pairs
):
    early, late = pairs[:2]
    was = shop.item(early.item)["expiredate"]
    sooner, later = ((was + dt.timedelta(days=days)).isoformat() for days in (-10, 40))
    staff(shop, early, expiredate=sooner)
    staff(shop, late, expiredate=later)
    shop.checkevent()
    assert drifts(shop, early) == {}
    assert drifts(shop, late)["expiredate"] == (was.isoformat(), later)
    world.limits(shop.here, follow_expiry=1, deep_seconds=1)
    shop.checkevent()
    assert shop.item(early.item)["expiredate"] == was
    assert shop.item(late.item)["expiredate"].isoformat() == later
    shop.checkevent()
    assert drifts(shop, late) == {}


def test_alive_there_and_closed_here_is_said_in_every_run(shop, pairs):
    shop.here.call("sandbox.item", item=pairs[0].item, status=4)
    for _ in range(3):
        done = shop.ctl("checkevent")
        assert b"1 alarms" in done.stdout
        assert f"remote service {pairs[0].remote}".encode() in done.stdout
    assert len(shop.tasks(pairs[0].item)) == 1
    staff(shop, pairs[0], status=4)
    until(lambda: (shop.checkevent(), shop.links(pairs[0].item) == [])[1], "the link does not end")
    assert shop.checkevent() == "nothing to do"


def test_alive_there_and_deleted_here_to_the_last_row_is_said_in_every_run(shop, pairs):
    shop.here.write("DELETE FROM item WHERE id = %s", pairs[0].item)
    for _ in range(2):
        assert f"remote service {pairs[0].remote}".encode() in shop.ctl("checkevent").stdout
    assert "alarm" in drifts(shop, pairs[0])


# What proves nothing changes nothing.


def test_gone_is_what_two_complete_lists_do_not_show_and_the_form_does_not_either(shop, pairs):
    hide(shop, pairs[0])
    assert shop.checkevent() == "nothing to do"
    hide(shop, pairs[0], hidden=False)
    assert shop.checkevent() == "nothing to do"
    hide(shop, pairs[0])
    assert shop.checkevent() == "nothing to do"
    assert shop.checkevent() == "1 gone"
    assert status(shop, pairs[0]) == 2
    assert len(shop.tasks(pairs[0].item)) == 1
    assert shop.checkevent() == "nothing to do"
    hide(shop, pairs[0], hidden=False)
    shop.checkevent()
    assert drifts(shop, pairs[0]) == {}
    assert shop.tasks(pairs[0].item) == []


def test_gone_closes_here_where_that_is_wanted(shop, pairs):
    world.limits(shop.here, close_gone=1)
    hide(shop, pairs[0])
    until(lambda: (shop.checkevent(), status(shop, pairs[0]) == 4)[1], "it is not closed")
    until(lambda: (shop.checkevent(), shop.links(pairs[0].item) == [])[1], "the link does not end")


def test_a_filter_that_somebody_left_hides_nothing_from_us(shop, pairs):
    shop.there.call("vds.filter", su=shop.buyer, domain="planted5", sok="ok")
    staff(shop, pairs[5], param_ip="203.0.113.11")
    assert shop.checkevent() == "1 changed"
    for _ in range(3):
        assert shop.checkevent() == "nothing to do"
    shop.there.call("vds.filter", su=shop.buyer, clicked_button="clear", sok="ok")


def test_rows_that_are_in_no_list_for_a_while_and_foreign_ones_change_nothing(shop, pairs):
    twin = shop.there.value("SELECT name FROM item WHERE id = %s", pairs[0].remote)
    foreign = int(shop.there.call("sandbox.bulk", count=3, user=shop.buyer).findtext("first"))
    for number, state in enumerate((1, 3, 4)):
        shop.there.call("sandbox.item", item=foreign + number, status=state, name=twin)
    staff(shop, pairs[0], hidden_lists=3)
    for _ in range(5):
        assert shop.checkevent() == "nothing to do"
    for number in range(3):
        shop.there.call("sandbox.item", item=foreign + number, account=0)


@pytest.mark.parametrize("kind", ["truncated", "error", "reset"])
def test_a_list_that_cannot_be_read_changes_nothing(shop, pairs, kind):
    hide(shop, pairs[0])
    suspend_there(shop, pairs[1])
    shop.there.call("sandbox.fault", kind=kind, forfunc="vds", times=2, type="access", object="vds")
    for _ in range(2):
        shop.checkevent()
    assert [status(shop, pair) for pair in (pairs[0], pairs[2])] == [2, 2]
    assert shop.tasks(pairs[0].item) == []
    shop.there.call("sandbox.fault.clear")
    until(lambda: (shop.checkevent(), status(shop, pairs[1]) == 3)[1], "it is not shown when the list is back")
    hide(shop, pairs[0], hidden=False)


def test_a_list_that_is_refused_is_made_up_for_by_forms(shop, pairs):
    world.limits(shop.here, unlisted_seconds=1)
    shop.there.call("sandbox.fault", kind="error", forfunc="vds", times=1000, type="access", object="vds")
    suspend_there(shop, pairs[3])
    assert shop.checkevent() == "1 suspended"
    assert status(shop, pairs[3]) == 3


def test_services_that_no_list_has_shown_yet_are_read_by_their_forms(shop):
    with planted(shop, 3):
        shop.there.call("sandbox.fault", kind="error", forfunc="vds", times=1000, type="access", object="vds")
        calls = Calls(shop.there)
        assert shop.checkevent() == "nothing to do"
        assert calls.of(r"vds\.edit") == 3


@pytest.mark.parametrize("seed", range(25))
def test_no_way_of_cutting_repeating_or_filtering_a_list_makes_a_living_service_absent(seed):
    chance = random.Random(seed)
    alive = [str(number) for number in range(chance.randint(0, 40))]
    size = chance.randint(1, 7)
    pages = [alive[start : start + size] for start in range(0, len(alive), size)] or [[]]
    roll = Roll()
    shuffled = pages[:]
    for _ in range(chance.randint(0, 4)):
        harm = chance.choice(["cut", "repeat", "reorder", "empty", "drop"])
        place = chance.randrange(len(shuffled)) if shuffled else 0
        if harm == "reorder":
            chance.shuffle(shuffled)
        elif shuffled and harm == "drop":
            del shuffled[place]
        elif shuffled:
            page = shuffled[place]
            shuffled[place : place + 1] = {"cut": [page[:-1]], "repeat": [page, page], "empty": [page, []]}[harm]
    filtered = chance.random() < 0.2
    for page in shuffled:
        roll.add(page, len(alive), is_filtered=filtered)
    absent = set(alive) - roll.ids
    assert not (roll.is_complete and absent)
    # And a list that is whole is seen to be, or nothing would ever be found gone.
    whole = Roll()
    for page in pages:
        whole.add(page, len(alive))
    assert whole.is_complete


# Budget, turns, crashes.


@pytest.mark.parametrize("count", [1, 7, 288, 1000, 100000])
def test_a_day_of_runs_reads_every_service(count):
    """Runs every five minutes, each reading the share that is due: all are read before the day is over."""
    unread, runs = count, 0
    while unread > 0:
        unread -= deep_check.share(count, None if runs == 0 else 300, 86400)
        runs += 1
    assert runs * 300 <= 86400


def test_what_the_time_of_a_run_does_not_cover_is_what_the_next_begins_with(shop, pairs):
    for pair in pairs:
        suspend_there(shop, pair)
    world.limits(shop.here, run_seconds=1)
    shop.there.call("sandbox.fault", kind="slow", forfunc="vds.edit", times=1000, seconds=0.6)
    done = []
    for runs in range(1, len(pairs) + 1):
        shop.checkevent()
        now = [pair for pair in pairs if status(shop, pair) == 3]
        assert len(now) >= min(runs, len(pairs))
        done.append(len(now))
        if len(now) == len(pairs):
            break
    assert done[-1] == len(pairs)
    assert done[0] < len(pairs)


def test_a_service_that_cannot_be_read_does_not_keep_the_others_waiting(shop, pairs):
    for pair in pairs:
        suspend_there(shop, pair)
    shop.there.call("sandbox.fault", kind="html", forfunc="vds.edit", times=1)
    shop.checkevent()
    assert sum(status(shop, pair) == 3 for pair in pairs) == len(pairs) - 1
    assert shop.checkevent() == "1 suspended"


def test_a_run_over_what_is_open_reads_no_list(shop, pairs, switch):
    calls = Calls(shop.there)
    assert shop.here.call("reseller.checkevent", pending="on").findtext("summary") == "nothing to do"
    assert calls.of(".*") == 0
    switch(shop.there, "provision", "manual")
    item = shop.order("vds")
    shop.rest(item)
    calls = Calls(shop.there)
    assert shop.here.call("reseller.checkevent", pending="on").findtext("summary") == "1 waiting"
    assert (calls.of("vds"), calls.of(r"vds\.edit")) == (0, 1)
    shop.there.call("sandbox.provision", item=shop.links(item)[0]["remote"])
    assert shop.here.call("reseller.checkevent", pending="on").findtext("summary") == "1 activated"


def test_a_run_that_is_killed_is_completed_by_the_next(shop, pairs):
    changes = Calls(shop.there)
    for pair in pairs[:3]:
        suspend_there(shop, pair)
    for pair in pairs[3:]:
        staff(shop, pair, param_ip="203.0.113.12")
    argv = ["./sbin/resellerctl", "checkevent"]
    for milliseconds in (150, 300, 400, 500, 600, 700):
        run = subprocess.Popen(argv, cwd=shop.here.base, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(milliseconds / 1000)
        run.send_signal(signal.SIGKILL)
        run.wait()
    until(lambda: shop.checkevent() == "nothing to do", "the next runs do not complete it")
    assert [status(shop, pair) for pair in pairs] == [3, 3, 3, 2, 2, 2]
    assert [shop.params(pair.item)["ip"] for pair in pairs[3:]] == ["203.0.113.12"] * 3
    for pair in pairs[:3]:
        staff(shop, pair, status=2, employeesuspend="off")
    until(lambda: (shop.checkevent(), all(status(shop, pair) == 2 for pair in pairs))[1], "it is not lifted")
    assert changes.of(r"vds\.(suspend|resume|delete|order.*)") == 0


def test_what_was_read_before_a_request_is_not_applied_after_it(shop, pairs):
    """A request that begins and ends between the look and its consequence can leave the row here as it was."""
    world.limits(shop.here, read_seconds=60)
    staff(shop, pairs[0], param_ip="203.0.113.9")
    shop.there.call("sandbox.fault", kind="hold_after", forfunc="vds.edit", times=1)
    asked, saved = Calls(shop.there), Calls(shop.here)
    run = subprocess.Popen(["./sbin/resellerctl", "checkevent"], cwd=shop.here.base, stdout=subprocess.PIPE)
    until(lambda: asked.of(r"vds\.edit"), "the form is not asked for")
    shop.here.write(
        "INSERT INTO reseller_request (item, kind, live, rkey, state, module, account, itemtype, created, updated) "
        "VALUES (%s, 'setparam', NULL, 'over', 'done', %s, 1, 'vds', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))",
        pairs[0].item,
        shop.module,
    )
    shop.there.call("sandbox.release")
    assert run.communicate(timeout=60)[0] == b"checkevent: nothing to do\n"
    assert saved.of(r"service\.saveparam") == 0
    assert shop.checkevent() == "1 changed"
    assert shop.params(pairs[0].item)["ip"] == "203.0.113.9"


def test_a_second_run_does_not_wait_for_the_first_and_says_so(shop, pairs):
    world.limits(shop.here, read_seconds=60)
    shop.there.call("sandbox.fault", kind="hold_before", forfunc="vds", times=1)
    first = subprocess.Popen(["./sbin/resellerctl", "checkevent"], cwd=shop.here.base, stdout=subprocess.PIPE)
    until(lambda: keeping.is_held(shop), "the seller is not asked")
    second = shop.ctl("checkevent")
    assert second.returncode == 0
    assert f"another run is at module {shop.module}".encode() in second.stdout
    assert first.poll() is None
    shop.there.call("sandbox.release")
    assert first.communicate(timeout=60)[0] == b"checkevent: nothing to do\n"


def test_a_restart_of_the_panel_in_the_middle_is_waited_for(shop, pairs):
    for pair in pairs:
        suspend_there(shop, pair)
    run = subprocess.Popen(["./sbin/resellerctl", "checkevent"], cwd=shop.here.base, stdout=subprocess.PIPE)
    for _ in range(3):
        with contextlib.suppress(AssertionError, world.Refused):
            shop.here.call("exit")
        time.sleep(0.3)
    run.communicate(timeout=60)
    until(lambda: (shop.checkevent(), all(status(shop, pair) == 3 for pair in pairs))[1], "not all are shown")


def test_an_order_that_the_seller_cancels_in_process_becomes_a_task(shop, switch):
    switch(shop.there, "provision", "manual")
    switch(shop.there, "deleted_rows", "shown")
    item = shop.order("vds")
    shop.rest(item)
    shop.there.call("sandbox.item", item=shop.links(item)[0]["remote"], status=4)
    assert "1 failed" in shop.checkevent()
    assert "reseller_gone_opening" in shop.error(item)
    assert len(shop.tasks(item)) == 1
    assert "failed" not in shop.checkevent()
    assert shop.item(item)["status"] == 5

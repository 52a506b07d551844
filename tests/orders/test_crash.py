"""Crashes that have a name: the moments at which money is decided, one by one. `make chaos` tries all the others."""

import os
import signal

import pytest

from tests.chaos.lanes import Lane
from tests.chaos.nursery import wrapped
from tests.support.world import until

VDS = "vds"
#: the points that every order passes, by the boundary that follows or precedes them
NAMED = {
    "before the intent": "before sql INSERT reseller_request intent #1",
    "after the intent": "after sql INSERT reseller_request intent #1",
    "before the operation is manual": "before mgrctl runningoperation.setmanual #1",
    "while the operation becomes manual": "sent mgrctl runningoperation.setmanual #1",
    "after the operation is manual": "after mgrctl runningoperation.setmanual #1",
    "before the send": "after sql UPDATE reseller_request sending #1",
    "before the first byte": "before http v2.vds.order.param #1",
    "after the last byte": "sent http v2.vds.order.param #1",
    "after the reply": "after http v2.vds.order.param #1",
    "before the link": "before sql INSERT reseller_link opening #1",
    "after the link": "after sql COMMIT #1",
    "before the panel is told": "before mgrctl service.saveparam #1",
    "while the panel is told": "sent mgrctl service.saveparam #1",
    "after the panel was told": "after mgrctl service.saveparam #1",
}


@pytest.fixture(scope="module")
def crashing(connected):
    """The module's executable replaced by one that can be told where to die; plans are made by a lane."""
    with wrapped(connected.here.base / "processing/pmreseller", connected.here.base / "lib/reseller/venv/bin/python"):
        yield Lane(connected)


def dies(lane, command, boundary, act):
    """Let `act` start an operation whose first try dies at the boundary, and wait until it has died."""
    plan = lane.plan(command, at=boundary, how="kill")
    result = act()
    until(lambda: plan.over, "the command did not come to its end")
    assert plan.hit, f"it does not pass {boundary}: {plan.trace()}"
    return result


def test_an_order_passes_the_named_points(crashing, shop):
    plan = crashing.plan("open")
    shop.until_active(shop.order(VDS))
    assert [name for name in NAMED.values() if name not in plan.trace()] == []


@pytest.mark.parametrize("point", [name for name in NAMED if "intent" in name or "manual" in name])
def test_killed_before_anything_is_sent_the_order_is_made_by_itself(crashing, shop, point):
    """Before the operation is manual the panel runs it again, afterwards checkevent starts it."""
    item = dies(crashing, "open", NAMED[point], lambda: shop.order(VDS))
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
    assert len(shop.remotes(item)) == 1
    assert shop.tasks(item) == []


@pytest.mark.parametrize("point", ["before the send", "before the first byte"])
def test_killed_between_mark_and_send_the_order_is_looked_for_and_left_to_a_person(crashing, shop, point):
    """From here it cannot be told from an order whose answer was lost, so money is not risked on it."""
    item = dies(crashing, "open", NAMED[point], lambda: shop.order(VDS))
    shop.until_unconfirmed(item)
    shop.start(item)
    assert shop.charges(item) == []
    assert len(shop.tasks(item)) == 1
    assert shop.ctl("reorder", str(item), "--yes").returncode == 0
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
    assert len(shop.remotes(item)) == 1


@pytest.mark.parametrize("point", ["after the last byte", "after the reply", "before the link"])
def test_killed_after_the_send_the_order_is_adopted(crashing, shop, point):
    item = dies(crashing, "open", NAMED[point], lambda: shop.order(VDS))
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
    assert len(shop.remotes(item)) == 1
    assert len(shop.links(item)) == 1
    assert shop.operation(item) is None
    assert shop.tasks(item) == []


def test_killed_while_the_seller_has_the_order_in_its_hands(crashing, shop):
    """After the last byte was sent and before the answer came: the seller commits, the command is gone."""
    shop.there.call("sandbox.fault", kind="hold_after", forfunc="*.order.param", times=1)
    item = shop.order(VDS)

    def running():
        operation = shop.operation(item)
        return operation and operation["run_pid"] and shop.charges(item)

    until(running, "the order is not sent")
    os.kill(shop.operation(item)["run_pid"], signal.SIGKILL)
    shop.there.call("sandbox.release")
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
    assert len(shop.links(item)) == 1


def test_killed_while_an_order_without_money_is_refused(crashing, shop, switch):
    """The crash hides the refusal; nobody may conclude that the order was placed, nor place it again too early."""
    switch(shop.there, "short_balance_leaves", "unpaid_row")
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    item = dies(crashing, "open", NAMED["after the reply"], lambda: shop.order(VDS))

    def settled():
        shop.checkevent()
        request = shop.request(item)
        return request and request["state"] == "refused"

    until(settled, "it is looked for for ever")
    assert shop.charges(item) == []
    assert [row for row in shop.remotes(item) if row["status"] != 4] == []
    shop.there.call("sandbox.balance", user=shop.buyer, value=1000)
    shop.start(item)
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_a_renewal_that_follows_one_whose_end_was_lost_is_bought_too(crashing, shop):
    """Killed after the panel was told and before the ledger was; then the client renews again, before any cron run."""
    item = shop.order(VDS)
    shop.until_active(item)

    charged = len(shop.charges(item))
    dies(crashing, "prolong", "after mgrctl service.postprolong #1", lambda: shop.act("prolong", item))
    until(lambda: shop.operation(item) is None, "the panel was not told")
    shop.act("prolong", item)
    shop.until_done(item)
    assert len(shop.charges(item)) == charged + 2
    assert shop.request(item)["state"] == "done"
    assert shop.here.value("SELECT COUNT(*) FROM reseller_request WHERE item = %s AND live = 1", item) == 0


def test_the_run_after_it_does_not_end_the_next_renewal_without_buying(crashing, shop):
    """The same, but checkevent comes first, while the new operation waits for money."""
    item = shop.order(VDS)
    shop.until_active(item)
    shop.act("prolong", item)
    shop.until_done(item)
    charged = len(shop.charges(item))
    request = shop.request(item)
    shop.here.write("UPDATE reseller_request SET live = 1, state = 'waiting' WHERE id = %s", request["id"])
    shop.here.call("sandbox.queue", action="pause")
    shop.act("prolong", item)
    shop.checkevent()
    assert shop.operation(item), "the new operation was ended by the old request"
    shop.here.call("sandbox.queue", action="resume")
    shop.until_done(item)
    assert len(shop.charges(item)) == charged + 1


@pytest.mark.parametrize("act", ["prolong", "suspend"])
def test_a_command_that_waited_while_its_operation_was_finished_does_nothing(shop, act):
    """The panel's retry of an operation may start just before checkevent finishes it, and get the lease just after."""
    item = shop.order(VDS)
    shop.until_active(item)
    charged = len(shop.charges(item))
    shop.here.call("sandbox.queue", action="pause")
    shop.act(act, item)
    operation = shop.operation(item)
    shop.here.call("sandbox.queue", action="resume")
    shop.until_done(item)
    late = ["--command", act, "--item", str(item), "--runningoperation", str(operation["id"])]
    done = shop.here.run("processing/pmreseller", *late)
    assert done.returncode == 1
    assert b"reseller_operation_gone" in done.stdout
    assert len(shop.charges(item)) == charged + (act == "prolong")


def test_a_renewal_without_an_operation_is_refused(shop):
    item = shop.order(VDS)
    shop.until_active(item)
    charged = len(shop.charges(item))
    done = shop.here.run("processing/pmreseller", "--command", "prolong", "--item", str(item))
    assert done.returncode == 1
    assert b"reseller_operation_none" in done.stdout
    assert len(shop.charges(item)) == charged

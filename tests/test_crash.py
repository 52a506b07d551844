"""kill -9 at every boundary of `open`: the next runs end with one remote service and one link."""

import json
import os
import shutil
import signal

import pytest

from tests.world import ROOT, until

VDS = "vds"
#: the five points every order passes, named by the boundary that follows or precedes them
NAMED = {
    "before the intent": "before sql INSERT reseller_request",
    "after the intent": "after sql INSERT reseller_request",
    "before the send": "after sql UPDATE reseller_request sending",
    "after the send": "before http",  # see order_boundary()
    "after the reply": "after http",
    "before the link": "before sql INSERT reseller_link opening",
    "after the link": "after sql COMMIT",
}


@pytest.fixture(scope="module")
def crashing(connected):
    """The module's executable replaced by one that can be told where to die."""
    base = connected.here.base
    executable = base / "processing/pmreseller"
    real = base / "processing/pmreseller.real"
    shutil.copy2(executable, real)
    wrapper = (ROOT / "tests/crashing.py").read_text()
    executable.write_text(f"#!{base}/lib/reseller/venv/bin/python -I\n{wrapper}")
    yield connected
    shutil.move(real, executable)


def plan(shop, **what):
    (shop.here.base / "tmp/crash-plan.json").write_text(json.dumps(what))


def traced(shop, act):
    """The boundaries of one undisturbed operation that `act` starts, in order."""
    out = shop.here.base / "tmp/crash-trace"
    out.unlink(missing_ok=True)
    plan(shop, trace=str(out))
    act()
    return out.read_text().splitlines()


def trace(shop):
    """The boundaries of one undisturbed order."""
    return traced(shop, lambda: shop.until_active(shop.order(VDS)))


def chosen(boundaries, step):
    """Every `step`-th boundary and all around the network; EVERY_BOUNDARY=1 takes them all."""
    if os.environ.get("EVERY_BOUNDARY"):
        return range(len(boundaries))
    return [number for number, name in enumerate(boundaries) if number % step == 0 or " http " in name]


def dies(shop, kill_at, act):
    """Let `act` start an operation whose first try dies at the boundary, and wait until it has died."""
    dead = shop.here.base / "tmp/crash-dead"
    dead.unlink(missing_ok=True)
    plan(shop, kill_at=kill_at, dead=str(dead))
    result = act()
    until(dead.exists, "the command did not come to its end")
    return result


def order_boundary(boundaries, side):
    """Index of the boundary right before or after the order call itself."""
    return next(
        number for number, name in enumerate(boundaries) if name.startswith(f"{side} http") and "order.param" in name
    )


def survives(shop, kill_at):
    """One order whose first try dies at the boundary; then the panel and cron go on as they do."""
    item = dies(shop, kill_at, lambda: shop.order(VDS))
    shop.until_active(item, 30)
    assert len(shop.charges(item)) == 1
    assert len(shop.remotes(item)) == 1
    assert len(shop.links(item)) == 1
    assert shop.operation(item) is None
    assert shop.tasks(item) == []


def test_an_order_passes_the_named_points(crashing, shop):
    boundaries = trace(shop)
    for wanted in NAMED.values():
        assert any(name.startswith(wanted) for name in boundaries), (wanted, boundaries)


def test_killed_at_every_boundary_an_order_ends_with_one_service_and_one_link(crashing, shop):
    boundaries = trace(shop)
    assert len(boundaries) > 20
    marked = next(number for number, name in enumerate(boundaries) if name.endswith("reseller_request sending"))
    undecidable = {marked + 1, order_boundary(boundaries, "before")}
    for number in range(len(boundaries)):
        if number not in undecidable:
            survives(shop, number)


@pytest.mark.parametrize("side", ["after sql UPDATE reseller_request sending", "before http v2.vds.order.param"])
def test_killed_between_mark_and_send_the_order_is_looked_for_and_left_to_a_person(crashing, shop, side):
    """From here it cannot be told from an order whose answer was lost, so money is not risked on it."""
    boundaries = trace(shop)
    item = dies(shop, boundaries.index(side), lambda: shop.order(VDS))
    shop.until_unconfirmed(item)
    shop.start(item)
    assert shop.charges(item) == []
    assert len(shop.tasks(item)) == 1
    assert shop.ctl("reorder", str(item), "--yes").returncode == 0
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
    assert len(shop.remotes(item)) == 1


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
    boundaries = trace(shop)
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    item = dies(shop, order_boundary(boundaries, "after"), lambda: shop.order(VDS))

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


def test_killed_anywhere_a_renewal_is_charged_once(crashing, shop):
    item = shop.order(VDS)
    shop.until_active(item)

    def renew():
        shop.act("prolong", item)

    def renewed():
        renew()
        shop.until_done(item)

    boundaries = traced(shop, renewed)
    assert any(name.startswith("before http service.prolong") for name in boundaries)
    given_up = 0
    for number in chosen(boundaries, 2):
        charged = len(shop.charges(item))
        dies(shop, number, renew)

        def over():
            shop.checkevent()
            return shop.operation(item) is None or shop.request(item)["state"] == "unconfirmed"

        until(over, f"{boundaries[number]}: {shop.error(item)}")
        if shop.operation(item):
            # It died between the mark and the send: nobody can know that, so a person is asked and nothing is sent.
            given_up += 1
            assert len(shop.charges(item)) == charged, boundaries[number]
            assert shop.ctl("reorder", str(item), "--yes").returncode == 0
            shop.until_done(item)
        assert len(shop.charges(item)) == charged + 1, boundaries[number]
    assert given_up


@pytest.mark.parametrize("act", ["suspend", "close"])
def test_killed_anywhere_a_change_of_state_is_carried_out(crashing, shop, act):
    def service():
        item = shop.order(VDS)
        shop.until_active(item)
        return item

    def changed(item):
        shop.act(act, item)
        shop.until_done(item)

    first = service()
    boundaries = traced(shop, lambda: changed(first))
    wanted = {"suspend": 3, "close": 4}[act]
    for number in chosen(boundaries, 4):
        item = service()
        remote = shop.links(item)[0]["remote"]
        dies(shop, number, lambda item=item: shop.act(act, item))
        shop.until_done(item)
        assert shop.item(item)["status"] == wanted, boundaries[number]
        assert shop.there.value("SELECT status FROM item WHERE id = %s", remote) == wanted, boundaries[number]


def test_a_renewal_that_follows_one_whose_end_was_lost_is_bought_too(crashing, shop):
    """Killed after the panel was told and before the ledger was; then the client renews again, before any cron run."""
    item = shop.order(VDS)
    shop.until_active(item)

    def renewed():
        shop.act("prolong", item)
        shop.until_done(item)

    boundaries = traced(shop, renewed)
    told = boundaries.index("after mgrctl service.postprolong")
    charged = len(shop.charges(item))
    dies(shop, told, lambda: shop.act("prolong", item))
    until(lambda: shop.operation(item) is None, "the panel was not told")
    renewed()
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

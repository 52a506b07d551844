"""The four rows of the failure table: money, refused, not sent, in doubt."""

import pytest

from tests.support import world
from tests.support.world import until

VDS = "vds"


def price(shop, tariff="VDS-1"):
    """What one month costs at the seller, read from a real charge."""
    item = shop.order(VDS, tariff)
    shop.rest(item)
    return float(shop.charges(item)[0]["amount"])


def balance(shop, value):
    shop.there.call("sandbox.balance", user=shop.buyer, value=value)


@pytest.mark.parametrize("leaves", ["nothing", "unpaid_row"])
def test_a_short_balance_is_said_with_its_figures_and_leaves_no_unpaid_row(shop, switch, leaves):
    switch(shop.there, "short_balance_leaves", leaves)
    cost = price(shop)
    balance(shop, 1)
    item = shop.order(VDS)
    shop.rest(item)
    said = shop.error(item)
    for figure in ("1.00", f"{cost - 1:.2f}", f"{cost:.2f}", "EUR"):
        assert figure in said
    assert shop.tasks(item) == []
    for _ in range(10):
        shop.start(item)
    assert shop.charges(item) == []
    assert [row for row in shop.remotes(item) if row["status"] != 4] == []
    balance(shop, 1000)
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
    assert len([row for row in shop.remotes(item) if row["status"] != 4]) == 1


def test_one_top_up_starts_the_oldest_only(shop):
    cost = price(shop)
    balance(shop, 0)
    first, second, third = (shop.order(VDS) for _ in range(3))
    for item in (first, second, third):
        shop.rest(item)
    assert "restarted" not in shop.checkevent()
    balance(shop, cost + 0.5)
    assert "1 restarted" in shop.checkevent()
    shop.until_active(first)
    for _ in range(3):
        shop.checkevent()
    assert [len(shop.charges(item)) for item in (first, second, third)] == [1, 0, 0]
    assert shop.item(second)["status"] == shop.item(third)["status"] == 5
    balance(shop, 1000)
    shop.until_active(second)
    shop.until_active(third)
    assert [len(shop.charges(item)) for item in (first, second, third)] == [1, 1, 1]


def test_a_refused_order_names_reason_and_field_and_goes_on_after_start(shop):
    shop.there.call(
        "sandbox.fault", kind="error", forfunc="*.order.param", type="value", object="datacenter", times=1, skip=0
    )
    item = shop.order(VDS)
    shop.rest(item)
    assert "datacenter" in shop.error(item)
    assert shop.request(item)["state"] == "refused"
    assert shop.tasks(item) == []
    assert shop.charges(item) == []
    shop.start(item)
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_a_seller_that_is_away_is_tried_again_by_checkevent(shop):
    shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=1000)
    item = shop.order(VDS)
    shop.rest(item)
    assert "reseller_unsent" in shop.error(item)
    assert shop.request(item)["state"] == "unsent"
    assert shop.tasks(item) == []
    shop.there.call("sandbox.fault.clear")
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_while_the_seller_is_away_there_is_one_task_of_the_account_and_start_works_afterwards(shop):
    shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=100000)
    item = shop.order(VDS)
    shop.rest(item)

    def task():
        shop.checkevent()
        return shop.here.value("SELECT task FROM reseller_problem WHERE kind = 'unreachable'")

    until(task, "nobody is told")
    for _ in range(3):
        shop.checkevent()
    assert [row["id"] for row in shop.tasks(item)] in ([], [task()])
    assert "not sent" in shop.error(item) or "nothing was sent" in shop.error(item)
    shop.there.call("sandbox.fault.clear")
    shop.start(item)
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
    until(lambda: not task(), "the problem does not end")
    assert shop.tasks(item) == []


@pytest.mark.parametrize("itemtype", [VDS, "soft"])
@pytest.mark.parametrize("kind", ["reply_lost", "reset_after", "cut", "truncated", "html_after"])
def test_an_order_whose_answer_is_lost_is_adopted_and_never_repeated(shop, itemtype, kind):
    shop.there.call("sandbox.fault", kind=kind, forfunc="*.order.param", times=1)
    item = shop.order(itemtype)
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
    assert len(shop.remotes(item)) == 1
    assert len(shop.links(item)) == 1


def test_when_every_answer_is_lost_every_order_is_adopted(shop):
    shop.there.call("sandbox.fault", kind="reply_lost", forfunc="*.order.param", times=100)
    items = [shop.order(itemtype) for itemtype in (VDS, "soft") * 4]
    for item in items:
        shop.until_active(item)
    assert [len(shop.charges(item)) for item in items] == [1] * len(items)
    assert [len(shop.links(item)) for item in items] == [1] * len(items)


def test_an_answer_later_than_the_timeout_is_adopted(shop):
    shop.there.call("sandbox.fault", kind="slow", forfunc="*.order.param", times=1, seconds=6)
    world.limits(shop.here, order_seconds=3)
    item = shop.order(VDS)
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_a_service_that_shows_one_list_later_is_adopted(shop, switch):
    switch(shop.there, "new_row_hidden_lists", "1")
    shop.there.call("sandbox.fault", kind="reply_lost", forfunc="*.order.param", times=1)
    world.limits(shop.here, look_seconds=600)
    item = shop.order(VDS)
    shop.rest(item)
    assert shop.request(item)["state"] == "looking"
    assert "reseller_looking" in shop.error(item)
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


@pytest.mark.parametrize("kind", ["reset", "html", "captcha", "huge", "bomb"])
def test_an_order_that_never_arrived_becomes_a_task_and_start_only_looks(shop, kind):
    shop.there.call("sandbox.fault", kind=kind, forfunc="*.order.param", times=1)
    item = shop.order(VDS)
    shop.rest(item)
    assert shop.request(item)["state"] == "looking"
    shop.until_unconfirmed(item)
    assert len(shop.tasks(item)) == 1
    assert "resellerctl reorder" in shop.error(item)
    for _ in range(3):
        shop.start(item)
        shop.checkevent()
    assert shop.charges(item) == []
    assert len(shop.tasks(item)) == 1


def unconfirmed(shop):
    """A service whose order never arrived and was looked for long enough."""
    shop.there.call("sandbox.fault", kind="reset", forfunc="*.order.param", times=1)
    item = shop.order(VDS)
    shop.rest(item)
    shop.until_unconfirmed(item)
    return item


def test_reorder_says_what_it_would_do_and_does_it_once(shop):
    item = unconfirmed(shop)
    old = shop.request(item)["rkey"]
    shown = shop.ctl("reorder", str(item))
    assert shown.returncode == 0
    assert b"--yes" in shown.stdout
    assert shop.request(item)["rkey"] == old
    done = shop.ctl("reorder", str(item), "--yes")
    assert done.returncode == 0, done.stderr
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
    assert shop.request(item)["rkey"] != old
    again = shop.ctl("reorder", str(item), "--yes")
    assert again.returncode == 1
    assert b"nothing to send anew" in again.stderr
    assert len(shop.charges(item)) == 1


def test_reorder_looks_first_and_adopts_what_it_finds(shop, switch):
    switch(shop.there, "new_row_hidden_lists", "1000")
    shop.there.call("sandbox.fault", kind="reply_lost", forfunc="*.order.param", times=1)
    item = shop.order(VDS)
    shop.rest(item)
    shop.until_unconfirmed(item)
    shop.there.call("sandbox.item", item=shop.remotes(item)[0]["id"], hidden_lists=0)
    done = shop.ctl("reorder", str(item), "--yes")
    assert b"adopted" in done.stdout, done
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_reorder_is_refused_while_the_order_may_still_appear(shop, switch):
    world.limits(shop.here, look_seconds=600)
    shop.there.call("sandbox.fault", kind="reset", forfunc="*.order.param", times=1)
    item = shop.order(VDS)
    shop.rest(item)
    refused = shop.ctl("reorder", str(item), "--yes")
    assert refused.returncode == 1
    assert b"still being looked for" in refused.stderr


def test_staff_deleting_a_waiting_operation_ends_the_wish_and_buys_nothing(shop):
    shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=1000)
    item = shop.order(VDS)
    shop.rest(item)
    shop.here.call("runningoperation.delete", elid=shop.operation(item)["id"], sok="ok")
    shop.there.call("sandbox.fault.clear")
    until(lambda: (shop.checkevent(), shop.request(item)["live"] is None)[1], "the order stays open")
    assert shop.charges(item) == []


def test_a_deleted_operation_does_not_keep_a_bought_service_from_becoming_active(shop, switch):
    switch(shop.there, "provision", "manual")
    item = shop.order(VDS)
    shop.rest(item)
    shop.here.call("runningoperation.delete", elid=shop.operation(item)["id"], sok="ok")
    shop.there.call("sandbox.provision", item=shop.remotes(item)[0]["id"])
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_an_order_cancelled_by_the_seller_becomes_one_task(shop, switch):
    switch(shop.there, "provision", "manual")
    item = shop.order(VDS)
    shop.rest(item)
    first_tasks = {task["id"] for task in shop.tasks(item)}
    shop.there.call("sandbox.item", item=shop.remotes(item)[0]["id"], status=4)
    for _ in range(4):
        shop.checkevent()
    assert "reseller_gone_opening" in shop.error(item)
    assert {task["id"] for task in shop.tasks(item)} == first_tasks
    assert shop.item(item)["status"] == 5

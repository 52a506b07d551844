"""What nobody wants any more and may still land at the seller is watched, and undone when it does."""

import pytest

from reseller.lifecycle import operations
from reseller.mgr5 import items
from tests.support import world
from tests.support.keeping import held_calls, is_held, remote, sent, there
from tests.support.world import until

WATCHED = "SELECT kind FROM reseller_request WHERE item = %s AND live = 1 AND error_type = 'reseller_overtaken'"


def problem(shop, item):
    rows = shop.here.rows(
        "SELECT error FROM reseller_problem WHERE subject = 'service' AND number = %s AND kind = 'overtaken'", item
    )
    return rows[0]["error"] if rows else None


def held_back(shop, item, act, func):
    """A command whose call arrives and is carried out only when it is released; the answer is not waited for."""
    world.limits(shop.here, order_seconds=2, read_seconds=2, land_seconds=600)
    shop.there.call("sandbox.fault", kind="hold_before", forfunc=func, times=1)
    shop.act(act, item)
    until(lambda: is_held(shop), "nothing is held")
    until(lambda: shop.error(item), "nobody is told")


def ends(shop, item):
    """The watch is over after a while, and leaves nothing behind."""
    world.limits(shop.here, land_seconds=0)
    until(lambda: (shop.checkevent(), shop.here.rows(WATCHED, item) == [])[1], "it is watched for ever")
    assert problem(shop, item) is None
    until(lambda: (shop.checkevent(), shop.tasks(item) == [])[1], f"there are tasks: {shop.tasks(item)}")
    world.limits(shop.here)


@pytest.mark.parametrize("landing", ["before", "after", "never"])
def test_a_suspension_that_a_resumption_overtakes_is_undone_when_it_lands(shop, vds, landing):
    held_back(shop, vds, "suspend", "vds.suspend")
    if landing == "before":
        shop.there.call("sandbox.release")
    shop.here.call("sandbox.item", item=vds, status=3)
    resumed = sent(shop, "vds.resume")
    shop.act("resume", vds)
    shop.until_done(vds)
    assert shop.item(vds)["status"] == 2
    assert sent(shop, "vds.resume") == resumed + 1, "the contrary call is sent whatever the seller shows"
    assert [row["kind"] for row in shop.here.rows(WATCHED, vds)] == ["suspend"]
    if landing == "after":
        shop.there.call("sandbox.release")
        until(lambda: there(shop, vds)["status"] == 3, "it does not land")
    suspended = sent(shop, "vds.suspend")
    shop.checkevent()
    until(lambda: there(shop, vds)["status"] == 2, "a paying client stays suspended")
    shop.checkevent()
    assert (shop.item(vds)["status"], shop.tasks(vds)) == (2, [])
    assert sent(shop, "vds.suspend") == suspended
    ends(shop, vds)
    if landing == "never":
        shop.there.call("sandbox.release")
        until(lambda: there(shop, vds)["status"] == 3, "it does not land")
        shop.there.call("sandbox.item", item=remote(shop, vds), status=2)


def test_a_suspension_that_was_sent_again_and_lands_after_the_resumption_is_undone(shop, vds):
    held_back(shop, vds, "suspend", "vds.suspend")
    shop.until_done(vds)
    assert there(shop, vds)["status"] == 3, "it was not sent again"
    shop.act("resume", vds)
    shop.until_done(vds)
    assert [row["kind"] for row in shop.here.rows(WATCHED, vds)] == ["suspend"]
    shop.there.call("sandbox.release")
    until(lambda: there(shop, vds)["status"] == 3, "it does not land")
    until(lambda: (shop.checkevent(), there(shop, vds)["status"] == 2)[1], "a paying client stays suspended")
    assert shop.item(vds)["status"] == 2
    ends(shop, vds)


def test_a_resumption_that_a_suspension_overtakes_is_undone_when_it_lands(shop, vds):
    shop.act("suspend", vds)
    shop.until_done(vds)
    held_back(shop, vds, "resume", "vds.resume")
    shop.here.call("sandbox.item", item=vds, status=2)
    shop.act("suspend", vds)
    shop.until_done(vds)
    shop.there.call("sandbox.release")
    until(lambda: there(shop, vds)["status"] == 2, "it does not land")
    until(lambda: (shop.checkevent(), there(shop, vds)["status"] == 3)[1], "it runs though it is not paid for")
    ends(shop, vds)
    shop.act("resume", vds)
    shop.until_done(vds)


@pytest.mark.parametrize("act", ["suspend", "close"])
def test_a_withdrawn_change_is_not_sent_again(shop, act):
    item = shop.order("vds")
    shop.until_active(item)
    func = {"suspend": "vds.suspend", "close": "vds.delete"}[act]
    shop.there.call("sandbox.fault", kind="html", forfunc=func, times=1)
    world.limits(shop.here, land_seconds=600)
    shop.act(act, item)
    shop.rest(item)
    shop.here.call("runningoperation.delete", elid=shop.operation(item)["id"], sok="ok")
    shop.here.call("sandbox.item", item=item, status=2)
    before = sent(shop, func)
    for _ in range(3):
        shop.checkevent()
    assert sent(shop, func) == before
    assert (shop.item(item)["status"], there(shop, item)["status"]) == (2, 2)
    assert problem(shop, item) == ("reseller_close_withdrawn" if act == "close" else None)
    ends(shop, item)


def test_a_withdrawn_deletion_that_the_seller_has_put_off_is_a_problem_until_it_cannot_come(shop, switch):
    switch(shop.there, "delete_does", "at_end")
    item = shop.order("vds")
    shop.until_active(item)
    shop.act("close", item)
    until(lambda: "at the end" in shop.error(item), "it is not put off")
    until(lambda: shop.tasks(item), "it has no task")
    [task] = shop.tasks(item)
    shop.here.call("runningoperation.delete", elid=task["runningoperation"], sok="ok")
    # made while the operation was being deleted, by a command that was killed right after
    sql = "INSERT INTO task (item, type, runningoperation, params, status) VALUES (%s, %s, %s, %s, 0)"
    shop.here.write(sql, item, task["type"], task["runningoperation"], task["params"])
    shop.here.call("sandbox.item", item=item, status=2)
    world.limits(shop.here, land_seconds=0)
    shop.checkevent()
    assert problem(shop, item) == "reseller_close_withdrawn"
    assert len(shop.tasks(item)) == 1
    assert "was withdrawn here" in shop.ctl("audit").stdout.decode()
    assert there(shop, item)["expiredate"].isoformat() in shop.tasks(item)[0]["params"]
    shop.here.write("UPDATE reseller_request SET promise = '2020-01-01' WHERE item = %s AND live = 1", item)
    ends(shop, item)


def test_an_operation_that_is_deleted_while_its_task_is_made_keeps_no_task(shop, inside, vds):
    operation = inside.operation(vds, "close")

    def make(context):
        operations.make_task(context, items.read(context.db, vds), operation, "It is closed there next month.")

    def delete():
        shop.here.write("DELETE FROM runningoperation WHERE id = %s", operation)

    inside.between(make, "SELECT id FROM task WHERE id > 0 FOR UPDATE", "INSERT INTO task", delete)
    assert shop.here.rows("SELECT id FROM task WHERE item = %s", vds) == []


def test_what_the_seller_does_not_undo_is_for_a_person(shop, vds, switch):
    held_back(shop, vds, "suspend", "vds.suspend")
    shop.here.call("sandbox.item", item=vds, status=3)
    shop.act("resume", vds)
    shop.until_done(vds)
    shop.there.call("sandbox.release")
    until(lambda: there(shop, vds)["status"] == 3, "it does not land")
    switch(shop.there, "client_suspend", "denied")
    until(lambda: (shop.checkevent(), problem(shop, vds))[1], "nobody is told")
    assert problem(shop, vds) == "reseller_landed_late"
    assert len(shop.tasks(vds)) == 1
    switch(shop.there, "client_suspend", "allowed")
    until(lambda: (shop.checkevent(), there(shop, vds)["status"] == 2)[1], "it stays suspended")
    ends(shop, vds)


def test_what_is_watched_keeps_no_order_from_being_started_when_there_is_money(shop, vds):
    held_back(shop, vds, "suspend", "vds.suspend")
    shop.here.call("sandbox.item", item=vds, status=3)
    shop.act("resume", vds)
    shop.until_done(vds)
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    item = shop.order("vds")
    shop.rest(item)
    shop.there.call("sandbox.balance", user=shop.buyer, value=500)
    shop.until_active(item)
    shop.there.call("sandbox.release")
    until(lambda: (shop.checkevent(), there(shop, vds)["status"] == 2)[1], "it stays suspended")
    ends(shop, vds)


def test_a_suspension_that_lands_after_one_form_has_missed_the_service_is_undone(shop):
    item = shop.order("vds")
    shop.until_active(item)
    held_back(shop, item, "suspend", "vds.suspend")
    shop.here.call("sandbox.item", item=item, status=3)
    shop.act("resume", item)
    shop.until_done(item)
    shop.there.call("sandbox.item", item=remote(shop, item), status=4)
    shop.checkevent()
    shop.there.call("sandbox.item", item=remote(shop, item), status=2)
    shop.there.call("sandbox.release")
    until(lambda: there(shop, item)["status"] == 3, "it does not land")
    until(lambda: (shop.checkevent(), there(shop, item)["status"] == 2)[1], "a paying client stays suspended")
    ends(shop, item)


def test_a_reopening_is_not_ended_by_the_deletion_that_it_has_overtaken(shop, switch):
    item = shop.order("vds")
    shop.until_active(item)
    switch(shop.there, "delete_does", "nothing")
    shop.act("close", item)
    shop.rest(item)
    switch(shop.there, "provision", "manual")
    shop.there.call("sandbox.item", item=remote(shop, item), status=3)
    shop.here.call("sandbox.operation", item=item, name="reopen")
    until(lambda: "is not done yet" in shop.error(item), "it does not wait")
    shop.there.call("sandbox.item", item=remote(shop, item), status=4)
    for _ in range(3):
        shop.checkevent()
    assert shop.item(item)["status"] == 5
    assert shop.operation(item)["intname"] == "reopen"


def test_what_is_wanted_again_is_sent_though_it_was_watched(shop, switch):
    item = shop.order("vds")
    shop.until_active(item)
    shop.act("suspend", item)
    shop.until_done(item)
    world.limits(shop.here, land_seconds=600)
    switch(shop.there, "provision", "manual")
    shop.act("resume", item)
    shop.rest(item)
    shop.here.call("sandbox.item", item=item, status=2)
    shop.act("suspend", item)
    shop.rest(item)
    shop.there.call("sandbox.item", item=remote(shop, item), status=3)
    switch(shop.there, "provision", "auto")
    until(lambda: (shop.checkevent(), shop.item(item)["status"] == 3)[1], "it is not suspended")
    shop.there.call("sandbox.fault", kind="html", forfunc="vds.edit", times=1)
    shop.act("resume", item)
    until(
        lambda: (shop.checkevent(), (shop.item(item)["status"], there(shop, item)["status"]) == (2, 2))[1],
        "a service that is paid for stays dark",
    )


def test_a_suspension_that_was_refused_as_done_is_sent_again_when_the_resumption_has_landed(shop):
    item = shop.order("vds")
    shop.until_active(item)
    shop.act("suspend", item)
    shop.until_done(item)
    held_back(shop, item, "resume", "vds.resume")
    shop.here.call("sandbox.item", item=item, status=2)
    # The resumption lands after the seller has refused the suspension, and before that is read back.
    shop.there.call("sandbox.fault", kind="hold_before", forfunc="vds.edit", skip=1, times=1)
    world.limits(shop.here, read_seconds=60, land_seconds=600)
    shop.act("suspend", item)
    kinds = "SELECT kind FROM reseller_request WHERE item = %s AND live = 1 AND state = 'sending'"
    until(lambda: shop.here.rows(kinds, item) == [{"kind": "suspend"}], "the suspension is not sent")
    until(lambda: held_calls(shop) == 2, "it is not read back")
    shop.there.call("sandbox.item", item=remote(shop, item), status=2)
    shop.there.call("sandbox.release")
    until(
        lambda: (shop.checkevent(), (shop.item(item)["status"], there(shop, item)["status"]) == (3, 3))[1],
        f"it runs though it is not paid for: {shop.error(item)}",
    )
    assert shop.operation(item) is None
    ends(shop, item)


def test_the_sellers_own_suspension_shows_while_something_is_watched(shop, switch):
    switch(shop.there, "delete_does", "at_end")
    item = shop.order("vds")
    shop.until_active(item)
    shop.act("close", item)
    until(lambda: "at the end" in shop.error(item), "it is not put off")
    shop.here.call("runningoperation.delete", elid=shop.operation(item)["id"], sok="ok")
    shop.here.call("sandbox.item", item=item, status=2)
    shop.checkevent()
    shop.there.call("sandbox.item", item=remote(shop, item), status=3, abusesuspend="on")
    until(lambda: (shop.checkevent(), shop.item(item)["status"] == 3)[1], "nobody sees it")

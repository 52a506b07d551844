"""close: deleted at once, or told by name which of the seller's rules it meets; done when the service is gone."""

import datetime as dt

import pytest

from tests.support import world
from tests.support.keeping import is_held, remote
from tests.support.world import until

VDS = "vds"


@pytest.fixture
def service(shop):
    """An active service."""
    item = shop.order(VDS)
    shop.until_active(item)
    return item


def closing(shop, item, says):
    """A client closes it, and the operation waits saying so."""
    shop.act("close", item)
    shop.rest(item)
    assert says in shop.error(item)


def gone(shop, number):
    """The seller's staff delete a service."""
    shop.there.call("sandbox.item", item=number, status=4)


def closed(shop, item, number):
    """Closed on both sides, with nothing left open here."""
    shop.until_done(item)
    assert shop.item(item)["status"] == 4
    assert shop.there.value("SELECT status FROM item WHERE id = %s", number) == 4
    assert shop.links(item) == []
    assert shop.tasks(item) == []
    assert shop.here.value("SELECT COUNT(*) FROM reseller_request WHERE item = %s AND live = 1", item) == 0


def until_said(shop, item, type_):
    until(lambda: (shop.checkevent(), type_ in shop.error(item))[1], f"never {type_}: {shop.error(item)}")


def asked(shop, item):
    """What its one task asks for."""
    tasks = shop.tasks(item)
    assert len(tasks) == 1
    return tasks[0]["params"]


def deletions(shop):
    """How often the seller was asked to delete."""
    return (shop.there.base / "var/billmgr.log").read_text().count("func=vds.delete&")


def test_close_deletes_there_and_ends_the_link(shop, service):
    number = remote(shop, service)
    shop.act("close", service)
    closed(shop, service, number)


def test_a_forbidden_deletion_names_the_right_and_becomes_a_task_after_its_time(shop, service, switch):
    switch(shop.there, "delete_does", "denied")
    closing(shop, service, "reseller_close_forbidden")
    assert "Ask the seller to let clients delete services" in shop.error(service)
    assert shop.tasks(service) == []
    assert len(shop.links(service)) == 1
    world.limits(shop.here, change_seconds=1)
    until_said(shop, service, "reseller_close_still_forbidden")
    shop.checkevent()
    assert "allow" in asked(shop, service)
    shop.there.call("sandbox.switch", name="delete_does", value="closes")
    number = remote(shop, service)
    shop.start(service)
    closed(shop, service, number)


def test_a_confirmation_by_phone_is_a_task_at_once_and_ends_by_itself(shop, service, switch):
    world.limits(shop.here, change_seconds=1)
    switch(shop.there, "delete_does", "confirm")
    number, before = remote(shop, service), deletions(shop)
    closing(shop, service, "reseller_close_confirm")
    assert "Call the seller" in asked(shop, service)
    for _ in range(3):
        shop.checkevent()
    assert "Call the seller" in asked(shop, service)
    assert deletions(shop) == before + 1
    gone(shop, number)
    closed(shop, service, number)


@pytest.mark.parametrize(
    ("does", "unsaid"), [("nothing", None), ("confirm", "confirm_answer"), ("at_end", "at_end_history")]
)
def test_a_deletion_that_deletes_nothing_waits_and_then_asks_for_a_person(shop, service, switch, does, unsaid):
    switch(shop.there, "delete_does", does)
    if unsaid:
        switch(shop.there, unsaid, "silent")
    number = remote(shop, service)
    closing(shop, service, "is not done yet")
    assert "Nobody has to do anything" in asked(shop, service)
    world.limits(shop.here, change_seconds=1)
    until_said(shop, service, "reseller_close_silent")
    assert "confirmation by phone" in asked(shop, service)
    assert "failed" not in shop.checkevent()
    gone(shop, number)
    closed(shop, service, number)


def test_a_deletion_at_the_end_of_the_term_says_the_day_and_waits_for_it(shop, service, switch):
    world.limits(shop.here, change_seconds=0)
    switch(shop.there, "delete_does", "at_end")
    number = remote(shop, service)
    ends = shop.there.value("SELECT expiredate FROM item WHERE id = %s", number)
    closing(shop, service, f"on {ends.isoformat()}")
    for _ in range(2):
        shop.checkevent()
    assert "nobody has to do anything" in asked(shop, service)
    shop.there.call("sandbox.item", item=number, expiredate="2020-01-01")
    shop.there.call("sandbox.night")
    closed(shop, service, number)


def test_a_deletion_that_does_not_come_at_the_end_of_the_term_is_asked_for(shop, service, switch):
    switch(shop.there, "delete_does", "at_end")
    number = remote(shop, service)
    shop.there.call("sandbox.item", item=number, expiredate="2020-01-01")
    closing(shop, service, "at the end of its paid term")
    until_said(shop, service, "reseller_close_late")
    assert "Ask the seller to delete it" in asked(shop, service)
    # Also when staff have taken the operation away meanwhile.
    shop.here.call("runningoperation.delete", elid=shop.operation(service)["id"], sok="ok")
    gone(shop, number)
    until(lambda: (shop.checkevent(), shop.item(service)["status"] == 4)[1], "it is not noticed")
    closed(shop, service, number)


def test_it_is_the_sellers_day_by_which_a_deletion_at_the_end_of_the_term_is_late(shop, service, switch):
    switch(shop.there, "delete_does", "at_end")
    closing(shop, service, "at the end of its paid term")
    shop.checkevent()
    assert "reseller_close_late" not in shop.error(service)
    switch(shop.there, "night_billing", "command")  # other services of the seller do not end meanwhile
    shop.there.call("sandbox.clock", advance="40d")
    try:
        until_said(shop, service, "reseller_close_late")
    finally:
        shop.there.call("sandbox.clock", set="real")
    shop.there.call("sandbox.item", item=remote(shop, service), expiredate="2020-01-01")
    shop.there.call("sandbox.night")
    closed(shop, service, remote(shop, service))


def test_a_minimum_order_period_is_waited_for_without_a_task(shop, service, switch):
    switch(shop.there, "min_order_days", "30")
    number = remote(shop, service)
    closing(shop, service, "reseller_close_too_early")
    assert "30 days are left" in shop.error(service)
    assert shop.tasks(service) == []
    request = shop.request(service)
    days = (request["next_try"] - request["updated"]) / dt.timedelta(days=1)
    assert (request["state"], request["tries"], round(days)) == ("unsent", 0, 30)
    assert "started" not in shop.checkevent()
    shop.there.call("sandbox.switch", name="min_order_days", value="0")
    shop.here.write("UPDATE reseller_request SET next_try = updated WHERE id = %s", request["id"])
    closed(shop, service, number)


def test_other_refusals_are_told_as_they_are_and_an_unknown_rest_is_tried_daily(shop, service):
    number = remote(shop, service)
    shop.there.call("sandbox.fault", kind="error", type="access", forfunc="vds.edit", times=1)
    closing(shop, service, "refused the right to call vds.edit")
    shop.there.call("sandbox.fault", kind="error", type="value", object="elid", forfunc="vds.delete", times=1)
    shop.start(service)
    assert "reseller_change_refused" in shop.error(service)
    assert shop.tasks(service) == []
    shop.there.call("sandbox.fault", kind="error", type="pricelist_min_order", forfunc="vds.delete", times=1)
    shop.start(service)
    assert "reseller_close_too_early" in shop.error(service)
    request = shop.request(service)
    assert (request["next_try"] - request["updated"]).days == 1
    shop.start(service)
    closed(shop, service, number)


def test_a_deletion_that_is_refused_because_it_is_done_is_done(shop, service):
    number = remote(shop, service)
    shop.there.call("sandbox.fault", kind="hold_before", forfunc="vds.delete", times=1)
    shop.act("close", service)
    until(lambda: is_held(shop), "nothing is held")
    gone(shop, number)
    shop.there.call("sandbox.release")
    closed(shop, service, number)


def test_the_sellers_own_renewal_is_switched_off_before_a_deletion_that_may_take_long(shop, service, switch):
    switch(shop.there, "delete_does", "nothing")
    number = remote(shop, service)
    shop.there.call("sandbox.item", item=number, autoprolong=1)
    closing(shop, service, "is not done yet")
    assert shop.there.value("SELECT autoprolong FROM item WHERE id = %s", number) is None


def test_what_the_client_wants_now_overtakes_what_still_waits(shop, service, switch):
    switch(shop.there, "delete_does", "nothing")
    switch(shop.there, "provision", "manual")
    shop.act("suspend", service)
    shop.rest(service)
    first = shop.operation(service)["id"]
    shop.here.call("sandbox.item", item=service, status=2)
    shop.act("close", service)
    until(lambda: shop.here.value("SELECT COUNT(*) FROM runningoperation WHERE id = %s", first) == 0, "it still waits")
    live = "SELECT DISTINCT kind FROM reseller_request WHERE item = %s AND live = 1"
    until(lambda: shop.here.rows(live, service) == [{"kind": "close"}], "not the close alone is left")


def test_closed_before_it_was_bought_nothing_is_bought(shop):
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    item = shop.order(VDS)
    shop.rest(item)
    shop.here.call("sandbox.item", item=item, status=2)
    shop.act("close", item)
    shop.until_done(item)
    assert shop.item(item)["status"] == 4
    shop.there.call("sandbox.balance", user=shop.buyer, value=1000)
    for _ in range(3):
        shop.checkevent()
    assert shop.charges(item) == []


def test_closed_before_anything_was_tried_it_is_simply_closed(shop):
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order(VDS)
    shop.here.call("runningoperation.delete", elid=shop.operation(item)["id"], sok="ok")
    shop.here.call("sandbox.item", item=item, status=2)
    shop.act("close", item)
    shop.here.call("sandbox.queue", action="resume")
    until(lambda: shop.item(item)["status"] == 4, shop.error(item))
    assert shop.charges(item) == []


def test_what_else_was_wanted_of_it_ends_with_it(shop, service, switch):
    switch(shop.there, "delete_does", "nothing")
    number = remote(shop, service)
    closing(shop, service, "is not done yet")
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    shop.here.call("sandbox.item", item=service, status=2)
    shop.act("prolong", service)
    until(lambda: shop.request(service)["state"] == "money", "it is not refused for lack of money")
    assert operations(shop, service) == {"close", "prolong"}
    gone(shop, number)
    closed(shop, service, number)


def operations(shop, item):
    return {row["intname"] for row in shop.here.rows("SELECT intname FROM runningoperation WHERE item = %s", item)}


def test_closed_while_the_seller_still_opens_it_waits_and_is_deleted_then(shop, switch):
    switch(shop.there, "provision", "manual")
    item, before = shop.order(VDS), deletions(shop)
    shop.rest(item)
    number = remote(shop, item)
    shop.here.call("sandbox.item", item=item, status=2)
    shop.act("close", item)
    until(lambda: shop.request(item)["state"] == "waiting", "the close does not wait")
    shop.checkevent()
    assert operations(shop, item) == {"open", "close"}
    assert deletions(shop) == before
    shop.there.call("sandbox.provision", item=number)
    shop.there.call("sandbox.switch", name="provision", value="auto")
    closed(shop, item, number)
    assert len(shop.charges(item)) == 1


def test_closed_while_its_order_is_in_doubt_it_is_found_first_and_deleted_then(shop, switch):
    switch(shop.there, "new_row_hidden_lists", "3")
    shop.there.call("sandbox.fault", kind="reply_lost", forfunc="*.order.param", times=1)
    item = shop.order(VDS)
    shop.rest(item)
    assert "reseller_looking" in shop.error(item)
    shop.here.call("sandbox.item", item=item, status=2)
    shop.act("close", item)
    until(lambda: shop.request(item)["error_type"] == "reseller_order_in_doubt", "the close does not wait")
    closed(shop, item, shop.remotes(item)[0]["id"])
    assert len(shop.charges(item)) == 1

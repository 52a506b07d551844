"""reopen and sync_item: a closed service comes back; one service is looked at now."""

from tests.support.keeping import fault, password_there, pressed, queue, remote, there
from tests.support.world import until


def reopened(shop, item):
    shop.here.call("sandbox.operation", item=item, name="reopen")
    shop.rest(item)


def closed(shop, item):
    shop.act("close", item)
    shop.until_done(item)
    assert shop.item(item)["status"] == 4


def test_a_service_whose_deletion_did_not_get_through_comes_back(shop, vds, switch):
    switch(shop.there, "delete_does", "nothing")
    number, charged = remote(shop, vds), len(shop.charges(vds))
    shop.act("close", vds)
    shop.rest(vds)
    close = shop.operation(vds)["id"]
    shop.there.call("sandbox.item", item=number, status=3)
    shop.here.call("sandbox.operation", item=vds, name="reopen")
    until(lambda: (shop.checkevent(), shop.item(vds)["status"] == 2)[1], f"it does not come back: {shop.error(vds)}")
    assert shop.here.value("SELECT COUNT(*) FROM runningoperation WHERE id = %s", close) == 0
    assert (remote(shop, vds), there(shop, vds)["status"]) == (number, 2)
    # The seller may still delete it: that is watched, and a person was told.
    assert (
        shop.here.value("SELECT error_type FROM reseller_request WHERE operation = %s", close) == "reseller_overtaken"
    )
    assert len(shop.charges(vds)) == charged


def test_a_service_that_the_seller_brought_back_is_the_one_it_was(shop, vds):
    number, charged = remote(shop, vds), len(shop.charges(vds))
    closed(shop, vds)
    shop.there.call("sandbox.item", item=number, status=2)
    shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=1000)
    reopened(shop, vds)
    assert "reseller_change_unsent" in shop.error(vds)
    shop.there.call("sandbox.fault.clear")
    shop.until_done(vds)
    assert shop.item(vds)["status"] == 2
    assert remote(shop, vds) == number
    assert len(shop.charges(vds)) == charged


def test_a_service_that_is_deleted_is_bought_once_more(shop, vds):
    number, charged = remote(shop, vds), len(shop.charges(vds))
    closed(shop, vds)
    fault(shop, "reply_lost", "v2.vds.order.param")
    reopened(shop, vds)
    shop.until_active(vds)
    assert shop.operation(vds) is None
    assert shop.tasks(vds) == []
    assert remote(shop, vds) != number
    assert shop.params(vds)["reseller_remote"] == remote(shop, vds)
    assert shop.params(vds)["ip"] == shop.there.call("vds.edit", elid=remote(shop, vds)).findtext("ip")
    assert shop.here.call("vds.edit", elid=vds).findtext("password") == password_there(shop, vds)
    assert len(shop.charges(vds)) == charged + 1


def test_what_vanishes_while_it_comes_back_is_bought_once_more(shop, vds, switch):
    switch(shop.there, "delete_does", "nothing")
    number = remote(shop, vds)
    shop.act("close", vds)
    shop.rest(vds)
    close = shop.operation(vds)["id"]
    shop.there.call("sandbox.item", item=number, status=3)
    shop.there.call("sandbox.queue", action="pause")
    shop.here.call("sandbox.operation", item=vds, name="reopen")
    until(lambda: "has taken the reopen" in shop.error(vds), "it does not wait")
    # The deletion overtakes there what was to bring it back.
    shop.there.write("DELETE FROM runningoperation WHERE item = %s", number)
    shop.there.call("sandbox.item", item=number, status=4)
    shop.there.call("sandbox.queue", action="resume")
    shop.until_active(vds)
    assert remote(shop, vds) != number
    # That deletion is nothing to the service that was bought instead: it neither holds it back nor is it watched.
    until(lambda: (shop.checkevent(), state_of(shop, close) == "abandoned")[1], "the old deletion is still watched")
    assert (shop.tasks(vds), shop.item(vds)["status"]) == ([], 2)


def state_of(shop, operation):
    return shop.here.value("SELECT state FROM reseller_request WHERE operation = %s AND kind = 'close'", operation)


def test_without_money_a_service_does_not_come_back_and_does_when_there_is(shop, vds):
    charged = len(shop.charges(vds))
    closed(shop, vds)
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    reopened(shop, vds)
    assert "reseller_money" in shop.error(vds)
    shop.there.call("sandbox.balance", user=shop.buyer, value=1000)
    shop.until_active(vds)
    assert len(shop.charges(vds)) == charged + 1


# One service, looked at now.


def looked_at(shop, item):
    """What sync_item answers."""
    return shop.here.call("sandbox.module", item=item, command="sync_item")


def test_one_service_is_looked_at_and_its_facts_are_saved(shop, vds):
    shop.there.call("sandbox.item", item=remote(shop, vds), param_ip="198.18.9.9", expiredate="2031-01-02")
    answer = looked_at(shop, vds)
    assert answer.find("ok") is not None
    assert (answer.findtext("remote"), answer.findtext("status")) == (remote(shop, vds), "2")
    assert answer.findtext("expiredate") == shop.params(vds)["reseller_expiredate"] == "2031-01-02"
    assert shop.params(vds)["ip"] == "198.18.9.9"
    queue(shop, vds, "sync_item")
    assert shop.operation(vds) is None
    assert shop.item(vds)["status"] == 2


def test_looking_at_one_service_brings_on_what_waits_for_it(shop, vds, switch):
    switch(shop.there, "provision", "manual")
    pressed(shop, vds, "stop")
    assert looked_at(shop, vds).findtext("status") == "5"
    shop.there.call("sandbox.provision", item=remote(shop, vds))
    looked_at(shop, vds)
    assert shop.operation(vds) is None
    item = shop.order("vds")
    shop.rest(item)
    looked_at(shop, item)
    assert shop.item(item)["status"] == 5
    shop.there.call("sandbox.provision", item=remote(shop, item))
    looked_at(shop, item)
    assert shop.item(item)["status"] == 2


def test_an_order_in_doubt_is_found_by_looking_at_its_service(shop):
    shop.there.call("sandbox.fault", kind="reply_lost", forfunc="v2.vds.order.param", times=1)
    shop.there.call("sandbox.fault", kind="html", forfunc="vds", skip=1, times=1)
    item = shop.order("vds")
    shop.rest(item)
    assert shop.links(item) == []
    looked_at(shop, item)
    assert len(shop.links(item)) == 1


def test_what_looking_at_one_service_finds_amiss_is_said(shop, vds):
    fault(shop, "html", "vds.edit")
    queue(shop, vds, "sync_item")
    assert "reseller_bad_answer" in shop.error(vds)
    shop.there.call("sandbox.item", item=remote(shop, vds), status=4)
    shop.start(vds)
    assert "reseller_gone" in shop.error(vds)
    shop.here.write("UPDATE reseller_link SET live = NULL, state = 'ended' WHERE item = %s", vds)
    shop.start(vds)
    assert "reseller_not_linked" in shop.error(vds)

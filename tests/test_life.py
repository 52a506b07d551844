"""After the order: suspend, resume, renew, close; each as an operator sees it end, wait, be refused, or be silent."""

import datetime as dt

import pytest

from tests import world
from tests.world import until

VDS = "vds"


@pytest.fixture
def service(shop):
    """An active service."""
    item = shop.order(VDS)
    shop.until_active(item)
    return item


def remote(shop, item):
    return shop.links(item)[0]["remote"]


def there(shop, item):
    return shop.there.rows("SELECT * FROM item WHERE id = %s", remote(shop, item))[0]


def suspended(shop, service):
    shop.act("suspend", service)
    shop.until_done(service)
    assert shop.item(service)["status"] == 3


def sent(shop, func):
    """How often the seller was asked to do this."""
    return (shop.there.base / "var/billmgr.log").read_text().count(f"func={func}'")


def test_suspend_and_resume_go_to_the_seller_and_end(shop, service):
    suspended(shop, service)
    assert there(shop, service)["status"] == 3
    shop.act("resume", service)
    shop.until_done(service)
    assert shop.item(service)["status"] == there(shop, service)["status"] == 2
    assert shop.tasks(service) == []


def test_while_the_seller_is_at_it_operation_and_task_wait(shop, service, switch):
    switch(shop.there, "provision", "manual")
    shop.act("suspend", service)
    shop.rest(service)
    assert "is not done yet" in shop.error(service)
    assert len(shop.tasks(service)) == 1
    assert "looking" in shop.checkevent()
    shop.there.call("sandbox.provision", item=remote(shop, service))
    shop.until_done(service)
    assert shop.item(service)["status"] == 3
    assert shop.tasks(service) == []


def test_what_is_so_already_is_not_sent(shop, service):
    shop.there.call("sandbox.item", item=remote(shop, service), status=3)
    before = sent(shop, "vds.suspend")
    suspended(shop, service)
    assert sent(shop, "vds.suspend") == before


@pytest.mark.parametrize("kind", ["reply_lost", "reset_after", "cut", "html_after"])
@pytest.mark.parametrize("act", ["suspend", "close"])
def test_a_lost_answer_to_a_change_is_read_back(shop, service, act, kind):
    number = remote(shop, service)
    shop.there.call("sandbox.fault", kind=kind, forfunc=f"vds.{'delete' if act == 'close' else act}", times=1)
    shop.act(act, service)
    shop.until_done(service)
    assert shop.there.value("SELECT status FROM item WHERE id = %s", number) == (4 if act == "close" else 3)


@pytest.mark.parametrize("by", ["employeesuspend", "abusesuspend"])
def test_a_suspension_by_the_sellers_staff_is_not_undone(shop, service, by):
    suspended(shop, service)
    shop.there.call("sandbox.item", item=remote(shop, service), **{by: "on"})
    shop.act("resume", service)
    shop.rest(service)
    assert "reseller_staff_suspended" in shop.error(service)
    assert by in shop.error(service)
    assert there(shop, service)["status"] == 3
    assert shop.tasks(service) == []
    shop.there.call("sandbox.item", item=remote(shop, service), **{by: "off"})
    shop.start(service)
    shop.until_done(service)
    assert shop.item(service)["status"] == there(shop, service)["status"] == 2


def test_a_forbidden_suspension_says_so_and_goes_on_after_start(shop, service, switch):
    switch(shop.there, "client_suspend", "denied")
    shop.act("suspend", service)
    shop.rest(service)
    assert "reseller_access" in shop.error(service)
    assert shop.tasks(service) == []
    shop.there.call("sandbox.switch", name="client_suspend", value="allowed")
    shop.start(service)
    shop.until_done(service)
    assert shop.item(service)["status"] == 3


def test_a_change_is_sent_when_the_seller_is_back(shop, service):
    shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=1000)
    shop.act("suspend", service)
    shop.rest(service)
    assert "reseller_change_unsent" in shop.error(service)
    shop.there.call("sandbox.fault.clear")
    shop.until_done(service)
    assert shop.item(service)["status"] == 3


def test_close_deletes_there_and_ends_the_link(shop, service):
    number = remote(shop, service)
    shop.act("close", service)
    shop.until_done(service)
    assert shop.item(service)["status"] == 4
    assert shop.there.value("SELECT status FROM item WHERE id = %s", number) == 4
    assert shop.links(service) == []


def test_a_deletion_that_deletes_nothing_waits_and_then_asks_for_a_person(shop, service, switch):
    world.limits(shop.here, change_seconds=2)
    switch(shop.there, "delete_does", "nothing")
    number = remote(shop, service)
    shop.act("close", service)
    shop.rest(service)
    assert "is not done yet" in shop.error(service)
    tasks = len(shop.tasks(service))
    until(lambda: (shop.checkevent(), "reseller_change_overdue" in shop.error(service))[1], "it waits for ever", 15)
    shop.checkevent()
    assert len(shop.tasks(service)) == tasks == 1
    shop.there.call("sandbox.item", item=number, status=4)
    until(lambda: (shop.checkevent(), shop.item(service)["status"] == 4)[1], "the deletion is not noticed")
    assert shop.operation(service) is None
    assert shop.tasks(service) == []


def test_what_the_client_wants_now_overtakes_what_still_waits(shop, service, switch):
    switch(shop.there, "delete_does", "nothing")
    switch(shop.there, "provision", "manual")
    shop.act("suspend", service)
    shop.rest(service)
    first = shop.operation(service)["id"]
    shop.here.call("sandbox.item", item=service, status=2)
    shop.act("close", service)
    until(lambda: shop.here.value("SELECT COUNT(*) FROM runningoperation WHERE id = %s", first) == 0, "it still waits")
    assert {
        row["kind"] for row in shop.here.rows("SELECT kind FROM reseller_request WHERE item = %s AND live = 1", service)
    } == {"close"}


def test_a_forbidden_deletion_keeps_the_link(shop, service, switch):
    switch(shop.there, "delete_does", "denied")
    shop.act("close", service)
    shop.rest(service)
    assert "reseller_access" in shop.error(service)
    assert len(shop.links(service)) == 1
    assert there(shop, service)["status"] == 2


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


def test_a_renewal_moves_the_date_once_and_ends_at_once(shop, service):
    before = there(shop, service)["expiredate"]
    charged = len(shop.charges(service))
    shop.act("prolong", service)
    shop.rest(service)
    assert shop.operation(service) is None, shop.error(service)
    assert there(shop, service)["expiredate"] >= before + dt.timedelta(days=28)
    assert len(shop.charges(service)) == charged + 1


@pytest.mark.parametrize("kind", ["reply_lost", "reset_after", "cut", "truncated", "html_after"])
def test_a_renewal_whose_answer_is_lost_is_never_repeated(shop, service, kind):
    charged = len(shop.charges(service))
    shop.there.call("sandbox.fault", kind=kind, forfunc="service.prolong", times=1, skip=1)
    shop.act("prolong", service)
    shop.until_done(service)
    assert len(shop.charges(service)) == charged + 1


def test_a_renewal_that_never_arrived_becomes_a_task_and_reorder_sends_it_once(shop, service):
    charged = len(shop.charges(service))
    shop.there.call("sandbox.fault", kind="reset", forfunc="service.prolong", times=1, skip=1)
    shop.act("prolong", service)
    shop.rest(service)
    assert "reseller_renewal_looking" in shop.error(service)
    shop.until_unconfirmed(service)
    for _ in range(3):
        shop.start(service)
    assert len(shop.charges(service)) == charged
    assert len(shop.tasks(service)) == 1
    assert shop.ctl("reorder", str(service), "--yes").returncode == 0
    shop.until_done(service)
    assert len(shop.charges(service)) == charged + 1


def test_a_renewal_without_money_waits_for_it(shop, service):
    charged = len(shop.charges(service))
    shop.there.call("sandbox.balance", user=shop.buyer, value=1)
    shop.act("prolong", service)
    shop.rest(service)
    assert "reseller_money" in shop.error(service)
    assert shop.tasks(service) == []
    shop.there.call("sandbox.balance", user=shop.buyer, value=100)
    shop.until_done(service)
    assert len(shop.charges(service)) == charged + 1


def test_a_renewal_that_takes_its_time_is_waited_for(shop, service, switch):
    switch(shop.there, "prolong_runs", "operation")
    switch(shop.there, "provision", "manual")
    charged = len(shop.charges(service))
    shop.act("prolong", service)
    shop.rest(service)
    assert "is not done yet" in shop.error(service)
    shop.there.call("sandbox.provision", item=remote(shop, service))
    shop.until_done(service)
    assert len(shop.charges(service)) == charged + 1


def test_a_service_that_is_gone_there_is_said(shop, service):
    shop.there.call("sandbox.item", item=remote(shop, service), status=4)
    for act in ("suspend", "prolong"):
        shop.act(act, service)
        shop.rest(service)
        assert "reseller_gone" in shop.error(service)
        shop.here.call("runningoperation.delete", elid=shop.operation(service)["id"], sok="ok")
        shop.here.call("sandbox.item", item=service, status=2)

"""After the order: suspend, resume, renew, close; each as an operator sees it end, wait, be refused, or be silent."""

import datetime as dt

import pytest

from tests.support import world
from tests.support.keeping import remote, sent
from tests.support.world import until

VDS = "vds"


@pytest.fixture
def service(shop):
    """An active service."""
    item = shop.order(VDS)
    shop.until_active(item)
    return item


def there(shop, item):
    return shop.there.rows("SELECT * FROM item WHERE id = %s", remote(shop, item))[0]


def suspended(shop, service):
    shop.act("suspend", service)
    shop.until_done(service)
    assert shop.item(service)["status"] == 3


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


@pytest.mark.parametrize(("by", "form"), [("employeesuspend", "flat"), ("abusesuspend", "children")])
def test_a_suspension_by_the_sellers_staff_is_not_undone(shop, service, switch, by, form):
    switch(shop.there, "item_status_form", form)
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


def test_a_suspension_for_want_of_a_renewal_is_undone_once_it_is_renewed(shop, service):
    """The seller's own nightly stop is not one of its staff's."""
    number = remote(shop, service)
    date = there(shop, service)["expiredate"].isoformat()
    shop.there.call("sandbox.item", item=number, status=3, autosuspend="on", expiredate="2020-01-01")
    shop.here.call("sandbox.item", item=service, status=3)
    shop.act("resume", service)
    shop.until_done(service)
    assert shop.item(service)["status"] == there(shop, service)["status"] == 2
    # A date gone back would be a failure of every run after it.
    shop.there.call("sandbox.item", item=number, expiredate=date)


def test_a_change_waits_for_what_the_seller_is_at_and_is_sent_then(shop, service):
    number, before = remote(shop, service), sent(shop, "vds.suspend")
    shop.there.call("sandbox.item", item=number, status=5)
    shop.act("suspend", service)
    shop.rest(service)
    shop.checkevent()
    assert "is at something else" in shop.error(service)
    assert len(shop.tasks(service)) == 1
    assert sent(shop, "vds.suspend") == before
    shop.there.call("sandbox.item", item=number, status=2)
    shop.until_done(service)
    assert shop.item(service)["status"] == there(shop, service)["status"] == 3
    assert shop.tasks(service) == []


def test_what_the_seller_is_at_for_too_long_becomes_a_task_once(shop, service):
    world.limits(shop.here, change_seconds=1)
    shop.there.call("sandbox.item", item=remote(shop, service), status=5)
    shop.act("suspend", service)
    until(lambda: (shop.checkevent(), "reseller_change_blocked" in shop.error(service))[1], "it waits for ever")
    assert "failed" not in shop.checkevent()
    assert ["Ask the seller to finish" in task["params"] for task in shop.tasks(service)] == [True]


def test_a_change_whose_every_answer_is_lost_is_given_to_a_person_once(shop, service):
    before = sent(shop, "vds.suspend")
    shop.there.call("sandbox.fault", kind="html", forfunc="vds.suspend", times=100)
    shop.act("suspend", service)
    shop.rest(service)
    assert "reseller_change_looking" in shop.error(service)
    until(lambda: (shop.checkevent(), "reseller_change_lost" in shop.error(service))[1], "it is sent for ever")
    shop.checkevent()
    assert len(shop.tasks(service)) == 1
    assert sent(shop, "vds.suspend") <= before + 3
    shop.there.call("sandbox.fault.clear")
    shop.start(service)
    shop.until_done(service)
    assert shop.item(service)["status"] == 3


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


def test_a_renewal_that_was_taken_is_waited_for_when_it_cannot_be_read_back(shop, service, switch):
    switch(shop.there, "prolong_runs", "operation")
    switch(shop.there, "provision", "manual")
    charged = len(shop.charges(service))
    shop.there.call("sandbox.fault", kind="reset", forfunc="vds.edit", times=1, skip=1)
    shop.act("prolong", service)
    shop.rest(service)
    shop.checkevent()
    assert shop.request(service)["state"] in ("waiting", "unconfirmed")
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

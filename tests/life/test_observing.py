"""A module that observes sends nothing that changes anything; what waits is shown with its cost, and then goes on."""

import json

import pytest

from reseller.ledger import observing
from reseller.wire.errors import Observing
from tests.support import world
from tests.support.keeping import changed, changing, press, queue, remote
from tests.support.world import Refused, until


@pytest.fixture
def observer(shop):
    """The module observes since a moment ago; it acts again after the test."""
    done = shop.ctl("observe", str(shop.module), "--on", "--why", "we look first")
    assert done.returncode == 0, done.stderr.decode()
    yield shop
    shop.ctl("observe", str(shop.module), "--off", "--yes")
    shop.checkevent()
    assert problems(shop) == []


def problems(shop):
    return shop.here.rows("SELECT * FROM reseller_problem WHERE kind = 'observing'")


def act(shop, *words):
    done = shop.ctl("observe", str(shop.module), "--off", *words)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def parked(shop, item):
    until(lambda: "reseller_observing_unsent" in shop.error(item), "its operation does not say why it waits")


def test_what_waits_is_one_problem_and_goes_on_with_its_cost_shown(observer):
    shop = observer
    before = changed(shop)
    items = [shop.order("vds"), shop.order("vds")]
    for item in items:
        parked(shop, item)
    assert "we look first" in shop.ctl("checkevent").stdout.decode() or problems(shop)
    shop.checkevent()
    [problem] = problems(shop)
    assert sorted(map(int, problem["touches"].split())) == sorted(items)
    assert problem["task"]
    assert changed(shop) == before
    assert shop.status()["observes"]
    assert "only observes" in shop.ctl("audit").stdout.decode()
    told = act(shop)
    assert [told.index(str(item)) for item in items] == sorted(told.index(str(item)) for item in items)
    assert "EUR" in told
    assert "Nothing was changed" in told
    assert changed(shop) == before
    assert "The next" not in act(shop, "--yes")
    for item in items:
        shop.until_active(item)
        assert len(shop.charges(item)) == 1
    # In this order they are started; the panel then runs them side by side.
    log = (shop.here.base / "var/reseller.log").read_text()
    first, second = (log.index(f"item {item}: started operation") for item in items)
    assert first < second


def test_every_call_that_changes_something_is_withheld(inside, server, observer):
    transport, number = inside.context.seller(observer.module).transport, remote(observer, server)
    before = changed(observer)
    for call in changing(transport, number):
        with pytest.raises(Observing):
            call()
    assert changed(observer) == before


def test_every_command_says_so_on_its_operation(inside, server, observer):
    shop = observer
    before = changed(shop)
    for verb in ("reboot", "stop", "start"):
        press(shop, server, verb)
        parked(shop, server)
        inside.over(server)
    for name in ("suspend", "prolong", "close"):
        inside.paid(server, 3)
        queue(shop, server, name)
        assert "reseller_observing_unsent" in shop.error(server), name
        inside.over(server)
    assert changed(shop) == before


def test_a_new_connection_observes_until_a_person_lets_it_act(shop):
    account = shop.there.accounts["buyer"]["password"]
    module = world.connect(shop.here, shop.there, "buyer", account, acts="")
    try:
        said = shop.ctl("observe", str(module))
        assert "only observes" in said.stdout.decode()
        assert json.loads(shop.ctl("observe", str(module), "--json").stdout)["observes"] is True
        assert json.loads(shop.ctl("observe", str(shop.module), "--json").stdout)["observes"] is False
        done = json.loads(shop.ctl("observe", str(module), "--off", "--yes", "--json").stdout)
        assert (done["observes"], done["done"]) == (False, True)
    finally:
        shop.here.write("DELETE FROM processingmodule WHERE id = %s", module)


def test_a_module_that_has_linked_a_service_acts_whatever_its_box_says(shop, inside):
    assert observing.of(inside.db, shop.module, acts=False) is None


def test_a_module_that_is_not_ours_is_refused_in_words(shop):
    done = shop.ctl("observe", "1")
    assert done.returncode == 1
    assert "1" in done.stderr.decode()


def test_a_restored_database_puts_every_module_into_it(shop, inside):
    item = shop.order("vds")
    shop.until_active(item)
    shop.checkevent()
    mark = shop.here.base / observing.MARK
    newest = int(mark.read_text())
    assert newest == shop.here.value("SELECT MAX(id) FROM reseller_request")
    # As after a restore: the table knows nothing of what was sent last.
    mark.write_text(f"{newest + 3}\n")
    before = changed(shop)
    second = shop.order("vds")
    parked(shop, second)
    assert changed(shop) == before
    assert "restored" in shop.status()["observes"]
    assert "restored" in shop.ctl("observe", str(shop.module)).stdout.decode()
    act(shop, "--yes")
    assert shop.here.rows("SELECT * FROM reseller_observing") == []
    shop.until_active(second)
    assert len(shop.charges(second)) == 1


def test_the_form_begins_nothing_that_it_does_not_show(shop, inside):
    module = shop.module
    form = {"url": shop.there.url, "username": "buyer", "cafile": shop.there.ca, "acts": "on", "sok": "ok"}
    secret = {"password": shop.there.accounts["buyer"]["password"]}
    shop.checkevent()
    shop.ctl("observe", str(module), "--on")
    shop.here.call("processing.saveparam", elid=module, param="acts", value="off", sok="ok")
    item = shop.order("vds")
    parked(shop, item)
    try:
        with pytest.raises(Refused) as refused:
            shop.here.call("processing.edit", secrets=secret, elid=module, **form)
        assert refused.value.type == "reseller_observing_form"
    finally:
        act(shop, "--yes")
    assert shop.here.value("SELECT value FROM processingparam WHERE processingmodule = %s AND intname = 'acts'", module)
    shop.until_active(item)


@pytest.mark.parametrize("reason", ["seller away", "no money"])
def test_what_waited_for_another_reason_says_that_the_module_observes_once_that_is_gone(shop, reason):
    if reason == "seller away":
        shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=1000)
    else:
        shop.there.call("sandbox.balance", user=shop.buyer, value=1)
    item = shop.order("vds")
    until(lambda: shop.error(item), "it is sent")
    assert "reseller_observing_unsent" not in shop.error(item)
    shop.ctl("observe", str(shop.module), "--on")
    try:
        shop.there.call("sandbox.fault.clear")
        shop.there.call("sandbox.balance", user=shop.buyer, value=1000)
        shop.here.write("DELETE FROM reseller_circuit")
        shop.here.write("UPDATE reseller_request SET next_try = '2020-01-01' WHERE item = %s", item)
        until(lambda: (shop.checkevent(), "reseller_observing_unsent" in shop.error(item))[1], "it says nothing of it")
        shop.checkevent()
        [problem] = problems(shop)
        assert (problem["touches"].split(), shop.charges(item)) == ([str(item)], [])
    finally:
        act(shop, "--yes")
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_a_restored_database_is_told_at_once_and_noticed_until_a_person_has_looked(shop):
    item = shop.order("vds")
    shop.until_active(item)
    mark = shop.here.base / observing.MARK
    newest = int(mark.read_text())
    mark.write_text(f"{newest + 3}\n")
    for _ in range(2):
        shop.checkevent()
        [problem] = problems(shop)
        assert problem["task"]
        assert "restored" in json.dumps(shop.here.rows("SELECT params FROM task WHERE id = %s", problem["task"]))
        assert int(mark.read_text()) == newest + 3
    act(shop, "--yes")
    assert int(mark.read_text()) == newest
    shop.checkevent()
    assert problems(shop) == []


def test_a_module_that_was_put_back_while_its_order_was_bought_still_makes_the_service_active(shop, switch):
    switch(shop.there, "provision", "manual")
    item = shop.order("vds")
    until(lambda: shop.links(item), "it is not bought")
    shop.there.write("UPDATE item SET autoprolong = 1 WHERE id = %s", remote(shop, item))
    shop.ctl("observe", str(shop.module), "--on")
    try:
        shop.there.call("sandbox.provision", item=remote(shop, item))
        shop.until_active(item)
    finally:
        act(shop, "--yes")
    shop.until_done(item)
    assert len(shop.charges(item)) == 1


def test_what_was_parked_at_the_very_moment_is_woken_by_the_next_run(shop, inside):
    shop.ctl("observe", str(shop.module), "--on")
    item = shop.order("vds")
    parked(shop, item)
    # As a process leaves it that had read before the module was let act, and writes after.
    act(shop, "--yes")
    shop.here.write("UPDATE reseller_request SET next_try = '2040-01-01' WHERE item = %s", item)
    shop.until_active(item)
    assert len(shop.charges(item)) == 1

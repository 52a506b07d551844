"""Whose a remote service is: the link decides whom we talk to, and the key whether we do (promise 9)."""

import contextlib

import pytest

from tests.support import keeping, world
from tests.support.keeping import queue
from tests.support.world import until

VDS = "vds"
FOREIGN = "reseller_foreign_key"
#: a key of somebody else, who was given the remote service by the seller's staff
OTHERS = "900001-0badcafe"


def there(shop, number):
    return shop.there.rows("SELECT * FROM item WHERE id = %s", number)[0]


def give(shop, number, key):
    """The seller's staff write a key on a remote service."""
    shop.there.write("UPDATE item SET remoteid = %s WHERE id = %s", key or None, number)


def sent(shop, number):
    """Every change of a remote service that was made over the wire, by the seller's journal."""
    rows = shop.there.call("sandbox.journal", item=number).iterfind("elem")
    return [elem.findtext("func") for elem in rows if not elem.findtext("func").startswith("sandbox.")]


def problem(shop, item):
    return shop.here.rows("SELECT * FROM reseller_problem WHERE number = %s AND kind = 'foreign_key'", item)


@contextlib.contextmanager
def given_away(shop, item):
    """The remote service carries somebody else's key; its number."""
    [link] = shop.links(item)
    give(shop, link["remote"], OTHERS)
    try:
        yield link["remote"]
    finally:
        give(shop, link["remote"], link["rkey"])


ACTS = {
    "suspend": lambda shop, item: shop.act("suspend", item),
    "close": lambda shop, item: shop.act("close", item),
    "prolong": lambda shop, item: shop.act("prolong", item),
    "start": lambda shop, item: keeping.press(shop, item, "start"),
    "reboot": lambda shop, item: keeping.press(shop, item, "reboot"),
    "changepassword": lambda shop, item: shop.here.call(
        "service.changepassword",
        elid=item,
        su="client1",
        sok="ok",
        secrets={"passwd": "n3w-Passw0rd", "confirm": "n3w-Passw0rd"},
    ),
    "cancel_prolong": lambda shop, item: queue(shop, item, "cancel_prolong"),
    "setparam": lambda shop, item: shop.here.call(
        "service.changepricelist", elid=item, pricelist=shop.tariffs["VDS-2"], su="client1", sok="ok"
    ),
}


@pytest.fixture
def service(shop):
    """A server of this test's own."""
    item = shop.order(VDS)
    shop.until_active(item)
    return item


@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_sent_to_a_service_that_carries_anothers_key(shop, service, act):
    with given_away(shop, service) as number:
        before, row = sent(shop, number), there(shop, number)
        ACTS[act](shop, service)
        shop.rest(service)
        assert FOREIGN in shop.error(service)
        assert (sent(shop, number), there(shop, number)) == (before, row)
        [told] = problem(shop, service)
        [task] = [task for task in shop.tasks(service) if task["id"] == told["task"]]
        assert OTHERS in task["params"]
        shop.checkevent()
        if act == "suspend":
            shop.start(service)
        assert (sent(shop, number), there(shop, number)) == (before, row)
        assert len(problem(shop, service)) == 1
    shop.start(service)
    assert problem(shop, service) == []
    assert FOREIGN not in shop.error(service)
    assert sent(shop, number) != before or act in ("setparam", "cancel_prolong")


def test_it_is_tried_again_by_itself_once_the_key_is_right(shop, service):
    world.limits(shop.here, unsent_longest_seconds=1)
    with given_away(shop, service) as number:
        shop.act("prolong", service)
        shop.rest(service)
        assert FOREIGN in shop.error(service)
        paid = len(shop.charges(service))
    shop.until_done(service)
    assert there(shop, number)["status"] == 2
    assert len(shop.charges(service)) == paid + 1
    assert problem(shop, service) == []


def test_nothing_of_it_is_saved_here(shop, service):
    password = keeping.password_there(shop, service)
    with given_away(shop, service) as number:
        shop.there.call("sandbox.item", item=number, status=3, param_ip="198.51.100.99", employeesuspend="on")
        until(lambda: (shop.checkevent(), problem(shop, service))[1], "nobody is told")
        assert shop.item(service)["status"] == 2
        assert shop.params(service).get("ip") != "198.51.100.99"
        done = shop.here.run("processing/pmreseller", "--command", "sync_item", "--item", str(service))
        assert FOREIGN.encode() in done.stdout
        assert shop.params(service).get("ip") != "198.51.100.99"
        assert len(problem(shop, service)) == 1
        shop.checkevent()
        assert len(problem(shop, service)) == 1
        shop.there.call("sandbox.item", item=number, status=2, employeesuspend="off")
    assert keeping.password_there(shop, service) == password
    until(lambda: (shop.checkevent(), not problem(shop, service))[1], "the problem does not end")


@pytest.mark.parametrize("key", ["plain", "none"])
def test_its_plain_number_or_no_key_at_all_is_ours(shop, service, key):
    [link] = shop.links(service)
    give(shop, link["remote"], {"plain": str(service), "none": ""}[key])
    shop.act("suspend", service)
    shop.until_done(service)
    assert there(shop, link["remote"])["status"] == 3
    assert problem(shop, service) == []


def test_what_has_become_active_under_anothers_key_is_not_opened_here(shop, switch):
    switch(shop.there, "provision", "manual")
    item = shop.order(VDS)
    shop.rest(item)
    with given_away(shop, item) as number:
        shop.there.call("sandbox.provision", item=number)
        until(lambda: (shop.checkevent(), problem(shop, item))[1], "nobody is told")
        assert shop.item(item)["status"] == 5
        assert "opened" not in shop.error(item)
    shop.until_active(item)
    assert problem(shop, item) == []


def test_a_new_key_is_not_asked_for_on_anothers_licence(shop, soft):
    with given_away(shop, soft) as number:
        before = there(shop, number)
        queue(shop, soft, "gen_key")
        assert FOREIGN in shop.error(soft)
        assert there(shop, number) == before
    shop.start(soft)
    shop.until_done(soft)


def test_the_number_of_an_orders_answer_is_only_a_hint(shop, service, switch):
    switch(shop.there, "order_answer_id", "other")
    item = shop.order(VDS)
    shop.until_active(item)
    [link] = shop.links(item)
    assert there(shop, link["remote"])["remoteid"] == link["rkey"]
    assert link["remote"] != shop.links(service)[0]["remote"]
    assert len(shop.charges(item)) == 1


@pytest.fixture
def second(shop):
    """Another module of ours, which buys with another account."""
    name = "second"
    if not shop.here.value("SELECT COUNT(*) FROM reseller_account WHERE username = %s", name):
        shop.there.call("sandbox.client", name=name, secrets={"password": "s3cret second"}, balance=100)
        world.connect(shop.here, shop.there, name, "s3cret second")
    return shop.here.value("SELECT MAX(id) FROM processingmodule WHERE name = %s", f"seller as {name}")


@pytest.mark.parametrize("act", ["suspend", "close", "prolong"])
def test_a_module_changed_by_hand_does_not_change_whom_we_talk_to(shop, service, second, act):
    [link] = shop.links(service)
    shop.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", second, service)
    shop.here.call("tool.clearcache")
    before = there(shop, link["remote"])
    ACTS[act](shop, service)
    shop.until_done(service)
    after = there(shop, link["remote"])
    assert after["status"] == {"suspend": 3, "close": 4, "prolong": 2}[act]
    assert (after["expiredate"] > before["expiredate"]) == (act == "prolong")
    assert shop.request(service)["account"] == link["account"]


def test_it_is_not_offered_as_unlinked_to_the_other_account(shop, service, second):
    shop.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", second, service)
    told = shop.ctl("link", "--discover", "--json").stdout.decode()
    assert f'"service": {service},' not in told


def test_settings_that_lead_to_another_account_are_met_with_nothing_sent(shop, service, second):
    [link] = shop.links(service)
    shop.here.write("UPDATE reseller_link SET module = %s WHERE id = %s", second, link["id"])
    before = there(shop, link["remote"])
    shop.act("close", service)
    shop.rest(service)
    assert "reseller_account_differs" in shop.error(service)
    assert there(shop, link["remote"]) == before
    shop.checkevent()
    rows = shop.here.rows("SELECT * FROM reseller_problem WHERE kind = 'account' AND number = %s", second)
    assert [row["subject"] for row in rows] == ["module"]
    shop.here.write("UPDATE reseller_link SET module = %s WHERE id = %s", shop.module, link["id"])
    shop.start(service)
    shop.until_done(service)
    shop.checkevent()
    assert there(shop, link["remote"])["status"] == 4
    assert not shop.here.value("SELECT COUNT(*) FROM reseller_problem WHERE kind = 'account'")


def test_the_swap_refuses_another_module_of_ours(shop, service, second):
    done = shop.ctl("swap", str(service), "--to", str(second), "--yes")
    assert done.returncode == 1
    assert b"account move" in done.stdout + done.stderr
    assert shop.item(service)["processingmodule"] == shop.module

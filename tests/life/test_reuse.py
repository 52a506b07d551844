"""Licences that are kept instead of deleted: closed without a deletion, taken by the next order without a charge."""

import pytest

from tests.support.keeping import kill_while_held, remote
from tests.support.world import until

SOFT = "soft"
IDLE = ("free.lic", "0.0.0.0", None)


@pytest.fixture
def keeping(shop):
    """The module keeps licences; whatever was kept before is forgotten."""
    shop.here.call("processing.edit", elid=shop.module, reuse="on", sok="ok")
    shop.here.write("DELETE FROM reseller_free")
    yield shop
    shop.here.call("processing.edit", elid=shop.module, reuse="off", sok="ok")


def licence(shop, **fields):
    item = shop.order(SOFT, **fields)
    shop.until_active(item)
    return item


def there(shop, number):
    """What the seller has of a licence: its row with its parameters."""
    row = shop.there.rows("SELECT * FROM item WHERE id = %s", number)[0]
    params = shop.there.rows("SELECT intname, value FROM itemparam WHERE item = %s", number)
    return {**row, **{param["intname"]: param["value"] for param in params}}


def named(shop, number):
    found = there(shop, number)
    return found["licname"], found["ip"], found["remoteid"]


def kept(shop):
    return shop.here.rows("SELECT * FROM reseller_free ORDER BY id")


def close(shop, item):
    shop.act("close", item)
    shop.until_done(item)
    assert shop.item(item)["status"] == 4
    assert shop.tasks(item) == []


def free_one(shop, **fields):
    """The seller's number of a licence that was bought, closed and kept."""
    item = licence(shop, **fields)
    number = remote(shop, item)
    close(shop, item)
    assert (there(shop, number)["status"], *named(shop, number)) == (3, *IDLE)
    return number


def is_handed_over(shop, item, number):
    """The order has exactly this licence, in its own name, and it was not paid for again."""
    assert remote(shop, item) == str(number)
    mine = shop.params(item)
    key = shop.links(item)[0]["rkey"]
    assert (there(shop, number)["status"], *named(shop, number)) == (2, mine["licname"], mine["ip"], key)
    assert shop.charges(item) == []
    assert shop.tasks(item) == []


def test_a_closed_licence_is_kept_and_the_next_order_takes_it_without_a_charge(keeping):
    first = licence(keeping)
    number, old_key = remote(keeping, first), keeping.params(first)["lickey"]
    close(keeping, first)
    assert (there(keeping, number)["status"], *named(keeping, number)) == (3, *IDLE)
    assert keeping.links(first) == []
    row = kept(keeping)[0]
    assert (row["state"], row["owner"], row["remote"]) == ("free", "", str(number))
    item = licence(keeping, ip="192.0.2.5")
    is_handed_over(keeping, item, number)
    assert keeping.params(item)["lickey"] == there(keeping, number)["lickey"] != old_key
    # What its own term falls short of is bought when that comes near its end.
    [link] = keeping.links(item)
    assert link["accounted"] == keeping.item(item)["expiredate"]
    close(keeping, item)
    assert [row["state"] for row in kept(keeping)] == ["free"]


def test_without_the_setting_a_licence_is_deleted(shop):
    item = licence(shop)
    number = remote(shop, item)
    close(shop, item)
    assert there(shop, number)["status"] == 4
    assert shop.here.value("SELECT COUNT(*) FROM reseller_free WHERE remote = %s", number) == 0


@pytest.mark.parametrize(
    "change",
    [{"status": 4}, {"remoteid": "somebody"}],
    ids=lambda change: next(iter(change)),
)
def test_a_kept_licence_that_is_of_no_use_is_forgotten_and_the_next_is_taken(keeping, change):
    first, second = licence(keeping), licence(keeping)
    sooner, later = remote(keeping, first), remote(keeping, second)
    keeping.there.call("sandbox.item", item=later, expiredate="2035-01-01")
    close(keeping, second)
    close(keeping, first)
    keeping.there.call("sandbox.item", item=sooner, **change)
    item = licence(keeping)
    is_handed_over(keeping, item, later)
    assert str(sooner) not in {row["remote"] for row in kept(keeping)}


def test_without_a_licence_of_use_a_real_order_is_placed(keeping):
    number = free_one(keeping)
    keeping.there.call("sandbox.item", item=number, expiredate="2020-01-01")
    item = licence(keeping)
    assert remote(keeping, item) != str(number)
    assert len(keeping.charges(item)) == 1
    assert kept(keeping) == []


def test_two_orders_at_once_never_take_the_same(keeping):
    number = free_one(keeping)
    keeping.here.call("sandbox.queue", action="pause")
    items = [keeping.order(SOFT) for _ in range(3)]
    keeping.here.call("sandbox.queue", action="resume")
    for item in items:
        keeping.until_active(item)
    assert sorted(len(keeping.charges(item)) for item in items) == [0, 1, 1]
    assert len({remote(keeping, item) for item in items}) == 3
    assert str(number) in {remote(keeping, item) for item in items}


@pytest.mark.parametrize(("switched", "setting"), [("remoteid_edit", "denied"), ("remoteid_edit", "ignored")])
def test_a_licence_that_the_seller_lets_nobody_rename_is_deleted(keeping, switch, switched, setting):
    item = licence(keeping)
    number = remote(keeping, item)
    switch(keeping.there, switched, setting)
    close(keeping, item)
    assert there(keeping, number)["status"] == 4
    assert kept(keeping) == []


@pytest.mark.parametrize(
    ("switched", "setting"),
    [("keychange_limit", "0"), ("remoteid_edit", "ignored")],
)
def test_a_licence_that_cannot_be_handed_over_goes_back_and_a_real_order_is_placed(keeping, switch, switched, setting):
    number = free_one(keeping)
    switch(keeping.there, switched, setting)
    item = licence(keeping)
    assert remote(keeping, item) != str(number)
    assert len(keeping.charges(item)) == 1
    assert there(keeping, number)["remoteid"] is None
    assert [(row["state"], row["owner"]) for row in kept(keeping)] == [("free", "")]


def test_a_licence_of_which_no_key_is_shown_is_not_kept(keeping):
    item = licence(keeping)
    number = remote(keeping, item)
    keeping.there.call("sandbox.item", item=number, param_lickey="")
    close(keeping, item)
    assert there(keeping, number)["status"] == 4
    assert kept(keeping) == []


@pytest.mark.parametrize("unknown", ["before", "now"])
def test_a_licence_whose_key_cannot_be_seen_to_be_replaced_is_handed_on_to_nobody(keeping, unknown):
    number = free_one(keeping)
    if unknown == "before":
        keeping.here.write("UPDATE reseller_free SET digest = ''")
    else:
        keeping.there.call("sandbox.item", item=number, param_lickey="")
    item = licence(keeping)
    assert remote(keeping, item) != str(number)
    assert len(keeping.charges(item)) == 1
    assert (there(keeping, number)["status"], *named(keeping, number)) == (3, *IDLE)


def test_a_licence_that_the_seller_does_not_show_is_neither_kept_nor_deleted_yet(keeping):
    item = licence(keeping)
    number = remote(keeping, item)
    keeping.there.call("sandbox.fault", kind="error", type="access", forfunc="soft.edit", times=1)
    keeping.act("close", item)
    keeping.rest(item)
    assert "refused the right to call soft.edit" in keeping.error(item)
    assert there(keeping, number)["status"] == 2
    keeping.start(item)
    keeping.until_done(item)
    assert named(keeping, number) == IDLE


def suspended(shop):
    """A licence that its client has suspended, so that its close renames it in its own process."""
    item = licence(shop)
    shop.act("suspend", item)
    shop.until_done(item)
    return item


@pytest.mark.parametrize(
    ("kind", "func", "skip", "make"), [("html", "soft.suspend", 0, licence), ("reply_lost", "soft.edit", 1, suspended)]
)
def test_lost_answers_while_it_is_kept_are_read_back(keeping, kind, func, skip, make):
    item = make(keeping)
    number = remote(keeping, item)
    keeping.there.call("sandbox.fault", kind=kind, forfunc=func, times=1, skip=skip)
    close(keeping, item)
    assert (there(keeping, number)["status"], *named(keeping, number)) == (3, *IDLE)
    assert [row["state"] for row in kept(keeping)] == ["free"]


#: the calls of a handover that change something, counted among all of `soft.edit` and `soft.resume`
STEPS = {"key": 1, "name": 3, "resume": 5, "mark": 7}


@pytest.mark.parametrize("step", ["name", "mark"])
def test_a_lost_answer_while_it_is_handed_over_is_gone_on_from(keeping, step):
    number = free_one(keeping)
    keeping.there.call("sandbox.fault", kind="reply_lost", forfunc="soft.[er]*", times=1, skip=STEPS[step])
    is_handed_over(keeping, licence(keeping), number)


@pytest.mark.parametrize(("func", "skip", "make"), [("soft.suspend", 0, licence), ("soft.edit", 1, suspended)])
def test_killed_while_it_is_kept_the_next_run_goes_on(keeping, func, skip, make):
    item = make(keeping)
    number = remote(keeping, item)
    keeping.there.call("sandbox.fault", kind="hold_after", forfunc=func, times=1, skip=skip)
    keeping.act("close", item)
    kill_while_held(keeping, item)
    keeping.until_done(item)
    assert (there(keeping, number)["status"], *named(keeping, number)) == (3, *IDLE)
    assert [row["state"] for row in kept(keeping)] == ["free"]


@pytest.mark.parametrize("step", ["key", "resume", "mark"])
def test_killed_while_it_is_handed_over_the_next_run_goes_on(keeping, step):
    number = free_one(keeping)
    keeping.there.call("sandbox.fault", kind="hold_after", forfunc="soft.[er]*", times=1, skip=STEPS[step])
    item = keeping.order(SOFT)
    kill_while_held(keeping, item)
    keeping.until_active(item)
    is_handed_over(keeping, item, number)


def half_way(shop):
    """An order that has claimed and renamed a kept licence, and cannot resume it."""
    shop.there.call("sandbox.fault", kind="html", forfunc="soft.resume", times=1000)
    item = shop.order(SOFT)
    shop.rest(item)
    assert kept(shop)[0]["state"] == "taking"
    shop.there.call("sandbox.fault.clear")
    return item


def test_an_order_that_was_given_up_half_way_leaves_the_licence_to_the_next(keeping):
    number = free_one(keeping)
    item = half_way(keeping)
    keeping.here.call("sandbox.item", item=item, status=2)
    close(keeping, item)
    assert keeping.charges(item) == []
    is_handed_over(keeping, licence(keeping), number)


def test_an_order_that_was_changed_half_way_lets_go_of_the_licence(keeping):
    number = free_one(keeping)
    item = half_way(keeping)
    keeping.here.write("UPDATE itemparam SET value = '' WHERE item = %s AND intname = 'ip'", item)
    until(lambda: (keeping.checkevent(), "reseller_order_refused" in keeping.error(item))[1], keeping.error(item))
    assert [row["state"] for row in kept(keeping)] == ["free"]
    assert there(keeping, number)["remoteid"] is None


def test_a_licence_that_the_seller_is_at_is_waited_for(keeping, switch):
    number = free_one(keeping)
    switch(keeping.there, "keychange_limit", "0")
    keeping.there.call("sandbox.item", item=number, status=5)
    item = keeping.order(SOFT)
    keeping.rest(item)
    assert "reseller_later" in keeping.error(item)
    keeping.there.call("sandbox.switch", name="keychange_limit", value="5")
    keeping.there.call("sandbox.item", item=number, status=3)
    keeping.until_active(item)
    is_handed_over(keeping, item, number)


def test_orders_of_another_kind_leave_it_alone(keeping):
    """A trial cannot be renewed, and other resources are another price."""
    free_one(keeping)
    trial = licence(keeping, period=-100)
    nodes = keeping.here.value("SELECT id FROM pricelist WHERE parent = %s", keeping.tariffs["ISPmanager Lite"])
    larger = licence(keeping, **{f"addon_{nodes}": 3})
    assert len(keeping.charges(larger)) == 1
    assert len(kept(keeping)) == 1
    close(keeping, trial)
    assert len(kept(keeping)) == 1, "a trial is of no use to anybody"
    keeping.here.write(
        "DELETE FROM reseller_map WHERE pricelist = %s AND kind = 'addon'", keeping.tariffs["ISPmanager Lite"]
    )
    number = remote(keeping, larger)
    close(keeping, larger)
    assert there(keeping, number)["status"] == 4, "what it was sold as cannot be said any more"
    assert keeping.ctl("map", str(keeping.tariffs["ISPmanager Lite"]), "--yes").returncode == 0


def test_a_kept_licence_moves_with_the_account_only_as_it_was_put_away(keeping):
    shop = keeping
    number = free_one(shop)
    if not shop.there.value("SELECT COUNT(*) FROM user WHERE name = 'taker'"):
        shop.there.call("sandbox.client", name="taker", secrets={"password": "s3cret taker"}, balance=100)
    other = shop.there.value("SELECT account FROM user WHERE name = 'taker'")
    mine = shop.there.value("SELECT account FROM item WHERE id = %s", number)
    # The services of other tests stay where they are, so nothing but the licence is to move.
    shop.here.write("UPDATE reseller_link SET live = NULL WHERE live = 1")

    def plan():
        argv = ("account", "move", str(shop.module), "--username", "taker", "--password-stdin")
        return shop.here.run("sbin/resellerctl", *argv, stdin=b"s3cret taker\n")

    try:
        assert plan().returncode == 1
        shop.there.write("UPDATE item SET account = %s WHERE id = %s", other, number)
        assert plan().returncode == 0
        shop.there.call("sandbox.item", item=number, param_licname="somebody.else")
        done = plan()
        assert (done.returncode, number in done.stdout.decode()) == (1, True), done
        shop.there.call("sandbox.item", item=number, param_licname=IDLE[0], status=2)
        assert plan().returncode == 1
    finally:
        shop.there.write("UPDATE item SET account = %s, status = 3 WHERE id = %s", mine, number)

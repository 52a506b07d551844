"""Restored databases, reinstalled panels, shared accounts: nothing adopted by a number alone, nothing bought twice."""

import pytest

VDS = "vds"


def forget(shop, item):
    """A restored database: the ledger knows nothing of the service any more, and the panel opens it again."""
    for table in ("reseller_request", "reseller_link"):
        shop.here.write(f"DELETE FROM {table} WHERE item = %s", item)


def test_after_a_restored_database_the_service_is_not_bought_again(shop, switch):
    switch(shop.there, "provision", "manual")
    item = shop.order(VDS)
    shop.rest(item)
    remote = shop.remotes(item)[0]
    forget(shop, item)
    shop.start(item)
    assert len(shop.charges(item)) == 1
    assert shop.links(item) == []
    said = shop.error(item)
    assert str(remote["id"]) in said
    assert remote["remoteid"] in said
    assert "reseller_foreign" in said


@pytest.mark.parametrize("key", ["{item}", "{item}-0badc0de"])
def test_a_service_of_a_reinstalled_or_second_panel_is_not_adopted(shop, switch, key):
    """Ids begin anew after a reinstallation, and a second panel has the same: the seller shows our number already."""
    switch(shop.there, "provision", "manual")
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order(VDS)
    theirs = shop.there.call(
        "vds.order.param",
        su=shop.buyer,
        pricelist=shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-1'"),
        period=1,
        domain="other.example.com",
        remoteid=key.format(item=item),
        skipbasket="on",
        sok="ok",
    ).findtext("id")
    shop.here.call("sandbox.queue", action="resume")
    shop.rest(item)
    assert [str(row["id"]) for row in shop.remotes(item)] == [theirs]
    assert shop.links(item) == []
    assert "reseller_foreign" in shop.error(item)
    assert shop.tasks(item) == []
    # A person says that the other one is not ours; then, and only then, it is ordered.
    shown = shop.ctl("reorder", str(item))
    assert theirs.encode() in shown.stdout
    assert shop.ctl("reorder", str(item), "--yes").returncode == 0
    shop.rest(item)
    mine = [row for row in shop.remotes(item) if str(row["id"]) != theirs]
    assert len(mine) == 1
    assert [link["remote"] for link in shop.links(item)] == [str(mine[0]["id"])]
    shop.there.call("sandbox.provision", item=mine[0]["id"])
    shop.until_active(item)


def test_numbers_that_merely_begin_alike_are_not_confused(shop):
    item = shop.order(VDS)
    shop.rest(item)
    shop.there.call("vds.edit", elid=shop.remotes(item)[0]["id"], remoteid=f"{item}0-11111111", sok="ok")
    other = shop.order(VDS)
    shop.until_active(other)
    shop.there.call("vds.edit", elid=shop.links(item)[0]["remote"], remoteid=shop.links(item)[0]["rkey"], sok="ok")
    shop.until_active(item)
    assert [len(shop.charges(number)) for number in (item, other)] == [1, 1]


def test_two_rows_with_one_key_are_left_to_a_person(shop, switch):
    switch(shop.there, "provision", "manual")
    shop.there.call("sandbox.fault", kind="reply_lost", forfunc="*.order.param", times=1)
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order(VDS)
    decoy = shop.order(VDS)
    shop.here.call("sandbox.queue", action="resume")
    shop.rest(item)
    shop.rest(decoy)
    first, second = shop.links(item)[0], shop.links(decoy)[0]
    shop.there.call("vds.edit", elid=second["remote"], remoteid=first["rkey"], sok="ok")
    forget_link = "DELETE FROM reseller_link WHERE item = %s"
    shop.here.write(forget_link, item)
    shop.here.write("UPDATE reseller_request SET state = 'looking', live = 1 WHERE item = %s", item)
    shop.start(item)
    assert "reseller_foreign" in shop.error(item)
    assert shop.links(item) == []
    assert len(shop.charges(item)) <= 2
    shop.there.call("vds.edit", elid=second["remote"], remoteid=second["rkey"], sok="ok")


def test_a_remote_service_that_is_linked_elsewhere_is_not_taken(shop, switch):
    switch(shop.there, "provision", "manual")
    owner = shop.order(VDS)
    shop.rest(owner)
    taken = shop.links(owner)[0]["remote"]
    shop.there.call("sandbox.fault", kind="reset", forfunc="*.order.param", times=1)
    item = shop.order(VDS)
    shop.rest(item)
    shop.there.call("vds.edit", elid=taken, remoteid=shop.request(item)["rkey"], sok="ok")
    shop.start(item)
    assert "reseller_remote_linked" in shop.error(item)
    assert shop.links(item) == []
    shop.there.call("vds.edit", elid=taken, remoteid=shop.links(owner)[0]["rkey"], sok="ok")

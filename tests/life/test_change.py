"""setparam: fields, resources and tariff of a service, as an operator sees each end, wait, be refused, or be silent."""

import pytest

from sandbox.tests.ladder import counted
from tests.support import world
from tests.support.keeping import remote
from tests.support.world import until

VDS, SOFT = "vds", "soft"
#: as VDS-1 of both panels, with more memory and the same disk
SAME_DISK = "mem:int:2048:16384:0.002,disk:int:30:500:0.05,ip:int:1:8:1.5"


@pytest.fixture(scope="module")
def tariffs(connected):
    """Tariffs to change to: a virtual server's with the same disk, a licence's, one that the seller does not offer."""
    for panel in (connected.here, connected.there):
        place = panel.value("SELECT MIN(id) FROM datacenter")
        for name in ("VDS-1 more memory", "VDS-1 hidden"):
            panel.call(
                "sandbox.tariff", itemtype=VDS, name=name, price=15, periods="1,3", datacenter=place, addons=SAME_DISK
            )
    new = ("VDS-1 more memory", "VDS-1 hidden", "ISPmanager Pro")
    connected.tariffs.update(world.sell(connected.here, connected.there, connected.module, new))
    connected.there.write("UPDATE pricelist SET active = 'off' WHERE name = 'VDS-1 hidden'")
    return connected.tariffs


@pytest.fixture
def server(shop, tariffs):
    item = shop.order(VDS)
    shop.until_active(item)
    return item


@pytest.fixture
def licence(shop, tariffs):
    item = shop.order(SOFT)
    shop.until_active(item)
    return item


def addon(panel, item, intname):
    """An add-on of a service: the name of its field and all that it has of it."""
    sql = "SELECT p.id FROM pricelist p JOIN item i ON i.pricelist = p.parent WHERE i.id = %s AND p.intname = %s"
    return f"addon_{panel.value(sql, item, intname)}", int(counted(panel, item)[intname])


def params(panel, item):
    rows = panel.rows("SELECT intname, value FROM itemparam WHERE item = %s", item)
    return {row["intname"]: row["value"] for row in rows}


def edit(shop, item, itemtype=VDS, **fields):
    """The client changes his service; the panel's operation ends or rests."""
    shop.here.call(f"{itemtype}.edit", elid=item, su="client1", sok="ok", **fields)
    shop.rest(item)


def to_tariff(shop, item, name):
    shop.here.call("service.changepricelist", elid=item, pricelist=shop.tariffs[name], su="client1", sok="ok")
    shop.rest(item)


def tariff(panel, item):
    return panel.value("SELECT p.name FROM item i JOIN pricelist p ON p.id = i.pricelist WHERE i.id = %s", item)


def edits(shop, item):
    """Changes that the seller's journal has for the remote service."""
    root = shop.there.call("sandbox.journal", item=remote(shop, item))
    return [elem.findtext("func") for elem in root.iterfind("elem") if elem.findtext("event") == "change"]


def test_name_and_address_of_a_licence_go_to_the_seller(shop, licence):
    edit(shop, licence, SOFT, licname="other", ip="192.0.2.99")
    shop.until_done(licence)
    there = params(shop.there, remote(shop, licence))
    assert (there["licname"], there["ip"]) == ("other", "192.0.2.99")
    assert shop.tasks(licence) == []


def test_a_resource_goes_to_the_seller_under_its_own_number(shop, server):
    name, _ = addon(shop.here, server, "mem")
    edit(shop, server, **{name: 4096})
    shop.until_done(server)
    assert addon(shop.there, remote(shop, server), "mem")[1] == 4096


def test_what_is_the_same_already_is_not_sent(shop, server):
    before = edits(shop, server)
    shop.here.call("sandbox.operation", item=server, name="setparam")
    until(lambda: shop.operation(server) is None, "the operation does not end")
    assert edits(shop, server) == before


@pytest.mark.parametrize("kind", ["reply_lost", "cut", "html_after"])
@pytest.mark.parametrize("what", ["resource", "tariff"])
def test_a_change_whose_answer_is_lost_is_read_back_and_charged_once(shop, server, switch, kind, what):
    switch(shop.there, "addon_change", "charged")
    charged = len(shop.charges(server))
    func = {"resource": "vds.edit", "tariff": "service.changepricelist.getmoney"}[what]
    shop.there.call("sandbox.fault", kind=kind, forfunc=func, times=1, skip=1 if what == "resource" else 0)
    if what == "resource":
        edit(shop, server, **{addon(shop.here, server, "mem")[0]: 8192})
    else:
        to_tariff(shop, server, "VDS-1 more memory")
    shop.until_done(server)
    assert len(shop.charges(server)) == charged + 1
    sent = shop.here.value("SELECT detail FROM reseller_request WHERE item = %s ORDER BY id DESC LIMIT 1", server)
    assert sent.startswith(f"vds.{'edit' if what == 'resource' else 'changepricelist'} {remote(shop, server)} ")
    assert addon(shop.there, remote(shop, server), "mem")[1] == (8192 if what == "resource" else 2048)


def test_a_change_that_never_arrived_becomes_a_task_and_reorder_sends_it(shop, server):
    shop.there.call("sandbox.fault", kind="reset", forfunc="vds.edit", times=1, skip=1)
    edit(shop, server, **{addon(shop.here, server, "mem")[0]: 8192})
    assert "reseller_change_looking" in shop.error(server)
    shop.until_unconfirmed(server)
    shop.start(server)
    assert len(shop.tasks(server)) == 1
    assert addon(shop.there, remote(shop, server), "mem")[1] == 1024
    assert shop.ctl("reorder", str(server), "--yes").returncode == 0
    shop.until_done(server)
    assert addon(shop.there, remote(shop, server), "mem")[1] == 8192
    assert shop.tasks(server) == []


def test_a_resource_that_the_seller_forbids_says_so_and_goes_on_after_start(shop, server, switch):
    switch(shop.there, "addon_change", "forbidden")
    edit(shop, server, **{addon(shop.here, server, "mem")[0]: 8192})
    # The type of this error is not known, so the form is looked at first.
    assert "reseller_change_looking" in shop.error(server)
    until(lambda: (shop.checkevent(), shop.request(server)["state"] == "refused")[1], "it is looked for for ever")
    assert "reseller_change_answered" in shop.error(server)
    assert shop.tasks(server) == []
    shop.there.call("sandbox.switch", name="addon_change", value="free")
    shop.start(server)
    shop.until_done(server)
    assert addon(shop.there, remote(shop, server), "mem")[1] == 8192


def test_a_resource_without_money_waits_for_it(shop, server, switch):
    switch(shop.there, "addon_change", "charged")
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    edit(shop, server, **{addon(shop.here, server, "mem")[0]: 8192})
    assert "reseller_money" in shop.error(server)
    shop.there.call("sandbox.balance", user=shop.buyer, value=500)
    shop.until_done(server)
    assert addon(shop.there, remote(shop, server), "mem")[1] == 8192


def test_a_tariff_with_the_same_disk_is_changed_by_the_wizard(shop, server):
    to_tariff(shop, server, "VDS-1 more memory")
    shop.until_done(server)
    assert tariff(shop.here, server) == tariff(shop.there, remote(shop, server)) == "VDS-1 more memory"


def test_a_licence_changes_its_tariff_in_one_call(shop, licence):
    to_tariff(shop, licence, "ISPmanager Pro")
    shop.until_done(licence)
    assert tariff(shop.there, remote(shop, licence)) == "ISPmanager Pro"


@pytest.mark.parametrize("addons", ["restored", "left"])
def test_a_tariff_that_alters_the_disk_is_refused_before_anything_is_sent_and_taken_back(shop, server, switch, addons):
    switch(shop.here, "rollback_addons", addons)
    before = edits(shop, server)
    to_tariff(shop, server, "VDS-2")
    said = shop.error(server)
    assert "reseller_disk" in said
    assert "disk 30 -&gt; 60" in said
    assert "resellerctl swap" in said
    assert edits(shop, server) == before
    assert tariff(shop.here, server) == tariff(shop.there, remote(shop, server)) == "VDS-1"
    if addons == "restored":
        assert addon(shop.here, server, "disk")[1] == 30
    shop.start(server)
    shop.until_done(server)
    assert edits(shop, server) == before
    assert tariff(shop.here, server) == "VDS-1"


def test_a_tariff_that_the_seller_does_not_offer_is_taken_back(shop, server):
    to_tariff(shop, server, "VDS-1 hidden")
    said = shop.error(server)
    assert "reseller_no_target" in said
    assert "VDS-1 more memory" in said
    assert tariff(shop.here, server) == "VDS-1"


def test_a_tariff_that_the_seller_refuses_is_taken_back_with_its_reason(shop, server, switch):
    switch(shop.there, "tariff_change", "refused")
    to_tariff(shop, server, "VDS-1 more memory")
    assert "cannot be changed" in shop.error(server)
    assert tariff(shop.here, server) == "VDS-1"


def test_a_tariff_that_the_sellers_staff_changes_is_waited_for(shop, server, switch):
    switch(shop.there, "tariff_change", "manual")
    shop.there.call("sandbox.switch", name="provision", value="manual")
    try:
        to_tariff(shop, server, "VDS-1 more memory")
        # The seller's journal has it at once here; its service is in process until staff are done.
        assert shop.there.value("SELECT status FROM item WHERE id = %s", remote(shop, server)) in (2, 5)
        shop.there.call("sandbox.provision", item=remote(shop, server))
    finally:
        shop.there.call("sandbox.switch", name="provision", value="auto")
    shop.until_done(server)
    assert tariff(shop.there, remote(shop, server)) == "VDS-1 more memory"


def test_another_system_is_not_installed_on_the_way(shop, server):
    before = edits(shop, server)
    edit(shop, server, ostempl="ISPsystem__Ubuntu-22.04-amd64")
    assert "reseller_reinstall" in shop.error(server)
    assert edits(shop, server) == before
    edit(shop, server, ostempl="ISPsystem__Debian-12-amd64")
    shop.start(server)
    shop.until_done(server)


def test_a_change_while_the_seller_is_down_is_sent_later(shop, licence):
    shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=1000)
    edit(shop, licence, SOFT, licname="later")
    assert "reseller_change_unsent" in shop.error(licence)
    shop.there.call("sandbox.fault.clear")
    shop.until_done(licence)
    assert params(shop.there, remote(shop, licence))["licname"] == "later"


def test_what_the_seller_took_and_never_shows_asks_for_a_person_after_its_deadline(shop, server, switch):
    """Its staff puts the old value back while the change is under way; nobody but a person can know what they mean."""
    switch(shop.there, "provision", "manual")
    name, _ = addon(shop.here, server, "mem")
    edit(shop, server, **{name: 4096})
    assert "is not done yet" in shop.error(server)
    there = remote(shop, server)
    field, _ = addon(shop.there, there, "mem")
    shop.there.call("sandbox.provision", item=there)
    shop.there.write("UPDATE item SET intvalue = 0 WHERE parent = %s AND pricelist = %s", there, field[6:])
    before = edits(shop, server)
    shop.checkevent()
    assert "reseller_change_overdue" not in shop.error(server)
    world.limits(shop.here, change_seconds=1, look_seconds=600)
    until(lambda: (shop.checkevent(), "reseller_change_overdue" in shop.error(server))[1], "it waits for ever")
    for _ in range(3):
        shop.checkevent()
    assert len(shop.tasks(server)) == 1
    assert edits(shop, server) == before
    shop.there.write("UPDATE item SET intvalue = 3072 WHERE parent = %s AND pricelist = %s", there, field[6:])
    shop.until_done(server)
    assert shop.tasks(server) == []


def test_a_resource_that_is_not_mapped_is_refused_by_name(shop, server):
    name, _ = addon(shop.here, server, "mem")
    number = shop.tariffs["VDS-1"]
    shop.ctl("map", str(number), "--drop", "addon", "mem")
    edit(shop, server, **{name: 4096})
    assert "reseller_unmapped" in shop.error(server)
    assert "mem" in shop.error(server)
    assert shop.ctl("map", str(number), "--yes").returncode == 0
    shop.start(server)
    shop.until_done(server)
    assert addon(shop.there, remote(shop, server), "mem")[1] == 4096


def test_a_form_that_the_seller_will_not_show_is_said_with_its_reason_and_asked_for_again(shop, licence):
    shop.there.call("sandbox.fault", kind="error", forfunc="soft.edit", type="access", object="", times=1)
    edit(shop, licence, SOFT, licname="shown")
    said = shop.error(licence)
    assert "reseller_change_unsent" in said
    assert "refused the right to call soft.edit" in said
    shop.until_done(licence)
    assert params(shop.there, remote(shop, licence))["licname"] == "shown"


def test_a_service_that_is_gone_or_was_never_bought_cannot_be_changed(shop, server):
    shop.there.call("sandbox.item", item=remote(shop, server), status=4)
    edit(shop, server, domain="gone.example.com")
    assert "reseller_gone" in shop.error(server)
    shop.here.write("UPDATE reseller_link SET live = NULL, state = 'ended' WHERE item = %s", server)
    shop.start(server)
    assert "reseller_not_linked" in shop.error(server)
    assert shop.tasks(server) == []


def test_a_change_that_is_not_one_of_the_tariff_changes_no_tariff_there(shop, server, tariffs):
    """The seller's staff have moved the service to another tariff; then the client orders more memory."""
    number = remote(shop, server)
    own = shop.there.value("SELECT pricelist FROM item WHERE id = %s", number)
    other = shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-1 more memory' AND parent IS NULL")
    shop.there.write("UPDATE item SET pricelist = %s WHERE id = %s", other, number)
    charged = len(shop.charges(server))
    edit(shop, server, domain="other.example.com")
    assert "reseller_tariff_not_meant" in shop.error(server)
    assert shop.there.value("SELECT pricelist FROM item WHERE id = %s", number) == other
    shop.there.write("UPDATE item SET pricelist = %s WHERE id = %s", own, number)
    shop.start(server)
    shop.until_done(server)
    assert len(shop.charges(server)) == charged
    assert params(shop.there, number)["domain"] == "other.example.com"

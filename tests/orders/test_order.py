"""One order from click to active, over the wire: both panels, the queue, the seller's journal, checkevent."""

import re
import subprocess

import pytest

from sandbox.tests.ladder import counted
from tests.support import keeping, world

VDS, SOFT = "vds", "soft"


@pytest.mark.parametrize("itemtype", [VDS, SOFT])
def test_an_order_becomes_one_remote_service_and_then_active(shop, itemtype):
    item = shop.order(itemtype)
    shop.rest(item)
    assert [row["remoteid"] for row in shop.remotes(item)] == [shop.request(item)["rkey"]]
    shop.until_active(item)
    assert shop.operation(item) is None
    assert shop.tasks(item) == []
    assert len(shop.charges(item)) == 1
    assert [link["state"] for link in shop.links(item)] == ["live"]


def test_while_it_is_open_operation_and_task_name_both_numbers(shop, switch):
    switch(shop.there, "provision", "manual")
    item = shop.order(VDS)
    shop.rest(item)
    remote = str(shop.remotes(item)[0]["id"])
    operation = shop.operation(item)
    tasks = shop.tasks(item)
    assert operation["manual"] == "on"
    assert len(tasks) == 1
    for said in (operation["errorxml"], tasks[0]["params"]):
        assert str(item) in said
        assert remote in said
    assert shop.params(item)["reseller_remote"] == remote
    assert shop.item(item)["status"] == 5
    shop.there.call("sandbox.provision", item=remote)
    shop.until_active(item)
    assert shop.operation(item) is None


def test_a_virtual_server_brings_its_address_name_user_and_password(shop):
    item = shop.order(VDS, domain="facts.example.com")
    shop.until_active(item)
    remote = shop.remotes(item)[0]["id"]
    theirs = shop.there.call("vds.edit", elid=remote)
    mine = shop.here.call("vds.edit", elid=item)
    for name in ("ip", "username"):
        assert theirs.findtext(name), name
        assert mine.findtext(name) == theirs.findtext(name)
    assert mine.findtext("domain") == "facts.example.com"
    assert theirs.findtext("userpassword")
    assert mine.findtext("password") == theirs.findtext("userpassword")
    assert shop.params(item)["reseller_expiredate"] == theirs.findtext("expiredate")


def test_a_licence_waits_for_its_key_which_comes_late(shop, switch):
    switch(shop.there, "lickey_seconds", "3600")
    item = shop.order(SOFT, ip="192.0.2.9", licname="late key")
    shop.rest(item)
    world.until(lambda: shop.remotes(item)[0]["status"] == 2, "the seller does not activate it")
    assert "1 waiting" in shop.checkevent()
    assert shop.item(item)["status"] == 5
    shop.there.write("UPDATE lateparam SET due = 0")
    shop.until_active(item)
    remote = shop.remotes(item)[0]["id"]
    key = shop.there.call("soft.edit", elid=remote).findtext("lickey")
    assert key
    assert shop.params(item)["lickey"] == key


def test_what_was_ordered_is_what_was_asked_for(shop):
    addons = {
        row["intname"]: row["id"]
        for row in shop.here.rows("SELECT id, intname FROM pricelist WHERE parent = %s", shop.tariffs["VDS-1"])
    }
    panel = shop.here.value(
        "SELECT MAX(e.id) FROM enumerationitem e JOIN pricelist p ON p.enumeration = e.enumeration WHERE p.id = %s",
        addons["panel"],
    )
    chosen = {f"addon_{addons['mem']}": 4096, f"addon_{addons['panel']}": panel}
    item = shop.order(VDS, ostempl="ISPsystem__CentOS-7-amd64", period=3, domain="asked.example.com", **chosen)
    shop.rest(item)
    remote = shop.remotes(item)[0]["id"]
    row = shop.there.rows("SELECT * FROM item WHERE id = %s", remote)[0]
    assert row["period"] == 3
    assert row["autoprolong"] in (None, 0)
    theirs = counted(shop.there, remote)
    assert theirs["mem"] == "4096"
    assert theirs["panel"] == shop.here.value("SELECT intname FROM enumerationitem WHERE id = %s", panel)
    form = shop.there.call("vds.edit", elid=remote)
    assert (form.findtext("domain"), form.findtext("ostempl")) == ("asked.example.com", "ISPsystem__CentOS-7-amd64")


@pytest.mark.parametrize("api", ["old", "v2"])
@pytest.mark.parametrize("itemtype", [VDS, SOFT])
def test_both_generations_of_the_order_api_work(shop, switch, api, itemtype):
    switch(shop.there, "order_api", api)
    shop.here.write("UPDATE reseller_account SET generations = ''")
    item = shop.order(itemtype)
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
    assert f"{itemtype}={api}" in shop.here.value("SELECT generations FROM reseller_account WHERE username = 'buyer'")
    shop.here.write("UPDATE reseller_account SET generations = ''")


def test_an_answer_without_the_number_is_found_by_its_key(shop, switch):
    switch(shop.there, "order_answer_id", "no")
    item = shop.order(VDS)
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_a_type_without_an_open_function_is_finished_by_postopen(shop, switch):
    absent = "checkevent, vds.open"
    switch(shop.here, "absent_functions", absent)
    item = shop.order(VDS)
    shop.until_active(item)
    assert shop.operation(item) is None


def test_open_run_again_on_a_bought_service_buys_nothing(shop, switch):
    switch(shop.there, "provision", "manual")
    item = shop.order(VDS)
    shop.rest(item)
    for _ in range(3):
        assert shop.open(item).returncode == 0
    assert len(shop.charges(item)) == 1
    assert len(shop.tasks(item)) == 1
    shop.there.call("sandbox.provision", item=shop.remotes(item)[0]["id"])
    shop.until_active(item)


def test_parallel_opens_of_one_service_buy_it_once(shop):
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order(VDS)
    operation = str(shop.operation(item)["id"])
    argv = ["./processing/pmreseller", "--command", "open", "--item", str(item), "--runningoperation", operation]
    tries = [subprocess.Popen(argv, cwd=shop.here.base, stdout=subprocess.PIPE) for _ in range(6)]
    answers = [each.communicate(timeout=60)[0] for each in tries]
    codes = [each.returncode for each in tries]
    assert 0 in codes
    for code, answer in zip(codes, answers):
        assert (b"reseller_busy" in answer) == (code == 1), answer
    shop.here.call("sandbox.queue", action="resume")
    assert len(shop.charges(item)) == 1
    shop.until_active(item)


def test_a_run_with_nothing_linked_and_nothing_open_says_so_and_asks_the_seller_nothing(shop):
    shop.checkevent()
    shop.here.write("UPDATE reseller_link SET live = NULL WHERE live = 1")
    log = shop.there.base / "var/billmgr.log"
    before = log.read_text().count(f"[{shop.buyer}]")
    assert before
    assert shop.checkevent() == "nothing to do"
    assert log.read_text().count(f"[{shop.buyer}]") == before


def test_any_type_that_orders_by_fields_and_addons_can_be_sold(shop):
    """vhost has no code of its own: what holds for it holds for every such type."""
    made = {"itemtype": "vhost", "name": "Hosting", "price": "3", "periods": "1,12", "addons": "backup:bool:2"}
    for panel in (shop.here, shop.there):
        panel.call("sandbox.tariff", **made)
    tariff = world.sell(shop.here, shop.there, shop.module, ("Hosting",))["Hosting"]
    backup = shop.here.value("SELECT id FROM pricelist WHERE parent = %s AND intname = 'backup'", tariff)
    fields = {"domain": "hosting.example.com", "period": 12, f"addon_{backup}": "on"}
    item = int(
        shop.here.call(
            "vhost.order.param",
            pricelist=tariff,
            datacenter=shop.datacenter,
            skipbasket="on",
            sok="ok",
            su="client1",
            **fields,
        ).findtext("id")
    )
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
    remote = shop.remotes(item)[0]["id"]
    assert shop.there.value("SELECT boolvalue FROM item WHERE parent = %s", remote) == "on"
    assert shop.there.value("SELECT period FROM item WHERE id = %s", remote) == 12


def test_a_second_run_does_not_wait_for_the_first_and_says_so(shop):
    """Cron overlaps: one run holds the module, the other changes nothing."""
    item = shop.order(VDS)
    shop.rest(item)
    world.limits(shop.here, read_seconds=60)
    shop.there.call("sandbox.fault", kind="hold_before", forfunc="vds", times=1)
    first = subprocess.Popen(["./sbin/resellerctl", "checkevent"], cwd=shop.here.base, stdout=subprocess.PIPE)
    world.until(lambda: keeping.is_held(shop), "the first run does not begin")
    second = shop.ctl("checkevent")
    assert f"another run is at module {shop.module}".encode() in second.stdout
    assert second.returncode == 0
    assert first.poll() is None
    shop.there.call("sandbox.release")
    first.communicate(timeout=60)
    shop.until_active(item)


def test_the_log_speaks_of_a_request_under_one_id_in_all_processes(shop):
    shop.there.call("sandbox.switch", name="provision", value="manual")
    item = shop.order("vds")
    shop.rest(item)
    shop.there.call("sandbox.provision", item=shop.links(item)[0]["remote"])
    shop.until_active(item)
    shop.there.call("sandbox.switch", name="provision", value="auto")
    shop.act("suspend", item)
    shop.until_done(item)
    lines = [line for line in (shop.here.base / "var/reseller.log").read_text().splitlines() if f"item {item}" in line]
    assert all(
        re.match(r"\w{3} [ \d]\d \d\d:\d\d:\d\d \[\d+\] reseller (INFO|ERROR) \[[0-9a-f]{8}\] ", line) for line in lines
    )
    known = {
        row["correlation"] for row in shop.here.rows("SELECT correlation FROM reseller_request WHERE item = %s", item)
    }
    ids = {re.search(r"\[([0-9a-f]{8})\]", line)[1] for line in lines}
    assert len(known) == 2
    assert ids == known
    assert len({re.search(r"\[(\d+)\]", line)[1] for line in lines}) > 1

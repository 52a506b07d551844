"""Switches that no other test turns, and a look that none is forgotten."""

import time
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.switches import REGISTRY
from sandbox.tests.panels import until


@pytest.mark.parametrize(("setting", "status"), [("5", "5"), ("1", "1")])
def test_the_first_status_of_an_order(seller, switch, setting, status):
    switch(seller, "order_first_status", setting)
    with seller.paused():
        item = seller.bought()
        assert seller.row(item).findtext("status") == status
    seller.until_status(item, 2)


@pytest.mark.parametrize(("setting", "there"), [("yes", True), ("no", False)])
def test_an_answer_without_the_id(seller, switch, setting, there):
    switch(seller, "order_answer_id", setting)
    root = seller.order(remoteid=f"id-{setting}")
    assert (root.find("id") is not None) == there
    assert len(seller.journal(remoteid=f"id-{setting}")) == 1


def test_an_answer_with_the_number_of_another_service(seller, switch):
    mine = seller.bought()
    switch(seller, "order_answer_id", "other")
    told = int(seller.order(remoteid="id-other").findtext("id"))
    assert 0 < told <= mine
    assert len(seller.journal(remoteid="id-other")) == 1


@pytest.mark.parametrize(("setting", "there"), [("yes", True), ("no", False)])
def test_remoteid_in_lists_and_forms(seller, switch, setting, there):
    item = seller.bought(remoteid="seen")
    switch(seller, "remoteid_in_list", setting)
    assert (seller.row(item).find("remoteid") is not None) == there
    assert (seller.http("vds.edit", elid=item).find("remoteid") is not None) == there


def test_order_and_size_of_pages(seller, switch):
    for _ in range(4):
        seller.bought()
    newest = [int(row.findtext("id")) for row in seller.http("vds").findall("elem")]
    assert newest == sorted(newest, reverse=True)
    switch(seller, "list_order", "id")
    switch(seller, "page_rows", "3")
    oldest = [int(row.findtext("id")) for row in seller.http("vds").findall("elem")]
    assert oldest == sorted(oldest)
    assert len(oldest) == 3


@pytest.mark.parametrize(("setting", "path"), [("flat", "item_status"), ("children", "item_status/msg")])
def test_the_composite_status_column(seller, switch, setting, path):
    switch(seller, "item_status_form", setting)
    with seller.paused():
        item = seller.bought()
        for shown in (seller.row(item), seller.http("vds.edit", elid=item)):
            assert shown.findtext(path).endswith("5_open")


@pytest.mark.parametrize(
    ("setting", "host", "opens"),
    [("service", False, False), ("account", True, True), ("account_key", False, True)],
)
def test_where_the_link_into_a_service_leads(seller, switch, setting, host, opens):
    switch(seller, "panel_link", setting)
    item = seller.bought()
    seller.until_status(item, 2)
    parts = urlsplit(seller.http("gotoserver", elid=item).findtext("ok"))
    assert (parts.path == "/billmgr") == host
    query = dict(parse_qsl(parts.query))
    answer = seller.http("auth", user=None, username=query["username"], key=query["key"])
    assert (answer.find("auth") is not None) == opens


@pytest.mark.parametrize(("setting", "answered"), [("at_once", True), ("late", False)])
def test_when_a_new_key_comes(seller, switch, setting, answered):
    def key():
        return seller.http("soft.edit", elid=item).findtext("lickey")

    item = seller.bought("soft", ip=f"192.0.2.{98 + answered}", licname="late")
    until(key, "the licence gets no key")
    old = key()
    switch(seller, "newkey_comes", setting)
    switch(seller, "lickey_seconds", "3600")
    answer = seller.http("soft.edit", elid=item, clicked_button="newkey", sok="ok")
    assert bool(answer.findtext("lickey")) == answered
    assert (key() != old) == answered
    seller.deliver()
    until(lambda: key() != old, "the new key does not come")


@pytest.mark.parametrize(("setting", "refused"), [("allowed", False), ("denied", True)])
def test_whether_clients_may_stop_services(seller, switch, setting, refused):
    item = seller.bought()
    seller.until_status(item, 2)
    switch(seller, "client_suspend", setting)
    assert (seller.http("vds.suspend", elid=item).find("error") is not None) == refused


@pytest.mark.parametrize(
    ("name", "setting"),
    [("auth_error", "auth"), ("auth_error", "badpassword"), ("badip_error", "ip"), ("badip_error", "badip")],
)
def test_objects_of_auth_errors(seller, switch, name, setting):
    switch(seller, name, setting)
    user = f"{name}{setting}".replace("_", "")
    seller.call("sandbox.client", name=user, password="pw", allow="10.0.0.1")
    error = seller.http("whoami", (user, "pw" if name == "badip_error" else "wrong")).find("error")
    assert (error.get("type"), error.get("object")) == ("auth", setting)


HELD = """#!/bin/sh
[ "$2" = features ] && { echo '<doc><features><feature name="open"/></features></doc>'; exit 0; }
touch tmp/begun.$4
until [ -e tmp/go ]; do sleep 0.05; done
sbin/mgrctl -m billmgr service.postopen elid=$4 sok=ok
"""


@pytest.mark.parametrize(("workers", "together"), [("4", True), ("1", False)])
def test_how_many_operations_run_side_by_side(reseller, switch, workers, together):
    switch(reseller, "queue_workers", workers)
    reseller.install("processing", "pmworkers", HELD)
    module = reseller.call("processing.add.settings", module="pmworkers", name="w", sok="ok").findtext("id")
    tariff = reseller.call("sandbox.tariff", name="w", price=1, module=module).findtext("id")
    begun = [reseller.base / f"tmp/begun.{item}" for item in (reseller.bought(pricelist=tariff) for _ in range(2))]
    if together:
        until(lambda: all(file.exists() for file in begun), "one waits for the other")
    else:
        until(lambda: any(file.exists() for file in begun), "none begins")
        time.sleep(0.5)
        assert sum(file.exists() for file in begun) == 1
    (reseller.base / "tmp/go").touch()
    for file in begun:
        reseller.until_status(int(file.suffix[1:]), 2)
    (reseller.base / "tmp/go").unlink()


@pytest.mark.parametrize(("seconds", "least"), [("0.3", 0), ("1.5", 1.2)])
def test_how_long_a_failed_operation_waits(reseller, switch, seconds, least):
    switch(reseller, "retry_seconds", seconds)
    name = f"pmretry{seconds.replace('.', '')}"
    reseller.install(
        "processing",
        name,
        f"""#!/bin/sh
[ "$2" = features ] && {{ echo '<doc/>'; exit 0; }}
date +%s.%N >>tmp/{name}
exit 1
""",
    )
    module = reseller.call("processing.add.settings", module=name, name="r", sok="ok").findtext("id")
    tariff = reseller.call("sandbox.tariff", name="r", price=1, module=module).findtext("id")
    item = reseller.bought(pricelist=tariff)
    file = reseller.base / "tmp" / name
    until(lambda: file.exists() and len(file.read_text().split()) >= 2, "not repeated")
    first, second = map(float, file.read_text().split()[:2])
    assert second - first >= least
    number = reseller.rows("SELECT id FROM runningoperation WHERE item = %s", item)[0]["id"]
    reseller.call("runningoperation.delete", elid=number)


def test_how_long_a_service_is_in_process(seller, switch):
    switch(seller, "provision_seconds", "3600")
    slow = seller.bought()
    switch(seller, "provision_seconds", "0.2")
    quick = seller.bought()
    seller.until_status(quick, 2)
    assert seller.status(slow) == 5
    switch(seller, "provision_seconds", "1.2")
    started = time.monotonic()
    seller.until_status(seller.bought(), 2)
    assert time.monotonic() - started >= 1
    seller.call("sandbox.provision", item=slow)


def test_every_switch_is_turned_by_a_test():
    here = Path(__file__).parent
    folders = (here, here / "conformance")
    text = "".join(file.read_text() for folder in folders for file in folder.glob("test_*.py"))
    assert [name for name in REGISTRY if f'"{name}"' not in text] == []


@pytest.mark.parametrize(("setting", "more"), [("renewal", 1), ("kept", 0)])
def test_the_cost_in_a_form_is_that_of_a_renewal_or_of_the_last_term(seller, switch, setting, more):
    item = seller.bought()
    [sold] = seller.rows(
        "SELECT i.pricelist, l.currency, p.monthly FROM item i JOIN pricelistprice l ON l.pricelist = i.pricelist "
        "JOIN price p ON p.id = l.price JOIN currency c ON c.id = l.currency WHERE i.id = %s AND c.iso = 'EUR'",
        item,
    )
    field = f"monthly{sold['currency']}"
    seller.call("pricelist.edit", elid=sold["pricelist"], sok="ok", **{field: sold["monthly"] + 1})
    try:
        switch(seller, "form_cost", setting)
        cost = f"{sold['monthly'] + more:.2f}"
        assert seller.http("vds.edit", elid=item).findtext("cost") == cost
        switch(seller, "form_cost_shown", "text")
        assert seller.http("vds.edit", elid=item).findtext("cost") == f"{cost} EUR / monthly"
    finally:
        seller.call("pricelist.edit", elid=sold["pricelist"], sok="ok", **{field: sold["monthly"]})

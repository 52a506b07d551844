"""platform.md 5.2: statuses at the provider, addresses, and what a client's own actions start."""

import pytest

from sandbox.tests.conformance.table import cases

MODULE = "pmacts"
fact = cases("P5.2-")


@pytest.mark.fact("P5.2-155")
def test_whoami_tells_a_module_that_it_is_root(probe):
    assert 'level="30"' in probe.panel.mgrctl("-o", "xml", "whoami").stdout


@pytest.mark.parametrize(
    "status",
    [
        fact("160", "1"),
        fact("161", "2"),
        fact("162", "3"),
        fact("163", "4"),
        fact("164", "5"),
        fact("165", "6"),
        fact("166", "7"),
        fact("167", "8"),
    ],
)
def test_a_status_of_a_domain_is_stored_and_shown_in_lists(probe, status):
    item = getattr(probe, "domain", None) or probe.service("domain")
    probe.domain = item
    probe.panel.call("service.setstatus", elid=item, service_status=status, sok="ok")
    rows = probe.panel.call("domain", p_cnt=1000).findall("elem")
    assert next(row for row in rows if row.findtext("id") == str(item)).findtext("service_status") == status


@pytest.mark.fact("P5.2-168")
@pytest.mark.parametrize("status", ["3", "4", "5", "6"])
def test_a_status_of_a_certificate_comes_with_its_call_back(probe, status):
    probe.do(open={"calls": [["certificate.open", "elid={item}", f"service_status={status}", "sok=ok"]]})
    item = probe.service("certificate")
    rows = probe.panel.rows("SELECT service_status FROM item WHERE id = %s", item)
    assert rows == [{"service_status": int(status)}]


@pytest.mark.fact("P5.2-169")
def test_an_address_belongs_to_an_addon_of_the_service(probe):
    """The operation of the service ends though the row is tied to its add-on (platform.md 6.2)."""
    answer = probe.panel.call("sandbox.tariff", name="ips", price=1, module=probe.id, addons="ip:int:1:8:1")
    tariff = answer.findtext("id")
    given = {"pricelist": tariff, "period": 1, "skipbasket": "on", "sok": "ok"}
    item = int(probe.panel.call("vds.order.param", su="client1", **given).findtext("id"))
    probe.panel.until_status(item, 2)
    addon = probe.panel.rows("SELECT id FROM item WHERE parent = %s", item)[0]["id"]
    probe.panel.rows("INSERT INTO ip (item, status) VALUES (%s, 1)", addon)
    number = probe.panel.rows("SELECT MAX(id) AS id FROM ip")[0]["id"]
    calls = [["service.ip.add", "elid={value}", "ip=203.0.113.77", "sok=ok"], ["service.ip.add.commit", "elid={value}"]]
    probe.do(addip={"calls": calls})
    probe.queue(item, "addip", param="ip", value=number)
    probe.over(item)
    shown = probe.panel.call("service.ip", elid=item, su="client1").findall("elem")
    assert "203.0.113.77" in [row.findtext("ip") for row in shown]


@pytest.mark.fact("P5.2-170")
def test_a_clients_new_address_starts_addip(probe):
    answer = probe.panel.call("sandbox.tariff", name="ips2", price=1, module=probe.id, addons="ip:int:1:8:1")
    given = {"pricelist": answer.findtext("id"), "period": 1, "skipbasket": "on", "sok": "ok"}
    item = int(probe.panel.call("vds.order.param", su="client1", **given).findtext("id"))
    probe.panel.until_status(item, 2)
    calls = [["service.ip.add", "elid={value}", "ip=203.0.113.78", "sok=ok"], ["service.ip.add.commit", "elid={value}"]]
    probe.do(addip={"calls": calls}, delip={"calls": [["service.ip.del", "elid={value}"]]})
    number = probe.panel.call("service.ip.edit", plid=item, su="client1", count=1, sok="ok").findtext("id")
    probe.over(item)
    assert probe.panel.rows("SELECT name FROM ip WHERE id = %s", number) == [{"name": "203.0.113.78"}]
    probe.panel.call("service.ip.delete", plid=item, elid=number, su="client1", sok="ok")
    probe.over(item)
    assert probe.panel.rows("SELECT name FROM ip WHERE id = %s", number) == []


@pytest.mark.fact("P5.2-171")
@pytest.mark.parametrize(
    ("func", "command", "status"),
    [("vds.suspend", "suspend", 3), ("vds.resume", "resume", 2), ("service.reboot", "reboot", 2)],
)
def test_a_clients_own_actions_start_the_modules_commands(probe, func, command, status):
    item = getattr(probe, "acted", None) or probe.service()
    probe.acted = item
    probe.panel.http(func, "client1", elid=item, sok="ok")
    probe.over(item)
    assert probe.last(command)["options"]["item"] == str(item)
    assert probe.panel.status(item) == status


@pytest.mark.fact("P5.2-172")
def test_renewal_starts_prolong_and_deletion_starts_close(probe):
    item = probe.service()
    probe.panel.http("service.prolong", "client1", elid=item, period=1, sok="ok")
    probe.over(item)
    assert probe.last("prolong")["options"]["item"] == str(item)
    probe.panel.http("vds.delete", "client1", elid=item)
    probe.panel.until_status(item, 4)
    assert probe.last("close")["options"]["item"] == str(item)


@pytest.mark.fact("P5.2-173")
def test_a_changed_field_starts_setparam(probe):
    item = probe.service(domain="one.example")
    probe.panel.call("vds.edit", elid=item, domain="two.example", sok="ok")
    probe.over(item)
    assert probe.last("setparam")["options"]["item"] == str(item)


@pytest.mark.fact("P5.2-174")
@pytest.mark.parametrize(("setting", "left"), [("cleared", False), ("kept", True)])
def test_what_can_be_rolled_back_after_a_success_is_a_switch(probe, switch, setting, left):
    switch(probe.panel, "lastpricelist_after", setting)
    item = probe.service()
    probe.panel.call("sandbox.item", item=item, lastpricelist=probe.tariff())
    probe.queue(item, "setparam")
    probe.over(item)
    rows = probe.panel.rows("SELECT lastpricelist FROM item WHERE id = %s", item)
    assert (rows[0]["lastpricelist"] is not None) == left

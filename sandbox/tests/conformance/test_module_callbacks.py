"""platform.md 5.2: the call-backs of processing modules, each by what the panel knows afterwards."""

import pytest

from sandbox.tests.conformance.probe import Probe
from sandbox.tests.conformance.table import cases

MODULE = "pmcalls"
fact = cases("P5.2-")


@pytest.fixture(scope="module")
def item(made):
    """A service for call-backs that leave its state alone."""
    return made.service(domain="calls.example")


def param(probe, item, name, table="itemparam"):
    rows = probe.panel.rows(f"SELECT value FROM {table} WHERE item = %s AND intname = %s", item, name)
    return rows[0]["value"] if rows else None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        fact("100", "ip", "192.0.2.4"),
        fact("101", "domain", "facts.example"),
        fact("102", "username", "u1"),
        fact("103", "address", "street & 1"),
    ],
)
def test_open_stores_a_fact(probe, name, value):
    probe.do(open={"calls": [["vds.open", "elid={item}", f"{name}={value}", "sok=ok"]]})
    assert param(probe, probe.service(), name) == value


@pytest.mark.fact("P5.2-104")
def test_a_password_told_by_open_is_stored_encrypted(probe):
    probe.do(open={"calls": [["vds.open", "elid={item}", "password=pw", "sok=ok"]]})
    item = probe.service()
    assert param(probe, item, "password", "itemcryptedparam") not in (None, "pw")
    assert param(probe, item, "password") is None


@pytest.mark.fact("P5.2-105")
def test_the_operation_and_its_task_are_gone_after_the_call_back(probe):
    probe.do(open={"code": 1})
    answer = probe.panel.call(
        "vds.order.param", su="client1", pricelist=probe.tariff(), period=1, skipbasket="on", sok="ok"
    )
    item = int(answer.findtext("id"))
    operation = probe.operations(item)[0]["id"]
    probe.panel.call("runningoperation.taskcreate", elid=operation)
    probe.panel.call("service.postopen", elid=item, sok="ok")
    assert (probe.operations(item), probe.tasks(item)) == ([], [])


@pytest.mark.parametrize(("setting", "status"), [("processing", 5), ("ordered", 1)])
@pytest.mark.fact("P5.2-106")
def test_postopeninterrupt_ends_the_opening_and_its_status_is_a_switch(probe, switch, setting, status):
    switch(probe.panel, "openinterrupt_leaves", setting)
    probe.do(open={"calls": [["service.postopeninterrupt", "elid={item}", "sok=ok"]]})
    answer = probe.panel.call(
        "vds.order.param", su="client1", pricelist=probe.tariff(), period=1, skipbasket="on", sok="ok"
    )
    item = int(answer.findtext("id"))
    probe.over(item)
    assert probe.panel.status(item) == status


@pytest.mark.fact("P5.2-107")
def test_saveparam_takes_a_name_and_a_value(probe, item):
    probe.panel.call("service.saveparam", elid=item, name="a", value="1 & 2", sok="ok")
    assert param(probe, item, "a") == "1 & 2"


@pytest.mark.fact("P5.2-108")
def test_saveparam_takes_a_parameter_by_its_name(probe, item):
    probe.panel.call("service.saveparam", elid=item, b="2", crypted="off", sok="ok")
    assert param(probe, item, "b") == "2"


@pytest.mark.fact("P5.2-109")
def test_saveparam_encrypts_when_asked(probe, item):
    probe.panel.call("service.saveparam", elid=item, c="3", crypted="on", sok="ok")
    assert param(probe, item, "c") is None
    assert param(probe, item, "c", "itemcryptedparam") not in (None, "3")


@pytest.mark.fact("P5.2-110")
def test_dropparam_forgets(probe, item):
    probe.panel.call("service.saveparam", elid=item, name="gone", value="1", sok="ok")
    probe.panel.call("service.dropparam", elid=item, name="gone", sok="ok")
    assert param(probe, item, "gone") is None


@pytest.mark.fact("P5.2-111")
def test_setstatus_stores_the_status_at_the_provider(probe, item):
    probe.panel.call("service.setstatus", elid=item, service_status=3, sok="ok")
    assert probe.panel.rows("SELECT service_status FROM item WHERE id = %s", item) == [{"service_status": 3}]


@pytest.mark.fact("P5.2-112")
def test_setexpiredate_takes_a_date(probe, item):
    probe.panel.call("service.setexpiredate", elid=item, expiredate="2032-03-04", sok="ok")
    assert str(probe.panel.rows("SELECT expiredate FROM item WHERE id = %s", item)[0]["expiredate"]) == "2032-03-04"
    assert probe.panel.error("service.setexpiredate", elid=item, expiredate="soon").get("object") == "expiredate"


@pytest.mark.fact("P5.2-113")
def test_getnextmodule_gives_the_service_to_the_next_module(probe):
    other = Probe(probe.panel, "pmnext")
    other.do(get_suitable_module={"out": f"<doc><modules><module id='{other.id}'/></modules></doc>"})
    item = probe.service()
    probe.panel.call("pricelist.edit", elid=probe.tariff(), processingmodule=f"{probe.id}, {other.id}", sok="ok")
    assert probe.panel.call("service.getnextmodule", elid=item, sok="ok").find("ok") is not None
    rows = probe.panel.rows("SELECT processingmodule FROM item WHERE id = %s", item)
    assert rows == [{"processingmodule": int(other.id)}]
    assert probe.panel.error("service.getnextmodule", elid=item, sok="ok").get("type") == "no_suitable_module"
    probe.panel.call("pricelist.edit", elid=probe.tariff(), processingmodule=probe.id, sok="ok")


@pytest.mark.fact("P5.2-114")
def test_a_changed_tariff_is_rolled_back(probe):
    item = probe.service()
    last = probe.panel.rows("SELECT pricelist FROM item WHERE id = %s", item)[0]["pricelist"]
    new = probe.panel.call("sandbox.tariff", name="other", price=2, module=probe.id).findtext("id")
    probe.panel.call("sandbox.item", item=item, pricelist=new, lastpricelist=last)
    probe.panel.call("service.changepricelist.rollback", elid=item, sok="ok")
    assert probe.panel.rows("SELECT pricelist, lastpricelist FROM item WHERE id = %s", item) == [
        {"pricelist": last, "lastpricelist": None}
    ]
    error = probe.panel.error("service.changepricelist.rollback", elid=item, userid=1, sok="ok")
    assert error.get("object") == "lastpricelist"


@pytest.fixture
def address(probe, item):
    """A row of an address that waits for its module."""
    probe.panel.rows("INSERT INTO ip (item, status) VALUES (%s, 1)", item)
    return probe.panel.rows("SELECT MAX(id) AS id FROM ip")[0]["id"]


def row(probe, address):
    found = probe.panel.rows("SELECT name, mask, gateway, domain, status FROM ip WHERE id = %s", address)
    return found[0] if found else None


@pytest.mark.fact("P5.2-115")
def test_ip_add_tells_the_address_and_answers_its_row(probe, address):
    given = {"ip": "203.0.113.9", "mask": "255.255.255.0", "gateway": "203.0.113.1", "domain": "a.example"}
    answer = probe.panel.call("service.ip.add", elid=address, sok="ok", **given)
    assert answer.findtext("ip.id") == str(address)
    stored = row(probe, address)
    assert (stored["name"], stored["mask"], stored["gateway"]) == ("203.0.113.9", "255.255.255.0", "203.0.113.1")
    assert probe.panel.error("service.ip.add", elid=address, ip="nine").get("object") == "ip"


@pytest.mark.fact("P5.2-116")
def test_ip_add_commit_makes_the_address_active_and_ends_addip(probe, item, address):
    calls = [
        ["service.ip.add", "elid={value}", "ip=203.0.113.10", "sok=ok"],
        ["service.ip.add.commit", "elid={value}", "sok=ok"],
    ]
    probe.do(addip={"calls": calls})
    probe.queue(item, "addip", param="ip", value=address)
    probe.over(item)
    assert row(probe, address)["status"] == 2
    assert probe.last("addip")["options"]["item"] == str(item)


@pytest.mark.fact("P5.2-117")
def test_ip_del_removes_the_row_and_ends_delip(probe, item, address):
    probe.do(delip={"calls": [["service.ip.del", "elid={value}", "sok=ok"]]})
    probe.queue(item, "delip", param="ip", value=address)
    probe.over(item)
    assert row(probe, address) is None


@pytest.fixture(scope="module")
def profile(made):
    account = made.panel.accounts["client1"]["account"]
    return made.panel.call(
        "service_profile.edit", account=account, name="Ivan", profiletype=1, firstname="Ivan", sok="ok"
    ).findtext("id")


@pytest.mark.fact("P5.2-118")
def test_a_profile_is_known_at_the_provider_by_an_external_id(probe, profile):
    probe.panel.call(
        "service_profile2processingmodule.edit",
        sok="ok",
        service_profile=profile,
        processingmodule=probe.id,
        type="owner",
        externalid="X-1",
        externalpassword="p",
    )
    rows = probe.panel.rows(
        "SELECT type, externalid, externalpassword FROM service_profile2processingmodule WHERE service_profile = %s",
        profile,
    )
    assert rows == [{"type": "owner", "externalid": "X-1", "externalpassword": "p"}]


@pytest.mark.fact("P5.2-119")
def test_a_profile_is_a_contact_of_a_service(probe, profile, item):
    probe.panel.call("service_profile2item.edit", sok="ok", service_profile=profile, item=item, type="owner")
    rows = probe.panel.rows("SELECT service_profile, type FROM service_profile2item WHERE item = %s", item)
    assert rows == [{"service_profile": int(profile), "type": "owner"}]


@pytest.mark.fact("P5.2-120")
def test_a_warning_stays_with_the_profiles_parameter(probe, profile, item):
    probe.panel.call("service_profile2item.edit", sok="ok", service_profile=profile, item=item, type="owner")
    warning = {"type": "owner", "param": "firstname", "warning_message": "latin only"}
    probe.panel.call("service_profile.error", item=item, sok="ok", **warning)
    rows = probe.panel.rows(
        "SELECT value, warning_message FROM service_profileparam WHERE service_profile = %s", profile
    )
    assert rows == [{"value": "Ivan", "warning_message": "latin only"}]


@pytest.mark.parametrize("kind", [fact("121", "owner"), fact("122", "admin"), fact("123", "tech"), fact("124", "bill")])
def test_types_of_contacts(probe, profile, item, kind):
    probe.panel.call("service_profile2item.edit", sok="ok", service_profile=profile, item=item, type=kind)
    error = probe.panel.error("service_profile2item.edit", sok="ok", service_profile=profile, item=item, type="x")
    assert error.get("object") == "type"


@pytest.mark.fact("P5.2-125")
def test_tune_service_profile_adds_to_the_form_by_zone_and_contact(probe, profile):
    probe.do(tune_service_profile={"out": "<doc><slist name='kind'><val key='k'>K</val></slist></doc>"})
    answer = probe.panel.call(
        "service_profile.edit", elid=profile, processingmodule=probe.id, tld="ru", contact_type="owner"
    )
    assert answer.xpath("slist[@name='kind']/val/@key") == ["k"]
    met = probe.last("tune_service_profile")
    assert (met["options"]["param"], met["options"]["value"]) == ("ru", "owner")
    assert "Ivan" in met["stdin"]


@pytest.mark.fact("P5.2-126")
def test_validate_service_profile_refuses_by_an_error_document(probe, profile):
    probe.do(validate_service_profile={"out": '<doc><error type="value" object="inn"/></doc>', "code": 1})
    given = {"processingmodule": probe.id, "tld": "ru", "contact_type": "owner", "inn": "12", "sok": "ok"}
    error = probe.panel.error("service_profile.edit", elid=profile, **given)
    assert (error.get("type"), error.get("object")) == ("value", "inn")
    assert "12" in probe.last("validate_service_profile")["stdin"]
    kept = "SELECT * FROM service_profileparam WHERE intname = 'inn' AND service_profile = %s"
    assert not probe.panel.rows(kept, profile)


@pytest.mark.fact("P5.2-127")
def test_a_changed_profile_is_told_to_the_modules_that_hold_it(probe, profile):
    probe.panel.call(
        "service_profile2processingmodule.edit",
        sok="ok",
        service_profile=profile,
        processingmodule=probe.id,
        type="owner",
        externalid="X-1",
    )
    probe.panel.call("service_profile.edit", elid=profile, firstname="Pyotr", sok="ok")
    options = probe.last("service_profile_update")["options"]
    assert (options["module"], options["param"]) == (probe.id, profile)


@pytest.mark.fact("P5.2-128")
def test_an_imported_service_is_registered_with_its_facts(probe):
    tariff = probe.tariff("domain")
    zone = probe.panel.rows("SELECT intname FROM pricelist WHERE id = %s", tariff)[0]["intname"]
    answer = probe.panel.call(
        "processing.import.service",
        sok="ok",
        module=probe.id,
        import_itemtype_intname="domain",
        import_pricelist_intname=zone,
        import_service_name="imported.test",
        status=2,
        service_status=2,
        expiredate="2031-02-03",
        period=12,
        domain="imported.test",
        ns0="ns1.example",
    )
    item = int(answer.findtext("service_id"))
    row = probe.panel.rows("SELECT * FROM item WHERE id = %s", item)[0]
    assert (row["name"], row["status"], row["period"], str(row["expiredate"])) == ("imported.test", 2, 12, "2031-02-03")
    assert (row["service_status"], row["processingmodule"], row["pricelist"]) == (2, int(probe.id), int(tariff))
    assert (param(probe, item, "domain"), param(probe, item, "ns0")) == ("imported.test", "ns1.example")


@pytest.mark.fact("P5.2-129")
def test_a_domains_tariff_is_found_by_the_id_of_its_zone(probe):
    zone = probe.panel.rows("SELECT intname FROM pricelist WHERE id = %s", probe.tariff("domain"))[0]["intname"]
    assert probe.panel.rows("SELECT name FROM tld WHERE id = %s", zone) == [{"name": MODULE}]
    given = {"module": probe.id, "import_itemtype_intname": "domain", "import_pricelist_intname": zone}
    item = probe.panel.call("processing.import.service", domain="z.test", sok="ok", **given).findtext("service_id")
    row = probe.panel.rows("SELECT pricelist FROM item WHERE id = %s", item)[0]
    assert row["pricelist"] == int(probe.tariff("domain"))


@pytest.mark.fact("P5.2-130")
@pytest.mark.parametrize(("setting", "somebodys"), [("none", False), ("first", True)])
def test_whose_an_imported_service_is_is_a_switch(probe, switch, setting, somebodys):
    switch(probe.panel, "import_account", setting)
    probe.panel.rows("UPDATE pricelist SET intname = 'plan' WHERE id = %s", probe.tariff())
    given = {"module": probe.id, "import_itemtype_intname": "vds", "import_pricelist_intname": "plan"}
    answer = probe.panel.call("processing.import.service", sok="ok", import_service_name="x", **given)
    rows = probe.panel.rows("SELECT account FROM item WHERE id = %s", answer.findtext("service_id"))
    assert bool(rows[0]["account"]) == somebodys


@pytest.mark.fact("P5.2-131")
def test_an_imported_profile_answers_its_id_and_is_one_for_its_external_id(probe):
    given = {
        "module": probe.id,
        "type": "owner",
        "externalid": "E-9",
        "externalpassword": "s",
        "name": "Firm",
        "location_city": "Riga",
    }
    first = probe.panel.call("processing.import.profile", sok="ok", profiletype=2, **given).findtext("profile_id")
    again = probe.panel.call("processing.import.profile", sok="ok", profiletype=2, **given).findtext("profile_id")
    assert first == again
    assert probe.panel.rows("SELECT name, profiletype FROM service_profile WHERE id = %s", first) == [
        {"name": "Firm", "profiletype": 2}
    ]
    rows = probe.panel.rows("SELECT intname, value FROM service_profileparam WHERE service_profile = %s", first)
    assert {"intname": "location_city", "value": "Riga"} in rows


@pytest.mark.parametrize(
    ("kind", "good"), [fact("132", "1", True), fact("133", "2", True), fact("134", "3", True), fact("135", "4", False)]
)
def test_types_of_profiles(probe, kind, good):
    given = {"account": probe.panel.accounts["client1"]["account"], "name": "n", "profiletype": kind}
    error = probe.panel.error("service_profile.edit", sok="ok", **given)
    assert (error is None) == good


@pytest.mark.fact("P5.2-136")
def test_processing_edit_shows_settings_decrypted(probe):
    plain = Probe(probe.panel, "pmplain", "<doc><params><param name='secret' crypted='yes'/></params></doc>")
    assert probe.panel.call("processing.edit", elid=plain.id).findtext("secret") == "top secret"


@pytest.mark.fact("P5.2-137")
def test_setconfig_stores_a_configuration(probe):
    probe.panel.call("processing.setconfig", elid=probe.id, config="<doc>c</doc>", sok="ok")
    rows = probe.panel.rows("SELECT config FROM processingmodule WHERE id = %s", probe.id)
    assert rows == [{"config": "<doc>c</doc>"}]


@pytest.mark.fact("P5.2-138")
def test_savebalance_wants_a_number(probe):
    error = probe.panel.error("processing.savebalance", processingmodule=probe.id, balance="much")
    assert error.get("object") == "balance"
    probe.panel.call("processing.savebalance", processingmodule=probe.id, balance="5", sok="ok")
    assert (
        str(probe.panel.rows("SELECT balance FROM processingmodule WHERE id = %s", probe.id)[0]["balance"]) == "5.0000"
    )


@pytest.mark.fact("P5.2-139")
def test_processing_saveparam_stores_one_setting(probe):
    probe.panel.call("processing.saveparam", elid=probe.id, param="url", value="there", sok="ok")
    rows = probe.panel.rows(
        "SELECT value FROM processingparam WHERE processingmodule = %s AND intname = 'url'", probe.id
    )
    assert rows == [{"value": "there"}]


@pytest.mark.fact("P5.2-140")
def test_processing_add_settings_makes_a_module(probe):
    made = Probe(probe.panel, "pmadded")
    rows = probe.panel.rows("SELECT name, module, active FROM processingmodule WHERE id = %s", made.id)
    assert rows == [{"name": "pmadded", "module": "pmadded", "active": "on"}]


@pytest.mark.fact("P5.2-141")
def test_a_certificate_is_saved(probe, item):
    probe.panel.call("certificate.save", elid=item, crt="-----BEGIN\nX\n", sok="ok")
    assert probe.panel.rows("SELECT crt FROM certificate WHERE item = %s", item) == [{"crt": "-----BEGIN\nX\n"}]


@pytest.mark.fact("P5.2-142")
def test_a_certificate_that_failed_has_status_6(probe, item):
    probe.panel.call("certificate.failed", elid=item, sok="ok")
    assert probe.panel.rows("SELECT service_status FROM item WHERE id = %s", item) == [{"service_status": 6}]


def values_of(probe):
    return [
        row["intname"]
        for row in probe.panel.rows(
            "SELECT v.intname FROM processingmodule2itemtypeparamvalue l JOIN itemtypeparamvalue v "
            "ON v.id = l.itemtypeparamvalue WHERE l.processingmodule = %s ORDER BY v.intname",
            probe.id,
        )
    ]


@pytest.mark.fact("P5.2-143", "H11-01")
def test_the_values_a_module_serves_are_synchronised(probe):
    given = {"module": probe.id, "itemtype": "vds", "param": "ostempl", "disablepricelists": "on"}
    probe.panel.call("itemtype.param.value.sync", value="os1, os2", sok="ok", **given)
    assert values_of(probe) == ["os1", "os2"]
    probe.panel.call("itemtype.param.value.sync", value="os2", sok="ok", **given)
    assert values_of(probe) == ["os2"]


@pytest.mark.fact("P5.2-144", "H11-02")
def test_a_value_a_module_no_longer_serves_is_suspended(probe):
    given = {"module": probe.id, "itemtype": "vds", "param": "ostempl"}
    probe.panel.call("itemtype.param.value.sync", value="os3", sok="ok", **given)
    number = probe.panel.rows("SELECT id FROM itemtypeparamvalue WHERE intname = 'os3'")[0]["id"]
    probe.panel.call("itemtype.param.value.processing.suspend", elid=probe.id, plid=number, sok="ok")
    assert values_of(probe) == []
    error = probe.panel.error("itemtype.param.value.processing.suspend", elid=probe.id, plid=number, sok="ok")
    assert error.get("object") == "plid"


@pytest.mark.fact("H11-03")
def test_a_value_of_a_parameter_is_made_and_served_at_once(probe):
    param = probe.panel.rows(
        "SELECT p.id FROM itemtypeparam p JOIN itemtype t ON t.id = p.itemtype "
        "WHERE t.intname = 'vds' AND p.intname = 'ostempl'"
    )[0]["id"]
    given = {"intname": "os9", "name": "System 9", "name_ru": "Система 9", "module": probe.id}
    number = probe.panel.call("itemtype.param.value.edit", plid=param, elid="", sok="ok", **given).findtext("id")
    rows = {row.findtext("id"): row for row in probe.panel.call("itemtype.param.value", elid=param).findall("elem")}
    assert (rows[number].findtext("intname"), rows[number].findtext("name_ru")) == ("os9", "Система 9")
    assert "os9" in values_of(probe)
    probe.panel.call("itemtype.param.value.edit", elid=number, name="Renamed", sok="ok")
    assert probe.panel.call("itemtype.param.value.edit", elid=number).findtext("name") == "Renamed"


@pytest.mark.fact("P5.2-145")
def test_a_tariff_is_added_and_edited_by_a_module(probe):
    probe.tariff()
    given = {"itemtype": "vds", "name": "made", "intname": "m1", "price": 4, "processingmodule": probe.id}
    tariff = probe.panel.call("pricelist.add.step2", sok="ok", **given).findtext("id")
    probe.panel.call("pricelist.edit", elid=tariff, name="renamed", sok="ok")
    assert probe.panel.rows("SELECT name, intname FROM pricelist WHERE id = %s", tariff) == [
        {"name": "renamed", "intname": "m1"}
    ]


@pytest.mark.fact("P5.2-146")
def test_pricelist_detail_lists_the_addons(probe):
    tariff = probe.panel.call("sandbox.tariff", name="detail", addons="mem:int:1:8:1").findtext("id")
    assert [row.findtext("intname") for row in probe.panel.call("pricelist.detail", elid=tariff)] == ["mem"]


@pytest.mark.fact("P5.2-147")
def test_an_enumeration_and_its_items_are_made(probe):
    number = probe.panel.call("enumeration.edit", intname="os", name="OS", sok="ok").findtext("id")
    probe.panel.call("enumerationitem.edit", plid=number, intname="deb", name="Debian", sok="ok")
    rows = probe.panel.rows("SELECT intname, name FROM enumerationitem WHERE enumeration = %s", number)
    assert rows == [{"intname": "deb", "name": "Debian"}]


@pytest.mark.fact("P5.2-148")
def test_an_expense_is_made_and_removed(probe, item):
    given = {"item": item, "operation": "open", "realdate": "2026-01-02", "amount": "1.5"}
    number = probe.panel.call("expense.edit", sok="ok", **given).findtext("id")
    rows = probe.panel.rows("SELECT item, operation, realdate FROM expense WHERE id = %s", number)
    assert (rows[0]["item"], rows[0]["operation"], str(rows[0]["realdate"])) == (item, "open", "2026-01-02")
    probe.panel.call("expense.delete", elid=number)
    assert probe.panel.rows("SELECT id FROM expense WHERE id = %s", number) == []


@pytest.mark.fact("P5.2-149")
def test_a_client_and_a_user_are_made(probe):
    account = probe.panel.call("account.edit", name="made by module", sok="ok").findtext("id")
    user = probe.panel.call("user.edit", plid=account, name="modmade", passwd="Long1Pass", sok="ok").findtext("id")
    assert probe.panel.rows("SELECT account FROM user WHERE id = %s", user) == [{"account": int(account)}]


@pytest.mark.parametrize(
    ("func", "status"),
    [fact("150", "setinpay", 2), fact("151", "setpaid", 4), fact("152", "setfraud", 7), fact("153", "setcanceled", 9)],
)
def test_a_payment_changes_its_status(probe, func, status):
    probe.panel.rows("INSERT INTO payment (status) VALUES (1)")
    number = probe.panel.rows("SELECT MAX(id) AS id FROM payment")[0]["id"]
    probe.panel.call(f"payment.{func}", elid=number, sok="ok")
    assert probe.panel.call("payment.info", elid=number).findtext("payment/status") == str(status)


@pytest.mark.fact("P5.2-154")
def test_a_parameter_of_the_configuration_is_set(probe):
    probe.panel.call("paramlist.edit", elid="OwnParam", value="some value", sok="ok")
    assert probe.panel.call("paramlist.edit", elid="OwnParam").findtext("value") == "some value"
    assert "OwnParam some value" in (probe.panel.base / "etc/billmgr.conf").read_text()

"""The whole life of domains at the PHP module `phpregistrar` in a panel at /usr/local/mgr5."""

import itertools
import json

import pytest
from lxml import etree

from sandbox.tests.conformance.lives import Life
from sandbox.tests.panels import until

MODULE = "pmphpregistrar"
KINDS = ("owner", "admin", "customer")

_names = itertools.count(1)


@pytest.fixture(scope="module")
def life(home):
    made = Life(home, "phpregistrar", MODULE)
    made.desk = made.panel.base / "var/phpregistrar/main"
    made.desk.mkdir(parents=True)
    (made.desk / "secret").write_text("s & t\n")
    (made.desk / "balance").write_text("31.5\n")
    made.id = made.add(desk="main", secret="s & t").findtext("id")
    given = {"itemtype": "domain", "name": "Zone test", "zone": "test", "price": 2, "periods": "12,24"}
    made.tariff = made.panel.call("sandbox.tariff", module=made.id, **given).findtext("id")
    made.panel.call("sandbox.balance", user="client1", value=5000)
    return made


@pytest.fixture
def name():
    return f"php{next(_names)}.test"


def registered(life, name):
    return json.loads((life.desk / "domains" / f"{name}.json").read_text())


def contact(life, number):
    return json.loads((life.desk / "contacts" / f"{number}.json").read_text())


def ask(life, func, **params):
    answer = life.panel.http(func, "client1", **params)
    assert answer.find("error") is None, etree.tostring(answer)
    return answer


def hidden(answer):
    return {cell.tag: cell.text or "" for cell in answer if len(cell) == 0}


def owner(**more):
    given = {"name": "Firm & Co", "profiletype": 2, "email": "f@example.com", "inn": "7701234567", "vat": "LV1", **more}
    first = {f"{kind}_contact_use_first": "on" for kind in KINDS[1:]}
    return {**{f"owner_{key}": value for key, value in given.items()}, **first}


def wizard(life, name, **more):
    """A domain by the wizard; its service."""
    step = hidden(ask(life, "domain.order.name", domain_name=name, snext="ok"))
    step = hidden(ask(life, "domain.order.contact", snext="ok", **step, **owner()))
    servers = {"ns0": "ns1.example", "ns1": "ns2.example/192.0.2.1"}
    own = {f"domainparam_{name.partition('.')[0]}____________test_purpose": "shop"}
    made = ask(life, "domain.order.payment", skipbasket="on", sok="ok", **step, **servers, **own, **more)
    item = int(made.findtext("id"))
    life.panel.until_status(item, 2)
    return item


@pytest.fixture(scope="module")
def domain(life):
    return wizard(life, "first.test")


def test_1_features_name_no_base_operation(life):
    root = etree.fromstring(life.run("--command", "features").stdout.encode())
    names = set(root.xpath("features/feature/@name"))
    assert {"update_ns", "transfer"} <= names
    assert not {"open", "suspend", "resume", "close", "setparam"} & names


def test_2_the_connection_is_checked_in_silence(life):
    data = (
        f"<doc><processingmodule><id>{life.id}</id><desk>main</desk><secret>s &amp; t</secret></processingmodule></doc>"
    )
    done = life.run("--command", "check_connection", data=data)
    assert (done.returncode, done.stdout) == (0, "")
    assert life.add(desk="main", secret="wrong").find("error").get("type") == "auth"
    assert life.add(desk="none", secret="x").find("error").get("object") == "connect"


def test_3_the_pages_of_contacts_are_the_modules(life, name):
    page = ask(life, "domain.order.contact", selected_domain=name, out="devel")
    assert page.xpath("metadata/form/page/@name") == list(KINDS)
    assert page.xpath("slist[@name='owner_desk_kind']/val/@key") == ["resident", "foreigner"]
    assert page.find(".//page[@name='owner']/field[@name='owner_vat']") is not None
    assert page.find(".//page[@name='admin']/field[@name='admin_vat']") is None


def test_4_a_contact_is_checked(life, name):
    answer = life.panel.http("domain.order.contact", "client1", selected_domain=name, snext="ok", **owner(inn="7"))
    assert (answer.find("error").get("type"), answer.find("error").get("object")) == ("value", "owner_inn")


def test_5_name_servers_are_wanted_and_parameters_offered(life, name):
    step = hidden(ask(life, "domain.order.contact", selected_domain=name, snext="ok", **owner()))
    page = ask(life, "domain.order.ns", **step)
    field = f"domainparam_{name.partition('.')[0]}____________test_purpose"
    assert page.xpath(f"slist[@name='{field}']/val/@key") == ["own", "shop"]
    answer = life.panel.http("domain.order.ns", "client1", snext="ok", **step)
    assert answer.find("error").get("object") == "ns0"


def test_6_a_domain_is_registered_with_contacts_and_servers(life, domain):
    known = registered(life, "first.test")
    assert known["ns"] == ["ns1.example", "ns2.example/192.0.2.1"]
    assert (known["state"], known["purpose"]) == ("delegated", "shop")
    assert set(known["contacts"]) == set(KINDS)
    held = contact(life, known["contacts"]["owner"])
    assert (held["name"], held["inn"], held["vat"]) == ("Firm & Co", "7701234567", "LV1")
    row = life.row(domain)
    assert (row["service_status"], str(row["expiredate"])) == (2, known["expires"])
    links = life.panel.rows("SELECT type, externalid FROM service_profile2processingmodule")
    assert {row["type"]: row["externalid"] for row in links} == known["contacts"]


def test_7_whois(life, domain):
    assert "state: delegated" in ask(life, "domain.whois", elid=domain).findtext("whois_data")
    answer = life.panel.http("domain.order.name", "client1", domain_name="first.test", snext="ok")
    assert answer.find("error").get("type") == "exists"


def test_8_name_servers_are_changed(life, domain):
    ask(life, "domain.ns", elid=domain, ns0="a.example", ns1="b.example", ns2="c.example", sok="ok")
    life.over(domain)
    assert registered(life, "first.test")["ns"] == ["a.example", "b.example", "c.example"]


def test_9_a_changed_contact_is_told_to_the_registrar(life, domain):
    sql = "SELECT service_profile FROM service_profile2item WHERE item = %s AND type = 'owner'"
    profile = life.panel.rows(sql, domain)[0]["service_profile"]
    form = ask(life, "service_profile.edit", elid=profile)
    assert form.find("error") is None
    ask(life, "service_profile.edit", elid=profile, phone="+371 20000000", sok="ok")
    assert contact(life, registered(life, "first.test")["contacts"]["owner"])["phone"] == "+371 20000000"


def test_10_renewal_moves_the_date_at_both(life, domain):
    before = registered(life, "first.test")["expires"]
    ask(life, "service.prolong", elid=domain, period=12, sok="ok")
    life.over(domain)
    after = registered(life, "first.test")["expires"]
    assert int(after[:4]) == int(before[:4]) + 1
    assert str(life.row(domain)["expiredate"]) == after


def test_11_stopped_and_started_though_no_feature_says_so(life, domain):
    for func, state, status in (("suspend", "held", 3), ("resume", "delegated", 2)):
        ask(life, f"domain.{func}", elid=domain)
        life.panel.until_status(domain, status)
        assert registered(life, "first.test")["state"] == state
    life.command("sync_item", item=domain)
    assert life.row(domain)["service_status"] == 2


def test_12_one_call_and_the_code_for_a_transfer(life, domain, name):
    (life.desk / "domains" / f"{name}.json").write_text(
        json.dumps({"expires": "2030-01-01", "ns": [], "state": "delegated", "contacts": {}, "authcode": "C&1"})
    )
    sql = "SELECT service_profile FROM service_profile2item WHERE item = %s AND type = 'owner'"
    profile = life.panel.rows(sql, domain)[0]["service_profile"]
    given = {"domain": name, "project": 1, "ns0": "ns1.example", **dict.fromkeys(KINDS, profile), "action": "transfer"}
    error = life.panel.http("domain.order.api", "client1", **given).find("error")
    assert error.get("object") == "auth_code"
    item = int(ask(life, "domain.order.api", auth_code="C&1", **given).findtext("id"))
    life.panel.until_status(item, 2)
    assert registered(life, name)["expires"] == "2031-01-01"
    assert str(life.row(item)["expiredate"]) == "2031-01-01"
    assert life.command("getauthcode", item=item).findtext("authcode") == f"A{item}"


def test_13_a_failure_is_a_persons(life, name):
    (life.desk / "domains" / f"{name}.json").write_text(json.dumps({"expires": "2030-01-01"}))
    answer = ask(life, "domain.order.payment", selected_domain=name, contacts="ok", skipbasket="on", sok="ok")
    item = int(answer.findtext("id"))
    until(lambda: life.operations(item)[0]["lastexit"] == 1, "not settled")
    operation = life.operations(item)[0]
    assert (operation["manual"], 'type="exists"' in operation["errorxml"]) == ("on", True)
    (life.desk / "domains" / f"{name}.json").unlink()
    life.again(item)
    assert life.row(item)["status"] == 2


def test_14_domains_of_the_registrar_are_imported(life, domain):
    owner_there = registered(life, "first.test")["contacts"]["owner"]
    for label in ("old1", "old2", "old3"):
        data = {
            "expires": "2032-03-04",
            "ns": [],
            "state": "delegated",
            "contacts": {"owner": owner_there},
            "authcode": "x",
        }
        (life.desk / "domains" / f"{label}.test.json").write_text(json.dumps(data))
    life.command("import", itemtype="domain", searchstring="old1.test old2.test, nowhere.test")
    rows = life.panel.rows("SELECT id, name, expiredate, account FROM item WHERE name REGEXP '^old[123]' ORDER BY name")
    assert [(row["name"], str(row["expiredate"]), row["account"]) for row in rows] == [
        ("old1.test", "2032-03-04", 0),
        ("old2.test", "2032-03-04", 0),
    ]
    assert life.param(rows[0]["id"], "import_remote_id") == "old1.test"
    tied = life.panel.rows(
        "SELECT service_profile FROM service_profile2item WHERE item IN (%s, %s)", rows[0]["id"], domain
    )
    assert len({row["service_profile"] for row in tied}) == 1
    account = life.panel.accounts["client1"]["account"]
    given = {f"pricelist_{rows[0]['id']}": life.tariff}
    life.panel.call("processing.import.assign", elid=rows[0]["id"], account=account, sok="ok", **given)
    life.panel.rows("UPDATE lateassign SET due = 0")
    until(lambda: life.row(rows[0]["id"])["account"] == account, "not assigned")


@pytest.mark.parametrize("setting", ["module", "all"])
def test_15_the_balance(life, switch, setting):
    switch(life.panel, "getbalance_of", setting)
    (life.desk / "balance").write_text(f"{len(setting)}.25\n")
    life.panel.call("processing.checkbalance")
    row = next(row for row in life.panel.call("processing").findall("elem") if row.findtext("id") == life.id)
    assert row.findtext("balance_info") == f"{len(setting)}.2500 EUR"


def test_16_closed(life, domain):
    ask(life, "domain.delete", elid=domain)
    life.panel.until_status(domain, 4)
    assert not (life.desk / "domains/first.test.json").exists()

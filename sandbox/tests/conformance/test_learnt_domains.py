"""additions-2.md d.1, d.2, h.9: how a domain is ordered, and what the registrar's module is asked on the way."""

import itertools

import pytest
from lxml import etree

MODULE = "pmregistrar"
ZONE = MODULE
KINDS = (
    '<doc ns="require" auth_code="require"><contact_type>admin</contact_type>'
    '<contact_type main="yes">owner</contact_type><contact_type>customer</contact_type></doc>'
)
FORM = f"""<mgrdata><metadata name="service_profile.{MODULE}.owner.{ZONE}" type="form"><form>
<field name="vat"><input type="text" name="vat"/></field></form></metadata></mgrdata>"""

_names = itertools.count(1)


@pytest.fixture(scope="module", autouse=True)
def its_form(made):
    file = made.panel.install("etc/xml", f"billmgr_mod_{MODULE}.xml", FORM)
    made.panel.mgrctl("exit")
    yield
    file.unlink()
    made.panel.mgrctl("exit")


@pytest.fixture
def probe(made):
    """The module, telling what contacts its zone wants; its zone is sold."""
    made.tariff("domain")
    made.kinds = {"get_contact_type": {"out": KINDS}}
    made.do(**made.kinds)
    yield made
    made.do()


@pytest.fixture
def domain():
    return f"d{next(_names)}.{ZONE}"


@pytest.fixture
def profile(probe):
    given = {"su": "client1", "name": "Firm", "profiletype": 2, "email": "firm@example.com", "sok": "ok"}
    return probe.panel.call("service_profile.edit", **given).findtext("id")


def ask(probe, func, **params):
    return probe.panel.http(func, "client1", **params)


def filled(kind, **more):
    given = {"name": f"{kind} name", "profiletype": 1, "email": f"{kind}@example.com", **more}
    return {f"{kind}_{name}": value for name, value in given.items()}


def contacts_of(probe, item):
    rows = probe.panel.rows("SELECT type, service_profile FROM service_profile2item WHERE item = %s", item)
    return {row["type"]: row["service_profile"] for row in rows}


def params(probe, item):
    rows = probe.panel.rows("SELECT intname, value FROM itemparam WHERE item = %s", item)
    return {row["intname"]: row["value"] for row in rows}


def hidden(answer):
    return {cell.tag: cell.text or "" for cell in answer if len(cell) == 0}


@pytest.mark.fact("H9-01", "H9-02", "H9-03", "D1-06")
def test_the_pages_of_contacts_are_those_that_the_zone_wants(probe, domain):
    page = ask(probe, "domain.order.contact", selected_domain=domain, out="devel")
    pages = page.findall("metadata/form/page")
    assert [one.get("name") for one in pages] == ["owner", "admin", "customer"]
    fields = {field.get("name") for field in pages[0].iterfind("field")}
    expected = {"contact_select", "name", "profiletype", "location_country", "location_city", "vat"}
    assert {f"owner_{name}" for name in expected} <= fields
    assert "admin_vat" not in {field.get("name") for field in pages[1].iterfind("field")}
    assert pages[0].find("field/select[@name='owner_contact_select']").get("setvalues") == "blocking"
    assert page.find("ns0") is not None
    flags = page.xpath("slist[@name='customer_location_country']/val/@image")
    assert "/manimg/common/flag/LV.png" in flags


@pytest.mark.fact("H9-04")
def test_the_module_tunes_the_page_of_each_contact(probe, domain):
    own = "<doc><slist name='owner_kind'><val key='k'>K</val></slist></doc>"
    probe.do(tune_service_profile={"out": own}, **probe.kinds)
    before = len(probe.met("tune_service_profile"))
    page = ask(probe, "domain.order.contact", selected_domain=domain)
    assert page.xpath("slist[@name='owner_kind']/val/@key") == ["k"]
    asked = [line["options"] for line in probe.met("tune_service_profile")[before:]]
    assert [(one["param"], one["value"]) for one in asked] == [(ZONE, "owner"), (ZONE, "admin"), (ZONE, "customer")]
    read = etree.fromstring(probe.met("tune_service_profile")[before]["stdin"].encode())
    page = read.find("metadata/form/page[@name='owner']")
    assert page.find("field[@name='owner_update_warning']").get("remove_if") == "new"


@pytest.mark.fact("H9-05", "H9-06", "H9-07", "H9-08")
def test_a_domain_is_ordered_by_the_wizard(probe, domain, profile):
    probe.do(whois={"out": "<doc><whois>not exist</whois></doc>"}, **probe.kinds)
    name = ask(probe, "domain.order.name", domain_name=domain, snext="ok")
    assert probe.last("whois")["options"]["param"] == domain
    step = {"snext": "ok", **hidden(name), **filled("owner", vat="LV7", location_city="Riga")}
    step |= {"admin_contact_use_first": "on", "customer_contact_select": profile}
    kept = hidden(ask(probe, "domain.order.contact", **step))
    checked = probe.met("validate_service_profile")[-3:]
    assert [line["options"]["value"] for line in checked] == ["owner", "admin", "customer"]
    assert etree.fromstring(checked[0]["stdin"].encode()).findtext("owner_vat") == "LV7"
    assert ask(probe, "domain.order.ns", snext="ok", **kept).find("error").get("object") == "ns0"
    own = "<doc><slist name='x'><val key='tuned'>T</val></slist></doc>"
    probe.do(tune_service={"out": own}, **probe.kinds)
    assert ask(probe, "domain.order.ns", **kept).xpath("slist[@name='x']/val/@key") == ["tuned"]
    asked = probe.last("tune_service")
    assert (asked["options"]["param"], asked["options"]["value"]) == (ZONE, domain)
    label = domain.partition(".")[0]
    page = f"page_{label}____________{ZONE}"
    assert etree.fromstring(asked["stdin"].encode()).find(f"metadata/form/page[@name='{page}']") is not None
    more = {f"domainparam_{label}____________{ZONE}_trademark": "T1", "main_domain_purpose": "shop"}
    servers = {"ns0": "ns1.example", "ns1": "ns2.example/192.0.2.1"}
    made = ask(probe, "domain.order.payment", sok="ok", skipbasket="on", **kept, **servers, **more)
    item = int(made.findtext("id"))
    probe.panel.until_status(item, 2)
    known = params(probe, item)
    assert {name: known[name] for name in ("domain", "trademark", "purpose", "ns0", "ns1")} == {
        "domain": domain,
        "trademark": "T1",
        "purpose": "shop",
        **servers,
    }
    owned = contacts_of(probe, item)
    assert owned["customer"] == int(profile)
    assert owned["owner"] == owned["admin"] != owned["customer"]
    rows = probe.panel.rows(
        "SELECT intname, value FROM service_profileparam WHERE service_profile = %s", owned["owner"]
    )
    values = {row["intname"]: row["value"] for row in rows}
    assert (values["vat"], values["location_city"], values["email"]) == ("LV7", "Riga", "owner@example.com")


@pytest.mark.fact("H9-09")
def test_a_contact_that_the_module_refuses_is_not_kept(probe, domain):
    refusal = {"out": '<doc><error type="value" object="owner_vat"/></doc>', "code": 1}
    probe.do(validate_service_profile=refusal, **probe.kinds)
    given = {**filled("owner", name="Refused"), "admin_contact_use_first": "on", "customer_contact_use_first": "on"}
    error = ask(probe, "domain.order.contact", selected_domain=domain, snext="ok", **given).find("error")
    assert (error.get("type"), error.get("object")) == ("value", "owner_vat")
    assert probe.panel.rows("SELECT id FROM service_profile WHERE name = 'Refused'") == []


def test_a_name_that_whois_knows_is_taken(probe, domain):
    probe.do(whois={"out": f"<doc><whois>domain: {domain}</whois></doc>"}, **probe.kinds)
    error = ask(probe, "domain.order.name", domain_name=domain, snext="ok").find("error")
    assert (error.get("type"), error.get("value")) == ("exists", domain)


@pytest.mark.parametrize("number", ["0", "999999", "x"])
def test_a_contact_of_somebody_else_is_not_taken(probe, domain, number):
    given = {"owner_contact_select": number, "admin_contact_use_first": "on", "customer_contact_use_first": "on"}
    error = ask(probe, "domain.order.contact", selected_domain=domain, snext="ok", **given).find("error")
    assert (error.get("type"), error.get("object")) == ("value", "owner_contact_select")


@pytest.mark.fact("H9-10", "H17-01")
def test_a_plain_form_of_a_contact_asks_without_zone_and_kind(probe, profile):
    link = {"service_profile": profile, "processingmodule": probe.id, "type": "owner", "externalid": "E1"}
    probe.panel.call("service_profile2processingmodule.edit", sok="ok", **link)
    ask(probe, "service_profile.edit", elid=profile)
    argv = probe.last("tune_service_profile")["argv"]
    assert argv[argv.index("--param") + 1] == ""
    assert argv[argv.index("--value") + 1] == ""
    rows = probe.panel.call("service_profile2processingmodule", elid=profile).findall("elem")
    assert [(row.findtext("type"), row.findtext("externalid")) for row in rows] == [("owner", "E1")]


@pytest.mark.fact("H9-11", "H9-12")
def test_a_change_of_name_servers_starts_update_ns(probe):
    item = probe.kept("domain")
    before = len(probe.met("update_ns"))
    given = {f"ns{place}": f"ns{place}.example" for place in range(4)}
    assert ask(probe, "domain.ns", elid=item, sok="ok", **given).find("ok") is not None
    probe.over(item)
    assert probe.last("update_ns")["options"]["item"] == str(item)
    assert ask(probe, "domain.ns", elid=item).findtext("ns3") == "ns3.example"
    assert ask(probe, "domain.ns", elid=item, sok="ok", **given).find("ok") is not None
    probe.over(item)
    assert len(probe.met("update_ns")) == before + 1
    assert ask(probe, "domain.ns", elid=item, ns0="no server!", sok="ok").find("error").get("object") == "ns0"


@pytest.mark.fact("H17-14", "H17-15")
def test_zones_are_listed_and_whois_is_asked(probe):
    zones = {row.findtext("name"): row.findtext("id") for row in probe.panel.call("tld").findall("elem")}
    assert (
        zones[ZONE]
        == probe.panel.rows("SELECT intname FROM pricelist WHERE id = %s", probe.tariff("domain"))[0]["intname"]
    )
    item = probe.kept("domain")
    name = params(probe, item)["domain"]
    probe.panel.call("sandbox.item", item=item, name=f"{name.partition('.')[0]}.{ZONE}")
    probe.do(whois={"out": "<doc><whois>state: here</whois></doc>"}, **probe.kinds)
    assert ask(probe, "domain.whois", elid=item).findtext("whois_data") == "state: here"


def api(probe, profile, domain, **more):
    contacts = dict.fromkeys(("owner", "admin", "customer"), profile)
    given = {
        "domain": domain,
        "project": 1,
        "ns0": "ns1.example",
        "ns1": "ns2.example/192.0.2.7,2001:db8::7",
        **contacts,
    }
    return ask(probe, "domain.order.api", **{**given, **more})


@pytest.mark.fact("D1-01", "D1-02", "D1-03", "D1-04")
def test_a_domain_is_ordered_in_one_call(probe, domain, profile):
    more = {"owner_vat": "LV9", "ns_additional": "ns8.example ns9.example/192.0.2.9", "period": 12}
    answer = api(probe, profile, domain, pricelist=probe.tariff("domain"), **more)
    item = int(answer.findtext("id"))
    probe.panel.until_status(item, 2)
    assert contacts_of(probe, item) == dict.fromkeys(("owner", "admin", "customer"), int(profile))
    known = params(probe, item)
    assert (known["ns1"], known["ns_additional"]) == ("ns2.example/192.0.2.7,2001:db8::7", more["ns_additional"])
    assert probe.panel.rows(
        "SELECT value FROM service_profileparam WHERE service_profile = %s AND intname = 'vat'", profile
    ) == [{"value": "LV9"}]
    assert probe.panel.rows("SELECT period FROM item WHERE id = %s", item) == [{"period": 12}]
    shortest = int(api(probe, profile, f"short-{domain}").findtext("id"))
    assert probe.panel.rows("SELECT period FROM item WHERE id = %s", shortest) == [{"period": 1}]


@pytest.mark.fact("D1-05")
def test_a_transfer_wants_its_code(probe, domain, profile):
    error = api(probe, profile, domain, action="transfer").find("error")
    assert (error.get("type"), error.get("object")) == ("value", "auth_code")
    item = int(api(probe, profile, domain, action="transfer", auth_code="C&1").findtext("id"))
    probe.panel.until_status(item, 2)
    assert probe.last("transfer")["options"]["item"] == str(item)
    assert params(probe, item)["auth_code"] == "C&1"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"owner": ""}, "owner"),
        ({"admin": "1"}, "admin"),
        ({"ns0": ""}, "ns0"),
        ({"ns0": "a b"}, "ns0"),
        ({"action": "steal"}, "action"),
        ({"project": 77}, "project"),
        ({"pricelist": 1}, "pricelist"),
        ({"domain": "nowhere"}, "domain"),
    ],
    ids=str,
)
def test_what_an_order_in_one_call_must_not_be(probe, domain, profile, wrong, field):
    more = {"ns1": ""} if wrong.get("ns0") == "" else {}
    name = wrong.get("domain", domain)
    rest = {key: value for key, value in wrong.items() if key != "domain"}
    assert api(probe, profile, name, **more, **rest).find("error").get("object") == field


@pytest.mark.fact("D1-07")
@pytest.mark.parametrize(
    ("answer", "pays", "field"),
    [
        ("id", "at_once", "id"),
        ("item.id", "at_once", "item.id"),
        ("none", "at_once", None),
        ("id", "cart", "billorder"),
    ],
)
def test_what_the_order_in_one_call_answers_is_a_switch(probe, switch, domain, profile, answer, pays, field):
    switch(probe.panel, "domain_api_answer", answer)
    switch(probe.panel, "domain_api_pays", pays)
    made = api(probe, profile, domain)
    assert made.find("error") is None
    assert [cell.tag for cell in made if cell.tag != "ok"] == ([field] if field else [])
    status = probe.panel.rows("SELECT id, status FROM item WHERE name = %s", domain)[0]
    if pays == "cart":
        assert status["status"] == 1
        probe.panel.http("basket", "client1", clicked_button="clearbasket", sok="ok")
    else:
        probe.panel.until_status(status["id"], 2)


@pytest.mark.fact("H9-13")
def test_addons_of_a_domains_tariff_are_part_of_the_order(probe, profile):
    panel = probe.panel
    tariff = panel.call(
        "sandbox.tariff", itemtype="domain", name="with", zone="withaddons", price=2, periods="12", addons="dns:bool:3"
    )
    dns = tariff.find("addon").text
    hidden_fields = {"contacts": "ok", "owner_contact_select": profile, "sok": "ok", "skipbasket": "on"}
    for name, more, cost in (("a.withaddons", {}, "20"), ("b.withaddons", {f"addon_{dns}": "on"}, "50")):
        answer = ask(probe, "domain.order.payment", selected_domain=name, **hidden_fields, **more)
        assert panel.journal(item=answer.findtext("id"))[0]["amount"] == cost

"""additions-2.md h.13 to h.19, a.2: what programs of the provider call beside modules' own call-backs."""

import itertools

import pytest
from lxml import etree

from sandbox.tests.conformance.exhibit import shown

LIST = """<mgrdata><handler name="exhibit" type="xml"><func name="hs.show"/><func name="hs.one"/></handler>
<metadata name="hs" type="list" key="id"><toolbar><toolbtn func="hs.show" type="edit" name="show"/><toolbtn
func="hs.one" type="edit" name="one" nogroupedit="yes"/></toolbar>
<coldata><col name="id" type="data"/></coldata></metadata></mgrdata>"""
FLAG = "/manimg/common/flag/{}.png"

_names = itertools.count(1)


@pytest.fixture
def panel(pair):
    return pair.reseller


def fresh(word):
    return f"{word}{next(_names)}"


def country(panel, iso2):
    return str(panel.rows("SELECT id FROM country WHERE iso2 = %s", iso2)[0]["id"])


@pytest.mark.fact("H13-01")
def test_a_user_is_named_by_his_login(panel):
    panel.call("user.edit", elid="client1", phone="", realname="By login", sok="ok")
    assert panel.call("user.edit", elid="client1").findtext("realname") == "By login"
    assert panel.error("user.edit", elid="nobody at all").get("object") == "elid"


@pytest.mark.fact("H14-01")
def test_a_button_of_type_edit_runs_its_handler_for_each_row(panel):
    with shown(panel, "billmgr_mod_hs.xml", LIST) as made:
        panel.http("hs.show", elid="7, 8")
        calls = made.calls(2)
        assert [call["env"]["PARAM_elid"] for call in calls] == ["7", "8"]
        panel.http("hs.one", elid="7, 8")
        assert [call["env"]["PARAM_elid"] for call in made.calls(3)[2:]] == ["7, 8"]


@pytest.mark.fact("H15-02")
def test_accounts_are_filtered_in_one_call(panel):
    name = fresh("filtered ")
    number = panel.call("account.edit", name=name, sok="ok").findtext("id")
    found = panel.call("account", filter="on", name=name)
    assert [row.findtext("id") for row in found.findall("elem")] == [number]
    assert len(panel.call("account", name=name).findall("elem")) > 1


@pytest.mark.fact("H15-03")
def test_a_contacts_form_shows_countries_with_flags(panel):
    form = panel.call("service_profile.edit", su="client1")
    for name in ("location_country", "postal_country"):
        assert form.xpath(f"slist[@name='{name}']/val[@image='{FLAG.format('LV')}']/@key") == [country(panel, "LV")]


@pytest.mark.fact("H17-02")
def test_a_payer_has_two_addresses(panel):
    form = panel.call("profile.edit")
    for name in ("country_physical", "country_legal"):
        assert form.xpath(f"slist[@name='{name}']/val[@image='{FLAG.format('EE')}']/text()") == ["Estonia"]
    given = {"profiletype": 1, "person": "Ivan", "country_physical": country(panel, "EE"), "city_physical": "Tallinn"}
    number = panel.call("profile.edit", su="client1", sok="ok", **given).findtext("id")
    known = panel.call("profile.edit", elid=number)
    assert (known.findtext("person"), known.findtext("city_physical")) == ("Ivan", "Tallinn")
    assert known.findtext("country_physical") == country(panel, "EE")
    assert panel.http("profile.edit", "buyer", elid=number).find("error").get("type") == "missed"


@pytest.mark.fact("H17-03")
def test_a_product_type_is_made_and_sold(panel):
    name = fresh("cloudtype")
    given = {"name": "Clouds", "name_ru": "Облака", "monthly": "on", "trial": "off", "closetype": 1}
    number = panel.call("itemtype.edit", intname=name, nostopholidays="on", sok="ok", **given).findtext("id")
    form = panel.call("itemtype.edit", elid=number)
    assert (form.findtext("intname"), form.findtext("monthly"), form.findtext("closetype")) == (name, "on", "1")
    assert panel.rows("SELECT name_ru FROM itemtype WHERE intname = %s", name) == [{"name_ru": "Облака"}]
    tariff = panel.call("sandbox.tariff", itemtype=name, name=name, price=1).findtext("id")
    item = panel.bought(name, "client1", pricelist=tariff)
    assert panel.row(item, name, "client1") is not None
    assert panel.error("itemtype.edit", intname=name, sok="ok").get("type") == "exists"
    child = panel.call("itemtype.edit", intname="space", name="Space", parent=number, sok="ok").findtext("id")
    assert panel.rows("SELECT parent FROM itemtype WHERE id = %s", child) == [{"parent": int(number)}]


@pytest.mark.fact("H17-04")
def test_a_data_centre_is_made(panel):
    department = panel.rows("SELECT id FROM department")[0]["id"]
    given = {"name": "Riga", "name_ru": "Рига", "department": department}
    number = panel.call("datacenter.edit", sok="ok", **given).findtext("id")
    rows = panel.rows("SELECT * FROM datacenter WHERE id = %s", number)
    assert rows == [{"id": int(number), "external_id": None, **given}]
    panel.rows("DELETE FROM datacenter WHERE id = %s", number)


@pytest.mark.fact("H17-05")
def test_an_employee_is_made(panel):
    name = fresh("worker")
    panel.call("employee.edit", name=name, passwd="Long1Pass", realname="Worker", email="w@example.com", sok="ok")
    assert panel.http("whoami", (name, "Long1Pass")).find("user").get("level") == "29"
    panel.call("employee.edit", elid=name, enabled="off", sok="ok")
    assert panel.http("whoami", (name, "Long1Pass")).find("error").get("type") == "auth"
    assert panel.error("employee.edit", elid="client1").get("object") == "elid"


@pytest.mark.fact("H17-06")
def test_a_simple_task_goes_to_a_department(panel):
    department = panel.rows("SELECT id FROM department")[0]["id"]
    number = panel.call("task.simple.create", elid=department, specification="Look & see", sok="ok").findtext("id")
    row = panel.rows("SELECT department, params, status FROM task WHERE id = %s", number)[0]
    assert row == {"department": department, "params": "Look & see", "status": 0}
    assert panel.error("task.simple.create", elid=0, specification="x", sok="ok").get("object") == "elid"
    panel.call("task.delete", elid=number)


@pytest.mark.fact("H17-07")
def test_tickets_are_listed(panel):
    account = panel.accounts["client1"]["account"]
    panel.rows("INSERT INTO ticket (name, account) VALUES ('It is slow', %s)", account)
    row = panel.call("tickets").findall("elem")[0]
    assert (row.findtext("name"), row.findtext("client")) == ("It is slow", "client1")


@pytest.mark.fact("H17-08")
def test_the_first_set_up_names_the_provider(panel):
    before = panel.call("initialsettings.company").findtext("name")
    panel.call("initialsettings.company", name="Renamed", country=country(panel, "LV"), sok="ok")
    assert [row.findtext("name") for row in panel.call("project")] == ["Renamed"]
    panel.call("initialsettings.company", name=before, sok="ok")


@pytest.fixture
def payment(panel):
    method = panel.call(
        "paymethod.add.save", module="pmwire", name="Wire", merchant_id="M & 1", url="https://pay.example", sok="ok"
    ).findtext("id")
    currency = panel.rows("SELECT id FROM currency WHERE iso = 'USD'")[0]["id"]
    panel.rows(
        "INSERT INTO payment (paymethod, currency, amount, paymethodamount, description, recurring) "
        "VALUES (%s, %s, 10, 12.5, 'For services', 3)",
        method,
        currency,
    )
    number = panel.rows("SELECT MAX(id) AS id FROM payment")[0]["id"]
    yield number, method, currency
    panel.rows("DELETE FROM payment WHERE id = %s", number)
    panel.rows("DELETE FROM paymethod WHERE id = %s", method)


@pytest.mark.fact("H17-09", "H18-01", "H18-02", "H18-03")
def test_a_payment_is_read_with_its_currency_and_its_way(panel, payment):
    number, method, currency = payment
    info = panel.call("payment.info", elid=number).find("payment")
    plain = {name: info.findtext(name) for name in ("id", "paymethodamount", "description", "recurring")}
    assert plain == {"id": str(number), "paymethodamount": "12.5", "description": "For services", "recurring": "3"}
    assert info.find("stored_payment") is not None
    assert info.findtext("manager_url").startswith("https://")
    first, second = info.findall("currency")
    assert (first.text, second.findtext("iso")) == (str(currency), "USD")
    first, second = info.findall("paymethod")
    assert (first.text, second.findtext("merchant_id"), second.findtext("module")) == (method, "M & 1", "pmwire")


@pytest.mark.fact("H17-10")
def test_a_payment_is_set_back(panel, payment):
    panel.call("payment.setinpay", elid=payment[0])
    panel.call("payment.setnopay", elid=payment[0])
    assert panel.call("payment.info", elid=payment[0]).findtext("payment/status") == "1"


@pytest.mark.fact("H17-11")
def test_otparamlist_is_paramlist(panel):
    plain = [etree.tostring(row) for row in panel.call("paramlist")]
    assert [etree.tostring(row) for row in panel.call("otparamlist")] == plain
    assert panel.http("otparamlist").find("error").get("type") == "access"


@pytest.mark.fact("H17-12")
def test_a_client_comes_with_his_user(panel):
    mail = f"{fresh('new')}@example.com"
    form = panel.call("account.edit")
    land = form.xpath(f"slist/val[@image='{FLAG.format('LT')}']/@key")[0]
    given = {"email": mail, "realname": "New One", "passwd": "Long1Pass", "country": land, "project": 1}
    number = panel.call("account.edit", notify="off", employee="null", sok="ok", **given).findtext("id")
    user = panel.http("whoami", (mail, "Long1Pass")).find("user")
    assert (user.get("account"), user.get("realname")) == (number, "New One")
    assert panel.call("account.edit", elid=number).findtext("country") == land
    assert panel.error("account.edit", sok="ok", **given).get("type") == "exists"


@pytest.mark.fact("H17-13")
def test_an_enumeration_has_names_in_both_languages(panel):
    number = panel.call("enumeration.edit", intname="e9", name="E", name_ru="Е", sok="ok").findtext("id")
    panel.call("enumerationitem.edit", plid=number, intname="i9", name="I", name_ru="И", sok="ok")
    rows = panel.call("enumerationitem", elid=number).findall("elem")
    assert [row.findtext("intname") for row in rows] == ["i9"]
    assert panel.call("enumerationitem.edit", elid=rows[0].findtext("id")).findtext("name_ru") == "И"
    assert number in [row.findtext("id") for row in panel.call("enumeration")]

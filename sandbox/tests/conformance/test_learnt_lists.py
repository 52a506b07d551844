"""additions-2.md b, d.2, e.8, g: lists and forms that newer pages tell of, balances and operations."""

import base64
import io
import zipfile

import pytest
from lxml import etree

from sandbox.tests.panels import until

MODULE = "pmlists"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"


def ids(document):
    return [int(row.findtext("id")) for row in document.findall("elem")]


@pytest.fixture
def three(pair):
    """Three services of a client of their own, oldest first."""
    pair.reseller.call(
        "sandbox.client", name=f"lists{len(ids(pair.reseller.call('account')))}", password="pw", balance=99
    )
    name = pair.reseller.call("account").findall("elem")[-1].findtext("name")
    return (name, "pw"), [pair.reseller.bought(user=(name, "pw")) for _ in range(3)]


@pytest.mark.fact("G-01")
@pytest.mark.parametrize(
    ("setting", "params", "expected"),
    [
        ("both", {"startidx": 1, "pagesize": 1}, [1]),
        ("both", {"p_num": 3, "p_cnt": 1}, [2]),
        ("both", {"startidx": 2, "pagesize": 1, "p_num": 3, "p_cnt": 1}, [2]),
        ("both", {"startidx": 2}, [2]),
        ("offset", {"p_num": 3, "p_cnt": 1}, [0, 1, 2]),
        ("offset", {"startidx": 1}, [1, 2]),
        ("pages", {"startidx": 1, "pagesize": 1}, [0, 1, 2]),
    ],
    ids=str,
)
def test_how_a_page_is_asked_for_is_a_switch(pair, switch, three, setting, params, expected):
    user, made = three
    switch(pair.reseller, "paging", setting)
    answer = pair.reseller.http("vds", user, sort="id", **params)
    assert ids(answer) == [made[place] for place in expected]
    assert answer.findtext("p_elems") == "3"


@pytest.fixture
def contacts(pair):
    made = {}
    for name, kind in (("Anna", 1), ("Berta", 2), ("Anton", 2)):
        given = {"name": name, "profiletype": kind, "firstname": name, "lastname": "X", "inn": "7", "private": "on"}
        answer = pair.reseller.http("service_profile.edit", "client1", location_city="Riga", sok="ok", **given)
        made[name] = answer.findtext("id")
    yield made
    pair.reseller.ask("service_profile.delete", elid=", ".join(made.values()))


@pytest.mark.fact("D2-01", "D2-02", "D2-03", "D2-05")
def test_contacts_are_listed_chosen_and_removed(probe, contacts):
    panel, item = probe.panel, probe.kept("domain")
    link = {"service_profile": contacts["Anna"], "item": item, "type": "owner"}
    panel.call("service_profile2item.edit", sok="ok", **link)

    def names(**params):
        rows = panel.http("service_profile", "client1", **params).findall("elem")
        return [row.findtext("name") for row in rows if row.findtext("name") in contacts]

    row = panel.http("service_profile", "client1", elid=contacts["Anna"]).find("elem")
    domain = panel.rows("SELECT name FROM item WHERE id = %s", item)[0]["name"]
    assert (row.findtext("spusage"), row.findtext("fullname"), row.findtext("domains")) == ("1", "Anna X", domain)
    assert sorted(names(name="An*")) == ["Anna", "Anton"]
    assert names(name="*", profiletype=2, sort="-name") == ["Berta", "Anton"]
    assert names(name="*n*", sort="name", startidx=1, pagesize=1) == ["Anton"]
    form = panel.http("service_profile.edit", "client1", elid=contacts["Berta"])
    assert [form.findtext(name) for name in ("inn", "private", "location_city")] == ["7", "on", "Riga"]
    assert panel.http("service_profile.delete", "client1", elid=contacts["Berta"]).find("ok") is not None
    assert names(name="Berta") == []
    assert panel.http("service_profile.delete", "client1", elid=contacts["Anna"]).find("error").get("type") == "value"
    assert panel.http("service_profile.delete", "buyer", elid=contacts["Anton"]).find("error").get("type") == "missed"
    panel.rows("DELETE FROM service_profile2item WHERE item = %s", item)


@pytest.mark.fact("B2-01", "B5-01", "B4-01")
@pytest.mark.parametrize("sok", [{}, {"sok": "ok"}])
def test_a_balance_is_saved_and_shown(probe, sok):
    given = {"processingmodule": probe.id, "balance": "12.5", "currency": "USD", "notify_time": "2026-11-30 03:00:00"}
    told = "<doc><balance>12.5</balance><currency>USD</currency><credit>0</credit><extensions/></doc>"
    probe.do(getbalance={"out": told})
    assert [cell.tag for cell in probe.run("getbalance")] == ["balance", "currency", "credit", "extensions"]
    probe.panel.call("processing.savebalance", **given, **sok)
    row = next(row for row in probe.panel.call("processing").findall("elem") if row.findtext("id") == probe.id)
    assert row.findtext("balance_info").startswith("12.5")
    columns = ["id", "name", "module", "datacenter_name", "pusage", "balance_info", "orderpriority", "status"]
    assert [cell.tag for cell in row] == columns


@pytest.mark.fact("B1-01", "B4-02")
@pytest.mark.parametrize(("setting", "named"), [("module", True), ("all", False)])
@pytest.mark.parametrize("call", [("processing.checkbalance", {}), ("crontask", {"action": "processing.checkbalance"})])
def test_balances_are_asked_for_by_cron(probe, switch, setting, named, call):
    switch(probe.panel, "getbalance_of", setting)
    before = len(probe.met("getbalance"))
    func, params = call
    assert probe.panel.call(func, **params).find("ok") is not None
    met = probe.met("getbalance")[before:]
    assert [line["options"].get("module") for line in met] == [probe.id if named else None]


@pytest.mark.fact("B3-01", "B3-02")
def test_further_parameters_of_a_module_are_kept(probe):
    given = {"plid": probe.id, "param": "periods", "value": "1=3 & 12"}
    number = probe.panel.call("processing.customparam.edit", sok="ok", **given).findtext("id")
    probe.panel.call("processing.customparam.edit", plid=probe.id, param="other", value="x", sok="ok")
    rows = probe.panel.call("processing.customparam", plid=probe.id).findall("elem")
    assert [(row.findtext("param"), row.findtext("value")) for row in rows] == [("periods", "1=3 & 12"), ("other", "x")]
    probe.panel.call("processing.customparam.edit", plid=probe.id, elid=number, value="6", sok="ok")
    probe.panel.call("processing.customparam.filter", plid=probe.id, param="per", sok="ok")
    rows = probe.panel.call("processing.customparam", plid=probe.id).findall("elem")
    assert [(row.findtext("id"), row.findtext("value")) for row in rows] == [(number, "6")]
    assert probe.panel.call("processing.customparam.filter", plid=probe.id).findtext("param") == "per"
    probe.panel.call("processing.customparam.filter", plid=probe.id, param="", sok="ok")
    assert len(ids(probe.panel.call("processing.customparam", plid=probe.id))) == 2
    assert probe.panel.error("processing.customparam.edit", plid=probe.id, elid=1).get("object") == "elid"


@pytest.mark.fact("B3-03")
@pytest.mark.parametrize(
    ("func", "params", "sub"),
    [
        ("processing.customparam", {}, "List"),
        ("processing.customparam.edit", {}, "TableFormTune"),
        ("processing.customparam.edit", {"param": "a", "sok": "ok"}, "TableSet"),
    ],
)
def test_the_module_tunes_its_further_parameters(probe, func, params, sub):
    probe.do(tuning_param={"out": "<doc><tuned/></doc>"})
    answer = probe.panel.call(func, plid=probe.id, **params)
    assert probe.last("tuning_param")["options"]["subcommand"] == sub
    read = etree.fromstring(probe.last("tuning_param")["stdin"].encode())
    assert read.xpath("session_params/param[@name='plid']/@value") == [probe.id]
    assert (answer.find("tuned") is None) == ("sok" in params)
    probe.do(tuning_param={"out": "<doc><error type='value' object='param'/></doc>"})
    assert probe.panel.error(func, plid=probe.id, **params).get("object") == "param"


@pytest.mark.fact("B8-01")
@pytest.mark.parametrize(("setting", "there"), [("present", True), ("absent", False)])
def test_a_credit_limit_can_be_read_where_accountinfo_is(pair, switch, setting, there):
    switch(pair.seller, "accountinfo", setting)
    pair.seller.call("sandbox.balance", user="buyer", limit=75)
    answer = pair.seller.http("accountinfo")
    assert (answer.find("error") is None) == there
    if there:
        row = answer.find("elem")
        assert [row.findtext(name) for name in ("name", "currency", "creditlimit")] == ["buyer", "EUR", "75.00"]
    pair.seller.call("sandbox.balance", user="buyer", limit=0)


@pytest.mark.fact("B8-02")
def test_an_order_without_money_may_stay_unpaid(pair, switch):
    switch(pair.seller, "short_balance_leaves", "unpaid_row")
    pair.seller.call("sandbox.balance", user="buyer", value=0)
    assert pair.seller.order(domain="unpaid.example").find("error").get("type") == "not_enough_money"
    row = pair.seller.rows("SELECT status FROM item WHERE name = 'unpaid.example'")
    assert row == [{"status": 1}]


@pytest.mark.fact("E8-01", "E8-02", "E8-03")
def test_failed_tries_are_told_and_operations_filtered(probe):
    probe.do(open={"err": "no disk & no hope", "code": 1})
    item = int(probe.ordered().findtext("id"))
    until(lambda: probe.operations(item)[0]["lastexit"] == 1, "not settled")
    operation = probe.operations(item)[0]["id"]
    probe.panel.call("runningoperation.setmanual", elid=operation)
    row = probe.panel.call("runningoperation.errorhistory", elid=operation).find("elem")
    assert [cell.tag for cell in row] == ["id", "createdate", "item", "task"]
    assert row.findtext("item") == str(item)
    log = probe.panel.call("errorhistory.showlog", elid=row.findtext("id")).findtext("log")
    assert "no disk & no hope" in etree.fromstring(log).findtext("msg")
    probe.panel.call("runningoperation.filter", item=item, sok="ok")
    rows = probe.panel.call("runningoperation").findall("elem")
    assert [one.findtext("id") for one in rows] == [str(operation)]
    shown = {"id", "desc", "item", "itemtype", "client", "cdate", "trycount", "processingmodule", "task", "status"}
    assert shown <= {cell.tag for cell in rows[0]}
    probe.panel.call("runningoperation.filter", item=item, intname="close", sok="ok")
    assert probe.panel.call("runningoperation").findall("elem") == []
    assert probe.panel.call("runningoperation.filter").findtext("intname") == "close"
    probe.panel.call("runningoperation.filter", sok="ok")
    probe.drop(item)


@pytest.mark.fact("D3-02")
def test_a_certificate_may_come_in_an_archive(probe):
    item = probe.kept("certificate")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("readme.txt", "x")
        archive.writestr("c.crt", CERTIFICATE)
    given = {"elid": item, "crt_type": "zip", "sok": "ok"}
    probe.panel.call("certificate.save", crt=base64.b64encode(packed.getvalue()).decode(), **given)
    assert probe.panel.rows("SELECT crt FROM certificate WHERE item = %s", item) == [{"crt": CERTIFICATE}]
    assert probe.panel.error("certificate.save", crt="no archive", **given).get("object") == "crt"


@pytest.mark.fact("D4-01")
@pytest.mark.parametrize(("status", "period", "special"), [(2, 1, "0"), (5, 1, "1"), (3, -50, "2"), (3, 1, "0")])
def test_the_special_status_of_a_licence(pair, status, period, special):
    item = pair.seller.live("soft", ip="192.0.2.71", pricelist=pair.seller.tariff("ISPmanager Pro"), licname="s")
    pair.seller.call("sandbox.item", item=item, status=status, period=period)
    assert pair.seller.row(item, "soft").findtext("special_status") == special
    column = pair.seller.rows("SELECT specialstatus FROM item WHERE id = %s", item)
    assert column == [{"specialstatus": int(special)}]
    pair.seller.call("sandbox.item", item=item, status=4)


@pytest.mark.fact("H17-16")
def test_a_step_of_adding_a_module_makes_an_account(probe):
    probe.do(tune_connection={"out": "<doc><slist name='plan'><val key='p'>P</val></slist></doc>"})
    form = probe.panel.call("processing.add.user", module=MODULE)
    assert form.xpath("slist[@name='plan']/val/@key") == ["p"]
    read = etree.fromstring(probe.last("tune_connection")["stdin"].encode())
    assert read.findtext("func") == "processing.add.user"
    probe.do(usercreate={"out": "<doc><ok/><login>new</login></doc>"})
    made = probe.panel.call("processing.add.user", module=MODULE, url="there", sok="ok")
    assert made.findtext("login") == "new"
    assert etree.fromstring(probe.last("usercreate")["stdin"].encode()).findtext("url") == "there"


@pytest.mark.fact("A2-21")
def test_one_parameter_of_the_configuration(pair):
    rows = pair.reseller.call("paramlist", elid="DBHost").findall("elem")
    assert [[(cell.tag, cell.text) for cell in row] for row in rows] == [[("DBHost", "localhost")]]


@pytest.mark.fact("A2-22")
def test_a_module_is_added_in_one_call(probe):
    centre = probe.panel.rows("SELECT id FROM datacenter ORDER BY id LIMIT 1")[0]["id"]
    given = {"module": MODULE, "type": "vds", "name": "second", "datacenter": centre, "url": "u"}
    number = probe.panel.call("processing.add.settings", clicked_button="finish", sok="ok", **given).findtext("id")
    rows = probe.panel.rows("SELECT name, module, datacenter FROM processingmodule WHERE id = %s", number)
    assert rows == [{"name": "second", "module": MODULE, "datacenter": centre}]
    probe.panel.call("processing.delete", elid=number)


@pytest.mark.fact("D1-11", "D3-04")
@pytest.mark.parametrize(("itemtype", "name"), [("domain", "domain"), ("certificate", "CN")])
def test_columns_of_a_list_of_staff(probe, itemtype, name):
    item = probe.kept(itemtype)
    rows = probe.panel.call(itemtype, p_cnt=1000).findall("elem")
    row = next(row for row in rows if row.findtext("id") == str(item))
    shared = {"id", "account", "pricelist", "project", "processingmodule", "createdate", "expiredate"}
    assert {name, "status_msg", "item_status", "cost", *shared} <= {cell.tag for cell in row}


@pytest.mark.fact("D4-02")
def test_columns_of_a_list_of_licences(pair):
    row = pair.seller.row(pair.seller.live("soft", ip="192.0.2.81"), "soft")
    columns = {"licname", "ip", "period", "update_expiredate", "real_ipchange", "real_keychange"}
    assert columns <= {cell.tag for cell in row}


@pytest.mark.fact("D2-06")
def test_the_type_of_a_contact_stays(pair, contacts):
    given = {"elid": contacts["Berta"], "sok": "ok"}
    error = pair.reseller.http("service_profile.edit", "client1", profiletype=1, **given).find("error")
    assert (error.get("type"), error.get("object")) == ("value", "profiletype")
    assert pair.reseller.http("service_profile.edit", "client1", profiletype=2, **given).find("ok") is not None

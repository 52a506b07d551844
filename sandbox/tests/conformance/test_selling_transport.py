"""selling-api.md 1 and 2 over the wire: addresses, authentication, formats, errors."""

import json

import pytest
import requests

from sandbox.tests.panels import parsed

fact = pytest.mark.fact


def send(seller, place="/billmgr", method="POST", headers=None, cookies=None, **params):
    base = seller.facts["url"].removesuffix("/billmgr")
    words = {"params": params} if method == "GET" else {"data": params}
    return requests.request(
        method, base + place, verify=seller.facts["ca"], timeout=60, headers=headers, cookies=cookies, **words
    )


def authinfo(seller):
    return f"buyer:{seller.accounts['buyer']['password']}"


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("/billmgr", marks=fact("S1.1-01")),
        pytest.param("/manager/billmgr", marks=fact("S1.1-02")),
        pytest.param("/", marks=fact("S1.1-03")),
    ],
)
def test_1_1_places(pair, place):
    answer = send(pair.seller, place, func="whoami", out="xml", authinfo=authinfo(pair.seller))
    assert parsed(answer.content).find("user").get("name") == "buyer"


@fact("S1.1-04")
def test_1_1_a_doubled_path_is_no_document(pair):
    answer = send(pair.seller, "/billmgr/billmgr", func="whoami", out="xml")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "method", [pytest.param("GET", marks=fact("S1.1-05")), pytest.param("POST", marks=fact("S1.1-06"))]
)
def test_1_1_methods(pair, method):
    answer = send(pair.seller, method=method, func="whoami", out="xml", authinfo=authinfo(pair.seller))
    assert parsed(answer.content).find("user") is not None


@pytest.mark.parametrize(
    ("lang", "word"),
    [pytest.param("en", "Active", marks=fact("S1.1-07")), pytest.param("ru", "Активен", marks=fact("S1.1-08"))],
)
def test_1_1_lang_fixes_displayed_values(pair, lang, word):
    item = pair.seller.bought()
    pair.seller.until_status(item, 2)
    rows = pair.seller.http("vds", lang=lang, p_cnt=1000).findall("elem")
    assert next(row for row in rows if row.findtext("id") == str(item)).findtext("status_msg") == word


@fact("S1.2-01")
def test_1_2_authinfo_per_request(pair):
    assert pair.seller.http("whoami").find("user").get("name") == "buyer"


@fact("S1.2-02", "S1.2-03")
def test_1_2_session_and_its_answer(pair):
    password = pair.seller.accounts["buyer"]["password"]
    answer = parsed(send(pair.seller, func="auth", username="buyer", password=password, out="xml").content)
    session = answer.find("auth")
    assert session.text == session.get("id")
    assert session.get("level") == "16"
    again = parsed(send(pair.seller, func="whoami", auth=session.text, out="xml").content)
    assert again.find("user").get("name") == "buyer"


@fact("S1.2-04")
def test_1_2_session_by_authinfo(pair):
    answer = parsed(send(pair.seller, func="auth", authinfo=authinfo(pair.seller), out="xml").content)
    assert answer.findtext("auth")


@fact("S1.2-05")
def test_1_2_the_session_in_json(pair):
    told = send(pair.seller, func="auth", authinfo=authinfo(pair.seller), out="json").json()["doc"]["auth"]
    assert told["$"] == told["$id"]
    assert told["$level"] == "16"


@fact("S1.2-06")
def test_1_2_a_key_works_once(pair):
    pair.seller.call("session.newkey", username="buyer", key="k" * 20)
    given = {"func": "auth", "username": "buyer", "key": "k" * 20, "out": "xml"}
    assert parsed(send(pair.seller, **given).content).findtext("auth")
    assert parsed(send(pair.seller, **given).content).find("error").get("type") == "auth"


@fact("S1.2-07")
def test_1_2_cookie_needs_the_panels_own_referer(pair):
    session = parsed(send(pair.seller, func="auth", authinfo=authinfo(pair.seller), out="xml").content).findtext("auth")
    ask = {"cookies": {"billmgrses5": session}, "func": "whoami", "out": "xml"}
    assert parsed(send(pair.seller, **ask).content).find("error").get("type") == "access"
    own = {"Referer": pair.seller.facts["url"]}
    assert parsed(send(pair.seller, headers=own, **ask).content).find("user") is not None


@fact("S1.2-08", "S1.2-09")
def test_1_2_a_session_lives_an_hour_and_a_dead_one_is_an_access_error(pair):
    session = parsed(send(pair.seller, func="auth", authinfo=authinfo(pair.seller), out="xml").content).findtext("auth")
    ask = {"func": "vds", "auth": session, "out": "xml"}
    try:
        pair.seller.call("sandbox.clock", advance="3000s")
        assert parsed(send(pair.seller, **ask).content).find("error") is None
        pair.seller.call("sandbox.clock", advance="3700s")
        assert parsed(send(pair.seller, **ask).content).find("error").get("type") == "access"
    finally:
        pair.seller.call("sandbox.clock", set="real")


@fact("S1.2-10")
def test_1_2_addresses_of_a_user(pair):
    pair.seller.call("sandbox.client", name="fenced", password="pw", allow="192.0.2.1")
    error = pair.seller.http("whoami", ("fenced", "pw")).find("error")
    assert error.get("type") == "auth"
    assert error.findtext("msg") == "Access from this IP denied"


@fact("S1.2-11")
def test_1_2_a_second_factor_makes_authinfo_fail(pair):
    pair.seller.call("sandbox.client", name="twofold", password="pw", totp="on")
    assert pair.seller.http("whoami", ("twofold", "pw")).find("error").get("type") == "auth"


@fact("S1.2-12")
def test_1_2_a_password_may_hold_colons(pair):
    pair.seller.call("sandbox.client", name="colon", password="a:b:c")
    assert pair.seller.http("whoami", ("colon", "a:b:c")).find("user").get("name") == "colon"


@pytest.mark.parametrize(
    ("out", "begins"),
    [
        pytest.param("xml", b"<?xml", marks=fact("S1.3-01")),
        pytest.param("devel", b"<?xml", marks=fact("S1.3-02")),
        pytest.param("json", b'{"doc"', marks=fact("S1.3-03")),
        pytest.param("sjson", b'{"doc"', marks=fact("S1.3-04")),
        pytest.param("xjson", b'{"doc"', marks=fact("S1.3-05")),
        pytest.param("text", b"", marks=fact("S1.3-06")),
        pytest.param("bjson", b"{", marks=fact("S1.3-07")),
        pytest.param("", b"<!DOCTYPE html>", marks=fact("S1.3-08")),
    ],
)
def test_1_3_formats(pair, out, begins):
    answer = send(pair.seller, func="subaccount", authinfo=authinfo(pair.seller), **({"out": out} if out else {}))
    assert answer.content.startswith(begins)
    assert b"EUR" in answer.content


@fact("S1.3-09")
def test_1_3_form_fields_are_children_and_slists_have_keys(pair):
    form = pair.seller.http("vds.order.param", pricelist=pair.seller.tariff("VDS-1"))
    assert form.tag == "doc"
    assert form.findtext("pricelist")
    assert form.xpath("slist[@name='period']/*[@key='1']")


@fact("S1.3-10")
def test_1_3_devel_adds_metadata_and_messages(pair):
    given = {"pricelist": pair.seller.tariff("VDS-1")}
    assert pair.seller.http("vds.order.param", **given).find("metadata") is None
    full = pair.seller.http("vds.order.param", out="devel", **given)
    assert full.find("metadata") is not None
    assert full.find("messages") is not None


@pytest.mark.parametrize("setting", ["array", "object"])
@fact("S1.3-11")
def test_1_3_a_single_row_is_an_array_or_an_object(pair, switch, setting):
    switch(pair.seller, "single_elem", setting)
    told = json.loads(pair.seller.post("subaccount", out="json").content)["doc"]["elem"]
    assert isinstance(told, list if setting == "array" else dict)


@fact("S1.3-12")
def test_1_3_sjson_cells_have_the_raw_value(pair):
    item = pair.seller.bought()
    rows = json.loads(pair.seller.post("vds", out="sjson", p_cnt=1000).content)["doc"]["elem"]
    cell = next(row["cost"] for row in rows if row["id"]["$"] == str(item))
    assert cell["$orig"] == "10.0000"
    assert cell["$"].startswith("10.00 EUR")


@fact("S1.3-13")
def test_1_3_bjson_model_and_scalar_results(pair):
    form = json.loads(pair.seller.post("vds.order.param", out="bjson", pricelist=pair.seller.tariff("VDS-1")).content)
    assert form["model"]["period"]
    given = {"pricelist": pair.seller.tariff("VDS-1"), "period": 1, "skipbasket": "on", "sok": "ok"}
    made = json.loads(pair.seller.post("vds.order.param", out="bjson", **given).content)
    assert made["id"]["v"].isdigit()


@fact("S1.3-14")
def test_1_3_ajax_answers_are_wrapped(pair):
    given = {"pricelist": pair.seller.tariff("VDS-1"), "period": 1, "skipbasket": "on", "sok": "ok"}
    made = json.loads(pair.seller.post("vds.order.param", out="json", sfrom="ajax", **given).content)
    assert made["content"][0]["id"]["v"].isdigit()


@fact("S1.4-01", "S2-01")
def test_1_4_errors_come_with_status_200(pair):
    answer = pair.seller.post("vds.edit", elid=1)
    assert answer.status_code == 200
    assert parsed(answer.content).find("error").get("type")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        pytest.param("html", 403, marks=fact("S1.4-02")),
        pytest.param("html460", 460, marks=fact("S1.4-03")),
        pytest.param("captcha", 200, marks=fact("S1.4-04")),
        pytest.param("progress", 200, marks=fact("S1.4-05")),
    ],
)
def test_1_4_pages_of_proxies(pair, kind, status):
    pair.seller.call("sandbox.fault", kind=kind, forfunc="whoami")
    answer = pair.seller.post("whoami")
    assert answer.status_code == status
    assert not answer.content.startswith(b"<?xml")


@fact("S2-02")
def test_2_not_enough_money_has_its_seven_params(pair):
    pair.seller.call("sandbox.balance", user="buyer", value=0)
    error = pair.seller.order().find("error")
    names = {param.get("name") for param in error.findall("param")}
    assert {"amount", "have", "currency", "deficit", "limit", "reserved", "available"} <= names
    assert error.findtext("group")
    assert error.findtext("msg")


@fact("S2-03")
def test_2_errors_in_json(pair):
    told = json.loads(
        pair.seller.post(
            "vds.order.param", out="json", pricelist=pair.seller.tariff("VDS-1"), period=7, sok="ok"
        ).content
    )
    error = told["doc"]["error"]
    assert (error["$type"], error["$object"]) == ("value", "period")
    assert error["msg"]["$"]
    assert {"$name", "$"} <= set(error["param"][0])


@pytest.mark.parametrize(("setting", "path"), [("error", "error"), ("warning", "warning/error")])
@fact("S2-04")
def test_2_v2_functions_may_wrap_an_error(pair, switch, setting, path):
    switch(pair.seller, "v2_errors", setting)
    answer = pair.seller.http("v2.vds.order.param", pricelist=pair.seller.tariff("VDS-1"), order_period=7, sok="ok")
    assert answer.find(path).get("type") == "value"


def _twice(seller, switch):
    switch(seller, "remoteid_unique", "on")
    seller.order(remoteid="twice")
    return seller.order(remoteid="twice")


def _captcha(seller, switch):
    seller.call("sandbox.fault", kind="error", type="captcha_verification_failed", forfunc="whoami")
    return seller.http("whoami")


PROVOKE = {
    "auth": lambda seller, _: seller.http("whoami", ("buyer", "wrong")),
    "access": lambda seller, _: seller.http("account"),
    "missed": lambda seller, _: seller.http("nosuchfunction"),
    "value": lambda seller, _: seller.order(period=7),
    "exists": _twice,
    "promocode_not_use": lambda seller, _: seller.order(promocode="SALE"),
    "wizard_unavailable": lambda seller, _: seller.http("vds.order.param", sok="ok"),
    "captcha_verification_failed": _captcha,
}


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=fact(f"S2-1{number}")) for number, kind in enumerate(PROVOKE)],
)
def test_2_types_of_errors(pair, switch, kind):
    assert PROVOKE[kind](pair.seller, switch).find("error").get("type") == kind


@fact("S2-20")
def test_2_resources_below_their_use(pair):
    item = pair.seller.bought()
    pair.seller.until_status(item, 2)
    mem = pair.seller.rows(
        "SELECT id FROM pricelist WHERE parent = %s AND intname = 'mem'", pair.seller.tariff("VDS-1")
    )
    name = f"addon_{mem[0]['id']}"
    pair.seller.http("vds.edit", elid=item, sok="ok", **{name: 4096})
    pair.seller.until_status(item, 2)
    pair.seller.rows("INSERT INTO itemstat (item, statdate, param, value) VALUES (%s, CURDATE(), 'mem', 3000)", item)
    error = pair.seller.http("vds.edit", elid=item, sok="ok", **{name: 2048}).find("error")
    assert error.get("type") == "stat_addon_over_limit"


@fact("S2-21")
def test_2_renewal_only_after_a_date(pair, switch):
    item = pair.seller.bought()
    pair.seller.until_status(item, 2)
    switch(pair.seller, "prolong_window_days", "5")
    error = pair.seller.http("service.prolong", elid=item, period=1, sok="ok").find("error")
    when = next(param.text for param in error.findall("param") if param.get("name") == "value")
    assert f"only after {when}" in error.findtext("msg")


@fact("S2-22")
def test_2_resource_change_forbidden(pair, switch):
    item = pair.seller.bought()
    pair.seller.until_status(item, 2)
    switch(pair.seller, "addon_change", "forbidden")
    mem = pair.seller.rows(
        "SELECT id FROM pricelist WHERE parent = %s AND intname = 'mem'", pair.seller.tariff("VDS-1")
    )
    error = pair.seller.http("vds.edit", elid=item, sok="ok", **{f"addon_{mem[0]['id']}": 4096}).find("error")
    assert error.findtext("msg").startswith("Resource change is forbidden by provider")


@fact("S2-23")
def test_2_a_type_the_seller_lacks(pair):
    assert pair.seller.http("nosuchtype.order.param").find("error").get("type") == "missed"


@fact("S2-24")
def test_2_messages_are_localised_and_types_are_not(pair):
    errors = [pair.seller.http("account", lang=lang).find("error") for lang in ("en", "ru")]
    assert errors[0].get("type") == errors[1].get("type")
    assert "недостаточно прав" in errors[1].findtext("msg")

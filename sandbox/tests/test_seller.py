"""What a client of the selling panel sees: orders, lists, editing, renewal, money, errors."""

import datetime as dt
import re
import time

import pytest
import requests

from sandbox.tests.panels import parsed, until


def test_an_order_is_charged_and_becomes_active_by_itself(seller):
    with seller.paused():
        item = seller.bought(remoteid="77-aaaa", domain="a.example", ostempl="ISPsystem__Debian-12-amd64")
        assert seller.row(item).findtext("status") == "5"
        assert seller.row(item).findtext("item_status") == "5_open"
    seller.until_status(item, 2)
    row = seller.row(item)
    assert row.findtext("remoteid") == "77-aaaa"
    assert row.findtext("domain") == "a.example"
    assert row.findtext("ip").startswith("198.18.")
    assert row.findtext("expiredate") > row.findtext("opendate")
    card = seller.http("vds.edit", elid=item)
    assert card.findtext("username") == "root"
    assert card.findtext("userpassword")
    assert seller.http("subaccount").findtext("elem/balance") == "990.00"
    assert [entry["event"] for entry in seller.journal(item=item)] == ["charge"]
    assert seller.rows("SELECT amount FROM expense WHERE item = %s", item)[0]["amount"] == 10


def test_add_ons_are_rows_of_their_own_and_cost_what_is_above_the_included(seller):
    tariff = seller.call(
        "sandbox.tariff", itemtype="vds", name="own", price=4, addons="mem:int:1:8:2,panel:enum:none/0/lite/3"
    )
    mem, panel = (addon.text for addon in tariff.findall("addon"))
    lite = tariff.xpath("choice[@intname='lite']")[0].text
    item = seller.bought(pricelist=tariff.findtext("id"), **{f"addon_{mem}": 3, f"addon_{panel}": lite})
    assert seller.journal(item=item)[0]["amount"] == "11"
    rows = seller.rows(
        "SELECT i.*, p.intname FROM item i JOIN pricelist p ON p.id = i.pricelist WHERE i.parent = %s", item
    )
    # One of the three is included.
    assert {row["intname"]: row["intvalue"] or row["enumerationitem"] for row in rows} == {"mem": 2, "panel": int(lite)}
    card = seller.http("vds.edit", elid=item)
    assert (card.findtext(f"addon_{mem}"), card.findtext(f"addon_{panel}")) == ("3", lite)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("period", "7"),
        ("ostempl", "nope"),
        ("datacenter", "1"),
        ("order_count", "99"),
        ("addon_1", "1"),
        ("autoprolong", "7"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_charged(seller, field, value):
    before = len(seller.journal())
    error = seller.order(**{field: value}).find("error")
    assert (error.get("type"), error.get("object")) == ("value", field)
    assert len(seller.journal()) == before


def test_a_tariff_of_another_type_an_add_on_or_none_is_no_tariff(seller):
    assert seller.order(pricelist=seller.tariff("ISPmanager Lite")).find("error").get("type") == "missed"
    addon = seller.rows("SELECT id FROM pricelist WHERE parent = %s", seller.tariff("VDS-1"))[0]["id"]
    assert seller.order(pricelist=addon).find("error").get("type") == "missed"
    assert seller.order(pricelist="").find("error").get("type") == "wizard_unavailable"


def test_a_tariff_in_two_data_centres_needs_one_named(seller):
    given = {"pricelist": seller.tariff("Dedic-1"), "user": "client1"}
    assert seller.order("dedic", **given).find("error").get("object") == "datacenter"
    seller.bought("dedic", datacenter=seller.facts["datacenters"][1], **given)


def test_a_short_balance_tells_all_seven_figures(seller):
    seller.call("sandbox.balance", user="buyer", value="3.5")
    error = seller.order().find("error")
    figures = {param.get("name"): param.text for param in error.findall("param")}
    assert error.get("type") == "not_enough_money"
    assert figures == {
        "amount": "10.00",
        "have": "3.50",
        "currency": "EUR",
        "deficit": "6.50",
        "limit": "0.00",
        "reserved": "0.00",
        "available": "3.50",
    }


@pytest.mark.parametrize(("leaves", "rows"), [("nothing", 0), ("unpaid_row", 1)])
def test_what_a_short_balance_leaves_behind_is_a_switch(seller, switch, leaves, rows):
    switch(seller, "short_balance_leaves", leaves)
    seller.call("sandbox.balance", user="buyer", value="0")
    assert seller.order(remoteid=f"short-{leaves}").find("error") is not None
    found = [row for row in seller.http("vds").findall("elem") if row.findtext("remoteid") == f"short-{leaves}"]
    assert [row.findtext("status") for row in found] == ["1"] * rows
    assert seller.journal(remoteid=f"short-{leaves}") == []
    for row in found:
        seller.http("basket", clicked_button="delete", id=row.findtext("id"))
        assert seller.row(row.findtext("id")) is None


def test_the_new_order_names_its_period_and_its_id_differently(seller, switch):
    given = {"pricelist": seller.tariff("VDS-1"), "skipbasket": "on", "sok": "ok"}
    assert seller.http("v2.vds.order.param", order_period=1, **given).findtext("item.id")
    assert seller.http("v2.vds.order.param", period=1, **given).find("error").get("object") == "order_period"
    for setting, absent, present in (
        ("old", "v2.vds.order.param", "vds.order.param"),
        ("v2", "vds.order.param", "v2.vds.order.param"),
    ):
        switch(seller, "order_api", setting)
        assert seller.http(absent, pricelist=given["pricelist"]).find("error").get("type") == "missed"
        assert seller.http(present, pricelist=given["pricelist"]).find("error") is None


def test_a_licence_gets_its_key_late(seller, switch):
    switch(seller, "lickey_seconds", "3600")
    item = seller.bought("soft", remoteid="l7")
    seller.until_status(item, 2)
    card = seller.http("soft.edit", elid=item)
    assert card.find("lickey") is not None
    assert not card.findtext("lickey")
    seller.deliver()
    until(lambda: seller.http("soft.edit", elid=item).findtext("lickey"), "no key came")


def test_a_licence_needs_an_address_unless_told_otherwise(seller, switch):
    assert seller.order("soft", ip="").find("error").get("object") == "ip"
    switch(seller, "soft_ip_required", "off")
    seller.bought("soft", ip="")


def test_staff_provide_a_service_by_hand(seller, switch):
    switch(seller, "provision", "manual")
    item = seller.bought()
    time.sleep(0.6)
    assert seller.status(item) == 5
    seller.call("sandbox.provision", item=item, ip="192.0.2.9")
    assert seller.row(item).findtext("ip") == "192.0.2.9"
    assert seller.status(item) == 2


def test_lists_come_in_pages_and_in_the_order_asked_for(seller):
    user = seller.call("sandbox.client", name="pages", password="pw", balance=100)
    items = [seller.bought(user=("pages", "pw"), domain=f"p{number}.example") for number in range(5)]
    assert user.findtext("account")

    def ids(**params):
        root = seller.http("vds", ("pages", "pw"), **params)
        assert root.findtext("p_elems") == "5"
        return [int(row.findtext("id")) for row in root.findall("elem")]

    assert ids() == items[::-1]
    assert ids(p_num=2, p_cnt=2) == [items[2], items[1]]
    assert ids(p_num=3, p_cnt=2) == [items[0]]
    assert ids(p_num=9, p_cnt=2) == []
    assert ids(p_sort="domain") == items
    assert ids(p_col="+time") == items
    assert seller.http("vds", ("pages", "pw"), p_cnt="x").find("error").get("object") == "p_cnt"


def test_a_client_sees_and_changes_only_its_own(seller):
    mine = seller.bought()
    seller.until_status(mine, 2)
    assert seller.row(mine, user="client1") is None
    for func, more in (
        ("vds.edit", {}),
        ("vds.edit", {"remoteid": "x", "sok": "ok"}),
        ("service.prolong", {}),
        ("vds.delete", {}),
        ("item.setremoteid", {"value": "x", "sok": "ok"}),
    ):
        error = seller.http(func, "client1", elid=mine, **more).find("error")
        assert error.get("type") == "missed", func
    for func in ("sandbox.journal", "paramlist", "processing", "vds.open", "service.saveparam", "account"):
        assert seller.http(func, elid=mine).find("error").get("type") == "access", func


def test_the_link_is_set_by_either_function(seller, switch):
    item = seller.bought(remoteid="one")
    seller.http("item.setremoteid", elid=item, value="two", sok="ok")
    assert seller.row(item).findtext("remoteid") == "two"
    seller.http("vds.edit", elid=item, remoteid="three", sok="ok")
    assert seller.row(item).findtext("remoteid") == "three"
    switch(seller, "failing_functions", "checkevent, item.set*")
    assert seller.http("item.setremoteid", elid=item, value="x", sok="ok").find("error").get("type") == "process"
    assert seller.row(item).findtext("remoteid") == "three"
    switch(seller, "absent_functions", "item.setremoteid")
    assert seller.http("item.setremoteid", elid=item, value="x", sok="ok").find("error").get("type") == "missed"
    switch(seller, "remoteid_edit", "denied")
    assert seller.http("vds.edit", elid=item, remoteid="x", sok="ok").find("error").get("type") == "access"


def test_whether_a_remoteid_is_unique_is_a_switch(seller, switch):
    seller.bought(remoteid="twin")
    other = seller.bought(remoteid="twin")
    switch(seller, "remoteid_unique", "on")
    assert seller.order(remoteid="twin").find("error").get("type") == "exists"
    seller.bought(remoteid="free")
    assert seller.http("vds.edit", elid=other, remoteid="free", sok="ok").find("error").get("type") == "exists"


def test_renewal_shows_the_date_first_and_adds_a_period_each_time(seller):
    item = seller.bought()
    seller.until_status(item, 2)
    promised = seller.http("service.prolong", elid=item, period=3).findtext("newexpiredate")
    assert seller.http("service.prolong", elid=item, period=3, sok="ok").findtext("doc/newexpiredate") == promised
    assert seller.row(item).findtext("expiredate") == promised
    assert seller.http("service.prolong", elid=item, period=1, sok="ok").findtext("doc/newexpiredate") > promised
    assert [entry["amount"] for entry in seller.journal(item=item)] == ["10", "30", "10"]


def test_renewal_may_run_later(seller, switch):
    switch(seller, "prolong_runs", "operation")
    item = seller.bought()
    seller.until_status(item, 2)
    old = seller.row(item).findtext("expiredate")
    with seller.paused():
        promised = seller.http("service.prolong", elid=item, period=1, sok="ok").findtext("doc/newexpiredate")
        assert (seller.row(item).findtext("status"), seller.row(item).findtext("expiredate")) == ("5", old)
    seller.until_status(item, 2)
    assert seller.row(item).findtext("expiredate") == promised


@pytest.mark.parametrize("runs", ["at_once", "operation"])
def test_what_stopped_for_want_of_a_renewal_runs_again_with_one(seller, switch, runs):
    switch(seller, "prolong_runs", runs)
    item = seller.bought()
    seller.until_status(item, 2)
    over = seller.row(item).findtext("createdate")[:10]
    seller.call("sandbox.item", item=item, status=3, autosuspend="on", expiredate=over)
    seller.http("service.prolong", elid=item, period=1, sok="ok")
    seller.until_status(item, 2)


@pytest.mark.parametrize(
    ("style", "like"),
    [
        ("iso", "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        ("dotted", "[0-9]{2}[.][0-9]{2}[.][0-9]{4}"),
        ("timed", "[0-9]{4}-[0-9]{2}-[0-9]{2} 00:00:00"),
        ("zero", "0000-00-00"),
        ("nothing", ""),
    ],
)
def test_how_dates_are_shown_is_a_switch(seller, switch, style, like):
    item = seller.bought()
    seller.until_status(item, 2)
    switch(seller, "shown_dates", style)
    form = seller.http("service.prolong", elid=item, period=1)
    shown = [form.findtext("expiredate"), form.findtext("newexpiredate"), seller.row(item).findtext("expiredate")]
    shown += [seller.http("vds.edit", elid=item).findtext("expiredate")]
    shown += [seller.http("service.prolong", elid=item, period=1, sok="ok").findtext("doc/newexpiredate")]
    assert [bool(re.fullmatch(like, each or "")) for each in shown] == [True] * 5, shown


@pytest.mark.parametrize("days", [0, 1, -1])
def test_a_renewal_may_give_another_day_than_its_form_promises(seller, switch, days):
    item = seller.bought()
    seller.until_status(item, 2)
    switch(seller, "renewal_gives_days", str(days))
    promised = dt.date.fromisoformat(seller.http("service.prolong", elid=item, period=1).findtext("newexpiredate"))
    seller.http("service.prolong", elid=item, period=1, sok="ok")
    assert dt.date.fromisoformat(seller.row(item).findtext("expiredate")) == promised + dt.timedelta(days=days)


@pytest.mark.parametrize(("start", "counted"), [("end", 1), ("today", 11)])
def test_what_a_late_renewal_is_counted_from_is_a_switch(seller, switch, start, counted):
    item = seller.bought()
    seller.until_status(item, 2)
    today = dt.datetime.now(dt.timezone.utc).date()
    month = dt.date.fromisoformat(seller.row(item).findtext("expiredate")) - today
    seller.call("sandbox.item", item=item, expiredate=today - dt.timedelta(days=10))
    switch(seller, "late_renewal_from", start)
    seller.http("service.prolong", elid=item, period=1, sok="ok")
    found = dt.date.fromisoformat(seller.row(item).findtext("expiredate"))
    # Months have not the same number of days.
    assert abs((found - today - month).days + 11 - counted) <= 3


def test_stopping_starting_and_closing(seller):
    item = seller.bought()
    seller.until_status(item, 2)
    seller.http("vds.suspend", elid=item)
    seller.until_status(item, 3)
    seller.http("vds.resume", elid=item)
    seller.until_status(item, 2)
    seller.http("vds.delete", elid=item)
    seller.until_status(item, 4)
    assert seller.row(item) is None
    assert seller.http("vds.edit", elid=item).find("error").get("type") == "missed"


def test_what_staff_stopped_the_client_does_not_start(seller):
    item = seller.bought()
    seller.until_status(item, 2)
    seller.call("vds.suspend", elid=item)
    seller.until_status(item, 3)
    assert seller.row(item).findtext("item_status") == "3_employeesuspend"
    assert seller.http("vds.resume", elid=item).find("error").get("type") == "access"


@pytest.mark.parametrize(
    ("does", "error", "status"), [("closes", None, 4), ("nothing", None, 2), ("denied", "access", 2)]
)
def test_what_a_delete_does_is_a_switch(seller, switch, does, error, status):
    switch(seller, "delete_does", does)
    item = seller.bought()
    seller.until_status(item, 2)
    found = seller.http("vds.delete", elid=item).find("error")
    assert (None if found is None else found.get("type")) == error
    if status == 2:
        time.sleep(0.5)
    seller.until_status(item, status)


def test_a_new_row_may_show_one_list_later(seller, switch):
    switch(seller, "new_row_hidden_lists", "1")
    item = seller.bought()
    assert seller.row(item) is None
    assert seller.row(item) is not None


def test_who_may_call_over_http(seller, switch):
    wrong = seller.http("whoami", ("buyer", "wrong")).find("error")
    assert (wrong.get("type"), wrong.get("object")) == ("auth", "badpassword")
    seller.call("sandbox.client", name="fenced", password="a:b", allow="10.0.0.0/8 192.0.2.1-192.0.2.9")
    barred = seller.http("whoami", ("fenced", "a:b")).find("error")
    assert (barred.get("type"), barred.get("object"), barred.findtext("msg")) == (
        "auth",
        "badip",
        "Access from this IP denied",
    )
    seller.call("sandbox.client", name="second", password="a:b", totp="on")
    assert seller.http("whoami", ("second", "a:b")).find("error").get("object") == "totp"
    switch(seller, "totp_error", "second_factor")
    assert seller.http("whoami", ("second", "a:b")).find("error").get("object") == "second_factor"
    seller.call("sandbox.client", name="plain", password="a:b", allow="127.0.0.0/24")
    assert seller.http("whoami", ("plain", "a:b")).find("user").get("name") == "plain"
    assert seller.http("whoami", None).find("error").get("type") == "access"


def test_a_session_lives_until_it_is_old(seller, switch):
    password = seller.accounts["buyer"]["password"]
    auth = seller.http("auth", None, username="buyer", password=password).find("auth")
    assert (auth.get("level"), auth.text) == ("16", auth.get("id"))
    assert seller.http("whoami", None, auth=auth.text).find("user").get("name") == "buyer"
    switch(seller, "session_seconds", "1")
    time.sleep(2.1)
    assert seller.http("whoami", None, auth=auth.text).find("error").get("type") == "access"
    switch(seller, "dead_session", "html")
    assert seller.post("whoami", None, auth=auth.text).text.startswith("<!")


def test_errors_come_with_status_200_in_the_language_asked_for(seller):
    answer = seller.post("no.such", lang="ru")
    assert answer.status_code == 200
    error = parsed(answer.content).find("error")
    assert (error.get("type"), error.get("object"), error.get("value"), error.get("lang")) == (
        "missed",
        "func",
        "no.such",
        "ru",
    )
    assert "не найден" in error.findtext("msg")


def test_formats_and_places(seller):
    given = {"authinfo": f"buyer:{seller.accounts['buyer']['password']}", "func": "whoami"}
    url = seller.facts["http_url"]
    assert requests.get(url, params={**given, "out": "json"}, timeout=60).json()["doc"]["user"]["$name"] == "buyer"
    assert requests.get(url, params=given, timeout=60).text.startswith("<!DOCTYPE html>")
    other = url.replace("/billmgr", "/manager/billmgr")
    assert b'name="buyer"' in requests.get(other, params={**given, "out": "xml"}, timeout=60).content
    assert requests.get(url + "/billmgr", params=given, timeout=60).status_code == 404


def test_tariffs_are_exported_with_add_ons_and_prices(seller, switch):
    root = seller.http("pricelist.export", None, itemtype="vds")
    tariff = next(one for one in root.findall("pricelist") if one.findtext("name") == "VDS-1")
    assert tariff.findtext("itemtype_info/intname") == "vds"
    assert tariff.find("price/period[@length='12']").get("cost") == "100.0000"
    kinds = {addon.findtext("intname"): addon.findtext("addontype") for addon in tariff.findall("addon")}
    assert kinds == {"mem": "2", "disk": "2", "ip": "2", "panel": "3"}
    choices = tariff.xpath("addon[intname='panel']/enumeration/enumerationitem/intname/text()")
    assert choices == ["panel_none", "panel_lite"]
    switch(seller, "export_needs_login", "on")
    assert seller.http("pricelist.export", None).find("error").get("type") == "access"


def test_the_order_form_shows_what_can_be_bought(seller):
    form = seller.http("vds.order.param", pricelist=seller.tariff("VDS-1"))
    assert [val.get("key") for val in form.xpath("slist[@name='period']/val")] == ["1", "3", "6", "12"]
    assert "ISPsystem__Debian-12-amd64" in form.xpath("slist[@name='ostempl']/val/@key")


def test_two_orders_at_once_cannot_spend_the_same_money(seller):
    import concurrent.futures

    seller.call("sandbox.balance", user="buyer", value=35)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        roots = list(pool.map(lambda number: seller.order(remoteid=f"race-{number}"), range(8)))
    assert sum(root.find("error") is None for root in roots) == 3
    assert seller.http("subaccount").findtext("elem/balance") == "5.00"


@pytest.mark.parametrize(("setting", "mem"), [("restored", [1]), ("left", [2])])
def test_a_rolled_back_tariff_brings_its_add_ons_back_or_leaves_the_others(seller, switch, setting, mem):
    switch(seller, "rollback_addons", setting)
    tariffs = [
        seller.call("sandbox.tariff", itemtype="vds", name=f"size {size}", price=4, addons=f"mem:int:{size}:8:2")
        for size in (1, 2)
    ]
    small, large = (tariff.findtext("id") for tariff in tariffs)
    item = seller.bought(pricelist=small)
    seller.until_status(item, 2)
    with seller.paused():
        # Once the change is done there is nothing left to roll back.
        seller.http("service.changepricelist", elid=item, pricelist=large, sok="ok")
        seller.call("service.changepricelist.rollback", elid=item, sok="ok")
    assert seller.rows("SELECT pricelist FROM item WHERE id = %s", item)[0]["pricelist"] == int(small)
    assert [row["addonlimit"] for row in seller.rows("SELECT addonlimit FROM item WHERE parent = %s", item)] == mem

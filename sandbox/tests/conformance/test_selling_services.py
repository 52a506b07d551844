"""selling-api.md 4 and 5 over the wire: managing and reading services."""

import time

import pytest

from sandbox.tests.panels import until

fact = pytest.mark.fact


def addon(seller, name="mem", tariff="VDS-1"):
    rows = seller.rows("SELECT id FROM pricelist WHERE parent = %s AND intname = %s", seller.tariff(tariff), name)
    return f"addon_{rows[0]['id']}"


@fact("S4.1-01", "S4.1-02")
def test_4_1_the_form_is_a_dry_run_and_the_answer_is_nested(pair):
    item = pair.seller.live()
    form = pair.seller.http("service.prolong", elid=item)
    assert form.xpath("slist[@name='period']/*")
    assert {"title_name", "expiredate", "period", "status", "suspendpenaltywarn"} <= {child.tag for child in form}
    done = pair.seller.http("service.prolong", elid=item, period=1, sok="ok")
    assert done.findtext("doc/newexpiredate") == form.findtext("newexpiredate")
    assert pair.seller.row(item).findtext("expiredate") == form.findtext("newexpiredate")


@fact("S4.1-03")
def test_4_1_every_accepted_call_adds_a_period(pair):
    item = pair.seller.live()
    dates = [
        pair.seller.http("service.prolong", elid=item, period=1, sok="ok").findtext("doc/newexpiredate") for _ in "ab"
    ]
    assert dates[0] < dates[1]
    assert [row["func"] for row in pair.seller.journal(item=item)].count("service.prolong") == 2


@fact("S4.1-04")
def test_4_1_the_button_basket_puts_a_renewal_into_the_cart(pair):
    item = pair.seller.live()
    order = pair.seller.http("service.prolong", elid=item, period=1, clicked_button="basket", sok="ok").findtext(
        "billorder"
    )
    before = pair.seller.row(item).findtext("expiredate")
    pair.seller.http("payment.add.method", billorder=order, paymethod=0, sok="ok")
    assert pair.seller.row(item).findtext("expiredate") > before


@pytest.mark.parametrize(("setting", "status"), [("at_once", "2"), ("operation", "5")])
@fact("S4.1-05")
def test_4_1_a_renewal_may_be_asynchronous(pair, switch, setting, status):
    switch(pair.seller, "prolong_runs", setting)
    item = pair.seller.live()
    with pair.seller.paused():
        pair.seller.http("service.prolong", elid=item, period=1, sok="ok")
        row = pair.seller.row(item)
    assert row.findtext("status") == status
    assert (row.findtext("item_status") == "5_prolong") == (status == "5")


@fact("S4.1-06")
def test_4_1_several_ids_are_joined_by_comma_and_space(pair):
    ids = [pair.seller.live() for _ in "ab"]
    pair.seller.http("vds.suspend", elid=", ".join(map(str, ids)))
    for item in ids:
        pair.seller.until_status(item, 3)


@fact("S4.2-01", "S4.2-02")
def test_4_2_edit_reads_and_writes(pair):
    item = pair.seller.live(domain="e.example")
    form = pair.seller.http("vds.edit", elid=item)
    assert {
        "id",
        "name",
        "domain",
        "ip",
        "username",
        "userpassword",
        "pricelist",
        "pricelist_name",
        "period",
        "cost",
    } <= {child.tag for child in form}
    assert form.findtext(f"{addon(pair.seller)}_current_value") == form.findtext(addon(pair.seller))
    pair.seller.http("vds.edit", elid=item, domain="f.example", sok="ok")
    assert pair.seller.row(item).findtext("domain") == "f.example"


@pytest.mark.parametrize(("rule", "left"), [("free", "990.00"), ("charged", "less")])
@fact("S4.2-03")
def test_4_2_a_direct_change_of_resources(pair, switch, rule, left):
    switch(pair.seller, "addon_change", rule)
    item = pair.seller.live()
    pair.seller.http("vds.edit", elid=item, sok="ok", **{addon(pair.seller, "ip"): 3})
    balance = pair.seller.http("subaccount").findtext("elem/balance")
    assert (balance == "990.00") == (left == "990.00")


@fact("S4.2-04")
def test_4_2_a_paid_change_goes_through_the_cart(pair):
    item, name = pair.seller.live(), addon(pair.seller, "ip")
    order = pair.seller.http("vds.edit", elid=item, clicked_button="basket", sok="ok", **{name: 3}).findtext(
        "billorder"
    )
    assert pair.seller.http("vds.edit", elid=item).findtext(name) == "1"
    pair.seller.http("payment.add.method", billorder=order, paymethod=0, sok="ok")
    assert pair.seller.http("vds.edit", elid=item).findtext(name) == "3"
    assert float(pair.seller.http("subaccount").findtext("elem/balance")) < 990


@pytest.mark.parametrize(
    ("setting", "refused", "there"), [("allowed", False, "l9"), ("denied", True, ""), ("ignored", False, "")]
)
@fact("S4.2-05")
def test_4_2_remoteid_can_be_edited(pair, switch, setting, refused, there):
    switch(pair.seller, "remoteid_edit", setting)
    item = pair.seller.live("soft", ip="192.0.2.60")
    assert (pair.seller.http("soft.edit", elid=item, remoteid="l9", sok="ok").find("error") is not None) == refused
    assert (pair.seller.http("soft.edit", elid=item).findtext("remoteid") or "") == there


@fact("S4.2-06")
def test_4_2_a_new_key(pair):
    item = pair.seller.live("soft", ip="192.0.2.61")
    key = pair.seller.http("soft.edit", elid=item, clicked_button="newkey", sok="ok").findtext("lickey")
    assert pair.seller.http("soft.edit", elid=item).findtext("lickey") == key
    assert pair.seller.row(item, "soft").findtext("real_keychange") == "1"


@pytest.mark.parametrize(("limit", "refused"), [("5", False), ("0", True)])
@fact("S4.2-07")
def test_4_2_address_changes_are_counted(pair, switch, limit, refused):
    switch(pair.seller, "ipchange_limit", limit)
    item = pair.seller.live("soft", ip="192.0.2.62")
    assert (pair.seller.http("soft.edit", elid=item, ip="192.0.2.63", sok="ok").find("error") is not None) == refused
    assert pair.seller.row(item, "soft").findtext("real_ipchange") == ("0" if refused else "1")


@fact("S4.2-08")
def test_4_2_auto_renewal(pair):
    item = pair.seller.live()
    for given, kept in (("3", "3"), ("null", "")):
        pair.seller.http("vds.edit", elid=item, autoprolong=given, sok="ok")
        assert (pair.seller.row(item).findtext("autoprolong") or "") == kept


@fact("S4.2-09")
def test_4_2_password(pair):
    item = pair.seller.live()
    wrong = pair.seller.http("service.changepassword", elid=item, passwd="a", confirm="b", sok="ok")
    assert wrong.find("error").get("object") == "confirm"
    pair.seller.http("service.changepassword", elid=item, passwd="n3w", confirm="n3w", sok="ok")
    assert pair.seller.http("vds.edit", elid=item).findtext("userpassword") == "n3w"


@pytest.mark.parametrize(
    "action",
    [pytest.param(one, marks=fact(f"S4.2-1{n}")) for n, one in enumerate(["start", "stop", "reboot", "hardreboot"])],
)
@pytest.mark.parametrize("status", ["5", "2"])
def test_4_2_power(pair, switch, action, status):
    switch(pair.seller, "power_status", status)
    item = pair.seller.live()
    with pair.seller.paused():
        assert pair.seller.http(f"service.{action}", elid=item).find("ok") is not None
        both = pair.seller.row(item), pair.seller.http("vds.edit", elid=item)
    for shown in both:
        assert (shown.findtext("status"), shown.findtext("item_status")) == (status, f"{status}_{action}")


@fact("S4.2-14")
def test_4_2_addresses(pair):
    seller, item = pair.seller, pair.seller.live()
    assert len(seller.http("service.ip", elid=item).findall("elem")) == 1
    number = seller.http("service.ip.edit", plid=item, type="public", count=1, domain="x.example", sok="ok").findtext(
        "id"
    )
    seller.http("service.ip.edit", plid=item, elid=number, domain="y.example", sok="ok")
    assert "y.example" in seller.http("service.ip", elid=item).xpath("elem/domain/text()")
    seller.http("service.ip.delete", plid=item, elid=number)
    assert len(seller.http("service.ip", elid=item).findall("elem")) == 1


@fact("S4.2-15")
def test_4_2_gotoserver(pair):
    assert pair.seller.http("gotoserver", elid=pair.seller.live()).findtext("ok").startswith("https://")


@pytest.mark.parametrize(("setting", "refused"), [("allowed", False), ("denied", True)])
@pytest.mark.parametrize(
    "action", [pytest.param("suspend", marks=fact("S4.3-01")), pytest.param("resume", marks=fact("S4.3-02"))]
)
def test_4_3_rights_are_the_sellers(pair, switch, action, setting, refused):
    item = pair.seller.live()
    if action == "resume":
        pair.seller.http("vds.suspend", elid=item)
        pair.seller.until_status(item, 3)
    switch(pair.seller, "client_suspend", setting)
    error = pair.seller.http(f"vds.{action}", elid=item).find("error")
    assert (error is not None and error.get("type") == "access") == refused


@pytest.mark.parametrize(
    ("policy", "error", "row_stays"),
    [
        pytest.param("closes", None, False, marks=fact("S4.3-03")),
        pytest.param("denied", "access", True, marks=fact("S4.3-04")),
        pytest.param("nothing", None, True, marks=fact("S4.3-05")),
        pytest.param("confirm", "value", True, marks=fact("S4.3-06")),
        pytest.param("at_end", None, True, marks=fact("S4.3-07")),
    ],
)
def test_4_3_policies_of_deletion(pair, switch, policy, error, row_stays):
    switch(pair.seller, "delete_does", policy)
    item = pair.seller.live()
    answer = pair.seller.http("vds.delete", elid=item, sok="ok").find("error")
    assert (None if answer is None else answer.get("type")) == error
    if row_stays:
        time.sleep(0.6)
        assert pair.seller.row(item) is not None
    else:
        until(lambda: pair.seller.row(item) is None, "the row stays")
    if policy == "at_end":
        pair.seller.call("sandbox.item", item=item, expiredate="2020-01-01")
        pair.seller.call("sandbox.night")
        pair.seller.until_status(item, 4)


@pytest.mark.parametrize(("setting", "error"), [("error", "value"), ("silent", None)])
@fact("S4.3-06")
def test_4_3_what_a_deletion_answers_that_waits_for_a_call(pair, switch, setting, error):
    switch(pair.seller, "delete_does", "confirm")
    switch(pair.seller, "confirm_answer", setting)
    item = pair.seller.live()
    answer = pair.seller.http("vds.delete", elid=item, sok="ok").find("error")
    assert (None if answer is None else answer.get("type")) == error
    assert pair.seller.row(item).findtext("status") == "2"


@pytest.mark.parametrize(("setting", "told"), [("told", True), ("silent", False)])
@fact("S4.3-07", "S8.2-01")
def test_4_3_what_the_history_says_of_a_deletion_that_is_put_off(pair, switch, setting, told):
    switch(pair.seller, "delete_does", "at_end")
    switch(pair.seller, "at_end_history", setting)
    item = pair.seller.live()
    pair.seller.http("vds.delete", elid=item, sok="ok")
    newest = pair.seller.http("service.history", elid=item).findtext("elem/desc")
    assert ("at the end of the paid period" in newest) == told


@fact("S4.3-08")
def test_4_3_too_early(pair, switch):
    switch(pair.seller, "min_order_days", "30")
    error = pair.seller.http("vds.delete", elid=pair.seller.live()).find("error")
    assert error.get("type") == "pricelist_min_order"
    assert error.findtext("msg") == "The minimum order period for this service is 30 days. 30 days are left"


@pytest.mark.parametrize(("setting", "there"), [("hidden", False), ("shown", True)])
@fact("S4.3-09")
def test_4_3_deleted_rows_vanish(pair, switch, setting, there):
    switch(pair.seller, "deleted_rows", setting)
    item = pair.seller.live()
    pair.seller.http("vds.delete", elid=item)
    pair.seller.until_status(item, 4)
    assert (pair.seller.row(item) is not None) == there


@fact("S4.4-01")
def test_4_4_the_wizard(pair):
    seller, item, target = pair.seller, pair.seller.live(), str(pair.seller.tariff("VDS-2"))
    assert target in seller.http("service.changepricelist", elid=item).xpath("slist[@name='pricelist']/*/@key")
    given = {"elid": item, "pricelist": target, "snext": "ok", "sok": "ok"}
    shown = seller.http("service.changepricelist.pricelist", **given)
    assert (shown.findtext("oldprice"), shown.findtext("newprice")) == ("10.00", "20.00")
    assert shown.findtext("newexpiredate")
    seller.http("service.changepricelist.getmoney", clicked_button="finish", **given)
    assert seller.row(item).findtext("pricelist") == "VDS-2"


@pytest.mark.parametrize(("setting", "charged"), [("prorated", True), ("none", False)])
@fact("S4.4-02")
def test_4_4_in_one_call(pair, switch, setting, charged):
    switch(pair.seller, "change_money", setting)
    item = pair.seller.live("soft", ip="192.0.2.70")
    target = pair.seller.rows("SELECT id FROM pricelist WHERE name = 'ISPmanager Pro'")[0]["id"]
    pair.seller.http("service.changepricelist", elid=item, pricelist=target, period=1, sok="ok")
    assert pair.seller.row(item, "soft").findtext("pricelist") == "ISPmanager Pro"
    assert (pair.seller.http("subaccount").findtext("elem/balance") != "995.00") == charged


@pytest.mark.parametrize("setting", ["allowed", "refused", "manual"])
@fact("S4.4-03")
def test_4_4_a_change_may_be_refused_or_need_people(pair, switch, setting):
    switch(pair.seller, "tariff_change", setting)
    item = pair.seller.live()
    given = {"pricelist": pair.seller.tariff("VDS-2"), "period": 1, "sok": "ok"}
    error = pair.seller.http("service.changepricelist", elid=item, **given).find("error")
    assert (error is not None) == (setting == "refused")
    manual = pair.seller.rows("SELECT id FROM runningoperation WHERE item = %s AND manual = 'on'", item)
    assert bool(manual) == (setting == "manual")


@fact("S4.4-04")
def test_4_4_rollback_is_not_for_clients(pair):
    item = pair.seller.live()
    assert pair.seller.http("service.changepricelist.rollback", elid=item).find("error").get("type") == "access"


@fact("S5.1-01", "S5.1-02")
def test_5_1_columns_and_pages(pair):
    for _ in range(3):
        pair.seller.bought()
    first = pair.seller.http("vds", p_num=1, p_cnt=2)
    second = pair.seller.http("vds", p_num=2, p_cnt=2)
    ids = [row.findtext("id") for root in (first, second) for row in root.findall("elem")]
    assert len(set(ids)) == len(ids)
    assert int(first.findtext("p_elems")) >= 3
    names = {cell.tag for cell in first.find("elem")}
    assert {"id", "domain", "name", "ip", "pricelist", "period", "datacentername", "createdate", "expiredate"} <= names
    assert {"autoprolong", "cost", "status", "item_status", "status_msg", "special_status", "service_status"} <= names
    assert first.findtext("elem/cost").startswith("10.00 EUR / ")


@fact("S5.1-03")
def test_5_1_sorting(pair):
    for _ in range(2):
        pair.seller.bought()
    ids = [int(row.findtext("id")) for row in pair.seller.http("vds", p_col="+id").findall("elem")]
    assert ids == sorted(ids)


@pytest.mark.parametrize(("scope", "kept"), [("user", True), ("session", False)])
@fact("S5.1-04")
def test_5_1_a_filter_is_kept_by_the_server(pair, switch, scope, kept):
    switch(pair.seller, "filter_scope", scope)
    one, other = pair.seller.bought(), pair.seller.bought()
    pair.seller.http("vds.filter", sok="ok", id=one)
    try:
        assert (pair.seller.row(other) is None) == kept
        assert pair.seller.row(one) is not None
    finally:
        pair.seller.http("vds.filter", sok="ok")
    assert pair.seller.row(other) is not None


@pytest.mark.parametrize(
    ("number", "change"),
    [
        pytest.param("2", {}, marks=fact("S5.2-03")),
        pytest.param("3", {"status": 3}, marks=fact("S5.2-04")),
        pytest.param("5", {"status": 5}, marks=fact("S5.2-05")),
    ],
)
def test_5_2_numbers(pair, number, change):
    item = pair.seller.live()
    if change:
        pair.seller.call("sandbox.item", item=item, **change)
    row = pair.seller.row(item)
    assert row.findtext("status") == number
    assert row.findtext("special_status") == ("1" if number == "5" else "0")


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param(one, marks=fact(f"S5.2-1{n}"))
        for n, one in enumerate(["abusesuspend", "autosuspend", "employeesuspend"])
    ],
)
def test_5_2_reasons_of_suspension(pair, reason):
    item = pair.seller.live()
    pair.seller.call("sandbox.item", item=item, status=3, **{reason: "on"})
    assert pair.seller.row(item).findtext("item_status") == f"3_{reason}"
    refused = pair.seller.http("vds.resume", elid=item).find("error") is not None
    assert refused == (reason != "autosuspend")


@fact("S5.2-06")
def test_5_2_a_fresh_service_is_being_opened(pair):
    with pair.seller.paused():
        assert pair.seller.row(pair.seller.bought()).findtext("item_status") == "5_open"


@fact("S5.2-07")
def test_5_2_auto_renewal_and_suspension_at_night(pair):
    kept, left = pair.seller.live(autoprolong=1), pair.seller.live()
    try:
        pair.seller.call("sandbox.clock", advance="40d")
        pair.seller.until_status(left, 3)
        assert pair.seller.row(left).findtext("item_status") == "3_autosuspend"
        assert pair.seller.row(kept).findtext("status") == "2"
        assert pair.seller.row(kept).findtext("expiredate") > pair.seller.row(left).findtext("expiredate")
    finally:
        pair.seller.call("sandbox.clock", set="real")

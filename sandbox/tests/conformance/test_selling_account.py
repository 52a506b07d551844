"""selling-api.md 6 to 10 over the wire: money, export, history, polling, what happens by itself."""

import json
import time

import pytest

fact = pytest.mark.fact


@pytest.mark.parametrize(
    ("func", "find"),
    [
        pytest.param("subaccount", lambda root: root.findtext("elem/balance"), marks=fact("S6-01")),
        pytest.param("whoami", lambda root: root.find("user").get("balance"), marks=fact("S6-02")),
        pytest.param("usrparam", lambda root: root.findtext("balance"), marks=fact("S6-03")),
        pytest.param("dashboard.info", lambda root: root.findtext("balance"), marks=fact("S6-04")),
        pytest.param("notify", lambda root: root.findtext("notify/item[@name='balance']"), marks=fact("S6-05")),
    ],
)
def test_6_balance(pair, func, find):
    pair.seller.call("sandbox.balance", user="buyer", value="1234.56")
    root = pair.seller.http(func, lang="ru")
    assert find(root).replace("\u00a0", "").replace(",", ".").startswith("1234.56")


@fact("S6-06")
def test_6_account_is_for_staff(pair):
    assert pair.seller.http("account").find("error").get("type") == "access"


@fact("S6-07")
def test_6_the_credit_limit_counts(pair):
    pair.seller.call("sandbox.balance", user="buyer", value="0", limit="15")
    try:
        pair.seller.bought()
        params = pair.seller.order().findall("error/param")
        assert {param.get("name"): param.text for param in params}["limit"] == "15.00"
    finally:
        pair.seller.call("sandbox.balance", user="buyer", limit="0")


@fact("S6-08")
def test_6_charges_are_listed(pair):
    item = pair.seller.bought()
    row = pair.seller.http("expense").find("elem")
    assert (row.findtext("item"), row.findtext("amount")) == (str(item), "10.00")


@pytest.mark.parametrize("shows", ["full", "rising", "bare", "denied"])
@fact("S6-08")
def test_6_what_a_client_gets_of_charges_and_in_which_order(pair, switch, shows):
    items = [str(pair.seller.bought()) for _ in range(2)]
    switch(pair.seller, "expense_list", shows)
    page = pair.seller.http("expense", p_cnt=1, p_num=1)
    if shows == "denied":
        assert page.find("error").get("type") == "access"
        return
    assert len(page.findall("elem")) == 1
    assert int(page.findtext("p_elems")) >= 2
    whole = [row.findtext("item") for row in pair.seller.http("expense", p_cnt=1000).iterfind("elem")]
    newest = {"full": items[::-1], "rising": items, "bare": [None, None]}[shows]
    assert (whole[:2] if shows == "full" else whole[-2:]) == newest


@fact("S6-07")
def test_6_what_is_kept_back_is_named_nowhere_but_in_what_is_missing(pair):
    pair.seller.call("sandbox.balance", user="buyer", value="12", floor="5")
    try:
        params = {param.get("name"): param.text for param in pair.seller.order().findall("error/param")}
        assert (params["have"], params["limit"], params["reserved"]) == ("12.00", "0.00", "0.00")
        assert (params["available"], params["deficit"]) == ("7.00", "3.00")
    finally:
        pair.seller.call("sandbox.balance", user="buyer", floor="0")


@fact("S6-09")
def test_6_payments_are_listed_with_inline_filters(pair):
    order = pair.seller.order(skipbasket="").findtext("billorder")
    number = pair.seller.http("payment.add.method", billorder=order, paymethod=0, sok="ok").findtext("payment")
    assert pair.seller.http("payment", filter="on", status=4).findtext("elem/id") == number
    assert pair.seller.http("payment", filter="on", status=7).find("elem") is None


@fact("S6-10")
def test_6_discounts(pair):
    assert pair.seller.http("account.discountinfo").find("error") is None


@pytest.mark.parametrize(("setting", "refused"), [("off", False), ("on", True)])
@fact("S7.1-01")
def test_7_1_export_without_a_login(pair, switch, setting, refused):
    switch(pair.seller, "export_needs_login", setting)
    assert (pair.seller.http("pricelist.export", user=None).find("error") is not None) == refused


@fact("S7.1-02", "S7.1-03", "S7.1-04")
def test_7_1_its_shape(pair):
    one = pair.seller.http("pricelist.export", itemtype="vds").find("pricelist")
    assert one.findtext("itemtype_info/intname") == "vds"
    assert one.find("price").get("currency") == "EUR"
    assert one.find("price/period").attrib == {"cost": "10.0000", "type": "month", "length": "1"}
    mem = one.xpath("addon[intname='mem']")[0]
    assert (mem.findtext("addontype"), mem.findtext("addon_itemtype_info/intname")) == ("2", "mem")
    assert [len(measure) for measure in mem.findall("measure")] == [0, 2]
    panel = one.xpath("addon[intname='panel']")[0]
    assert [len(block) > 0 for block in panel.findall("enumeration")] == [False, True]
    assert panel.findtext("enumeration/enumerationitem/price/period") is not None
    assert one.findtext("max_multiple_order_count")
    assert one.findtext("itemtypeparam/itemtypeparamvalue/intname")


@fact("S7.1-05")
def test_7_1_in_json(pair):
    told = json.loads(pair.seller.post("pricelist.export", itemtype="vds", out="json").content)["doc"]
    period = told["pricelist"][0]["price"]["period"][0]
    assert {"$cost", "$length"} <= set(period)


@fact("S7.1-06")
def test_7_1_modules_have_their_name(pair):
    assert pair.seller.http("pricelist.export", itemtype="addition").findtext("pricelist/additionintname") == "Virusdie"


@pytest.mark.parametrize(("setting", "second"), [("destructive", 0), ("kept", None)])
@fact("S8.1-01")
def test_8_1_reading_consumes(pair, switch, setting, second):
    assert pair.seller.http("item.events").find("error").get("type") == "missed"
    switch(pair.seller, "event_list", setting)
    item = pair.seller.bought()
    first = pair.seller.http("item.events").findall("elem")
    assert str(item) in [row.findtext("item") for row in first]
    again = len(pair.seller.http("item.events").findall("elem"))
    assert again == (len(first) if second is None else second)


@fact("S8.2-01", "S8.2-02")
def test_8_2_history_is_prose_in_the_readers_language(pair):
    item = pair.seller.live()
    pair.seller.http("service.prolong", elid=item, period=1, sok="ok")
    row = pair.seller.http("service.history", elid=item).find("elem")
    assert {"changedate", "desc", "user", "ip"} <= {cell.tag for cell in row}
    assert row.findtext("desc").startswith("The service validity period has been changed. The old value")
    assert pair.seller.http("service.history", elid=item, lang="ru").findtext("elem/desc").startswith("Срок действия")


@fact("S9-01")
def test_9_two_orders_are_two_services(pair):
    items = {pair.seller.bought(domain="same.example") for _ in "ab"}
    assert len(items) == 2


@pytest.mark.parametrize("lists", ["0", "1"])
@fact("S10-01")
def test_10_a_new_row_may_show_one_list_later(pair, switch, lists):
    switch(pair.seller, "new_row_hidden_lists", lists)
    item = pair.seller.bought()
    assert (pair.seller.row(item) is None) == (lists == "1")
    assert pair.seller.row(item) is not None


@pytest.mark.parametrize(("again", "refused"), [("no", True), ("yes", False)])
@fact("S10-02")
def test_10_a_second_trial(pair, switch, again, refused):
    switch(pair.seller, "trial_again", again)
    ip = f"192.0.2.{80 + len(again)}"
    item = pair.seller.bought("soft", ip=ip, period=-100)
    pair.seller.until_status(item, 2)
    pair.seller.http("soft.delete", elid=item)
    pair.seller.until_status(item, 4)
    given = {"pricelist": pair.seller.tariff("ISPmanager Lite"), "period": -100, "ip": ip}
    assert (pair.seller.http("soft.checkip", **given).find("error") is not None) == refused


@pytest.mark.parametrize(("days", "status"), [("0", 3), ("30", 4)])
@fact("S10-03")
def test_10_services_left_suspended_may_be_closed_at_night(pair, switch, days, status):
    switch(pair.seller, "autoclose_days", days)
    item = pair.seller.live()
    pair.seller.call("sandbox.item", item=item, status=3, autosuspend="on")
    pair.seller.rows("UPDATE item SET suspenddate = '2020-01-01' WHERE id = %s", item)
    pair.seller.call("sandbox.night")
    pair.seller.until_status(item, status)


@pytest.mark.parametrize(("setting", "suspended"), [("clock", True), ("command", False)])
@fact("S10-04")
def test_10_the_night_comes_with_the_clock_or_by_command(pair, switch, setting, suspended):
    switch(pair.seller, "night_billing", setting)
    item = pair.seller.live()
    pair.seller.call("sandbox.item", item=item, expiredate="2020-01-01")
    try:
        pair.seller.call("sandbox.clock", advance="1d")
        if suspended:
            pair.seller.until_status(item, 3)
        else:
            time.sleep(0.5)
            assert pair.seller.status(item) != 3
    finally:
        pair.seller.call("sandbox.clock", set="real")


@pytest.mark.parametrize(("limit", "refused"), [("5", False), ("0", True)])
@fact("S4.2-16")
def test_4_2_new_keys_are_limited(pair, switch, limit, refused):
    switch(pair.seller, "keychange_limit", limit)
    item = pair.seller.live("soft", ip="192.0.2.64")
    answer = pair.seller.http("soft.edit", elid=item, clicked_button="newkey", sok="ok")
    assert (answer.find("error") is not None) == refused


@pytest.mark.parametrize(
    ("setting", "formats"), [("sjson", {"sjson"}), ("always", {"sjson", "json"}), ("never", set())]
)
@fact("S1.3-15")
def test_1_3_which_formats_have_raw_values(pair, switch, setting, formats):
    switch(pair.seller, "list_orig", setting)
    pair.seller.bought()
    found = {out for out in ("json", "sjson") if b'"$orig"' in pair.seller.post("vds", out=out, p_cnt=5).content}
    assert found == formats

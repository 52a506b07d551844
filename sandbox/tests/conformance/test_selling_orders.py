"""selling-api.md 3 over the wire: ordering of every product type, wizards, carts."""

import pytest
import requests

fact = pytest.mark.fact
CERTIFICATE = {"CN": "a.example", "csr": "-----BEGIN CERTIFICATE REQUEST-----"}


def tariff(seller, name):
    return seller.rows("SELECT id FROM pricelist WHERE name = %s AND parent IS NULL", name)[0]["id"]


def own(seller, **words):
    return seller.call("sandbox.tariff", **{"itemtype": "vds", "name": "own", "price": 3, **words}).findtext("id")


@pytest.mark.parametrize(
    ("kind", "name", "more"),
    [
        pytest.param("vds", "VDS-1", {"ostempl": "ISPsystem__CentOS-7-amd64"}, marks=fact("S3.5-01")),
        pytest.param("instances", "Instance-1", {"servername": "i1", "instances_os": "x"}, marks=fact("S3.5-02")),
        pytest.param("dedic", "Dedic-1", {"datacenter": "first"}, marks=fact("S3.5-03")),
        pytest.param("vhost", "Host-1", {"domain": "h.example"}, marks=fact("S3.5-04")),
        pytest.param("soft", "ISPmanager Lite", {"ip": "192.0.2.1", "licname": "n"}, marks=fact("S3.5-05")),
        pytest.param("platform", "VMmanager", {"comment": "mine"}, marks=fact("S3.5-06")),
        pytest.param("softexternal", "BitNinja", {"ip": "192.0.2.2", "licname": "n"}, marks=fact("S3.5-07")),
        pytest.param("parallelslic", "Plesk Web Pro", {"pa_ip": "192.0.2.3"}, marks=fact("S3.5-08")),
        pytest.param("certificate", "DV certificate", {"period": 12, **CERTIFICATE}, marks=fact("S3.5-09")),
        pytest.param("storage", "Storage-1", {}, marks=fact("S3.5-10")),
        pytest.param("dnshost", "DNS-1", {"domain": "d.example"}, marks=fact("S3.5-11")),
        pytest.param("colocation", "Unit-1", {}, marks=fact("S3.5-12")),
        pytest.param("forexbox", "Forex-1", {}, marks=fact("S3.5-13")),
    ],
)
def test_3_5_types(pair, kind, name, more):
    seller = pair.seller
    if "datacenter" in more:
        more = {"datacenter": seller.facts["datacenters"][0]}
    item = seller.bought(kind, pricelist=tariff(seller, name), **more)
    seller.until_status(item, 2)
    row = seller.row(item, kind)
    assert row.findtext("pricelist") == name
    shown = seller.http(f"{kind}.edit", elid=item)
    assert {field: shown.findtext(field) for field in more if field not in ("period", "datacenter")} == {
        field: value for field, value in more.items() if field not in ("period", "datacenter")
    }


@fact("S3.5-14")
def test_3_5_a_custom_type_takes_its_own_order_parameters(pair):
    pair.seller.call("sandbox.itemtype", intname="gamebox", orderparams="slots")
    item = pair.seller.bought("gamebox", pricelist=own(pair.seller, itemtype="gamebox"), slots="16")
    assert pair.seller.http("gamebox.edit", elid=item).findtext("slots") == "16"


@fact("S3.5-15")
def test_3_5_a_module_belongs_to_a_licence(pair):
    seller = pair.seller
    parent = seller.bought("soft", ip="192.0.2.4")
    assert seller.order("addition", pricelist=tariff(seller, "Virusdie"), item=1).find("error").get("object") == "item"
    seller.bought("addition", pricelist=tariff(seller, "Virusdie"), item=parent)


@pytest.mark.parametrize(("renewal", "kept"), [("1", "1"), ("3", "")])
@fact("S3.5-16")
def test_3_5_autoprolong_of_other_software_must_equal_its_period(pair, renewal, kept):
    given = {"pricelist": tariff(pair.seller, "BitNinja"), "ip": "192.0.2.5", "licname": "n", "autoprolong": renewal}
    item = pair.seller.bought("softexternal", **given)
    assert (pair.seller.row(item, "softexternal").findtext("autoprolong") or "") == kept


@fact("S3.5-17")
def test_3_5_names_of_other_software_have_255_letters_at_most(pair):
    given = {"pricelist": tariff(pair.seller, "BitNinja"), "ip": "192.0.2.5", "licname": "n" * 256}
    assert pair.seller.order("softexternal", **given).find("error").get("object") == "licname"


@fact("S3.5-18")
def test_3_5_certificate_requests_are_generated(pair):
    given = {"sok": "ok", "snext": "ok", "crt_type": "generate", "pricelist": tariff(pair.seller, "DV certificate")}
    made = pair.seller.post("certificate.order.csr", out="bjson", CN="a.example", O="Firm", period=12, **given).json()
    assert made["model"]["csr"].startswith("-----BEGIN CERTIFICATE REQUEST-----")
    assert "PRIVATE KEY" in made["model"]["key"]


@fact("S3.5-19")
def test_3_5_certificates_are_issued_anew(pair):
    given = {"period": 12, **CERTIFICATE}
    item = pair.seller.bought("certificate", pricelist=tariff(pair.seller, "DV certificate"), **given)
    pair.seller.until_status(item, 2)
    other = "-----BEGIN CERTIFICATE REQUEST-----other"
    assert pair.seller.http("certificate.reissue", elid=item, csr=other, sok="ok").find("error") is None
    assert pair.seller.http("certificate.edit", elid=item).findtext("csr") == other


@fact("S3.5-20")
def test_3_5_the_domain_wizard(pair):
    seller = pair.seller
    step = seller.http("domain.order.name", domain_name="w1.example", snext="ok")
    chosen = {"selected_domain": step.findtext("selected_domain"), "snext": "ok"}
    first = {f"{kind}_contact_use_first": "on" for kind in ("admin", "tech", "bill")}
    owner = {"owner_name": "Me", "owner_email": "me@example.com"}
    step = seller.http("domain.order.contact", **owner, **first, **chosen)
    contacts = {cell.tag: cell.text for cell in step if cell.tag != "selected_domain"}
    given = {**chosen, **contacts, "ns0": "ns.example"}
    assert seller.http("domain.order.ns", **given).findtext("ns0") == "ns.example"
    made = seller.http("domain.order.payment", sok="ok", skipbasket="on", **given)
    assert seller.row(made.findtext("id"), "domain").findtext("domain") == "w1.example"
    assert seller.http("domain.order.ns", **chosen).find("error").get("type") == "wizard_unavailable"


@fact("S3.5-21")
def test_3_5_domains_land_in_the_new_cart(pair):
    given = {"selected_domain": "w2.example", "contacts": "ok", "sok": "ok"}
    buttons = {"clicked_button": "quickbasket", "force_use_new_cart": "on"}
    position = pair.seller.http("domain.order.payment", **given, **buttons).findtext("lineitem.id")
    assert position in [row.text for row in pair.seller.http("cart").findall("list/elem/id")]
    pair.seller.http("cart.empty")


@fact("S3.5-22")
def test_3_5_soft_checkip(pair):
    given = {"pricelist": pair.seller.tariff("ISPmanager Lite"), "period": -100, "ip": "192.0.2.44"}
    assert pair.seller.http("soft.checkip", **given).find("error") is None
    pair.seller.bought("soft", ip="192.0.2.44", period=-100)
    assert pair.seller.http("soft.checkip", **given).find("error").get("type") == "exists"


@fact("S3.5-23")
def test_3_5_the_key_of_a_licence_comes_late(pair, switch):
    switch(pair.seller, "lickey_seconds", "3600")
    item = pair.seller.bought("soft", ip="192.0.2.6")
    pair.seller.until_status(item, 2)
    form = pair.seller.http("soft.edit", elid=item)
    assert form.find("lickey") is not None
    assert not form.findtext("lickey")


@pytest.mark.parametrize(
    ("prefix", "field", "answer"),
    [
        pytest.param("", "period", "id", marks=fact("S3.1-01", "S3.3-01")),
        pytest.param("v2.", "order_period", "item.id", marks=fact("S3.1-02", "S3.3-02")),
    ],
)
def test_3_1_two_generations(pair, prefix, field, answer):
    given = {"pricelist": pair.seller.tariff("VDS-1"), field: 1, "skipbasket": "on", "sok": "ok"}
    assert pair.seller.http(f"{prefix}vds.order.param", **given).findtext(answer).isdigit()


@pytest.mark.parametrize(("setting", "absent"), [("old", "v2.vds.order.param"), ("v2", "vds.order.param")])
@fact("S3.1-03")
def test_3_1_the_absent_generation_is_a_missing_function(pair, switch, setting, absent):
    switch(pair.seller, "order_api", setting)
    assert pair.seller.http(absent, pricelist=pair.seller.tariff("VDS-1")).find("error").get("type") == "missed"


@pytest.mark.parametrize(
    ("period", "days"),
    [
        pytest.param(1, range(28, 32), marks=fact("S3.2-01")),
        pytest.param(-100, range(1, 31), marks=fact("S3.2-02")),
        pytest.param(-50, range(1, 2), marks=fact("S3.2-03")),
    ],
)
def test_3_2_periods(pair, period, days):
    item = pair.seller.bought(pricelist=own(pair.seller, periods="1,-100,-50"), period=period)
    pair.seller.until_status(item, 2)
    row = pair.seller.rows("SELECT DATEDIFF(expiredate, opendate) AS days FROM item WHERE id = %s", item)[0]
    assert row["days"] in days


@fact("S3.2-04")
def test_3_2_for_ever(pair):
    item = pair.seller.bought(pricelist=own(pair.seller, periods="0"), period=0)
    pair.seller.until_status(item, 2)
    assert not pair.seller.row(item).findtext("expiredate")


@fact("S3.2-05")
def test_3_2_without_sok_nothing_is_ordered(pair):
    before = pair.seller.http("vds").findtext("p_elems")
    assert pair.seller.order(sok="").find("slist") is not None
    assert pair.seller.http("vds").findtext("p_elems") == before


@fact("S3.2-06")
def test_3_2_skipbasket_charges_at_once(pair):
    item = pair.seller.bought()
    assert pair.seller.http("subaccount").findtext("elem/balance") == "990.00"
    assert pair.seller.row(item) is not None


@pytest.mark.parametrize(("given", "kept"), [("1", "1"), ("null", ""), ("", "")])
@fact("S3.2-07")
def test_3_2_autoprolong_and_null(pair, given, kept):
    item = pair.seller.bought(autoprolong=given)
    assert (pair.seller.row(item).findtext("autoprolong") or "") == kept


@fact("S3.2-08")
def test_3_2_a_random_domain_when_absent(pair):
    names = {pair.seller.row(pair.seller.bought()).findtext("domain") for _ in range(2)}
    assert len(names) == 2


@fact("S3.2-09")
def test_3_2_templates_have_their_format(pair):
    form = pair.seller.http("vds.order.param", pricelist=pair.seller.tariff("VDS-1"))
    keys = [val.get("key") for val in form.xpath("slist[@name='ostempl']/*")]
    assert "ISPsystem__CentOS-7-amd64" in keys
    assert pair.seller.order(ostempl="other").find("error").get("object") == "ostempl"


@fact("S3.2-10", "S5.1-05")
def test_3_2_remoteid_comes_back_in_lists(pair):
    item = pair.seller.bought(remoteid="r-77")
    assert pair.seller.row(item).findtext("remoteid") == "r-77"


@fact("S3.2-11")
def test_3_2_add_ons_by_their_number(pair):
    mem = pair.seller.rows(
        "SELECT id FROM pricelist WHERE parent = %s AND intname = 'mem'", pair.seller.tariff("VDS-1")
    )
    item = pair.seller.bought(**{f"addon_{mem[0]['id']}": 2048})
    assert pair.seller.http("vds.edit", elid=item).findtext(f"addon_{mem[0]['id']}") == "2048"


@fact("S3.2-12")
def test_3_2_licence_agreement(pair):
    number = own(pair.seller)
    pair.seller.rows("UPDATE pricelist SET licence_agreement = 'on' WHERE id = %s", number)
    assert pair.seller.order(pricelist=number).find("error").get("object") == "licence_agreement"
    pair.seller.bought(pricelist=number, licence_agreement="on")


@fact("S3.2-13")
def test_3_2_order_count_makes_several(pair):
    made = pair.seller.order(order_count=3).findtext("id").split(", ")
    assert len(set(made)) == 3


@fact("S3.2-14")
def test_3_2_a_single_data_centre_may_be_left_out(pair):
    assert pair.seller.order(datacenter="").find("error") is None


@fact("S3.3-03")
def test_3_3_an_old_order_into_the_cart(pair):
    order = pair.seller.order(skipbasket="").findtext("billorder")
    assert pair.seller.http("basket").findtext("billorder") == order
    pair.seller.http("basket", clicked_button="clearbasket")


@fact("S3.3-04")
def test_3_3_a_new_order_into_the_cart(pair):
    given = {"pricelist": pair.seller.tariff("VDS-1"), "order_period": 1, "sok": "ok", "clicked_button": "order"}
    position = pair.seller.http("v2.vds.order.param", **given).findtext("lineitem.id")
    assert pair.seller.http("cart").findtext("list/elem/id") == position
    pair.seller.http("cart.empty")


@pytest.mark.parametrize(("setting", "there"), [("yes", True), ("no", False)])
@fact("S3.3-05")
def test_3_3_an_answer_may_lack_the_id(pair, switch, setting, there):
    switch(pair.seller, "order_answer_id", setting)
    assert (pair.seller.order().find("id") is not None) == there


@fact("S3.4-01")
def test_3_4_from_the_list_of_tariffs_to_the_form(pair):
    number = str(pair.seller.tariff("VDS-1"))
    offered = pair.seller.http("vds.order").xpath("list[@name='tariflist']/elem/pricelist/text()")
    assert number in offered
    form = pair.seller.http("vds.order.pricelist", pricelist=number, snext="ok", sok="ok")
    assert form.findtext("pricelist") == number
    assert form.findtext("orderinfo").startswith("<b>Total amount: 10.00 EUR")


@fact("S3.4-02")
def test_3_4_a_form_evaluated_anew_is_nested(pair):
    given = {"pricelist": pair.seller.tariff("VDS-1"), "period": 12, "sv_field": "period"}
    assert pair.seller.http("vds.order.param", **given).findtext("doc/orderinfo") == "<b>Total amount: 100.00 EUR</b>"


@pytest.mark.parametrize(("setting", "rows"), [("direct", True), ("after_order", False)])
@fact("S7.2-01")
def test_7_2_the_list_of_tariffs_may_need_the_step_before(pair, switch, setting, rows):
    switch(pair.seller, "pricelist_step", setting)
    name = f"step{setting}"
    pair.seller.call("sandbox.client", name=name, password="pw")
    assert (pair.seller.http("vds.order.pricelist", (name, "pw")).find("list/elem") is not None) == rows
    pair.seller.http("vds.order", (name, "pw"))
    assert pair.seller.http("vds.order.pricelist", (name, "pw")).find("list/elem") is not None


@fact("S7.2-02")
def test_7_2_tariffs_of_the_new_order(pair):
    row = pair.seller.http("v2.vds.order.pricelist").find("list[@name='pricelist']/elem")
    assert row.findtext("title") == "VDS-1"
    assert {price.findtext("period") for price in row.findall("prices/price")} == {"1", "3", "6", "12"}


@fact("S7.2-03")
def test_7_2_the_new_form_has_sliders_and_summaries(pair):
    form = pair.seller.http("v2.vds.order.param", out="devel", pricelist=pair.seller.tariff("VDS-1"))
    assert form.find(".//metadata//slider").get("max")
    assert form.findtext("total_summary/cost/price/cost") == "10.00"
    assert form.xpath("slist[@name='recipe']/*[@depend]")


@fact("S3.6-01", "S3.6-02")
def test_3_6_the_old_cart_is_paid_by_its_wizard(pair):
    seller = pair.seller
    order = seller.order(skipbasket="").findtext("billorder")
    shown = seller.http("basket")
    assert shown.findtext("total_sum") == "10.00"
    assert shown.findtext("list/elem/item.type") == "vds"
    assert seller.http("payment.add.pay", billorder=order, sok="ok").find("error").get("type") == "wizard_unavailable"
    method = seller.http("payment.add", billorder=order).xpath("list[@name='methodlist']/elem/paymethod/text()")[0]
    paid = seller.http("payment.add.method", billorder=order, paymethod=method, sok="ok")
    assert paid.findtext("ok") == "func=order"
    assert paid.findtext("payment")
    assert seller.http("basket").find("list/elem") is None
    assert seller.http("subaccount").findtext("elem/balance") == "990.00"


@fact("S3.6-03")
def test_3_6_what_costs_nothing_is_taken_free(pair):
    order = pair.seller.order(skipbasket="", pricelist=own(pair.seller, price=0)).findtext("billorder")
    assert pair.seller.http("basket", id=order, clicked_button="free", sok="ok").findtext("ok") == "func=order"


@fact("S3.6-04")
def test_3_6_positions_are_deleted_and_the_cart_cleared(pair):
    seller = pair.seller
    for _ in range(2):
        seller.order(skipbasket="")
    item = seller.http("basket").findtext("list/elem/item.id")
    seller.http("basket", clicked_button="delete", id=item)
    assert len(seller.http("basket").findall("list/elem")) == 1
    assert seller.http("basket", clicked_button="delete", id=item).find("error").get("type") == "missed"
    seller.http("basket", clicked_button="clearbasket")
    assert seller.http("basket").find("list/elem") is None


@fact("S3.6-05", "S3.6-06")
def test_3_6_the_new_cart_is_paid_by_position(pair):
    seller = pair.seller
    given = {"pricelist": seller.tariff("VDS-1"), "order_period": 1, "sok": "ok"}
    position = seller.http("v2.vds.order.param", **given).findtext("lineitem.id")
    shown = seller.http("cart")
    assert (shown.findtext("total/cost"), shown.findtext("total/currency"), shown.findtext("total/count")) == (
        "10.00",
        "EUR",
        "1",
    )
    item = shown.findtext("list[@name='lineitems']/elem/elid")
    paid = seller.http("cartorder.create.confirm", elid=position, paymethod_id=0, sok="ok")
    assert paid.find("error") is None
    seller.until_status(item, 2)


@fact("S3.6-07")
def test_3_6_the_header_names_the_cart(pair):
    seller = pair.seller
    data = {"func": "v2.vds.order.param", "out": "xml", "pricelist": seller.tariff("VDS-1"), "order_period": 1}
    data |= {"sok": "ok", "theme": "dragon", "authinfo": f"buyer:{seller.accounts['buyer']['password']}"}
    headers = {"ISP-Client": "Web-interface"}
    requests.post(seller.facts["url"], data=data, headers=headers, verify=seller.facts["ca"], timeout=60)
    assert seller.http("cart").findtext("total/count") == "0"
    data |= {"func": "cart"}
    shown = requests.post(seller.facts["url"], data=data, headers=headers, verify=seller.facts["ca"], timeout=60)
    assert b"<count>1</count>" in shown.content


@pytest.mark.parametrize(("leaves", "rows"), [("nothing", 0), ("unpaid_row", 1)])
@fact("S5.2-02")
def test_5_2_status_1_is_ordered_and_unpaid(pair, switch, leaves, rows):
    switch(pair.seller, "short_balance_leaves", leaves)
    pair.seller.call("sandbox.balance", user="buyer", value=0)
    pair.seller.order(remoteid=f"short-{leaves}")
    found = [row for row in pair.seller.http("vds").findall("elem") if row.findtext("remoteid") == f"short-{leaves}"]
    assert [row.findtext("status") for row in found] == ["1"] * rows
    pair.seller.http("basket", clicked_button="clearbasket")

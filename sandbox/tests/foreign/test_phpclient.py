"""The foreign client's whole life at the seller, in its three formats, by streams and by curl (LIFE.md, phpclient)."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox.tests.panels import Up, until

CLIENT = Path(__file__).parent / "phpclient" / "client.php"
WAYS = {
    "xml": ["--out=xml"],
    "bjson": ["--out=bjson"],
    "xjson": ["--out=xjson"],
    "curl": ["--out=xml", "--transport=curl"],
    "session": ["--out=xml", "--session"],
}


class Shop:
    """One account of the seller and the program that uses it."""

    def __init__(self, seller, way):
        self.seller = seller
        self.way = way
        self.user = f"shop{way}"
        self.money = 1000
        self.url = seller.facts["url"]
        seller.call("sandbox.client", name=self.user, password="pw", balance=self.money)

    def run(self, command, *words, options=(), url=None, password="pw", ca=True, env=None):
        """Exit code and what was printed."""
        php = shutil.which("php")
        assert php, "php is not installed: run make php"
        trust = [f"--ca={self.seller.facts['ca']}"] if ca else []
        done = subprocess.run(
            [
                php,
                str(CLIENT),
                *WAYS[self.way],
                *trust,
                *options,
                url or self.url,
                self.user,
                "SHOP_PW",
                command,
                *words,
            ],
            env={**os.environ, "SHOP_PW": password, **(env or {})},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)

    def ok(self, command, *words, **more):
        code, told = self.run(command, *words, **more)
        assert code == 0, told
        return told

    def refused(self, command, *words, **more):
        code, told = self.run(command, *words, **more)
        assert code == 1, told
        return told["error"]

    def row(self, item, kind="vds"):
        return next((row for row in self.ok("list", f"type={kind}")["rows"] if row["id"] == str(item)), None)

    def active(self, item):
        self.seller.until_status(item, 2)


@pytest.fixture(scope="module")
def seller(tmp_path_factory):
    running = Up(tmp_path_factory.mktemp("phpclient") / "root", "seller")
    panel = running.panel("seller")
    for name in ("provision_seconds", "lickey_seconds"):
        panel.call("sandbox.switch", name=name, value="0.3")
    yield panel
    running.stop()


@pytest.fixture(scope="module", params=list(WAYS))
def shop(seller, request):
    return Shop(seller, request.param)


@pytest.fixture
def switch(seller):
    changed = []

    def change(name, value):
        changed.append((name, seller.call("sandbox.switch", name=name).findtext("value") or ""))
        seller.call("sandbox.switch", name=name, value=value)

    yield change
    for name, value in reversed(changed):
        seller.call("sandbox.switch", name=name, value=value)


def vds(shop, **more):
    words = {"type": "vds", "pricelist": shop.seller.tariff("VDS-1"), "period": "1", **more}
    item = shop.ok("order", *(f"{name}={value}" for name, value in words.items()))["id"]
    shop.active(item)
    return item


def licence(shop, ip, name="x"):
    given = [f"pricelist={shop.seller.tariff('ISPmanager Lite')}", "period=1", f"ip={ip}", f"licname={name}"]
    item = shop.ok("order", "type=soft", *given)["id"]
    shop.active(item)
    return item


def test_1_2_who_am_i(shop):
    base = shop.url.removesuffix("/billmgr")
    for url in (f"{base}/", shop.url, f"{base}/manager/billmgr"):
        told = shop.ok("check", url=url)
        assert told["name"] == shop.user
        assert int(told["level"]) == 16
    assert shop.refused("check", password="wrong")["type"] == "auth"
    assert shop.run("check", ca=False)[0] == 3
    login = shop.ok("login")
    assert login["session"]
    assert login["level"] == 16


def test_3_money_by_three_routes(shop):
    told = [json.dumps(shop.ok("balance", f"by={by}")) for by in ("subaccount", "whoami", "usrparam")]
    figures = [text.replace("\\u00a0", "").replace("\u00a0", "").replace(" ", "") for text in told]
    assert all("1000.00" in figure or "1,000.00" in figure for figure in figures), told


def test_4_tariffs(shop):
    if shop.way in ("bjson", "xjson"):
        assert shop.run("export", "itemtype=vds")[0] == 2  # the export is read as XML only
        return
    with_login = shop.ok("export", "itemtype=vds")["tariffs"]
    assert [tariff["name"] for tariff in with_login] == ["VDS-1", "VDS-2"]
    assert with_login[0]["prices"]
    choices = [choice["intname"] for addon in with_login[0]["addons"] for choice in addon["choices"]]
    assert choices == ["panel_none", "panel_lite"]
    assert shop.ok("export", "itemtype=vds", "anonymous=on")["tariffs"] == with_login


def test_5_6_9_orders_old_and_new(shop):
    mem = shop.seller.rows(
        "SELECT id FROM pricelist WHERE parent = %s AND intname = 'mem'", shop.seller.tariff("VDS-1")
    )[0]["id"]
    first = vds(shop, domain="a.test", remoteid=f"r1{shop.way}", **{f"addon_{mem}": 2048})
    tariff = f"pricelist={shop.seller.tariff('VDS-1')}"
    second = shop.ok("orderv2", "type=vds", tariff, "domain=b.test", f"remoteid=r2{shop.way}")["id"]
    shop.active(second)
    assert first != second
    assert shop.ok("find", "type=vds", f"remoteid=r1{shop.way}")["id"] == first
    assert shop.refused("find", "type=vds", "remoteid=none")["type"] == "not_found"
    assert shop.seller.http("basket", (shop.user, "pw")).find("list/elem") is None


def test_7_8_15_a_licence_and_its_key(shop, switch):
    place = list(WAYS).index(shop.way)
    tariff = f"pricelist={shop.seller.tariff('ISPmanager Lite')}"
    shop.ok("checkip", tariff, "period=1", f"ip=192.0.2.{10 + place}")
    item = licence(shop, f"192.0.2.{10 + place}")
    assert shop.refused("checkip", tariff, "period=1", f"ip=192.0.2.{10 + place}")["type"] == "exists"
    key = shop.ok("key", f"elid={item}")["lickey"]
    assert key
    shop.ok("address", f"elid={item}", f"ip=192.0.2.{100 + place}")
    shop.active(item)
    shop.ok("name", f"elid={item}", "name=y")
    shop.active(item)
    row = shop.row(item, "soft")
    assert (row["ip"], row["licname"], row["real_ipchange"]) == (f"192.0.2.{100 + place}", "y", "1")
    assert shop.ok("newkey", f"elid={item}")["lickey"] != key
    switch("ipchange_limit", "0")
    assert shop.refused("address", f"elid={item}", "ip=192.0.2.99")["object"] == "ip"
    switch("keychange_limit", "0")
    assert shop.refused("newkey", f"elid={item}")["object"] == "lickey"


def test_7_no_key_at_once(shop, switch):
    switch("lickey_seconds", "3600")
    item = licence(shop, f"192.0.2.{200 + list(WAYS).index(shop.way)}")
    assert shop.refused("key", f"elid={item}", "tries=1")["type"] == "timeout"


def test_10_pages(shop):
    for _ in range(5):
        vds(shop)
    for words in (("p_cnt=2",), ("p_cnt=2", "sort=+id")):
        told = shop.ok("list", "type=vds", *words)
        assert told["count"] == len({row["id"] for row in told["rows"]}) >= 5


def test_11_12_13_form_renewal_and_auto_renewal(shop):
    item = vds(shop, domain="show.test")
    form = shop.ok("show", "type=vds", f"elid={item}")
    assert form["domain"] == "show.test"
    assert form["autoprolong"] == "null"
    assert {"pricelist", "expiredate", "status"} <= set(form)
    dry = shop.ok("expiry", f"elid={item}")
    assert shop.ok("renew", f"elid={item}", "period=1")["newexpiredate"] == dry["newexpiredate"]
    assert shop.ok("expiry", f"elid={item}")["expiredate"] == dry["newexpiredate"]
    shop.ok("edit", "type=vds", f"elid={item}", "autoprolong=1")
    assert shop.row(item)["autoprolong"] == "1"
    shop.ok("edit", "type=vds", f"elid={item}", "autoprolong=null")
    assert not shop.row(item).get("autoprolong")


def test_14_18_19_20_21_suspend_power_password_history_addresses(shop, switch):
    item = vds(shop)
    shop.ok("suspend", "type=vds", f"elid={item}")
    shop.seller.until_status(item, 3)
    shop.ok("resume", "type=vds", f"elid={item}")
    shop.active(item)
    switch("provision", "manual")
    for action in ("stop", "start", "reboot", "hardreboot"):
        shop.ok("power", f"elid={item}", f"action={action}")
        assert shop.row(item)["item_status"].endswith(f"_{action}")
        shop.seller.call("sandbox.provision", item=item)
        shop.active(item)
    switch("provision", "auto")
    shop.ok("password", f"elid={item}", "passwd_env=NEW_PW", env={"NEW_PW": "n3w"})
    shop.active(item)
    assert shop.ok("show", "type=vds", f"elid={item}")["userpassword"] == "n3w"
    english = shop.ok("history", f"elid={item}")["rows"]
    assert any(row["desc"].startswith("The service status") for row in english)
    russian = shop.ok("history", f"elid={item}", options=("--lang=ru",))["rows"]
    assert any(row["desc"].startswith("Статус услуги") for row in russian)
    assert shop.ok("addresses", f"elid={item}")["rows"][0]["ip"].startswith("198.")
    switch("client_suspend", "denied")
    assert shop.refused("suspend", "type=vds", f"elid={item}")["type"] == "access"


def test_16_17_change_of_tariff(shop):
    place = list(WAYS).index(shop.way)
    soft = licence(shop, f"192.0.2.{150 + place}")
    target = shop.seller.rows("SELECT id FROM pricelist WHERE name = 'ISPmanager Pro'")[0]["id"]
    shop.ok("tariff", f"elid={soft}", f"pricelist={target}")
    assert shop.row(soft, "soft")["pricelist"] == "ISPmanager Pro"
    item = vds(shop)
    told = shop.ok("tariffwizard", f"elid={item}", f"pricelist={shop.seller.tariff('VDS-2')}")
    assert (told["oldpricelist"], told["newpricelist"]) == ("VDS-1", "VDS-2")
    assert (told["oldprice"], told["newprice"]) == ("10.00", "20.00")
    shop.active(item)
    assert shop.row(item)["pricelist"] == "VDS-2"
    error = shop.refused("tariffwizard", f"elid={item}", f"pricelist={target}")
    assert (error["type"], error["object"]) == ("value", "pricelist")


def test_22_deletion(shop, switch):
    item = vds(shop)
    switch("min_order_days", "30")
    assert shop.refused("delete", "type=vds", f"elid={item}")["type"] == "pricelist_min_order"
    switch("min_order_days", "0")
    switch("delete_does", "nothing")
    shop.ok("delete", "type=vds", f"elid={item}")
    assert shop.row(item)
    switch("delete_does", "closes")
    shop.ok("delete", "type=vds", f"elid={item}")
    until(lambda: shop.row(item) is None, "the row stays")


def test_23_too_little_money(shop):
    shop.seller.call("sandbox.balance", user=shop.user, value="0")
    error = shop.refused("order", "type=vds", f"pricelist={shop.seller.tariff('VDS-1')}")
    shop.seller.call("sandbox.balance", user=shop.user, value=shop.money)
    assert error["type"] == "not_enough_money"
    assert set(error["params"]) >= {"amount", "have", "currency", "deficit", "limit", "reserved", "available"}


@pytest.mark.parametrize(("remoteid", "code"), [("yes", 0), ("", 3)])
def test_24_25_the_answer_of_an_order_is_lost(shop, remoteid, code):
    number = f"lost{shop.way}" if remoteid else ""
    before = len(shop.seller.journal(forfunc="vds.order.param"))
    shop.seller.call("sandbox.fault", kind="reply_lost", forfunc="vds.order.param")
    words = [f"remoteid={number}"] if number else []
    got, told = shop.run("order", "type=vds", f"pricelist={shop.seller.tariff('VDS-1')}", *words)
    assert got == code, told
    assert len(shop.seller.journal(forfunc="vds.order.param")) == before + 1
    if number:
        assert told["adopted"] is True


@pytest.mark.parametrize(("kind", "codes"), [("html", {3}), ("html460", {3}), ("captcha", {3}), ("progress", {3})])
def test_26_pages_of_proxies(shop, kind, codes):
    shop.seller.call("sandbox.fault", kind=kind, forfunc="whoami")
    assert shop.run("check")[0] in codes
    shop.seller.call("sandbox.fault.clear")


def test_26_an_error_inside_a_warning(shop, switch):
    switch("v2_errors", "warning")
    assert (
        shop.refused("orderv2", "type=vds", f"pricelist={shop.seller.tariff('VDS-1')}", "period=7")["type"] == "value"
    )


def test_26_a_single_row_as_an_object(shop, switch):
    switch("single_elem", "object")
    name = f"one{shop.way}"
    shop.seller.call("sandbox.client", name=name, password="pw", balance=100)
    alone = Shop.__new__(Shop)
    alone.seller, alone.way, alone.user, alone.url = shop.seller, shop.way, name, shop.url
    item = vds(alone)
    assert [row["id"] for row in alone.ok("list", "type=vds")["rows"]] == [item]


def test_26_a_session_that_ends_between_two_calls(shop, switch):
    if shop.way != "session":
        assert shop.run("check", options=("--session",))[0] == 0
        return
    # Short for the answer that brings the session, long for the call that follows it.
    switch("session_seconds", "4")
    shop.seller.call("sandbox.fault", kind="slow", forfunc="auth", seconds=6)
    assert shop.ok("list", "type=vds")["rows"]


def test_27_a_renewal_whose_answer_is_lost(shop):
    item = vds(shop)
    before = shop.ok("expiry", f"elid={item}")
    shop.seller.call("sandbox.fault", kind="reply_lost", forfunc="service.prolong")
    assert shop.run("renew", f"elid={item}", "period=1")[0] == 3
    assert shop.ok("expiry", f"elid={item}")["expiredate"] == before["newexpiredate"]

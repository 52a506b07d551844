"""The connection form: what the check says in words, what it finds out, and what the tariff forms offer."""

import subprocess
import uuid
from base64 import b64encode

import pytest

from tests.support import world
from tests.support.world import Refused
from tests.unit.peers import Tunnel


@pytest.fixture
def account(shop):
    """A client account of the seller of this test's own, and a way to connect with it."""

    def make(**options):
        name = f"conn{uuid.uuid4().hex[:12]}"
        shop.there.call("sandbox.client", name=name, secrets={"password": "s3cret:with colon"}, balance=77, **options)
        return name

    return make


def connect(shop, name, password="s3cret:with colon", **settings):
    return world.connect(shop.here, shop.there, name, password, **settings)


def refusal(shop, name, **settings):
    with pytest.raises(Refused) as refused:
        connect(shop, name, **settings)
    return refused.value


def test_the_check_records_balance_currency_and_order_functions(shop, account):
    name = account()
    connect(shop, name)
    row = shop.here.rows("SELECT * FROM reseller_account WHERE username = %s", name)[0]
    assert (float(row["balance"]), row["currency"]) == (77.0, "EUR")
    assert row["endpoint"] == shop.there.url
    found = dict(pair.split("=") for pair in row["generations"].split())
    assert (found["vds"], found["soft"]) == ("v2", "old")


def test_addresses_are_normalised(shop, account):
    name = account()
    connect(shop, name, url=shop.there.url.removesuffix("/billmgr") + "/")
    assert shop.here.value("SELECT endpoint FROM reseller_account WHERE username = %s", name) == shop.there.url


def test_a_wrong_password_is_said(shop, account):
    assert refusal(shop, account(), password="wrong").type == "reseller_auth"


def test_an_address_that_is_not_allowed_is_said(shop, account):
    error = refusal(shop, account(allow="192.0.2.0/24"))
    assert error.type == "reseller_address"
    assert "API access" in error.text


def test_a_second_factor_is_said(shop, account):
    assert refusal(shop, account(totp="on")).type == "reseller_second_factor"


def test_an_employees_account_is_refused(shop):
    password = shop.there.accounts["admin"]["password"]
    error = refusal(shop, "admin", password=password)
    assert error.type == "reseller_not_client"
    assert "29" in error.text


@pytest.mark.parametrize(("kind", "said"), [("html", "HTML page"), ("captcha", "captcha")])
def test_a_page_that_is_no_panel_is_said(shop, account, kind, said):
    name = account()
    shop.there.call("sandbox.fault", kind=kind, forfunc="*", times=50)
    error = refusal(shop, name)
    shop.there.call("sandbox.fault.clear")
    assert error.type == "reseller_bad_answer"
    assert said in error.text


def test_an_untrusted_certificate_is_said(shop, account):
    error = refusal(shop, account(), cafile="")
    assert error.type == "reseller_tls"
    assert "certificate authority" in error.text


def test_a_missing_certificate_file_is_said(shop, account):
    assert refusal(shop, account(), cafile="/nowhere/ca.pem").type == "reseller_cafile"


def test_verification_can_be_switched_off(shop, account):
    assert connect(shop, account(), url=shop.there.url, cafile="", noverify="on")


def test_http_is_for_who_allows_it_by_name(shop, account):
    name = account()
    assert refusal(shop, name, url=shop.there.http_url).type == "reseller_url_plain"
    assert refusal(shop, name, url=shop.there.http_url, cafile="", noverify="on").type == "reseller_url_plain"
    assert connect(shop, name, url=shop.there.http_url, cafile="", plainhttp="on")


def test_nobody_there_is_said(shop, account):
    assert refusal(shop, account(), url="https://127.0.0.1:9/").type == "reseller_unreachable"


def test_a_proxy_that_is_not_there_is_said(shop, account):
    assert refusal(shop, account(), proxy="http://127.0.0.1:9").type == "reseller_unreachable"


def test_a_proxys_user_and_password_are_settings_of_their_own(shop, account):
    with Tunnel() as tunnel:
        way = f"http://127.0.0.1:{tunnel.port}"
        module = connect(shop, account(), proxy=way, proxyuser="me", proxypassword="pr0xy:s@cret")
        told = b64encode(b"me:pr0xy:s@cret")
        assert b"Proxy-Authorization: Basic " + told in tunnel.asked
    for table, names in (("processingparam", {"proxy", "proxyuser"}), ("processingcryptedparam", {"proxypassword"})):
        stored = shop.here.rows(f"SELECT intname, value FROM {table} WHERE processingmodule = %s", module)
        assert names <= {row["intname"] for row in stored}
        assert "pr0xy" not in str(stored)


@pytest.mark.parametrize("typed", ["http://me:pr0xy-secret@127.0.0.1:9", "me@127.0.0.1:9", "x://me:pr0xy-secret@h"])
def test_a_password_in_the_address_of_a_proxy_is_refused_with_where_it_belongs(shop, account, typed):
    error = refusal(shop, account(), proxy=typed)
    assert error.type == "reseller_proxy_password"
    assert "Password of the proxy" in error.text
    assert "pr0xy" not in str(error)


def test_a_module_that_has_it_in_the_address_goes_on_working(shop, account):
    with Tunnel() as tunnel:
        module = connect(shop, account(), proxy=f"http://127.0.0.1:{tunnel.port}")
        tunnel.asked = b""
        shop.here.write(
            "UPDATE processingparam SET value = %s WHERE processingmodule = %s AND intname = 'proxy'",
            f"http://me:s%40cret@127.0.0.1:{tunnel.port}",
            module,
        )
        try:
            argv = ["--command", "pricelist_dynamic_settings_tune", "--module", str(module), "--itemtype", "vds"]
            assert b"VDS-1" in shop.here.run("processing/pmreseller", *argv, stdin=b"<doc/>").stdout
            assert b"Proxy-Authorization: Basic " + b64encode(b"me:s@cret") in tunnel.asked
        finally:
            shop.here.call("processing.delete", elid=module)


@pytest.mark.parametrize("url", ["ftp://x", "https://a:b@host/"])
def test_an_impossible_url_is_said(shop, account, url):
    assert refusal(shop, account(), url=url).type.startswith("reseller_url")


def test_nothing_to_order_is_said(shop, account, switch):
    name = account()
    switch(shop.there, "absent_functions", "checkevent,*.order.param")
    assert refusal(shop, name).type == "reseller_no_orders"


def test_the_password_is_kept_encrypted(shop):
    stored = shop.here.rows("SELECT * FROM processingcryptedparam WHERE processingmodule = %s", shop.module)
    assert [row["intname"] for row in stored] == ["password"]
    assert shop.there.accounts["buyer"]["password"] not in str(stored)
    plain = shop.here.rows("SELECT intname FROM processingparam WHERE processingmodule = %s", shop.module)
    assert "password" not in {row["intname"] for row in plain}


def test_the_tariff_form_offers_the_sellers_tariffs_and_data_centres(shop):
    form = shop.here.call("pricelist.edit", elid=shop.tariffs["VDS-1"])
    offered = {node.get("key"): node.text for node in form.find("slist[@name='reseller_pricelist']")}
    theirs = shop.there.rows(
        "SELECT id, name FROM pricelist WHERE parent IS NULL AND active = 'on' AND name LIKE 'VDS%%'"
    )
    for row in theirs:
        assert row["name"] in offered[str(row["id"])]
    assert len(form.find("slist[@name='reseller_datacenter']")) > 1


def test_the_tariff_form_has_the_command_that_maps_it(shop):
    tariff = shop.tariffs["VDS-1"]
    command = shop.here.call("pricelist.edit", elid=tariff).findtext("reseller_command")
    assert command == f"{shop.here.base}/sbin/resellerctl map {tariff} --yes"
    assert subprocess.run(command.split(), capture_output=True, check=False).returncode == 0


def test_the_tariff_form_opens_while_the_seller_is_away(shop):
    shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=100)
    form = shop.here.call("pricelist.edit", elid=shop.tariffs["VDS-1"])
    chosen = form.findtext("reseller_pricelist")
    assert chosen
    assert chosen in {node.get("key") for node in form.find("slist[@name='reseller_pricelist']")}


def test_map_shows_proposes_and_maps_by_the_same_name(shop):
    tariff = str(shop.tariffs["VDS-1"])
    shown = shop.ctl("map", tariff, "--json")
    import json

    pairs = {(row["part"], row["here"]): row for row in json.loads(shown.stdout)}
    assert pairs["addon", "mem"]["mapped"]
    assert pairs["addon", "mem"]["mapped"] == pairs["addon", "mem"]["proposed"]
    assert pairs["period", "1"]["mapped"] == "1"
    assert all(row["mapped"] for row in pairs.values()), pairs
    missing = shop.ctl("map", "999999")
    assert missing.returncode == 1
    assert b"does not exist" in missing.stderr

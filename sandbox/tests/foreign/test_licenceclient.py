"""A licence at the seller by a client that speaks bjson without a Content-Type (foreign/licenceclient)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.tests.panels import Up

CLIENT = Path(__file__).parent / "licenceclient" / "licence.py"


class Reseller:
    """One account of the seller and the program that uses it."""

    def __init__(self, seller):
        self.seller = seller
        self.user = "licences"
        seller.call("sandbox.client", name=self.user, password="p&w", balance=500)
        tariff = seller.tariff("ISPmanager Lite")
        self.nodes = seller.rows("SELECT id FROM pricelist WHERE parent = %s AND intname = 'nodes'", tariff)[0]["id"]
        self.tariff = tariff

    def run(self, command, **words):
        """Exit code and what was printed."""
        given = ["--ca", self.seller.facts["ca"], self.seller.facts["url"], self.user, command]
        done = subprocess.run(
            [sys.executable, str(CLIENT), *given, *(f"{name}={value}" for name, value in words.items())],
            env={**os.environ, "LICENCE_PASSWORD": "p&w"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        return done.returncode, json.loads(done.stdout)

    def ok(self, command, **words):
        code, told = self.run(command, **words)
        assert code == 0, told
        return told

    def bought(self, ip, nodes=1):
        given = {"pricelist": self.tariff, "ip": ip, "licname": f"for {ip}", "addon": self.nodes, "nodes": nodes}
        elid = self.ok("order", **given)["id"]
        self.seller.until_status(elid, 2)
        return elid


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    running = Up(tmp_path_factory.mktemp("licences") / "root", "seller")
    panel = running.panel("seller")
    for name in ("provision_seconds", "lickey_seconds"):
        panel.call("sandbox.switch", name=name, value="0.3")
    yield Reseller(panel)
    running.stop()


@pytest.fixture(scope="module")
def licence(shop):
    return shop.bought("192.0.2.5", nodes=4)


def test_1_an_order_names_the_total_and_gets_its_key(shop, licence):
    assert shop.seller.rows("SELECT intvalue FROM item WHERE parent = %s", licence) == [{"intvalue": 3}]
    shop.seller.deliver()
    key = shop.ok("key", elid=licence)["lickey"]
    assert key.startswith(f"{licence}-")
    assert shop.ok("newkey", elid=licence)["lickey"] not in ("", key)


def test_2_all_pages_are_read_in_either_way_of_counting(shop, licence):
    more = [shop.bought(f"192.0.2.{number}") for number in (11, 12, 13, 14)]
    for setting in ("both", "pages", "offset"):
        shop.seller.call("sandbox.switch", name="paging", value=setting)
        found = shop.ok("rows") if setting == "both" else None
        shown = [shop.ok("show", elid=one)["there"] for one in (licence, *more)]
        assert shown == [True] * 5
        assert found is None or len({row["id"] for row in found}) == 5
    shop.seller.call("sandbox.switch", name="paging", value="both")


def test_3_a_renewal_keeps_what_its_form_has_promised(shop, licence):
    told = shop.ok("renew", elid=licence, period=12)
    assert told["until"] == told["promised"] == shop.ok("show", elid=licence)["expiredate"]


def test_4_suspended_twice(shop, licence):
    for _ in range(2):
        assert shop.ok("suspend", elid=licence) == {"ok": True}
        shop.seller.until_status(licence, 3)
    shop.ok("unsuspend", elid=licence)
    shop.seller.until_status(licence, 2)


def test_5_a_renewal_alone_brings_it_back(shop):
    elid = shop.bought("192.0.2.6")
    today = shop.seller.call("sandbox.clock").findtext("today")
    shop.seller.call("sandbox.item", item=elid, expiredate=today, autoprolong="")
    shop.seller.call("service.billdaily")
    shop.seller.until_status(elid, 3)
    shop.ok("renew", elid=elid, period=1)
    shop.seller.until_status(elid, 2)


def test_6_moved_to_another_address(shop, licence):
    assert shop.ok("move", elid=licence, ip="192.0.2.7")["ip"] == "192.0.2.7"
    shop.seller.until_status(licence, 2)
    assert shop.run("move", elid=licence, ip="nowhere")[1]["error"]["object"] == "ip"


def test_7_a_refusal_is_told(shop):
    code, told = shop.run("renew", elid=1)
    assert (code, told["error"]["type"]) == (1, "missed")
    shop.seller.call("sandbox.balance", user=shop.user, value=0)
    given = {"pricelist": shop.tariff, "ip": "192.0.2.8", "licname": "poor", "addon": shop.nodes, "nodes": 1}
    error = shop.run("order", **given)[1]["error"]
    assert error["type"] == "not_enough_money"
    assert {one["name"] for one in error["param"]} >= {"amount", "deficit", "currency"}
    shop.seller.call("sandbox.balance", user=shop.user, value=500)


def test_8_a_key_of_ones_own_opens_the_panel_once(shop):
    assert shop.ok("enter") == {"once": True}


def test_9_terminated(shop, licence):
    shop.ok("terminate", elid=licence)
    shop.seller.until_status(licence, 3)
    shop.ok("delete", elid=licence)
    shop.seller.until_status(licence, 4)
    assert shop.ok("show", elid=licence) == {"there": False}

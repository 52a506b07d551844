"""The journal: what it says, and that nobody can change it."""

import json
import subprocess
import sys

import pymysql
import pytest

from sandbox.switches import REGISTRY, BadSwitch, Switches
from sandbox.tests.panels import CHECKOUT


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET amount = 0",
        "DELETE FROM entry",
        "TRUNCATE entry",
        "DROP TABLE entry",
        "DROP TRIGGER no_delete",
    ],
)
def test_it_cannot_be_changed_by_the_panel(seller, statement):
    seller.bought()
    before = len(seller.journal())
    with pytest.raises(pymysql.err.Error):
        seller.rows(statement, database="sandbox_journal")
    assert len(seller.journal()) == before


def test_it_tells_who_changed_what(seller):
    item = seller.bought(remoteid="j1")
    seller.until_status(item, 2)
    seller.http("vds.edit", elid=item, remoteid="j2", sok="ok")
    seller.call("sandbox.item", item=item, expiredate="2030-01-01")
    rows = seller.journal(item=item)
    assert [(row["event"], row["user"], row["func"]) for row in rows] == [
        ("charge", "buyer", "vds.order.param"),
        ("change", "buyer", "vds.edit"),
        ("change", "root", "sandbox.item"),
    ]
    assert rows[1]["remoteid"] == "j2"
    assert [row["item"] for row in seller.journal(remoteid="j1")] == [str(item)]
    assert {row["func"] for row in seller.journal(func="vds.edit")} == {"vds.edit"}


def test_it_can_be_read_from_outside(up, seller):
    seller.bought(remoteid="outside")
    words = [sys.executable, "-m", "sandbox", "journal", "--root", str(up.root), "--panel", "seller", "--json"]
    rows = json.loads(subprocess.run(words, cwd=CHECKOUT, capture_output=True, check=True).stdout)
    assert "outside" in {row["remoteid"] for row in rows}
    assert {row["panel"] for row in rows} == {"seller"}


def test_every_switch_names_its_fact_and_has_a_second_setting():
    for switch in REGISTRY.values():
        assert switch.fact, switch.name
        assert len(switch.settings) > 1, switch.name
        for setting in switch.settings:
            assert switch.check(setting) == setting


def test_a_wrong_setting_is_refused_in_words(seller):
    with pytest.raises(BadSwitch, match="one of both, old, v2"):
        Switches({}).set("order_api", "v3")
    assert "one of both, old, v2" in seller.error("sandbox.switch", name="order_api", value="v3").findtext("msg")
    assert "no switch" in seller.error("sandbox.switch", name="nope", value="1").findtext("msg")


def test_switches_survive_a_restart_of_the_core(seller, switch):
    switch(seller, "page_rows", "3")
    seller.mgrctl("exit")
    assert seller.http("vds").findtext("p_cnt") == "3"

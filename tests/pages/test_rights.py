"""Who may call what, what a client sees of it, and who is named for what was done."""

import contextlib
import itertools
import json
import re
import subprocess

import pytest
from lxml import etree

from reseller.pages.functions import FUNCTIONS
from sandbox.core.levels import levels_of
from tests.support import world
from tests.support.keeping import fault, remote, sent, without
from tests.support.planting import planted
from tests.support.world import ROOT, Refused

SETTER = "item.setremoteid"
FILES = [*sorted((ROOT / "xml").glob("*.xml")), *sorted((ROOT / "xml/stock").glob("*_func.xml"))]
#: of the functions that spend, force, or let a plan through
FULL = {
    *("reseller.reorder", "reseller.link.force", "reseller.checkevent.force", "reseller.start"),
    *("reseller.tariffs.import", "reseller.mapping.set", "reseller.mapping.all", "reseller.prices.accept"),
}


def declared():
    """Functions that our files give to our handler, and the levels of metadata, by name."""
    trees = [etree.parse(path) for path in FILES]
    functions = {one.get("name") for tree in trees for one in tree.iterfind("handler[@name='reseller']/func")}
    levels = {one.get("name"): one.get("level") for tree in trees for one in tree.iterfind("metadata")}
    return functions, levels


def handled(shop, given=b"<doc/>", **environment):
    """What the handler prints, started as the panel does; bytes."""
    words = [f"{name}={value}" for name, value in environment.items()]
    done = subprocess.run(
        ["env", "-i", *words, "./addon/reseller"], cwd=shop.here.base, input=given, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def error(printed):
    return etree.fromstring(printed).find("error")


def test_metadata_handlers_and_the_table_say_the_same():
    functions, levels = declared()
    assert functions == set(FUNCTIONS)
    for name, function in FUNCTIONS.items():
        let_in = levels_of(levels[name] or "all")
        assert let_in == set(range(function.level, 32)), f"{name}: {levels[name]} is not from {function.level} on"
        page = __import__(f"reseller.pages.{function.page}", fromlist=["page"])
        assert callable(getattr(page, function.show)), name


def test_what_spends_or_forces_is_for_full_administrators(shop):
    assert {name for name, function in FUNCTIONS.items() if function.level > 29} == FULL
    for name in FULL:
        assert shop.here.ask(name, "admin", elid=1, sok="ok").find("error").get("type") == "access"
        said = error(handled(shop, ACTION_NAME=name, AUTH_LEVEL=29, AUTH_USER="admin", PARAM_sok="ok"))
        assert said.get("type") == "access"
    buttons = shop.here.ask("reseller.requests", "admin", out="devel").iter("toolbtn")
    assert FULL.isdisjoint({button.get("func") for button in buttons})
    buttons = shop.here.ask("reseller.tariffs", "admin", out="devel").iter("toolbtn")
    assert FULL.isdisjoint({button.get("func") for button in buttons})


@pytest.mark.parametrize(
    ("func", "own"), [("reseller.link", "reseller.link.force"), ("reseller.checkevent", "reseller.checkevent.force")]
)
def test_no_parameter_forces_what_is_a_function_of_its_own(shop, func, own):
    with pytest.raises(Refused) as refused:
        shop.here.call(func, elid=1, remote=1, force="on", sok="ok")
    assert (refused.value.type, refused.value.object) == ("reseller_own_function", "force")
    assert own in refused.value.text


def test_the_function_is_what_the_panel_has_checked(shop, vds):
    asked = {"AUTH_LEVEL": 29, "AUTH_USER": "admin", "PARAM_elid": vds, "EVENT_TYPE": "action"}
    said = error(handled(shop, ACTION_NAME="reseller.link", PARAM_func="reseller.unlink", PARAM_sok="ok", **asked))
    assert (said.get("type"), said.get("object")) == ("access", "func")
    assert shop.links(vds)
    assert error(handled(shop, ACTION_NAME="reseller.link", PARAM_func="reseller.link", **asked)) is None
    assert error(handled(shop, ACTION_NAME="reseller.link", **asked)) is None


@contextlib.contextmanager
def instead(path, content):
    """A file of the panel with another content, or none."""
    before = path.read_bytes()
    try:
        path.write_bytes(content) if content is not None else path.unlink()
        yield
    finally:
        path.write_bytes(before)


def failures(shop):
    """Ways in which a call can fail, as contexts, by name."""
    etc = shop.here.base / "etc"
    config = (etc / "billmgr.conf").read_bytes()
    yield "settings", lambda: instead(etc / "reseller.conf", b"nonsense 1\n")
    yield "settings that are no text", lambda: instead(etc / "reseller.conf", b"\xff\xfe\n")
    yield "database", lambda: instead(etc / "billmgr.conf", config + b"\nDBPassword wrong\nDBUser nobody\n")
    yield "socket", lambda: instead(etc / "billmgr.conf", config + b"\nDBSocket /nowhere/at/all.sock\n")
    yield "no configuration", lambda: instead(etc / "billmgr.conf", b"DBName gone\n")
    yield "tables", lambda: without(shop, "reseller_link")
    yield "counter", lambda: without(shop, "reseller_asked")
    yield "panel's tables", lambda: without(shop, "processingmodule")
    yield "seller", lambda: faulty(shop)
    yield "nothing", contextlib.nullcontext


@contextlib.contextmanager
def faulty(shop):
    fault(shop, "html", "*", times=50)
    try:
        yield
    finally:
        shop.there.call("sandbox.fault.clear")
        shop.here.write("DELETE FROM reseller_circuit")


def test_a_client_sees_access_and_nothing_else_of_any_failure(shop, vds):
    asked = {"ACTION_NAME": SETTER, "AUTH_USER": "client1", "PARAM_sok": "ok", "PARAM_elid": vds, "PARAM_value": 999999}
    seen = {}
    for (name, broken), level in itertools.product(failures(shop), (16, 0)):
        with broken():
            seen[name, level] = handled(shop, AUTH_LEVEL=level, **asked)
    seen["no document", 16] = handled(shop, b"<html>", AUTH_LEVEL=16, **{**asked, "PARAM_sok": ""})
    seen["language", 16] = handled(shop, AUTH_LEVEL=16, PARAM_lang="\x01", **asked)
    common = seen["nothing", 16]
    assert error(common).get("type") == "access"
    assert [name for name, printed in seen.items() if printed != common] == []
    # Staff are told, so the failures are failures.
    for name, broken in failures(shop):
        with broken():
            said = error(handled(shop, AUTH_LEVEL=29, **asked))
            assert said.get("type") != "access", name
    assert "client1" in (shop.here.base / "var/reseller.log").read_text()


def command(shop, *words):
    return etree.fromstring(shop.here.run("processing/pmreseller", *map(str, words), stdin=b"<doc/>").stdout).find(
        "error"
    )


def test_a_client_sees_no_failure_of_a_command_that_answers_him(shop, vds):
    asked = {
        "check_param": ("--param", "ip", "--value", "1.2.3.4"),
        "check_addon": ("--param", "mem", "--value", "2048"),
        "transition_controlpanel": (),
    }
    for (what, words), (name, broken) in itertools.product(asked.items(), failures(shop)):
        with broken():
            said = command(shop, "--command", what, "--item", vds, *words)
        if said is not None:
            own = ("access", "reseller_panel_closed", "reseller_param_later")
            assert said.get("type") in own, (what, name)
            assert not any(word in "".join(said.itertext()) for word in ("nowhere", "nonsense", "etc/", "nobody"))
    with instead(shop.here.base / "etc/billmgr.conf", b"DBName billing\nDBSocket /nowhere/mysqld.sock\n"):
        words = ("--command", "check_param", "--item", vds, *asked["check_param"])
        assert command(shop, *words).get("type") == "access"
        assert command(shop, *words, "--level", 29).get("type") == "reseller_database"


def test_what_only_staff_may_see_of_a_service_is_in_no_clients_document(shop, vds):
    for out in ("xml", "devel", "json"):
        page = {user: _text(shop, user, vds, out) for user in ("admin", "client1")}
        for name in ("reseller_remote", "reseller_expiredate"):
            assert name in page["admin"], out
            assert name not in page["client1"], out


def _text(shop, user, item, out):
    import requests

    login = f"{user}:{shop.here.accounts[user]['password']}"
    fields = {"func": "vds.edit", "elid": item, "out": out, "authinfo": login}
    said = requests.post(shop.here.url, data=fields, verify=shop.here.ca, timeout=60).text
    # Texts are the same for all.
    return re.sub(r'<msg name="[^"]*">[^<]*</msg>', "", said)


@pytest.fixture
def pair(shop):
    """A linked service made past orders."""
    with planted(shop, 2) as found:
        yield found[0]


def acts(shop, **where):
    name, value = next(iter(where.items()))
    return shop.here.rows(f"SELECT * FROM reseller_act WHERE {name} = %s ORDER BY id", value)


def test_who_did_it_is_in_the_log_and_in_the_ledger(shop, pair):
    number = pair.item
    for func in ("reseller.unlink", "reseller.link"):
        answer = shop.here.ask(func, "admin", elid=number, remote=pair.remote, sok="ok")
        assert answer.find("error") is None
    assert shop.ctl("unlink", str(number)).returncode == 0
    assert shop.ctl("link", str(number), str(pair.remote), "--force").returncode == 0
    swap = json.loads(shop.ctl("swap", str(number), "--to", "manual", "--why", "disk", "--yes", "--json").stdout)
    assert swap["services"][0]["done"]
    shop.ctl("swap", str(number), "--back", "--yes")
    found = acts(shop, item=number)
    assert [row["what"] for row in found] == ["unlink", "link", "unlink", "link", "swap", "swap back"]
    by_page, by_hand = found[:2], found[2:]
    assert all(row["who"] == "admin" and row["address"].startswith("127.") for row in by_page)
    assert all(row["who"] and row["correlation"] for row in by_hand)
    assert "whatever its key said" in found[3]["text"]
    log = (shop.here.base / "var/reseller.log").read_text()
    assert f"item {number}: unlink by admin from 127." in log
    assert f"item {number}: swap by {by_hand[0]['who']}" in log
    assert "unlink by admin from 127." in shop.ctl("requests", str(number)).stdout.decode()
    shop.here.call("reseller.checkevent.force")
    assert acts(shop, what="force")[-1]["who"] == "root"


def test_a_client_makes_us_ask_a_seller_only_so_often(shop, vds):
    shop.here.write("DELETE FROM reseller_asked")
    world.limits(shop.here, client_asks=3)
    number = remote(shop, vds)

    def wish():
        asked = {"AUTH_USER": "client1", "PARAM_elid": vds, "PARAM_value": number, "PARAM_sok": "ok"}
        return handled(shop, ACTION_NAME=SETTER, AUTH_LEVEL=16, **asked), sent(shop, "vds.edit")

    questions = [wish() for _ in range(5)]
    assert len({count for _, count in questions[:3]}) == 3, "the first are asked"
    assert len({count for _, count in questions[2:]}) == 1, "the others are not"
    answers = [answer for answer, _ in questions]
    assert b"access" in answers[-1]
    assert shop.here.value("SELECT times FROM reseller_asked") == 5
    assert shop.here.run("processing/pmreseller", "--command", "transition_controlpanel", "--item", str(vds)).returncode
    shop.here.write("UPDATE reseller_asked SET since = since - INTERVAL 2 HOUR")
    wish()
    assert shop.here.value("SELECT times FROM reseller_asked") == 1
    log = (shop.here.base / "var/reseller.log").read_text()
    assert log.count("questions to a seller within") == 1
    world.limits(shop.here)


def test_what_a_client_sends_is_cut_before_it_is_logged(shop, vds):
    shop.here.ask(SETTER, "client1", elid=vds, value="7" * 5000, sok="ok", lang="x" * 5000)
    command(shop, "--command", "check_param", "--item", vds, "--param", "ostempl", "--value", "8" * 5000)
    lines = (shop.here.base / "var/reseller.log").read_text().splitlines()
    assert [line[:80] for line in lines if "7" * 65 in line or "8" * 65 in line] == []

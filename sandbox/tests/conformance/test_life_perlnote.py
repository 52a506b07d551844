"""The whole life of the Perl add-on `perlnote` in a panel at /usr/local/mgr5 (sandbox/tests/foreign/LIFE.md)."""

import json
import subprocess
import sys

import pytest
from lxml import etree

from sandbox.tests.conformance.conftest import HOME
from sandbox.tests.panels import CHECKOUT

PERLNOTE = CHECKOUT / "sandbox/tests/foreign/perlnote"
MGRCTL = f"{HOME}/sbin/mgrctl"
FAILED = "plugin terminated with an error or returned an invalid XML."


def install(pair, *files):
    command = [sys.executable, "-m", "sandbox", "install", "--root", str(pair.up.root), "--panel", "reseller"]
    done = subprocess.run([*command, *map(str, files)], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def panel(home):
    installed = install(home, PERLNOTE)
    assert "750 addon/perlnote" in installed
    assert "644 etc/sql/billmgr.item.addon/perlnote" in installed
    return home.reseller


@pytest.fixture(scope="module")
def server(panel):
    item = panel.bought(domain="one.test")
    panel.until_status(item, 2)
    return item


@pytest.fixture
def note(panel, server):
    """A note of the buyer, gone after the test if it is still there."""
    number = panel.http("perlnote.edit", sok="ok", service=server, text="noted").findtext("id")
    yield number
    panel.ask("perlnote.delete", elid=number)


def menu_names(panel, user, branch):
    return [one.get("name") for one in panel.http("menu", user, out="devel").iterfind(f"mainmenu/{branch}//node")]


def test_1_after_the_restart_events_menus_texts_and_the_column_are_there(panel):
    log = (panel.base / "var/billmgr.log").read_text()
    assert "action EXTINFO Register event 'perlnote' for action 'vds.edit'" in log
    assert "perlnote" in menu_names(panel, "buyer", "node")
    assert {"perlnote_group", "perlnote"} <= set(menu_names(panel, "buyer", "modernmenu"))
    for lang, text in (("en", "Notes"), ("ru", "Заметки")):
        root = panel.http("menu", out="devel", lang=lang)
        assert root.findtext("messages/msg[@name='menu_perlnote']") == text
    found = panel.rows("SHOW COLUMNS FROM item LIKE 'perlnote'")
    assert found[0]["Type"] == "varchar(128)"


def test_2_its_list_by_level(panel, note):
    admin = panel.http("perlnote", "admin", out="devel")
    assert [one.get("name") for one in admin.iterfind("metadata/toolbar/toolgrp/toolbtn")] == ["new", "edit", "delete"]
    assert len(admin.findall("metadata/coldata/col")) == 7
    assert admin.findtext("elem/author") == "buyer"
    user = panel.http("perlnote", out="devel")
    assert "author" not in [one.get("name") for one in user.iterfind("metadata/coldata/col")]
    assert len(user.findall("metadata/coldata/col")) == 6
    assert user.find("elem/author") is None
    texts = {one.get("name") for one in user.iterfind("messages/msg")}
    assert {"low", "normal", "high", "priority_low"} <= texts


def test_3_a_new_form(panel, server):
    root = panel.http("perlnote.edit", out="devel", plid=server)
    assert (root.findtext("service"), root.findtext("priority")) == (str(server), "normal")
    assert root.findtext("messages/msg[@name='title_new']") == "New note"
    assert root.find("metadata/form/field[@name='author']") is None
    assert root.find("author") is None


def test_4_setvalues_keeps_what_was_typed_and_saves_nothing(panel, server):
    before = panel.http("perlnote").findtext("p_elems")
    root = panel.http("perlnote.edit", sv_field="priority", priority="high", service=server, text="x")
    normal = panel.http("perlnote.edit", sv_field="priority", priority="normal", service=server, text="x")
    assert root.findtext("text") == "x"
    assert root.findtext("due") < normal.findtext("due")
    assert panel.http("perlnote").findtext("p_elems") == before


def test_5_the_validator_changes_what_is_stored(panel, server):
    root = panel.http("perlnote.edit", sok="ok", service=server, text="  a   b  ")
    assert root.find("ok") is not None
    number = root.findtext("id")
    assert panel.http("perlnote.edit", elid=number).findtext("text") == "a b"
    panel.call("perlnote.delete", elid=number)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"text": "x" * 201}, "text"),
        ({"text": "<b>"}, "text"),
        ({"text": ""}, "text"),
        ({"service": "0"}, "service"),
        ({"service": "x"}, "service"),
    ],
)
def test_6_what_is_refused(panel, server, changed, field):
    error = panel.http("perlnote.edit", sok="ok", **{"service": server, "text": "t", **changed}).find("error")
    assert (error.get("type"), error.get("object")) == ("value", field)


def test_6_two_hundred_cyrillic_letters_pass(panel, server):
    root = panel.http("perlnote.edit", sok="ok", service=server, text="я" * 200)
    assert root.find("error") is None, etree.tostring(root)
    panel.call("perlnote.delete", elid=root.findtext("id"))


def test_7_special_characters_come_back_in_every_format(panel, server):
    text = 'a & b\nsecond "line"'
    number = panel.http("perlnote.edit", sok="ok", service=server, text=text).findtext("id")
    assert panel.http("perlnote.edit", elid=number).findtext("text") == text
    for out in ("json", "sjson", "xjson", "bjson"):
        answer = panel.post("perlnote", "buyer", elid=server, out=out).text
        assert json.dumps(text, ensure_ascii=False) in answer, out
        json.loads(answer)
    panel.call("perlnote.delete", elid=number)


def test_8_its_pages(panel, server):
    made = [panel.http("perlnote.edit", sok="ok", service=n, text="p").findtext("id") for n in (server, 7)]
    assert [row.findtext("id") for row in panel.http("perlnote", elid=server).findall("elem")] == made[:1]
    page = panel.http("perlnote", p_num=2, p_cnt=1)
    assert (page.findtext("elem/id"), page.findtext("p_elems")) == (made[1], "2")
    panel.call("perlnote.delete", elid=", ".join(made))


def test_9_to_10_rights_and_a_change(panel, note):
    assert panel.http("perlnote", "client1").findall("elem") == []
    assert panel.http("perlnote.edit", "client1", elid=note).find("error").get("type") == "access"
    assert panel.http("perlnote", "admin").findtext("elem/id") == note
    assert panel.http("perlnote.edit", "admin", elid=note, sok="ok", text="new", service=5).find("ok") is not None
    form = panel.http("perlnote.edit", "admin", elid=note, out="devel")
    assert (form.findtext("text"), form.findtext("author")) == ("new", "buyer")
    assert form.find("metadata/form/field[@name='author']/input").get("readonly") == "yes"


@pytest.mark.parametrize("setting", ["each", "once"])
def test_11_a_group_is_deleted_either_way(panel, server, switch, setting):
    switch(panel, "group_calls", setting)
    made = [panel.http("perlnote.edit", sok="ok", service=server, text="p").findtext("id") for _ in range(2)]
    assert panel.http("perlnote.delete", elid=", ".join(made)).find("ok") is not None
    assert panel.http("perlnote").findall("elem") == []
    assert panel.http("perlnote.delete", elid=made[0]).find("error").get("type") == "missed"


def test_12_its_button_on_a_built_in_list(panel):
    for lang, text in (("en", "Notes"), ("ru", "Заметки")):
        root = panel.http("vds", out="devel", lang=lang)
        groups = [one.get("name") for one in root.iterfind("metadata/toolbar/toolgrp")]
        assert groups == ["new", "edit", "state", "more", "perlnote"]
        assert len(root.findall(".//toolbtn[@name='perlnote']")) == 1
        assert root.find(".//toolbtn[@name='perlnote']/hide").get("value") == "4"
        assert root.find(".//toolbtn[@func='vds.edit']") is not None
        assert root.findtext("messages/msg[@name='short_perlnote']") == text


def test_13_its_page_on_a_built_in_form(panel, server, note):
    admin = panel.http("vds.edit", "admin", elid=server, out="devel")
    assert (admin.findtext("perlnote_count"), admin.findtext("perlnote_last")) == ("1", "noted")
    client = panel.http("vds.edit", elid=server, out="devel")
    assert client.findtext("perlnote_count") == "1"
    assert client.find("perlnote_last") is None
    assert client.find(".//field[@name='perlnote_last']") is None
    assert [page.get("name") for page in client.iterfind("metadata/form/page")][-1] == "perlnotepage"
    assert client.findtext("domain") == "one.test"


def test_14_its_own_column(panel, server):
    assert panel.http("vds.edit", elid=server).findtext("perlnote") in ("", None)
    assert panel.http("vds.edit", "admin", elid=server, sok="ok", perlnote="blue").find("ok") is not None
    assert panel.http("vds.edit", elid=server).findtext("perlnote") == "blue"
    panel.http("vds.edit", elid=server, sok="ok", perlnote="red")
    assert panel.rows("SELECT perlnote FROM item WHERE id = %s", server)[0]["perlnote"] == "blue"
    fresh = panel.bought(domain="two.test")
    assert panel.rows("SELECT perlnote FROM item WHERE id = %s", fresh)[0]["perlnote"] is None


@pytest.mark.parametrize(
    ("lang", "text"),
    [("en", "The server keep-1.test is kept: rename it before you delete it"), ("ru", "Сервер keep-1.test хранится")],
)
def test_15_a_before_event_keeps_a_server(panel, lang, text):
    item = panel.bought(domain="keep-1.test")
    panel.until_status(item, 2)
    error = panel.http("vds.delete", elid=item, lang=lang).find("error")
    assert error.get("type") == "perlnote_keep"
    assert error.findtext("msg").startswith(text)
    assert panel.status(item) == 2
    assert panel.rows("SELECT id FROM runningoperation WHERE item = %s", item) == []


def test_16_to_18_a_group_with_a_kept_one_then_a_deletion_and_the_log(panel):
    kept, other = (panel.bought(domain=name) for name in ("keep-2.test", "goes.test"))
    for item in (kept, other):
        panel.until_status(item, 2)
    assert panel.http("vds.delete", elid=f"{other}, {kept}").find("error").get("type") == "perlnote_keep"
    assert panel.status(kept) == 2
    log = panel.base / "var/perlnote/log"
    log.write_text("")
    if panel.status(other) == 2:
        assert panel.http("vds.delete", elid=other).find("ok") is not None
    panel.until_status(other, 4)
    panel.http("vds.edit", elid=kept)
    number = panel.http("perlnote.edit", sok="ok", service=kept, text="x").findtext("id")
    panel.http("perlnote.delete", elid=number)
    lines = log.read_text().splitlines()
    by_function = {line.split("func=")[1].split()[0]: line for line in lines}
    assert set(by_function) == {"vds.delete", "vds.edit", "perlnote.edit", "perlnote.delete"}
    for line in lines:
        assert "event=final" in line
    assert "user=buyer level=16" in by_function["vds.delete"]
    for name in ("vds.delete", "perlnote.edit"):  # sessiondata
        assert "bytes=0" not in by_function[name]
        assert "result=ok" in by_function[name]
    assert "bytes=0 result=unknown" in by_function["vds.edit"]


def test_18_an_unwritable_log_changes_no_answer(panel, server):
    folder = panel.base / "var/perlnote"
    aside = folder.rename(folder.with_name("aside"))
    folder.write_text("a file where a folder should be")
    try:
        assert panel.http("vds.edit", elid=server).findtext("domain") == "one.test"
    finally:
        folder.unlink()
        aside.rename(folder)


@pytest.mark.parametrize("broken", ["rubbish", "exit", "mode"])
def test_19_a_broken_handler_has_the_documented_text(panel, server, broken):
    program = panel.base / "addon/perlnote"
    good = program.read_bytes()
    try:
        if broken == "mode":
            program.chmod(0o640)
        else:
            program.write_text("#!/bin/sh\n" + ("echo rubbish\n" if broken == "rubbish" else "echo '<doc/>'\nexit 1\n"))
        for func, params in (("perlnote", {}), ("vds.edit", {"elid": server})):
            assert panel.http(func, **params).find("error").findtext("msg") == f"perlnote {FAILED}"
        assert panel.http("vds").find("error") is None
    finally:
        program.write_bytes(good)
        program.chmod(0o750)


def test_20_by_the_command_line(panel, server):
    words = [MGRCTL, "-m", "billmgr", "-o", "json", "perlnote.edit", "sok=ok", f"service={server}", "text=t"]
    made = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)["doc"]
    assert "ok" in made
    rows = subprocess.run([MGRCTL, "-m", "billmgr", "perlnote"], capture_output=True, text=True, check=True).stdout
    assert f"service={server} author=root" in rows
    assert "user=root level=30" in (panel.base / "var/perlnote/log").read_text()
    panel.call("perlnote.delete", elid=made["id"]["$"])

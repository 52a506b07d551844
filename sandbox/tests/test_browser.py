"""The stand-in panel in a browser: clicked through in Chromium, and asked over plain HTTP for what must not happen."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import requests

from sandbox.tests.panels import CHECKOUT, write_plugin
from sandbox.tests.web import Web

PERLNOTE = CHECKOUT / "sandbox/tests/foreign/perlnote"
NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
PLUGIN = """<mgrdata>
  <mainmenu level="user+"><node name="account"><node name="nasty.list"/>
    <node name="nasty.report" level="admin+"/></node></mainmenu>
  <handler name="nasty" type="xml"><func name="nasty.list"/><func name="nasty.form"/><func name="nasty.report"/>
    <func name="nasty.act"/><func name="nasty.form.more"/></handler>
  <metadata name="nasty.list" type="list" key="id" keyname="name"><toolbar><toolgrp name="a">
    <toolbtn func="nasty.form" name="edit" type="edit" default="yes"/>
    <toolbtn func="nasty.act" name="act" type="group"><hide name="name" value="kept"/></toolbtn></toolgrp></toolbar>
    <coldata><col name="id" type="data" sort="digit" sorted="yes"/><col name="name" type="data" sort="alpha"/>
      <col name="state" type="msg"><prop name="flag"/></col></coldata></metadata>
  <metadata name="nasty.form" type="form"><form><page name="first">
    <field name="kind"><select name="kind"><if value="b" hide="extra"/></select></field>
    <field name="extra"><input type="text" name="extra"/></field>
    <field name="on"><input type="checkbox" name="on"/></field>
    <field name="way"><select type="radio" name="way"/></field>
    <field name="said"><htmldata name="said"/></field></page></form></metadata>
  <metadata name="nasty.report" type="report" level="admin+"><band name="money">
    <diagram name="share" label="who" data="sum" type="pie"/>
    <diagram name="bars" label="who" data="sum" type="histogram"/>
    <col name="who" type="data"/><col name="sum" type="price" total="sum"/>
    <band name="parts"><col name="part" type="data"/></band></band></metadata>
  <lang name="en"><messages name="nasty.list"><msg name="title">__NASTY__ list</msg><msg name="short_act">Act</msg>
    <msg name="short_edit">__NASTY__</msg><msg name="msg_confirm_act">__NASTY__ Really?</msg><msg name="good">Good</msg>
    <msg name="hint_p_flag">flagged</msg></messages>
    <messages name="nasty.form"><msg name="extra">__NASTY__</msg><msg name="hint_kind">__NASTY__</msg></messages>
    <messages name="nasty.report"><msg name="title">__NASTY__</msg></messages></lang>
</mgrdata>
""".replace("__NASTY__", NASTY.replace("&", "&amp;").replace("<", "&lt;"))
HANDLER = r"""#!/usr/bin/python3
import os, sys
from xml.sax.saxutils import escape
nasty = escape('''__NASTY__''')
data = {
    "nasty.list": f"<elem><id>1</id><name>{nasty}</name><state>good</state><flag>on</flag></elem>"
                  f"<elem><id>2</id><name>kept</name><state>{nasty}</state></elem>",
    "nasty.form": f"<slist name='kind'><val key='a'>{nasty}</val><val key='b'>B</val></slist><kind>a</kind>"
                  f"<extra>{nasty}</extra><slist name='way'><val key='x'>X</val></slist><said>{nasty}</said>"
                  f"<banner id='told' status='warning'><msg>{nasty}</msg></banner>",
    "nasty.report": "<reportdata><money>" + "".join(
        f"<elem><who>{nasty}{n}</who><sum>{n}.50</sum><parts><elem><part>{nasty}</part></elem></parts></elem>"
        for n in (1, 2, 3)) + "</money></reportdata>",
    "nasty.act": "<ok/>",
}
func = os.environ["PARAM_func"]
document = sys.stdin.read()
if os.environ.get("PARAM_sok"):
    text = "|".join(f"{k}={os.environ.get('PARAM_' + k, '-')}" for k in ("kind", "extra", "on", "way"))
    print(f"<doc><error type='value' object='extra'><msg>{nasty} {escape(text)}</msg></error></doc>")
elif func == "nasty.act":
    with open("var/nasty.log", "a") as log:
        log.write(os.environ.get("PARAM_elid", "") + "\n")
    print("<doc><ok/></doc>")
else:
    print(document.replace("</doc>", data[func] + "</doc>"))
""".replace("__NASTY__", NASTY.replace("'", "\\'"))


@pytest.fixture(scope="module")
def panel(up, tmp_path_factory):
    """The seller's panel with a plug-in of somebody else's, and one that tries to break out of every page."""
    seller = up.panel("seller")
    folder = tmp_path_factory.mktemp("nasty")
    write_plugin(folder, "nasty", PLUGIN, HANDLER)
    script = (PERLNOTE / "addon/perlnote").read_text().replace("/usr/local/mgr5", str(seller.base))
    (folder / "addon/perlnote").write_text(script)
    (folder / "addon/perlnote").chmod(0o755)
    for name in ("perlnote_guard", "perlnote_log"):
        script = (PERLNOTE / "addon" / name).read_text().replace("/usr/local/mgr5", str(seller.base))
        (folder / "addon" / name).write_text(script)
        (folder / "addon" / name).chmod(0o755)
    (folder / "xml/billmgr_mod_perlnote.xml").write_text((PERLNOTE / "xml/billmgr_mod_perlnote.xml").read_text())
    command = [sys.executable, "-m", "sandbox", "install", "--root", str(up.root), "--panel", "seller", str(folder)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    (seller.base / "var/perlnote").mkdir(exist_ok=True)
    yield seller
    for file in ("etc/xml/billmgr_mod_nasty.xml", "etc/xml/billmgr_mod_perlnote.xml"):
        (seller.base / file).unlink()
    seller.mgrctl("-R", "whoami")


@pytest.fixture(scope="module")
def staff(panel):
    return Web(panel, "admin")


@pytest.fixture(scope="module")
def client(panel):
    return Web(panel, "buyer")


def functions(page):
    return [re.search(r"func=([^&]*)", href)[1] for href in page.xpath("//nav//a/@href")]


def test_every_page_of_the_employees_menu_is_drawn(staff):
    names = functions(staff.get())
    assert {"vds", "runningoperation", "task", "processing", "pricelist", "account", "perlnote"} <= set(names)
    for name in names:
        page = staff.get(func=name)
        assert staff.answer.status_code == 200
        assert staff.error == "", name
        assert page.xpath("//table//th | //form"), name
        assert page.xpath("//h1/text()") != [name], f"{name} has no title"


def test_every_column_and_field_of_stock_pages_has_a_text_in_both_languages(staff):
    for lang in ("en", "ru"):
        staff.http.cookies.set("billmgrlang5", f"plain:{lang}")
        for name in functions(staff.get()):
            if not name.startswith(("nasty", "perlnote")):
                heads = staff.get(func=name).xpath("//th[position() > 1]//text()[normalize-space()]")
                bare = [one for one in heads if re.fullmatch("[a-z_.]+", one.strip())]
                assert bare == [], (lang, name)
    staff.http.cookies.set("billmgrlang5", "plain:en")


def test_a_client_sees_the_clients_menu_and_is_refused_the_rest(client):
    names = functions(client.get())
    assert "vds" in names
    assert not {"runningoperation", "task", "processing", "user", "nasty.report"} & set(names)
    client.get(func="task")
    assert "Insufficient privileges" in client.error
    client.get(func="nasty.report")
    assert "Insufficient privileges" in client.error
    page = client.get(func="vds")
    assert "Module" not in page.xpath("//th//text()")


def test_nothing_of_a_plug_in_can_become_markup(staff):
    for func in ("nasty.list", "nasty.form", "nasty.report"):
        page = staff.get(func=func)
        assert len(page.xpath("//script")) == 1, func
        assert page.xpath("//*[@onerror]") == [], func
        assert page.xpath("//img") == [], func
        assert "script-src 'nonce-" in staff.answer.headers["Content-Security-Policy"]
    staff.get(func="nasty.list", p_sort=NASTY, plid=NASTY)
    assert len(staff.page.xpath("//script")) == 1
    staff.get(func=NASTY)
    assert staff.page.xpath("//*[@onerror]") == []


def test_a_get_changes_nothing_and_asks(panel, client):
    item = panel.call("sandbox.bulk", count=1, user="buyer", pricelist=panel.tariff("VDS-1")).findtext("first")
    page = client.get(func="vds.delete", elid=item)
    assert "changes something" in page.text_content()
    client.get(func="vds.edit", elid=item, sok="ok", domain="taken.example.com")
    assert "changes something" in client.page.text_content()
    assert panel.rows("SELECT status, name FROM item WHERE id = %s", item)[0]["status"] == 2
    panel.call("sandbox.item", item=item, status=4)


def test_a_post_without_the_sessions_token_changes_nothing(panel, client):
    (panel.base / "var/nasty.log").write_text("")
    for token in ("", "0" * 32):
        client.post(func="nasty.act", elid="1", _press="go", _token=token)
        assert client.answer.status_code == 403
        assert "Nothing was changed" in client.error
    assert (panel.base / "var/nasty.log").read_text() == ""


def test_a_wrong_password_is_told_in_the_panels_words(panel):
    web = Web(panel, None)
    web.post(func="auth", username="buyer", password="wrong")
    assert web.error == "Wrong user name or password"
    assert "billmgrses5" not in web.http.cookies


def test_after_the_log_out_the_session_is_gone(panel):
    web = Web(panel, "buyer")
    session = web.http.cookies["billmgrses5"]
    web.send(_press="logout")
    assert web.page.xpath("//button[@id='login']")
    assert panel.rows("SELECT id FROM core_session WHERE id = %s", session) == []


def test_machines_get_what_they_got(panel):
    plain = requests.get(panel.facts["http_url"], params={"func": "vds"}, timeout=60)
    assert "<pre>" in plain.text or "Please log in" in plain.text
    agent = {"Accept": "text/html"}
    asked = {"func": "whoami", "out": "xml", "authinfo": f"buyer:{panel.accounts['buyer']['password']}"}
    assert b"<user " in requests.post(panel.facts["http_url"], data=asked, headers=agent, timeout=60).content


def test_a_button_counts_the_marked_rows(staff):
    staff.get(func="nasty.list")
    staff.send(func="nasty.list", _press="button|act")
    assert staff.error == "Mark at least one row first."
    staff.send(func="nasty.list", _press="button|act", _rows=["1", "2"])
    assert staff.error == "This button is not for: kept"
    staff.send(func="nasty.list", _press="button|none")
    assert "no such button" in staff.error


def test_a_group_button_asks_and_then_does_it(panel, staff):
    (panel.base / "var/nasty.log").write_text("")
    staff.get(func="nasty.list")
    page = staff.send(func="nasty.list", _press="button|act", _rows="1")
    assert "Really?" in page.text_content()
    assert (panel.base / "var/nasty.log").read_text() == ""
    fields = dict(zip(page.xpath("//main//input/@name"), page.xpath("//main//input/@value")))
    staff.post(**fields)
    assert "Done." in staff.page.text_content()
    assert (panel.base / "var/nasty.log").read_text() == "1\n"


def test_a_refused_form_comes_back_as_it_was_filled_in(staff):
    staff.get(func="nasty.form", elid="1")
    assert staff.page.xpath("//p[contains(@class, 'banner')]")[0].text_content().endswith("onerror=alert(2)>")
    page = staff.send(func="nasty.form", elid="1", kind="b", extra="mine", on="off", way="x", _press="form|ok|ok|")
    assert "kind=b|extra=mine|on=off|way=x" in staff.error
    assert page.xpath("//input[@name='extra']/@value") == ["mine"]
    assert page.xpath("//select[@name='kind']/option[@selected]/@value") == ["b"]
    assert page.xpath("//div[contains(@class, 'wrong')]/@data-field") == ["extra"]


def test_a_report_has_its_bands_totals_and_diagrams(staff):
    page = staff.get(func="nasty.report")
    assert len(page.xpath("//figure/svg/path")) == 3
    assert len(page.xpath("//figure/svg/rect")) == 3
    assert page.xpath("//tfoot//td/text()")[-1] == "7.50"
    assert page.xpath("//tfoot//td/@class")[-1] == page.xpath("//thead//th/@class")[-1] == "right"
    assert len(page.xpath("//section[contains(@class, 'depth1')]")) == 3


def test_a_list_that_does_not_page_itself_is_sorted_and_cut(staff):
    names = staff.get(func="pricelist", p_sort="name", p_order="desc", p_cnt="5").xpath("//tbody/tr/td[3]")
    found = [one.text_content().strip() for one in names]
    assert len(found) == 5
    assert found == sorted(found, key=str.lower, reverse=True)
    assert staff.page.xpath("//a[@rel='next']")


def test_a_person_writes_a_note_with_a_plug_in_nobody_wrote_for_this(panel, browser):
    browser.log_in(panel.facts["http_url"], "buyer", panel.accounts["buyer"]["password"])
    browser.menu("Notes on services")
    browser.press("Add")
    browser.fill("service", "wrong")
    browser.press("OK")
    assert "service" in browser.one(".error").text
    browser.fill("service", "7")
    browser.fill("text", "seen in a browser")
    browser.press("OK")
    assert browser.title == "Notes on services"
    assert "seen in a browser" in browser.text
    browser.all("input[name='_rows']")[0].click()
    browser.press("Delete")
    assert "Delete these notes?" in browser.text
    browser.press("Yes")
    assert "seen in a browser" not in browser.text


def test_a_person_orders_a_server_and_pays_for_it(panel, browser):
    browser.log_in(panel.facts["http_url"], "buyer", panel.accounts["buyer"]["password"])
    browser.menu("Virtual servers")
    browser.press("Order")
    browser.press("Next")
    browser.fill("domain", "clicked.example.com")
    browser.press("OK")
    assert browser.title == "Cart"
    browser.press("Pay")
    browser.press("Pay")
    rows = panel.rows("SELECT status FROM item WHERE name = 'clicked.example.com'")
    assert [row["status"] in (2, 5) for row in rows] == [True]


def test_a_field_is_hidden_by_the_value_of_another(panel, browser):
    browser.log_in(panel.facts["http_url"], "admin", panel.accounts["admin"]["password"])
    browser.open(f"{panel.facts['http_url']}?func=nasty.form&elid=1")
    assert browser.one("[data-field='extra']").is_displayed()
    browser.driver.execute_script(
        "const s = document.querySelector('select[name=kind]'); s.value = 'b';"
        "s.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    assert not browser.one("[data-field='extra']").is_displayed()


def test_buttons_are_off_until_rows_are_marked_and_for_rows_they_are_not_for(panel, browser):
    browser.open(f"{panel.facts['http_url']}?func=nasty.list")
    act = browser.one("button[data-name='act']")
    assert not browser.is_on(act)
    act.click()
    assert browser.one("#why").text == "Mark at least one row first."
    browser.mark(1)
    assert browser.is_on(act)
    assert browser.one("#why").text == ""
    browser.mark(2)
    assert not browser.is_on(act)
    act.click()
    assert browser.one("#why").text == "This button is not for: kept"


def test_a_page_fits_a_phone(panel, browser):
    browser.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        for func in ("vds", "runningoperation", "nasty.report", "perlnote.edit", ""):
            browser.open(f"{panel.facts['http_url']}?func={func}")
            assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= 390, func
    finally:
        browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_page_speaks_russian_when_asked(panel, browser):
    browser.open(f"{panel.facts['http_url']}?func=task")
    browser.menu("Русский")
    assert browser.title == "Задачи"
    browser.menu("English")
    assert browser.title == "Tasks"

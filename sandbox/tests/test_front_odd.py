"""Odd input and odd order of events at the pages that people see, by a person, a client or a plug-in's author."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import parse_qsl

import pytest
from lxml import etree
from selenium.webdriver.common.keys import Keys

from sandbox.browser import cells, reports
from sandbox.tests.panels import CHECKOUT, until, write_plugin
from sandbox.tests.web import Web

ODD = """<mgrdata>
  <handler name="odd" type="xml"><func name="odd"/><func name="odd.many"/><func name="odd.form"/>
    <func name="odd.act"/><func name="odd.report"/><func name="odd.live"/><func name="odd.fail"/></handler>
  <metadata name="odd" type="list" key="id" keyname="name">
    <toolbar><toolbtn name="nothing"/><toolbtn type="strange"/><toolsep/><toolgrp name="none"/></toolbar>
    <coldata><col name="name"/><col/><col name=""/><col name="a b"/><col name="a["/><col name=".."/><col name="{x"/>
      <col name="note"><prop/><prop name="("/><xprop value="1"/></col><col name="said"/><shadow/></coldata></metadata>
  <metadata name="odd.many" type="list" key="id"><coldata>
    <col name="id" sort="digit" sorted="desc"/><col name="sum" type="price" sort="digit"/></coldata></metadata>
  <metadata name="odd.live" type="list" key="id" autoupdate="1"><toolbar>
    <toolbtn name="fail" func="odd.fail" type="new"/></toolbar><coldata><col name="id"/></coldata></metadata>
  <metadata name="odd.form" type="form"><form>
    <field name="kind"><select name="kind"/></field>
    <field name="fixed"><select name="fixed" readonly="yes"/></field>
    <field name="lasting"><input type="checkbox" name="lasting" readonly="yes"/></field>
    <field name="text"><input type="text" name="text" setvalues="yes"/></field>
    <field name="way"><select type="radio" name="way" setvalues="yes"><if value="b" hide="lines"/></select></field>
    <field name="much"><slider name="much" min="0" max="5"><if value="3" hide="lines"/></slider></field>
    <field name="lines"><input type="text" name="lines" zoom="yes"/></field>
    <field name="told"><textdata name="told"/></field>
    <field name="hinted" noname="yes"><textdata name="hinted"/></field>
    <field name="day"><input type="text" date="yes" name="day"/></field>
    <field name="until"><input type="text" date="yes" name="until"/></field>
    <field name="secret"><input type="password" name="secret"/></field>
    <field name="odd"><input name="a["/><input name=""/><input/><select name="it's"/><htmldata name="html"/></field>
    <field/><page/><page name="empty"><field name="e"><tree name="e"/></field></page>
    <buttons><button name="back" type="back"/><button name="next" type="next" func="odd.act"/>
      <button name="cancel" type="cancel"/></buttons></form></metadata>
  <metadata name="odd.report" type="report"><form/><band name="b d"/><band name="rows"><diagram label="id" data="sum"
    type="pie"/><diagram label="a[" data="a["/><col name="id"/><col name="sum" total="sum"/></band></metadata>
  <lang name="en"><messages name="odd.form"><msg name="title">Odd</msg><msg name="told">A label</msg>
    <msg name="hinted">A text</msg></messages>
    <messages name="odd"><msg name="title">Odd pages</msg></messages></lang>
</mgrdata>
"""
ODD_HANDLER = """#!/bin/sh
case $PARAM_func in
odd) cat <<X
<doc><!-- c --><elem><id>1</id><name>first<!-- c --> one</name><note>&lt;!-- c --&gt;</note><said><a/>x</said></elem>
<elem><!-- c --></elem><elem/></doc>
X
;;
odd.many) echo "<doc>"; for n in $(seq 1 25); do
  echo "<elem><id>$n</id><sum>&lt;b>$((n % 7)).00 EUR&lt;/b></sum></elem>"; done; echo "</doc>" ;;
odd.live) echo "<doc><elem><id>1</id></elem></doc>" ;;
odd.fail) echo "<doc><error type='own'><msg>It fails</msg></error></doc>" ;;
odd.act) echo "$PARAM_fixed $PARAM_lasting $PARAM_kind $PARAM_day $PARAM_lines" >> var/odd.count
  sleep 1; echo "<doc><ok/></doc>" ;;
odd.report) echo "<doc><reportdata><rows><elem><id>a</id><sum>NaN</sum></elem><elem><id>b</id><sum>Infinity</sum></elem>
  <elem><id>c</id><sum>2</sum></elem></rows></reportdata></doc>" ;;
odd.form) echo "<doc><kind>old</kind><slist name='kind'><val key='new'>New</val></slist><fixed>b</fixed>
  <slist name='fixed'><val key='a'>A</val><val key='b'>B</val></slist><lasting>on</lasting>
  <slist name='way'><val key='a'>A</val><val key='b'>B</val></slist><way>a</way><much>9</much>
  <lines>one
two</lines><day>30.11.2026</day><until>2026-11-30</until><text>$PARAM_sv_field</text>
  <html>&lt;!-- nothing --&gt;</html></doc>" ;;
esac
"""


WRITTEN = "b on old 30.11.2026 one\ntwo\n"
"""What the form's main button sends of what the form was given."""


@pytest.fixture(scope="module")
def panel(up, tmp_path_factory):
    """The reseller's panel with a plug-in whose files hold what no careful author writes."""
    panel = up.panel("reseller")
    folder = tmp_path_factory.mktemp("odd")
    write_plugin(folder, "odd", ODD, ODD_HANDLER)
    command = [sys.executable, "-m", "sandbox", "install", "--root", str(up.root), "--panel", "reseller", str(folder)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    yield panel
    for file in ("etc/xml/billmgr_mod_odd.xml", "addon/odd"):
        (panel.base / file).unlink()
    panel.mgrctl("exit")


@pytest.fixture
def staff(panel):
    return Web(panel, "admin")


@pytest.fixture
def buyer(panel):
    return Web(panel, "client1")


@pytest.fixture
def admin(panel, browser):
    browser.log_in(panel.facts["http_url"], "admin", panel.accounts["admin"]["password"])
    return browser


def alive(web):
    """Whoever is logged in still is, and no page failed."""
    return web.answer.status_code < 500 and bool(web.page.xpath("//button[@id='logout']"))


@pytest.mark.parametrize(
    "asked",
    [
        {"func": "odd", "p_num": "\u00b2"},
        {"func": "odd", "p_cnt": "\u0661"},
        {"func": "vds", "a\u00b2": "1"},
        {"func": "vds.edit", "elid": "\u00b2"},
        {"func": "vds.edit", "elid": "\x00"},
        {"func": "pro\x01cessing.edit", "elid": "\ufffe"},
        {"func": "processing.edit", "elid": "\u00b2"},
    ],
)
def test_an_odd_address_is_answered_with_a_page(staff, asked):
    staff.get(**asked)
    assert alive(staff)
    assert "internal error" not in staff.error


def test_a_token_of_letters_that_no_token_has_is_a_wrong_one(staff):
    staff.post(func="vds", _token="\u00e9")
    assert staff.answer.status_code == 403
    assert alive(staff)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"func=\xff"),
        ("application/x-www-form-urlencoded; charset=none", b"func=vds"),
        ("multipart/form-data", b"func=vds"),
        ("multipart/form-data; boundary=x", b"--y\r\nfunc"),
    ],
)
def test_a_body_that_is_no_form_is_refused(staff, kind, body):
    answer = staff.http.post(staff.url, data=body, headers={"Content-Type": kind}, timeout=60)
    assert answer.status_code == 400
    assert "cannot be read as a form" in answer.text


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS"])
def test_only_a_button_logs_out(staff, method):
    staff.http.request(method, staff.url, params={"_press": "logout"}, timeout=60)
    staff.get()
    assert alive(staff)


def test_other_methods_than_a_browsers_are_named(staff):
    answer = staff.http.delete(staff.url, timeout=60)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_what_a_list_was_called_with_does_not_grow_with_its_rows(staff):
    staff.get(func="odd.many")
    staff.send(func="odd.many", plid="7", more="x" * 100_000)
    assert len(staff.answer.content) < 100_000
    assert "plid=7" in "".join(staff.page.xpath("//th//a/@href"))


def test_a_session_that_ends_in_a_form_takes_no_secret_into_an_address(panel, staff):
    staff.get(func="odd.form", plid="7")
    token = staff.token
    staff.http.cookies.clear()
    staff.http.cookies.set("billmgrses5", "gone")
    staff.post(func="odd.form", plid="7", secret="hidden", password="hidden", text="entered", _token=token)
    assert staff.error == "The session is over. Log in again."
    assert staff.page.xpath("//input[@name='next']/@value") == ["func=odd.form&plid=7"]


def test_the_way_back_outlives_a_missing_password_and_another_language(panel):
    nobody = Web(panel, None)
    nobody.get(func="vds", p_cnt="10")
    nobody.get(**dict(parse_qsl(nobody.page.xpath("//p[@class='buttons']/a/@href")[0].removeprefix("?"))))
    assert nobody.page.xpath("//input[@name='next']/@value") == ["func=vds&p_cnt=10"]
    nobody.post(func="auth", username="client1", password="", next="func=vds&p_cnt=10")
    assert nobody.error == "Введите имя пользователя и пароль."
    assert nobody.page.xpath("//input[@name='next']/@value") == ["func=vds&p_cnt=10"]
    nobody.post(func="auth", username="client1", password="wrong", next="func=vds&p_cnt=10")
    assert nobody.page.xpath("//input[@name='username']/@value") == ["client1"]


def test_another_language_in_a_form_keeps_the_way_back_and_what_was_entered(panel, staff):
    staff.get(func="odd.form", _back="func=odd.many&p_cnt=10")
    press = staff.page.xpath("//button[@class='lang' and @form='form']/@value")[0]
    fields = {**staff.sends_back(), "text": "entered", "secret": "kept", "lasting": ["off", "on"], "_press": press}
    staff.send(**fields)
    assert staff.page.xpath("string(//button[@id='logout'])") == "Выйти"
    back = staff.sends_back()
    assert (back["_back"], back["text"], back["secret"]) == (["func=odd.many&p_cnt=10"], ["entered"], ["kept"])
    staff.get(func="vds")
    assert staff.page.xpath("string(//button[@id='logout'])") == "Выйти"
    staff.get(func="odd.form", _lang="en", _back="func=vds")
    assert staff.page.xpath("//input[@name='_back']/@value") == ["func=vds"]


@pytest.mark.parametrize("func", ["odd.many", "user"])
def test_a_page_that_is_no_more_shows_the_last_one(staff, func):
    staff.get(func=func, p_num="99", p_cnt="2")
    assert staff.page.xpath("//tbody/tr")
    assert not staff.page.xpath("//p[@class='empty']")


def test_a_list_says_how_it_is_sorted_and_sorts_prices_as_numbers(staff):
    page = staff.get(func="odd.many")
    assert page.xpath("//th[@aria-sort='descending']//a/text()")[0].strip() == "id"
    page = staff.get(func="odd.many", p_sort="sum", p_order="desc")
    prices = [one.text_content().strip() for one in page.xpath("//td[@data-label='sum']")]
    assert prices == sorted(prices, reverse=True)


def test_metadata_that_hold_no_names_are_drawn_all_the_same(staff):
    page = staff.get(func="odd")
    assert staff.answer.status_code == 200
    assert staff.error == ""
    rows = [[one.text_content().strip() for one in row.xpath("td")] for row in page.xpath("//tbody/tr")]
    assert rows[0][1] == "first one"
    assert len(rows) == 3
    staff.get(func="odd.form")
    assert staff.answer.status_code == 200
    assert staff.page.xpath("//h1/text()") == ["Odd"]


def test_figures_that_are_none_count_as_nothing(staff):
    page = staff.get(func="odd.report")
    assert staff.answer.status_code == 200
    assert page.xpath("//tfoot//td/text()") == ["Total", "2"]
    assert reports.figure("1,234.5 EUR") == reports.figure("1234.5")


def test_a_form_sends_back_what_it_was_given(panel, staff):
    staff.get(func="odd.form")
    fields = staff.sends_back()
    assert fields["kind"] == ["old"], "a value that is no choice is not exchanged for the first one"
    assert (fields["fixed"], fields["lasting"]) == (["b"], ["on"]), "what cannot be changed is sent as it is"


def test_a_parameter_that_no_environment_can_hold_reaches_no_handler(staff):
    staff.get(func="odd.form", **{"a=b": "1", "a\x00": "1", "text": "\x00"})
    assert staff.error == ""


@pytest.mark.parametrize(
    ("name", "text"), [("opendate", "soon"), ("expiredate", "2026-13-01"), ("cost_from", "1e5"), ("cost_to", "x")]
)
def test_a_filter_that_no_database_compares_is_refused(staff, name, text):
    staff.get(func="vds.filter")
    staff.send(func="vds.filter", _press="form|ok|ok|", **{name: text})
    assert staff.error == f"The '{name}' field has invalid value '{text}'."
    assert staff.page.xpath(f"//input[@name='{name}']/@value") == [text]


def test_a_label_is_not_said_twice(staff):
    said = staff.get(func="odd.form").xpath("//p[@class='said']/text()")
    assert [text for text in said if text.strip()] == ["A text"]


@pytest.mark.parametrize("document", ["<doc><error/></doc>", "<doc><error><msg/></error></doc>"])
def test_an_error_without_a_sentence_is_shown_as_it_is(panel, staff, document):
    module = panel.rows("SELECT id FROM processingmodule WHERE module = 'pmmanual' ORDER BY id")[0]["id"]
    tariff = panel.call("sandbox.tariff", name="Odd-1", price=3, module=module).findtext("id")
    item = panel.bought(user="client1", pricelist=tariff, domain="odd.example.com")
    number = panel.rows("SELECT id FROM runningoperation WHERE item = %s", item)[0]["id"]
    panel.call("runningoperation.edit", elid=number, errorxml=document, sok="ok")
    said = staff.get(func="runningoperation.edit", elid=number).xpath("//p[@class='said warning']/text()")
    assert said == [document]
    panel.call("runningoperation.delete", elid=number)
    panel.call("sandbox.item", item=item, status=4)


def test_a_filter_of_control_characters_leaves_a_list(staff):
    staff.get(func="vds.filter")
    staff.send(func="vds.filter", name="a\x01<script>", _press="form|ok|ok|")
    staff.get(func="vds")
    assert staff.error == ""
    assert "<script>" in staff.page.xpath("string(//p[@class='filtered'])")
    staff.send(func="vds", _press="clear")
    assert staff.page.xpath("//p[@class='filtered']") == []


def test_enter_in_a_form_is_its_main_button_and_a_second_press_does_nothing(panel, admin):
    count = panel.base / "var" / "odd.count"
    count.unlink(missing_ok=True)
    admin.open(f"{panel.facts['http_url']}?func=odd.form")
    admin.one("[name='text']").send_keys("x")
    admin.go(lambda: admin.one("[name='text']").send_keys(Keys.ENTER))
    assert count.read_text() == WRITTEN
    count.unlink()
    admin.open(f"{panel.facts['http_url']}?func=odd.form")
    twice = "const one = document.querySelectorAll('.buttons button')[1]; one.click(); one.click(); one.click()"
    admin.go(lambda: admin.driver.execute_script(twice))
    assert count.read_text() == WRITTEN


def test_any_control_can_hide_a_field_and_have_the_form_evaluated_anew(panel, admin):
    admin.open(f"{panel.facts['http_url']}?func=odd.form")
    assert admin.one("[data-field='lines']").is_displayed()
    admin.fill("much", "3")
    admin.one("[name='much']").send_keys(Keys.TAB)
    assert not admin.one("[data-field='lines']").is_displayed()
    admin.go(lambda: admin.one("[name='way'][value='b']").click())
    assert admin.one("[name='text']").get_attribute("value") == "way"
    admin.fill("much", "3")
    admin.go(lambda: admin.one("button[value^='form|cancel']").click())
    assert admin.title == "Odd pages", "a number out of bounds does not keep anybody in a form"


def test_enter_on_a_row_presses_no_button(panel, admin):
    admin.open(f"{panel.facts['http_url']}?func=odd.live")
    before = admin.driver.current_url
    admin.all("input[name='_rows']")[0].send_keys(Keys.SPACE, Keys.ENTER)
    assert admin.driver.current_url == before
    assert [one.text for one in admin.all(".error")] == []


def test_a_list_that_said_an_error_is_read_anew_as_itself(panel, admin):
    admin.open(f"{panel.facts['http_url']}?func=odd.live")
    admin.go(lambda: admin.one("button[data-name='fail']").click())
    assert admin.one(".error").text == "It fails"
    until(lambda: not admin.all(".error"), "the list is not read anew")
    assert admin.driver.current_url.endswith("?func=odd.live")


def main_button(web):
    return web.page.xpath("//main//button[starts-with(@class, 'main')]/@value")[0]


def test_an_order_that_is_refused_can_be_put_right(panel, buyer):
    buyer.get(func="vds.order", _back="func=vds")
    buyer.send(**buyer.sends_back(), _press=main_button(buyer))
    whole = buyer.page.xpath("//main//*[self::input or self::select]/@name")
    assert {"domain", "ostempl"} <= set(whole)
    fields = {**buyer.sends_back(), "_press": main_button(buyer)}
    for wrong in ({"domain": "x" * 300}, {"period": "999"}):
        buyer.send(**{**fields, **wrong})
        refused = buyer.page.xpath("//*[@aria-invalid='true']/@name")
        assert refused == list(wrong), "the field is named that was refused"
        assert "invalid value" in buyer.error
        assert buyer.page.xpath("//main//*[self::input or self::select]/@name") == whole
        assert buyer.page.xpath("//input[@name='domain']/@value") == [wrong.get("domain", "")]
    buyer.send(**{**buyer.sends_back(), "_press": "lang|ru"})
    assert buyer.page.xpath("//main//*[self::input or self::select]/@name") == whole
    buyer.send(**{**buyer.sends_back(), "period": "1", "domain": "right.example.com", "_press": main_button(buyer)})
    assert buyer.error == ""
    buyer.send(func="basket", _press="form|func|clearbasket|")


def test_a_row_that_is_gone_leaves_a_way_back(staff):
    staff.get(func="vds")
    staff.send(func="vds", p_cnt="10", _press="button|edit", _rows="999999")
    assert staff.error == "'elid' is missing: '999999'"
    assert staff.page.xpath("//main//a[@class='button']/@href") == ["?func=vds&p_cnt=10"]
    staff.get(func="vds.edit", elid="999999")
    assert staff.page.xpath("//main//a[@class='button']/@href") == ["?func=vds"]


def test_a_form_of_one_row_is_not_offered_for_two(staff):
    for func in ("vds", "runningoperation", "task", "account", "user", "pricelist"):
        page = staff.get(func=func)
        assert page.xpath("//button[@data-name='edit']/@data-rows") == ["one"], func


def test_a_press_without_a_function_is_the_start_page(staff):
    for press in ("form|ok|ok|", "clear", "button|x"):
        staff.get(func="vds")
        staff.send(_press=press)
        assert alive(staff)
        assert staff.error == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!-- c -->", ""),
        ("</b>", ""),
        ("<p>one<p>two<br>three", "one\ntwo\nthree"),
        ("<script>alert(1)</script>said", "said"),
        ("a < b", "a < b"),
    ],
)
def test_markup_is_taken_off_and_lines_stay(text, shown):
    assert cells.plain(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("12345678901234567890123456789012.50", "12 345 678 901 234 567 890 123 456 789 012.50"),
        ("-0.00", "0.00"),
        ("-0.50", "-0.50"),
        ("007.1000", "7.10"),
    ],
)
def test_a_price_keeps_all_its_figures(text, shown):
    assert cells.price(text).replace("\u00a0", " ") == shown


@pytest.mark.parametrize("name", ["", "a b", "a[", "{x", "..", ".", "*", "a:b", "a/b", "@a", "//", "("])
def test_a_name_that_no_element_has_is_no_cell(name):
    row = etree.fromstring("<elem><a>x</a></elem>")
    assert cells.value(row, name) == ""

"""What a person sees and does: a module is added and given tariffs, states are words, prices prices, filters shown."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from sandbox.browser import cells
from sandbox.tests.panels import CHECKOUT, until, write_plugin
from sandbox.tests.web import Web

LOOKS = """<mgrdata>
  <handler name="looks" type="xml"><func name="looks"/><func name="looks.live"/>
    <func name="looks.form"/><func name="looks.act"/></handler>
  <metadata name="looks" type="list" key="id" keyname="name" autoupdate="600"><toolbar><toolgrp name="a">
    <toolbtn func="looks.act" name="act" type="group" img="t-delete"><hide name="name" value="second"/></toolbtn>
    <toolbtn func="looks.form" name="form" type="new" img="t-unknown"/></toolgrp></toolbar>
    <coldata><shadow name="state" value="off"/>
      <col name="id" type="data" sort="digit" sorted="yes" width="90"/>
      <col name="name" type="data" width="40%" align="center"/>
      <col name="state" type="img" width="javascript:1"/><col name="sum" type="price"/>
      <col name="count" type="data"><prop name="locked" img="p-lock"/>
        <xprop name="state" value="error" img="p-none"/></col>
    </coldata></metadata>
  <metadata name="looks.live" type="list" key="id" autoupdate="1"><coldata><col name="count" type="data"/></coldata>
    </metadata>
  <metadata name="looks.form" type="form"><form>
    <field name="way"><select type="radio" name="way"/></field>
    <field name="wide" fullwidth="yes"><input type="text" name="wide" required="yes"/></field>
    <field name="picture"><img name="picture"/></field>
    <buttons><button name="ok" type="ok" color="green"/><button name="drop" type="func" func="looks.act" color="red"/>
      <button name="cancel" type="cancel" color="url(x)"/></buttons></form></metadata>
  <lang name="en"><messages name="looks"><msg name="title">Looks</msg><msg name="short_act">Act</msg>
    <msg name="short_form">New</msg><msg name="hint_act">Does it</msg>
    <msg name="hint_act_disabled">The second is kept</msg>
    <msg name="hint_p_locked">locked</msg><msg name="state_error">Broken</msg>
    <msg name="banner_full">__free__ left</msg>
    </messages><messages name="looks.form"><msg name="hint_wide">Say it all</msg>
    <msg name="wide">Wide</msg></messages></lang>
</mgrdata>
"""
LOOKS_HANDLER = """#!/bin/sh
case $PARAM_func in
looks) echo "<doc><banner id='full' status='info'><param name='free'>12</param></banner>
  <elem><id>1</id><name>first</name><state>error</state><sum>1234567.5000</sum><currency>EUR</currency><locked>on</locked>
  <count>7</count></elem>
  <elem><id>2</id><name>second</name><state>off</state><sum>0.1048</sum></elem><p_elems>2</p_elems></doc>" ;;
looks.live) echo x >> var/looks.count
  echo "<doc><elem><id>1</id><count>$(wc -l < var/looks.count)</count></elem></doc>" ;;
looks.form) if [ "$PARAM_sok" ]; then echo "<doc><error type='value' object='wide'><msg>No</msg></error></doc>"; else
  echo "<doc><slist name='way'><val key='a' color='#ff0000'>A</val><val key='b' color='red;x'>B</val></slist>
  <picture>data:image/gif;base64,R0lGODlhAQABAAAAACw=</picture></doc>"; fi ;;
*) echo "<doc><ok/></doc>" ;;
esac
"""


@pytest.fixture(scope="module")
def panel(up, tmp_path_factory):
    """The reseller's panel with a module in shell of somebody else's, and a list that uses what lists can have."""
    panel = up.panel("reseller")
    folder = tmp_path_factory.mktemp("looks")
    write_plugin(folder, "looks", LOOKS, LOOKS_HANDLER)
    command = [sys.executable, "-m", "sandbox", "install", "--root", str(up.root), "--panel", "reseller"]
    module = CHECKOUT / "sandbox/tests/foreign/shellvps"
    subprocess.run([*command, str(folder), str(module)], cwd=CHECKOUT, check=True, capture_output=True)
    yield panel
    for file in ("etc/xml/billmgr_mod_looks.xml", "etc/xml/billmgr_mod_pmshellvps.xml", "processing/pmshellvps"):
        (panel.base / file).unlink()
    panel.mgrctl("exit")


@pytest.fixture
def admin(panel, browser):
    browser.log_in(panel.facts["http_url"], "admin", panel.accounts["admin"]["password"])
    return browser


@pytest.fixture
def buyer(panel, browser):
    browser.log_in(panel.facts["http_url"], "client1", panel.accounts["client1"]["password"])
    return browser


@pytest.fixture
def staff(panel):
    return Web(panel, "admin")


@pytest.fixture
def by_hand(panel):
    """A tariff whose orders people carry out, and a client's order of it: the operation and the task are there."""
    module = panel.rows("SELECT id FROM processingmodule WHERE module = 'pmmanual' ORDER BY id")[0]["id"]
    tariff = panel.call("sandbox.tariff", name="handmade", price=3, module=module).findtext("id")
    item = panel.bought(user="client1", pricelist=tariff, domain="hand.example.com")
    sql = (
        "SELECT k.id FROM task k JOIN runningoperation r ON r.id = k.runningoperation "
        "WHERE k.item = %s AND r.manual = 'on' AND r.run_pid IS NULL"
    )
    until(lambda: panel.rows(sql, item), "no task")
    yield item
    for row in panel.rows("SELECT id FROM runningoperation WHERE item = %s", item):
        panel.call("runningoperation.delete", elid=row["id"])
    panel.call("sandbox.item", item=item, status=4)


def operation(panel, item):
    return panel.rows("SELECT id FROM runningoperation WHERE item = %s", item)[0]["id"]


def linked(panel, name):
    sql = (
        "SELECT p.name FROM processingmodule2pricelist l JOIN processingmodule m ON m.id = l.processingmodule "
        "JOIN pricelist p ON p.id = l.pricelist WHERE m.name = %s ORDER BY p.name"
    )
    return [row["name"] for row in panel.rows(sql, name)]


def forget(panel, name):
    panel.call("processing.delete", elid=panel.rows("SELECT id FROM processingmodule WHERE name = %s", name)[0]["id"])


def test_staff_add_a_module_from_the_catalogue_and_tick_what_it_sells(panel, admin):
    admin.menu("Processing modules")
    admin.press("Add")
    assert "Virtual machines by shell" in admin.text
    admin.go(lambda: Select(admin.one("[name='type']")).select_by_visible_text("Licence"))
    assert "Shell VPS" not in admin.text, "it serves no licences"
    admin.go(lambda: Select(admin.one("[name='type']")).select_by_visible_text("Virtual server"))
    admin.one("[name='module'][value='pmshellvps']").click()
    admin.press("Next")
    assert admin.title == "New processing module: pmshellvps"
    admin.fill("name", "by clicks")
    admin.one(f"[name='sold_pricelist'][value='{panel.tariff('VDS-2')}']").click()
    admin.press("Add")
    assert admin.driver.switch_to.active_element.get_attribute("name") == "prefix", (
        "what was refused is where one types"
    )
    admin.fill("prefix", "vm")
    admin.press("Add")
    assert admin.title == "Processing modules"
    assert "by clicks" in admin.text
    assert linked(panel, "by clicks") == ["VDS-2"], "what was ticked outlived the refusal"

    admin.go(lambda: admin.one("table").find_element("link text", "by clicks").click())
    admin.one("[name='sold_itemtype'][value='vds']").click()
    admin.press("OK")
    types = (
        "SELECT p.name FROM pricelist p JOIN itemtype t ON t.id = p.itemtype WHERE t.intname = 'vds' AND parent IS NULL"
    )
    assert linked(panel, "by clicks") == sorted(row["name"] for row in panel.rows(types.replace("parent", "p.parent")))
    forget(panel, "by clicks")


def test_a_tariffs_form_ticks_several_modules_and_names_its_prices(panel, staff):
    tariff = panel.tariff("VDS-1")
    page = staff.get(func="pricelist.edit", elid=tariff)
    labels = [text.strip() for text in page.xpath("//label/text()")]
    assert "monthly, EUR" in labels
    before = staff.sends_back()
    offered = page.xpath("//input[@name='processingmodule' and @type='checkbox']/@value")
    assert len(offered) >= 2
    staff.send(**{**before, "processingmodule": ["", *offered], "_press": "form|ok|ok|"})
    assert staff.error == ""
    rows = panel.rows("SELECT processingmodule FROM processingmodule2pricelist WHERE pricelist = %s", tariff)
    assert {str(row["processingmodule"]) for row in rows} == set(offered)
    staff.get(func="pricelist.edit", elid=tariff)
    assert set(staff.sends_back()["processingmodule"]) == {"", *offered}
    staff.send(**before, _press="form|ok|ok|")
    assert staff.error == ""


def test_states_and_tasks_are_words(panel, staff, by_hand):
    cells_of_row = staff.get(func="task").xpath(f"//tr[td[normalize-space()='{by_hand}']]/td[@data-label]")
    row = {cell.get("data-label"): cell.text_content().strip() for cell in cells_of_row}
    assert (row["Type"], row["Status"], row["Product type"]) == ("Open by hand", "Open", "Virtual server")
    assert row["Status of the service"] == "In progress"
    listed = staff.get(func="runningoperation").text_content()
    assert "Open hand.example.com" in listed
    assert "Waits for a person" in listed
    panel.call(
        "task.edit", elid=panel.rows("SELECT id FROM task WHERE item = %s", by_hand)[0]["id"], status=2, sok="ok"
    )
    closed = staff.get(func="task").xpath(f"//tr[td[normalize-space()='{by_hand}']]")[0]
    assert closed.get("class") == "pale"
    users = staff.get(func="user").text_content()
    assert "Employee" in users
    assert "29" not in staff.page.xpath("string(//tbody)")


def test_an_operations_error_is_a_sentence_with_the_document_behind_it(panel, admin, by_hand):
    document = "<doc><error type='missed' object='node' value='n7'/></doc>"
    panel.call("runningoperation.edit", elid=operation(panel, by_hand), errorxml=document, sok="ok")
    admin.open(f"{panel.facts['http_url']}?func=runningoperation.edit&elid={operation(panel, by_hand)}")
    assert admin.title == "Operation: Open hand.example.com"
    assert admin.one(".said.warning").text == "'node' is missing: 'n7'"
    assert not admin.one("[name='errorxml']").is_displayed()
    admin.all("summary")[-1].click()
    assert admin.one("[name='errorxml']").get_attribute("value") == document


def test_a_filter_says_what_is_set_and_is_cleared_by_a_button(panel, admin, by_hand):
    admin.menu("Virtual servers")
    admin.press("Filter")
    assert admin.title == "Virtual servers: filter"
    Select(admin.one("[name='status']")).select_by_visible_text("In progress")
    admin.fill("name", "hand.example")
    admin.press("OK")
    assert admin.title == "Virtual servers"
    shown = [one.text.split("\n") for one in admin.all(".filtered .badge")]
    assert shown == [["Name", "hand.example"], ["Status", "In progress"]]
    admin.press("Filter")
    admin.fill("name", "there is no such name")
    admin.press("OK")
    assert admin.one(".empty").text == "No row matches the filter."
    admin.press("Clear the filter")
    assert admin.all(".filtered") == []
    assert "hand.example.com" in admin.text


def test_the_filter_of_operations_is_shown_in_words(panel, staff, by_hand):
    staff.get(func="runningoperation.filter")
    staff.send(func="runningoperation.filter", intname="open", _press="form|ok|ok|")
    shown = staff.get(func="runningoperation").xpath("//p[@class='filtered']/span")
    assert [one.text_content() for one in shown] == ["Operation Open"]
    staff.send(func="runningoperation", _press="clear")
    assert staff.page.xpath("//p[@class='filtered']") == []


def test_an_order_has_titles_and_prices(panel, buyer):
    buyer.menu("Virtual servers")
    assert buyer.title == "Virtual servers"
    buyer.press("Order")
    assert buyer.title == "Virtual servers: choose a tariff"
    assert "10.00\u00a0EUR" in buyer.text.replace(" EUR", "\u00a0EUR")
    assert "<b>" not in buyer.text
    buyer.press("Next")
    assert buyer.title == "Virtual servers: order: VDS-1"
    assert buyer.all("[name='domain']")
    assert not buyer.all("[name='licname']"), "a server has no name of a licence"
    assert buyer.all("nav a[aria-current='page']")[0].text == "Virtual servers"


def test_a_cart_has_words_and_money(panel, buyer):
    buyer.menu("Licences")
    buyer.press("Order")
    buyer.press("Next")
    assert not buyer.all("[name='domain']"), "a licence has no domain"
    buyer.go(lambda: Select(buyer.one("[name='period']")).select_by_visible_text("monthly"))
    buyer.fill("ip", "192.0.2.77")
    buyer.press("OK")
    assert buyer.title == "Cart"
    row = [one.text for one in buyer.all("tbody td")]
    assert row[1:] == ["Licence", "monthly", "Open", "5.00 EUR"]
    assert buyer.one("[name='total_sum']").get_attribute("value") == "5.00\u00a0EUR"
    buyer.press("Pay")
    assert re.fullmatch(r"Balance: [0-9.\s]+EUR", buyer.one("tbody").text)
    buyer.press("Cancel")
    buyer.menu("Cart")
    buyer.press("Empty the cart")


def test_an_empty_list_says_how_the_first_row_comes(panel, staff):
    page = staff.get(func="storage")
    assert page.xpath("string(//p[@class='empty'])") == "There is nothing here yet. The first one comes by «Order»."
    assert (
        Web(panel, "client1").get(func="payment").xpath("string(//p[@class='empty'])") == "There is nothing here yet."
    )


def test_a_client_sees_his_money_on_the_first_page(panel):
    home = Web(panel, "client1").get()
    assert "EUR" in home.xpath("string(//dl)")


def test_a_list_has_what_its_metadata_say(panel, staff):
    page = staff.get(func="looks")
    assert page.xpath("//colgroup/col/@width") == ["90", "40%"], "what is no width is passed over"
    assert page.xpath("//form[@id='list']/@data-autoupdate") == ["600"]
    assert page.xpath("//tbody/tr/@class") == ["pale"]
    assert [one.text_content().strip() for one in page.xpath("//span[starts-with(@class, 'state')]")] == [
        "Broken",
        "No",
    ]
    assert page.xpath("//span[@class='state bad']")
    assert page.xpath("//td[@data-label='sum']")[0].text_content().strip() == "1\u00a0234\u00a0567.50\u00a0EUR"
    assert page.xpath("//td[@data-label='sum']")[1].text_content().strip() == "0.1048"
    badges = page.xpath("//span[@class='badge']")
    assert [one.text_content() for one in badges] == ["locked", "Broken"]
    assert [len(one.xpath("svg")) for one in badges] == [1, 0], "a picture that is not known leaves its text"
    act = page.xpath("//button[@data-name='act']")[0]
    assert (act.get("data-why"), act.get("title"), len(act.xpath("svg"))) == ("The second is kept", "Does it", 1)
    assert page.xpath("//th[contains(@class, 'center')]//text()") == ["name"]
    assert page.xpath("string(//p[contains(@class, 'banner info')])") == "12 left"
    staff.send(func="looks", _press="button|act", _rows="2")
    assert staff.error == "This button is not for: second. The second is kept"


def test_a_form_has_what_its_metadata_say(panel, staff):
    page = staff.get(func="looks.form")
    assert page.xpath("//main//button[@name='_press']/@class") == ["main green", "red"]
    assert page.xpath("//label[@class='radio']//rect/@fill") == ["#ff0000"], "what is no colour is passed over"
    assert page.xpath("//img/@src") == ["data:image/gif;base64,R0lGODlhAQABAAAAACw="]
    wide = page.xpath("//input[@name='wide']")[0]
    assert page.xpath("string(//*[@id='hint-wide'])") == "Say it all"
    assert (wide.get("aria-describedby"), wide.get("aria-required")) == ("hint-wide", "true")
    assert "wide" in wide.getparent().getparent().get("class")
    staff.send(func="looks.form", wide="all of it", _press="form|ok|ok|")
    assert staff.page.xpath("//input[@name='wide']/@aria-invalid") == ["true"]
    assert staff.page.xpath("//*[@role='alert']/text()") == ["No"]


def test_a_list_that_asks_for_it_is_read_anew_by_itself(panel, admin):
    admin.open(f"{panel.facts['http_url']}?func=looks.live")
    script = "const one = document.querySelector('td[data-label=count]'); return one ? Number(one.innerText) : 0"
    seen = set()

    def has_changed():
        with contextlib.suppress(WebDriverException):  # between two pages there is none
            seen.add(admin.driver.execute_script(script))
        return len(seen - {0}) > 1

    until(has_changed, "the list stays as it was")


def test_everything_is_named_for_those_who_hear_it(panel, staff):
    for func in (
        "",
        "vds",
        "looks",
        "looks.form",
        "processing.add",
        "pricelist.edit&elid=" + str(panel.tariff("VDS-1")),
    ):
        name, _, elid = func.partition("&elid=")
        page = staff.get(func=name, elid=elid)
        assert page.xpath("//nav/@aria-label") == ["Menu"]
        assert page.xpath("//a[@class='skip']/@href") == ["#main"]
        assert page.xpath("count(//h1)") == 1
        ids = page.xpath("//@id")
        assert len(ids) == len(set(ids)), func
        for control in page.xpath("//main//*[self::input or self::select or self::textarea][not(@type='hidden')]"):
            named = (
                control.get("aria-label")
                or control.xpath("ancestor::label")
                or page.xpath(f"//label[@for='{control.get('id')}']")
            )
            assert named, (func, control.attrib)
        for button in page.xpath("//main//button[not(@aria-hidden)]"):
            assert button.text_content().strip(), (func, button.attrib)
    assert staff.get(func="processing", p_sort="name", p_order="desc").xpath("//th/@aria-sort") == ["descending"]


def test_the_keyboard_is_enough(panel, admin):
    admin.open(f"{panel.facts['http_url']}?func=processing")
    keys = admin.one("body")
    keys.send_keys(Keys.TAB)
    focused = admin.driver.switch_to.active_element
    assert focused.text == "To the content"
    focused.send_keys(Keys.ENTER)
    assert admin.driver.execute_script("return document.activeElement.id") == "main"
    edit = admin.one("button[data-name='edit']")
    edit.send_keys(Keys.ENTER)
    assert admin.one("#why").text == "Mark exactly one row first.", "a button that is off is reached, and says why"
    admin.all("input[name='_rows']")[0].send_keys(Keys.SPACE)
    admin.go(lambda: edit.send_keys(Keys.ENTER))
    assert admin.title.startswith("Processing module: ")


def brightness(colour):
    """Relative luminance of `rgb(1, 2, 3)`, as WCAG has it."""
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


WRITTEN = ("body", "nav a", "h1", "td a", "th", ".banner", ".empty", ".hint", ".badge", "button.main", ".paging")
COLOURS = """let back; for (let one = arguments[0]; one; one = one.parentElement) {
  back = getComputedStyle(one).backgroundColor; if (back !== "rgba(0, 0, 0, 0)") break;
} return [getComputedStyle(arguments[0]).color, back]"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_written_can_be_read_by_day_and_by_night(panel, admin, scheme):
    feature = {"name": "prefers-color-scheme", "value": scheme}
    admin.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    try:
        seen = {}
        for func in ("looks", "looks.form", "storage", "processing"):
            admin.open(f"{panel.facts['http_url']}?func={func}")
            for css in WRITTEN:
                for one in admin.all(css)[:1]:
                    seen[css] = admin.driver.execute_script(COLOURS, one)
        assert len(seen) >= 10
        dark = brightness(seen["body"][1]) < 0.2
        assert dark == (scheme == "dark")
        for css, (ink, back) in seen.items():
            high, low = sorted((brightness(ink), brightness(back)), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (css, ink, back)
    finally:
        admin.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_on_a_phone_a_row_is_a_card(panel, admin):
    metrics = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    admin.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        for func in (
            "looks",
            "processing",
            "processing.add",
            "processing.add.settings&module=pmshellvps",
            "runningoperation",
        ):
            admin.open(f"{panel.facts['http_url']}?func={func}")
            assert admin.driver.execute_script("return document.documentElement.scrollWidth") <= 390, func
        admin.open(f"{panel.facts['http_url']}?func=processing")
        assert not admin.one("thead").is_displayed()
        label = "return getComputedStyle(document.querySelector('td[data-label=Module]'), '::before').content"
        assert admin.driver.execute_script(label) == '"Module"'
        assert not admin.one("nav ul").is_displayed(), "the menu is closed until it is asked for"
        admin.one("#menu summary").click()
        assert admin.one("nav ul").is_displayed()
    finally:
        admin.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("10.0000", "10.00"),
        ("<b>10.00 EUR</b>", "10.00\u00a0EUR"),
        ("-1234.5", "-1\u00a0234.50"),
        ("0.1048", "0.1048"),
        ("0", "0.00"),
        ("Free", "Free"),
        ("10.00 EUR / monthly", "10.00 EUR / monthly"),
        ("", ""),
    ],
)
def test_a_price_is_drawn_as_one(text, shown):
    assert cells.price(text) == shown


@pytest.mark.parametrize(
    ("value", "tone"), [("2", "good"), ("5_open", "busy"), ("in_work", "busy"), ("3_autosuspend", "warn"), ("x", "")]
)
def test_a_state_has_the_colour_of_what_stands_before_its_detail(value, tone):
    assert cells.tone_of(value) == tone

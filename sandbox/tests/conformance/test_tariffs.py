"""Tariffs are made over the panel's own functions, as published programs call them (additions-2.md a.2, a.3)."""

from decimal import Decimal
from functools import partial

import pytest

from sandbox.core.prices import WORDS


@pytest.fixture
def panel(conformance_sandbox):
    return conformance_sandbox.reseller


@pytest.fixture
def turn(panel, switch):
    """Set a switch for one test."""
    return partial(switch, panel)


def currency(panel, iso):
    return panel.rows("SELECT id FROM currency WHERE iso = %s", iso)[0]["id"]


def type_of(panel, intname="vds"):
    return panel.rows("SELECT id FROM itemtype WHERE intname = %s AND parent IS NULL", intname)[0]["id"]


def add(panel, name, **more):
    """A tariff, by its name, since the answer may not tell its number."""
    euro = currency(panel, "EUR")
    given = {f"monthly{euro}": "4.90", "project": 1, "activate": "off", **more}
    panel.call("pricelist.add.step2", name=name, intname=f"int-{name}", itemtype=type_of(panel), sok="ok", **given)
    return panel.rows("SELECT id FROM pricelist WHERE intname = %s", f"int-{name}")[0]["id"]


@pytest.mark.fact("A2-11")
@pytest.mark.fact("A2-12")
@pytest.mark.fact("A2-17")
def test_a_tariff_is_added_with_prices_by_period_and_currency(panel):
    euro, dollar = currency(panel, "EUR"), currency(panel, "USD")
    tariff = add(panel, "by-period", **{f"annually{euro}": "49", f"monthly{dollar}": "5.5", f"trial{euro}": "0"})
    row = panel.rows("SELECT active, itemtype, project FROM pricelist WHERE id = %s", tariff)[0]
    assert row == {"active": "off", "itemtype": type_of(panel), "project": 1}
    sql = "SELECT p.* FROM pricelistprice l JOIN price p ON p.id = l.price WHERE l.pricelist = %s AND l.currency = %s"
    [in_euro], [in_dollar] = panel.rows(sql, tariff, euro), panel.rows(sql, tariff, dollar)
    assert (in_euro["monthly"], in_euro["annually"], in_euro["trial"]) == (Decimal("4.9"), 49, 0)
    assert (in_dollar["monthly"], in_dollar["annually"]) == (Decimal("5.5"), None)
    assert {"setup", "stat", *WORDS.values()} <= set(in_euro)


@pytest.mark.parametrize(("setting", "told"), [("id", True), ("nothing", False)])
def test_whether_the_answer_has_the_number_is_a_switch(panel, turn, setting, told):
    turn("pricelist_add_answer", setting)
    answer = panel.call("pricelist.add.step2", name="n", itemtype=type_of(panel), price=1, sok="ok")
    assert (answer.find("id") is not None) == told


@pytest.mark.parametrize(("field", "value"), [("monthly1", "1"), ("monthly{euro}", "free"), ("monthly{euro}", "-1")])
def test_a_price_in_no_currency_and_what_is_no_price_is_refused_and_nothing_is_added(panel, field, value):
    name = field.format(euro=currency(panel, "EUR"))
    given = {"name": "odd price", "itemtype": type_of(panel), name: value}
    assert panel.error("pricelist.add.step2", sok="ok", **given).get("type") == "value"
    assert panel.rows("SELECT id FROM pricelist WHERE name = 'odd price'") == []


@pytest.mark.fact("A2-13")
def test_the_tariffs_form_shows_its_prices_and_changes_those_that_it_is_sent_with(panel):
    euro = currency(panel, "EUR")
    tariff = add(panel, "changed", **{f"annually{euro}": "49"})
    panel.call("pricelist.edit", elid=tariff, sok="ok", **{f"monthly{euro}": "6.25"})
    form = panel.call("pricelist.edit", elid=tariff)
    assert (form.findtext(f"monthly{euro}"), form.findtext(f"annually{euro}")) == ("6.2500", "49.0000")
    panel.call("pricelist.edit", elid=tariff, sok="ok", **{f"annually{euro}": ""})
    assert panel.call("pricelist.edit", elid=tariff).find(f"annually{euro}") is None


@pytest.mark.fact("A2-14")
def test_an_addon_is_made_and_changed_by_the_form_of_a_tariffs_detail(panel):
    euro, tariff = currency(panel, "EUR"), add(panel, "with-addon")
    kind = panel.rows("SELECT id FROM itemtype WHERE intname = 'mem' AND parent = %s", type_of(panel))[0]["id"]
    limits = {"addonlimit": 1024, "addonmin": 512, "addonmax": 8192, "addonstep": 256}
    given = {"name": "Memory", "intname": "mem", "itemtype": kind, "addontype": 2, "billtype": 2, **limits}
    panel.call("pricelist.detail.edit", plid=tariff, sok="ok", **given, **{f"monthly{euro}": "0.002"})
    [row] = panel.rows("SELECT * FROM pricelist WHERE parent = %s", tariff)
    assert {name: row[name] for name in given} == given
    panel.call("pricelist.detail.edit", plid=tariff, elid=row["id"], addonmax=4096, sok="ok")
    form = panel.call("pricelist.detail.edit", plid=tariff, elid=row["id"])
    assert (form.findtext("addonmax"), form.findtext(f"monthly{euro}")) == ("4096", "0.0020")
    error = panel.error("pricelist.detail.edit", plid=add(panel, "another"), elid=row["id"], sok="ok")
    assert error.get("type") == "missed"


@pytest.mark.fact("A2-18")
@pytest.mark.parametrize(("setting", "costs"), [("fields", [Decimal("3.5")]), ("nowhere", [])])
def test_prices_of_choices_and_whether_the_form_takes_them(panel, turn, setting, costs):
    turn("enumeration_prices", setting)
    euro, tariff = currency(panel, "EUR"), add(panel, f"choices-{setting}")
    number = panel.call("enumeration.edit", intname="cp", name="Control panel", sok="ok").findtext("id")
    choice = panel.call("enumerationitem.edit", plid=number, intname="lite", name="Lite", sok="ok").findtext("id")
    kind = panel.rows("SELECT id FROM itemtype WHERE intname = 'panel' AND parent = %s", type_of(panel))[0]["id"]
    given = {"name": "Panel", "itemtype": kind, "addontype": 3, "enumeration": number, "enumerationitem": choice}
    asked = {"plid": tariff, "sok": "ok", f"monthly{euro}_{choice}": "3.5", **given}
    if costs:
        panel.call("pricelist.detail.edit", **asked)
    else:
        assert panel.error("pricelist.detail.edit", **asked).get("type") == "value"
    found = panel.rows(
        "SELECT p.monthly FROM pricelist2enumerationitem l JOIN pricelist2enumerationitemprice lp "
        "ON lp.pricelist2enumerationitem = l.id JOIN price p ON p.id = lp.price WHERE l.enumerationitem = %s",
        choice,
    )
    assert [row["monthly"] for row in found] == costs


@pytest.mark.fact("A2-15")
def test_a_value_of_a_parameter_is_added_and_linked_to_the_module(panel):
    param = panel.rows("SELECT id FROM itemtypeparam WHERE itemtype = %s AND intname = 'ostempl'", type_of(panel))[0][
        "id"
    ]
    module = panel.rows("SELECT MIN(id) AS id FROM processingmodule")[0]["id"]
    panel.call("itemtype.param.value.edit", plid=param, intname="os-new", name="New", module=module, sok="ok")
    [value] = [
        row
        for row in panel.call("itemtype.param.value", elid=param).iterfind("elem")
        if row.findtext("intname") == "os-new"
    ]
    linked = "SELECT processingmodule FROM processingmodule2itemtypeparamvalue WHERE itemtypeparamvalue = %s"
    assert panel.rows(linked, value.findtext("id")) == [{"processingmodule": module}]


@pytest.mark.fact("A2-16")
def test_a_tariff_that_is_off_is_switched_on(panel):
    tariff = add(panel, "sleeper")
    panel.call("pricelist.resume", elid=tariff)
    assert panel.rows("SELECT active FROM pricelist WHERE id = %s", tariff) == [{"active": "on"}]


@pytest.mark.fact("A2-19")
def test_a_type_is_made_and_read_and_with_a_parent_it_is_a_resources(panel):
    number = panel.call("itemtype.edit", intname="backupbox", name="Backups", sok="ok").findtext("id")
    assert panel.call("itemtype.edit", elid=number).findtext("intname") == "backupbox"
    child = panel.call("itemtype.edit", intname="space", name="Space", parent=number, sok="ok").findtext("id")
    assert panel.rows("SELECT parent FROM itemtype WHERE id = %s", child) == [{"parent": int(number)}]


@pytest.mark.parametrize(("setting", "left"), [("yes", 0), ("missed", 1)])
def test_a_tariff_without_services_may_be_deleted_where_there_is_such_a_function(panel, turn, setting, left):
    turn("pricelist_delete", setting)
    tariff = add(panel, f"deleted-{setting}")
    error = panel.error("pricelist.delete", elid=tariff, sok="ok")
    assert (error is not None) == bool(left)
    assert len(panel.rows("SELECT id FROM pricelist WHERE id = %s", tariff)) == left

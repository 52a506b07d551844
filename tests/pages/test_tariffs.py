"""The list of the sellers' tariffs and the form that imports them, as employees use them."""

import pytest

from tests.support.world import Refused


def rows(answer):
    return [{cell.tag: cell.text or "" for cell in elem} for elem in answer.iterfind("elem")]


@pytest.fixture
def offered(shop):
    """A tariff of the seller that is not here yet: its key in the list, and its number there."""
    there = shop.there.call("sandbox.tariff", itemtype="vds", name="Of a page", price=10, periods="1,12").findtext("id")
    return f"{shop.module}-{there}", there


def here(shop, remote):
    return shop.here.rows("SELECT id, active FROM pricelist WHERE intname = %s AND parent IS NULL", remote)


def plan(form):
    return {row["part"]: row for row in rows(form.find("list[@name='plan']"))}


def test_the_list_has_every_tariff_of_the_account_and_what_is_sold_here(shop, offered):
    answer = shop.here.ask("reseller.tariffs", "admin", p_cnt=1000, module=shop.module)
    found = {row["id"]: row for row in rows(answer)}
    assert int(answer.findtext("p_elems")) == len(found)
    mine = found[offered[0]]
    assert (mine["name"], mine["itemtype"], mine["prices"], mine["importable"]) == (
        "Of a page",
        "vds",
        "1: 10, 12: 100 EUR",
        "on",
    )
    sold = next(row for row in found.values() if row["here"] == str(shop.tariffs["VDS-1"]))
    assert sold["importable"] == "off"


def test_the_list_has_pages(shop):
    first = rows(shop.here.call("reseller.tariffs", p_cnt=2, p_num=1, module=shop.module))
    second = rows(shop.here.call("reseller.tariffs", p_cnt=2, p_num=2, module=shop.module))
    assert len(first) == len(second) == 2
    assert not {row["id"] for row in first} & {row["id"] for row in second}


def test_what_cannot_be_read_is_a_row_that_says_so(shop):
    shop.there.call("sandbox.fault", kind="html", forfunc="pricelist.export", times=1)
    found = rows(shop.here.call("reseller.tariffs", p_cnt=1000, module=shop.module))
    assert [row["importable"] for row in found if not row["id"]] == ["off"]
    assert any(row["id"] for row in found)


def test_the_form_shows_its_plan_by_the_margin_and_makes_what_was_shown(shop, offered):
    key, remote = offered
    cost = plan(shop.here.call("reseller.tariffs.import", elid=key))
    assert cost["period 1"]["here"] == "10 EUR"
    form = shop.here.call("reseller.tariffs.import", elid=key, rule="+25 %")
    assert plan(form)["period 1"]["here"] == "12.5 EUR"
    assert here(shop, remote) == []
    shop.here.call("reseller.tariffs.import", elid=key, rule="+25 %", shown=form.findtext("shown"), sok="ok")
    [made] = here(shop, remote)
    assert made["active"] == "off"
    assert (
        shop.here.value("SELECT COUNT(*) FROM reseller_map WHERE pricelist = %s AND kind = 'period'", made["id"]) == 2
    )
    again = plan(shop.here.call("reseller.tariffs.import", elid=key))
    assert again["tariff"]["notes"] == "is here already"


def test_another_plan_than_the_one_shown_makes_nothing(shop, offered):
    key, remote = offered
    shown = shop.here.call("reseller.tariffs.import", elid=key, rule="+25 %").findtext("shown")
    for fields in ({"rule": "+5 %", "shown": shown}, {"rule": "+25 %"}, {"rule": "+25 %", "shown": "x"}):
        with pytest.raises(Refused) as refused:
            shop.here.call("reseller.tariffs.import", elid=key, sok="ok", **fields)
        assert refused.value.type == "reseller_page_plan"
    assert here(shop, remote) == []


def test_several_are_made_at_once_however_the_panel_calls(shop, offered):
    there = shop.there.call("sandbox.tariff", itemtype="vds", name="Beside it", price=3, periods="1").findtext("id")
    keys = [offered[0], f"{shop.module}-{there}"]
    form = shop.here.call("reseller.tariffs.import", elid=keys[0], elids=", ".join(keys))
    assert {row["tariff"] for row in rows(form.find("list[@name='plan']"))} == {offered[1], there}
    for key in keys:
        shop.here.call(
            "reseller.tariffs.import", elid=key, elids=", ".join(keys), shown=form.findtext("shown"), sok="ok"
        )
    assert [len(here(shop, remote)) for remote in (offered[1], there)] == [1, 1]


@pytest.mark.parametrize("elid", ["", "x", "1", "1-", "-5", "0-1", "1-0", "1-1-1", "99999999999-1", "1-٣"])
def test_keys_that_cannot_be_are_refused(shop, elid):
    with pytest.raises(Refused) as refused:
        shop.here.call("reseller.tariffs.import", elid=elid)
    assert refused.value.type in ("reseller_page_none", "reseller_page_value")


def test_a_module_of_another_kind_and_a_margin_that_is_none_are_refused(shop, offered):
    other = shop.here.value("SELECT id FROM processingmodule WHERE module <> 'pmreseller' LIMIT 1")
    with pytest.raises(Refused) as refused:
        shop.here.call("reseller.tariffs.import", elid=f"{other}-{offered[1]}")
    assert refused.value.type == "reseller_tariffs_module"
    with pytest.raises(Refused) as refused:
        shop.here.call("reseller.tariffs.import", elid=offered[0], rule="twenty")
    assert refused.value.type == "reseller_rule"


def test_a_client_has_neither_page(shop, offered):
    for func in ("reseller.tariffs", "reseller.tariffs.import"):
        error = shop.here.ask(func, "client1", elid=offered[0]).find("error")
        assert error is not None
        assert error.get("type") == "access"

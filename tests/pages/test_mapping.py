"""The tariff map as pages: every tariff with how far it is mapped, one side by side, one part, and all proposals."""

import pytest

from tests.support.tariffs import Own, ordered, sold_until_the_end
from tests.support.world import Refused

RICH = "mem:int:1024:8192:0.002,panel:enum:none/0/lite/2"


def rows(answer):
    return [{cell.tag: cell.text or "" for cell in elem} for elem in answer.iterfind("elem")]


@pytest.fixture
def own(shop):
    with sold_until_the_end(shop, Own) as make:
        yield make


def tariffs(shop, user="admin"):
    return {row["id"]: row for row in rows(shop.here.ask("reseller.mapping", user, p_cnt=1000))}


def parts(shop, tariff, **more):
    found = rows(shop.here.call("reseller.mapping.parts", elid=tariff.here, **more))
    return {row["id"].partition("-")[2]: row for row in found}


def key(tariff, part):
    return f"{tariff.here}-{part}"


def take(shop, tariff):
    form = shop.here.call("reseller.mapping.all", elid=tariff.here)
    shop.here.call("reseller.mapping.all", elid=tariff.here, shown=form.findtext("shown"), sok="ok")
    return rows(form.find("list[@name='plan']"))


def stored(shop, tariff):
    found = shop.here.rows("SELECT kind, local, remote FROM reseller_map WHERE pricelist = %s", tariff.here)
    return {f"{row['kind']}-{row['local']}": row["remote"] for row in found}


def test_the_list_counts_and_asks_no_seller(shop, own):
    tariff = own("List", RICH, RICH)
    shop.there.call("sandbox.fault", kind="html", times=99)
    row = tariffs(shop)[str(tariff.here)]
    assert (row["name"], row["remote"], row["active"]) == ("List", tariff.there, "yes")
    assert row["mapped"].startswith("0 / ")
    assert "period 1" in row["missing"]
    shop.there.call("sandbox.fault.clear")
    tariff.map("--yes")
    row = tariffs(shop)[str(tariff.here)]
    assert len(set(row["mapped"].split(" / "))) == 1
    assert row["missing"] == ""


def test_the_parts_stand_side_by_side_with_names_units_prices_and_the_reason_of_each_proposal(shop, own):
    tariff = own("Sides", RICH, RICH, periods_here="1,3", periods_there="-100,1")
    tariff.measured("mib", "mib")
    found = parts(shop, tariff)
    row = found["addon-mem"]
    assert (row["here"], row["there"]) == ("Mem 1024..8192 mib", "Mem 1024..8192 mib")
    assert (row["price"], row["cost"], row["state"]) == ("0.002 EUR", "0.002 EUR", "not mapped yet")
    assert row["proposed"] == tariff.addons_there["mem"]
    assert "same internal name" in row["reason"]
    assert found["period-1"]["cost"] == "5 EUR"
    assert (found["period-3"]["proposed"], found["period-3"]["there"]) == ("", "")
    assert found["period--100"]["part"] == "period trial"
    assert parts(shop, tariff, lang="ru")["period--100"]["part"] == "период пробный"


def test_one_part_is_chosen_from_what_the_seller_has_and_terms_that_do_not_fit_are_no_choice(shop, own):
    tariff = own("One part", RICH, RICH, periods_here="3,12", periods_there="1,6,12")
    form = shop.here.call("reseller.mapping.set", elid=key(tariff, "period-3"))
    offered = [val.get("key") for val in form.find("slist[@name='there']")]
    assert offered == ["", "1", "6", "12"]
    form = shop.here.call("reseller.mapping.set", elid=key(tariff, "addon-mem"))
    offered = [val.get("key") for val in form.find("slist[@name='there']")]
    assert offered == ["", "none", *tariff.addons_there.values()]
    assert form.findtext("there") == tariff.addons_there["mem"]
    shop.here.call("reseller.mapping.set", elid=key(tariff, "period-3"), there="1", sok="ok")
    assert stored(shop, tariff) == {"period-3": "1"}
    for part, there, error in (
        ("period-3", "24", "reseller_no_counterpart"),
        ("period-36", "12", "reseller_no_part"),
        ("addon-mem", "1", "reseller_no_counterpart"),
        ("os-ISPsystem__Debian-12-amd64", "no-such", "reseller_no_counterpart"),
    ):
        with pytest.raises(Refused) as refused:
            shop.here.call("reseller.mapping.set", elid=key(tariff, part), there=there, sok="ok")
        assert refused.value.type == error
    shop.here.call("reseller.mapping.set", elid=key(tariff, "period-3"), there="", sok="ok")
    assert stored(shop, tariff) == {}


def test_an_impossible_period_is_refused_here_and_not_at_the_order(shop, own):
    tariff = own("Impossible", RICH, RICH, periods_here="36", periods_there="1,24")
    with pytest.raises(Refused) as refused:
        shop.here.call("reseller.mapping.set", elid=key(tariff, "period-36"), there="24", sok="ok")
    assert refused.value.type == "reseller_term"
    assert stored(shop, tariff) == {}
    tariff.map("period", "36", "1")
    shop.here.write("UPDATE reseller_map SET remote = '24' WHERE pricelist = %s AND kind = 'period'", tariff.here)
    row = parts(shop, tariff)["period-36"]
    assert "whole multiple" in row["reason"]


def test_different_units_are_refused_until_a_person_says_that_they_are_one_and_then_nobody_asks_again(shop, own):
    tariff = own("Units", RICH, RICH)
    tariff.measured("mib", "gib")
    number = tariff.addons_there["mem"]
    row = parts(shop, tariff)["addon-mem"]
    assert row["proposed"] == ""
    assert "mib" in row["reason"]
    with pytest.raises(Refused) as refused:
        shop.here.call("reseller.mapping.set", elid=key(tariff, "addon-mem"), there=number, sok="ok")
    assert refused.value.type == "reseller_units"
    shop.here.call("reseller.mapping.set", elid=key(tariff, "addon-mem"), there=number, same_unit="on", sok="ok")
    take(shop, tariff)
    row = parts(shop, tariff)["addon-mem"]
    assert (row["state"], row["reason"]) == ("mapped", "")
    told = shop.ctl("tariffs", "diff", str(shop.module)).stdout.decode()
    assert "mib" not in told
    tariff.measured("mib", "kib")
    assert "kib" in parts(shop, tariff)["addon-mem"]["reason"]
    assert "kib" in shop.ctl("tariffs", "diff", str(shop.module)).stdout.decode()


def test_only_what_was_shown_is_taken_and_it_is_all_of_it(shop, own):
    tariff = own("Proposals", RICH, RICH)
    with pytest.raises(Refused) as refused:
        shop.here.call("reseller.mapping.all", elid=tariff.here, shown="x", sok="ok")
    assert refused.value.type == "reseller_page_plan"
    assert stored(shop, tariff) == {}
    plan = {row["part"]: row for row in take(shop, tariff)}
    assert plan["add-on mem"]["becomes"].startswith(tariff.addons_there["mem"])
    assert tariffs(shop)[str(tariff.here)]["missing"] == ""
    assert take(shop, tariff) == []


def test_when_the_target_changes_the_map_is_stale_its_orders_are_refused_and_the_proposals_replace_it(shop, own):
    tariff = own("Old target", RICH, RICH, periods_here="1,3", periods_there="1,3")
    tariff.map("--yes")
    other = own("New target", "mem:int:1:8:1", RICH, periods_here="1", periods_there="1")
    shop.here.call("pricelist.edit", elid=tariff.here, reseller_pricelist=other.there, sok="ok")
    row = tariffs(shop)[str(tariff.here)]
    assert "add-on mem" in row["missing"]
    item = ordered(shop, tariff, 1)
    assert "reseller_unmapped" in shop.error(item)
    assert shop.charges(item) == []
    shop.here.call("runningoperation.delete", elid=shop.operation(item)["id"])
    found = parts(shop, tariff)
    assert (found["addon-mem"]["state"], found["addon-mem"]["proposed"]) == ("stale", other.addons_there["mem"])
    assert (found["period-3"]["state"], found["period-3"]["proposed"]) == ("stale", "")
    take(shop, tariff)
    kept = stored(shop, tariff)
    assert kept["addon-mem"] == other.addons_there["mem"]
    assert "period-3" not in kept
    assert tariffs(shop)[str(tariff.here)]["missing"] == "period 3"


def test_a_period_that_services_have_is_not_unmapped_by_the_proposals(shop, own):
    """The plan does not name it either."""
    tariff, other = own("Has services", RICH, RICH), own("Without period 3", RICH, RICH, periods_there="1")
    tariff.map("--yes")
    shop.until_active(ordered(shop, tariff, 3))
    shop.here.call("pricelist.edit", elid=tariff.here, reseller_pricelist=other.there, sok="ok")
    assert parts(shop, tariff)["period-3"]["state"] == "stale"
    assert [row["part"] for row in take(shop, tariff) if "period" in row["part"]] == []
    assert stored(shop, tariff)["period-3"] == "3"


def test_the_tariffs_own_form_says_how_far_it_is_mapped_and_where_to_go(shop, own):
    tariff = own("Form", RICH, RICH)
    said = shop.here.call("pricelist.edit", elid=tariff.here).findtext("next_step")
    assert "0 of " in said
    assert "Tariff map" in said
    fresh = shop.here.call("sandbox.tariff", itemtype="vds", name="Fresh", price=1, periods="1", module=shop.module)
    said = shop.here.call("pricelist.edit", elid=fresh.findtext("id")).findtext("next_step")
    assert "Tariff map" in said
    shop.here.write("DELETE FROM processingmodule2pricelist WHERE pricelist = %s", fresh.findtext("id"))


def test_a_tariff_cannot_be_saved_without_the_sellers_tariff(shop, own):
    tariff = own("Required", RICH, RICH)
    with pytest.raises(Refused) as refused:
        shop.here.call("pricelist.edit", elid=tariff.here, reseller_pricelist="", sok="ok")
    assert refused.value.object == "reseller_pricelist"
    assert shop.here.call("pricelist.edit", elid=tariff.here).findtext("reseller_pricelist") == tariff.there


@pytest.mark.parametrize("elid", ["", "1", "1-addon", "x-addon-mem", "1-other-mem", "0-addon-mem", "1-addon-"])
def test_keys_of_parts_that_cannot_be_are_refused(shop, elid):
    with pytest.raises(Refused) as refused:
        shop.here.call("reseller.mapping.set", elid=elid)
    assert refused.value.type == "reseller_page_value"


def test_a_client_has_none_of_it(shop, own):
    for func in ("reseller.mapping", "reseller.mapping.parts", "reseller.mapping.set", "reseller.mapping.all"):
        error = shop.here.ask(func, "client1", elid=f"{shop.tariffs['VDS-1']}-period-1").find("error")
        assert error is not None
        assert error.get("type") == "access"

"""`resellerctl map`: how far tariffs are mapped, and what cannot be mapped."""

import contextlib
import json
import random

import pytest

from tests.support import world
from tests.support.tariffs import Own, ordered, sold_until_the_end

LINE = "mem:int:1024:8192:0.002"


def rows(shop, *words, code=0):
    done = shop.ctl("map", *words, "--json")
    assert done.returncode == code, done.stderr.decode()
    return json.loads(done.stdout)


def of_all(shop, tariff, *words):
    """The row of one tariff when all are asked for; one of another file, which is not for sale any more, may fail."""
    done = shop.ctl("map", "--all", *words, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == any(row["text"] for row in found)
    return next(row for row in found if row["tariff"] == tariff)


def of(shop, tariff):
    return next(row for row in rows(shop) if row["tariff"] == int(tariff))


@pytest.fixture
def own(shop):
    with sold_until_the_end(shop, Own) as make:
        yield make


def test_the_overview_counts_what_an_order_could_name(shop, own):
    assert of(shop, shop.tariffs["VDS-1"])["missing"] == ""
    tariff = own("Own overview", f"{LINE},panel:enum:none/0/lite/1", f"{LINE},panel:enum:none/0/lite/1")
    row = of(shop, tariff.here)
    templates = len(
        world.ROOT.joinpath("sandbox/seed.py").read_text().partition("OS_TEMPLATES = (")[2].partition(")")[0].split(",")
    )
    assert row["mapped"] == f"0 of {2 + 2 + 2 + templates}"
    assert row["seller"] == tariff.there
    tariff.map("period", "1", "1")
    assert of(shop, tariff.here)["mapped"].startswith("1 of ")
    tariff.map("--yes")
    assert of(shop, tariff.here)["missing"] == ""


def test_all_proposes_for_every_tariff_and_maps_only_when_told(shop, own):
    tariff = own("Own all", LINE, LINE)
    before = shop.here.rows("SELECT * FROM reseller_map ORDER BY pricelist, kind, local")
    row = of_all(shop, tariff.here)
    assert f"addon mem = {tariff.addons_there['mem']}" in row["proposed"]
    assert shop.here.rows("SELECT * FROM reseller_map ORDER BY pricelist, kind, local") == before
    row = of_all(shop, tariff.here, "--yes")
    assert (row["open"], row["text"]) == (0, "")


@pytest.mark.parametrize("known", [True, False], ids=["made for this tariff", "not known for which"])
def test_one_part_is_mapped_and_what_the_seller_offers_no_more_stays_so_that_services_are_renewed(shop, own, known):
    tariff = own("Own withdrawn", LINE, LINE, periods_here="1,3", periods_there="1,3")
    tariff.map("--yes")
    if not known:
        # As maps were made by earlier versions.
        shop.here.write("DELETE FROM reseller_tariff_value WHERE pricelist = %s", tariff.here)
    euro = shop.there.value("SELECT id FROM currency WHERE iso = 'EUR'")
    shop.there.call("pricelist.edit", elid=tariff.there, sok="ok", **{f"quarterly{euro}": ""})
    tariff.map("period", "1", "1")
    kept = shop.here.rows(
        "SELECT local, remote FROM reseller_map WHERE pricelist = %s AND kind = 'period'", tariff.here
    )
    assert sorted((row["local"], row["remote"]) for row in kept) == [("1", "1"), ("3", "3")]


def test_one_tariff_that_cannot_be_read_keeps_no_other_from_it(shop, own):
    lost, whole = own("Own lost", LINE, LINE), own("Own whole", LINE, LINE)
    shop.there.write("UPDATE pricelist SET active = 'off' WHERE id = %s", lost.there)
    found = {row["tariff"]: row for row in rows(shop, "--all", "--yes", code=1)}
    assert found[lost.here]["text"]
    assert found[whole.here]["open"] == 0


@pytest.mark.parametrize(
    ("part", "here", "there"),
    [
        ("period", "36", "3"),
        ("addon", "disk", "mem"),
        ("os", "no-such-system", "ISPsystem__Debian-12-amd64"),
        ("enum", "7", "7"),
    ],
)
def test_a_part_that_this_panel_does_not_have_is_refused_with_those_that_it_has(shop, own, part, here, there):
    tariff = own("Own parts", LINE, LINE)
    said = tariff.map(part, here, tariff.addons_there.get(there, there), code=1)
    assert here in said
    assert shop.here.rows("SELECT * FROM reseller_map WHERE pricelist = %s", tariff.here) == []


def test_what_services_still_have_can_be_mapped_although_nobody_can_order_it_any_more(shop, own):
    tariff = own("Own past", "mem:int:1:8:1,disk:int:1:50:0.1", "mem:int:1:8:1,disk:int:1:50:0.1", periods_there="1,6")
    item = ordered(shop, tariff, 3)
    try:
        tariff.map("period", "6", "6", code=1)
        shop.here.write("UPDATE item SET period = 6 WHERE id = %s", item)
        tariff.map("period", "6", "6")
        shop.here.write("UPDATE pricelist SET compound = 1 WHERE parent = %s AND intname = 'disk'", tariff.here)
        tariff.map("addon", "disk", tariff.addons_there["disk"])
    finally:
        with contextlib.suppress(world.Refused):
            shop.here.call("runningoperation.delete", elid=(shop.operation(item) or {"id": 0})["id"])


def test_different_units_are_neither_proposed_nor_mapped_without_a_word(shop, own):
    tariff = own("Own units", LINE, LINE)
    tariff.measured("mib", "gib")
    number = tariff.addons_there["mem"]
    pair = next(row for row in rows(shop, str(tariff.here)) if row["here"] == "mem")
    assert (pair["proposed"], pair["units"]) == (None, "mib / gib")
    tariff.map("--yes")
    said = tariff.map("addon", "mem", number, code=1)
    assert "mib" in said
    assert "gib" in said
    assert of(shop, tariff.here)["missing"] == "addon mem"
    tariff.map("addon", "mem", number, "--same-unit")
    assert of(shop, tariff.here)["missing"] == ""


def test_one_unit_under_two_names_is_one(shop, own):
    tariff = own("Own names", LINE, LINE)
    tariff.measured("mib", "Mb")
    tariff.map("--yes")
    assert of(shop, tariff.here)["missing"] == ""


def test_what_to_map_must_be_said(shop):
    assert shop.ctl("map", "--yes").returncode == 2
    assert shop.ctl("map", "--drop", "period", "1").returncode == 2


ADDONS = ("mem:int:1:8:1", "disk:int:1:50:0.1", "backup:bool:1", "panel:enum:none/0/lite/2", "level:enum:a/0/b/1")


def test_whatever_an_order_would_be_refused_for_is_missing_in_the_overview_before(shop, own):
    """Random tariffs on both sides, mapped as far as namesakes go: orders of a tariff that lacks nothing are sent, and
    what an order of another is refused for is among what it lacks."""
    chance = random.Random(1717)
    seen = {"sent": 0, "refused": 0}
    for number in range(6):
        sides = [",".join(chance.sample(ADDONS, chance.randrange(1, len(ADDONS)))) for _ in range(2)]
        sides[1] = sides[0] if number % 2 else sides[1]
        tariff = own(f"Random {number}", *sides, periods_here="1,12", periods_there=chance.choice(["1", "1,12"]))
        tariff.map("--yes")
        missing = set(filter(None, of(shop, tariff.here)["missing"].split(", ")))
        for period in (1, 12):
            item = ordered(shop, tariff, period)
            said = shop.error(item)
            refused = "reseller_unmapped" in said
            seen["refused" if refused else "sent"] += 1
            needed = {part for part in missing if not part.startswith(("period", "enum")) or part == f"period {period}"}
            assert refused == bool(needed), (sides, period, missing, said)
            assert (shop.charges(item) == []) == refused
            with contextlib.suppress(world.Refused):
                shop.here.call("runningoperation.delete", elid=(shop.operation(item) or {"id": 0})["id"])
    assert min(seen.values()) > 1

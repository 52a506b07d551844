"""`resellerctl tariffs import`: tariffs of the seller become tariffs here: off, priced by a rule, mapped in full."""

import json
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import count

import pytest

from tests.support import world
from tests.support.world import until

_names = count(1)
RICH = "mem:int:1024:8192:0.002,backup:bool:2:on,panel:enum:panel_none/0/panel_lite/3.5"


class Tariff:
    """A tariff of the seller, made for one test."""

    def __init__(self, shop, addons=RICH, *, periods="1,3,12", price="9.99", datacenter="1"):
        self.shop, self.name = shop, f"Imported {next(_names)}"
        answer = shop.there.call(
            "sandbox.tariff",
            itemtype="vds",
            name=self.name,
            price=price,
            periods=periods,
            datacenter=datacenter,
            addons=addons,
        )
        self.id = answer.findtext("id")
        self.addons = {node.get("intname"): node.text for node in answer.iterfind("addon")}
        self.choices = {node.get("intname"): node.text for node in answer.iterfind("choice")}

    def do(self, *words, code=0):
        done = self.shop.ctl("tariffs", "import", str(self.shop.module), self.id, *words, "--json")
        assert done.returncode == code, (done.stdout + done.stderr).decode()
        return json.loads(done.stdout)

    @property
    def here(self):
        """Its tariffs on this panel."""
        return self.shop.here.rows("SELECT * FROM pricelist WHERE intname = %s AND parent IS NULL", self.id)

    @property
    def number(self):
        [row] = self.here
        return row["id"]

    @property
    def map(self):
        rows = self.shop.here.rows("SELECT kind, local, remote FROM reseller_map WHERE pricelist = %s", self.number)
        return {(row["kind"], row["local"]): row["remote"] for row in rows}

    def form(self):
        return self.shop.here.call("pricelist.edit", elid=self.number)

    def resources(self):
        rows = self.shop.here.rows("SELECT * FROM pricelist WHERE parent = %s", self.number)
        return {row["intname"]: row for row in rows}


@pytest.fixture
def tariff(shop):
    return Tariff(shop)


def euro(shop):
    return shop.here.value("SELECT id FROM currency WHERE iso = 'EUR'")


def values(shop, number):
    return shop.here.rows("SELECT * FROM reseller_tariff_value WHERE pricelist = %s", number)


def outcomes(told):
    return {line["part"]: line["outcome"] for line in told["lines"]}


def everything(shop):
    """All that a run on tariffs could change here."""
    tables = ("pricelist", "pricelistprice", "price", "pricelistparam", "enumeration", "enumerationitem", "itemtype")
    more = ("itemtypeparamvalue", "reseller_map", "reseller_tariff_value", "item", "pricelist2enumerationitem")
    return {name: shop.here.rows(f"SELECT * FROM {name}") for name in (*tables, *more)}


def test_without_yes_it_only_says_what_it_would_make(shop, tariff):
    before = everything(shop)
    told = tariff.do("--rule", "+20 %")
    assert set(outcomes(told).values()) == {"planned"}
    assert {"tariff", "target", "period 1", "period 12", "resource mem", "resource panel"} <= set(outcomes(told))
    assert next(line for line in told["lines"] if line["part"] == "period 1")["panel"] == "11.99 EUR"
    assert everything(shop) == before


def test_an_imported_tariff_is_off_named_priced_and_mapped_in_full(shop, tariff):
    told = tariff.do("--rule", "+20 %", "--yes")
    assert set(outcomes(told).values()) == {"done"}
    row = tariff.here[0]
    assert (row["active"], row["name"], row["intname"]) == ("off", tariff.name, tariff.id)
    form, currency = tariff.form(), euro(shop)
    shown = {word: Decimal(form.findtext(f"{word}{currency}")) for word in ("monthly", "quarterly", "annually")}
    assert shown == {"monthly": Decimal("11.99"), "quarterly": Decimal("35.97"), "annually": Decimal("119.88")}
    assert form.findtext("reseller_pricelist") == tariff.id
    parts = tariff.resources()
    limits = [parts["mem"][name] for name in ("addonlimit", "addonmin", "addonmax", "addontype", "billtype")]
    assert limits == [1024, 1024, 8192, 2, 2]
    assert parts["backup"]["addonbool"] == "on"
    mapped = tariff.map
    assert {local: remote for (kind, local), remote in mapped.items() if kind == "period"} == {
        "1": "1",
        "3": "3",
        "12": "12",
    }
    assert {local: remote for (kind, local), remote in mapped.items() if kind == "addon"} == tariff.addons
    assert sorted(remote for (kind, _), remote in mapped.items() if kind == "enum") == sorted(tariff.choices.values())
    systems = [local for kind, local in mapped if kind == "os"]
    assert "ISPsystem__Debian-12-amd64" in systems
    checked = json.loads(shop.ctl("map", str(tariff.number), "--json").stdout)
    assert [part for part in checked if part["mapped"] is None and part["here"] in (*mapped, *tariff.addons)] == []


def test_unit_prices_keep_their_digits_and_choices_have_theirs(shop, tariff):
    tariff.do("--rule", "+20 %", "--yes")
    parts, currency = tariff.resources(), euro(shop)
    memory = shop.here.call("pricelist.detail.edit", plid=tariff.number, elid=parts["mem"]["id"])
    assert memory.findtext(f"monthly{currency}") == "0.0024"
    panel = shop.here.call("pricelist.detail.edit", plid=tariff.number, elid=parts["panel"]["id"])
    items = shop.here.rows(
        "SELECT id, intname FROM enumerationitem WHERE enumeration = %s", parts["panel"]["enumeration"]
    )
    costs = {row["intname"]: panel.findtext(f"monthly{currency}_{row['id']}") for row in items}
    assert costs == {"panel_none": "0.0000", "panel_lite": "4.2000"}
    given = {row["id"]: row["intname"] for row in items}[parts["panel"]["enumerationitem"]]
    assert given == "panel_none"


def test_a_second_import_changes_nothing_even_what_a_person_has_changed_or_deleted(shop, tariff):
    tariff.do("--yes")
    shop.here.call("pricelist.edit", elid=tariff.number, name="My own name", sok="ok", **{f"monthly{euro(shop)}": 99})
    shop.here.write("DELETE FROM pricelist WHERE parent = %s AND intname = 'backup'", tariff.number)
    before = everything(shop)
    told = tariff.do("--rule", "+50 %", "--yes")
    assert outcomes(told) == {"tariff": "there"}
    assert told["run"] == 0
    assert everything(shop) == before


def test_two_imports_at_the_same_time_make_one_tariff(shop, tariff):
    # The second waits for the first, however busy this machine is.
    world.limits(shop.here, account_wait_seconds=world.WAIT_SECONDS)
    with ThreadPoolExecutor(2) as pool:
        told = [one.result() for one in [pool.submit(tariff.do, "--yes") for _ in range(2)]]
    assert len(tariff.here) == 1
    assert len(tariff.resources()) == 3
    name = f"reseller-{shop.module}-%"
    rows = shop.here.rows("SELECT intname, COUNT(*) AS n FROM enumeration WHERE intname LIKE %s GROUP BY intname", name)
    assert {row["n"] for row in rows} == {1}
    assert {outcome for one in told for outcome in outcomes(one).values()} <= {"done", "there"}


def test_two_tariffs_of_one_name_are_two(shop):
    first, second = Tariff(shop, ""), Tariff(shop, "")
    shop.there.write("UPDATE pricelist SET name = %s WHERE id = %s", first.name, second.id)
    done = shop.ctl("tariffs", "import", str(shop.module), first.id, second.id, "--yes", "--json")
    assert done.returncode == 0, done.stdout.decode()
    assert first.number != second.number


def test_the_panel_may_not_tell_the_number_of_what_it_has_made(shop, tariff, switch):
    switch(shop.here, "pricelist_add_answer", "nothing")
    tariff.do("--yes")
    assert tariff.form().findtext("reseller_pricelist") == tariff.id


def test_prices_of_choices_that_the_panel_does_not_take_are_named_and_the_rest_is_made(shop, tariff, switch):
    switch(shop.here, "enumeration_prices", "nowhere")
    told = tariff.do("--yes", code=1)
    assert {part for part, outcome in outcomes(told).items() if outcome == "failed"} == {"resource panel"}
    assert ("addon", "panel") not in tariff.map
    assert ("addon", "mem") in tariff.map
    switch(shop.here, "enumeration_prices", "fields")
    assert outcomes(tariff.do("--yes")) == {"resource panel": "done"}


def test_an_import_that_was_cut_off_is_completed_by_the_next(shop, tariff):
    tariff.do("--yes")
    shop.here.write("DELETE FROM reseller_map WHERE pricelist = %s AND kind <> 'period'", tariff.number)
    shop.here.write("DELETE FROM pricelist WHERE parent = %s AND intname <> 'mem'", tariff.number)
    shop.here.write(
        "DELETE FROM reseller_tariff_value WHERE pricelist = %s AND (part LIKE 'resource%%' OR part LIKE 'system%%')",
        tariff.number,
    )
    told = tariff.do("--yes")
    assert {"resource mem", "resource backup", "resource panel"} <= set(outcomes(told))
    assert set(outcomes(told).values()) == {"done"}
    assert set(tariff.resources()) == {"mem", "backup", "panel"}
    assert len(tariff.here) == 1


def test_an_import_that_is_killed_is_in_the_ledger_completed_by_the_next_and_undone(shop, tariff):
    argv = ["./sbin/resellerctl", "tariffs", "import", str(shop.module), tariff.id, "--yes"]
    run = subprocess.Popen(argv, cwd=shop.here.base, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: tariff.here and tariff.map, "no period is mapped")
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    [cut, *_] = json.loads(shop.ctl("tariffs", "runs", str(shop.module), "--json").stdout)
    assert (cut["what"], cut["undone"]) == ("import", False)
    assert cut["parts"] > 2
    told = tariff.do("--yes")
    assert set(outcomes(told).values()) <= {"done", "there"}
    assert set(tariff.resources()) == {"mem", "backup", "panel"}
    kept = {row["part"] for row in values(shop, tariff.number)}
    assert {"tariff", "target", "period 1", "resource mem", "resource panel/panel_lite 12"} <= kept
    assert outcomes(tariff.do("--yes")) == {"tariff": "there"}
    number = tariff.number
    done = shop.ctl("tariffs", "undo", str(cut["run"]), "--yes", "--json")
    assert done.returncode == 0, done.stdout.decode()
    assert tariff.here == []
    assert values(shop, number) == []


def test_a_tariff_whose_making_was_cut_off_before_its_number_was_known_is_undone_by_the_run(shop, tariff):
    run = tariff.do("--yes")["run"]
    shop.here.write("DELETE FROM reseller_tariff_line WHERE run = %s AND part <> 'tariff'", run)
    shop.here.write("UPDATE reseller_tariff_line SET outcome = 'begun', pricelist = 0 WHERE run = %s", run)
    shop.here.write("DELETE FROM reseller_tariff_value WHERE pricelist = %s", tariff.number)
    assert shop.ctl("tariffs", "undo", str(run), "--yes").returncode == 0
    assert tariff.here == []


def test_a_period_that_a_cut_off_import_has_left_is_kept_with_the_price_that_it_has(shop, tariff):
    tariff.do("--rule", "+20 %", "--yes")
    shop.here.write("DELETE FROM reseller_tariff_value WHERE pricelist = %s AND part = 'period 1'", tariff.number)
    assert outcomes(tariff.do("--rule", "+50 %", "--yes")) == {"period 1": "there"}
    [kept] = [row for row in values(shop, tariff.number) if row["part"] == "period 1"]
    assert (kept["there"], kept["here"]) == ("9.99 EUR", "11.99 EUR")


def test_a_trial_opens_nothing_here(shop):
    tariff = Tariff(shop, "", periods="-100,1")
    told = tariff.do("--yes")
    assert outcomes(told)["period -100"] == "left"
    assert tariff.form().find(f"trial{euro(shop)}") is None
    assert ("period", "-100") not in tariff.map


def test_another_currency_needs_a_rate_and_is_priced_by_it(shop):
    tariff = Tariff(shop, "mem:int:1:8:0.5", periods="1", price="10")
    [line] = tariff.do("--currency", "USD", code=1)["lines"]
    assert line["outcome"] == "refused"
    assert "--rate" in line["text"]
    tariff.do("--currency", "USD", "--rate", "1.1", "--rule", "+10 %", "--round", "0.5", "--yes")
    dollar = shop.here.value("SELECT id FROM currency WHERE iso = 'USD'")
    form = tariff.form()
    assert (form.findtext(f"monthly{dollar}"), form.find(f"monthly{euro(shop)}")) == ("12.5000", None)


@pytest.mark.parametrize(
    "words",
    [
        ("--currency", "XTS", "--rate", "2"),
        ("--rate", "1.5"),
        ("--project", "99999"),
        ("--datacenter", "99999"),
    ],
)
def test_what_this_panel_or_the_seller_does_not_have_is_refused_and_nothing_is_made(shop, tariff, words):
    [line] = tariff.do(*words, "--yes", code=1)["lines"]
    assert line["outcome"] == "refused"
    assert tariff.here == []


def test_a_tariff_in_two_data_centres_needs_one_to_be_said(shop):
    tariff = Tariff(shop, "", datacenter="all")
    centres = shop.there.rows("SELECT id, name FROM datacenter ORDER BY id")
    [line] = tariff.do(code=1)["lines"]
    assert all(f"{row['id']} {row['name']}" in line["text"] for row in centres)
    tariff.do("--datacenter", str(centres[1]["id"]), "--yes")
    assert tariff.form().findtext("reseller_datacenter") == str(centres[1]["id"])


def test_a_hidden_tariff_and_one_that_is_off_are_not_imported(shop):
    hidden, off = Tariff(shop), Tariff(shop)
    shop.there.write("UPDATE pricelist SET hideinorder = 'on' WHERE id = %s", hidden.id)
    shop.there.write("UPDATE pricelist SET active = 'off' WHERE id = %s", off.id)
    for one, mark in ((hidden, "hidden"), (off, "off")):
        [line] = one.do("--yes", code=1)["lines"]
        assert line["outcome"] == "refused"
        assert mark in line["text"]
        assert one.here == []


def test_a_tariff_that_the_seller_does_not_have_is_named_and_the_others_are_made(shop, tariff):
    done = shop.ctl("tariffs", "import", str(shop.module), "999999", tariff.id, "--yes", "--json")
    assert done.returncode == 1
    lines = json.loads(done.stdout)["lines"]
    assert [line["tariff"] for line in lines if line["outcome"] == "refused"] == ["999999"]
    assert len(tariff.here) == 1


def test_a_tariff_that_was_made_by_hand_is_left_alone(shop):
    theirs = shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-1' AND parent IS NULL")
    before = everything(shop)
    done = shop.ctl("tariffs", "import", str(shop.module), str(theirs), "--yes", "--json")
    assert done.returncode == 0
    [line] = json.loads(done.stdout)["lines"]
    assert (line["outcome"], line["here"]) == ("there", shop.tariffs["VDS-1"])
    assert everything(shop) == before


@pytest.mark.parametrize("target", ["", "7"])
def test_a_tariff_by_hand_that_has_the_sellers_number_as_its_name_is_left_alone(shop, tariff, target):
    made = shop.here.call("sandbox.tariff", itemtype="vds", name="By hand", price=5, periods="1", module=shop.module)
    number = made.findtext("id")
    shop.here.write("UPDATE pricelist SET intname = %s WHERE id = %s", tariff.id, number)
    if target:
        shop.here.call("pricelist.edit", elid=number, reseller_pricelist=target, sok="ok")
    before = everything(shop)
    try:
        [line] = tariff.do("--yes", code=1)["lines"]
        assert line["outcome"] == "refused"
        assert number in line["text"]
        assert everything(shop) == before
    finally:
        shop.here.write("DELETE FROM processingmodule2pricelist WHERE pricelist = %s", number)


def test_nothing_is_added_to_a_tariff_that_is_on_sale(shop, tariff):
    tariff.do("--yes")
    shop.here.call("pricelist.resume", elid=tariff.number)
    currency = shop.there.value("SELECT id FROM currency WHERE iso = 'EUR'")
    shop.there.call("pricelist.edit", elid=tariff.id, sok="ok", **{f"semiannual{currency}": 50})
    before = everything(shop)
    [line] = tariff.do("--yes", code=1)["lines"]
    assert line["outcome"] == "refused"
    assert "period 6" in line["text"]
    assert everything(shop) == before
    shop.here.call("pricelist.edit", elid=tariff.number, active="off", sok="ok")
    assert outcomes(tariff.do("--yes"))["period 6"] == "done"


@pytest.mark.parametrize(
    "words", [("--rule", "20"), ("--rule", "+2000 %"), ("--rule", "+96 % of price"), ("--round", "0"), ("--rate", "0")]
)
def test_a_rule_that_is_none_is_refused(shop, tariff, words):
    done = shop.ctl("tariffs", "import", str(shop.module), tariff.id, *words, "--yes")
    assert done.returncode == 1
    assert words[0].strip("-") in done.stderr.decode()
    assert tariff.here == []


@pytest.mark.parametrize("deletes", ["yes", "missed"])
def test_a_run_is_undone_by_its_number(shop, tariff, switch, deletes):
    switch(shop.here, "pricelist_delete", deletes)
    run = str(tariff.do("--yes")["run"])
    number = tariff.number
    assert shop.ctl("tariffs", "undo", run).returncode == 0
    assert tariff.map
    done = shop.ctl("tariffs", "undo", run, "--yes", "--json")
    left = shop.here.value("SELECT COUNT(*) FROM pricelist WHERE id = %s", number)
    assert (done.returncode, left) == ((0, 0) if deletes == "yes" else (1, 1))
    assert shop.here.rows("SELECT * FROM reseller_map WHERE pricelist = %s", number) == []
    assert shop.here.rows("SELECT * FROM reseller_tariff_value WHERE pricelist = %s", number) == []
    if deletes == "yes":
        assert shop.ctl("tariffs", "undo", run, "--yes").returncode == 1
        tariff.do("--yes")
        assert tariff.number != number


def test_what_a_person_has_changed_since_is_not_undone(shop, tariff):
    run = str(tariff.do("--yes")["run"])
    currency, number, name = euro(shop), tariff.number, tariff.id

    def left(part):
        done = shop.ctl("tariffs", "undo", run, "--yes", "--json")
        lines = json.loads(done.stdout)["lines"]
        assert (done.returncode, [line["outcome"] for line in lines]) == (1, ["left"])
        assert part in lines[0]["text"]
        assert shop.here.value("SELECT COUNT(*) FROM reseller_map WHERE pricelist = %s", number) > 5

    shop.here.call("pricelist.edit", elid=number, sok="ok", **{f"monthly{currency}": 99})
    left("period 1")
    shop.here.call("pricelist.edit", elid=number, sok="ok", **{f"monthly{currency}": "9.99"})
    shop.here.call("pricelist.edit", elid=number, reseller_pricelist=7, sok="ok")
    left("target")
    shop.here.call("pricelist.edit", elid=number, reseller_pricelist=name, sok="ok")
    memory = tariff.resources()["mem"]["id"]
    shop.here.call("pricelist.detail.edit", plid=number, elid=memory, sok="ok", **{f"monthly{currency}": 1})
    left("resource mem 1")
    shop.here.call("pricelist.detail.edit", plid=number, elid=memory, sok="ok", **{f"monthly{currency}": "0.002"})
    shop.here.write("UPDATE pricelist SET intname = 'mine' WHERE id = %s", number)
    left(name)
    shop.here.write("UPDATE pricelist SET intname = %s WHERE id = %s", name, number)
    assert shop.ctl("tariffs", "undo", run, "--yes").returncode == 0
    assert tariff.here == []


def test_what_is_on_sale_is_not_undone(shop, tariff):
    run = str(tariff.do("--yes")["run"])
    shop.here.call("pricelist.resume", elid=tariff.number)
    before = everything(shop)
    done = shop.ctl("tariffs", "undo", run, "--yes", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["lines"][0]["outcome"] == "left"
    assert everything(shop) == before


def test_an_imported_tariff_that_is_switched_on_is_ordered_and_becomes_active(shop, tariff):
    tariff.do("--rule", "+20 %", "--yes")
    shop.here.call("pricelist.resume", elid=tariff.number)
    lite = shop.here.value(
        "SELECT i.id FROM enumerationitem i JOIN pricelist p ON p.enumeration = i.enumeration "
        "WHERE p.parent = %s AND i.intname = 'panel_lite'",
        tariff.number,
    )
    parts = tariff.resources()
    chosen = {f"addon_{parts['mem']['id']}": 2048, f"addon_{parts['panel']['id']}": lite}
    shop.tariffs[tariff.name] = tariff.number
    try:
        item = shop.order("vds", tariff.name, **chosen)
        shop.until_active(item)
    finally:
        del shop.tariffs[tariff.name]
    [remote] = shop.remotes(item)
    there = {
        row["pricelist"]: row
        for row in shop.there.rows("SELECT * FROM item WHERE parent = %s AND status <> 4", remote["id"])
    }
    assert there[int(tariff.addons["mem"])]["intvalue"] == 1024
    assert there[int(tariff.addons["panel"])]["enumerationitem"] == int(tariff.choices["panel_lite"])
    until(lambda: shop.operation(item) is None, "the operation stays")

"""What a service has of an add-on: what its tariff includes, and what was ordered on top (additions-2.md h.1)."""

import itertools

import pytest

from sandbox.tests.ladder import counted

#: 10 included, 100 at most, 2 for each above; an enumeration and a boolean that the tariff gives
ADDONS = "mem:int:10:100:2,panel:enum:none/0/lite/3:lite,backup:bool:5:on"
GIVEN = {"mem": "10", "panel": "lite", "backup": "on"}
STATISTICS, COMPOUND, BY_HAND = 3, 4, 10

_names = itertools.count(1)


class Made:
    """A tariff of its own on the selling panel."""

    def __init__(self, seller, addons, **more):
        given = {"itemtype": "vds", "price": 4, "periods": "1,-100", **more}
        answer = seller.call("sandbox.tariff", name=f"quantity {next(_names)}", addons=addons, **given)
        self.seller = seller
        self.id = answer.findtext("id")
        self.addons = {addon.get("intname"): addon.text for addon in answer.findall("addon")}
        self.choices = {choice.get("intname"): choice.text for choice in answer.findall("choice")}

    def fields(self, **values):
        """What an order or an edit says of add-ons, a choice by its internal name."""
        return {f"addon_{self.addons[name]}": self.choices.get(str(value), value) for name, value in values.items()}

    def order(self, period=1, **values):
        return self.seller.order(pricelist=self.id, period=period, **self.fields(**values))

    def live(self, period=1, **values):
        item = int(self.order(period, **values).findtext("id"))
        self.seller.until_status(item, 2)
        return item

    def edit(self, item, **values):
        answer = self.seller.http("vds.edit", elid=item, sok="ok", **self.fields(**values))
        self.seller.until_status(item, 2)
        return answer

    def shown(self, item):
        """What the service's form shows, as `counted` has it: both must always be the same."""
        form = self.seller.http("vds.edit", elid=item)
        names = {number: name for name, number in self.choices.items()}
        shown = {name: form.findtext(f"addon_{number}") or "" for name, number in self.addons.items()}
        shown = {name: names.get(value, value) if name == "panel" else value for name, value in shown.items()}
        assert shown == counted(self.seller, item)
        return shown

    def rows(self, item):
        sql = "SELECT p.intname, a.* FROM item a JOIN pricelist p ON p.id = a.pricelist WHERE a.parent = %s"
        return {row["intname"]: row for row in self.seller.rows(sql, item)}

    def change(self, name, **columns):
        """Staff change what the tariff says of an add-on."""
        sets = ", ".join(f"{column} = %s" for column in columns)
        self.seller.rows(f"UPDATE pricelist SET {sets} WHERE id = %s", *columns.values(), self.addons[name])


@pytest.fixture
def seller(pair):
    return pair.seller


@pytest.fixture
def made(seller):
    return Made(seller, ADDONS)


@pytest.fixture(params=["always", "chosen"])
def kept_rows(request, seller, switch):
    switch(seller, "addon_row", request.param)
    return request.param


@pytest.mark.fact("H1-02")
@pytest.mark.parametrize("limit", ["copied", "tariff"])
def test_an_order_names_the_total_and_what_is_above_the_included_is_kept_and_paid(
    seller, switch, made, kept_rows, limit
):
    switch(seller, "addon_limit", limit)
    item = made.live(mem=30)
    assert made.rows(item)["mem"]["intvalue"] == 20
    assert made.rows(item)["mem"]["addonlimit"] == (10 if limit == "copied" else None)
    assert made.shown(item) == {**GIVEN, "mem": "30"}
    # 4 for the tariff, 20 times 2, 3 for the choice and 5 for the boolean.
    assert seller.journal(item=item)[0]["amount"] == "52"


@pytest.mark.fact("H1-03", "H1-04", "H1-05")
def test_what_a_tariff_gives_counts_without_a_row(made, kept_rows):
    item = made.live()
    assert made.shown(item) == GIVEN
    assert set(made.rows(item)) == (set() if kept_rows == "chosen" else set(GIVEN))


def test_what_was_chosen_otherwise_than_the_tariff_has_it_is_kept(made, kept_rows):
    item = made.live(panel="none", backup="off")
    assert made.shown(item) == {"mem": "10", "panel": "none", "backup": "off"}
    assert {"panel", "backup"} <= set(made.rows(item))


def test_an_edit_goes_up_and_down_over_the_included(seller, made, kept_rows):
    item = made.live()
    for total in (25, 10, 11):
        assert made.edit(item, mem=total).find("error") is None
        assert made.shown(item)["mem"] == str(total)
        row = made.rows(item).get("mem")
        assert (row["intvalue"] if row else 0) == total - 10
    made.change("mem", addonmin=0)
    assert made.edit(item, mem=3).find("error") is None
    assert made.shown(item)["mem"] == "10"
    assert made.edit(item, backup="off", panel="none", mem=12).find("error") is None
    assert made.shown(item) == {"mem": "12", "panel": "none", "backup": "off"}
    assert made.edit(item, backup="on", panel="lite", mem=10).find("error") is None
    assert made.shown(item) == GIVEN
    assert set(made.rows(item)) == (set() if kept_rows == "chosen" else set(GIVEN))


@pytest.mark.fact("H1-01")
@pytest.mark.parametrize(("setting", "total"), [("copied", "15"), ("tariff", "25")])
def test_whose_limit_counts_when_the_tariffs_is_changed_later(seller, switch, made, setting, total):
    switch(seller, "addon_limit", setting)
    item = made.live(mem=15)
    made.change("mem", addonlimit=20)
    assert made.shown(item)["mem"] == total


def test_a_renewal_costs_what_is_above_the_included(seller, made, kept_rows):
    item = made.live(mem=11)
    plain = made.live()
    costs = []
    for service in (item, plain):
        seller.http("service.prolong", elid=service, period=1, sok="ok")
        costs.append(seller.journal(item=service)[-1]["amount"])
    assert costs == ["14", "12"]


@pytest.mark.fact("H1-08")
def test_quantities_are_whole_numbers_in_the_tables(seller, made):
    made.live(mem=30)
    sql = (
        "SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_schema = DATABASE() "
        "AND table_name IN ('item', 'pricelist') AND column_name REGEXP '^(intvalue|addon(limit|min|max|step).*)$'"
    )
    assert {row["type"] for row in seller.rows(sql)} == {"bigint"}


@pytest.mark.fact("H1-06")
@pytest.mark.parametrize(("setting", "refused"), [("ignored", False), ("refused", True)])
def test_what_is_billed_by_statistics_counts_with_its_maximum_and_is_not_ordered(
    seller, switch, made, setting, refused
):
    switch(seller, "fixed_addon", setting)
    made.change("mem", billtype=STATISTICS)
    assert made.shown(made.live())["mem"] == "100"
    answer = made.order(mem=30)
    assert (answer.find("error") is not None) == refused
    item = made.live()
    assert (made.edit(item, mem=30).find("error") is not None) == refused
    assert made.shown(item)["mem"] == "100"


@pytest.mark.fact("H1-09")
@pytest.mark.parametrize("how", [{"billtype": COMPOUND}, {"billtype": BY_HAND}, {"active": "off"}], ids=str)
def test_parts_of_others_work_by_hand_and_what_is_switched_off_do_not_count(made, how):
    made.change("mem", **how)
    item = made.live()
    assert counted(made.seller, item) == {"panel": "lite", "backup": "on"}
    assert made.seller.http("vds.edit", elid=item).find(f"addon_{made.addons['mem']}") is None


@pytest.mark.fact("H1-07")
@pytest.mark.parametrize(("setting", "refused"), [("capped", False), ("refused", True)])
def test_a_trial_has_no_more_than_the_trials_maximum(seller, switch, setting, refused):
    switch(seller, "trial_over", setting)
    made = Made(seller, "mem:int:10:100:2:20")
    assert made.shown(made.live(period=-100, mem=15)) == {"mem": "15"}
    answer = made.order(period=-100, mem=30)
    assert (answer.find("error") is not None) == refused
    if not refused:
        assert made.shown(int(answer.findtext("id"))) == {"mem": "20"}
    assert made.shown(made.live(mem=30)) == {"mem": "30"}


@pytest.mark.parametrize(("setting", "total"), [("total", "30"), ("extra", "40")])
def test_what_moves_to_another_tariff(seller, switch, made, kept_rows, setting, total):
    switch(seller, "tariff_addons", setting)
    larger = Made(seller, ADDONS.replace("mem:int:10", "mem:int:20"))
    item = made.live(mem=30, backup="off")
    seller.http("service.changepricelist", elid=item, pricelist=larger.id, sok="ok")
    seller.until_status(item, 2)
    assert larger.shown(item) == {"mem": total, "panel": "lite", "backup": "off"}


def test_an_order_form_shows_what_the_tariff_gives(made):
    form = made.seller.http("vds.order.param", pricelist=made.id)
    shown = {name: form.findtext(f"addon_{number}") for name, number in made.addons.items()}
    assert shown == {**GIVEN, "panel": made.choices["lite"]}

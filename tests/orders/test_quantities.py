"""How much of an add-on is bought: what the tariff here includes plus what was ordered on top, as a total there.

The two panels include different amounts, so that a total, what is on top and what the seller gives are never the same
number by accident.
"""

import itertools

import pytest

from reseller.mgr5 import addons, items
from sandbox.tests.ladder import counted
from tests.support import world
from tests.support.keeping import remote
from tests.support.world import until

#: 1024 included here, 512 there; what the tariff here gives of the others is not what the seller gives by itself
HERE = "mem:int:1024:16384:0.01,panel:enum:none/0/lite/3:lite,backup:bool:2:on"
THERE = "mem:int:512:16384:0.01,panel:enum:none/0/lite/3,backup:bool:2"
GIVEN = {"mem": "1024", "panel": "lite", "backup": "on"}
NOT_ORDERED = 1

_numbers = itertools.count(1)


class Sold:
    """A tariff of both panels under one name, with everything mapped, and services of it."""

    def __init__(self, shop, here=HERE, there=THERE, itemtype="vds", name="", **more):
        self.shop = shop
        self.itemtype = itemtype
        self.name = name or f"quantity {next(_numbers)}"
        self.addons, self.choices, self.there = {}, {}, {}
        for panel, offer in ((shop.there, there), (shop.here, here)):
            given = {"itemtype": itemtype, "price": 4, "periods": "1,3", **more}
            made = panel.call("sandbox.tariff", name=self.name, addons=offer, **given)
            self.there, self.addons = self.addons, {one.get("intname"): one.text for one in made.findall("addon")}
            self.choices = {one.get("intname"): one.text for one in made.findall("choice")}
        self.number = world.sell(shop.here, shop.there, shop.module, (self.name,))[self.name]
        shop.tariffs[self.name] = self.number

    def fields(self, **values):
        return {f"addon_{self.addons[name]}": self.choices.get(str(value), value) for name, value in values.items()}

    def ordered(self, *, more=None, **values):
        """A client's order that has come to rest."""
        item = self.shop.order(self.itemtype, self.name, **self.fields(**values), **(more or {}))
        self.shop.rest(item)
        return item

    def bought(self, **values):
        item = self.ordered(**values)
        self.shop.until_active(item)
        return item

    def edit(self, item, **values):
        self.shop.here.call(f"{self.itemtype}.edit", elid=item, su="client1", sok="ok", **self.fields(**values))
        self.shop.rest(item)

    def setparam(self, item):
        self.shop.here.call("sandbox.operation", item=item, name="setparam")
        self.shop.rest(item)

    def change(self, panel, name, **columns):
        """Staff change what a tariff says of an add-on."""
        number = (self.addons if panel is self.shop.here else self.there)[name]
        sets = ", ".join(f"{column} = %s" for column in columns)
        panel.write(f"UPDATE pricelist SET {sets} WHERE id = %s", *columns.values(), number)

    def here_and_there(self, item):
        return counted(self.shop.here, item), counted(self.shop.there, remote(self.shop, item))


def edits(shop, item):
    """Changes that the seller's journal has for the remote service."""
    root = shop.there.call("sandbox.journal", item=remote(shop, item))
    return [elem.findtext("detail") for elem in root.iterfind("elem") if elem.findtext("event") == "change"]


def drifts(shop, item):
    """Differences that a full look at the service finds."""
    world.limits(shop.here, deep_seconds=1)
    looked = "SELECT o.deep FROM reseller_observation o JOIN reseller_link l ON l.id = o.link WHERE l.item = %s"
    before = shop.here.value(looked, item)
    until(lambda: (shop.checkevent(), shop.here.value(looked, item) != before)[1], "it is not read in full")
    sql = "SELECT kind FROM reseller_problem WHERE subject = 'service' AND number = %s"
    return {row["kind"] for row in shop.here.rows(sql, item)}


@pytest.fixture(params=["always", "chosen"])
def rows(request, shop, switch):
    """Both ways a panel may keep add-ons that nobody touched, on both sides."""
    for panel in (shop.here, shop.there):
        switch(panel, "addon_row", request.param)


@pytest.fixture(scope="module")
def sold(connected):
    return Sold(connected)


def test_an_order_above_the_included_arrives_as_the_total(shop, sold, rows):
    item = sold.bought(mem=4096, panel="none", backup="off")
    assert sold.here_and_there(item) == ({"mem": "4096", "panel": "none", "backup": "off"},) * 2
    assert drifts(shop, item) == set()


def test_what_the_tariff_here_gives_is_bought_though_nobody_ordered_it(shop, sold, rows):
    item = sold.bought()
    assert sold.here_and_there(item) == (GIVEN, GIVEN)
    assert len(shop.charges(item)) == 1
    assert drifts(shop, item) == set()
    before = edits(shop, item)
    sold.setparam(item)
    shop.until_done(item)
    assert edits(shop, item) == before


def test_a_change_goes_up_and_down_over_the_included(shop, sold, rows):
    item = sold.bought()
    for wanted in ({"mem": 4096, "backup": "off"}, {"panel": "none", "mem": 1024}, {"backup": "on", "panel": "lite"}):
        sold.edit(item, **wanted)
        shop.until_done(item)
        here, there = sold.here_and_there(item)
        assert here == there
        assert {name: here[name] for name in wanted} == {name: str(value) for name, value in wanted.items()}
    assert here == GIVEN
    assert drifts(shop, item) == set()


def test_a_seller_that_includes_more_gives_it_and_is_asked_for_no_less(shop, switch):
    """Nothing is named that would be had anyway, not even to a seller that takes no such field."""
    switch(shop.here, "addon_row", "chosen")
    switch(shop.there, "fixed_addon", "refused")
    sold = Sold(shop, "mem:int:1024:16384:0.01", "mem:int:2048:16384:0.01")
    sold.change(shop.there, "mem", billtype=NOT_ORDERED)
    item = sold.bought()
    assert sold.here_and_there(item) == ({"mem": "1024"}, {"mem": "2048"})
    assert drifts(shop, item) == set()
    sold.change(shop.there, "mem", billtype=2, addonmin=0)
    assert drifts(shop, item) == set()
    sold.setparam(item)
    shop.until_done(item)
    assert sold.here_and_there(item)[1] == {"mem": "2048"}
    # What was ordered on top and given up is another matter: down to what the seller includes.
    sold.edit(item, mem=4096)
    shop.until_done(item)
    assert sold.here_and_there(item)[1] == {"mem": "4096"}
    sold.edit(item, mem=1024)
    shop.until_done(item)
    assert sold.here_and_there(item) == ({"mem": "1024"}, {"mem": "2048"})


@pytest.mark.parametrize("limit", ["copied", "tariff"])
def test_the_included_limit_of_the_day_counts_where_the_service_has_it(shop, switch, limit):
    switch(shop.here, "addon_limit", limit)
    sold = Sold(shop, HERE)
    item = sold.bought(mem=2048)
    sold.change(shop.here, "mem", addonlimit=2048)
    sold.setparam(item)
    shop.until_done(item)
    total = {"copied": "2048", "tariff": "3072"}[limit]
    assert [side["mem"] for side in sold.here_and_there(item)] == [total, total]


def test_a_trial_buys_no_more_than_a_trial_may_have(shop, switch):
    sold = Sold(shop, "nodes:int:1:50:2:3", "nodes:int:1:50:2", "soft", periods="-100,1")
    item = sold.bought(nodes=5, more={"period": -100})
    assert sold.here_and_there(item) == ({"nodes": "3"},) * 2
    assert sold.here_and_there(sold.bought(nodes=5)) == ({"nodes": "5"},) * 2


def test_what_is_billed_by_its_use_is_bought_with_its_maximum_unless_the_seller_bills_so_too(shop, switch):
    switch(shop.there, "fixed_addon", "refused")
    sold = Sold(shop, "traffic:int:10:1000:1", "traffic:int:100:5000:1")
    sold.change(shop.here, "traffic", billtype=3)
    assert sold.here_and_there(sold.bought()) == ({"traffic": "1000"},) * 2
    sold.change(shop.there, "traffic", billtype=3)
    item = sold.bought()
    assert sold.here_and_there(item) == ({"traffic": "1000"}, {"traffic": "5000"})
    assert drifts(shop, item) == set()


def test_a_total_that_the_seller_does_not_sell_is_refused_before_anything_is_sent(shop):
    sold = Sold(shop, there=THERE.replace("16384", "8192"))
    item = sold.ordered(mem=10000)
    said = shop.error(item)
    assert "reseller_quantity" in said
    assert "10000" in said
    assert "from 512 to 8192" in said
    assert shop.charges(item) == []
    assert shop.request(item)["sent"] is None
    sold.change(shop.there, "mem", addonmax=10000)
    shop.start(item)
    shop.until_active(item)
    assert sold.here_and_there(item)[1]["mem"] == "10000"
    before = edits(shop, item)
    sold.edit(item, mem=12000)
    assert "from 512 to 10000" in shop.error(item)
    assert edits(shop, item) == before
    sold.change(shop.there, "mem", addonmax=12000)
    shop.start(item)
    shop.until_done(item)
    assert sold.here_and_there(item)[1]["mem"] == "12000"


def test_less_than_nothing_is_refused_before_anything_is_sent(shop, sold):
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order("vds", sold.name, **sold.fields(mem=4096))
    shop.here.write("UPDATE item SET intvalue = -5000 WHERE parent = %s AND intvalue IS NOT NULL", item)
    shop.here.call("sandbox.queue", action="resume")
    shop.rest(item)
    assert "reseller_quantity_whole" in shop.error(item)
    assert "-3976" in shop.error(item)
    assert shop.charges(item) == []


def test_what_the_tariff_gives_and_the_seller_cannot_sell_is_refused_too(shop, switch):
    switch(shop.here, "addon_row", "chosen")
    sold = Sold(shop, "mem:int:4096:16384:0.01", "mem:int:2048:16384:0.01")
    sold.change(shop.there, "mem", billtype=NOT_ORDERED)
    item = sold.ordered()
    assert "reseller_quantity" in shop.error(item)
    assert "from 2048 to 2048" in shop.error(item)
    assert shop.charges(item) == []


def test_a_quantity_that_another_tariff_does_not_have_takes_the_tariff_back(shop):
    there = "mem:int:512:4096:0.01"
    old = Sold(shop, "mem:int:1024:16384:0.01", "mem:int:512:16384:0.01")
    new = Sold(shop, "mem:int:1024:16384:0.01", there)
    item = old.bought(mem=8192)
    before = edits(shop, item)
    shop.here.call("service.changepricelist", elid=item, pricelist=new.number, su="client1", sok="ok")
    shop.rest(item)
    assert "from 512 to 4096" in shop.error(item)
    assert edits(shop, item) == before
    assert shop.item(item)["pricelist"] == old.number
    assert old.here_and_there(item) == ({"mem": "8192"},) * 2


@pytest.mark.parametrize("addons", ["restored", "left"])
def test_a_tariff_that_is_taken_back_takes_nothing_from_the_service_there(shop, switch, addons):
    """A panel that leaves the add-ons of the other tariff behind does not say what the service has: nothing is sent."""
    switch(shop.here, "rollback_addons", addons)
    old, new = Sold(shop), Sold(shop)
    item = old.bought(mem=4096)
    shop.there.write("UPDATE pricelist SET active = 'off' WHERE name = %s", new.name)
    shop.here.call("service.changepricelist", elid=item, pricelist=new.number, su="client1", sok="ok")
    shop.rest(item)
    assert "reseller_no_target" in shop.error(item)
    shop.start(item)
    shop.until_done(item)
    assert counted(shop.there, remote(shop, item))["mem"] == "4096"
    assert drifts(shop, item) == set()


@pytest.mark.parametrize("moved", ["total", "extra"])
def test_another_tariff_has_there_what_it_has_here(shop, switch, moved):
    switch(shop.here, "tariff_addons", moved)
    old = Sold(shop, "mem:int:1024:16384:0.01", "mem:int:512:16384:0.01")
    new = Sold(shop, "mem:int:2048:16384:0.01", "mem:int:1024:16384:0.01")
    item = old.bought(mem=4096)
    shop.here.call("service.changepricelist", elid=item, pricelist=new.number, su="client1", sok="ok")
    shop.rest(item)
    shop.until_done(item)
    total = {"total": "4096", "extra": "5120"}[moved]
    assert new.here_and_there(item) == ({"mem": total},) * 2
    assert drifts(shop, item) == set()


def test_what_is_given_and_not_mapped_is_refused_by_name_until_it_is_said_to_be_ours_alone(shop, switch):
    switch(shop.here, "addon_row", "chosen")
    sold = Sold(shop)
    number = str(sold.number)
    assert shop.ctl("map", number, "--drop", "addon", "backup").returncode == 0
    item = sold.ordered(mem=2048)
    assert "reseller_unmapped" in shop.error(item)
    assert "backup" in shop.error(item)
    assert shop.charges(item) == []
    assert shop.ctl("map", number, "addon", "backup", "none").returncode == 0
    assert b"not mapped" not in shop.ctl("map", number).stdout
    shop.start(item)
    shop.until_active(item)
    assert sold.here_and_there(item)[1] == {"mem": "2048", "panel": "lite", "backup": "off"}
    # Of a service that was bought already, what nobody ordered is no difference and stops no change.
    assert shop.ctl("map", number, "--drop", "addon", "backup").returncode == 0
    assert drifts(shop, item) == set()
    sold.edit(item, mem=3072)
    shop.until_done(item)
    assert sold.here_and_there(item)[1]["mem"] == "3072"


def test_what_comes_back_is_bought_with_its_totals(shop, sold, rows):
    item = sold.bought(mem=3072)
    number = remote(shop, item)
    shop.act("close", item)
    shop.until_done(item)
    shop.here.call("sandbox.operation", item=item, name="reopen")
    shop.rest(item)
    shop.until_active(item)
    assert remote(shop, item) != number
    assert sold.here_and_there(item) == ({**GIVEN, "mem": "3072"},) * 2


def test_a_kept_licence_is_known_by_its_totals(shop, rows):
    sold = Sold(shop, "nodes:int:2:50:2", "nodes:int:1:50:2", "soft")
    shop.here.call("processing.edit", elid=shop.module, reuse="on", sok="ok")
    shop.here.write("DELETE FROM reseller_free")
    try:
        kept = {}
        for total in (2, 5):
            item = sold.bought(nodes=total)
            kept[total] = remote(shop, item)
            shop.act("close", item)
            shop.until_done(item)
        assert shop.here.value("SELECT COUNT(*) FROM reseller_free WHERE state = 'free'") == 2
        for total in (5, 2):
            item = sold.bought(nodes=total)
            assert (remote(shop, item), shop.charges(item)) == (kept[total], [])
    finally:
        shop.here.call("processing.edit", elid=shop.module, reuse="off", sok="ok")


def test_linking_says_what_is_not_the_same(shop, sold):
    first, second = sold.bought(mem=2048), sold.bought(mem=4096)
    mine, other = remote(shop, first), remote(shop, second)
    field = f"addon_{sold.there['mem']}"
    assert field not in shop.here.call("reseller.link", elid=first, remote=mine).findtext("plan")
    assert shop.ctl("unlink", str(second)).returncode == 0
    shown = shop.here.call("reseller.link", elid=first, remote=other).findtext("plan")
    assert f"{field}=2048" in shown
    assert f"{field}=4096" in shown


def test_add_ons_are_read_as_the_vendors_own_modules_read_them(shop, inside, rows):
    more = "".join(f",{name}:int:1:9:1" for name in ("traffic", "made", "byhand", "gone", "nameless"))
    sold = Sold(shop, HERE + more)
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order("vds", sold.name, **sold.fields(mem=4096, backup="off", byhand=3, nameless=4))
    sold.change(shop.here, "traffic", billtype=3)
    sold.change(shop.here, "made", billtype=4)
    sold.change(shop.here, "byhand", billtype=10)
    sold.change(shop.here, "gone", active="off")
    sold.change(shop.here, "nameless", intname=None, addonlimit=None)

    def read():
        names = {number: name for name, number in sold.choices.items()}
        found = {addon.intname: addon for addon in addons.of_services(inside.db, [item])[item]}
        shown = {name: names.get(addon.value, addon.value) for name, addon in found.items()}
        assert shown == counted(shop.here, item)
        return found

    found = read()
    assert {name: addon.value for name, addon in found.items() if name != "panel"} == {
        "mem": "4096",
        "backup": "off",
        "traffic": "9",
        "nameless": "4",
    }
    ordered = {name for name, addon in found.items() if addon.is_ordered}
    assert ordered == {"mem", "backup", "nameless"}
    assert found["nameless"].key == sold.addons["nameless"]
    assert addons.find(inside.db, items.read(inside.db, item), "nameless", 0).key == found["nameless"].key
    # A part of another add-on counts where the service has it.
    sold.change(shop.here, "mem", compound=int(sold.addons["made"]))
    sold.change(shop.here, "panel", compound=int(sold.addons["made"]))
    shop.here.write("DELETE FROM item WHERE parent = %s AND pricelist = %s", item, sold.addons["panel"])
    assert set(read()) == {"mem", "backup", "traffic", "nameless"}
    shop.here.write("UPDATE item SET period = -100 WHERE id = %s", item)
    sold.change(shop.here, "mem", addonmaxtrial=2000)
    assert read()["mem"].value == "2000"

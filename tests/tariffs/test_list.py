"""`resellerctl tariffs list`: what the account may buy, and what of it is sold here."""

import json

import pytest
from lxml import etree


def listed(shop, *words, code=0):
    done = shop.ctl("tariffs", "list", str(shop.module), *words, "--json")
    assert done.returncode == code, done.stderr.decode()
    [found] = json.loads(done.stdout)
    return found


def row(found, name):
    return next(each for each in found["tariffs"] if each["name"] == name)


def test_the_sellers_tariffs_are_listed_with_prices_resources_and_what_is_sold_here(shop):
    found = row(listed(shop), "VDS-1")
    assert found["itemtype"] == "vds"
    assert found["prices"] == "1: 10, 3: 30, 6: 60, 12: 100 EUR"
    assert found["resources"] == "mem 1024..16384 mib; disk 30..500 mib; ip 1..8; panel panel_none/panel_lite"
    assert found["here"] == [shop.tariffs["VDS-1"]]
    assert (found["is_offered"], found["marks"]) == (True, [])
    assert int(found["remote"]) == shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-1' AND parent IS NULL")


def test_types_that_this_panel_lacks_are_named_and_not_asked(shop):
    found = listed(shop, "--type", "vds", "--type", "sitebuilder")
    assert {each["itemtype"] for each in found["tariffs"]} == {"vds"}
    assert found["foreign"] == ["sitebuilder"]


@pytest.mark.parametrize("api", ["both", "old", "v2"])
def test_a_tariff_that_the_order_form_does_not_offer_is_shown_as_such(shop, switch, api):
    switch(shop.there, "order_api", api)
    shop.here.write("UPDATE reseller_account SET generations = ''")
    number = shop.there.call("sandbox.tariff", name=f"Hidden {api}", itemtype="vds").findtext("id")
    shop.there.write("UPDATE pricelist SET hideinorder = 'on' WHERE id = %s", number)
    found = row(listed(shop, "--type", "vds"), f"Hidden {api}")
    assert (found["is_offered"], found["marks"], found["here"]) == (False, ["hidden"], [])
    shop.here.write("UPDATE reseller_account SET generations = ''")


def test_a_form_that_cannot_be_read_leaves_the_published_list(shop):
    shop.there.call("sandbox.fault", kind="html", forfunc="*vds.order*", times=9)
    found = listed(shop, "--type", "vds", code=1)
    assert row(found, "VDS-1")["is_offered"] is None
    assert "vds" in found["unread"][0]


def test_an_export_that_is_refused_names_the_type_and_hides_no_other(shop):
    shop.there.call("sandbox.fault", kind="html", forfunc="pricelist.export", times=1)
    found = listed(shop, "--type", "vds", "--type", "soft", code=1)
    assert {each["itemtype"] for each in found["tariffs"]} == {"soft"}
    assert "vds" in found["unread"][0]


def test_a_price_that_is_no_number_is_unknown_and_a_free_one_is_free(shop):
    shop.there.write("UPDATE pricelist SET name = 'Free one' WHERE name = 'Free one'")
    number = shop.there.call("sandbox.tariff", name="Free one", itemtype="vds", price=0, periods="1").findtext("id")
    found = row(listed(shop, "--type", "vds"), "Free one")
    assert (found["remote"], found["prices"]) == (number, "1: 0 EUR")


def test_a_module_of_another_kind_is_refused_with_those_that_are_possible(shop):
    done = shop.ctl("tariffs", "list", "999999")
    assert done.returncode == 1
    assert str(shop.module) in done.stderr.decode()


def test_people_get_a_table_with_a_count(shop):
    done = shop.ctl("tariffs", "list", str(shop.module), "--type", "vds")
    said = done.stdout.decode()
    assert "VDS-2" in said
    assert "not offered to this account" in said


# What the panel's own import is told.


def stock(shop, *words, code=0):
    done = shop.here.run("processing/pmreseller", "--command", "import_pricelist", "--module", str(shop.module), *words)
    assert done.returncode == code, done.stdout.decode()
    return etree.fromstring(done.stdout)


def test_the_panels_own_import_is_told_what_the_account_may_order(shop):
    assert b'"import_pricelist"' in shop.here.run("processing/pmreseller", "--command", "features").stdout
    hidden = shop.there.call("sandbox.tariff", itemtype="vds", name="Not offered", price=1, periods="1").findtext("id")
    shop.there.write("UPDATE pricelist SET hideinorder = 'on', active = 'off' WHERE id = %s", hidden)
    found = {elem.findtext("id"): elem for elem in stock(shop, "--subcommand", "available").iterfind("elem")}
    there = shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-1' AND parent IS NULL")
    one = found[str(there)]
    assert (one.findtext("name"), one.findtext("name_ru"), one.findtext("itemtype")) == ("VDS-1", "VDS-1", "vds")
    assert hidden not in found


def test_the_panels_own_import_gets_one_tariff_as_the_seller_publishes_it_and_nothing_for_what_is_not_known(shop):
    there = shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-1' AND parent IS NULL")
    [node] = stock(shop, "--subcommand", "pricelist", "--id", str(there)).iterfind("pricelist")
    assert node.findtext("name") == "VDS-1"
    assert len(node.findall("addon")) > 2
    assert len(stock(shop, "--subcommand", "no-such")) == 0
    assert stock(shop, "--subcommand", "pricelist", "--id", "999999", code=1).find("error") is not None

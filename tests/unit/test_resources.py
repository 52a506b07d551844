"""How much of each add-on is asked of the seller, by what the tariffs of both sides say (lifecycle/quantities.py)."""

from decimal import Decimal

import pytest

from reseller.ledger.tariffmap import ADDON, ENUM, TariffMap
from reseller.lifecycle import quantities
from reseller.model import BOOLEAN, ENUMERATION, INTEGER, Addon, Item
from reseller.seller.service import Service
from reseller.seller.tariffs import Bounds, Tariff
from reseller.wire import numbers
from reseller.wire.errors import ResellerError

MAPPED = TariffMap({(ADDON, "mem"): "7", (ADDON, "backup"): "8", (ADDON, "panel"): "9", (ENUM, "31"): "41"})
#: the seller includes 5 and sells up to 50
SOLD = Bounds(Decimal(5), Decimal(2), Decimal(50), is_ordered=True, is_metered=False)
FIXED = SOLD._replace(is_ordered=False)
METERED = FIXED._replace(is_metered=True)


def number(total, *, ordered=False, included="1"):
    return Addon(1, "mem", "mem", "Memory", INTEGER, total, included, ordered)


def switch(value, *, ordered=False):
    return Addon(2, "backup", "backup", "Backup", BOOLEAN, value, "0", ordered)


def choice(value, *, ordered=False):
    return Addon(3, "panel", "panel", "Panel", ENUMERATION, value, "0", ordered)


def item(*addons):
    return Item(1, "one", "vds", 2, 10, "Tariff", 1, None, 1, "pmreseller", addons=addons)


def tariff(bounds=SOLD):
    found = {"7": bounds, "8": bounds, "9": bounds} if bounds else {}
    addons = {"mem": "7", "backup": "8", "panel": "9"}
    return Tariff("10", "Theirs", "vds", {}, ("1",), addons, found, (("lite", "41"),))


def named(*addons, bounds=SOLD, mapping=MAPPED):
    return quantities.named(item(*addons), mapping, tariff(bounds) if bounds else None)


def differing(addon, shown, bounds=SOLD, mapping=MAPPED):
    form = Service(exists=True, fields=shown)
    return quantities.differing(item(addon), mapping, form, lambda: tariff(bounds) if bounds else None)


def refused(type_, act):
    with pytest.raises(ResellerError) as caught:
        act()
    assert caught.value.type == type_
    return caught.value


@pytest.mark.parametrize(
    ("addon", "bounds", "expected"),
    [
        (number("20", ordered=True), SOLD, "20"),
        (number("3", ordered=True), SOLD, "3"),
        (number("20", ordered=True), FIXED, "20"),
        (number("20", ordered=True), None, "20"),
        (number("20"), SOLD, "20"),
        (number("5"), SOLD, None),
        (number("3"), SOLD, None),
        (number("0"), SOLD, None),
        (number("5"), FIXED, None),
        (number("900"), METERED, None),
        (number("20"), None, "20"),
        (number("0"), None, None),
        (number(""), SOLD, None),
    ],
)
def test_a_number_is_named_unless_the_seller_gives_as_much_by_itself(addon, bounds, expected):
    assert named(addon, bounds=bounds) == ({} if expected is None else {"7": expected})


@pytest.mark.parametrize(
    ("addon", "bounds", "expected"),
    [
        (switch("on"), SOLD, {"8": "on"}),
        (switch("off"), SOLD, {"8": "off"}),
        (switch("off", ordered=True), FIXED, {"8": "off"}),
        (switch("on"), FIXED, {}),
        (switch("off"), None, {}),
        (choice("31"), SOLD, {"9": "41"}),
        (choice("31"), FIXED, {}),
        (choice(""), SOLD, {}),
    ],
)
def test_switches_and_choices_are_named_where_the_seller_takes_them(addon, bounds, expected):
    assert named(addon, bounds=bounds) == expected


@pytest.mark.parametrize(
    ("addon", "bounds", "least", "most"),
    [
        (number("51", ordered=True), SOLD, "2", "50"),
        (number("1", ordered=True), SOLD, "2", "50"),
        (number("60"), SOLD, "2", "50"),
        (number("6"), FIXED, "5", "5"),
        (number("1", ordered=True), SOLD._replace(most=None), "2", "-"),
    ],
)
def test_what_the_seller_does_not_sell_is_refused_by_name(addon, bounds, least, most):
    error = refused("reseller_quantity", lambda: named(addon, bounds=bounds))
    told = {name: error.params[name] for name in ("part", "least", "most", "included", "pricelist")}
    assert told == {"part": "mem", "least": least, "most": most, "included": "1", "pricelist": "10"}
    assert error.value == addon.value


@pytest.mark.parametrize("total", ["1.5", "-3", "1" * 30])
def test_a_quantity_that_cannot_be_is_refused_whoever_asks(total):
    addon = number(total, ordered=True)
    refused("reseller_quantity_whole", lambda: named(addon))
    refused("reseller_quantity_whole", lambda: named(addon, bounds=None))
    refused("reseller_quantity_whole", lambda: differing(addon, {"addon_7": "5"}))


def test_an_order_wants_a_counterpart_for_all_that_is_something():
    nothing = TariffMap({})
    for addon in (number("1"), number("3", ordered=True), switch("on"), choice("31")):
        assert refused("reseller_unmapped", lambda each=addon: named(each, mapping=nothing)).value == addon.key
    assert named(number("0"), number(""), switch("off", ordered=True), choice(""), mapping=nothing) == {}
    assert refused("reseller_unmapped", lambda: named(choice("32"))).value == "32"
    ours = TariffMap({(ADDON, "mem"): "none"})
    assert named(number("1"), mapping=ours) == named(number("9", ordered=True), mapping=ours) == {}


def test_what_is_mapped_to_another_tariff_of_the_seller_counts_as_not_mapped():
    other = TariffMap({**MAPPED.rows, (ADDON, "mem"): "70", (ENUM, "31"): "410"})
    assert refused("reseller_unmapped", lambda: named(number("3", ordered=True), mapping=other)).value == "mem"
    assert refused("reseller_unmapped", lambda: named(choice("31"), mapping=other)).value == "31"
    # An answer that names no add-on at all, or no choice, says nothing of them.
    silent = tariff()._replace(bounds={}, enumitems=())
    sent = quantities.named(item(number("3", ordered=True), choice("31")), other, silent)
    assert sent == {"70": "3", "9": "410"}


def test_of_two_that_lead_to_one_what_was_ordered_counts():
    extra = number("20", ordered=True)._replace(pricelist=4, key="more")
    mapping = TariffMap({**MAPPED.rows, (ADDON, "more"): "7"})
    assert named(extra, number("9"), mapping=mapping) == named(number("9"), extra, mapping=mapping) == {"7": "20"}


@pytest.mark.parametrize(
    ("addon", "shown", "bounds", "expected"),
    [
        (number("20", ordered=True), "5", SOLD, "20"),
        (number("20", ordered=True), "20.0000", SOLD, None),
        (number("20", ordered=True), None, SOLD, "20"),
        (number("20"), "5", SOLD, "20"),
        (number("20"), None, SOLD, None),
        # No less than the seller gives by itself, and no more than it sells.
        (number("1"), "5", SOLD, None),
        (number("1"), "20", SOLD, "5"),
        (number("60"), "50", SOLD, None),
        (number("1"), "20", FIXED, None),
        (number("1"), "20", None, None),
        (switch("off"), "on", SOLD, "off"),
        (switch("off"), "on", None, "off"),
        (switch("off"), "on", FIXED, None),
        (switch("off"), "", FIXED, None),
        (switch("off", ordered=True), None, SOLD, None),
        (switch("off", ordered=True), "on", SOLD, "off"),
        (choice("31"), "42", SOLD, "41"),
        (choice("31"), "41", SOLD, None),
    ],
)
def test_what_is_a_difference(addon, shown, bounds, expected):
    field = {INTEGER: "addon_7", BOOLEAN: "addon_8", ENUMERATION: "addon_9"}[addon.addontype]
    found = differing(addon, {} if shown is None else {field: shown}, bounds)
    assert found == ({} if expected is None else {field: expected})


def test_what_nobody_ordered_and_nothing_stands_for_is_no_difference():
    nothing = TariffMap({})
    assert differing(number("1"), {"addon_7": "5"}, mapping=nothing) == {}
    refused("reseller_unmapped", lambda: differing(number("3", ordered=True), {"addon_7": "5"}, mapping=nothing))
    assert differing(choice("32"), {"addon_9": "41"}) == {}
    refused("reseller_unmapped", lambda: differing(choice("32", ordered=True), {"addon_9": "41"}))


def test_only_what_was_ordered_has_to_be_sold_for_a_change():
    whole = item(number("60"), switch("on"))
    quantities.require_sold(whole, MAPPED, tariff())
    ordered = item(number("60", ordered=True))
    quantities.require_sold(ordered, MAPPED, None)
    quantities.require_sold(ordered, MAPPED, tariff(), {"addon_8": "on"})
    refused("reseller_quantity", lambda: quantities.require_sold(ordered, MAPPED, tariff()))
    refused("reseller_quantity", lambda: quantities.require_sold(ordered, MAPPED, tariff(), {"addon_7": "60"}))


def test_what_a_service_would_have_in_another_tariff():
    assert quantities.expected(item(number("20", ordered=True)), MAPPED, tariff())["7"] == "20"
    assert quantities.expected(item(number("1")), MAPPED, tariff())["7"] == "5"
    assert quantities.expected(item(number("30720")), MAPPED, tariff(FIXED))["7"] == "5"
    assert quantities.expected(item(), MAPPED, tariff(SOLD._replace(included=Decimal("5.0000"))))["7"] == "5"


@pytest.mark.parametrize(("told", "plain"), [("60.0000", "60"), (60, "60"), (Decimal("1E+3"), "1000"), ("1.50", "1.5")])
def test_a_number_is_written_without_needless_decimals(told, plain):
    assert numbers.plain(told) == plain

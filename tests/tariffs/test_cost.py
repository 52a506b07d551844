"""What a configuration costs is what the seller's own order form says."""

import random
from decimal import Decimal
from itertools import count

import pytest

from reseller.limits import Limits
from reseller.log import Log
from reseller.model import Settings
from reseller.seller import price_list
from reseller.seller.transport import Transport
from tests.support.tariffs import Own

_names = count(1)
CONFIGURATIONS = 50
ADDONS = (
    "mem:int:1024:8192:0.0025",
    "disk:int:10:50:0.1",
    "backup:bool:1.99",
    "extra:bool:0.01:on",
    "panel:enum:none/0/lite/2.5/pro/7.25",
)


@pytest.fixture
def transport(shop, tmp_path):
    password = shop.there.accounts[shop.buyer]["password"]
    settings = Settings(
        module=1, name="", url=shop.there.url, username=shop.buyer, password=password, cafile=shop.there.ca
    )
    return Transport(settings, Limits(), Log(tmp_path))


def form_total(shop, tariff, period, values):
    """The total of the seller's form, and its currency."""
    fields = {f"addon_{number}": value for number, value in values.items()}
    place = shop.there.value("SELECT MIN(id) FROM datacenter")
    form = shop.there.ask(
        "v2.vds.order.param", shop.buyer, pricelist=tariff, order_period=period, datacenter=place, **fields
    )
    price = form.find("total_summary/cost/price")
    return Decimal(price.findtext("cost")), price.findtext("currency")


def value(one, chance):
    """A value of a resource: included, one more, the most, or anything between."""
    if one.choices:
        return chance.choice(one.choices).id
    if one.most is None:
        return chance.choice(["on", "off"])
    included, most = int(one.included), int(one.most)
    return str(chance.choice([included, included + 1, most, chance.randint(included, most)]))


def test_fifty_random_configurations_cost_what_the_sellers_form_says(shop, transport):
    chance, compared = random.Random(1717), 0
    while compared < CONFIGURATIONS:
        addons = ",".join(chance.sample(ADDONS, chance.randint(1, len(ADDONS))))
        price = Decimal(chance.randint(1, 9999)) / 100
        made = shop.there.call(
            "sandbox.tariff", itemtype="vds", name=f"Cost {next(_names)}", price=price, periods="1,3,12", addons=addons
        )
        offer = price_list.one(transport, made.findtext("id"), 60)
        for _ in range(10):
            period = chance.choice(["1", "3", "12"])
            values = {one.id: value(one, chance) for one in offer.resources}
            said, currency = form_total(shop, offer.id, period, values)
            ours = offer.total(currency, period, values)
            assert abs(ours - said) <= Decimal("0.005"), (addons, period, values)
            compared += 1


def test_what_has_no_cost_is_unknown_and_never_nothing(shop, transport):
    made = shop.there.call("sandbox.tariff", itemtype="vds", name="Unknown", price=5, periods="1,3", addons=ADDONS[0])
    offer = price_list.one(transport, made.findtext("id"), 60)
    [one] = offer.resources
    assert offer.total("EUR", "6", {}) is None
    assert offer.total("USD", "1", {}) is None
    unknown = offer._replace(resources=(one._replace(prices={"EUR": {"1": None}}),))
    assert unknown.total("EUR", "1", {one.id: "1025"}) is None
    assert unknown.total("EUR", "1", {one.id: "1024"}) == 5


def test_what_is_given_here_beyond_what_the_seller_includes_counts_when_a_price_is_held_against_its_cost(shop):
    """Of a price that covers the tariff there, but not the units that every client gets on top."""
    tariff = Own(shop, "Gives more", "mem:int:1034:8192:0.1", "mem:int:1024:8192:0.1")
    try:
        tariff.map("--yes")
        told = shop.ctl("tariffs", "diff", str(shop.module)).stdout.decode()
        line = next(line for line in told.splitlines() if "Gives more" in line and "period 1 " in line)
        assert "below cost" in line
        assert "6 EUR" in line
    finally:
        shop.here.write("DELETE FROM processingmodule2pricelist WHERE pricelist = %s", tariff.here)

"""The seller's published tariffs: typed values, what a price may be, and the memory that a large export takes."""

import subprocess
import sys
from decimal import Decimal

import pytest

from reseller.limits import Limits
from reseller.log import Log
from reseller.model import Settings
from reseller.seller import price_list
from reseller.seller.transport import Transport
from tests.unit.peers import GUARD, Server, by_length

TARIFFS = 5_000
MOST_KIB = 120 * 1024
#: a tariff of some 6 KB: twelve numbers and a list of seven choices
TARIFF = """<pricelist><id>{id}</id><name>Tariff {id}</name><name_ru>Тариф {id}</name_ru><active>on</active>
<itemtype>3</itemtype><itemtype_info><intname>vds</intname></itemtype_info>
<datacenter><id>4</id><name>M</name></datacenter>
<price currency="EUR"><period cost="10.5000" type="month" length="1">monthly</period></price>{addons}{enumeration}
</pricelist>"""
ADDON = """<addon><id>{id}</id><name>Resource {id}</name><intname>res{place}</intname><addontype>2</addontype>
<billtype>2</billtype><addonlimit>1</addonlimit><addonmin>1</addonmin><addonmax>999999</addonmax><measure>6</measure>
<measure><id>6</id><name>Mb</name></measure>
<price currency="EUR"><period cost="0.0025" type="month" length="1">m</period></price></addon>"""
CHOICE = """<enumerationitem><id>{id}</id><intname>choice{id}</intname><name>Choice {id}</name><price currency="EUR">
<period cost="1.0000" type="month" length="1">m</period></price></enumerationitem>"""
LISTING = """
import sys
from pathlib import Path
from reseller.limits import Limits
from reseller.log import Log
from reseller.model import Settings
from reseller.seller import price_list
from reseller.seller.transport import Transport
from reseller.tariffs import catalogue

settings = Settings(module=1, name="", url=sys.argv[1], username="u", password="p", verify=False, plain=True)
transport = Transport(settings, Limits(), Log(Path(sys.argv[2])))
rows = price_list.each(transport, "vds", lambda offer: catalogue.row(offer, "vds", []), 60)
print(len(rows), rows[-1].prices, len(rows[-1].resources.split(";")))
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
"""


def tariff(number):
    addons = "".join(ADDON.format(id=number * 100 + place, place=place) for place in range(12))
    choices = "".join(CHOICE.format(id=number * 100 + place) for place in range(7))
    block = (
        f"<addon><id>{number * 100 + 50}</id><intname>panel</intname><addontype>3</addontype><billtype>2</billtype>"
        f"<enumeration>7</enumeration><enumeration><id>7</id>{choices}</enumeration></addon>"
    )
    return TARIFF.format(id=number, addons=addons, enumeration=block)


@pytest.fixture
def server():
    with Server() as found:
        yield found


def test_an_export_of_five_thousand_tariffs_is_listed_in_bounded_memory(server, tmp_path):
    body = f"<doc>{''.join(tariff(number) for number in range(1, TARIFFS + 1))}</doc>".encode()
    assert 28 * 1024 * 1024 < len(body) < 32 * 1024 * 1024
    server.answers = [by_length(body)]
    argv = [sys.executable, "-c", LISTING, f"http://127.0.0.1:{server.port}/billmgr", str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=GUARD, check=True)
    told, peak = done.stdout.splitlines()
    assert told == f"{TARIFFS} 1: 10.5 EUR 13"
    assert int(peak) < MOST_KIB


def read(server, tmp_path, *children, head=""):
    """The only tariff of an export with these children."""
    body = f"<doc>{head}<pricelist><id>7</id>{''.join(children)}</pricelist></doc>"
    server.answers = [by_length(body.encode())]
    settings = Settings(
        module=1, name="", url=f"http://127.0.0.1:{server.port}/billmgr", username="u", password="p", plain=True
    )
    return price_list.one(Transport(settings, Limits(), Log(tmp_path)), "7", GUARD)


PERIOD = '<price currency="EUR"><period cost="{cost}" type="month" length="1">m</period></price>'


@pytest.mark.parametrize("cost", ["", "free", "1,5", "1.226,00", "-1", "1e3", "NaN", " 1", "1 ", "٣", "1" * 13, "+1"])
def test_a_cost_that_is_no_machine_number_is_unknown_and_never_guessed(server, tmp_path, cost):
    offer = read(server, tmp_path, PERIOD.format(cost=cost))
    assert offer.prices == {"EUR": {"1": None}}


@pytest.mark.parametrize(("cost", "amount"), [("0", "0"), ("0.0000", "0"), ("490.0000", "490"), ("0.0025", "0.0025")])
def test_free_is_not_unknown_and_unit_prices_keep_their_digits(server, tmp_path, cost, amount):
    assert read(server, tmp_path, PERIOD.format(cost=cost)).prices == {"EUR": {"1": Decimal(amount)}}


def test_a_period_of_another_kind_is_no_period_of_months(server, tmp_path):
    odd = '<price currency="EUR"><period cost="1" type="hour" length="1"/><period cost="2" length="x"/></price>'
    assert read(server, tmp_path, odd).prices == {"EUR": {}}


def test_each_currency_keeps_its_own_costs(server, tmp_path):
    two = PERIOD.format(cost=1) + PERIOD.format(cost=2).replace("EUR", "USD")
    assert read(server, tmp_path, two).prices == {"EUR": {"1": Decimal(1)}, "USD": {"1": Decimal(2)}}


def test_what_is_sold_without_a_price_costs_nothing_and_what_has_an_unknown_one_is_not_taken_for_free(server, tmp_path):
    addon = "<addon><id>{}</id><addontype>2</addontype><billtype>2</billtype>{}</addon>"
    year = PERIOD.format(cost=5).replace('length="1"', 'length="12"')
    told = [
        PERIOD.format(cost=10),
        addon.format(1, ""),
        addon.format(2, PERIOD.format(cost="free")),
        addon.format(3, year),
    ]
    found = read(server, tmp_path, *told).unit_prices()
    assert found == {
        ("EUR", "1", ""): 10,
        ("EUR", "1", "1"): 0,
        ("EUR", "1", "3"): 0,
        ("EUR", "12", "3"): 5,
        ("EUR", price_list.ONCE, ""): 0,
    }


def test_a_resource_has_its_limits_measure_and_choices(server, tmp_path):
    [*numbers, panel] = read(
        server, tmp_path, tariff(9).partition("</itemtype_info>")[2].replace("</pricelist>", "")
    ).resources
    assert len(numbers) == 12
    memory = numbers[0]
    assert (memory.included, memory.least, memory.most, memory.measure) == (1, 1, None, "Mb")
    assert memory.prices == {"EUR": {"1": Decimal("0.0025")}}
    assert (panel.enumeration, len(panel.choices)) == ("7", 7)
    assert (panel.choices[0].intname, panel.choices[0].prices) == ("choice900", {"EUR": {"1": Decimal(1)}})


def test_another_tariff_than_the_one_asked_for_is_none(server, tmp_path):
    server.answers = [by_length(b"<doc><pricelist><id>8</id></pricelist><pricelist><id>x</id></pricelist></doc>")]
    settings = Settings(
        module=1, name="", url=f"http://127.0.0.1:{server.port}/", username="u", password="p", plain=True
    )
    assert price_list.one(Transport(settings, Limits(), Log(tmp_path)), "7", GUARD) is None


def test_an_export_that_is_read_twice_for_an_odd_character_has_each_tariff_once(server, tmp_path):
    rows = "".join(f"<pricelist><id>{number}</id></pricelist>" for number in range(1, 2000))
    server.answers = [by_length(f"<doc>{rows}<pricelist><id>2000</id><name>\x01</name></pricelist></doc>".encode())]
    settings = Settings(
        module=1, name="", url=f"http://127.0.0.1:{server.port}/", username="u", password="p", plain=True
    )
    found = price_list.each(Transport(settings, Limits(), Log(tmp_path)), "vds", lambda offer: offer.id, GUARD)
    assert found == [str(number) for number in range(1, 2001)]

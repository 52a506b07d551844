"""Thousands of mapped tariffs: what comparing them costs in requests and statements, and when it stops by the clock."""

import time

import pytest

from reseller.mgr5 import tariffs
from reseller.tariffs import changes
from tests.support import world

TARIFFS = 2_000
MOST_REQUESTS = 30
#: of one comparison, however many tariffs there are
MOST_STATEMENTS = 60
FIRST = 5_000_000


def many(panel, table, columns, rows):
    """Write many rows in one transaction."""
    marks = ", ".join(["%s"] * len(columns.split(", ")))
    connection = panel.connect()
    try:
        connection.begin()
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
        connection.commit()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def sold(shared):
    """2,000 tariffs of storage on both sides, each mapped to its own; they are gone afterwards."""
    numbers = range(FIRST, FIRST + TARIFFS)
    try:
        for panel in (shared.here, shared.there):
            kind = panel.value("SELECT id FROM itemtype WHERE intname = 'storage' AND parent IS NULL")
            euro = panel.value("SELECT id FROM currency WHERE iso = 'EUR'")
            price = panel.value("SELECT MAX(id) FROM price") + 1
            panel.write("INSERT INTO price (id, monthly) VALUES (%s, 5)", price)
            many(
                panel,
                "pricelist",
                "id, itemtype, name, project, active",
                [(number, kind, f"Many {number}", 1, "on") for number in numbers],
            )
            many(panel, "pricelistprice", "pricelist, currency, price", [(number, euro, price) for number in numbers])
        here, field = shared.here, "reseller_pricelist"
        many(
            here,
            "processingmodule2pricelist",
            "processingmodule, pricelist",
            [(shared.module, each) for each in numbers],
        )
        many(here, "pricelistparam", "pricelist, intname, value", [(each, field, str(each)) for each in numbers])
        many(here, "reseller_map", "pricelist, kind, local, remote", [(each, "period", "1", "1") for each in numbers])
        yield
    finally:
        for panel in (shared.here, shared.there):
            for table in ("pricelistprice", "processingmodule2pricelist", "pricelistparam"):
                panel.write(f"DELETE FROM {table} WHERE pricelist >= %s", FIRST)
            panel.write("DELETE FROM pricelist WHERE id >= %s", FIRST)
        shared.here.write("DELETE FROM reseller_map WHERE pricelist >= %s", FIRST)


def asked(shop):
    return (shop.there.base / "var/billmgr.log").read_text().count("func=")


def statements(inside):
    return int(inside.db.row("SHOW SESSION STATUS LIKE 'Questions'")[1])


@pytest.fixture
def patient(shop):
    """A seller may take its time: no figure of this test is a time."""
    world.limits(shop.here, list_seconds=250, read_seconds=250, lease_seconds=600)


def test_a_diff_over_two_thousand_mapped_tariffs_costs_few_requests_and_statements_and_finds_one(
    shop, sold, patient, inside
):
    risen = FIRST + 1234
    price = shop.there.value("SELECT MAX(id) FROM price") + 1
    shop.there.write("INSERT INTO price (id, monthly) VALUES (%s, 6)", price)
    shop.there.write("UPDATE pricelistprice SET price = %s WHERE pricelist = %s", price, risen)
    for itemtype in tariffs.sold_types(inside.db, shop.module):
        # Which order functions the seller has is asked once, ever.
        inside.context.generation(inside.context.seller(shop.module), itemtype)
    requests, questions = asked(shop), statements(inside)
    report = changes.look(inside.context, shop.module)
    assert 0 < asked(shop) - requests <= MOST_REQUESTS
    assert 0 < statements(inside) - questions <= MOST_STATEMENTS
    assert report.unread == []
    found = [(change.pricelist, change.is_below_cost) for change in report.changes if change.pricelist >= FIRST]
    assert found == [(risen, True)]


def test_no_request_is_begun_without_time_for_it(shop, inside):
    requests, too_little = asked(shop), changes.LEAST_SECONDS - 1
    report = changes.look(inside.context, shop.module, time.monotonic() + too_little)
    assert asked(shop) == requests
    assert {unread.type for unread in report.unread} == {"reseller_tariffs_not_asked"}
    assert report.doubts == {}


def test_an_answer_may_take_what_is_left_of_the_time_and_no_more(inside):
    limits = inside.context.limits
    assert changes.seconds_left(inside.context, None) == limits.list_seconds
    assert changes.seconds_left(inside.context, time.monotonic() + 7.5) == 7
    assert changes.seconds_left(inside.context, time.monotonic() + 10 * limits.list_seconds) == limits.list_seconds

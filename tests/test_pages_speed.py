"""A page of ten thousand services costs little more than what the database has to do for it."""

import statistics
import subprocess
import time

import pytest

from reseller.db import Database
from reseller.ledger import overview
from reseller.ledger.overview import REQUESTS, SERVICES, Wanted
from tests.planting import planted

SERVICES_COUNT = 10_000
ROUNDS = 5
MOST = 4
#: what a page asks the database for, by the parameters of the page
PAGES = {
    "reseller.services": ({"p_cnt": 1000}, lambda db: overview.read(db, SERVICES, Wanted({}, "id", False, 1, 1000))),
    "reseller.services by client": (
        {"p_cnt": 1000, "p_num": 7, "p_sort": "account", "filter": "on", "name": "planted", "drifted": "off"},
        lambda db: overview.read(db, SERVICES, Wanted({"name": "planted", "drifted": 0}, "account", False, 7, 1000)),
    ),
    "reseller.requests": ({"p_cnt": 1000}, lambda db: overview.read(db, REQUESTS, Wanted({}, "id", True, 1, 1000))),
    "reseller.report": (
        {},
        lambda db: (overview.states(db), overview.outcomes(db, 30), overview.balances(db), overview.expiries(db, 12)),
    ),
}


@pytest.fixture(scope="module")
def many(connected):
    """So many services, each observed, with a year of monthly renewals, some with a difference."""
    with planted(connected, SERVICES_COUNT) as pairs:
        ends = (pairs[0].item, pairs[-1].item)
        connected.here.write(
            "UPDATE reseller_observation SET status = 2, expiredate = DATE_ADD(CURDATE(), INTERVAL link %% 90 DAY), "
            "seen = UTC_TIMESTAMP(3) WHERE item BETWEEN %s AND %s",
            *ends,
        )
        connected.here.write(
            "INSERT INTO reseller_drift (link, kind, here, there, since) SELECT k.id, 'tariff', '1', '2', NOW() "
            "FROM reseller_link k WHERE k.item BETWEEN %s AND %s AND k.id %% 10 = 0",
            *ends,
        )
        connected.here.write(
            "INSERT INTO reseller_request (item, kind, live, rkey, state, module, account, itemtype, created, updated) "
            "SELECT k.item, 'prolong', NULL, CONCAT('speed ', k.id, ' ', s.seq), 'done', k.module, 1, 'vds', "
            "UTC_TIMESTAMP(3) - INTERVAL 30 * s.seq + k.id %% 30 DAY, UTC_TIMESTAMP(3) FROM reseller_link k "
            "JOIN seq_0_to_12 s WHERE k.item BETWEEN %s AND %s",
            *ends,
        )
        connected.here.write("ANALYZE TABLE item, reseller_link, reseller_observation, reseller_request")
        yield connected
    connected.here.write("DELETE FROM reseller_request WHERE rkey LIKE 'speed %%'")


def handler(shop, func, params):
    environment = {f"PARAM_{name}": str(value) for name, value in {"func": func.split()[0], **params}.items()}
    environment |= {"AUTH_LEVEL": "29", "AUTH_USER": "admin"}
    started = time.perf_counter()
    done = subprocess.run(
        ["addon/reseller"], cwd=shop.here.base, input=b"<doc/>", capture_output=True, env=environment, check=True
    )
    assert b"<error " not in done.stdout
    return time.perf_counter() - started


def asked(shop, read):
    """The same SQL by a connection of its own, rows fetched and nothing done with them."""
    started = time.perf_counter()
    connection = shop.here.connect()
    read(Database(connection))
    connection.close()
    return time.perf_counter() - started


@pytest.mark.calm
def test_each_page_answers_in_at_most_four_times_the_time_of_its_sql(many):
    """The start of its process included."""
    found = {}
    for name, (params, read) in PAGES.items():
        ours, theirs = [], []
        for _ in range(ROUNDS):
            theirs.append(asked(many, read))
            ours.append(handler(many, name, params))
        found[name] = (round(statistics.median(ours), 3), round(statistics.median(theirs), 3))
    print(found)
    assert {name: pair for name, pair in found.items() if pair[0] > MOST * pair[1]} == {}

"""Pages of the add-on over ten thousand services, against the SQL that they need.

The other side asks the same SQL by a connection of its own and fetches the rows: what is left for ours is the start of
its process and the document.
"""

from __future__ import annotations

import contextlib
import functools
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping

from reseller.db import Database
from reseller.ledger import overview
from reseller.ledger.overview import REQUESTS, SERVICES, Wanted
from tests.bench import turns
from tests.bench.table import Row
from tests.support import planting
from tests.support.world import Shop

COUNT = 10_000
ROUNDS = 9
LIMIT = 4
#: number of the first remote service; any will do
FIRST_REMOTE = 1_000
FIRST = {"p_cnt": "1000"}
SEVENTH = {**FIRST, "p_num": "7", "p_sort": "account", "filter": "on", "name": planting.PREFIX, "drifted": "off"}
CHOSEN: dict[str, int | str] = {"name": planting.PREFIX, "drifted": 0}
#: what the row is called, function, parameters, and what the page asks the database for
PAGES: tuple[tuple[str, str, Mapping[str, str], Callable[[Database], object]], ...] = (
    (
        "reseller.services",
        "reseller.services",
        FIRST,
        lambda db: overview.read(db, SERVICES, Wanted({}, "id", False, 1, 1000)),
    ),
    (
        "reseller.services, page 7 by client",
        "reseller.services",
        SEVENTH,
        lambda db: overview.read(db, SERVICES, Wanted(CHOSEN, "account", False, 7, 1000)),
    ),
    (
        "reseller.requests",
        "reseller.requests",
        FIRST,
        lambda db: overview.read(db, REQUESTS, Wanted({}, "id", True, 1, 1000)),
    ),
    (
        "reseller.report",
        "reseller.report",
        {},
        lambda db: (
            overview.services_by_state(db),
            overview.outcomes(db, 30),
            overview.balances(db),
            overview.expiries(db, 12),
        ),
    ),
)


def rows(shop: Shop, *, quick: bool = False) -> Iterator[Row]:
    """A row a page; with fewer services they would compare the start of a process with nothing."""
    with _many(shop):
        for what, func, params, read in PAGES:
            ours, theirs = functools.partial(_page, shop, func, params), functools.partial(_sql, shop, read)
            yield Row(f"{what}, {COUNT:,} services | its SQL", turns.ratio(ours, theirs, ROUNDS), LIMIT)


@contextlib.contextmanager
def _many(shop: Shop) -> Iterator[None]:
    """So many services, each observed, with a year of monthly renewals, some with a difference; gone at the end."""
    with planting.linked(shop, COUNT, FIRST_REMOTE) as pairs:
        ends = (pairs[0].item, pairs[-1].item)
        shop.here.write(
            "UPDATE reseller_observation SET status = 2, expiredate = DATE_ADD(CURDATE(), INTERVAL link %% 90 DAY), "
            "seen = UTC_TIMESTAMP(3) WHERE item BETWEEN %s AND %s",
            *ends,
        )
        shop.here.write(
            "INSERT INTO reseller_problem (subject, number, kind, module, error, here, there, since, updated) "
            "SELECT 'service', k.item, 'tariff', k.module, 'reseller_drift_tariff', '1', '2', UTC_TIMESTAMP(3), "
            "UTC_TIMESTAMP(3) FROM reseller_link k WHERE k.item BETWEEN %s AND %s AND k.id %% 10 = 0",
            *ends,
        )
        shop.here.write(
            "INSERT INTO reseller_request (item, kind, live, rkey, state, module, account, itemtype, created, updated) "
            "SELECT k.item, 'prolong', NULL, CONCAT('bench ', k.id, ' ', s.seq), 'done', k.module, 1, 'vds', "
            "UTC_TIMESTAMP(3) - INTERVAL 30 * s.seq + k.id %% 30 DAY, UTC_TIMESTAMP(3) FROM reseller_link k "
            "JOIN seq_0_to_12 s WHERE k.item BETWEEN %s AND %s",
            *ends,
        )
        shop.here.write("ANALYZE TABLE item, reseller_link, reseller_observation, reseller_request")
        yield
    # The rows that follow are measured as if these had never been.
    for table in ("reseller_request", "reseller_link", "itemparam"):
        shop.here.write(f"DELETE FROM {table} WHERE item BETWEEN %s AND %s", *ends)
    shop.here.write("DELETE FROM item WHERE id BETWEEN %s AND %s", *ends)


def _page(shop: Shop, func: str, params: Mapping[str, str]) -> float:
    """Seconds of the handler's process, as the panel starts it for an employee."""
    given = {"func": func, **params}
    environment = {f"PARAM_{name}": value for name, value in given.items()}
    environment |= {"AUTH_LEVEL": "29", "AUTH_USER": "admin"}
    started = time.perf_counter()
    done = subprocess.run(
        ["addon/reseller"], cwd=shop.here.base, input=b"<doc/>", capture_output=True, env=environment, check=True
    )
    seconds = time.perf_counter() - started
    assert b"<error " not in done.stdout, done.stdout[:500]
    return seconds


def _sql(shop: Shop, read: Callable[[Database], object]) -> float:
    started = time.perf_counter()
    connection = shop.here.connect()
    read(Database(connection))
    connection.close()
    return time.perf_counter() - started

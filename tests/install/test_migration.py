"""The ledger of the first version, upgraded where it stands: links live, terms are owed, requests are open."""

import datetime as dt

import pytest

from reseller.ledger import schema
from tests.chaos.waiting import bought_in_doubt, ordered, renewal_in_doubt
from tests.support.keeping import remote
from tests.support.paying import bought, ends_in, problem, runs, service
from tests.support.world import until

#: what the first version landed with: tables and versions
OLD = schema.MIGRATIONS[:2]


@pytest.fixture
def lane(arena):
    """A pair of panels whose whole ledger may be put back."""
    lane = arena.lanes[0]
    lane.calm()
    yield lane
    lane.calm()
    lane.there.call("sandbox.queue", action="resume")


def put_back(here, months):
    """Make the ledger one of the old version, with the same rows; `months` sold and bought, by service."""
    tables = [next(iter(row.values())) for row in here.rows("SHOW TABLES LIKE 'reseller\\_%%'")]
    for table in tables:
        here.write(f"RENAME TABLE {table} TO new_{table}")
    for version, statements in enumerate(OLD, 1):
        for statement in statements:
            here.write(statement.replace("%", "%%"))
        here.write("INSERT INTO reseller_schema VALUES (%s)", version)
    for table in tables:
        if columns := {*columns_of(here, table)} & {*columns_of(here, f"new_{table}")} - {"version"}:
            names = ", ".join(columns)
            here.write(f"INSERT INTO {table} ({names}) SELECT {names} FROM new_{table}")
        here.write(f"DROP TABLE new_{table}")
    for item, (sold, paid) in months.items():
        here.write("UPDATE reseller_request SET sold = %s, bought = %s WHERE item = %s", sold, paid, item)


def columns_of(here, table):
    """Those that are written, none of a table that is not there."""
    found = here.rows(f"SHOW COLUMNS FROM {table}") if table in tables_of(here) else []
    return [row["Field"] for row in found if "GENERATED" not in row["Extra"]]


def tables_of(here):
    return {next(iter(row.values())) for row in here.rows("SHOW TABLES")}


def test_what_was_owed_goes_on_what_was_open_ends_and_nothing_else_is_bought(lane):
    shop, here = lane.shop, lane.here
    owing, jumped, even = service(shop, 3), service(shop), service(shop)
    here.call("sandbox.item", item=jumped, expiredate=shop.item(jumped)["expiredate"] + dt.timedelta(days=400))
    renewed, doubtful = renewal_in_doubt(lane), bought_in_doubt(lane)
    shop.there.call("sandbox.queue", action="pause")
    waiting = ordered("vds")(lane)
    states = [shop.request(item)["state"] for item in (doubtful, renewed, waiting)]
    assert states == ["looking", "looking", "linked"], states
    services = (owing, jumped, even, renewed, doubtful, waiting)
    paid = [len(shop.charges(item)) for item in services]
    assert (paid[:3], paid[4:]) == ([1] * 3, [1] * 2)

    one = (1, 1)
    put_back(here, {owing: (3, 1), jumped: one, even: one, renewed: one, doubtful: one, waiting: one})
    lane.limits(deep_seconds=1)
    assert shop.ctl("status").returncode == 0
    assert here.value("SELECT MAX(version) FROM reseller_schema") == len(schema.MIGRATIONS)
    shop.there.call("sandbox.queue", action="resume")
    for item in (doubtful, waiting):
        shop.until_active(item)
    shop.until_done(renewed)
    until(lambda: (shop.checkevent(), problem(shop, jumped, "paid"))[1], "nobody is told")
    runs(shop)

    assert [len(shop.charges(item)) for item in services] == paid, "the upgrade has bought something"
    assert [len(shop.links(item)) for item in services] == [1] * len(services)
    shown = shop.ctl("paid").stdout.decode()
    assert [str(item) in shown for item in (jumped, owing, even, renewed)] == [True, False, False, False]
    # What was owed is bought term by term, each in its time; the jump stays a person's.
    for terms in (2, 3):
        ends_in(shop, owing, 3)
        until(lambda so_far=terms: (shop.checkevent(), len(bought(shop, owing)) == so_far)[1], "no term is bought")
    ends_in(shop, owing, 3)
    ends_in(shop, jumped, 3)
    runs(shop)
    assert bought(shop, owing) == [1, 1, 1]
    assert bought(shop, jumped) == [1]
    assert shop.ctl("paid", str(jumped), "--buy", "--yes").returncode == 0
    until(lambda: (shop.checkevent(), len(bought(shop, jumped)) == 2)[1], "what a person has said is not bought")
    assert remote(shop, jumped)

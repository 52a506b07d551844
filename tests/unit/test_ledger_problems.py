"""Problems as rows: one a cause, with its first day; and what was kept of differences before there were problems."""

import os

import pytest

from reseller.ledger import links, problems, schema
from reseller.ledger.problems import Cause, Drift, Problem
from reseller.wire.errors import ResellerError
from sandbox.database import connect
from tests.unit.conftest import PANEL_TABLES, bought


@pytest.fixture
def cause(item):
    """Trouble with a service that nobody else uses."""
    return Cause.of_service(item.id, problems.KEY)


def test_a_problem_that_lasts_keeps_its_day_and_its_task(db, held, cause):
    first = Problem(cause, 7, "reseller_audit_key", {"remote": "5"}, "a", "b", (cause.number,))
    problems.put(held, first)
    problems.set_task(held, cause, 31)
    db.execute("UPDATE reseller_problem SET since = since - INTERVAL 1 DAY WHERE number = %s", cause.number)
    assert problems.of(db, cause) == first._replace(task=31, age_seconds=86400)
    moved = first._replace(there="c")
    problems.put(held, moved)
    now = problems.of(db, cause)
    assert now._replace(age_seconds=0) == moved._replace(task=31)
    assert now.age_seconds >= 86400
    assert now.said != first.said
    problems.end(held, cause)
    assert problems.of(db, cause) is None
    problems.put(held, first)
    assert problems.of(db, cause).age_seconds < 86400


def test_whatever_is_said_of_it_has_room(db, held, cause):
    said = dict.fromkeys(("cause", "remote", "key", "state"), "б💥" * 2000)
    problems.put(held, Problem(cause, 7, "x", said, "h" * 999, "t" * 999, tuple(range(10**9, 10**9 + 3000))))
    found = problems.of(db, cause)
    assert {len(value) for value in found.params.values()} == {500}
    assert (len(found.here), len(found.there)) == (190, 190)
    assert found.touches == tuple(range(10**9, 10**9 + len(found.touches)))
    assert len(found.touches) > 300


def test_problems_are_told_and_counted_by_module_and_differences_by_service(db, held, numbers):
    module, service = next(numbers), next(numbers)
    for kind in (problems.TARIFF, problems.KEY, problems.OWED):
        problems.put(held, Problem(Cause.of_service(service, kind), module, "x", here=kind))
    problems.put(held, Problem(Cause(problems.MODULE, module, problems.REFUSED), module, "x"))
    assert problems.counts(db, module) == {"key": 1, "owed": 1, "refused": 1, "tariff": 1}
    assert [found.cause.kind for found in problems.live(db, module)] == ["key", "owed", "refused", "tariff"]
    assert problems.drifts(db, service) == [Drift("key", "key", ""), Drift("tariff", "tariff", "")]
    assert [found.cause.number for found in problems.of_kind(db, module, problems.REFUSED)] == [module]
    assert problems.live(db, module + 1) == []


def test_an_alarm_is_of_a_link_that_lives(db, held, item):
    link = bought(held, item)
    problems.put(held, Problem(Cause.of_service(item.id, problems.ALARM), item.module, "x", there="active"))
    assert (item.id, link.remote, "active") in problems.alarms(db, item.module)
    links.settle(held, link.id, links.ENDED)
    assert item.id not in {found[0] for found in problems.alarms(db, item.module)}


def test_who_lost_the_lease_raises_nothing(db, held, cause):
    with pytest.raises(ResellerError) as caught:
        problems.put(held._replace(fence=held.fence - 1), Problem(cause, 7, "x"))
    assert caught.value.type == "reseller_lease_lost"
    assert problems.of(db, cause) is None


@pytest.fixture
def before(server):
    """A ledger of version 1, in a database of its own."""
    name = f"before_{os.getpid()}"
    admin = connect(server).cursor()
    admin.execute(f"CREATE DATABASE {name}")
    admin.execute(f"USE {name}")
    for statement in (*PANEL_TABLES, *schema.MIGRATIONS[0]):
        admin.execute(statement)
    admin.execute("INSERT INTO reseller_schema VALUES (1)")
    yield name, admin
    admin.execute(f"DROP DATABASE {name}")


@pytest.mark.parametrize("dies_after", range(len(schema.MIGRATIONS[1]) + 1))
def test_known_differences_become_problems_wherever_the_change_of_tables_is_interrupted(base, before, dies_after):
    from reseller.mgr5.panel import Panel

    name, admin = before
    for live, remote in (("1", "70"), ("NULL", "71")):
        admin.execute(
            "INSERT INTO reseller_link (item, live, module, account, itemtype, remote, rkey, state, created, updated) "
            f"VALUES (5, {live}, 3, 1, 'vds', '{remote}', 'k{remote}', 'live', NOW(), NOW())"
        )
        admin.execute(
            f"INSERT INTO reseller_drift VALUES (LAST_INSERT_ID(), 'tariff', '1', '{remote}', NOW() - INTERVAL 3 DAY)"
        )
    for statement in schema.MIGRATIONS[1][:dies_after]:
        admin.execute(statement)
    db = Panel(base).database()
    db.execute(f"USE {name}")
    schema.ensure(db, base)
    [found] = problems.live(db, 3)
    assert found.cause == Cause.of_service(5, problems.TARIFF)
    assert (found.error, found.params) == ("reseller_drift_tariff", {"remote": "70"})
    assert (found.here, found.there, found.touches) == ("1", "70", (5,))
    assert found.age_seconds >= 3 * 86400 - 86400
    assert not db.rows("SHOW TABLES LIKE 'reseller_drift'")
    assert db.value("SELECT MAX(version) FROM reseller_schema") == len(schema.MIGRATIONS)
    db.close()


@pytest.mark.parametrize("dies_after", range(len(schema.MIGRATIONS[3]) + len(schema.MIGRATIONS[4]) + 1))
def test_what_was_owed_is_accounted_for_wherever_the_change_of_tables_is_interrupted(base, before, dies_after):
    """Sold for a year and bought for a month; another was bought for what it was sold for, and its date has jumped."""
    from reseller.mgr5.panel import Panel

    name, admin = before
    for item, until, sold, bought_, remote in ((5, "2028-03-05", 12, 1, "70"), (6, "2036-01-01", 1, 1, "71")):
        admin.execute(f"INSERT INTO item (id, status, expiredate) VALUES ({item}, 2, '{until}')")
        admin.execute(
            "INSERT INTO reseller_link (item, module, account, itemtype, remote, rkey, state, created, updated) "
            f"VALUES ({item}, 3, 1, 'vds', '{remote}', 'k{item}', 'live', NOW(), NOW())"
        )
        admin.execute(
            f"INSERT INTO reseller_observation (link, item, module, expiredate) VALUES (LAST_INSERT_ID(), {item}, 3, "
            "'2027-04-10')"
        )
        admin.execute(
            "INSERT INTO reseller_request (item, kind, live, rkey, state, module, account, itemtype, sold, bought, "
            f"created, updated) VALUES ({item}, 'order', NULL, 'k{item}', 'linked', 3, 1, 'vds', {sold}, {bought_}, "
            "NOW(), NOW())"
        )
    left = len(schema.MIGRATIONS[1]) + len(schema.MIGRATIONS[2]) + dies_after
    for version, statements in enumerate(schema.MIGRATIONS[1:5], 2):
        for statement in statements[: max(left, 0)]:
            admin.execute(statement)
        if left >= len(statements):
            admin.execute(f"INSERT INTO reseller_schema VALUES ({version})")
        left -= len(statements)
    db = Panel(base).database()
    db.execute(f"USE {name}")
    schema.ensure(db, base)
    found = dict(db.rows("SELECT item, accounted FROM reseller_link"))
    assert {item: str(day) for item, day in found.items()} == {5: "2028-03-05", 6: "None"}
    assert db.rows("SELECT item, term FROM reseller_request ORDER BY item") == [(5, 1), (6, 1)]
    assert not db.rows("SHOW COLUMNS FROM reseller_request LIKE 'sold'")
    db.close()

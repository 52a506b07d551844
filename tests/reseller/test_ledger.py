"""The ledger on the real database: migration, leases, fencing, and the rules that unique keys keep."""

import os
import subprocess
import sys
import threading

import pymysql
import pytest

from reseller.ledger import leases, links, requests, schema
from reseller.ledger.requests import Standing
from reseller.mgr5.panel import Panel
from reseller.model import Item
from reseller.wire.errors import BusyError, ResellerError

COUNTER = iter(range(90_000_000, 99_000_000))


@pytest.fixture
def db(connected):
    """A connection to the panel's database, with the ledger's tables."""
    database = Panel(connected.here.base).database()
    schema.ensure(database)
    yield database
    database.close()


@pytest.fixture
def item():
    """A service of a number that nobody else uses."""
    number = next(COUNTER)
    return Item(number, "", "vds", 5, 1, "", 1, None, 1, "pmreseller")


def take(db, name, seconds=30):
    return leases.lease(db, name, seconds)


def test_a_lease_is_held_by_one(db, connected):
    other = Panel(connected.here.base).database()
    with take(db, "t:one"), pytest.raises(BusyError), take(other, "t:one"):
        pass
    with take(other, "t:one"):
        pass


def test_of_many_who_try_at_once_one_gets_it(connected):
    won, lost, ready = [], [], threading.Barrier(8)
    held = threading.Event()

    def attempt():
        database = Panel(connected.here.base).database()
        ready.wait()
        try:
            with take(database, "t:race"):
                won.append(1)
                held.wait(10)
        except BusyError:
            lost.append(1)
        if len(lost) == 7:
            held.set()

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(won), len(lost)) == (1, 7)


def test_every_taking_has_a_higher_fencing_number(db):
    fences = []
    for _ in range(3):
        with take(db, "t:fence") as held:
            fences.append(held.fence)
    assert fences == sorted(set(fences))


def test_who_lost_the_lease_writes_nothing(db, item):
    """As a process that was stopped past its lease finds it: another one has taken over, and has finished."""
    with take(db, "t:stale") as stale:
        request = requests.create(stale, item, operation=1)
        db.execute("UPDATE reseller_lease SET expires = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE name = 't:stale'")
        with take(db, "t:stale") as fresh:
            requests.settle(fresh, request, Standing(requests.REFUSED))
            for write in (
                lambda: requests.sending(stale, request, "x"),
                lambda: requests.settle(stale, request, Standing(requests.MONEY)),
                lambda: links.adopt(stale, request, "1"),
                lambda: stale.extend(60),
                lambda: requests.create(stale, item, operation=1),
            ):
                with pytest.raises(ResellerError) as lost:
                    write()
                assert lost.value.type == "reseller_lease_lost"
            assert requests.by_id(db, request.id).state == requests.REFUSED
        assert links.of_item(db, item.id) is None


def test_a_lease_that_ran_out_does_not_write_even_if_nobody_took_it(db, item):
    with take(db, "t:late") as late:
        db.execute("UPDATE reseller_lease SET expires = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE name = 't:late'")
        with pytest.raises(ResellerError):
            requests.create(late, item, operation=1)
    assert requests.live_of(db, item.id) is None


HOLDER = """
import sys
from pathlib import Path
from reseller.ledger import leases
from reseller.mgr5.panel import Panel
leases._take(Panel(Path(sys.argv[1])).database(), sys.argv[2], 600)
print("held", flush=True)
sys.stdin.read()
"""


def test_the_lease_of_a_killed_process_is_taken_over_at_once_and_that_of_a_living_one_is_not(db, connected):
    argv = [sys.executable, "-c", HOLDER, str(connected.here.base), "t:crash"]
    holder = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(BusyError) as busy, take(db, "t:crash"):
        pass
    assert busy.value.params["owner"].startswith(os.uname().nodename)
    holder.kill()
    holder.wait()
    with take(db, "t:crash"):
        pass


def test_the_lease_of_another_host_is_waited_for(db):
    db.execute(
        "REPLACE INTO reseller_lease (name, owner, fence, expires) VALUES "
        "('t:host', 'elsewhere/boot/pid:[1] 1 1 aa', 5, UTC_TIMESTAMP(3) + INTERVAL 1 HOUR)"
    )
    with pytest.raises(BusyError), take(db, "t:host"):
        pass


def test_a_service_has_one_live_order_and_the_key_stays_the_same(db, item):
    with take(db, f"item:{item.id}") as held:
        request = requests.create(held, item, operation=1)
        assert request.key.startswith(f"{item.id}-")
        assert len(request.key) == len(f"{item.id}-") + 8
        with pytest.raises(pymysql.err.IntegrityError):
            requests.create(held, item, operation=1)
        requests.settle(held, request, Standing(requests.ABANDONED))
        again = requests.create(held, item, operation=1)
    assert again.key != request.key
    assert [found.state for found in requests.of_item(db, item.id)] == [requests.ABANDONED, requests.INTENT]


def test_a_remote_service_has_one_live_link(db, item):
    other = Item(next(COUNTER), "", "vds", 5, 1, "", 1, None, 1, "pmreseller")
    with take(db, "t:links") as held:
        first = requests.set_account(held, requests.create(held, item, operation=1), 77)
        second = requests.set_account(held, requests.create(held, other, operation=1), 77)
        link = links.adopt(held, first, str(item.id))
        with pytest.raises(pymysql.err.IntegrityError):
            links.adopt(held, second, str(item.id))
        assert requests.by_id(db, second.id).live
        links.settle(held, link, links.ENDED)
        links.adopt(held, second, str(item.id))
    assert links.of_item(db, item.id) is None
    assert links.of_remote(db, 77, str(item.id)).item == other.id


def test_newer_tables_are_refused_rather_than_misread(db):
    db.execute("INSERT INTO reseller_schema (version) VALUES (99)")
    with pytest.raises(ResellerError) as refused:
        schema.ensure(db)
    db.execute("DELETE FROM reseller_schema WHERE version = 99")
    assert refused.value.params == {"found": "99", "known": str(len(schema.MIGRATIONS))}


def test_two_processes_may_create_the_tables_at_once(connected):
    admin = Panel(connected.here.base).database()
    tables = [row[0] for row in admin.rows("SHOW TABLES LIKE 'reseller\\_%%'")]
    kept = {table: f"kept_{table}" for table in tables}
    for table, name in kept.items():
        admin.execute(f"RENAME TABLE {table} TO {name}")
    failures = []

    def migrate():
        try:
            schema.ensure(Panel(connected.here.base).database())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(row[0] for row in admin.rows("SHOW TABLES LIKE 'reseller\\_%%'")) == sorted(tables)
    for table, name in kept.items():
        admin.execute(f"DROP TABLE {table}")
        admin.execute(f"RENAME TABLE {name} TO {table}")

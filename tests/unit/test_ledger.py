"""The ledger on the real database: migration, leases, fencing, and the rules that unique keys keep."""

import os
import subprocess
import sys
import threading

import pymysql
import pytest

from reseller.ledger import accounts, leases, links, requests, schema
from reseller.ledger.requests import Standing
from reseller.ledger.states import State
from reseller.mgr5.panel import Panel
from reseller.wire.errors import BusyError, ResellerError
from tests.unit.conftest import made


def take(db, name, seconds=30):
    return leases.lease(db, name, seconds)


def test_a_lease_is_held_by_one(db, base):
    other = Panel(base).database()
    with take(db, "t:one"), pytest.raises(BusyError), take(other, "t:one"):
        pass
    with take(other, "t:one"):
        pass


def test_a_lease_whose_row_a_stopped_transaction_keeps_is_given_up_in_time(db, base):
    (base / "etc/reseller.conf").write_text("lock_wait_seconds 1\n")
    other = Panel(base).database()
    (base / "etc/reseller.conf").unlink()
    with take(db, "t:row") as held, db.transaction():
        held.extend(30)
        # It ran out long ago, but who has it is in the middle of a transaction and will not be overtaken.
        with pytest.raises(ResellerError, match="reseller_locked"), take(other, "t:row"):
            pass


def test_a_connection_that_is_lost_in_a_transaction_is_said_and_nothing_is_kept(db, base, item):
    other = Panel(base).database()

    def write_two():
        with other.transaction():
            other.execute("INSERT INTO item (id, processingmodule, status) VALUES (%s, 1, 2)", item.id)
            db.execute(f"KILL CONNECTION {other.value('SELECT CONNECTION_ID()')}")
            other.execute("INSERT INTO item (id, processingmodule, status) VALUES (%s, 1, 2)", item.id + 1)

    with pytest.raises(ResellerError, match="reseller_database"):
        write_two()
    assert db.value("SELECT COUNT(*) FROM item WHERE id >= %s AND id <= %s + 1", item.id, item.id) == 0


def test_of_many_who_try_at_once_one_gets_it(base):
    won, lost, ready = [], [], threading.Barrier(8)
    held = threading.Event()

    def attempt():
        database = Panel(base).database()
        ready.wait()
        try:
            with take(database, "t:race"):
                won.append(1)
                held.wait(60)
        except BusyError:
            lost.append(1)
        if len(lost) == 7:
            held.set()

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
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
            requests.settle(fresh, request, Standing(State.REFUSED))
            for write in (
                lambda: requests.sending(stale, request, requests.Effect("x")),
                lambda: requests.settle(stale, request, Standing(State.MONEY)),
                lambda: links.adopt(stale, request, "1"),
                lambda: stale.extend(60),
                lambda: requests.create(stale, item, operation=1),
                lambda: stale.claims("UPDATE reseller_request SET looks = 0 WHERE id = %s", request.id),
            ):
                with pytest.raises(ResellerError) as lost:
                    write()
                assert lost.value.type == "reseller_lease_lost"
            assert requests.by_id(db, request.id).state == State.REFUSED
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


def test_the_lease_of_a_killed_process_is_taken_over_at_once_and_that_of_a_living_one_is_not(db, base):
    argv = [sys.executable, "-c", HOLDER, str(base), "t:crash"]
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
        requests.settle(held, request, Standing(State.ABANDONED))
        again = requests.create(held, item, operation=1)
    assert again.key != request.key
    assert [found.state for found in requests.of_item(db, item.id)] == [State.ABANDONED, State.INTENT]


def test_a_remote_service_has_one_live_link(db, item, numbers):
    other = made(next(numbers))
    with take(db, "t:links") as held:
        first = requests.set_account(held, requests.create(held, item, operation=1), 77)
        second = requests.set_account(held, requests.create(held, other, operation=1), 77)
        link = links.adopt(held, first, str(item.id))
        with pytest.raises(pymysql.err.IntegrityError):
            links.adopt(held, second, str(item.id))
        assert requests.by_id(db, second.id).live
        links.settle(held, link.id, links.ENDED)
        links.adopt(held, second, str(item.id))
    assert links.of_item(db, item.id) is None
    assert links.of_remote(db, 77, str(item.id)).item == other.id


def test_newer_tables_are_refused_rather_than_misread(db, base):
    db.execute("INSERT INTO reseller_schema (version) VALUES (99)")
    with pytest.raises(ResellerError) as refused:
        schema.ensure(db, base)
    db.execute("DELETE FROM reseller_schema WHERE version = 99")
    assert refused.value.params == {"found": "99", "known": str(len(schema.MIGRATIONS))}


def test_accounts_of_several_spellings_become_one_and_a_remote_service_linked_twice_stays_told(base):
    db = Panel(base).database()
    spelled = (
        "https://Sell.Example/billmgr",
        "https://sell.example:443/manager/billmgr",
        "https://sell.example/billmgr",
    )
    numbers = [
        db.insert("INSERT INTO reseller_account (endpoint, username) VALUES (%s, 'm3')", endpoint)
        for endpoint in spelled
    ]
    plain = db.insert("INSERT INTO reseller_account (endpoint, username) VALUES ('http://sell.example/billmgr', 'm3')")
    new = "INSERT INTO reseller_link (item, module, account, itemtype, remote, rkey, state, created, updated) "
    new += "VALUES (%s, 1, %s, 'vds', %s, 'k', 'live', NOW(), NOW())"
    rows = ((810001, numbers[0], "1"), (810002, numbers[1], "2"), (810003, numbers[2], "1"), (810004, plain, "4"))
    for row in rows:
        db.execute(new, *row)
    db.execute("DELETE FROM reseller_address")
    for _ in range(2):
        # A process may die between any two statements, and the next one begins anew.
        for statement in schema.MIGRATIONS[2]:
            db.execute(statement)
    found = db.rows("SELECT item, account FROM reseller_link WHERE item BETWEEN 810001 AND 810004 ORDER BY item")
    assert found == [(810001, numbers[0]), (810002, numbers[0]), (810003, numbers[2]), (810004, plain)]
    left = db.rows("SELECT id, endpoint FROM reseller_account WHERE username = 'm3' ORDER BY id")
    assert left == [(numbers[0], spelled[0]), (numbers[2], spelled[2]), (plain, "http://sell.example/billmgr")]
    assert accounts.number(db, "sell.example", "m3") == numbers[0]
    assert accounts.number(db, "http://SELL.example:80/", "m3") == plain
    db.execute("DELETE FROM reseller_link WHERE item BETWEEN 810001 AND 810004")


def test_two_processes_may_create_the_tables_at_once(base):
    admin = Panel(base).database()
    tables = [row[0] for row in admin.rows("SHOW TABLES LIKE 'reseller\\_%%'")]
    assert len(tables) > 5
    for table in tables:
        admin.execute(f"DROP TABLE {table}")
    failures = []

    def migrate():
        try:
            schema.ensure(Panel(base).database(), base)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [row[0] for row in admin.rows("SHOW TABLES LIKE 'reseller\\_%%'")] == tables
    versions = [(number,) for number in range(1, len(schema.MIGRATIONS) + 1)]
    assert admin.rows("SELECT version FROM reseller_schema ORDER BY version") == versions

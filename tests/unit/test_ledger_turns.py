"""Who may act: leases and circuits, on the real database."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from reseller.ledger import circuits, leases, swaps
from reseller.limits import Limits
from reseller.mgr5.panel import Panel
from reseller.wire.errors import BusyError, ResellerError, SellerDown


def circuit(db, item, times=2, seconds=100):
    return circuits.Circuit(db, item.id, Limits(circuit_times=times, circuit_seconds=seconds))


def test_a_circuit_opens_after_so_many_failures_in_a_row(db, still, item):
    one = circuit(db, item)
    one.check()
    one.record(reached=False)
    one.check()
    one.record(reached=True)
    one.record(reached=False)
    one.check()
    one.require_closed()
    one.record(reached=False)
    for refused in (one.check, circuit(db, item).check, circuit(db, item).require_closed):
        with pytest.raises(SellerDown) as down:
            refused()
        assert down.value.seconds == 100


def test_a_circuit_that_opens_at_the_first_failure_lasts_as_long(db, still, item):
    one = circuit(db, item, times=1)
    one.record(reached=False)
    with pytest.raises(SellerDown) as down:
        circuit(db, item, times=1).check()
    assert down.value.seconds == 100


def test_one_process_tries_when_the_time_has_come(db, item):
    first = circuit(db, item)
    first.record(reached=False)
    first.record(reached=False)
    db.execute("UPDATE reseller_circuit SET until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE module = %s", item.id)
    one, two = circuit(db, item), circuit(db, item)
    two.require_closed()
    one.check()
    one.check()
    with pytest.raises(SellerDown):
        two.check()
    one.record(reached=False)
    with pytest.raises(SellerDown):
        one.check()
    db.execute("UPDATE reseller_circuit SET until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE module = %s", item.id)
    two.check()
    two.record(reached=True)
    one.check()
    assert db.value("SELECT failures FROM reseller_circuit WHERE module = %s", item.id) == 0


def test_of_many_who_see_its_end_at_once_one_tries(db, base, item):
    for _ in range(2):
        circuit(db, item).record(reached=False)
    db.execute("UPDATE reseller_circuit SET until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE module = %s", item.id)
    ready, told = threading.Barrier(6), []

    def attempt():
        mine = circuit(Panel(base).database(), item)
        ready.wait()
        try:
            mine.check()
            told.append(True)
        except SellerDown:
            told.append(False)

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(told) == [False] * 5 + [True]


def test_a_seller_that_answers_as_ever_costs_no_write(db, item):
    one = circuit(db, item)
    one.check()
    one.record(reached=True)
    assert db.row("SELECT * FROM reseller_circuit WHERE module = %s", item.id) is None


def test_a_moment_that_is_left_is_a_second(db, still, item):
    one = circuit(db, item, seconds=1)
    one.record(reached=False)
    one.record(reached=False)
    left = "UPDATE reseller_circuit SET until = UTC_TIMESTAMP(3) + INTERVAL 300000 MICROSECOND WHERE module = %s"
    db.execute(left, item.id)
    with pytest.raises(SellerDown) as down:
        one.check()
    assert down.value.seconds == 1


def test_a_claim_that_matches_nothing_is_lost_or_just_late(db, item):
    db.execute("INSERT INTO item (id, processingmodule, status) VALUES (%s, 1, 2)", item.id)
    with leases.lease(db, "t:claims", 30) as held:
        assert swaps.move(held, item.id, 3, 2) is False
        db.execute("UPDATE reseller_lease SET expires = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE name = 't:claims'")
        with pytest.raises(ResellerError) as lost:
            swaps.move(held, item.id, 1, 2)
        assert (lost.value.type, lost.value.object) == ("reseller_lease_lost", "t:claims")


def test_a_lease_lasts_as_long_as_it_says_and_is_given_back(db, still):
    def left():
        return db.row(
            "SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), expires), owner FROM reseller_lease WHERE name = 't:long'"
        )

    with leases.lease(db, "t:long", 40) as held:
        assert left()[0] == 40
        assert left()[1].startswith(f"{os.uname().nodename}/")
        held.extend(300)
        assert left()[0] == 300
    assert left() == (0, "")


def test_a_lease_is_waited_for_no_longer_than_asked(db, base):
    other = Panel(base).database()
    with leases.lease(db, "t:wait", 30):
        with pytest.raises(BusyError) as busy, leases.lease(other, "t:wait", 30, wait_seconds=0.3):
            pass
        assert busy.value.object == "t:wait"
        db.execute("UPDATE reseller_lease SET expires = UTC_TIMESTAMP(3) + INTERVAL 300000 MICROSECOND")
        with leases.lease(other, "t:wait", 30, wait_seconds=60) as got:
            assert got.fence == db.value("SELECT fence FROM reseller_lease WHERE name = 't:wait'")


def test_who_holds_it_is_told_without_more_than_is_needed(db):
    db.execute(
        "REPLACE INTO reseller_lease (name, owner, fence, expires) VALUES "
        "('t:who', 'elsewhere/boot/pid:[1] 17 99 aa', 5, UTC_TIMESTAMP(3) + INTERVAL 1 HOUR)"
    )
    with pytest.raises(BusyError) as busy, leases.lease(db, "t:who", 30):
        pass
    assert busy.value.type == "reseller_busy"
    assert busy.value.params["owner"] == "elsewhere/boot/pid:[1] aa"


@pytest.mark.parametrize(
    ("owner", "taken"),
    [
        ("{0} {1} {2} aa", False),
        ("{0} {1} 1 aa", True),
        ("{0} 999999999 1 aa", True),
        ("{0} x 1 aa", False),
        ("elsewhere {1} 1 aa", False),
        ("{0}", False),
        ("", True),
    ],
)
def test_an_owner_is_known_by_its_start_and_only_on_this_host(db, owner, taken):
    row = "SELECT owner FROM reseller_lease WHERE name = %s"
    with leases.lease(db, "t:me", 30):
        me = db.value(row, "t:me").split()
    assert me[1] == str(os.getpid())
    db.execute(
        "REPLACE INTO reseller_lease (name, owner, fence, expires) "
        "VALUES ('t:start', %s, 5, UTC_TIMESTAMP(3) + INTERVAL 1 HOUR)",
        owner.format(*me),
    )
    if taken:
        with leases.lease(db, "t:start", 30) as held:
            assert held.fence == 6
    else:
        with pytest.raises(BusyError), leases.lease(db, "t:start", 30):
            pass


def test_of_several_that_find_a_lease_free_at_once_one_takes_it(base):
    """The row is read, then claimed: who was overtaken in between is told so, as by no lease that was held."""
    inside, most, overtaken, guard = 0, 0, 0, threading.Lock()

    def hurry():
        nonlocal inside, most, overtaken
        own = Panel(base).database()
        for _ in range(1000):
            start.wait()
            if overtaken:
                break
            start.wait()
            try:
                with leases.lease(own, "t:hurry", 30):
                    with guard:
                        inside += 1
                        most = max(most, inside)
                    with guard:
                        inside -= 1
            except BusyError as busy:
                with guard:
                    overtaken += busy.params["owner"] == "another process"
        own.close()

    start = threading.Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(hurry) for _ in range(4)]:
            done.result()
    assert (most, bool(overtaken)) == (1, True)

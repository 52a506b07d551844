"""Kept licences and swaps, on the real database."""

import pymysql
import pytest

from reseller.ledger import kept_licences, links, requests, swaps
from reseller.ledger.requests import Standing
from reseller.ledger.states import State
from tests.unit.conftest import age, away, made


def kept(item, remote, **more):
    kind = kept_licences.Kind(item.id, "soft", "7", kept_licences.Kind.listed({"9": "2", "10": "1"}))
    given = {
        "state": kept_licences.KEEPING,
        "owner": f"close {item.id}",
        "digest": "d",
        "expiredate": "2026-05-01",
        **more,
    }
    return kept_licences.Licence(kind, 0, remote, **given)


def test_resources_are_equal_in_any_order():
    assert (
        kept_licences.Kind.listed({"9": "2", "10": "1"})
        == kept_licences.Kind.listed({"10": "1", "9": "2"})
        == "10=1 9=2"
    )
    assert kept_licences.Kind.listed({}) == ""


def test_a_kept_licence_is_on_record_before_it_is_touched(db, held, item):
    kept_licences.reserve(held, kept(item, "1", state=kept_licences.UNFIT, owner="old", digest="x", expiredate=""))
    kept_licences.reserve(held, kept(item, "1"))
    found = kept_licences.of_remote(db, item.id, "1")
    assert found == kept(item, "1")._replace(id=found.id)
    assert kept_licences.of_remote(db, item.id, "2") is None
    assert kept_licences.of_remote(db, item.id + 1, "1") is None
    assert kept_licences.of_order(db, found.owner) is None


def test_a_free_licence_is_nobodys(db, still, held, item):
    kept_licences.reserve(held, kept(item, "1"))
    row = kept_licences.of_remote(db, item.id, "1")
    db.execute("UPDATE reseller_free SET updated = updated - INTERVAL 1 HOUR WHERE id = %s", row.id)
    kept_licences.settle(held, row, kept_licences.UNFIT)
    assert kept_licences.of_remote(db, item.id, "1") == row._replace(state=kept_licences.UNFIT)
    assert age(db, "reseller_free", row.id, "updated") == 0
    kept_licences.settle(held, row, kept_licences.FREE)
    assert kept_licences.of_remote(db, item.id, "1") == row._replace(state=kept_licences.FREE, owner="")
    kept_licences.remove(held, row)
    assert kept_licences.of_remote(db, item.id, "1") is None


def test_an_order_takes_the_free_one_of_its_kind_that_ends_first(db, held, item):
    for remote, ends in (("1", "2026-07-01"), ("2", "2026-06-01"), ("3", "2026-05-01")):
        kept_licences.reserve(held, kept(item, remote, expiredate=ends))
    kind = kept(item, "1").kind
    assert kept_licences.claim(held, kind, f"{item.id} k1", ()) is None
    for remote in "123":
        kept_licences.settle(held, kept_licences.of_remote(db, item.id, remote), kept_licences.FREE)
    others = [kind._replace(account=0), kind._replace(itemtype="vds"), kind._replace(pricelist="8")]
    for other in (*others, kind._replace(resources="")):
        assert kept_licences.claim(held, other, f"{item.id} k1", ()) is None
    taken = kept_licences.claim(held, kind, f"{item.id} k1", {"3"})
    assert (taken.remote, taken.state, taken.owner) == ("2", kept_licences.FREE, "")
    now = kept_licences.of_remote(db, item.id, "2")
    assert (now.state, now.owner) == (kept_licences.TAKING, f"{item.id} k1")
    assert kept_licences.of_order(db, f"{item.id} k1") == now
    assert kept_licences.of_order(db, f"{item.id} k2") is None
    assert [kept_licences.claim(held, kind, key, ()).remote for key in (f"{item.id} k2", f"{item.id} k3")] == ["3", "1"]
    assert kept_licences.claim(held, kind, f"{item.id} k4", ()) is None


def test_a_licence_of_an_order_that_was_given_up_is_free_again(db, held, item):
    kept_licences.reserve(held, kept(item, "1"))
    kept_licences.settle(held, kept_licences.of_remote(db, item.id, "1"), kept_licences.FREE)
    kind, order = kept(item, "1").kind, requests.create(held, item)
    assert kept_licences.claim(held, kind, order.key, ())
    assert kept_licences.claim(held, kind, f"{item.id} k2", ()) is None
    requests.settle(held, order, Standing(State.ABANDONED))
    again = kept_licences.claim(held, kind, f"{item.id} k2", ())
    assert (again.state, again.owner) == (kept_licences.TAKING, order.key)
    assert kept_licences.of_remote(db, item.id, "1").owner == f"{item.id} k2"


def test_a_licence_that_a_link_shows_is_not_free(db, held, item):
    kept_licences.reserve(held, kept(item, str(item.id)))
    kept_licences.settle(held, kept_licences.of_remote(db, item.id, str(item.id)), kept_licences.FREE)
    request = requests.set_account(held, requests.create(held, item), item.id)
    link = links.adopt(held, request, str(item.id))
    kind = kept(item, "1").kind
    assert kept_licences.claim(held, kind, f"{item.id} k1", ()) is None
    links.settle(held, link.id, links.ENDED)
    assert kept_licences.claim(held, kind, f"{item.id} k1", ()) is not None


def test_a_swap_is_on_record_before_the_service_moves(db, held, item):
    swap = swaps.create(held, **away(item))
    assert swap == swaps.of_item(db, item.id)
    assert (swap.item, swap.home, swap.target, swap.state) == (item.id, 1, 2, swaps.INTENT)
    assert (swap.who, swap.why, swap.pricelist, swap.period, swap.status) == ("root", "a disk", 4, 1, 2)
    assert (swap.expiredate, swap.live) == (None, True)
    with pytest.raises(pymysql.err.IntegrityError):
        swaps.create(held, **away(item))
    (told,) = swaps.rows([swap])
    assert told == {
        "service": item.id,
        "state": "intent",
        "home": 1,
        "at": 2,
        "since": str(swap.created)[:19],
        "who": "root",
        "why": "a disk",
    }


@pytest.mark.parametrize(
    ("state", "live"),
    [(swaps.INTENT, True), (swaps.AWAY, True), (swaps.RETURNING, True), (swaps.BACK, False), (swaps.UNDONE, False)],
)
def test_who_is_back_is_not_away(db, still, held, item, state, live):
    swap = swaps.create(held, **away(item))
    db.execute("UPDATE reseller_swap SET updated = updated - INTERVAL 1 HOUR WHERE id = %s", swap.id)
    moved = swaps.settle(held, swap, state)
    assert moved == swap._replace(state=state)
    assert moved.live is live
    assert age(db, "reseller_swap", swap.id, "updated") == 0
    found = swaps.of_item(db, item.id)
    assert (found and found.state) == (state if live else None)
    assert (item.id in {swap.item for swap in swaps.all_live(db)}) is live


def test_those_who_are_away_longest_come_first(db, held, item, numbers):
    first, second = swaps.create(held, **away(item)), swaps.create(held, **away(made(next(numbers))))
    db.execute("UPDATE reseller_swap SET created = created - INTERVAL 1 HOUR WHERE id = %s", second.id)
    mine = [swap.id for swap in swaps.all_live(db) if swap.id in (first.id, second.id)]
    assert mine == [second.id, first.id]


def module(db, item):
    return db.value("SELECT processingmodule FROM item WHERE id = %s", item.id)


def test_a_service_moves_only_when_nothing_is_under_way(db, held, item):
    db.execute("INSERT INTO item (id, processingmodule, status) VALUES (%s, 1, 2)", item.id)
    assert swaps.move(held, item.id, 9, 2) is False
    db.execute("UPDATE item SET status = 5 WHERE id = %s", item.id)
    assert swaps.move(held, item.id, 1, 2) is False
    db.execute("UPDATE item SET status = 2 WHERE id = %s", item.id)
    db.execute("INSERT INTO runningoperation (id, item) VALUES (%s, %s)", item.id, item.id)
    assert swaps.move(held, item.id, 1, 2) is False
    assert module(db, item) == 1
    db.execute("DELETE FROM runningoperation WHERE item = %s", item.id)
    assert swaps.move(held, item.id, 1, 2) is True
    assert module(db, item) == 2


def test_a_move_is_taken_back_whatever_has_begun(db, held, item):
    db.execute("INSERT INTO item (id, processingmodule, status) VALUES (%s, 2, 5)", item.id)
    db.execute("INSERT INTO runningoperation (id, item) VALUES (%s, %s)", item.id, item.id)
    assert swaps.undo(held, item.id, 1, 3) is False
    assert swaps.undo(held, item.id, 1, 2) is True
    assert module(db, item) == 1

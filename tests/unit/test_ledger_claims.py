"""Whose a remote service is, what was not read, and all of it counted."""

import pytest

from reseller.ledger import claims, figures, links, observations, problems, requests
from reseller.ledger.claims import Claim
from reseller.ledger.leases import lease
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.requests import Standing
from reseller.ledger.states import State
from tests.unit.conftest import away, made


@pytest.fixture
def account(numbers):
    """An account that nobody else uses; its number is a module's as well."""
    return next(numbers)


@pytest.fixture
def linked(held, numbers, account, db):
    """Makes a link in step, with a service in this state here, None for none."""

    def make(status=2, module=None):
        item = made(next(numbers), module=account)
        if status is not None:
            db.execute(
                "INSERT INTO item (id, processingmodule, status) VALUES (%s, %s, %s)",
                item.id,
                module or account,
                status,
            )
        link = links.write(held, item, account, f"9{item.id % 10**8}", f"{item.id}-0")
        links.settle(held, link.id, links.LIVE)
        return link

    return make


def read(held, *found):
    """Seen in a list, and then read in full."""
    for _ in range(2):
        observations.settle(held, [observations.Settled(link.id, 5, 6, 0) for link in found])


def test_live_links_of_an_account_are_told_with_the_service_here(db, held, linked, account):
    there, gone, over = linked(3), linked(None), linked()
    links.settle(held, over.id, links.ENDED)
    assert claims.linked(db, account) == {
        link.remote: Claim(link.id, link.item, account, "vds", link.remote, "live", status)
        for link, status in ((there, 3), (gone, None))
    }


def test_a_key_is_ours_when_a_link_or_a_request_ever_had_it(db, held, linked, item):
    link = linked()
    links.settle(held, link.id, links.ENDED)
    request = requests.create(held, item)
    assert claims.ours(db, [link.key, request.key, "77-foreign"]) == {link.key: False, request.key: True}
    requests.settle(held, request, Standing(State.ABANDONED))
    assert claims.ours(db, [request.key]) == {request.key: False}
    assert claims.ours(db, []) == {}
    many = [f"1-{number}" for number in range(claims.KEYS_AT_ONCE)]
    assert claims.ours(db, [*many, link.key]) == {link.key: False}


def test_kept_licences_are_told_and_only_a_free_one_is_forgotten(db, held, account):
    insert = (
        "INSERT INTO reseller_free (account, itemtype, pricelist, resources, remote, state, created, updated) "
        "VALUES (%s, 'soft', '1', '', %s, %s, NOW(), NOW())"
    )
    free, taking = db.insert(insert, account, "5", "free"), db.insert(insert, account, "6", "taking")
    assert claims.kept(db, account) == {"5": (free, "soft", "free"), "6": (taking, "soft", "taking")}
    assert [claims.forget_kept(held, row) for row in (free, taking)] == [True, False]
    assert list(claims.kept(db, account)) == ["6"]


def test_what_was_not_read_for_long_is_told_and_read_again_first(db, held, linked, account):
    fresh, old, never = linked(), linked(), linked()
    read(held, fresh, old)
    observations.tried(held, [old.id])
    db.execute("UPDATE reseller_observation SET deep = deep - INTERVAL 1 HOUR WHERE link = %s", old.id)
    db.execute("UPDATE reseller_link SET updated = updated - INTERVAL 1 HOUR WHERE id = %s", never.id)
    assert claims.unread(db, account, 1800) == [(link.id, link.item, link.remote) for link in (old, never)]
    claims.read_again(held, old.id)
    row = "SELECT settled, here, tried FROM reseller_observation WHERE link = %s"
    assert db.row(row, old.id) == (0, 0, None)
    assert db.row(row, fresh.id) == (5, 6, None)
    db.execute("DELETE FROM reseller_observation WHERE link = %s", never.id)
    assert (never.id, never.item, never.remote) in claims.unread(db, account, 1800), "what is lost is told of by nobody"
    claims.read_again(held, never.id)
    row = "SELECT item, module, seen FROM reseller_observation WHERE link = %s"
    assert db.row(row, never.id) == (never.item, never.module, None)


def test_only_those_that_are_away_for_long_are_told(db, account, numbers):
    from reseller.ledger import swaps

    for _ in range(2):
        item = made(next(numbers))
        with lease(db, f"item:{item.id}", 30) as mine:
            swaps.create(mine, **{**away(item), "home": account})
    db.execute("UPDATE reseller_swap SET created = created - INTERVAL 9 DAY WHERE item = %s", item.id)
    [(service, since, why)] = claims.long_away(db, account, 8)
    assert (service, len(since), why) == (item.id, 10, "a disk")


def test_everything_is_counted_by_module(db, still, held, linked, account, numbers):
    for status, module in ((2, None), (2, None), (1, None), (3, None), (5, None), (4, None), (None, None), (8, None)):
        link = linked(status, module)
    linked(2, account + 1)
    linked(4, account + 1)
    links.settle(held, linked().id, links.OPENING)
    for kind in ("key", "state", "owed"):
        problems.put(held, Problem(Cause.of_service(link.item, kind), account, "x"))
    read(held, link)
    db.execute("INSERT INTO reseller_plan VALUES (%s, %s, 'change', 'x', 1, 1, NOW(), '')", link.id, account)
    open_one, done = (requests.create(held, made(next(numbers), module=account)) for _ in range(2))
    requests.settle(held, open_one, Standing(State.MONEY))
    requests.settle(held, done, Standing(State.DONE))
    found = figures.of(db, account)
    assert found.services == {
        "active": 2,
        "ordered": 1,
        "suspended": 1,
        "processing": 1,
        "deleted": 3,
        "other": 1,
        "away": 1,
        "opening": 1,
    }
    assert found.drift == {"key": 1, "state": 1}
    assert found.problems == {"key": 1, "state": 1, "owed": 1}
    assert found.requests == {("order", "money"): 1, ("order", "done"): 1}
    assert found.open_requests == {"money": 1}
    assert found.refused == 1
    assert found.oldest_read == db.value("SELECT UNIX_TIMESTAMP()")
    assert figures.of(db, account + 7).oldest_read == 0

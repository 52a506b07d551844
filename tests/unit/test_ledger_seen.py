"""What the seller was seen to say, what differs and what was refused, on the real database."""

import pytest

from reseller.ledger import links, listed, observations, requests
from reseller.ledger.listed import Stored
from reseller.ledger.observations import ABSENT, Known, Seen, Settled
from tests.unit.conftest import bought, made


@pytest.fixture
def module(numbers):
    """A module of a number that nobody else uses."""
    return next(numbers)


@pytest.fixture
def live(held, numbers, module):
    """Makes services of that module that are linked and in step."""

    def linked(itemtype="vds"):
        link = bought(held, made(next(numbers), module, itemtype))
        links.settle(held, link.id, links.LIVE)
        return link

    return linked


def row(db, link, *names):
    return db.row(f"SELECT {', '.join(names)} FROM reseller_observation WHERE link = %s", link.id)


def seconds(db, link, name):
    sql = f"SELECT TIMESTAMPDIFF(SECOND, {name}, UTC_TIMESTAMP(3)) FROM reseller_observation WHERE link = %s"
    return db.value(sql, link.id)


def seen(link, **more):
    given = {"status": 2, "suspended_by": "", "pricelist": "7", "expiredate": "2026-05-01", "digest": 11, "settled": 10}
    return Seen(link.id, **{**given, **more})


# Observations.


def test_what_is_known_is_by_the_sellers_number_and_only_of_what_is_linked(db, held, module, live):
    link, other, soft, ended = live(), live(), live("soft"), live()
    links.settle(held, ended.id, links.ENDED)
    opening = live()
    links.settle(held, opening.id, links.OPENING)
    observations.seen(held, [seen(link)])
    asked = [one.remote for one in (link, other, soft, ended, opening)]
    assert observations.known(db, module, "vds", asked) == {
        link.remote: Known(link.id, 11, 10, 2, "2026-05-01", 0),
        other.remote: Known(other.id, 0, 0, 0, "", 0),
    }
    assert set(observations.known(db, module, "vds", asked[:1])) == {link.remote}
    assert observations.known(db, module + 1, "vds", asked) == observations.known(db, module, "vds", []) == {}


def test_a_row_that_is_seen_again_takes_the_place_of_the_old(db, still, held, live):
    link = live()
    observations.absent(held, [link.id])
    observations.seen(held, [seen(link, suspended_by="x" * 40, pricelist="y" * 200, expiredate="2026-05-01 10:00")])
    names = ("status", "suspended_by", "pricelist", "expiredate", "digest", "settled", "absences")
    assert row(db, link, *names) == (2, "x" * 32, "y" * 190, "2026-05-01", 11, 10, 0)
    db.execute("UPDATE reseller_observation SET seen = seen - INTERVAL 1 HOUR WHERE link = %s", link.id)
    observations.seen(
        held, [seen(link, status=3, suspended_by="s", pricelist="8", expiredate="", digest=12, settled=9)]
    )
    assert row(db, link, *names) == (3, "s", "8", "", 12, 9, 0)
    assert seconds(db, link, "seen") == 0


def test_many_rows_are_written_at_once(db, held, live, monkeypatch):
    monkeypatch.setattr(observations, "ROWS_AT_ONCE", 2)
    found = [live() for _ in range(5)]
    observations.seen(held, [seen(link, digest=number) for number, link in enumerate(found, 1)])
    assert [row(db, link, "digest") for link in found] == [(number,) for number in range(1, 6)]
    known = observations.known(db, found[0].module, "vds", [link.remote for link in found])
    assert [known[link.remote].digest for link in found] == [1, 2, 3, 4, 5]
    observations.seen(held, [])


def test_at_the_second_absence_in_a_row_it_is_to_be_asked_for(db, still, held, module, live):
    link, never = live(), live()
    both = {link.remote: link.id, never.remote: never.id}
    observations.seen(held, [seen(link)])
    observations.tried(held, [never.id])
    assert row(db, never, "seen") == (None,), "that it was asked for is taken for a sight of it"
    assert observations.remotes(db, module, "vds") == both
    assert observations.unsure(db, module, "vds") == {never.remote: never.id}
    observations.absent(held, [link.id])
    assert row(db, link, "absences", "digest") == (1, 11)
    assert observations.remotes(db, module, "vds") == observations.unsure(db, module, "vds") == both
    db.execute("UPDATE reseller_observation SET seen = seen - INTERVAL 1 HOUR WHERE link = %s", link.id)
    observations.absent(held, [link.id, never.id])
    assert row(db, link, "absences", "digest") == (2, ABSENT)
    assert row(db, never, "absences", "digest") == (1, 0)
    assert seconds(db, link, "seen") == 0
    assert observations.remotes(db, module, "vds") == {never.remote: never.id}
    assert observations.unsure(db, module, "vds") == {never.remote: never.id}
    assert observations.remotes(db, module, "soft") == observations.remotes(db, module + 1, "vds") == {}


def test_what_was_dealt_with_is_noted_with_both_digests(db, still, held, live):
    link = live()
    observations.seen(held, [seen(link)])
    observations.tried(held, [link.id])
    assert seconds(db, link, "tried") == 0
    observations.settle(held, [Settled(link.id, 11, 22, 33)])
    assert row(db, link, "settled", "here", "secret", "tried", "digest", "status") == (11, 22, 33, None, 11, 2)
    assert seconds(db, link, "deep") == 0
    observations.learned(db, link.id, 44)
    assert row(db, link, "secret", "here") == (44, 22)
    observations.tried(held, [link.id])
    assert row(db, link, "settled", "here") == (11, 22)
    assert seconds(db, link, "tried") == 0


def test_a_suspension_is_the_sellers_until_the_panel_suspends(db, held, live):
    link = live()
    observations.mark_sellers_suspension(held, link.id, is_sellers=True)
    assert row(db, link, "shown", "status") == (1, 0)
    request = requests.create(held, made(link.item, link.module), requests.SUSPEND)
    requests.create(held, made(link.item, link.module), requests.RESUME)
    observations.seen(held, [seen(link)])
    observations.mark_sellers_suspension(held, link.id, is_sellers=True)
    assert row(db, link, "shown", "status") == (request.id + 1, 2)
    observations.mark_sellers_suspension(held, link.id, is_sellers=False)
    assert row(db, link, "shown") == (0,)


def test_a_cursor_is_kept_by_module(db, held, module):
    observations.move(held, module, "deep", "5")
    observations.move(held, module, "list", "a")
    observations.move(held, module + 1, "deep", "7")
    assert observations.cursors(db, module) == {"deep": "5", "list": "a"}
    observations.move(held, module, "deep", "6")
    observations.move(held, module, "list", "")
    assert observations.cursors(db, module) == {"deep": "6"}
    assert observations.cursors(db, module + 1) == {"deep": "7"}


# Pages.


def test_a_page_that_comes_again_is_known_with_its_rows(db, held, module):
    pages = [
        (1, Stored("d1", 5, 2), ["11", "12"]),
        (2, Stored("d2", 5, 2), ["13", "14"]),
        (3, Stored("d3", 5, 1), ["15"]),
    ]
    listed.save(held, module, "vds", pages, 3)
    listed.save(held, module, "soft", pages[:1], 1)
    assert listed.load(db, module, "vds") == {number: page for number, page, _ in pages}
    assert listed.ids(db, module, "vds", 2) == ["13", "14"]
    assert listed.ids(db, module, "vds", 4) == listed.ids(db, module + 1, "vds", 2) == []
    listed.save(held, module, "vds", [(1, Stored("e1", 3, 2), ["11"])], 2)
    assert listed.load(db, module, "vds") == {1: Stored("e1", 3, 2), 2: Stored("d2", 5, 2)}
    assert listed.ids(db, module, "vds", 1) == ["11"]
    assert set(listed.load(db, module, "soft")) == {1}
    listed.save(held, module, "vds", [], 0)
    assert listed.load(db, module, "vds") == {}

"""The ledger as lists and figures for pages: what is in them, in which order, and which part of it is a page."""

import datetime as dt

import pytest

from reseller.ledger import accounts, kept_licences, links, overview, requests
from reseller.ledger.overview import REQUESTS, SERVICES, Wanted
from reseller.ledger.requests import Effect, Standing
from reseller.ledger.states import State
from reseller.model import Balance
from reseller.sync import deep_check
from tests.unit.conftest import made

TODAY = dt.datetime.now(dt.timezone.utc).date()
TABLES = ("item", "processingmodule", "pricelist", "itemtype", "account", "reseller_problem", "reseller_observation")
LEDGER = ("reseller_link", "reseller_request", "reseller_swap", "reseller_account", "reseller_address", "reseller_free")
OURS, MANUAL = 1, 2


@pytest.fixture(autouse=True)
def _panel(db):
    """A panel with nothing but two modules, two clients and a tariff; what other tests left is gone."""
    for table in (*TABLES, *LEDGER):
        db.execute(f"DELETE FROM {table}")
    db.execute("INSERT INTO processingmodule (id, name, module) VALUES (%s, 'the seller', 'pmreseller')", OURS)
    db.execute("INSERT INTO processingmodule (id, name, module) VALUES (%s, 'by hand', 'pmmanual')", MANUAL)
    db.execute("INSERT INTO itemtype VALUES (1, 'vds')")
    db.execute("INSERT INTO pricelist VALUES (1, 'VDS-1', 1)")
    db.execute("INSERT INTO account VALUES (1, 'anna'), (2, 'boris')")


@pytest.fixture
def service(db, held, numbers):
    """Make a service, linked unless `remote` is empty."""

    def make(remote="", *, client=1, module=OURS, status=2, ends=None, parent=None):
        item = made(next(numbers))
        db.execute(
            "INSERT INTO item (id, processingmodule, status, name, account, pricelist, parent, expiredate) "
            "VALUES (%s, %s, %s, %s, %s, 1, %s, %s)",
            item.id,
            module,
            status,
            f"host{item.id}",
            client,
            parent,
            ends,
        )
        if remote:
            request = requests.create(held, item)
            requests.sending(held, request, Effect("vds.order"))
            links.adopt(held, request, remote)
            db.execute("UPDATE reseller_link SET state = 'live' WHERE item = %s", item.id)
        return item

    return make


def drift(db, item, kind):
    db.execute(
        "INSERT INTO reseller_problem (subject, number, kind, module, error, here, there, since, updated) "
        "SELECT 'service', item, %s, module, 'x', 'a', 'b', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM reseller_link "
        "WHERE item = %s",
        kind,
        item.id,
    )


def seen(db, item, status, ends):
    db.execute(
        "UPDATE reseller_observation SET status = %s, expiredate = %s, seen = UTC_TIMESTAMP(3) WHERE item = %s",
        status,
        str(ends or ""),
        item.id,
    )


def page(db, view, sort="id", chosen=None, *, falling=False, number=1, rows=10):
    return overview.read(db, view, Wanted(chosen or {}, sort, falling, number, rows))


def ids(found):
    return [row["id"] for row in found[1]]


def test_a_row_has_both_sides_of_a_service(db, service):
    item = service("77", client=2, ends=TODAY)
    seen(db, item, 3, TODAY + dt.timedelta(days=1))
    drift(db, item, "tariff")
    drift(db, item, "expiredate")
    total, [row] = page(db, SERVICES)
    assert total == 1
    assert list(row) == list(SERVICES.columns)
    assert row.pop("seen") is not None
    assert row == {
        "id": item.id,
        "name": f"host{item.id}",
        "account": "boris",
        "itemtype": "vds",
        "pricelist": "VDS-1",
        "remote": "77",
        "status": 2,
        "there": 3,
        "expiredate": TODAY,
        "expires_there": str(TODAY + dt.timedelta(days=1)),
        "processingmodule": "the seller",
        "drift": "expiredate tariff",
        "link": "live",
        "swap": None,
    }


def test_services_of_ours_and_linked_ones_are_listed_and_nothing_else(db, service):
    plain, linked = service(), service("1", module=MANUAL)
    service(module=MANUAL)
    service(parent=plain.id)
    closed, alive_there = service(status=4), service("2", status=4)
    listed = ids(page(db, SERVICES))
    assert {plain.id, linked.id, alive_there.id} <= set(listed)
    assert closed.id not in listed
    assert ids(page(db, SERVICES, chosen={"status": 4})) == [closed.id, alive_there.id]


def test_pages_follow_each_other_in_the_order_asked_for(db, service):
    items = [service(str(number)) for number in (10, 9, 100)]
    numbers = [item.id for item in items]
    assert ids(page(db, SERVICES)) == numbers
    assert ids(page(db, SERVICES, falling=True)) == numbers[::-1]
    # As numbers, not as text.
    assert ids(page(db, SERVICES, "remote")) == [numbers[1], numbers[0], numbers[2]]
    assert page(db, SERVICES, rows=2)[0] == 3
    assert ids(page(db, SERVICES, rows=2)) == numbers[:2]
    assert ids(page(db, SERVICES, rows=2, number=2)) == numbers[2:]
    assert page(db, SERVICES, rows=2, number=3) == (3, [])
    # Equal ones by number, in the same direction.
    assert ids(page(db, SERVICES, "account", falling=True)) == numbers[::-1]


def test_filters_hold_together(db, service):
    first, second = service("1"), service("2", client=2)
    drift(db, second, "tariff")
    assert ids(page(db, SERVICES, chosen={"account": "ann"})) == [first.id]
    assert page(db, SERVICES, chosen={"account": "ann"})[0] == 1
    assert ids(page(db, SERVICES, chosen={"drifted": 1})) == [second.id]
    assert ids(page(db, SERVICES, chosen={"drifted": 1, "account": "anna"})) == []
    assert ids(page(db, SERVICES, chosen={"drift": "tariff"})) == [second.id]
    with pytest.raises(KeyError):
        page(db, SERVICES, chosen={"nonsense": 1})


def test_requests_are_listed_the_newest_first_as_pages_do(db, held, service):
    items = [service(), service()]
    made_now = [requests.create(held, item, requests.PROLONG) for item in items]
    requests.settle(held, made_now[0], Standing(State.DONE))
    assert ids(page(db, REQUESTS, falling=True)) == [request.id for request in made_now[::-1]]
    assert ids(page(db, REQUESTS, chosen={"open": 1})) == [made_now[1].id]
    assert ids(page(db, REQUESTS, chosen={"item": items[0].id})) == [made_now[0].id]
    assert requests.correlation(db, made_now[0].key) == made_now[0].correlation != ""
    assert requests.correlation(db, "none") == ""


def test_which_services_are_of_ours_and_which_are_away(db, service):
    plain, gone, other = service(), service(module=MANUAL), service(module=MANUAL)
    db.execute(
        "INSERT INTO reseller_swap (item, home, target, state, who, why, pricelist, period, status, created, updated) "
        "VALUES (%s, 1, 2, 'away', 'root', '', 1, 1, 2, NOW(), NOW())",
        gone.id,
    )
    asked = [plain.id, gone.id, other.id]
    assert overview.resold(db, asked) == {plain.id: False, gone.id: True}
    assert overview.resold(db, [other.id]) == {}
    db.execute("UPDATE reseller_swap SET live = NULL")
    assert overview.resold(db, asked) == {plain.id: False}
    assert ids(page(db, SERVICES)) == [plain.id]


# The report.


def test_states_are_counted_and_how_many_differ(db, service):
    service()
    first, second = service("1"), service("2", status=3)
    service(status=4)
    service("3", status=4)
    drift(db, first, "tariff")
    drift(db, first, "key")
    assert [tuple(map(int, row)) for row in overview.services_by_state(db)] == [(2, 2, 1), (3, 1, 0), (4, 1, 0)]
    drift(db, second, "key")
    assert int(overview.services_by_state(db)[1][2]) == 1


def test_requests_are_counted_by_day_and_outcome(db, held, service):
    states = ["linked", "done", "intent", "sending", "looking", "unsent", "waiting", "owed"]
    states += ["unconfirmed", "money", "refused", "foreign", "leftover", "abandoned"]
    for state in states:
        request = requests.create(held, service(), requests.PROLONG)
        db.execute("UPDATE reseller_request SET state = %s WHERE id = %s", state, request.id)
    old = requests.create(held, service(), requests.PROLONG)
    for days, expected in ((3, 2), (4, 1)):
        db.execute(
            "UPDATE reseller_request SET created = UTC_TIMESTAMP(3) - INTERVAL %s DAY WHERE id = %s", days, old.id
        )
        rows = [(row[0], *map(int, row[1:])) for row in overview.outcomes(db, 3)]
        assert len(rows) == expected
        assert rows[-1] == (TODAY, 2, 6, 5, 1)
    assert overview.outcomes(db, 4)[0][0] == TODAY - dt.timedelta(days=4)


def test_balances_are_as_they_were_seen(db):
    number = accounts.number(db, "https://seller/billmgr", "buyer")
    accounts.save_balance(db, number, Balance("12.50", "EUR"))
    [row] = overview.balances(db)
    assert row[:2] == ("https://seller/billmgr", "buyer")
    assert (float(row[2]), row[3]) == (12.5, "EUR")
    assert row[4] is not None


def test_terms_that_end_are_counted_by_week_on_both_sides(db, service):
    def ends(days):
        return TODAY + dt.timedelta(days=days)

    service(ends=ends(-30))
    service(ends=ends(0), status=3)
    service(ends=ends(6))
    service(ends=ends(7), status=5)
    service(ends=ends(14))
    service()
    for remote, status, days in (("1", 2, -1), ("2", 3, 8), ("3", 4, 8), ("4", 2, 15)):
        seen(db, service(remote, status=4), status, ends(days))
    seen(db, service("5", status=4), 2, None)
    assert [tuple(map(int, row)) for row in overview.expiries(db, 2)] == [(-1, 1, 1), (0, 2, 0), (1, 0, 1)]
    assert [int(row[0]) for row in overview.expiries(db, 3)] == [-1, 0, 1, 2]


# What the links know.


def test_links_are_known_by_module_and_account(db, service):
    first, second = service("1"), service("2")
    assert links.counts(db, OURS) == {"vds": 2}
    assert links.counts(db, 9) == {}
    assert links.items(db) == {first.id, second.id}
    account = db.value("SELECT account FROM reseller_link WHERE item = %s", first.id)
    assert links.remotes(db, account) == {"1", "2"}
    assert links.remotes(db, account + 1) == set()
    db.execute("UPDATE reseller_link SET state = 'opening' WHERE item = %s", second.id)
    assert links.counts(db, OURS) == {"vds": 1}
    db.execute("UPDATE reseller_link SET live = NULL, state = 'ended'")
    assert (links.counts(db, OURS), links.items(db), links.remotes(db, account)) == ({}, set(), set())
    # It is remembered that they were.
    assert links.knows(db, account, "vds", "1")
    assert not links.knows(db, account + 1, "vds", "1")
    assert not links.knows(db, account, "soft", "1")
    assert not links.knows(db, account, "vds", "3")


def test_the_share_of_a_module_goes_by_its_own_services(db, held, service):
    """Modules run side by side: one that has just been read must not keep the other from its turn."""
    for number in range(30):
        seen(db, service(str(number)), 2, None)
    db.execute("UPDATE reseller_link SET module = 9 ORDER BY id LIMIT 15")
    both = [deep_check.due(db, module, "vds", 15, 7200) for module in (OURS, 9)]
    assert [len(found) for found in both] == [deep_check.share(15, None, 7200)] * 2
    deep_check.asked(held, 9, "vds")
    db.execute("UPDATE reseller_cursor SET value = CAST(value AS DATETIME) - INTERVAL 1 HOUR WHERE module = 9")
    deep_check.asked(held, OURS, "vds")
    deep_check.asked(held, 9, "soft")
    assert len(deep_check.due(db, OURS, "vds", 15, 7200)) == deep_check.share(15, 1, 7200)
    assert len(deep_check.due(db, 9, "vds", 15, 7200)) == deep_check.share(15, 3600, 7200)


def test_licences_are_kept_until_their_order_has_them(db, held, service):
    item = service()
    request = requests.create(held, item)
    values = "'vds', '1', '', '', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)"
    for remote, state, owner in (
        ("1", kept_licences.FREE, ""),
        ("2", kept_licences.TAKING, request.key),
        ("3", kept_licences.TAKING, "none"),
    ):
        db.execute(
            "INSERT INTO reseller_free (account, remote, state, owner, itemtype, pricelist, resources, digest, "
            f"created, updated) VALUES (5, %s, %s, %s, {values})",
            remote,
            state,
            owner,
        )
    assert kept_licences.kept(db, 5) == {"1", "2", "3"}
    assert kept_licences.kept(db, 6) == set()
    db.execute("UPDATE reseller_request SET state = 'linked' WHERE id = %s", request.id)
    assert kept_licences.kept(db, 5) == {"1", "3"}

"""Links, accounts and tariff maps as they are written down and read back, on the real database."""

import datetime as dt
from decimal import Decimal

import pytest

from reseller.ledger import accounts, links, requests, tariffmap
from reseller.ledger.states import State
from reseller.model import Balance, Remote
from reseller.wire import hosts
from tests.unit.conftest import age, bought, made


def test_a_link_is_what_the_order_bought(db, held, item):
    request = requests.set_account(held, requests.create(held, item, operation=3), 55)
    link = links.adopt(held, request, "901")
    assert link == links.of_item(db, item.id) == links.of_remote(db, 55, "901") == links.last_of_item(db, item.id)
    assert (link.item, link.module, link.account, link.itemtype) == (item.id, 1, 55, "vds")
    assert (link.remote, link.key, link.state, link.absences) == ("901", request.key, links.OPENING, 0)
    settled = requests.by_id(db, request.id)
    assert (settled.state, settled.live, settled.remote) == (State.LINKED, False, "901")
    assert links.of_remote(db, 54, "901") is None
    assert links.of_remote(db, 55, "902") is None


def test_an_ended_link_is_the_last_and_not_the_live_one(db, still, held, item):
    first = bought(held, item)
    db.execute("UPDATE reseller_link SET updated = updated - INTERVAL 1 HOUR WHERE id = %s", first.id)
    links.settle(held, first.id, links.ENDED)
    assert age(db, "reseller_link", first.id, "updated") == 0
    assert links.of_item(db, item.id) is None
    assert links.last_of_item(db, item.id) == first._replace(state=links.ENDED)
    second = links.adopt(held, requests.create(held, item), "2")
    assert links.last_of_item(db, item.id) == links.of_item(db, item.id) == second
    links.settle(held, second.id, links.LIVE)
    assert links.of_item(db, item.id).state == links.LIVE


def test_services_that_are_not_active_yet_are_found_by_module(db, held, item, numbers):
    other = made(next(numbers), module=2)
    first, second = bought(held, item), bought(held, other)
    mine = {item.id, other.id}
    assert [link for link in links.opening(db, [1]) if link.item in mine] == [first]
    assert [link for link in links.opening(db, [2, 1]) if link.item in mine] == [first, second]
    assert links.opening(db, []) == []
    links.settle(held, first.id, links.LIVE)
    assert [link for link in links.opening(db, [1, 2]) if link.item in mine] == [second]


def test_a_link_by_hand_is_half_done_until_the_seller_knows(db, held, item, numbers):
    other = made(next(numbers), module=2)
    link = links.write(held, item, 55, str(item.id), "key")
    links.write(held, other, 55, str(other.id), "key")
    assert link == links.of_item(db, item.id)
    assert (link.item, link.module, link.account, link.itemtype) == (item.id, 1, 55, "vds")
    assert (link.remote, link.key, link.state, link.absences) == (str(item.id), "key", links.HALF, 0)
    assert [found for found in links.half(db, 1) if found.item == item.id] == [link]
    assert all(found.module == 1 for found in links.half(db, 1))
    links.settle(held, link.id, links.LIVE)
    assert link.item not in {found.item for found in links.half(db, 1)}


def observation(db, link):
    found = "SELECT status, pricelist, expiredate, absences, seen FROM reseller_observation WHERE link = %s"
    return db.row(found, link.id)


def test_what_the_seller_says_is_kept_once(db, held, item):
    link = bought(held, item)
    assert not links.says_the_same(db, link, Remote(link.remote, 0, link.key, "", "", None)), "nothing was said yet"
    remote = Remote(link.remote, 2, link.key, "n", "p" * 300, dt.date(2026, 1, 31))
    links.observe(db, link, remote)
    first = observation(db, link)
    assert first[:4] == (2, "p" * 190, "2026-01-31", 0)
    db.execute("UPDATE reseller_observation SET seen = seen - INTERVAL 1 HOUR WHERE link = %s", link.id)
    quiet = observation(db, link)
    links.observe(db, link, remote)
    assert observation(db, link) == quiet, "nothing changed, and it was written all the same"
    links.observe(db, link, remote._replace(status=3))
    changed = observation(db, link)
    assert changed[:4] == (3, "p" * 190, "2026-01-31", 0)
    assert changed[4] > quiet[4]


def test_absences_are_counted_in_a_row(db, held, item):
    link = bought(held, item)
    assert links.absent(db, link) == 1
    assert observation(db, link)[3] == links.of_item(db, item.id).absences == 1
    db.execute("UPDATE reseller_observation SET seen = seen - INTERVAL 1 HOUR WHERE link = %s", link.id)
    before = observation(db, link)[4]
    assert links.absent(db, links.of_item(db, item.id)) == 2
    assert links.of_item(db, item.id).absences == 2
    assert observation(db, link)[4] > before
    links.observe(db, link, Remote(link.remote, 0, link.key, "", "", None))
    assert links.of_item(db, item.id).absences == 0
    links.settle(held, link.id, links.ENDED)
    assert observation(db, link) is None


def test_an_account_is_one_row_for_each_address_and_user(db, item):
    endpoint = f"https://{item.id}.example/billmgr"
    first = accounts.number(db, endpoint, "a")
    assert isinstance(first, int)
    assert accounts.number(db, endpoint, "a") == first
    assert accounts.number(db, endpoint, "b") == first + 1, "asking took a number"
    assert accounts.number(db, endpoint.upper().replace("/BILLMGR", ":443/manager/billmgr"), "a") == first
    assert accounts.number(db, f"https://2.{item.id}.example/billmgr", "a") != first
    assert accounts.number(db, endpoint, "c", "77") == accounts.number(db, endpoint, "d", "77") != first


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("HTTPS://Sell.Example/", "sell.example:443"),
        ("sell.example.:8443/billmgr", "sell.example:8443"),
        ("http://sell.example", "sell.example:80"),
        ("https://пример.рф/billmgr", "xn--e1afmkfd.xn--p1ai:443"),
        ("https://[2001:DB8::1]/billmgr", "[2001:db8::1]:443"),
        ("https://:99999/", "https://:99999/"),
        ("https:///billmgr", "https:///billmgr"),
    ],
)
def test_a_host_is_the_same_however_it_was_typed(typed, found):
    assert hosts.host_and_port(typed) == found


def test_an_address_of_before_in_letters_that_are_not_ascii_is_known_again(db, item):
    """The migration knows no IDNA."""
    username = str(item.id)
    db.execute("INSERT INTO reseller_address (host, username, account) VALUES ('пример.рф:443', %s, 77)", username)
    assert accounts.number(db, "https://ПРИМЕР.рф/billmgr", username) == 77


def test_order_functions_are_kept_beside_each_other(db, item):
    account = accounts.number(db, str(item.id), "a")
    assert accounts.generations(db, account) == accounts.generations(db, 0) == {}
    accounts.save_generations(db, account, {"vds": "v2"})
    accounts.save_generations(db, account, {"soft": "old", "dedic": "a=b"})
    assert accounts.generations(db, account) == {"vds": "v2", "soft": "old", "dedic": "a=b"}
    accounts.save_generations(db, account, {"vds": "old"})
    assert accounts.generations(db, account)["vds"] == "old"


def test_the_balance_is_kept_with_when_it_was_seen(db, still, item):
    account = accounts.number(db, str(item.id), "a")
    accounts.save_balance(db, account, Balance("12.50", "EUR"))
    found = (
        "SELECT balance, currency, TIMESTAMPDIFF(SECOND, checked, UTC_TIMESTAMP(3)) FROM reseller_account WHERE id = %s"
    )
    assert db.row(found, account) == (Decimal("12.5"), "EUR", 0)
    accounts.save_balance(db, account, Balance("", ""))
    assert db.row(found, account)[:2] == (None, "")


def test_a_tariffs_parts_are_mapped_one_by_one(db, item):
    tariffmap.save(db, item.id, tariffmap.PERIOD, "1", "12")
    tariffmap.save(db, item.id, tariffmap.OS, "1", "debian")
    tariffmap.save(db, item.id + 1, tariffmap.PERIOD, "1", "6")
    found = tariffmap.load(db, item.id)
    assert (found.remote(tariffmap.PERIOD, "1"), found.remote(tariffmap.OS, "1")) == ("12", "debian")
    assert found.remote(tariffmap.ADDON, "1") is None
    tariffmap.save(db, item.id, tariffmap.PERIOD, "1", "3")
    assert tariffmap.load(db, item.id).remote(tariffmap.PERIOD, "1") == "3"
    assert tariffmap.drop(db, item.id, tariffmap.PERIOD, "2") == 0
    assert tariffmap.drop(db, item.id, tariffmap.PERIOD, "1") == 1
    assert tariffmap.load(db, item.id).remote(tariffmap.PERIOD, "1") is None
    assert tariffmap.load(db, item.id + 1).remote(tariffmap.PERIOD, "1") == "6"

"""A row that nobody expects is its own trouble: the other services of the run are looked at all the same."""

import contextlib

import pytest

from tests.support.keeping import fault
from tests.support.planting import planted, staff, status, suspend_there
from tests.support.world import until


@pytest.fixture
def pairs(shop):
    with planted(shop, 3) as found:
        assert shop.checkevent() == "nothing to do"
        yield found


def follows(shop, pair):
    """A suspension at the seller arrives here."""
    suspend_there(shop, pair)
    until(lambda: (shop.checkevent(), status(shop, pair) == 3)[1], "the next service is not looked at")


@pytest.mark.parametrize("day", ["9999-12-31", "0000-00-00"])
def test_a_date_here_without_an_end_or_that_is_none_stops_no_other(shop, pairs, day):
    odd, other = pairs[:2]
    with contextlib.closing(shop.here.connect()) as connection, connection.cursor() as cursor:
        # As panels of before were set up: servers refuse such a day by now.
        cursor.execute("SET sql_mode = ''")
        cursor.execute("UPDATE item SET expiredate = %s WHERE id = %s", (day, odd.item))
    follows(shop, other)


def test_a_date_there_without_an_end_stops_no_other(shop, pairs):
    odd, other = pairs[:2]
    staff(shop, odd, expiredate="9999-12-31")
    follows(shop, other)


def test_a_half_made_link_whose_service_is_deleted_is_ended_and_stops_no_other(shop, pairs):
    odd, other = pairs[:2]
    shop.here.write("UPDATE reseller_link SET state = 'half' WHERE item = %s", odd.item)
    shop.here.write("DELETE FROM item WHERE id = %s", odd.item)
    follows(shop, other)
    assert shop.here.value("SELECT COUNT(*) FROM reseller_link WHERE item = %s AND live = 1", odd.item) == 0


def test_a_half_made_link_that_somebody_is_at_stops_no_other(shop, pairs):
    odd, other = pairs[:2]
    shop.here.write("UPDATE reseller_link SET state = 'half' WHERE item = %s", odd.item)
    shop.here.write(
        "REPLACE INTO reseller_lease (name, owner, fence, expires) "
        "VALUES (%s, 'elsewhere', 1, UTC_TIMESTAMP(3) + INTERVAL 1 HOUR)",
        f"item:{odd.item}",
    )
    follows(shop, other)
    shop.here.write("DELETE FROM reseller_lease WHERE name = %s", f"item:{odd.item}")


def test_a_balance_that_is_not_told_stops_no_look(shop, pairs, switch):
    odd, other = pairs[:2]
    shop.here.write(
        "INSERT INTO reseller_request (item, kind, live, rkey, state, module, account, itemtype, have, deficit, "
        "operation, created, updated, next_try) SELECT item, 'prolong', 1, CONCAT(item, '-money'), 'money', module, "
        "account, itemtype, 1, 1, 0, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM reseller_link "
        "WHERE item = %s",
        odd.item,
    )
    fault(shop, "reset", "subaccount", times=1000)
    follows(shop, other)

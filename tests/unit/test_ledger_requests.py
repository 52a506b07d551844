"""Requests as they are written down and read back, on the real database."""

from decimal import Decimal

import pytest

from reseller import log
from reseller.ledger import requests
from reseller.ledger.requests import Effect, Standing
from reseller.ledger.states import State
from reseller.wire.errors import ResellerError
from tests.unit.conftest import age, made


def column(db, table, row, name):
    return db.value(f"SELECT {name} FROM {table} WHERE id = %s", row)


def test_an_intent_holds_what_it_is_for(db, held, item):
    found = requests.create(held, item, operation=7, accepted="11 12")
    assert found == requests.live_of(db, item.id) == requests.by_id(db, found.id)
    assert (found.item, found.kind, found.live, found.state) == (item.id, requests.ORDER, True, State.INTENT)
    assert (found.module, found.account, found.itemtype, found.operation) == (1, 0, "vds", 7)
    assert (found.accepted, found.correlation) == (frozenset({"11", "12"}), log.CORRELATION)
    assert (found.tries, found.looks, found.term) == (0, 0, 0)
    assert (found.remote, found.error_type, found.error_text, found.currency) == ("", "", "", "")
    assert (found.was, found.promise, found.digest, found.have, found.deficit) == ("", "", "", None, None)
    assert found.sent_seconds is None
    assert (found.age_seconds, found.quiet_seconds, found.is_due) == (0, 0, True)


def test_only_an_orders_key_is_what_the_seller_is_told(held, item):
    order, other = requests.create(held, item), requests.create(held, item, requests.SUSPEND)
    assert order.key.startswith(f"{item.id}-")
    assert other.key.startswith(f"suspend {item.id}-")
    assert (order.operation, order.accepted) == (0, frozenset())


def test_requests_of_other_kinds_and_modules_are_told_apart(db, held, item, numbers):
    other = made(next(numbers), module=2, itemtype="soft")
    first = requests.create(held, item, requests.PROLONG)
    second = requests.create(held, item, requests.CLOSE)
    third = requests.create(held, other, requests.CLOSE)
    assert requests.live_of(db, item.id) is None
    assert requests.live_of(db, item.id, requests.CLOSE) == second
    assert requests.live_others(db, item.id, requests.CLOSE) == [first]
    mine = {item.id, other.id}
    assert [found for found in requests.all_live(db, [1]) if found.item in mine] == [first, second]
    assert [found for found in requests.all_live(db, [1, 2]) if found.item in mine] == [first, second, third]
    assert requests.all_live(db, []) == []
    requests.settle(held, first, Standing(State.DONE))
    assert [found for found in requests.all_live(db, [1]) if found.item in mine] == [second]
    assert requests.live_others(db, item.id, requests.CLOSE) == []
    assert [found.kind for found in requests.of_item(db, item.id)] == [requests.PROLONG, requests.CLOSE]


def test_a_request_that_is_not_there_is_an_error_of_ours(db):
    with pytest.raises(LookupError, match="request 0"):
        requests.by_id(db, 0)


def test_what_is_about_to_be_sent_is_on_record_before(db, held, item):
    request = requests.set_account(held, requests.create(held, item, requests.PROLONG), 5)
    assert request.account == 5
    requests.settle(held, request, Standing(State.LOOKING, looks=3))
    effect = Effect("x" * 3000, was="2026-01-01", promise="2026-02-01", call="abcd", months=2)
    requests.sending(held, request, effect)
    found = requests.by_id(db, request.id)
    assert (found.state, found.looks, found.sent_seconds, found.quiet_seconds) == (State.SENDING, 0, 0, 0)
    assert (found.was, found.promise, found.digest) == ("2026-01-01", "2026-02-01", "abcd")
    assert (found.term, found.correlation) == (2, log.CORRELATION)
    assert column(db, "reseller_request", request.id, "detail") == "x" * 2000


def test_an_effect_says_nothing_by_itself(db, held, item):
    request = requests.create(held, item)
    requests.sending(held, request, Effect("call"))
    found = requests.by_id(db, request.id)
    assert (found.was, found.promise, found.digest, found.term) == ("", "", "", 0)
    assert column(db, "reseller_request", request.id, "detail") == "call"


def test_what_is_settled_is_not_sent_any_more(held, item):
    request = requests.create(held, item)
    requests.settle(held, request, Standing(State.DONE))
    with pytest.raises(ResellerError, match="reseller_lease_lost"):
        requests.sending(held, request, Effect("late"))


def test_where_a_request_stands_is_kept_with_its_reason(db, still, held, item):
    request = requests.create(held, item, operation=3)
    db.execute("UPDATE reseller_request SET updated = updated - INTERVAL 1 HOUR, looks = 2 WHERE id = %s", request.id)
    now = Standing(
        State.MONEY,
        "reseller_money",
        "y" * 3000,
        have=Decimal("1.5"),
        deficit=Decimal("2.25"),
        currency="EUR",
        remote="9",
        tries=4,
        wait_seconds=100,
    )
    found = requests.settle(held, request, now)
    assert found == requests.by_id(db, request.id)
    assert (found.state, found.live, found.error_type) == (State.MONEY, True, "reseller_money")
    assert found.error_text == "y" * 2000
    assert (found.have, found.deficit, found.currency) == (Decimal("1.5"), Decimal("2.25"), "EUR")
    assert (found.remote, found.tries, found.looks, found.operation) == ("9", 4, 2, 3)
    assert (found.is_due, found.quiet_seconds) == (False, 0)
    assert age(db, "reseller_request", request.id, "next_try") == 100
    again = requests.settle(held, found, Standing(State.LOOKING, looks=5, operation=8))
    assert (again.looks, again.operation, again.tries, again.is_due) == (5, 8, 0, True)
    assert (again.error_type, again.error_text, again.have, again.deficit, again.remote) == ("", "", None, None, "")
    assert again.currency == ""


@pytest.mark.parametrize(
    ("state", "live"),
    [
        *((state, True) for state in (State.INTENT, State.SENDING, State.UNCONFIRMED, State.REFUSED)),
        *((state, True) for state in (State.UNSENT, State.WAITING, State.OWED, State.LEFTOVER)),
        *((state, False) for state in (State.LINKED, State.DONE, State.ABANDONED)),
    ],
)
def test_three_states_are_an_end(held, item, state, live):
    assert requests.settle(held, requests.create(held, item), Standing(state)).live is live


def test_a_request_can_be_put_off(db, still, held, item):
    request = requests.create(held, item)
    requests.wait(held, request, 50)
    assert age(db, "reseller_request", request.id, "next_try") == 50
    assert requests.by_id(db, request.id).is_due is False
    requests.wait(held, request, 0)
    assert requests.by_id(db, request.id).is_due is True


def test_ages_are_of_the_databases_clock(db, still, held, item):
    request = requests.create(held, item)
    requests.sending(held, request, Effect("x"))
    db.execute(
        "UPDATE reseller_request SET created = created - INTERVAL 30 SECOND, updated = updated - INTERVAL 20 SECOND, "
        "sent = sent - INTERVAL 10 SECOND WHERE id = %s",
        request.id,
    )
    found = requests.by_id(db, request.id)
    assert (found.age_seconds, found.quiet_seconds, found.sent_seconds) == (30, 20, 10)


def test_an_operation_was_served_once(db, held, item):
    request = requests.create(held, item, requests.SUSPEND, operation=4)
    assert requests.has_done(db, item.id, requests.SUSPEND, 4) is False
    requests.settle(held, request, Standing(State.DONE))
    assert requests.has_done(db, item.id, requests.SUSPEND, 4) is True
    assert requests.has_done(db, item.id, requests.RESUME, 4) is False
    assert requests.has_done(db, item.id, requests.SUSPEND, 5) is False
    bare = requests.create(held, item, requests.SUSPEND)
    requests.settle(held, bare, Standing(State.DONE))
    assert requests.has_done(db, item.id, requests.SUSPEND, 0) is False
    first = requests.settle(held, requests.create(held, item, requests.RESUME, operation=1), Standing(State.DONE))
    assert requests.has_done(db, item.id, requests.RESUME, first.operation) is True


def test_an_order_may_be_an_opening_or_a_reopening():
    assert requests.operation_names(requests.ORDER) == ("open", "reopen")
    assert requests.operation_names(requests.CLOSE) == ("close",)

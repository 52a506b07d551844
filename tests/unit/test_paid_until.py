"""Paid time as one level: what is bought, and the lives of services under it, day by day."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseller.ledger import paid
from reseller.ledger.states import State
from reseller.lifecycle import term_to_buy
from reseller.lifecycle.term_to_buy import Level, Move
from reseller.limits import Limits
from tests.unit.conftest import bought, made

LIMITS = Limits()
TODAY = dt.date(2027, 3, 10)


def day(offset):
    return TODAY + dt.timedelta(days=offset)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2027-01-31", 1, "2027-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2027-12-15", 1, "2028-01-15"),
        ("2027-03-31", 12, "2028-03-31"),
        ("2027-05-31", 0, "2027-05-31"),
        ("9999-12-31", 1, "9999-12-31"),
        ("9998-12-31", 36, "9999-12-31"),
    ],
)
def test_months_end_on_the_same_day_or_the_last(start, months, end):
    assert term_to_buy.after(dt.date.fromisoformat(start), months) == dt.date.fromisoformat(end)


@pytest.mark.parametrize(
    ("ahead", "there", "wanted", "due"),
    [
        (30, 10, True, False),
        (30, 3, True, True),
        (10, 3, False, True),
        (5, 3, False, True),
        (4, 3, False, False),
        (1, 0, True, True),
        (0, 0, False, False),
        (-5, 3, False, False),
        (8, 1, False, True),
        (9, 1, True, True),
    ],
)
def test_a_term_is_bought_by_an_operation_or_when_the_sellers_date_is_near(ahead, there, wanted, due):
    level = Level(day(ahead), day(there), TODAY)
    assert (level.is_wanted(LIMITS), level.is_due(LIMITS)) == (wanted, due)


@pytest.mark.parametrize(
    ("paid_days", "wanted", "offered", "months"),
    [
        (31, 1, {1}, 1),
        (365, 12, {1, 12}, 12),
        (363, 12, {1, 12}, 12),
        (300, 12, {1, 6, 12}, 6),
        (31, 12, {12}, 12),
        (31, 12, {3, 12}, 3),
        (31, 3, {1, 3}, 1),
        (365, 1, {1, 12}, 1),
    ],
)
def test_the_term_that_fits_is_bought(paid_days, wanted, offered, months):
    assert Level(day(paid_days), TODAY, TODAY).term(wanted, offered, LIMITS) == months


@pytest.mark.parametrize(
    ("moved", "months", "shows"),
    [(31, 1, True), (30, 1, True), (32, 1, True), (16, 1, True), (15, 1, False), (1, 1, False), (0, 1, False)],
)
def test_a_date_that_moves_by_half_a_term_shows_it(moved, months, shows):
    assert term_to_buy.has_moved(TODAY, day(moved), months) is shows


@pytest.mark.parametrize(
    ("here", "there", "accounted", "move"),
    [
        (30, 30, 30, Move.NONE),
        (20, 30, 30, Move.FOLLOW),
        (37, 30, 30, Move.FOLLOW),
        (38, 30, 30, Move.JUMP),
        (400, 30, 30, Move.JUMP),
        (400, 395, 30, Move.FOLLOW),
        (365, 30, 365, Move.NONE),
        (35, 30, None, Move.FOLLOW),
        (38, 30, None, Move.JUMP),
        (400, None, None, Move.FOLLOW),
    ],
)
def test_a_move_of_the_panels_date_needs_a_reason(here, there, accounted, move):
    there, accounted = (None if each is None else day(each) for each in (there, accounted))
    assert term_to_buy.judge(day(here), there, accounted, LIMITS) == move


def test_an_operation_accounts_for_what_it_explains_and_no_more():
    base = dt.date(2027, 3, 10)
    assert term_to_buy.accounted_after(base, dt.date(2027, 4, 10), 1, LIMITS) == dt.date(2027, 4, 10)
    assert term_to_buy.accounted_after(base, dt.date(2027, 4, 15), 1, LIMITS) == dt.date(2027, 4, 15)
    assert term_to_buy.accounted_after(base, dt.date(2036, 4, 10), 1, LIMITS) == dt.date(2027, 4, 10)
    assert term_to_buy.accounted_after(None, dt.date(2036, 4, 10), 1, LIMITS) == dt.date(2036, 4, 10)


# Lives, day by day: the panel, the seller, and the rule between them.


class Life:
    """One service on both sides, by the rule alone: no wire, no ledger; those are in tests/life/."""

    def __init__(self, sold, bought_as, *, moves_before, shift):
        self.today = TODAY
        self.sold, self.terms = sold, bought_as
        self.moves_before, self.shift = moves_before, dt.timedelta(days=shift)
        self.here = term_to_buy.after(TODAY, sold)
        self.there = term_to_buy.after(TODAY, min(bought_as, key=lambda months: (abs(months - sold), months)))
        self.accounted = self.here
        self.furthest = self.here
        self.bought = 0

    def level(self, until):
        return Level(until, self.there, self.today)

    def buy(self, level):
        wanted = self.sold if self.sold in self.terms else min(self.terms)
        months = level.term(wanted, self.terms, LIMITS)
        if level.is_in_vain(months):
            return
        self.furthest = max(self.furthest, level.paid)
        self.there = term_to_buy.after(self.there, months) + self.shift
        self.bought += 1

    def renew(self):
        """The client pays for another period, counted from its own date, or from today when that is over."""
        moved = term_to_buy.after(max(self.here, self.today), self.sold)
        before = self.here
        if self.moves_before:
            self.here = moved
        level = self.level(moved)
        if level.is_wanted(LIMITS):
            self.buy(level)
        self.here = moved
        base = max(self.accounted, before)
        self.accounted = term_to_buy.accounted_after(base, moved, self.sold + 1, LIMITS)

    def cron(self):
        """What checkevent does once a day."""
        if term_to_buy.judge(self.here, self.there, self.accounted, LIMITS) == Move.FOLLOW:
            self.accounted = self.here
        level = self.level(min(self.here, self.accounted))
        if self.here > self.today and level.is_due(LIMITS) and not level.is_long_over(LIMITS):
            self.buy(level)

    @property
    def is_dark(self):
        """Whether the seller's date is over while the client has paid, and no person is asked.

        One is asked where it has been over for long: so when days are given to a service that had ended already.
        """
        is_over = self.there <= self.today < min(self.here, self.accounted)
        return is_over and not self.level(self.here).is_long_over(LIMITS)

    @property
    def most_ahead(self):
        """One term beyond the furthest day that was ever paid for; each term may have come with a day more."""
        return term_to_buy.after(self.furthest, max(self.terms)) + dt.timedelta(days=LIMITS.few_days + self.bought)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 40)),
        st.tuples(st.just("renew"), st.just(0)),
        st.tuples(st.just("goodwill"), st.integers(1, 7)),
        st.tuples(st.just("jump"), st.integers(60, 4000)),
        st.tuples(st.just("shorten"), st.integers(1, 60)),
        st.tuples(st.just("seller renews"), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=1000, deadline=None)
@given(
    sold=st.sampled_from([1, 3, 6, 12]),
    terms=st.sampled_from([{1}, {3}, {12}, {1, 12}, {1, 3, 6, 12}]),
    moves_before=st.booleans(),
    shift=st.integers(-1, 1),
    steps=STEPS,
)
def test_no_service_is_dark_while_it_is_paid_nor_paid_far_ahead(sold, terms, moves_before, shift, steps):
    life = Life(sold, terms, moves_before=moves_before, shift=shift)
    for kind, amount in [*steps, ("wait", 400)]:
        if kind == "renew":
            life.renew()
        elif kind in {"goodwill", "jump"}:
            life.here += dt.timedelta(days=amount)
        elif kind == "shorten":
            life.here -= dt.timedelta(days=amount)
        elif kind == "seller renews":
            life.there = term_to_buy.after(life.there, max(terms))
        else:
            for _ in range(amount):
                life.today += dt.timedelta(days=1)
                life.cron()
                assert not life.is_dark, (life.today, life.here, life.accounted, life.there)
    # Nothing was bought for a jump: what is ahead is what the seller's own staff have given, or one term.
    given_by_staff = sum(kind == "seller renews" for kind, _ in steps) * max(terms)
    assert life.there <= term_to_buy.after(life.most_ahead, given_by_staff)


# What the ledger keeps of it.


def test_what_is_accounted_for_ends_what_a_person_has_said(db, held, item):
    link = bought(held, item)
    assert paid.of(db, link.id) == (None, None, None)
    paid.leave(held, link.id, day(400))
    assert paid.of(db, link.id).left == day(400)
    paid.account(held, link.id, day(30))
    assert paid.of(db, link.id) == (day(30), None, None)
    for shown, highest in ((day(5), day(5)), (day(3), day(5)), (None, day(5)), (day(9), day(9))):
        paid.raise_highest(held, link.id, shown)
        assert paid.of(db, link.id).highest == highest
    assert paid.of(db, 0) == (None, None, None)


def test_when_the_panel_moves_its_date_is_learned_and_learned_anew(db, held):
    for when in (paid.BEFORE, paid.BEFORE, paid.AFTER, paid.BEFORE):
        paid.learn_panel_moves(held, when)
        assert paid.panel_moves(db) == when


@pytest.fixture
def linked(db, held, numbers):
    """Makes a service in step, with these dates on both sides."""
    module = next(numbers)
    db.execute("INSERT INTO processingmodule (id, name, module) VALUES (%s, 'm', 'pmreseller')", module)

    def make(here, there, accounted=400, **columns):
        item = made(next(numbers), module)
        values = {"id": item.id, "processingmodule": module, "status": 2, "expiredate": day(here), **columns}
        names = ", ".join(values)
        db.execute(f"INSERT INTO item ({names}) VALUES ({', '.join(['%s'] * len(values))})", *values.values())
        link = bought(held, item)
        paid.account(held, link.id, day(accounted))
        db.execute("UPDATE reseller_link SET state = 'live' WHERE id = %s", link.id)
        db.execute("UPDATE reseller_observation SET expiredate = %s WHERE link = %s", day(there).isoformat(), link.id)
        return item

    make.module = module
    return make


def test_what_ends_soon_there_and_is_paid_for_longer_here_is_due(db, linked):
    due = [linked(60, 3), linked(60, 0), linked(60, -2), linked(1, 0), linked(60, 2, status=3)]
    for here, there, more in (
        (60, 4, {}),
        (4, 3, {}),
        (60, 3, {"accounted": 4}),
        (0, -1, {}),
        (60, 3, {"status": 5}),
        (60, 3, {"status": 3, "employeesuspend": "on"}),
        (60, 3, {"status": 3, "abusesuspend": "on"}),
        (60, 3, {"processingmodule": 1}),
    ):
        linked(here, there, **more)
    assert paid.due(db, linked.module, TODAY, LIMITS) == sorted(item.id for item in due)
    assert paid.due(db, linked.module + 1, TODAY, LIMITS) == []
    db.execute("UPDATE processingmodule SET active = 'off' WHERE id = %s", linked.module)
    assert paid.due(db, linked.module, TODAY, LIMITS) == []


def test_what_is_under_way_or_was_bought_a_moment_ago_is_not_due(db, held, linked):
    from reseller.ledger import requests, swaps
    from reseller.ledger.requests import Effect, Standing
    from tests.unit.conftest import away

    running, away_, asked, renewed, long_ago = (linked(60, 3) for _ in range(5))
    rebooted = linked(60, 3, status=5)
    for item, name in ((running, "close"), (rebooted, "reboot")):
        db.execute("INSERT INTO runningoperation VALUES (%s, %s, %s)", item.id, item.id, name)
    requests.create(held, rebooted, requests.REBOOT)
    swaps.create(held, **away(away_))
    requests.create(held, asked, requests.SETPARAM)
    for item in (renewed, long_ago):
        request = requests.create(held, item, requests.PART)
        requests.sending(held, request, Effect("x", months=1))
        requests.settle(held, request, Standing(State.DONE))
    db.execute("UPDATE reseller_request SET sent = sent - INTERVAL 2 DAY WHERE item = %s", long_ago.id)
    assert paid.due(db, linked.module, TODAY, LIMITS) == sorted([long_ago.id, rebooted.id])

"""Random lives of services, many at once, day by day, against the invariant of docs/paid-time.md (calendar.py).

A life is how its client renews, and what happens to it on which day: money, dates that staff move on either side,
suspensions, lost answers, a seller without credit, operations that staff delete. Hypothesis draws them; all lives of a
lane are played side by side, once with the module buying a term for a few days that are missing and once asking first.
`make lives` plays a thousand of them and prints what both policies cost.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from tests.chaos import calendar
from tests.chaos.calendar import Calendar
from tests.chaos.journal import MONTHS, bought, counted, paid
from tests.chaos.lanes import Lane
from tests.chaos.settle import settle, standing
from tests.support.world import Refused

DAYS = 75
#: acts in a life, and days on which people look after what they were told
MOST_ACTS = 5
ATTENDED_EVERY = 3
TOLD_EVERY = 10
#: faults of one life's next purchase; others of the lane may meet them too
FAULTS = ("reply_lost", "html_after", "error_after", "reset", "html", "error")
POLICIES = ("buy", "ask")

Act = tuple[int, str, int]
_days = st.integers(1, DAYS - 10)
_ACTS = st.one_of(
    st.tuples(_days, st.just("renew"), st.sampled_from((1, 1, 3))),
    st.tuples(_days, st.just("goodwill"), st.integers(1, 7)),
    st.tuples(_days, st.just("jump"), st.integers(20, 400)),
    st.tuples(_days, st.just("back"), st.integers(1, 25)),
    st.tuples(_days, st.just("seller moves"), st.integers(-10, 10)),
    st.tuples(_days, st.just("seller renews"), st.just(1)),
    st.tuples(_days, st.just("fault"), st.integers(0, len(FAULTS) - 1)),
    st.tuples(_days, st.just("poor"), st.integers(1, 4)),
    st.tuples(_days, st.just("suspend"), st.integers(1, 6)),
    st.tuples(_days, st.just("held"), st.integers(1, 5)),
    st.tuples(_days, st.just("delete operation"), st.just(0)),
)


@dataclass(frozen=True)
class Life:
    """`renews`: by how many months the panel renews it by itself, 0 where its client forgets; `term` is the first."""

    term: int
    renews: int
    attended: bool
    acts: tuple[Act, ...]


lives = st.builds(
    Life,
    term=st.sampled_from((1, 1, 1, 3)),
    renews=st.sampled_from((1, 1, 1, 3, 0)),
    attended=st.booleans(),
    acts=st.lists(_ACTS, max_size=MOST_ACTS).map(tuple),
)


def drawn(count: int, seed: int) -> list[Life]:
    """So many lives, the same for the same seed."""
    found: list[Life] = []

    @hypothesis.seed(seed)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(lives)
    def draw(life: Life) -> None:
        found.append(life)

    draw()
    return found


@dataclass
class Outcome:
    """What the lives of one policy came to; months and money as the journals have them."""

    lives: int = 0
    paid_months: int = 0
    bought_months: int = 0
    charged: float = 0
    asked: int = 0
    told_days: int = 0
    unserved: list[str] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return not (self.unserved or self.ahead or self.broken)

    def add(self, other: Outcome) -> None:
        """The sum of both."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


class _Play:
    """The lives of one lane."""

    def __init__(self, lane: Lane, lives_: Sequence[Life], policy: str) -> None:
        self.lane, self.policy = lane, policy
        self.here, self.there = lane.here, lane.there
        self.lives: dict[int, Life] = {}
        #: when the seller's account has money again, and when a suspended service goes on
        self.rich_on = 0
        self.resumed_on: dict[int, int] = {}
        self.released_on = 0
        #: months that staff have bought at the seller by hand, by service
        self.by_hand: Counter[int] = Counter()
        #: renewals that were paid late, by service
        self.late: Counter[int] = Counter()
        self.outcome = Outcome(len(lives_))
        #: is told how far it is
        self.say: Callable[[str], None] = lambda _: None
        self._wanted = lives_

    def all(self, days: int) -> Outcome:
        """Order, live, count."""
        lane = self.lane
        lane.calm()
        # Nights come to all of the panel's services, those that are kept for other tries too.
        lane.clear()
        lane.limits(**calendar.LIMITS)
        asks = "on" if self.policy == "ask" else "off"
        self.here.call("processing.edit", elid=lane.shop.module, askgaps=asks, sok="ok")
        for life in self._wanted:
            self.lives[self._ordered(life)] = life
        with contextlib.closing(Calendar(lane, self.lives)) as played:
            for _ in range(days):
                played.next(here_first=played.day % 2 == 0)
                self._people(played)
                played.judge()
                if played.day % TOLD_EVERY == 0:
                    self.say(f"  day {played.day} of {days} in the first lane")
            self._count(played)
        for item in self.lives:
            lane.forget(item)
        lane.calm()
        return self.outcome

    def _ordered(self, life: Life) -> int:
        item = self.lane.shop.order("vds", period=life.term)
        settled = settle(self.lane, item)
        assert settled.quiet, settled.standing
        self.here.call("sandbox.item", item=item, autoprolong=life.renews or "")
        return item

    def _people(self, played: Calendar) -> None:
        """What happens today, then cron and queue until it is quiet again."""
        acted = False
        if self.rich_on == played.day:
            self.lane.top_up()
        if self.released_on == played.day:
            self.there.call("sandbox.release")
        for item, life in self.lives.items():
            for day, act, much in life.acts:
                if day == played.day:
                    acted = True
                    with contextlib.suppress(Refused):
                        _DOING[act](self, played, item, much)
            if self.resumed_on.get(item) == played.day:
                acted = True
                with contextlib.suppress(Refused):
                    self.lane.shop.act("resume", item)
        if played.day % ATTENDED_EVERY == 0:
            acted = self._attend() or acted
        if acted:
            played.rest()
            self.lane.shop.checkevent()
            played.rest()

    def _attend(self) -> bool:
        """Staff do what they were told to, for the lives that anybody looks after; whether there was anything."""
        told = {
            row["number"]: row["kind"]
            for row in self.here.rows("SELECT number, kind FROM reseller_problem WHERE subject = 'service'")
        }
        acted = False
        for item, life in self.lives.items():
            if not life.attended:
                continue
            if told.get(item) in ("paid", "gap", "unrenewed", "date_back"):
                self.outcome.asked += 1
                acted = not self.lane.shop.ctl("paid", str(item), "--buy", "--yes").returncode or acted
            for row in standing(self.lane, item):
                if row["state"] == "unconfirmed":
                    acted = True
                    self.lane.shop.ctl("reorder", str(item), "--yes")
                elif row["operation"] and row["manual"] == "on":
                    acted = True
                    with contextlib.suppress(Refused):
                        self.here.call("runningoperation.start", elid=row["operation"], sok="ok")
        return acted

    def _count(self, played: Calendar) -> None:
        outcome = self.outcome
        outcome.unserved, outcome.ahead = [self._words(each) for each in played.seen.unserved], played.seen.ahead
        outcome.told_days = played.seen.told_days
        for item in self.lives:
            charges = bought(self.lane, item)
            months, sold = counted(charges)[MONTHS], counted(paid(self.lane, item))[MONTHS]
            outcome.bought_months += months
            outcome.charged += sum(float(charge["amount"]) for charge in charges)
            outcome.paid_months += sold
            if months - self.by_hand[item] > sold + self._granted(item):
                words = f"service {item}: {months} months were bought and {sold} were paid for"
                outcome.ahead.append(self._words(words))

    def _granted(self, item: int) -> int:
        """Terms that may be bought beyond what the client has paid: for days that staff gave or took on either side."""
        life = self.lives[item]
        given = sum(act in ("goodwill", "seller moves") for _, act, _ in life.acts)
        jumped = sum(much // 28 + 1 for _, act, much in life.acts if act == "jump" and life.attended)
        return given + jumped + self.late[item]

    def _words(self, said: str) -> str:
        item = int(said.partition("service ")[2].partition(":")[0])
        return f"{said}\n    {self.lives[item]}"

    # What happens to a service.

    def moved_here(self, played: Calendar, item: int, days: int) -> None:
        """Staff move the panel's date; one that the panel has stopped for want of payment they start again."""
        played.moved.add(item)
        row = self.lane.shop.item(item)
        until_ = row["expiredate"] + dt.timedelta(days=days)
        self.here.call("sandbox.item", item=item, expiredate=until_)
        if row["autosuspend"] == "on" and until_ > played.today():
            self.lane.shop.act("resume", item)

    def renewed(self, played: Calendar, item: int, months: int) -> None:
        """The client renews; what is paid late may count from today here, and from the old date at the seller."""
        self.late[item] += self.lane.shop.item(item)["expiredate"] < played.today()
        words: dict[str, Any] = {"period": months, "skipbasket": "on", "su": "client1", "sok": "ok"}
        self.here.call("service.prolong", elid=item, **words)

    def moved_there(self, played: Calendar, item: int, days: int) -> None:
        """The seller's staff move its date."""
        if remote := standing(self.lane, item)[0]["remote"]:
            played.moved.add(item)
            until_ = self.there.value("SELECT expiredate FROM item WHERE id = %s", remote) + dt.timedelta(days=days)
            self.there.call("sandbox.item", item=remote, expiredate=until_)

    def renewed_there(self, played: Calendar, item: int, months: int) -> None:
        """Staff renew it at the seller by hand."""
        if remote := standing(self.lane, item)[0]["remote"]:
            played.moved.add(item)
            self.by_hand[item] += months
            words: dict[str, Any] = {"period": months, "skipbasket": "on", "su": self.lane.shop.buyer, "sok": "ok"}
            self.there.call("service.prolong", elid=remote, **words)

    def faulty(self, _: Calendar, __: int, which: int) -> None:
        """The next purchase meets a fault."""
        self.there.call("sandbox.fault", kind=FAULTS[which], forfunc="service.prolong", skip=1, times=1)

    def held(self, played: Calendar, _: int, days: int) -> None:
        """The next purchase arrives and is carried out only some days later."""
        self.there.call("sandbox.fault", kind="hold_before", forfunc="service.prolong", skip=1, times=1)
        self.released_on = max(self.released_on, played.day + days)

    def poor(self, played: Calendar, _: int, days: int) -> None:
        """The account at the seller is empty for some days."""
        self.there.call("sandbox.balance", user=self.lane.shop.buyer, value=0)
        self.rich_on = max(self.rich_on, played.day + days)

    def suspended(self, played: Calendar, item: int, days: int) -> None:
        """The client stops it for some days."""
        self.lane.shop.act("suspend", item)
        self.resumed_on[item] = played.day + days

    def withdrawn(self, _: Calendar, item: int, __: int) -> None:
        """Staff delete what is under way."""
        if operation := standing(self.lane, item)[0]["operation"]:
            self.here.call("runningoperation.delete", elid=operation, sok="ok")


_DOING: dict[str, Callable[[_Play, Calendar, int, int], None]] = {
    "renew": _Play.renewed,
    "goodwill": _Play.moved_here,
    "jump": _Play.moved_here,
    "back": lambda play, played, item, days: play.moved_here(played, item, -days),
    "seller moves": _Play.moved_there,
    "seller renews": _Play.renewed_there,
    "fault": _Play.faulty,
    "held": _Play.held,
    "poor": _Play.poor,
    "suspend": _Play.suspended,
    "delete operation": _Play.withdrawn,
}


def play(
    lanes: Sequence[Lane],
    wanted: Sequence[Life],
    policies: Sequence[str],
    days: int = DAYS,
    say: Callable[[str], None] = print,
) -> dict[str, Outcome]:
    """The same lives under each policy, over all lanes at once; what each came to."""
    kinds = len(policies)

    def one(number: int) -> Outcome:
        lane, same = lanes[number], lanes[number % kinds :: kinds]
        made = _Play(lane, wanted[number // kinds :: len(same)], policies[number % kinds])
        if number == 0:
            made.say = say
        try:
            return made.all(days)
        except Exception:  # noqa: BLE001 - told with the others
            made.outcome.broken.append(f"{made.policy}: {traceback.format_exc()}")
            return made.outcome

    outcomes = {policy: Outcome() for policy in policies}
    with ThreadPoolExecutor(len(lanes)) as pool:
        for number, outcome in enumerate(pool.map(one, range(len(lanes)))):
            outcomes[policies[number % kinds]].add(outcome)
    return outcomes


def table(outcomes: dict[str, Outcome], days: int) -> str:
    """What each policy came to, a line each."""
    head = f"{'policy':<8}{'lives':>7}{'days':>6}{'paid months':>13}{'bought months':>15}{'charged':>10}"
    lines = [f"{head}{'asked':>7}{'dark, told':>12}{'unserved':>10}{'too far':>9}"]
    lines += [
        f"{policy:<8}{found.lives:>7}{days:>6}{found.paid_months:>13}{found.bought_months:>15}{found.charged:>10.0f}"
        f"{found.asked:>7}{found.told_days:>12}{len(found.unserved):>10}{len(found.ahead):>9}"
        for policy, found in outcomes.items()
    ]
    return "\n".join(lines)

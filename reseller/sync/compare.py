"""Compare one service in full: its row and parameters here, its form at the seller; find the action of sync/decide.py.

The states are compared first. Only if they agree (the action OK) are the values compared: technical data, dates,
tariff, resources, key. Nothing is changed here: a Finding says what sync/apply.py is to do, so that a whole run can be
weighed against the limits of a day before anything is applied.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reseller.context import Context, Seller
from reseller.ledger import accounts, limited_changes, paid, problems, tariffmap
from reseller.ledger.limited_changes import Refused
from reseller.ledger.observations import Settled
from reseller.ledger.prices import Seen
from reseller.ledger.problems import Drift
from reseller.ledger.tariffmap import TariffMap
from reseller.lifecycle import ceiling, order_plan, ownership, quantities, setparam_plan, term_to_buy
from reseller.lifecycle.term_to_buy import Move
from reseller.mgr5 import items
from reseller.model import Item
from reseller.seller import service
from reseller.seller.service import Service
from reseller.seller.tariffs import Tariff
from reseller.sync.candidates import Candidate, there_of
from reseller.sync.decide import FACTS, TABLE, Action, Answer, Fact, Here, Open, There
from reseller.sync.facts import DATE_PARAM, Facts, facts
from reseller.wire import checked
from reseller.wire.errors import ResellerError, SellerError

#: actions that change the state of a service here
CHANGES_STATE = frozenset({Action.SHOW, Action.LIFT, Action.RESUME, Action.SUSPEND})


@dataclass(frozen=True)
class Comparison:
    """What is to be done about one service.

    `drifts` are all its differences, `asks` the kinds of difference that a person must decide. `secrets` are never
    shown. `is_settled` is True when the service need not be looked at again until its row on either side changes.
    """

    candidate: Candidate
    action: Action
    there: There = There.ABSENT
    saves: Mapping[str, str] = field(default_factory=dict)
    #: saved as well, without counting as a change of the service: spellings, and the date that staff see
    notes: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    follow: str = ""
    #: the panel's date to record as accounted for; where it is goodwill, it counts among the changes of a day
    accounts: dt.date | None = None
    is_goodwill: bool = False
    drifts: tuple[Drift, ...] = ()
    asks: frozenset[str] = frozenset()
    secret: int = 0
    #: what a renewal costs by the seller's form, if that shows it
    price: Seen | None = None
    is_settled: bool = True
    #: the kinds of difference that this comparison may raise or end, None for all
    about: frozenset[str] | None = None

    @property
    def kind(self) -> str:
        """The limit of a day that counts this comparison (CLOSE, STOP or CHANGE); empty if none does."""
        if self.action == Action.GONE:
            return limited_changes.CLOSE
        if self.action == Action.SHOW:
            return limited_changes.STOP
        changes_it = self.action in CHANGES_STATE or self.saves or self.secrets or self.follow or self.is_goodwill
        return limited_changes.CHANGE if changes_it else ""

    @property
    def does_something(self) -> bool:
        """Whether there is anything to apply: a change on the panel, paid time to record, a difference to raise or
        end.
        """
        acts = self.action not in (Action.OK, Action.WAIT) or self.kind or self.notes or self.forgets_shown
        return bool(acts or self.accounts or self.drifts or self.candidate.drifts)

    @property
    def forgets_shown(self) -> bool:
        """Whether the mark that the seller caused its suspension is to be cleared, since the service runs here again.

        With the mark left on, the next suspension here would be taken for the seller's.
        """
        return self.candidate.is_shown and self.candidate.state_here == Here.ACTIVE and self.action == Action.OK

    @property
    def as_settled(self) -> Settled:
        """The record that nothing is left to do for this service."""
        candidate = self.candidate
        return Settled(candidate.link, candidate.digest, candidate.here_digest, self.secret)

    @property
    def as_refused(self) -> Refused:
        """The record that a limit of a day holds it back."""
        candidate = self.candidate
        return Refused(candidate.link, self.kind, str(self), candidate.digest, candidate.here_digest)

    def asking(self, *drifts: Drift) -> Comparison:
        """The same with `drifts` as well, each of which a person must decide."""
        return replace(self, drifts=(*self.drifts, *drifts), asks=self.asks | {each.kind for each in drifts})

    def __str__(self) -> str:
        words = [] if self.action == Action.OK else [f"{self.action.value} ({self.there.value} there)"]
        words += [f"{name}={value}" for name, value in self.saves.items()]
        words += [f"{name}=..." for name in self.secrets]
        words += [f"expiredate={self.follow}"] if self.follow else []
        words += [f"paid until {self.accounts} (goodwill)"] if self.is_goodwill else []
        return " ".join(words)


class Batch:
    """Candidates that are compared one after the other: their items are read together, and each tariff is read once."""

    def __init__(self, context: Context, seller: Seller, candidates: Collection[Candidate]) -> None:
        self.context = context
        self.seller = seller
        self._items = items.read_all(context.db, [candidate.item for candidate in candidates])
        self._tariffs: dict[int, tuple[Mapping[str, str], TariffMap]] = {}
        self._offered: dict[str, Tariff | None] = {}
        #: the account's, empty while it is not known
        self.currency = accounts.balance_of(context.db, seller.account)[0].currency

    def item(self, number: int) -> Item | None:
        """The item with its parameters and add-ons; None if it was not there."""
        return self._items.get(number)

    def tariff(self, pricelist: int) -> tuple[Mapping[str, str], TariffMap]:
        """The parameters of a tariff of this panel, and its map."""
        if pricelist not in self._tariffs:
            db = self.context.db
            self._tariffs[pricelist] = (items.tariff_params(db, pricelist), tariffmap.load(db, pricelist))
        return self._tariffs[pricelist]

    def offered(self, pricelist: str) -> Tariff | None:
        """A tariff of the seller, None if the seller does not show it; raises SellerError."""
        if pricelist not in self._offered:
            self._offered[pricelist] = quantities.offered(self.seller.transport, pricelist)
        return self._offered[pricelist]


def look(batch: Batch, candidate: Candidate, *, is_listed: bool) -> Comparison | None:
    """Compare one service; None if work under way has to end first, in which case the seller was not called.

    `is_listed` says whether the seller lets this account read the list of its type. Raises ResellerError.
    """
    comparison = _look(batch, candidate, is_listed=is_listed)
    today = batch.seller.transport.today
    if candidate.is_at_rest:
        comparison = _at_rest(candidate, today)
    elif comparison is not None and candidate.open == Open.NOTHING and candidate.state_here != Here.PROCESSING:
        # The seller has suspended a service that is paid: that is asked about, whatever action is taken. Only a service
        # in process without an operation simply follows the seller's state.
        comparison = comparison.asking(*_stopped(candidate, comparison.there, today))
    if not candidate.ends_while_away(today + dt.timedelta(days=batch.context.limits.away_days)):
        return comparison
    if comparison is None:
        # Work under way at the other module does not renew this remote service.
        if problems.AWAY in candidate.drifts:
            return None
        comparison = Comparison(candidate, Action.OK, secret=candidate.secret, is_settled=False)
    return comparison.asking(Drift(problems.AWAY, candidate.state_here.value, candidate.seen_expiredate))


def _at_rest(candidate: Candidate, today: dt.date) -> Comparison | None:
    """For a service whose work stands still (Candidate.is_at_rest): change nothing, but raise or end the problem
    `stopped`.

    None if what is recorded of that problem is right already.
    """
    stopped = _stopped(candidate, candidate.state_seen, today)
    if bool(stopped) == (problems.STOPPED in candidate.drifts):
        # Recorded already.
        return None
    about = frozenset({problems.STOPPED})
    there, secret = candidate.state_seen, candidate.secret
    return Comparison(
        candidate, Action.WAIT, there, drifts=stopped, asks=about, secret=secret, is_settled=False, about=about
    )


def _stopped(candidate: Candidate, there: There, today: dt.date) -> tuple[Drift, ...]:
    runs = candidate.state_here in (Here.ACTIVE, Here.SHOWN, Here.PROCESSING) and candidate.is_paid
    is_stopped = runs and there in (There.SUSPENDED, There.STAFF)
    # Where its term there is over, the problem is what keeps a renewal from being bought; that is raised elsewhere.
    if not is_stopped or (there == There.SUSPENDED and candidate.is_over_there(today)):
        return ()
    by = f"{there.value} ({candidate.seen_by})" if candidate.seen_by else there.value
    return (Drift(problems.STOPPED, candidate.expiredate.isoformat() if candidate.expiredate else "-", by),)


def _look(batch: Batch, candidate: Candidate, *, is_listed: bool) -> Comparison | None:
    patience = batch.context.limits.stuck_seconds
    here, opened = candidate.state_here, candidate.open
    if opened != Open.NOTHING:
        # The form would not change the decision: the work under way has to end, or be given up, first.
        action = TABLE[here, candidate.state_seen, opened]
        if action == Action.WAIT:
            return None
        return _decide(candidate, action, candidate.state_seen, patience)
    form = service.read(batch.seller.transport, candidate.itemtype, candidate.remote)
    there = there_of(form, candidate)
    if not ownership.is_ours(candidate, form.key):
        # The remote service carries another's key (promise 9): its values are about somebody else's service.
        anothers = Drift(problems.FOREIGN_KEY, candidate.key, form.key or "")
        asks = frozenset({problems.FOREIGN_KEY})
        return Comparison(candidate, Action.REPORT, there, drifts=(anothers,), asks=asks, secret=candidate.secret)
    action = TABLE[here, there, opened]
    item = batch.item(candidate.item)
    if action == Action.OK and form.exists and item is not None and here != Here.AWAY:
        return _Facts(batch, candidate, item, form).compare(there)
    if action == Action.WAIT and there == There.ABSENT and not is_listed:
        missing = Drift(problems.MISSING, here.value, there.value)
        return Comparison(candidate, action, there, drifts=(missing,), secret=candidate.secret)
    return _decide(candidate, action, there, patience)


def _decide(candidate: Candidate, action: Action, there: There, patience: int) -> Comparison:
    """The comparison for an action that concerns states, not values."""
    here, secret = candidate.state_here, candidate.secret
    shown = (here.value, there.value)
    if action in CHANGES_STATE and here in (Here.PROCESSING, Here.HELD) and (candidate.stuck_seconds or 0) < patience:
        # Not yet: the panel may be about to start an operation for it.
        return Comparison(
            candidate, Action.WAIT, there, drifts=(Drift(problems.STUCK, *shown),), secret=secret, is_settled=False
        )
    if action == Action.GONE and problems.GONE in candidate.drifts:
        # Recorded already.
        return Comparison(candidate, Action.WAIT, there, secret=secret)
    kind = {
        Action.ALARM: problems.ALARM,
        Action.GONE: problems.GONE,
        Action.TASK: problems.STATE,
        Action.REPORT: problems.STATE,
    }.get(action)
    drifts = (Drift(kind, *shown),) if kind else ()
    asks = frozenset({kind} if kind and action != Action.REPORT else ())
    # Not settled: a changed state is read back by the next run, and work under way is looked at until it has ended.
    settled = candidate.open == Open.NOTHING and action not in (*CHANGES_STATE, Action.END)
    return Comparison(candidate, action, there, drifts=drifts, asks=asks, secret=secret, is_settled=settled)


class _Facts:
    """Compares the values of a service whose states agree."""

    def __init__(self, batch: Batch, candidate: Candidate, item: Item, seen: Service) -> None:
        self._batch = batch
        self._context = batch.context
        self._candidate = candidate
        self._seen = seen
        self._known: Facts = facts(seen)
        self._key = batch.seller.settings.password
        self._item = item
        self._drifts: list[Drift] = []
        self._asks: set[str] = set()
        self._follow = ""
        self._account: dt.date | None = None
        self._is_goodwill = False

    def compare(self, there: There) -> Comparison:
        """The comparison: all values that differ, and what is done about each."""
        technical = {**self._known.open_fields, **self._known.saved}
        date = technical.pop(DATE_PARAM, "")
        saves = {name: value for name, value in technical.items() if self._differs(name, value)}
        # A value that differs only in spelling is saved as the seller spells it, and does not count as a change.
        noted = {**{name: value for name, value in technical.items() if name not in saves}, DATE_PARAM: date}
        notes = {name: value for name, value in noted.items() if value and self._item.params.get(name) != value}
        # A password that the form does not show has not changed.
        secret = self._known.password_digest(self._key) or self._candidate.secret
        secrets = {"lickey": self._known.key} if self._known.key and self._differs("lickey", self._known.key) else {}
        if self._known.password and secret != self._candidate.secret:
            secrets["password"] = self._known.password
        for fact, name, here, value in self._others():
            self._answer(fact, name, here, value)
        return Comparison(
            self._candidate,
            Action.OK,
            there,
            saves=saves if FACTS[Fact.TECHNICAL] == Answer.SAVE else {},
            notes=notes,
            secrets=secrets,
            follow=self._follow,
            accounts=self._account,
            is_goodwill=self._is_goodwill,
            drifts=tuple(self._drifts),
            asks=frozenset(self._asks),
            secret=secret,
            price=ceiling.of_form(self._item.id, self._item.pricelist, self._seen, self._batch.currency),
        )

    def _differs(self, name: str, value: str) -> bool:
        return checked.canonical(name, self._item.params.get(name, "")) != checked.canonical(name, value)

    def _answer(self, fact: Fact, name: str, here: str, there: str) -> None:
        answer = FACTS[fact]
        if answer == Answer.FOLLOW and self._context.limits.follow_expiry:
            self._follow = there
            return
        self._drifts.append(Drift(name, here[:190], there[:190]))
        if answer == Answer.TASK:
            self._asks.add(name)

    def _others(self) -> Iterator[tuple[Fact, str, str, str]]:
        """Differences that the seller alone does not decide: the fact, the kind of difference, the values here and
        there.
        """
        yield from self._expiry()
        yield from self._tariff()
        if self._seen.autoprolong:
            yield Fact.AUTOPROLONG, problems.AUTOPROLONG, "", self._seen.autoprolong
        if self._known.unfit:
            yield Fact.VALUE, problems.VALUE, "", self._known.unfit
        key = self._seen.key
        if key is not None and key != self._candidate.key:
            yield Fact.KEY, problems.KEY, self._candidate.key, key

    def _expiry(self) -> Iterator[tuple[Fact, str, str, str]]:
        """The differences `paid` (the panel's date jumped) and `expiredate` (the seller is paid more than a term beyond
        it).

        See docs/paid-time.md.
        """
        here, there, limits = self._item.expiredate, self._seen.expiredate, self._context.limits
        if here is None or there is None:
            return
        kept = paid.of(self._context.db, self._candidate.link)
        move = term_to_buy.judge(here, there, kept.accounted, limits)
        if move == Move.FOLLOW:
            self._account = here
            self._is_goodwill = kept.accounted is not None and here > max(kept.accounted, there)
        elif move == Move.JUMP and here != kept.left:
            yield Fact.PAID, problems.PAID, here.isoformat(), there.isoformat()
        if (there - term_to_buy.after(here, self._term())).days > limits.tolerance_days:
            yield Fact.EXPIRES_LATER, problems.EXPIREDATE, here.isoformat(), there.isoformat()

    def _term(self) -> int:
        """Months that the seller may be paid ahead: the term that would be bought for the service's period, or 0."""
        try:
            return max(order_plan.term(self._item, self._batch.tariff(self._item.pricelist)[1]), 0)
        except ResellerError:
            return 0

    def _tariff(self) -> Iterator[tuple[Fact, str, str, str]]:
        """The differences in tariff and resources: what a setparam from here would change at the seller.

        Both directions use the one rule of lifecycle/setparam_plan.py.
        """
        item, seen = self._item, self._seen
        try:
            tariff, mapping = self._batch.tariff(item.pricelist)
            change = setparam_plan.build(item, seen, tariff, mapping, lambda: self._batch.offered(seen.pricelist))
        except SellerError:
            raise
        except ResellerError as error:
            yield Fact.MAPPING, problems.MAPPING, self._context.word(error), ""
            return
        if change is None:
            return
        if change.is_tariff:
            yield Fact.TARIFF, problems.TARIFF, change.fields["pricelist"], seen.pricelist
            return
        # Other fields are names and addresses, which the seller decides.
        wanted = {name: value for name, value in change.fields.items() if name.startswith("addon_")}
        if wanted:
            now = {name: seen.fields.get(name, "") for name in wanted}
            yield Fact.RESOURCES, problems.RESOURCES, quantities.listed(wanted), quantities.listed(now)

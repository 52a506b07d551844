"""A linked service as a run sees it: its rows on both sides, and the states by which sync/decide.py judges them.

A service is compared in full when its row at the seller or its row here has changed since it was last dealt with, and
in any case once a day. The database makes this choice (ledger/linked.py), and sync/reconcile.py takes as many as a run
has time for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from reseller.db import Database
from reseller.ledger import linked, requests, states
from reseller.ledger.linked import WATCHED
from reseller.ledger.states import State
from reseller.model import Status
from reseller.seller.service import STAFF_SUSPENSIONS, Service
from reseller.sync.decide import Here, Open, There
from reseller.wire import dates

_UNDONE = ((Here.ACTIVE, There.SUSPENDED), (Here.SUSPENDED, There.ACTIVE))
IN_FLIGHT = frozenset(State.all_that_mean(states.ON_ITS_WAY))
AT_REST = frozenset(State.all_that_mean(states.NOT_SENT | states.FOR_A_PERSON))
_IN_DOUBT = frozenset(State.all_that_mean(states.IN_DOUBT))

_HERE = {
    Status.ORDERED: Here.ORDERED,
    Status.ACTIVE: Here.ACTIVE,
    Status.SUSPENDED: Here.SUSPENDED,
    Status.DELETED: Here.DELETED,
    Status.PROCESSING: Here.PROCESSING,
}
_THERE = {
    Status.ORDERED: There.ORDERED,
    Status.ACTIVE: There.ACTIVE,
    Status.SUSPENDED: There.SUSPENDED,
    Status.DELETED: There.DELETED,
    Status.PROCESSING: There.PROCESSING,
}


class Candidate(NamedTuple):
    """A linked service: its row here, what the seller's list last showed, what was dealt with, what is under way."""

    link: int
    item: int
    module: int
    itemtype: str
    remote: str
    key: str
    #: None when there is no such service on the panel any more
    status: int | None
    expiredate: dt.date | None
    item_module: int | None
    #: the panel itself holds it suspended
    is_held: bool
    here_digest: int
    seen_status: int
    seen_by: str
    digest: int
    settled: int
    settled_here: int
    absences: int
    is_shown: bool
    secret: int
    operations: int
    #: live requests, `kind state` each; WATCHED is the state of one that is no longer wanted
    requests: tuple[tuple[str, str], ...]
    #: kinds of the differences that are known
    drifts: frozenset[str]
    #: seconds since it was first found in process without an operation, None if it was not
    stuck_seconds: int | None
    #: the end of its term at the seller by the last list, YYYY-MM-DD
    seen_expiredate: str
    #: number of the newest request, even an ended one: what was read before that request may be out of date
    newest_request: int
    #: how many of the operations are manual
    manual: int

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> Candidate:
        """From a row of ledger/linked.py, whose columns are named as the fields."""
        row["is_held"], row["is_shown"] = bool(row["is_held"]), bool(row["is_shown"])
        row["drifts"] = frozenset(row["drifts"].split())
        row["requests"] = tuple(tuple(each.split(" ", 1)) for each in row["requests"].split(",") if each)
        return cls(**row)

    @property
    def is_at_rest(self) -> bool:
        """Whether work under way stands still: manual operations only, with requests unsent, unconfirmed or for a
        person.
        """
        stands = all(state in (*AT_REST, State.UNCONFIRMED) for _, state in self.requests)
        return bool(self.operations) and self.operations == self.manual and bool(self.requests) and stands

    def ends_while_away(self, by: dt.date) -> bool:
        """Whether its term at the seller ends by that day while it is away, so that no module would renew it."""
        alive = self.seen_status not in (0, Status.DELETED)
        return self.state_here == Here.AWAY and alive and self.is_over_there(by)

    def is_over_there(self, today: dt.date) -> bool:
        """Whether its term at the seller has ended by the seller's day `today`, according to the last list."""
        return bool(self.seen_expiredate) and self.seen_expiredate <= today.isoformat()

    @property
    def has_moved(self) -> bool:
        """Whether its row on either side has changed since it was last dealt with."""
        return self.digest != self.settled or self.here_digest != self.settled_here

    @property
    def state_here(self) -> Here:
        """Its state on this panel."""
        if self.status is None:
            return Here.DELETED
        plain = here(self.status, is_away=self.item_module != self.module)
        if plain in (Here.DELETED, Here.AWAY):
            return plain
        if self.status == Status.SUSPENDED and self.is_shown and not self.is_held and self.is_paid:
            return Here.SHOWN
        if self.status == Status.PROCESSING and self.is_held:
            return Here.HELD
        return plain

    @property
    def is_paid(self) -> bool:
        """Whether the client's term has not ended by this machine's day. Then the panel itself suspends the service."""
        return self.expiredate is None or self.expiredate >= dates.machine_day()

    @property
    def state_seen(self) -> There:
        """Its state at the seller, according to the last list."""
        return there(self.seen_status, self.seen_by, self.absences)

    @property
    def open(self) -> Open:
        """The work under way. An owed term counts only while its outcome is in doubt; before, it waits for its day."""
        if self.operations:
            return Open.BUSY
        states = {(kind, state) for kind, state in self.requests if kind != requests.PART}
        states |= {(requests.PART, state) for kind, state in self.requests if state in _IN_DOUBT}
        if any(state in IN_FLIGHT for _, state in states):
            return Open.BUSY
        if any(state == WATCHED for _, state in states) and (self.state_here, self.state_seen) in _UNDONE:
            return Open.BUSY
        return Open.LEFT if any(state in AT_REST for _, state in states) else Open.NOTHING


def here(status: int, *, is_away: bool) -> Here:
    """The state on this panel as far as the status number and the module decide it."""
    return Here.AWAY if is_away and status != Status.DELETED else _HERE.get(status, Here.UNKNOWN)


def there(status: int, suspended_by: str, absences: int) -> There:
    """The state at the seller; `status` is 0 for a service that the seller did not show."""
    if not status:
        return There.GONE if absences > 1 else There.ABSENT
    if status == Status.SUSPENDED and suspended_by in STAFF_SUSPENSIONS:
        return There.STAFF
    return _THERE.get(status, There.UNKNOWN)


def there_of(seen: Service, candidate: Candidate) -> There:
    """The state at the seller by its form; a missing form means GONE only after two complete lists without the service.

    It means DELETED when the list says so: some sellers list deleted services without opening their forms. A form that
    shows the service as deleted counts only if the list agrees.
    """
    if seen.exists and not seen.status:
        return There.UNKNOWN
    if seen.status == Status.DELETED and candidate.seen_status not in (0, Status.DELETED):
        return There.ABSENT
    if not seen.exists and not seen.status and candidate.seen_status == Status.DELETED:
        return There.DELETED
    return there(seen.status, seen.suspended_by, candidate.absences)


def moved(db: Database, module: int, most: int, away_day: dt.date, *, refused_too: bool) -> list[Candidate]:
    """Services of a module whose row on either side changed, longest waiting first; `away_day` as in linked.changed().

    `refused_too` includes changes that a limit of a day has refused and that are unchanged since.
    """
    return [Candidate.of_row(row) for row in linked.changed(db, module, most, away_day, refused_too=refused_too)]


def one(db: Database, link: int) -> Candidate | None:
    """The candidate of a link as it is now, None if the link has ended."""
    return next(iter(of_links(db, [link])), None)


def of_links(db: Database, links: Sequence[int]) -> list[Candidate]:
    """The candidates of these links, in this order; a link that has ended is left out."""
    by_link = {each.link: each for each in map(Candidate.of_row, linked.of_links(db, links))}
    return [by_link[link] for link in links if link in by_link]

"""Choose the linked services that have to be compared in full.

A service is chosen when its row at the seller or its row here (`HERE`) has changed since it was last dealt with, and in
any case once a day. The database makes this choice over all services of a module in one query, by digests, so that a
service which has not changed is never read into the program.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from reseller.db import Database
from reseller.ledger import requests, states
from reseller.ledger.problems import IS_DIFFERENCE
from reseller.ledger.states import State
from reseller.model import Status
from reseller.seller.service import STAFF_SUSPENSIONS, Service
from reseller.sync.decide import Here, Open, There

HERE = (
    "COALESCE(CRC32(CONCAT_WS('/', i.status, COALESCE(i.expiredate, '-'), i.pricelist, "
    "COALESCE(i.processingmodule, 0), i.autosuspend, i.employeesuspend, i.abusesuspend)), 0)"
)
#: state of a request that is no longer wanted; while it may still be carried out, its effect is undone
#: (lifecycle/overtaken.py)
WATCHED = "watched"
# Every part of the queries below is a constant of our code; values from outside are parameters.
_COLUMNS = f"""k.id, k.item, k.module, k.itemtype, k.remote, k.rkey, i.status, i.expiredate, i.processingmodule,
COALESCE(i.autosuspend = 'on' OR i.employeesuspend = 'on' OR i.abusesuspend = 'on', 0), {HERE},
o.status, o.suspended_by, o.digest, o.settled, o.here, o.absences, o.shown > COALESCE((SELECT MAX(q.id)
FROM reseller_request q WHERE q.item = k.item AND q.kind = 'suspend'), 0), o.secret,
(SELECT COUNT(*) FROM runningoperation r WHERE r.item = k.item),
COALESCE((SELECT GROUP_CONCAT(q.kind, ' ', IF(q.error_type = '{requests.OVERTAKEN}', '{WATCHED}', q.state))
FROM reseller_request q WHERE q.item = k.item AND q.live = 1), ''),
COALESCE((SELECT GROUP_CONCAT(d.kind SEPARATOR ' ') FROM reseller_problem d
WHERE {IS_DIFFERENCE} AND d.number = k.item), ''),
(SELECT TIMESTAMPDIFF(SECOND, d.since, UTC_TIMESTAMP(3)) FROM reseller_problem d
WHERE d.subject = 'service' AND d.number = k.item AND d.kind = 'stuck'), o.expiredate,
COALESCE((SELECT MAX(q.id) FROM reseller_request q WHERE q.item = k.item), 0),
(SELECT COUNT(*) FROM runningoperation r WHERE r.item = k.item AND r.manual = 'on')"""  # noqa: S608
#: in this order the link of an unmoved service is never read, which halves the time of a quiet run's query
_FROM = """FROM reseller_observation o LEFT JOIN item i ON i.id = o.item STRAIGHT_JOIN reseller_link k ON k.id = o.link
WHERE k.live = 1 AND k.state = 'live'"""
#: no row changes when the end of a term comes near, so this condition finds it once: Candidate.ends_while_away
_ENDING = (
    "(NOT i.processingmodule <=> o.module AND i.status <> 4 AND o.status NOT IN (0, 4) AND o.expiredate > '' "
    "AND o.expiredate <= %s AND NOT EXISTS (SELECT 1 FROM reseller_problem d "
    "WHERE d.subject = 'service' AND d.number = o.item AND d.kind = 'away'))"
)
_MOVED = f"(o.digest <> o.settled OR o.here <> {HERE} OR {_ENDING})"
#: a refused change is not looked at again until its service changes
_NOT_REFUSED = (
    "NOT EXISTS (SELECT 1 FROM reseller_plan p WHERE p.link = o.link AND p.digest = o.digest "  # noqa: S608
    f"AND p.here = {HERE})"
)
#: services with an operation come last, since they can only wait; the link's number makes the order stable
_FAIR = "ORDER BY EXISTS (SELECT 1 FROM runningoperation r WHERE r.item = k.item), o.tried IS NOT NULL, o.tried, k.id"

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

    @property
    def is_at_rest(self) -> bool:
        """Whether work under way stands still: manual operations only, with requests unsent, unconfirmed or for a
        person.
        """
        stands = all(state in (*AT_REST, State.UNCONFIRMED) for _, state in self.requests)
        return bool(self.operations) and self.operations == self.manual and bool(self.requests) and stands

    def ends_while_away(self, days: int) -> bool:
        """Whether its term at the seller ends within `days` while it is away, so that no module would renew it."""
        alive = self.seen_status not in (0, Status.DELETED)
        return (
            self.state_here == Here.AWAY and alive and bool(self.seen_expiredate) and self.seen_expiredate <= _in(days)
        )

    @property
    def is_over_there(self) -> bool:
        """Whether its term at the seller has ended, according to the last list."""
        return bool(self.seen_expiredate) and self.seen_expiredate <= _in(0)

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
        """Whether the client's term has not ended. After its end the panel itself suspends the service."""
        return self.expiredate is None or self.expiredate >= dt.datetime.now(dt.timezone.utc).date()

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


def _in(days: int) -> str:
    return (dt.datetime.now(dt.timezone.utc).date() + dt.timedelta(days=days)).isoformat()


def moved(db: Database, module: int, most: int, away_days: int, *, refused_too: bool) -> list[Candidate]:
    """Services of a module whose row on either side changed, longest waiting first; `away_days` as in
    ends_while_away().

    `refused_too` includes changes that a limit of a day has refused and that are unchanged since.
    """
    more = "" if refused_too else f"AND {_NOT_REFUSED}"
    return _read(db, f"AND o.module = %s AND {_MOVED} {more} {_FAIR} LIMIT %s", module, _in(away_days), most)


def unmoved(db: Database, module: int, away_days: int) -> list[int]:
    """Links of refused changes whose service has returned to its old state, so that no run would look at them again.

    Without those whose difference only the form showed: their digests never moved.
    """
    # Few changes are refused, so the join begins at them.
    sql = (
        "SELECT p.link FROM reseller_plan p STRAIGHT_JOIN reseller_observation o ON o.link = p.link "  # noqa: S608
        "LEFT JOIN item i ON i.id = o.item WHERE p.module = %s "
        f"AND (p.digest <> o.digest OR p.here <> {HERE}) AND NOT {_MOVED}"
    )
    return db.column(sql, module, _in(away_days))


def to_suspend(db: Database, module: int) -> int:
    """How many services run here while the last lists show them suspended, compared yet or not.

    Without those that a person has decided to leave so.
    """
    sql = (
        f"SELECT COUNT(*) {_FROM} AND o.module = %s AND i.status = %s AND o.status = %s AND o.digest <> o.settled "  # noqa: S608
        "AND NOT EXISTS (SELECT 1 FROM reseller_plan p WHERE p.link = o.link AND p.left_by <> '')"
    )
    return int(db.value(sql, module, Status.ACTIVE, Status.SUSPENDED))


def one(db: Database, link: int) -> Candidate | None:
    """The candidate of a link as it is now, None if the link has ended."""
    found = _read(db, "AND o.link = %s", link)
    return found[0] if found else None


def longest_unread(db: Database, module: int, itemtype: str, most: int) -> list[int]:
    """Links of a module and type whose form was requested longest ago, whether or not that succeeded.

    Read from the index on `asked`: building whole candidates only to sort them would read every service. See
    of_links().
    """
    sql = (
        "SELECT STRAIGHT_JOIN k.id FROM reseller_observation o FORCE INDEX (asked) "
        "JOIN reseller_link k ON k.id = o.link "
        "WHERE k.live = 1 AND k.state = 'live' AND k.module = %s AND k.itemtype = %s ORDER BY o.asked, o.link LIMIT %s"
    )
    return db.column(sql, module, itemtype, most)


def of_links(db: Database, links: Sequence[int]) -> list[Candidate]:
    """The candidates of these links, in this order; a link that has ended is left out."""
    if not links:
        return []
    found = {each.link: each for each in _read(db, "AND o.link IN %s", links)}
    return [found[link] for link in links if link in found]


def _read(db: Database, more: str, *args: object) -> list[Candidate]:
    return [_candidate(row) for row in db.rows(f"SELECT {_COLUMNS} {_FROM} {more}", *args)]


def _candidate(row: Sequence[object]) -> Candidate:
    fields = list(row)
    fields[9], fields[17] = bool(fields[9]), bool(fields[17])
    fields[21] = frozenset(str(fields[21]).split())
    fields[20] = tuple(tuple(each.split(" ", 1)) for each in str(fields[20]).split(",") if each)
    return Candidate(*fields)  # type: ignore[arg-type]

"""Requests: what a command, a person or an owed term wants of the seller, recorded before it is sent, with the key that
recognises its effect (promise 2).

Calls that only help have no request of their own: undoing what was overtaken, switching the seller's own renewal off,
setting a service's key.

A live request is continued, never replaced by a new one: the table's unique key allows one live request of a kind for a
service. The states of a request, and what each means, are in ledger/states.py.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from reseller import log
from reseller.assumption import columns
from reseller.db import Database
from reseller.ledger import states
from reseller.ledger.leases import Lease
from reseller.ledger.states import State
from reseller.model import CURRENCY_CHARACTERS, Item, Status

#: columns of the panel that are read here besides those that every command reads
ASSUMED = (
    *columns("runningoperation", "errorxml:text", "platform.md 6.2"),
    *columns("task", "runningoperation", "platform.md 6.2"),
)

ORDER = "order"
PROLONG, SUSPEND, RESUME, CLOSE = "prolong", "suspend", "resume", "close"
SETPARAM = "setparam"
#: a term that no operation asks for: the client has paid for longer than the seller was (commands/owed_terms.py)
PART = "part"
POWER = START, STOP, REBOOT, HARDREBOOT = "start", "stop", "reboot", "hardreboot"
CHANGEPASSWORD, GEN_KEY, CANCEL_PROLONG, REOPEN = "changepassword", "gen_key", "cancel_prolong", "reopen"
#: kinds that do not affect paid time, so that a term may be bought beside them
BESIDE = (*POWER, CHANGEPASSWORD, GEN_KEY)
#: error type of a request that is no longer wanted; it stays live for as long as the seller may carry it out
OVERTAKEN = "reseller_overtaken"
#: kinds that may cost something at the seller
CHARGED = (ORDER, PROLONG, PART, SETPARAM, REOPEN)
#: operations whose command spends money at the seller
SPENDING = ("open", REOPEN, PROLONG, SETPARAM)

WORD_CHARACTERS = 64

_COLUMNS = (
    "id, item, kind, live, rkey, state, module, account, itemtype, operation, tries, looks, remote, accepted, "
    "error_type, error_text, have, deficit, currency, correlation, was, promise, digest, term, cost, cost_currency, "
    "word, answer, "
    "TIMESTAMPDIFF(SECOND, created, UTC_TIMESTAMP(3)), "
    "TIMESTAMPDIFF(SECOND, updated, UTC_TIMESTAMP(3)), TIMESTAMPDIFF(SECOND, sent, UTC_TIMESTAMP(3)), "
    "next_try IS NULL OR next_try <= UTC_TIMESTAMP(3)"
)


class Request(NamedTuple):
    """A row of `reseller_request`; ages are in seconds by the database's clock."""

    id: int
    item: int
    kind: str
    live: bool
    key: str
    state: State
    module: int
    account: int
    itemtype: str
    operation: int
    tries: int
    looks: int
    remote: str
    #: numbers of remote services that, by a person's decision, are not this order
    accepted: frozenset[str]
    error_type: str
    error_text: str
    have: Decimal | None
    deficit: Decimal | None
    currency: str
    correlation: str
    was: str
    promise: str
    digest: str
    #: months that it buys at the seller
    term: int
    #: by how much the seller's balance fell while it was sent, None if unknown
    cost: Decimal | None
    cost_currency: str
    #: the person whose word is the reason of a request without an operation
    word: str
    #: the seller's error document if it proves nothing (lifecycle/kept_answers.py), else empty
    answer: str
    age_seconds: int
    quiet_seconds: int
    sent_seconds: int | None
    is_due: bool

    @classmethod
    def of_row(cls, row: Sequence[object]) -> Request:
        """From the columns `_COLUMNS` of a row."""
        fields: dict[str, Any] = dict(zip(cls._fields, row))
        fields["live"], fields["is_due"] = bool(fields["live"]), bool(fields["is_due"])
        fields["state"] = State.of(fields["state"])
        fields["accepted"] = frozenset(fields["accepted"].split())
        return cls(**fields)

    @property
    def turn(self) -> tuple[int, int]:
        """Sort key, smallest for the longest waiting: by the panel's operation, since tries run in parallel."""
        return self.operation or self.id, self.id

    @property
    def is_open(self) -> bool:
        """Whether the seller has the request, or may have it."""
        return self.state.means(states.IN_DOUBT) or self.state.means(states.TAKEN)


def live_of(db: Database, item: int, kind: str = ORDER) -> Request | None:
    """The live request of this kind of a service."""
    row = db.row(f"SELECT {_COLUMNS} FROM reseller_request WHERE item = %s AND kind = %s AND live = 1", item, kind)  # noqa: S608
    return Request.of_row(row) if row else None


def is_wanted(db: Database, item: int, kind: str) -> bool:
    """Whether there is a live request of this kind, other than one that is only watched because it was overtaken."""
    request = live_of(db, item, kind)
    return request is not None and request.error_type != OVERTAKEN


def live_others(db: Database, item: int, kind: str) -> list[Request]:
    """The live requests of other kinds of a service, oldest first."""
    return [request for request in of_item(db, item) if request.live and request.kind != kind]


def all_live(db: Database, modules: Sequence[int]) -> list[Request]:
    """Every live request of these modules, oldest first."""
    if not modules:
        return []
    marks = ", ".join(["%s"] * len(modules))
    sql = f"SELECT {_COLUMNS} FROM reseller_request WHERE live = 1 AND module IN ({marks}) ORDER BY id"  # noqa: S608
    return [Request.of_row(row) for row in db.rows(sql, *modules)]


def of_item(db: Database, item: int) -> list[Request]:
    """Every request of a service, settled ones too, oldest first."""
    sql = f"SELECT {_COLUMNS} FROM reseller_request WHERE item = %s ORDER BY id"  # noqa: S608
    return [Request.of_row(row) for row in db.rows(sql, item)]


def has_done(db: Database, item: int, kind: str, operation: int) -> bool:
    """Whether the request of this operation is done: only the operation's end, which is up to the panel, is missing."""
    sql = "SELECT COUNT(*) FROM reseller_request WHERE item = %s AND kind = %s AND operation = %s AND state = %s"
    return operation > 0 and bool(db.value(sql, item, kind, operation, State.DONE))


def by_id(db: Database, request: int) -> Request:
    """The request as it is now. Raises LookupError if there is none."""
    row = db.row(f"SELECT {_COLUMNS} FROM reseller_request WHERE id = %s", request)  # noqa: S608
    if row is None:
        raise LookupError(f"request {request}")
    return Request.of_row(row)


def create(lease: Lease, item: Item, kind: str = ORDER, *, operation: int = 0, accepted: str = "") -> Request:
    """Insert a new request in the state INTENT, with a new key.

    The key is `N-<8 random hex>`; the seller gets to see only the key of an order. The seller's account is not known
    yet; see set_account().
    """
    key = f"{item.id}-{os.urandom(4).hex()}"
    number = lease.insert(
        "reseller_request",
        item=item.id,
        kind=kind,
        rkey=key if kind == ORDER else f"{kind} {key}",
        state=State.INTENT,
        module=item.module,
        account=0,
        itemtype=item.itemtype,
        operation=operation,
        accepted=accepted,
        correlation=log.correlation(),
    )
    return by_id(lease.db, number)


def set_word(lease: Lease, request: Request, who: str) -> None:
    """Record the person whose word is the reason of a request that has no operation."""
    lease.execute("UPDATE reseller_request SET word = %s WHERE id = %s", who[:WORD_CHARACTERS], request.id)


def set_account(lease: Lease, request: Request, account: int, module: int = 0) -> Request:
    """Record the account with which the request is sent, and the module whose settings lead there.

    `module` is given only if it is not the request's own.
    """
    sql = "UPDATE reseller_request SET module = %s, account = %s WHERE id = %s"
    lease.execute(sql, module or request.module, account, request.id)
    return by_id(lease.db, request.id)


def correlation(db: Database, key: str) -> str:
    """The correlation id in the log for the request with this key; empty if there is none."""
    return db.value("SELECT correlation FROM reseller_request WHERE rkey = %s", key) or ""


def operation_names(kind: str) -> tuple[str, ...]:
    """The panel's names for the operation of a request.

    An order may come from `open` or, for a closed service, `reopen`.
    """
    return ("open", REOPEN) if kind == ORDER else (kind,)


class Effect(NamedTuple):
    """What a request is going to do, by which its effect is recognised afterwards.

    `was` and `promise` are the date before a renewal and the one that the seller's form promises (YYYY-MM-DD); `call`
    is a digest of the values that a change sends, `months` the term that is bought.
    """

    detail: str
    was: str = ""
    promise: str = ""
    call: str = ""
    months: int = 0


def sending(lease: Lease, request: Request, effect: Effect) -> None:
    """Record that the request is about to be sent; must be committed before the first byte leaves."""
    lease.execute(
        "UPDATE reseller_request SET state = %s, detail = %s, was = %s, promise = %s, digest = %s, "
        "term = %s, answer = '', error_type = '', looks = 0, sent = UTC_TIMESTAMP(3), correlation = %s, "
        "updated = UTC_TIMESTAMP(3) WHERE id = %s AND live = 1",
        State.SENDING,
        effect.detail[:2000],
        effect.was,
        effect.promise,
        effect.call,
        effect.months,
        log.correlation(),
        request.id,
    )


class Standing(NamedTuple):
    """The state of a request after a try; `wait_seconds` is the time until the next.

    `looks` and `answer` are left unchanged if None: the number of looks, and the error document that the seller
    returned.
    """

    state: State
    error_type: str = ""
    error_text: str = ""
    have: Decimal | None = None
    deficit: Decimal | None = None
    currency: str = ""
    remote: str = ""
    tries: int = 0
    looks: int | None = None
    wait_seconds: int = 0
    operation: int = 0
    answer: str | None = None


def settle(lease: Lease, request: Request, now: Standing) -> Request:
    """Record the new state of a request; the row as it then is."""
    lease.execute(
        "UPDATE reseller_request SET state = %s, live = %s, error_type = %s, error_text = %s, have = %s, deficit = %s, "
        "currency = %s, remote = %s, tries = %s, looks = COALESCE(%s, looks), answer = COALESCE(%s, answer), "
        "operation = IF(%s > 0, %s, operation), "
        "next_try = UTC_TIMESTAMP(3) + INTERVAL %s SECOND, updated = UTC_TIMESTAMP(3) WHERE id = %s",
        now.state,
        None if now.state.means(states.SETTLED) else 1,
        now.error_type,
        now.error_text[:2000],
        now.have,
        now.deficit,
        now.currency[:CURRENCY_CHARACTERS],
        now.remote,
        now.tries,
        now.looks,
        now.answer,
        now.operation,
        now.operation,
        now.wait_seconds,
        request.id,
    )
    return by_id(lease.db, request.id)


def is_any_sent(db: Database, module: int) -> bool:
    """Whether a live request of the module may have been sent."""
    sql = "SELECT EXISTS (SELECT 1 FROM reseller_request WHERE live = 1 AND module = %s AND sent IS NOT NULL)"
    return bool(db.value(sql, module))


def stopped_by(db: Database, error_type: str) -> int:
    """How many live requests wait for this reason."""
    sql = "SELECT COUNT(*) FROM reseller_request WHERE live = 1 AND error_type = %s"
    return int(db.value(sql, error_type))


def has_ordered(db: Database, account: int, within_seconds: int) -> bool:
    """Whether the seller has accepted an order of this account within so many seconds."""
    sql = (
        "SELECT COUNT(*) FROM reseller_request WHERE account = %s AND kind = %s AND state = %s "
        "AND sent > UTC_TIMESTAMP(3) - INTERVAL %s SECOND"
    )
    return bool(db.value(sql, account, ORDER, State.LINKED, within_seconds))


def wake(lease: Lease, error_types: Collection[str], modules: Sequence[int], becomes: str = "") -> None:
    """Make unsent requests of these modules that wait for one of these reasons due now.

    `becomes` replaces the reason.
    """
    if modules:
        with lease.writing() as db:
            db.execute(
                "UPDATE reseller_request SET next_try = UTC_TIMESTAMP(3), error_type = IF(%s > '', %s, error_type) "
                "WHERE live = 1 AND state = %s AND error_type IN %s AND module IN %s",
                becomes,
                becomes,
                State.UNSENT,
                tuple(error_types),
                tuple(modules),
            )


def wait(lease: Lease, request: Request, seconds: int) -> None:
    """Leave the request as it is, and make it due after this many seconds."""
    lease.execute(
        "UPDATE reseller_request SET next_try = UTC_TIMESTAMP(3) + INTERVAL %s SECOND WHERE id = %s",
        seconds,
        request.id,
    )


def stranded(db: Database, module: int) -> list[tuple[int, int]]:
    """Operations of a module that spend, were started, are manual without an error, and are unknown to the ledger.

    The process that made an operation manual has died, or the ledger was restored from before it. Each is: operation,
    service here.
    """
    rows = db.rows(
        "SELECT r.id, r.item FROM runningoperation r JOIN item i ON i.id = r.item WHERE i.processingmodule = %s "
        "AND r.manual = 'on' AND r.trycount > 0 AND r.intname IN %s AND COALESCE(r.errorxml, '') = '' "
        "AND NOT EXISTS (SELECT 1 FROM task t WHERE t.runningoperation = r.id) "
        "AND NOT EXISTS (SELECT 1 FROM reseller_request q WHERE q.item = r.item AND q.live = 1) "
        "AND NOT EXISTS (SELECT 1 FROM reseller_link k WHERE k.item = r.item AND k.live = 1 AND k.state = 'opening') "
        "ORDER BY r.id",
        module,
        SPENDING,
    )
    return [(row[0], row[1]) for row in rows]


#: a condition of SQL: service `i` is paid and in process, and nothing is bought for it, nor about to be
_UNBOUGHT = """i.status = %s AND i.parent IS NULL
AND NOT EXISTS (SELECT 1 FROM runningoperation r WHERE r.item = i.id AND r.intname IN ('open', 'reopen', 'close'))
AND NOT EXISTS (SELECT 1 FROM reseller_link k WHERE k.item = i.id AND k.live = 1)
AND NOT EXISTS (SELECT 1 FROM reseller_request q WHERE q.item = i.id AND q.live = 1 AND q.kind = 'order'
AND q.state IN ('intent', 'sending', 'looking'))"""


def unbought(db: Database, module: int) -> dict[int, str]:
    """Services of a module for which clients wait and nothing is bought, since the operation was deleted.

    The value is the reason why the order stopped, or "".
    """
    why = "SELECT q.error_text FROM reseller_request q WHERE q.item = i.id AND q.live = 1 AND q.kind = 'order'"
    sql = f"SELECT i.id, ({why}) FROM item i WHERE i.processingmodule = %s AND {_UNBOUGHT} ORDER BY i.id"  # noqa: S608
    rows = db.rows(sql, module, Status.PROCESSING)
    return {row[0]: row[1] or "" for row in rows}


_WITHOUT = """NOT EXISTS (SELECT 1 FROM runningoperation r WHERE r.item = q.item AND
(r.intname = q.kind OR (q.kind = 'order' AND r.intname IN ('open', 'reopen'))))"""


def without_operation(db: Database, module: int) -> frozenset[int]:
    """Ids of a module's live requests (except owed terms) whose operation is gone or never existed."""
    sql = f"SELECT q.id FROM reseller_request q WHERE q.module = %s AND q.live = 1 AND q.kind <> %s AND {_WITHOUT}"  # noqa: S608
    return frozenset(db.column(sql, module, PART))


def undecided(db: Database, module: int) -> list[Request]:
    """Unconfirmed requests of a module without an operation; orders and owed terms have problems of their own."""
    sql = (
        f"SELECT {_COLUMNS} FROM reseller_request q WHERE q.module = %s AND q.live = 1 AND q.state = %s "  # noqa: S608
        f"AND q.kind NOT IN %s AND q.error_type <> %s AND {_WITHOUT} ORDER BY q.item"
    )
    return [Request.of_row(row) for row in db.rows(sql, module, State.UNCONFIRMED, (ORDER, PART), OVERTAKEN)]


def refused_terms(db: Database, module: int, last_day: str) -> list[tuple[int, str, str, str]]:
    """Refused or unconfirmed renewals of a module whose service ends at the seller by this day (YYYY-MM-DD).

    Each is: service, remote number, the seller's date, why it stopped. A renewal without an operation is a problem of
    another kind (commands/prolong.py).
    """
    rows = db.rows(
        "SELECT q.item, k.remote, o.expiredate, q.error_text FROM reseller_request q "
        "JOIN reseller_link k ON k.item = q.item AND k.live = 1 JOIN reseller_observation o ON o.link = k.id "
        "WHERE q.module = %s AND q.live = 1 AND q.kind = %s AND q.state IN %s "
        "AND o.expiredate > '' AND o.expiredate <= %s "
        "AND EXISTS (SELECT 1 FROM runningoperation r WHERE r.id = q.operation) ORDER BY q.item",
        module,
        PROLONG,
        (State.REFUSED, State.UNCONFIRMED),
        last_day,
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def is_unbought(db: Database, item: int) -> bool:
    """Whether a service is one of unbought()."""
    sql = f"SELECT COUNT(*) FROM item i WHERE i.id = %s AND {_UNBOUGHT}"  # noqa: S608 - words of this file
    return bool(db.value(sql, item, Status.PROCESSING))

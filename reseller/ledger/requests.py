"""Requests: what was about to be sent, is being sent, or was, with the key that recognises its effect (promise 2).
Where one stands, and what that means, is ledger/states.py.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from reseller import log
from reseller.db import Database
from reseller.ledger import states
from reseller.ledger.leases import Lease
from reseller.ledger.states import State
from reseller.model import CURRENCY_CHARACTERS, Item, Status

ORDER = "order"
PROLONG, SUSPEND, RESUME, CLOSE = "prolong", "suspend", "resume", "close"
SETPARAM = "setparam"
#: a term that no operation asks for: the client has paid for longer than the seller was (commands/owed_terms.py)
PART = "part"
POWER = START, STOP, REBOOT, HARDREBOOT = "start", "stop", "reboot", "hardreboot"
CHANGEPASSWORD, GEN_KEY, CANCEL_PROLONG, REOPEN = "changepassword", "gen_key", "cancel_prolong", "reopen"
#: what goes on beside paid time and holds no term back
BESIDE = (*POWER, CHANGEPASSWORD, GEN_KEY)
#: the error type of a request that nobody wants any more, and that is live for as long as the seller may carry it out
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
    """A row of `reseller_request`; ages in seconds by the database's clock."""

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
    #: remote services that a person has said are not this order, by number
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
    #: by how much the seller's balance fell while it was sent, None where that was not seen
    cost: Decimal | None
    cost_currency: str
    #: whose word is the reason of a request that no operation wants
    word: str
    #: the error document that the seller answered, where it proves nothing (lifecycle/kept_answers.py), else empty
    answer: str
    age_seconds: int
    quiet_seconds: int
    sent_seconds: int | None
    is_due: bool

    @property
    def turn(self) -> tuple[int, int]:
        """The smaller, the longer somebody has waited: by the panel's operation, since tries run side by side."""
        return self.operation or self.id, self.id

    @property
    def is_open(self) -> bool:
        """Whether the seller has it, or may have it."""
        return self.state.means(states.IN_DOUBT) or self.state.means(states.TAKEN)


def _request(row: Sequence[object]) -> Request:
    fields: dict[str, Any] = dict(zip(Request._fields, row))
    fields["live"], fields["is_due"] = bool(fields["live"]), bool(fields["is_due"])
    fields["state"] = states.of(fields["state"])
    fields["accepted"] = frozenset(fields["accepted"].split())
    return Request(**fields)


def live_of(db: Database, item: int, kind: str = ORDER) -> Request | None:
    """The unresolved request of this kind of a service."""
    row = db.row(f"SELECT {_COLUMNS} FROM reseller_request WHERE item = %s AND kind = %s AND live = 1", item, kind)  # noqa: S608
    return _request(row) if row else None


def is_wanted(db: Database, item: int, kind: str) -> bool:
    """Whether something of this kind is asked for, and not only watched because it was overtaken."""
    found = live_of(db, item, kind)
    return found is not None and found.error_type != OVERTAKEN


def live_others(db: Database, item: int, kind: str) -> list[Request]:
    """The unresolved requests of other kinds of a service, oldest first."""
    return [found for found in of_item(db, item) if found.live and found.kind != kind]


def all_live(db: Database, modules: Sequence[int]) -> list[Request]:
    """Every unresolved request of these modules, oldest first."""
    if not modules:
        return []
    marks = ", ".join(["%s"] * len(modules))
    sql = f"SELECT {_COLUMNS} FROM reseller_request WHERE live = 1 AND module IN ({marks}) ORDER BY id"  # noqa: S608
    return [_request(row) for row in db.rows(sql, *modules)]


def of_item(db: Database, item: int) -> list[Request]:
    """Every request of a service, settled ones too, oldest first."""
    sql = f"SELECT {_COLUMNS} FROM reseller_request WHERE item = %s ORDER BY id"  # noqa: S608
    return [_request(row) for row in db.rows(sql, item)]


def has_done(db: Database, item: int, kind: str, operation: int) -> bool:
    """Whether this operation of a service was served: only its end, which is not ours to tell, is missing."""
    sql = "SELECT COUNT(*) FROM reseller_request WHERE item = %s AND kind = %s AND operation = %s AND state = %s"
    return operation > 0 and bool(db.value(sql, item, kind, operation, State.DONE))


def by_id(db: Database, request: int) -> Request:
    """The request as it stands now."""
    row = db.row(f"SELECT {_COLUMNS} FROM reseller_request WHERE id = %s", request)  # noqa: S608
    if row is None:
        raise LookupError(f"request {request}")
    return _request(row)


def create(lease: Lease, item: Item, kind: str = ORDER, *, operation: int = 0, accepted: str = "") -> Request:
    """Write a new intent with a new key: `N-<8 random hex>` for an order, which the seller is told, others never.

    The seller's account is not known yet; see set_account().
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
    """Note whose word is its reason: a person wants it, and no operation does."""
    lease.execute("UPDATE reseller_request SET word = %s WHERE id = %s", who[:WORD_CHARACTERS], request.id)


def set_account(lease: Lease, request: Request, account: int, module: int = 0) -> Request:
    """Note which account it is sent with once that is known, and whose settings lead there if not its own module's."""
    sql = "UPDATE reseller_request SET module = %s, account = %s WHERE id = %s"
    lease.execute(sql, module or request.module, account, request.id)
    return by_id(lease.db, request.id)


def correlation(db: Database, key: str) -> str:
    """Under which id the log speaks of the request with this key, empty when there is none."""
    return db.value("SELECT correlation FROM reseller_request WHERE rkey = %s", key) or ""


def operation_names(kind: str) -> tuple[str, ...]:
    """What the panel may call the operation that a request serves; a service that was closed is ordered by `reopen`."""
    return ("open", REOPEN) if kind == ORDER else (kind,)


class Effect(NamedTuple):
    """What a request is going to do, by which its effect is recognised afterwards.

    `was` and `promise` are the date before a renewal and the one that the seller's form promises (YYYY-MM-DD); `call`
    is a digest of what a change sends, `months` the term that is bought.
    """

    detail: str
    was: str = ""
    promise: str = ""
    call: str = ""
    months: int = 0


def sending(lease: Lease, request: Request, effect: Effect) -> None:
    """Say that it is about to be sent; must be committed before the first byte leaves."""
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
    """Where a request stands after a try; `wait_seconds` is until the next.

    `looks` and `answer` None leave what is there: the count, and an error that the seller answered.
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
    """Record where the request stands; the row as it then is."""
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


def stopped_by(db: Database, error_type: str) -> int:
    """How many live requests say this of why they wait."""
    sql = "SELECT COUNT(*) FROM reseller_request WHERE live = 1 AND error_type = %s"
    return int(db.value(sql, error_type))


def has_ordered(db: Database, account: int, within_seconds: int) -> bool:
    """Whether the seller has taken an order of this account within so long."""
    sql = (
        "SELECT COUNT(*) FROM reseller_request WHERE account = %s AND kind = %s AND state = %s "
        "AND sent > UTC_TIMESTAMP(3) - INTERVAL %s SECOND"
    )
    return bool(db.value(sql, account, ORDER, State.LINKED, within_seconds))


def wake(lease: Lease, error_types: Collection[str], modules: Sequence[int], becomes: str = "") -> None:
    """What waited for one of these reasons, of these modules, is due now; and waits for `becomes`, where given."""
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
    """Leave the request as it is and look at it again after this many seconds."""
    lease.execute(
        "UPDATE reseller_request SET next_try = UTC_TIMESTAMP(3) + INTERVAL %s SECOND WHERE id = %s",
        seconds,
        request.id,
    )


def stranded(db: Database, module: int) -> list[tuple[int, int]]:
    """Operations of a module that spend, were begun, are manual and say nothing, and of which the ledger knows nothing.

    Whoever made them manual has died, or the ledger is older than they are. Number of the operation, service here.
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
    """Services of a module that clients wait for and nobody buys: their operation was deleted. And why they stopped."""
    why = "SELECT q.error_text FROM reseller_request q WHERE q.item = i.id AND q.live = 1 AND q.kind = 'order'"
    sql = f"SELECT i.id, ({why}) FROM item i WHERE i.processingmodule = %s AND {_UNBOUGHT} ORDER BY i.id"  # noqa: S608
    rows = db.rows(sql, module, Status.PROCESSING)
    return {row[0]: row[1] or "" for row in rows}


_WITHOUT = """NOT EXISTS (SELECT 1 FROM runningoperation r WHERE r.item = q.item AND
(r.intname = q.kind OR (q.kind = 'order' AND r.intname IN ('open', 'reopen'))))"""


def without_operation(db: Database, module: int) -> frozenset[int]:
    """Numbers of live requests of a module whose operation is gone, if they ever had one."""
    sql = f"SELECT q.id FROM reseller_request q WHERE q.module = %s AND q.live = 1 AND q.kind <> %s AND {_WITHOUT}"  # noqa: S608
    return frozenset(db.column(sql, module, PART))


def undecided(db: Database, module: int) -> list[Request]:
    """Unconfirmed requests of a module that no operation tells of; orders and terms have problems of their own."""
    sql = (
        f"SELECT {_COLUMNS} FROM reseller_request q WHERE q.module = %s AND q.live = 1 AND q.state = %s "  # noqa: S608
        f"AND q.kind NOT IN %s AND q.error_type <> %s AND {_WITHOUT} ORDER BY q.item"
    )
    return [_request(row) for row in db.rows(sql, module, State.UNCONFIRMED, (ORDER, PART), OVERTAKEN)]


def refused_terms(db: Database, module: int, last_day: str) -> list[tuple[int, str, str, str]]:
    """Renewals of a module, refused or unconfirmed, whose service ends there by this day (YYYY-MM-DD).

    Service, remote service, the seller's date, and why it stopped. Without an operation it is a problem of another
    kind (commands/prolong.py).
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
    """Whether a service is one of these."""
    sql = f"SELECT COUNT(*) FROM item i WHERE i.id = %s AND {_UNBOUGHT}"  # noqa: S608 - words of this file
    return bool(db.value(sql, item, Status.PROCESSING))

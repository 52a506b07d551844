"""Requests: what was about to be sent, is being sent, or was, with the key that recognises its effect (promise 2).

    intent      written, nothing sent
    sending     handed to the network; found by another process it means: outcome unknown
    looking     outcome unknown, being looked for
    unconfirmed looked for long enough, not found: a person decides (`reorder`)
    money       rejected for lack of money; started again when the balance has risen by the deficit
    refused     rejected, or refused by ourselves before sending; started again by a person
    unsent      never left; started again at `next_try`
    foreign     a remote service names our service, but not by our key: a person decides
    leftover    an unpaid order of ours stands at the seller and could not be removed: a person removes it
    waiting     the seller has it and is not done yet
    linked      an order that was carried out; its link says the rest
    done        any other request that was carried out
    abandoned   given up: a person ordered anew, deleted the operation, or wants something else now

The last three are not live. A live request is continued, never made anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from reseller import log
from reseller.db import Database
from reseller.ledger.leases import Lease
from reseller.model import Item

ORDER = "order"
PROLONG, SUSPEND, RESUME, CLOSE = "prolong", "suspend", "resume", "close"
INTENT, SENDING, LOOKING, UNCONFIRMED = "intent", "sending", "looking", "unconfirmed"
MONEY, REFUSED, UNSENT, FOREIGN, LEFTOVER = "money", "refused", "unsent", "foreign", "leftover"
WAITING = "waiting"
LINKED, DONE, ABANDONED = "linked", "done", "abandoned"
_SETTLED = (LINKED, DONE, ABANDONED)
#: states in which the seller may already have carried out the request
UNKNOWN_OUTCOME = frozenset({SENDING, LOOKING, UNCONFIRMED})

_COLUMNS = (
    "id, item, kind, live, rkey, state, module, account, itemtype, operation, tries, looks, remote, accepted, "
    "error_type, error_text, have, deficit, currency, correlation, was, promise, "
    "TIMESTAMPDIFF(SECOND, created, UTC_TIMESTAMP(3)), "
    "TIMESTAMPDIFF(SECOND, updated, UTC_TIMESTAMP(3)), TIMESTAMPDIFF(SECOND, sent, UTC_TIMESTAMP(3)), "
    "next_try IS NULL OR next_try <= UTC_TIMESTAMP(3)"
)


@dataclass(frozen=True)
class Request:
    """A row of `reseller_request`; ages in seconds by the database's clock."""

    id: int
    item: int
    kind: str
    live: bool
    key: str
    state: str
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
    age_seconds: int
    quiet_seconds: int
    sent_seconds: int | None
    is_due: bool


def _request(row: Sequence[object]) -> Request:
    fields = list(row)
    fields[3] = bool(fields[3])
    fields[13] = frozenset(str(fields[13]).split())
    fields[25] = bool(fields[25])
    return Request(*fields)  # type: ignore[arg-type]


def live_of(db: Database, item: int, kind: str = ORDER) -> Request | None:
    """The unresolved request of this kind of a service."""
    row = db.row(f"SELECT {_COLUMNS} FROM reseller_request WHERE item = %s AND kind = %s AND live = 1", item, kind)  # noqa: S608
    return _request(row) if row else None


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


def by_id(db: Database, request: int) -> Request:
    """The request as it stands now."""
    row = db.row(f"SELECT {_COLUMNS} FROM reseller_request WHERE id = %s", request)  # noqa: S608
    if row is None:
        raise LookupError(f"request {request}")
    return _request(row)


def create(lease: Lease, item: Item, kind: str = ORDER, *, operation: int, accepted: str = "") -> Request:
    """Write a new intent with a new key: `N-<8 random hex>` for an order, which the seller is told, others never.

    The seller's account is not known yet; see set_account().
    """
    key = f"{item.id}-{secrets.token_hex(4)}"
    number = lease.insert(
        "reseller_request",
        item=item.id,
        kind=kind,
        rkey=key if kind == ORDER else f"{kind} {key}",
        state=INTENT,
        module=item.module,
        account=0,
        itemtype=item.itemtype,
        operation=operation,
        accepted=accepted,
        correlation=log.CORRELATION,
    )
    return by_id(lease.db, number)


def set_account(lease: Lease, request: Request, account: int) -> Request:
    """Note which account it is sent with, once that is known."""
    lease.execute("UPDATE reseller_request SET account = %s WHERE id = %s", account, request.id)
    return by_id(lease.db, request.id)


def operation_name(kind: str) -> str:
    """What the panel calls the operation that a request serves."""
    return "open" if kind == ORDER else kind


def sending(lease: Lease, request: Request, detail: str, *, was: str = "", promise: str = "") -> None:
    """Say that it is about to be sent; must be committed before the first byte leaves.

    A renewal also keeps the date before it and the date that the seller's form promises (YYYY-MM-DD).
    """
    lease.execute(
        "UPDATE reseller_request SET state = %s, detail = %s, was = %s, promise = %s, looks = 0, "
        "sent = UTC_TIMESTAMP(3), correlation = %s, "
        "updated = UTC_TIMESTAMP(3) WHERE id = %s AND live = 1",
        SENDING,
        detail[:2000],
        was,
        promise,
        log.CORRELATION,
        request.id,
    )


@dataclass(frozen=True)
class Standing:
    """Where a request stands after a try; `wait_seconds` is until the next, `looks` None leaves the count as it is."""

    state: str
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


def settle(lease: Lease, request: Request, now: Standing) -> Request:
    """Record where the request stands; the row as it then is."""
    lease.execute(
        "UPDATE reseller_request SET state = %s, live = %s, error_type = %s, error_text = %s, have = %s, deficit = %s, "
        "currency = %s, remote = %s, tries = %s, looks = COALESCE(%s, looks), operation = IF(%s > 0, %s, operation), "
        "next_try = UTC_TIMESTAMP(3) + INTERVAL %s SECOND, updated = UTC_TIMESTAMP(3) WHERE id = %s",
        now.state,
        None if now.state in _SETTLED else 1,
        now.error_type,
        now.error_text[:2000],
        now.have,
        now.deficit,
        now.currency,
        now.remote,
        now.tries,
        now.looks,
        now.operation,
        now.operation,
        now.wait_seconds,
        request.id,
    )
    return by_id(lease.db, request.id)


def wait(lease: Lease, request: Request, seconds: int) -> None:
    """Leave the request as it is and look at it again after this many seconds."""
    lease.execute(
        "UPDATE reseller_request SET next_try = UTC_TIMESTAMP(3) + INTERVAL %s SECOND WHERE id = %s",
        seconds,
        request.id,
    )

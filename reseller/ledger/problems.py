"""Problems: everything that a person has to know or decide, one row for each cause, for as long as the cause lasts.

A cause is a kind of trouble with one subject: a service here, a module of ours, a seller account, or the panel. Its row
says since when it lasts, which services it touches and, by error type and parameters, what to do; it may have one task
on the panel. The rule that knows a cause raises and ends it (lifecycle/problems.py); the row of an ended cause is
deleted.

Differences between a service here and its remote service that no operation explains are problems of the service:

alarm      closed here, alive and paid there
gone       missing there
missing    missing there, by its form alone: the seller's list cannot be read
state      states that contradict each other, or a state that is not known
stuck      in process here without an operation
away       at another module (swap) while its paid term there ends
tariff     another tariff there
resources  other resources there
paid       the panel's date has jumped for no known reason, and nothing is bought for that
foreign_key  the remote service carries another's key: nothing is sent and nothing saved (lifecycle/ownership.py)
value      a value there failed its check, and is not saved (sync/facts.py)
stopped    suspended there while the client has paid
expiredate, autoprolong, key, mapping: what their names say

Where more than a few services have the same kind of trouble, one row of the subject MANY has the task for all of them.

The others are:

gap        a few days are missing for which a whole term would be bought, and the module is set to ask
date_back  the seller's date is earlier than it was, and a term is due: nothing is bought before a person has decided
owed       a term that a client has paid for and that cannot be bought
wish       a client asked for a link that only staff may make
overtaken  a request that is no longer wanted was or may be carried out at the seller, and cannot be undone from here
unbought   a client waits for a service that nobody buys: its operation was deleted
unrenewed  the operation of a renewal was deleted, nothing was bought, and the panel's date does not tell who has paid
undecided  the outcome of a request is not known, and its operation was deleted
late       bought a day ago, and not active yet
half       a link that was made by hand, and could not be finished
long_away  at another module (swap) for long
endless    without an end here, and it ends soon there
refused_term  a renewal was refused or is unconfirmed, and the service ends soon there
undated    a client has paid for longer than the last date that the seller has shown, and it shows none now
stranded   an operation that nobody runs and of which the ledger knows nothing
moved      (of the panel) it is not where its ledger belongs, so nothing is sent (ledger/installation.py)
assumption (of the panel) a fact that this program stands on does not hold (lifecycle/assumptions.py)
observing  (of a module) it only observes, and something waits for it to act (ledger/observing.py)
halted     (of the panel or of a module) a person has stopped all that spends (stops.py)
off        (of a module) it is switched off, and services end for which clients have paid
ownerless  (of a module) it is none of ours any more, and services are linked
died       (of a module) its last run was killed or crashed before its end
clock      (of a module) the seller's day is another than this machine's
refused    (of a module) changes that were not made because they would be too many
mass_stop  (of a module) the seller has suspended so many services that they are not shown suspended here
account    (of a module) its settings lead to another account than its links
settings   (of a module) its settings cannot be read or used, and services are linked
login      (of an account) the seller does not let it in: password, address, second factor
unreachable  (of an account) the seller cannot be reached, or shows a certificate that is not trusted
rights     (of an account) the seller does not let it order
funds      (of an account) its money does not last for what waits to be bought
below_cost (of a module) periods of its tariffs are sold below what they cost at the seller
unsellable (of a module) tariffs of it are on sale here that cannot be bought at the seller
short      (of an account) its money does not last for the terms that are due in the next days
dearer     (of a tariff and module) the seller asks more than was agreed for what is bought of it
period_gone (of a tariff) services renew soon by a period that the seller does not offer any more
dear_change (of a tariff) changes in mid-term have cost more at the seller than was charged here
refused_orders (of a tariff) several orders of it were refused within a day
unplanned  (of an account) the seller has charged for what none of our requests explains
spending   (of a module) the day's limit of what is bought without an operation is reached
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from reseller.db import Database
from reseller.ledger.leases import Lease
from reseller.wire.numbers import whole
from reseller.wire.texts import said

SERVICE, MODULE, PANEL, SELLER, MANY, SOLD = "service", "module", "panel", "account", "many", "pricelist"
ALARM, GONE, MISSING, STATE, STUCK, AWAY = "alarm", "gone", "missing", "state", "stuck", "away"
TARIFF, RESOURCES, EXPIREDATE, AUTOPROLONG = "tariff", "resources", "expiredate", "autoprolong"
KEY, MAPPING, FOREIGN_KEY, PAID, VALUE = "key", "mapping", "foreign_key", "paid", "value"
OWED, WISH, STRANDED, REFUSED, OVERTAKEN = "owed", "wish", "stranded", "refused", "overtaken"
ACCOUNT, CLOCK, DATE_BACK, SPENDING = "account", "clock", "date_back", "spending"
MOVED, UNBOUGHT, UNRENEWED, GAP = "moved", "unbought", "unrenewed", "gap"
UNDECIDED, UNDATED, OFF, HALTED = "undecided", "undated", "off", "halted"
LATE, HALF, LONG_AWAY, ENDLESS, REFUSED_TERM = "late", "half", "long_away", "endless", "refused_term"
STOPPED, MASS_STOP, OWNERLESS, DIED = "stopped", "mass_stop", "ownerless", "died"
ASSUMPTION, OBSERVING = "assumption", "observing"
BELOW_COST, UNSELLABLE, DEARER, SHORT = "below_cost", "unsellable", "dearer", "short"
PERIOD_GONE, DEAR_CHANGE, UNPLANNED = "period_gone", "dear_change", "unplanned"
REFUSED_ORDERS = "refused_orders"
SETTINGS, LOGIN, UNREACHABLE, RIGHTS, FUNDS = "settings", "login", "unreachable", "rights", "funds"
DIFFERENCES = (
    *(ALARM, GONE, MISSING, STATE, STUCK, AWAY, FOREIGN_KEY, STOPPED),
    *(TARIFF, RESOURCES, EXPIREDATE, AUTOPROLONG, KEY, MAPPING, PAID, VALUE),
)

#: a condition of SQL: the row `d` is a difference of the service that it names
IS_DIFFERENCE = "d.subject = 'service' AND d.kind IN ({})".format(", ".join(f"'{kind}'" for kind in DIFFERENCES))
_COLUMNS = (
    "subject, number, kind, part, module, error, params, here, there, touches, task, "
    "TIMESTAMPDIFF(SECOND, since, UTC_TIMESTAMP(3))"
)
_IS_CAUSE = "subject = %s AND number = %s AND kind = %s AND part = %s"
VALUE_CHARACTERS, _PARAM_CHARACTERS, _LIST_CHARACTERS = 190, 500, 4000


class Cause(NamedTuple):
    """A kind of trouble and its subject.

    `number` is that of the service or tariff here, the account or the module, 0 for the panel. `part` tells apart what
    has the same subject: of a tariff that became too dear, the module through which it is bought; otherwise 0.
    """

    subject: str
    number: int
    kind: str
    part: int = 0

    @classmethod
    def of_service(cls, item: int, kind: str) -> Cause:
        """The cause for one service."""
        return cls(SERVICE, item, kind)

    @classmethod
    def of_sold(cls, pricelist: int, kind: str, module: int) -> Cause:
        """The cause for a tariff here as one module buys it: two modules that sell it buy at two sellers."""
        return cls(SOLD, pricelist, kind, module)


class Problem(NamedTuple):
    """A cause that lasts: `error` and `params` make its sentence, `here` and `there` are the two values of a
    difference.

    `touches` are services here; `task` is the number of the panel's task, 0 without one.
    """

    cause: Cause
    module: int
    error: str
    params: Mapping[str, str] = {}
    here: str = ""
    there: str = ""
    touches: tuple[int, ...] = ()
    task: int = 0
    age_seconds: int = 0

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> Problem:
        """From the columns `_COLUMNS` of a row."""
        subject, number, kind, part, module, error, text, here, there, touches, task, age = row
        try:
            params = json.loads(text)
        except ValueError:
            # That stops no run, since the rule that raises the problem writes its row again.
            params = {}
        params = {str(name): str(value) for name, value in params.items()} if isinstance(params, dict) else {}
        services = tuple(filter(None, map(whole, touches.split())))
        return cls(Cause(subject, number, kind, part), module, error, params, here, there, services, task, age)

    @property
    def cut(self) -> Problem:
        """The problem with its texts cut to the columns' lengths and without secrets, since a seller may write
        anything.
        """
        params = {name: said(value, _PARAM_CHARACTERS) for name, value in self.params.items()}
        here, there = (said(value, VALUE_CHARACTERS) for value in (self.here, self.there))
        return self._replace(params=params, here=here, there=there)

    @property
    def kept(self) -> tuple[object, ...]:
        """The values that its row keeps, to compare with another."""
        return *self.said, _list(self.touches)

    @property
    def said(self) -> tuple[object, ...]:
        """The values that differ when there is something new to report."""
        return self.error, dict(self.params), self.here, self.there


class Drift(NamedTuple):
    """One difference of one service; `here` and `there` are words for a person."""

    kind: str
    here: str
    there: str


def of(db: Database, cause: Cause) -> Problem | None:
    """The problem of this cause, None if it is not live."""
    sql = f"SELECT {_COLUMNS} FROM reseller_problem WHERE {_IS_CAUSE}"  # noqa: S608
    row = db.row(sql, *cause)
    return Problem.of_row(row) if row else None


def dearer(db: Database, pricelist: int) -> list[Problem]:
    """The problems of a tariff here that became too dear, one for each module that sells it."""
    sql = f"SELECT {_COLUMNS} FROM reseller_problem WHERE subject = %s AND number = %s AND kind = %s ORDER BY part"  # noqa: S608
    return [Problem.of_row(row) for row in db.rows(sql, SOLD, pricelist, DEARER)]


def live(db: Database, module: int) -> list[Problem]:
    """Every problem of a module and of its services, ordered by kind; also those of the subject MANY."""
    sql = f"SELECT {_COLUMNS} FROM reseller_problem WHERE module = %s ORDER BY kind, number"  # noqa: S608
    return [Problem.of_row(row) for row in db.rows(sql, module)]


def of_kind(db: Database, module: int, kind: str) -> list[Problem]:
    """The problems of a module and kind, without that of the subject MANY."""
    sql = f"SELECT {_COLUMNS} FROM reseller_problem WHERE module = %s AND kind = %s AND subject <> %s ORDER BY number"  # noqa: S608
    return [Problem.of_row(row) for row in db.rows(sql, module, kind, MANY)]


def count(db: Database, module: int, kind: str) -> int:
    """How many services of a module have a problem of this kind."""
    sql = "SELECT COUNT(*) FROM reseller_problem WHERE module = %s AND kind = %s AND subject = %s"
    return int(db.value(sql, module, kind, SERVICE))


def of_subject(db: Database, *subjects: str) -> list[Problem]:
    """The problems of these subjects (accounts, modules, the panel), of all modules; there are few."""
    sql = f"SELECT {_COLUMNS} FROM reseller_problem WHERE subject IN %s"  # noqa: S608
    return [Problem.of_row(row) for row in db.rows(sql, subjects)]


def of_others(db: Database, modules: Sequence[int]) -> list[Problem]:
    """Every problem of modules that are not among these."""
    sql = f"SELECT {_COLUMNS} FROM reseller_problem WHERE module NOT IN %s"  # noqa: S608
    return [Problem.of_row(row) for row in db.rows(sql, tuple(modules) or (0,))]


def counts(db: Database, module: int) -> dict[str, int]:
    """How many problems a module has, by kind."""
    sql = "SELECT kind, COUNT(*) FROM reseller_problem WHERE module = %s AND subject <> %s GROUP BY kind"
    return dict(db.rows(sql, module, MANY))


def drifts(db: Database, item: int) -> list[Drift]:
    """The recorded differences of a service."""
    sql = f"SELECT kind, here, there FROM reseller_problem d WHERE {IS_DIFFERENCE} AND number = %s ORDER BY kind"  # noqa: S608
    return [Drift(*row) for row in db.rows(sql, item)]


def put(lease: Lease, problem: Problem) -> None:
    """Insert the problem or update its row; a problem that lasts keeps its first day and its task."""
    problem = problem.cut
    values = (
        problem.module,
        problem.error,
        json.dumps(problem.params, ensure_ascii=False),
        problem.here,
        problem.there,
        _list(problem.touches),
    )
    with lease.writing() as db:
        db.execute(
            "INSERT INTO reseller_problem "
            "(subject, number, kind, part, module, error, params, here, there, touches, since, updated) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)) "
            "ON DUPLICATE KEY UPDATE module = VALUES(module), error = VALUES(error), params = VALUES(params), "
            "here = VALUES(here), there = VALUES(there), touches = VALUES(touches), updated = UTC_TIMESTAMP(3)",
            *problem.cause,
            *values,
        )


def _list(services: Iterable[int]) -> str:
    """The services as a text, as many as the column holds."""
    text = " ".join(map(str, services))
    return text if len(text) <= _LIST_CHARACTERS else text[:_LIST_CHARACTERS].rpartition(" ")[0]


def set_task(lease: Lease, cause: Cause, task: int) -> None:
    """Record the task that was made for the problem."""
    with lease.writing() as db:
        db.execute(f"UPDATE reseller_problem SET task = %s WHERE {_IS_CAUSE}", task, *cause)  # noqa: S608


def end(lease: Lease, cause: Cause) -> None:
    """Delete the row of a cause that has ended."""
    with lease.writing() as db:
        db.execute(f"DELETE FROM reseller_problem WHERE {_IS_CAUSE}", *cause)  # noqa: S608


def is_any_of_account(db: Database, account: int) -> bool:
    """Whether a seller account has a problem."""
    sql = "SELECT EXISTS (SELECT 1 FROM reseller_problem WHERE subject = %s AND number = %s)"
    return bool(db.value(sql, SELLER, account))


def alarms(db: Database, module: int) -> list[tuple[int, str, str]]:
    """Services that are closed here and live on at the seller: service, remote number, its state there."""
    rows = db.rows(
        "SELECT k.item, k.remote, d.there FROM reseller_problem d "
        "JOIN reseller_link k ON k.item = d.number AND k.live = 1 "
        "WHERE d.subject = 'service' AND d.kind = %s AND d.module = %s ORDER BY k.item",
        ALARM,
        module,
    )
    return [(row[0], row[1], row[2]) for row in rows]

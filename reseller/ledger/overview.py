"""The rows of the panel's pages on services and requests: filtered, sorted and counted by the database.

Names of columns and filters are keys of the tables here; values from outside are only ever parameters. The ids of a
page are found first, with only the tables that its order and filters need (the server drops unused joins); then its
rows are read by id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from reseller.assumption import columns
from reseller.db import Database, Row
from reseller.ledger import states
from reseller.ledger.problems import IS_DIFFERENCE
from reseller.ledger.states import State

#: columns of the panel that only its pages read
ASSUMED = (
    *columns("account", "id name:text", "platform.md 6.2"),
    *columns("processingmodule", "name:text", "platform.md 6.2"),
)


class Kind(Enum):
    """The type of a filter's value."""

    NUMBER = "number"
    TEXT = "text"
    #: `on` or `off`, 1 or 0 for the database
    FLAG = "flag"


class View(NamedTuple):
    """A list: its tables, columns, sort orders and filters."""

    key: str
    source: str
    columns: Mapping[str, str]
    sorts: Mapping[str, str]
    filters: Mapping[str, tuple[Kind, str]]
    #: a filter's name, and the condition that hides some rows unless that filter is used
    unasked: tuple[str, str]
    sort: str
    falling: bool


class Wanted(NamedTuple):
    """A page of a list: `chosen` are filters and their values; `page` counts from 1."""

    chosen: Mapping[str, int | str]
    sort: str
    falling: bool
    page: int
    rows: int


def _contains(column: str) -> str:
    """A condition by LOCATE, since LIKE would read `%` and `_` in the text as its own signs."""
    return f"LOCATE(%s, {column}) > 0"


#: the differences of a linked service
_OF_SERVICE = f"FROM reseller_problem d WHERE {IS_DIFFERENCE} AND d.number = k.item"
_DRIFTED = f"EXISTS (SELECT 1 {_OF_SERVICE}{{}})"
#: services of modules that run our executable, those that are linked, and those that are away
OURS = (
    "(SELECT s.id FROM item s JOIN processingmodule n ON n.id = s.processingmodule AND n.module = 'pmreseller' "
    "WHERE s.parent IS NULL UNION SELECT l.item FROM reseller_link l WHERE l.live = 1 "
    "UNION SELECT v.item FROM reseller_swap v WHERE v.live = 1)"
)
_DRIFTS = f"(SELECT GROUP_CONCAT(d.kind ORDER BY d.kind SEPARATOR ' ') {_OF_SERVICE})"
#: the earlier end of the two terms; an unknown date counts as far away
_ENDS = "LEAST(COALESCE(i.expiredate, '9999-12-31'), COALESCE(NULLIF(o.expiredate, ''), '9999-12-31'))"
_SEEN = "COALESCE(GREATEST(o.seen, o.deep), o.seen, o.deep)"

SERVICES = View(
    key="i.id",
    source=f"""{OURS} b JOIN item i ON i.id = b.id JOIN pricelist p ON p.id = i.pricelist
JOIN itemtype t ON t.id = p.itemtype LEFT JOIN account a ON a.id = i.account
LEFT JOIN processingmodule m ON m.id = i.processingmodule LEFT JOIN reseller_link k ON k.item = i.id AND k.live = 1
LEFT JOIN reseller_observation o ON o.link = k.id LEFT JOIN reseller_swap w ON w.item = i.id AND w.live = 1""",
    columns={
        "id": "i.id",
        "name": "i.name",
        "account": "a.name",
        "itemtype": "t.intname",
        "pricelist": "p.name",
        "remote": "k.remote",
        "status": "i.status",
        "there": "o.status",
        "expiredate": "i.expiredate",
        "expires_there": "o.expiredate",
        "processingmodule": "m.name",
        "seen": _SEEN,
        "drift": _DRIFTS,
        "link": "k.state",
        "swap": "w.state",
    },
    sorts={
        "id": "i.id",
        "name": "i.name",
        "account": "a.name",
        "itemtype": "t.intname",
        "pricelist": "p.name",
        "remote": "CAST(k.remote AS UNSIGNED)",
        "status": "i.status",
        "there": "o.status",
        "expiredate": "i.expiredate",
        "expires_there": "o.expiredate",
        "processingmodule": "m.name",
        "seen": _SEEN,
        "drift": _DRIFTED.format(""),
    },
    filters={
        "id": (Kind.NUMBER, "i.id = %s"),
        "name": (Kind.TEXT, _contains("i.name")),
        "account": (Kind.TEXT, _contains("a.name")),
        "itemtype": (Kind.TEXT, "t.intname = %s"),
        "pricelist": (Kind.TEXT, _contains("p.name")),
        "remote": (Kind.NUMBER, "k.remote = CAST(%s AS CHAR)"),
        "status": (Kind.NUMBER, "i.status = %s"),
        "there": (Kind.NUMBER, "o.status = %s"),
        "processingmodule": (Kind.NUMBER, "i.processingmodule = %s"),
        "drift": (Kind.TEXT, _DRIFTED.format(" AND d.kind = %s")),
        "drifted": (Kind.FLAG, f"{_DRIFTED.format('')} = %s"),
        "linked": (Kind.FLAG, "(k.id IS NOT NULL) = %s"),
        "away": (Kind.FLAG, "(w.id IS NOT NULL) = %s"),
        "days": (Kind.NUMBER, f"{_ENDS} <= UTC_DATE() + INTERVAL %s DAY"),
    },
    unasked=("status", "(i.status <> 4 OR k.id IS NOT NULL)"),
    sort="id",
    falling=False,
)

_REQUEST = (
    "item", "kind", "state", "rkey", "remote", "operation", "tries", "created", "sent", "updated", "next_try",
    "correlation", "detail", "error_type", "error_text",
)  # fmt: skip

REQUESTS = View(
    key="r.id",
    source="reseller_request r LEFT JOIN item i ON i.id = r.item LEFT JOIN account a ON a.id = i.account",
    columns={"id": "r.id", "live": "r.live", "name": "i.name", "account": "a.name"} | {n: f"r.{n}" for n in _REQUEST},
    sorts={"id": "r.id", "account": "a.name"} | {name: f"r.{name}" for name in _REQUEST if name != "detail"},
    filters={
        "item": (Kind.NUMBER, "r.item = %s"),
        "account": (Kind.TEXT, _contains("a.name")),
        "kind": (Kind.TEXT, "r.kind = %s"),
        "state": (Kind.TEXT, "r.state = %s"),
        "open": (Kind.FLAG, "(r.live IS NOT NULL) = %s"),
        "rkey": (Kind.TEXT, _contains("r.rkey")),
        "remote": (Kind.NUMBER, "r.remote = CAST(%s AS CHAR)"),
        "operation": (Kind.NUMBER, "r.operation = %s"),
        "correlation": (Kind.TEXT, "r.correlation = %s"),
        "error_text": (Kind.TEXT, _contains("r.error_text")),
    },
    unasked=("", "1"),
    sort="id",
    falling=True,
)


def read(db: Database, view: View, wanted: Wanted) -> tuple[int, list[dict[str, object]]]:
    """The number of all matching rows, and the rows of the page as dictionaries by column.

    `wanted` names columns and filters of the view; an unknown name is a KeyError.
    """
    conditions = [view.filters[name][1] for name in wanted.chosen]
    asked, shown = view.unasked
    where = " AND ".join([*conditions, *([] if asked in wanted.chosen else [shown])])
    values = tuple(wanted.chosen.values())
    total = int(db.value(f"SELECT COUNT(*) FROM {view.source} WHERE {where}", *values))  # noqa: S608 - words of this file
    direction = "DESC" if wanted.falling else "ASC"
    ids = db.rows(
        f"SELECT {view.key} FROM {view.source} WHERE {where} "  # noqa: S608 - words of this file
        f"ORDER BY {view.sorts[wanted.sort]} {direction}, {view.key} {direction} LIMIT %s OFFSET %s",
        *values,
        wanted.rows,
        (wanted.page - 1) * wanted.rows,
    )
    if not ids:
        return total, []
    columns, marks = ", ".join(view.columns.values()), ", ".join(["%s"] * len(ids))
    page = db.rows(
        f"SELECT {columns} FROM {view.source} WHERE {view.key} IN ({marks})",  # noqa: S608 - words of this file
        *(row[0] for row in ids),
    )
    rows = {row[0]: dict(zip(view.columns, row)) for row in page}
    return total, [rows[number] for (number,) in ids if number in rows]


def resold(db: Database, items: Sequence[int]) -> dict[int, bool]:
    """Which of these services have a module of ours or are away from one; the value says whether a service is away."""
    if not items:
        return {}
    marks = ", ".join(["%s"] * len(items))
    rows = db.rows(
        "SELECT i.id, w.id IS NOT NULL FROM item i LEFT JOIN processingmodule m ON m.id = i.processingmodule "  # noqa: S608
        "LEFT JOIN reseller_swap w ON w.item = i.id AND w.live = 1 "
        f"WHERE i.id IN ({marks}) AND (m.module = 'pmreseller' OR w.id IS NOT NULL)",
        *items,
    )
    return {row[0]: bool(row[1]) for row in rows}


def services_by_state(db: Database) -> Sequence[Row]:
    """Services by state here: status, how many, how many of them have a difference."""
    return db.rows(
        f"SELECT i.status, COUNT(*), SUM({_DRIFTED.format('')}) "  # noqa: S608
        f"FROM {OURS} b JOIN item i ON i.id = b.id LEFT JOIN reseller_link k ON k.item = i.id AND k.live = 1 "
        "WHERE i.status <> 4 OR k.id IS NOT NULL GROUP BY i.status ORDER BY i.status"
    )


def outcomes(db: Database, days: int) -> Sequence[Row]:
    """Requests of the last days by day of creation: carried out, open, waiting for a person, given up."""
    return db.rows(
        "SELECT DATE(created), SUM(state IN %s), SUM(state IN %s), SUM(state IN %s), SUM(state = %s) "
        "FROM reseller_request WHERE created >= UTC_DATE() - INTERVAL %s DAY GROUP BY DATE(created) ORDER BY 1",
        (State.LINKED, State.DONE),
        (*State.all_that_mean(states.ON_ITS_WAY), State.OWED),
        State.all_that_mean(states.FOR_A_PERSON),
        State.ABANDONED,
        days,
    )


def balances(db: Database) -> Sequence[Row]:
    """Seller accounts: address, user name, balance, currency, time of reading."""
    return db.rows("SELECT endpoint, username, balance, currency, checked FROM reseller_account ORDER BY id")


def expiries(db: Database, weeks: int) -> Sequence[Row]:
    """Terms that end within so many weeks: week number (-1 is overdue), how many end here, how many at the seller."""
    week = "GREATEST(-1, FLOOR(DATEDIFF({}, UTC_DATE()) / 7))"
    here, there = week.format("i.expiredate"), week.format("o.expiredate")
    return db.rows(
        f"SELECT week, SUM(here), SUM(there) FROM (SELECT {here} AS week, 1 AS here, 0 AS there FROM {OURS} b "  # noqa: S608
        "JOIN item i ON i.id = b.id WHERE i.status IN (2, 3) AND i.expiredate IS NOT NULL "
        f"UNION ALL SELECT {there}, 0, 1 FROM reseller_observation o JOIN reseller_link k ON k.id = o.link "
        "AND k.live = 1 WHERE o.status IN (2, 3) AND o.expiredate > '') e WHERE week < %s GROUP BY week ORDER BY week",
        weeks,
    )

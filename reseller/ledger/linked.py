"""Which linked services have changed here or at the seller since they were last compared, found in one query.

A service has changed when its row at the seller or its row here (`HERE`) has changed since it was last dealt with. The
database finds that out over all services of a module in one query, by digests, so that a service which has not changed
is never read into the program. What the rows mean is sync/candidates.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from reseller.assumption import columns
from reseller.db import Database
from reseller.ledger import requests
from reseller.ledger.problems import IS_DIFFERENCE
from reseller.model import Status

#: columns of the panel that only the comparison of both sides reads
ASSUMED = columns("item", "autosuspend:text employeesuspend:text abusesuspend:text", "platform.md 6.2")

HERE = (
    "COALESCE(CRC32(CONCAT_WS('/', i.status, COALESCE(i.expiredate, '-'), i.pricelist, "
    "COALESCE(i.processingmodule, 0), i.autosuspend, i.employeesuspend, i.abusesuspend)), 0)"
)
#: state of a request that is no longer wanted; while it may still be carried out, its effect is undone
#: (lifecycle/overtaken.py)
WATCHED = "watched"
# Every part of the queries below is a constant of our code; values from outside are parameters.
_COLUMNS = f"""k.id AS link, k.item, k.module, k.itemtype, k.remote, k.rkey AS `key`, i.status, i.expiredate,
i.processingmodule AS item_module,
COALESCE(i.autosuspend = 'on' OR i.employeesuspend = 'on' OR i.abusesuspend = 'on', 0) AS is_held,
{HERE} AS here_digest, o.status AS seen_status, o.suspended_by AS seen_by, o.digest, o.settled,
o.here AS settled_here, o.absences, o.shown > COALESCE((SELECT MAX(q.id)
FROM reseller_request q WHERE q.item = k.item AND q.kind = 'suspend'), 0) AS is_shown, o.secret,
(SELECT COUNT(*) FROM runningoperation r WHERE r.item = k.item) AS operations,
COALESCE((SELECT GROUP_CONCAT(q.kind, ' ', IF(q.error_type = '{requests.OVERTAKEN}', '{WATCHED}', q.state))
FROM reseller_request q WHERE q.item = k.item AND q.live = 1), '') AS requests,
COALESCE((SELECT GROUP_CONCAT(d.kind SEPARATOR ' ') FROM reseller_problem d
WHERE {IS_DIFFERENCE} AND d.number = k.item), '') AS drifts,
(SELECT TIMESTAMPDIFF(SECOND, d.since, UTC_TIMESTAMP(3)) FROM reseller_problem d
WHERE d.subject = 'service' AND d.number = k.item AND d.kind = 'stuck') AS stuck_seconds,
o.expiredate AS seen_expiredate,
COALESCE((SELECT MAX(q.id) FROM reseller_request q WHERE q.item = k.item), 0) AS newest_request,
(SELECT COUNT(*) FROM runningoperation r WHERE r.item = k.item AND r.manual = 'on') AS manual"""  # noqa: S608
#: in this order the link of an unmoved service is never read, which halves the time of a quiet run's query
_FROM = """FROM reseller_observation o LEFT JOIN item i ON i.id = o.item STRAIGHT_JOIN reseller_link k ON k.id = o.link
WHERE k.live = 1 AND k.state = 'live'"""
#: no row changes when the end of a term comes near, so this condition finds it once
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


def changed(db: Database, module: int, most: int, away_day: dt.date, *, refused_too: bool) -> list[dict[str, Any]]:
    """Services of a module whose row on either side changed, longest waiting first; or that are away and whose term at
    the seller ends by `away_day`.

    `refused_too` includes changes that a limit of a day has refused and that are unchanged since.
    """
    more = "" if refused_too else f"AND {_NOT_REFUSED}"
    return _read(db, f"AND o.module = %s AND {_MOVED} {more} {_FAIR} LIMIT %s", module, away_day.isoformat(), most)


def unchanged(db: Database, module: int, away_day: dt.date) -> list[int]:
    """Links whose change was refused and whose rows have since gone back to what was dealt with: the refusal can be
    forgotten, since no run would look at them again.

    A difference that only the form shows changes no digest, so such a link never appears here.
    """
    # Few changes are refused, so the join begins at them.
    sql = (
        "SELECT p.link FROM reseller_plan p STRAIGHT_JOIN reseller_observation o ON o.link = p.link "  # noqa: S608
        "LEFT JOIN item i ON i.id = o.item WHERE p.module = %s "
        f"AND (p.digest <> o.digest OR p.here <> {HERE}) AND NOT {_MOVED}"
    )
    return db.column(sql, module, away_day.isoformat())


def to_suspend(db: Database, module: int) -> int:
    """How many services run here while the last lists show them suspended, compared yet or not.

    Without those that a person has decided to leave so.
    """
    sql = (
        f"SELECT COUNT(*) {_FROM} AND o.module = %s AND i.status = %s AND o.status = %s AND o.digest <> o.settled "  # noqa: S608
        "AND NOT EXISTS (SELECT 1 FROM reseller_plan p WHERE p.link = o.link AND p.left_by <> '')"
    )
    return int(db.value(sql, module, Status.ACTIVE, Status.SUSPENDED))


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


def of_links(db: Database, links: Sequence[int]) -> list[dict[str, Any]]:
    """The services of these links, in no order; a link that has ended is left out."""
    return _read(db, "AND o.link IN %s", links) if links else []


def _read(db: Database, more: str, *args: object) -> list[dict[str, Any]]:
    return db.named(f"SELECT {_COLUMNS} {_FROM} {more}", *args)

"""A few days that a client has paid for and the seller was not, where the seller sells no less than a whole term.

Month ends, late payments and days of goodwill make them. By default the term is bought, and the client's next renewal
finds itself covered by it. A module may be set to ask instead; then a person says so once for each gap, and until then
the service ends at the seller with its own date (`resellerctl paid`).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from reseller.context import Context
from reseller.ledger import paid, problems, requests, spent
from reseller.ledger.leases import Lease
from reseller.ledger.links import Link
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.lifecycle.term_to_buy import Level
from reseller.model import Item

if TYPE_CHECKING:
    from reseller.lifecycle.attempt import Attempt

#: who has said that a term is bought for a gap, as the request keeps it
_WHO = "staff"


def cause(item: int) -> Cause:
    """The one place where a service's gap is told."""
    return Cause.of_service(item, problems.GAP)


def is_small(context: Context, level: Level) -> bool:
    """Whether so little is missing that it may be a gap and no term."""
    return level.missing_days <= context.limits.few_days


def ask(part: Attempt, level: Level, months: int) -> None:
    """Have a person say whether `months` are bought for it. Raises PanelError when the task is not made."""
    item = part.item
    cost = spent.last_cost(part.context.db, item.id)
    told = {
        "remote": part.linked().remote,
        "days": str(level.missing_days),
        "months": str(months),
        "cost": "-" if cost is None else str(cost),
    }
    here, there = level.paid.isoformat(), level.there.isoformat()
    problem = Problem(cause(item.id), item.module, "reseller_gap", told, here, there, (item.id,))
    troubles.raise_(part.context, part.held, problem)


def decide(held: Lease, item: Item, link: Link, until: dt.date, *, buy: bool) -> None:
    """A person's word: one term is bought for it, or nothing is for what was paid `until` this day."""
    if buy:
        part = requests.live_of(held.db, item.id, requests.PART) or requests.create(held, item, requests.PART)
        requests.set_word(held, part, _WHO)
        requests.wait(held, part, 0)
    else:
        paid.leave(held, link.id, until)

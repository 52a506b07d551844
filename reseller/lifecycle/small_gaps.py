"""A gap: a few days that a client has paid for and the seller was not, where the seller sells whole terms only.

Gaps come from month ends, late payments and days of goodwill. By default a whole term is bought, which then covers the
client's next renewal. A module may be set to ask instead; then a person decides once for each gap
(`resellerctl paid`), and until then the service ends at the seller on its own date.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from reseller.ledger import paid, problems, requests, spent
from reseller.ledger.leases import Lease
from reseller.ledger.links import Link
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.lifecycle.term_to_buy import Level
from reseller.model import Item

if TYPE_CHECKING:
    from reseller.lifecycle.attempt import Attempt


def cause(item: int) -> Cause:
    """The cause under which a service's gap is recorded."""
    return Cause.of_service(item, problems.GAP)


def ask(part: Attempt, level: Level, months: int) -> None:
    """Raise a problem asking whether `months` are bought for the gap. Raises PanelError when its task is not made."""
    item = part.item
    last = spent.last_cost(part.context.db, item.id)
    params = {
        "remote": part.linked().remote,
        "days": str(level.missing_days),
        "months": str(months),
        "cost": "-" if last is None else str(last[0]),
    }
    here, there = level.paid.isoformat(), level.there.isoformat()
    problem = Problem(cause(item.id), item.module, "reseller_gap", params, here, there, (item.id,))
    troubles.raise_(part.context, part.held, problem)


def decide(held: Lease, item: Item, link: Link, until: dt.date, *, buy: bool) -> None:
    """Record a person's decision: one term is bought for the gap, or nothing for what was paid `until` this day."""
    if buy:
        part = requests.live_of(held.db, item.id, requests.PART) or requests.create(held, item, requests.PART)
        # Who decided, as the request records it.
        requests.set_word(held, part, "staff")
        requests.wait(held, part, 0)
    else:
        paid.leave(held, link.id, until)

"""Dates about which a person decides whether terms are bought (`resellerctl paid`).

The panel's date has jumped for no known reason, the seller's date has gone back, the operation of a renewal was
deleted, or only a few days are missing. Until the decision nothing is bought for them, and the service ends at the
seller with its own term (term_to_buy.py, small_gaps.py).
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from reseller.context import Context
from reseller.ledger import links, paid, problems, tariffmap
from reseller.ledger.problems import Cause
from reseller.lifecycle import order_plan, small_gaps, term_to_buy
from reseller.lifecycle import problems as troubles
from reseller.mgr5 import items
from reseller.model import Item
from reseller.wire.errors import Message, ResellerError

#: kinds of problem that such a decision ends
_DECIDED = (problems.PAID, problems.DATE_BACK, problems.UNRENEWED, problems.GAP)


class Jump(NamedTuple):
    """A service about whose dates a person has to decide.

    `paid` is the panel's date, `there` the seller's when the problem was raised.
    """

    service: int
    remote: str
    paid: str
    there: str
    since_days: int


def known(context: Context) -> list[Jump]:
    """Every service with such a problem, in all modules."""
    return [
        Jump(each.cause.number, each.params.get("remote", ""), each.here, each.there, each.age_seconds // 86400)
        for module in items.modules(context.db)
        for kind in _DECIDED
        for each in problems.of_kind(context.db, module, kind)
    ]


def decide(context: Context, number: int, *, buy: bool, confirmed: bool) -> str:
    """Record a person's decision about the dates of service `number`: to `buy` what is missing, or to leave it.

    Returns a sentence of what follows from it, or would if it were `confirmed`. Raises BusyError when another process
    holds the service's lease, ResellerError `reseller_paid_none` when there is nothing to decide, and
    `reseller_paid_moved` or `reseller_paid_unmoved` when the dates do not fit the decision.
    """
    with context.hold_ours(number) as (held, item):
        causes = [Cause.of_service(number, kind) for kind in _DECIDED]
        problem = next(filter(None, (problems.of(context.db, cause) for cause in causes)), None)
        link = links.of_item(context.db, number)
        if problem is None or link is None or item.expiredate is None:
            raise ResellerError("reseller_paid_none", object="item", value=number, item=number)
        until = item.expiredate
        if problem.cause.kind == problems.GAP:
            # Days of the panel's date that nothing accounts for are no part of a gap (commands/owed_terms.py).
            until = min(until, paid.of(context.db, link.id).accounted or until)
        if buy and problem.cause.kind == problems.UNRENEWED:
            # There is no day up to which to buy: the panel's date has not moved.
            raise ResellerError("reseller_paid_unmoved", object="item", value=number, item=number, now=until)
        if until.isoformat() != problem.here:
            # The person has decided about another date than the panel has now.
            dates = {"seen": problem.here, "now": until}
            raise ResellerError("reseller_paid_moved", object="item", value=number, item=number, **dates)
        there = dt.date.fromisoformat(problem.there)
        params = {"item": number, "remote": link.remote, "paid": item.expiredate, "there": there}
        params["terms"] = _terms(context, item, there) if buy else 0
        if confirmed:
            if problem.cause.kind == problems.GAP:
                small_gaps.decide(held, item, link, until, buy=buy)
            elif buy and problem.cause.kind == problems.DATE_BACK:
                paid.believe(held, link.id, there)
            elif buy:
                paid.account(held, link.id, item.expiredate)
            else:
                paid.leave(held, link.id, item.expiredate)
            for cause in causes:
                troubles.end(context, held, cause)
            decision = f"its date {item.expiredate} here against {there} there is {'paid' if buy else 'left'}"
            context.note("paid", decision, item=number)
    return context.word(Message("reseller_note_paid_buy" if buy else "reseller_note_paid_leave", **params))


def _terms(context: Context, item: Item, there: dt.date) -> int:
    """How many of the seller's terms it takes from the seller's date `there` to the panel's date."""
    months = order_plan.term(item, tariffmap.load(context.db, item.pricelist))
    count = 0
    while months > 0 and item.expiredate and term_to_buy.after(there, count * months) < item.expiredate:
        count += 1
    return count

"""Why a request may be sent: the one place that decides when its reason is gone (promise 10).

    an operation   of the panel that asks for the request, for as long as the operation exists
    a word         of a person who has ordered without an operation, kept in the request, until the service is active
    paid time      for a term that no operation asks for; judged by the two dates each time (commands/owed_terms.py)
    undoing        of what of ours landed late, by the watched request itself (overtaken.py)

Once the reason is gone nothing is sent any more; the effect of what was sent before is still looked for.
"""

from __future__ import annotations

from reseller.context import Context
from reseller.ledger import links, paid, problems, requests
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.requests import Request, Standing
from reseller.ledger.states import State
from reseller.lifecycle import operations, term_to_buy
from reseller.lifecycle import problems as troubles
from reseller.lifecycle.term_to_buy import Move
from reseller.mgr5 import items
from reseller.model import Status


def has_one(context: Context, request: Request) -> bool:
    """Whether anybody still wants what the request would send."""
    if request.kind == requests.PART:
        return True
    if request.word:
        item = items.read_all(context.db, [request.item]).get(request.item)
        return item is not None and item.status in (Status.ORDERED, Status.PROCESSING)
    return bool(operations.of(context, request))


def give_up(context: Context, held: Lease, request: Request) -> None:
    """Abandon a request whose operation was deleted: nobody can start it any more. `held` is the service's lease.

    To be called when nothing was sent, or when a person says that it was not carried out. Raises PanelError when the
    task that asks about a renewal cannot be made: the request stays, and the next run gives it up.
    """
    if request.kind == requests.PROLONG:
        _ask_who_has_paid(context, held, request)
    requests.settle(held, request, Standing(State.ABANDONED, "reseller_operation_deleted"))
    context.log.info(f"item {request.item}: its operation was deleted, the {request.kind} {request.key} is given up")


def _ask_who_has_paid(context: Context, held: Lease, request: Request) -> None:
    """Raise a problem where the panel's date does not show whether the client has paid for the abandoned renewal.

    A date that has moved is a jump, which the next run finds by itself.
    """
    item, link = items.read_all(context.db, [request.item]).get(request.item), links.of_item(context.db, request.item)
    if item is None or link is None or item.expiredate is None or paid.panel_moves(context.db) == paid.BEFORE:
        return
    accounted = paid.of(context.db, link.id).accounted
    if term_to_buy.judge(item.expiredate, None, accounted, context.limits) == Move.JUMP:
        return
    day = item.expiredate.isoformat()
    cause = Cause.of_service(request.item, problems.UNRENEWED)
    params = {"remote": link.remote, "key": request.key}
    troubles.raise_(context, held, Problem(cause, request.module, "reseller_unrenewed", params, day, day, (item.id,)))

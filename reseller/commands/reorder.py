"""reorder: a person decides that an order, a renewal or a change is to be sent anew.

The decision is recorded in the ledger and used once: the old request is abandoned, a new one with a new key takes its
place, and the remote services that were shown to the person at that moment, and only those, no longer block the order.

A service that a client waits for, but whose operation was deleted, is ordered without an operation: the request keeps
the person's decision as its reason.
"""

from __future__ import annotations

from reseller import log
from reseller.commands import open as opening
from reseller.commands.look_again import LOOKS
from reseller.context import Context
from reseller.ledger import links, problems, requests, states
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause
from reseller.ledger.requests import Request, Standing
from reseller.ledger.states import State
from reseller.lifecycle import operations, reasons
from reseller.lifecycle import problems as troubles
from reseller.lifecycle.overtaken import abandon
from reseller.mgr5 import functions, items
from reseller.model import Item
from reseller.seller.services import read_list
from reseller.wire.errors import Ambiguous, Message, ResellerError

#: the panel's function that closes a service
CALLBACK = "service.postclose"
#: kinds whose request may have had its effect without our knowing, and that a person may have sent anew
_DECIDED = (
    *(requests.ORDER, requests.PROLONG, requests.PART, requests.SETPARAM, requests.GEN_KEY, requests.CHANGEPASSWORD),
    *requests.POWER,
)


def reorder(context: Context, number: int, *, confirmed: bool, chosen: int = 0) -> str:
    """Send the undecided request of service `number` anew and start its operation; a sentence of what was done.

    Unless `confirmed`, the sentence says what would be done. The seller is asked first: an effect that shows after all
    is taken as done instead. Raises ResellerError when there is nothing to decide (about request `chosen`, if given),
    `reseller_reorder_early` while the lost request may still show up, and what stops an order without an operation,
    since nothing else would report it.
    """
    item = items.read_ours(context.db, number)
    with context.hold(number) as held:
        is_order = not chosen or requests.by_id(context.db, chosen).kind == requests.ORDER
        alone = is_order and requests.is_unbought(context.db, number)
        request = requests.live_of(context.db, number) if alone else _undecided(context, number, chosen)
        kind = request.kind if request else requests.ORDER
        operation = items.operation_of(context.db, number, *requests.operation_names(kind))
        has_reason = operation or alone or kind == requests.PART
        if not has_reason and (request is None or request.state != State.UNCONFIRMED):
            raise ResellerError("reseller_reorder_no_operation", object="item", item=number)
        found, seen = _look(context, held, item, request)
        if found:
            return found
        if request is not None and not has_reason:
            return _give_up(context, held, request, confirmed=confirmed)
        params = {"item": number, "kind": kind, "key": request.key if request else "-"}
        although = " " + context.word(Message("reseller_note_although", remotes=seen)) if seen else ""
        if not confirmed:
            return context.word(Message("reseller_note_reorder_plan", **params)) + although
        with context.db.transaction():
            if request:
                requests.settle(held, request, Standing(State.ABANDONED, request.error_type, request.error_text))
            fresh = requests.create(held, item, kind, operation=operation, accepted=seen)
            if alone:
                requests.set_word(held, fresh, context.caller.user or "staff")
    with log.under(fresh.correlation):
        context.note("reorder", f"{kind}: {params['key']} is given up for {fresh.key} {seen}".rstrip(), item=number)
    if operation:
        operations.start(context, operation)
    elif alone:
        opening.open_service(context, number)
    return context.word(Message("reseller_note_reordered", fresh=fresh.key, **params)) + although


def _give_up(context: Context, held: Lease, request: Request, *, confirmed: bool) -> str:
    """Abandon a request whose operation was deleted: a person says that it was not carried out."""
    params = {"item": request.item, "kind": request.kind, "key": request.key}
    if not confirmed:
        return context.word(Message("reseller_note_give_up_plan", **params))
    reasons.give_up(context, held, request)
    troubles.end(context, held, Cause.of_service(request.item, problems.UNDECIDED))
    context.note("reorder", f"{request.kind}: {request.key} is given up, its operation was deleted", item=request.item)
    return context.word(Message("reseller_note_given_up", **params))


def cancel(context: Context, number: int, *, confirmed: bool) -> str:
    """Close service `number` here, for which nothing was bought and no operation is left.

    Returns a sentence, and asks the seller first, as reorder() does. Raises ResellerError `reseller_cancel_none` for
    any other service.
    """
    item = items.read_ours(context.db, number)
    with context.hold(number) as held:
        if not requests.is_unbought(context.db, number):
            raise ResellerError("reseller_cancel_none", object="item", value=number, item=number)
        request = requests.live_of(context.db, number)
        found, seen = _look(context, held, item, request)
        if found:
            return found
        although = " " + context.word(Message("reseller_note_although", remotes=seen)) if seen else ""
        if not confirmed:
            return context.word(Message("reseller_note_cancel_plan", item=number)) + although
        functions.call_back(context.mgrctl, CALLBACK, number)
        if request:
            abandon(context, held, request)
        troubles.end(context, held, Cause.of_service(number, problems.UNBOUGHT))
    context.note("cancel", f"closed here, nothing was bought for it {seen}".rstrip(), item=number)
    return context.word(Message("reseller_note_cancelled", item=number)) + although


def _undecided(context: Context, number: int, chosen: int) -> Request:
    """The request that a person has to decide about; raises ResellerError when there is none, or not yet."""
    live = [request for request in requests.of_item(context.db, number) if request.live and request.kind in _DECIDED]
    request = next((each for each in live if each.state.means(states.DECIDABLE)), live[0] if live else None)
    if request is not None and request.state in (State.SENDING, State.LOOKING):
        raise ResellerError("reseller_reorder_early", item=number, key=request.key)
    if request is None or not request.state.means(states.DECIDABLE) or chosen not in (0, request.id):
        state = request.state if request else "bought" if links.of_item(context.db, number) else "never ordered"
        raise ResellerError("reseller_reorder_none", object="item", item=number, state=state)
    return request


def _look(context: Context, held: Lease, item: Item, request: Request | None) -> tuple[str, str]:
    """A sentence if the effect of the request shows after all, else empty; and what an order may be taken for.

    The latter are the numbers of the remote services whose key names the service, separated by blanks.
    """
    look = LOOKS.get(request.kind) if request else None
    if request is not None and look is not None:
        done = look(context, request, held)
        arrived = Message("reseller_note_arrived", item=item.id, kind=request.kind)
        return (context.word(arrived) if done else ""), ""
    # Ask the account that the request was sent with; one that was never sent belongs to the module of today.
    seller = context.seller_asked(request, item.module) if request else context.seller(item.module)
    rows = read_list(seller.transport, item.itemtype, context.limits)
    if request is not None and request.state == State.UNCONFIRMED:
        link = opening.look_again(context, request, held, rows)
        if link is not None:
            found = Message("reseller_note_adopted", item=item.id, key=link.key, remote=link.remote)
            return context.word(found), ""
    if not rows.complete:
        raise Ambiguous("reseller_list_incomplete", itemtype=item.itemtype)
    return "", " ".join(row.id for row in rows.of_item(item.id))

"""Set and take away both sides of a link together.

The link is written as `half` first; then our key is set at the seller and read back. A refusal ends the link again; an
unclear outcome leaves it `half`, and the next run of checkevent finishes it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from reseller.commands.open import OPENINGS, REMOTE_PARAM
from reseller.context import Context, Seller
from reseller.ledger import links, problems, requests
from reseller.ledger.leases import Lease
from reseller.ledger.links import Link
from reseller.ledger.problems import Cause
from reseller.ledger.requests import Standing
from reseller.ledger.states import State
from reseller.lifecycle import gone
from reseller.lifecycle import problems as troubles
from reseller.linking import plan as planning
from reseller.linking.plan import Plan
from reseller.mgr5 import functions, items
from reseller.model import Item, Status
from reseller.seller import keys, service
from reseller.wire.errors import Message, Rejected, ResellerError, SellerError

#: raises ResellerError for a plan that this caller may not carry out
Allowed = Callable[[Plan], None]


def link(context: Context, number: int, remote: str, *, force: bool = False, allowed: Allowed | None = None) -> str:
    """Link service `number` with remote service `remote`; a sentence of what was done.

    `allowed` is called with the plan, made under the service's lease, and may refuse it. Raises BusyError, SellerError,
    or ResellerError with what is in the way (plan.py): nothing is changed then, unless the call that takes the key off
    a former remote service stays unanswered. Raises ResellerError `reseller_link_half` when the outcome at the seller
    is unclear, and the refusal when the seller takes no key: a former link is ended then.
    """
    planning.ours(context, number, remote)
    with context.hold(number) as held:
        plan = planning.to_link(context, number, remote, force=force)
        if plan.refused is not None:
            raise plan.refused
        if allowed is not None:
            allowed(plan)
        if plan.is_done:
            return context.word(Message("reseller_note_linked_already", item=number, remote=remote))
        seller = context.seller(plan.item.module)
        if plan.old is not None:
            _let_go(context, held, context.seller_of(plan.old), plan.old)
        key = plan.found.key if plan.found.key and plan.keeps_key else f"{number}-{secrets.token_hex(4)}"
        half = links.write(held, plan.item, seller.account, plan.found.id, key)
        _tell(context, held, seller, half)
        _settle(context, held, plan.item, half)
        forced = ", whatever its key said" if force else ""
        context.note("link", f"linked to remote {plan.found.id} key {key}{forced}", item=number)
        troubles.end(context, held, Cause.of_service(number, problems.WISH))
    return context.word(Message("reseller_note_linked", item=number, remote=remote))


def unlink(context: Context, number: int) -> str:
    """Take the link of a service away on both sides; a sentence of what was done."""
    with context.hold_ours(number) as (held, item):
        old = planning.to_lose(context, item)
        note = "reseller_note_unlinked"
        try:
            _let_go(context, held, context.seller_of(old), old)
        except ResellerError as error:
            if error.type != "reseller_account_differs":
                raise
            # The settings lead to another account than the one it was bought at: our key stays there.
            note = "reseller_note_unlinked_here"
            _end(context, held, old)
        if REMOTE_PARAM in item.params:
            functions.drop_param(context.mgrctl, number, REMOTE_PARAM)
    context.note("unlink", f"unlinked from remote {old.remote} key {old.key}", item=number)
    return context.word(Message(note, item=number, remote=old.remote))


def heal(context: Context, half: Link) -> None:
    """Finish a link that was left half-way, or end it if its service is gone.

    Raises BusyError, SellerError, and ResellerError when the link stays half-way or the seller refuses the key.
    """
    with context.hold(half.item) as held:
        current = links.of_item(context.db, half.item)
        if current is None or current.id != half.id or current.state != links.HALF:
            return
        seller = context.seller_of(current)
        item = items.read_all(context.db, [half.item]).get(half.item)
        if item is None:
            _let_go(context, held, seller, current)
            return
        _tell(context, held, seller, current)
        _settle(context, held, item, current)


def _let_go(context: Context, held: Lease, seller: Seller, old: Link) -> None:
    """Remove our key from the remote service, if it still carries that key, and then end the link."""
    form = service.read(seller.transport, old.itemtype, old.remote)
    if form.exists and form.key == old.key:
        _set_key(context, held, seller, old, "")
    _end(context, held, old)


def _end(context: Context, held: Lease, old: Link) -> None:
    troubles.end_differences(context, held, old.item)
    links.settle(held, old.id, links.ENDED)
    context.log.info(f"item {old.item}: link to remote {old.remote} key {old.key} is ended")


def _set_key(context: Context, held: Lease, seller: Seller, link: Link, key: str) -> None:
    """Set or remove our key at the seller; sends nothing and raises `reseller_lease_lost` when the lease is lost."""
    held.extend(max(context.limits.lease_seconds, 2 * context.limits.read_seconds))
    keys.set_key(seller.transport, link.itemtype, link.remote, key)


def _tell(context: Context, held: Lease, seller: Seller, half: Link) -> None:
    """Set our key at the seller and read it back; a refusal ends the link, unless the form shows the key all the same.

    An unclear outcome leaves the link half-way: no answer, a form that is refused, a form that says "missing" while the
    list shows the service or cannot be read, or an error that proves nothing while the form shows no key at all.
    """
    transport, refused = seller.transport, None
    try:
        form = service.read(transport, half.itemtype, half.remote)
        if form.exists and form.key != half.key:
            try:
                _set_key(context, held, seller, half, half.key)
            except Rejected as error:
                refused = error
            form = service.read(transport, half.itemtype, half.remote)
        is_there = form.exists or not gone.is_unlisted(transport, half.itemtype, half.remote, context.limits)
    except SellerError as error:
        raise _half(context, half, error) from error
    if not form.exists and is_there:
        raise _half(context, half, ResellerError("reseller_gone", item=half.item, remote=half.remote))
    if is_there and form.key is None and refused is not None and not context.proofs.hold(refused):
        raise _half(context, half, refused)
    if not is_there or form.key not in (half.key, None) or (refused is not None and form.key is None):
        links.settle(held, half.id, links.ENDED)
        raise refused or ResellerError("reseller_link_refused", item=half.item, remote=half.remote)


def _half(context: Context, half: Link, cause: ResellerError) -> ResellerError:
    return ResellerError("reseller_link_half", item=half.item, remote=half.remote, cause=context.word(cause))


def _settle(context: Context, held: Lease, item: Item, half: Link) -> None:
    """Complete the link once both sides are set, and abandon an open order: what was linked takes its place.

    checkevent makes the service active if that is still to be done.
    """
    order = requests.live_of(context.db, item.id)
    with context.db.transaction():
        running = items.operations(context.db, item.id)
        # One that is in process for another reason has been active before.
        is_new = item.status == Status.PROCESSING and (not running or any(name in OPENINGS for name in running))
        links.settle(held, half.id, links.OPENING if is_new else links.LIVE)
        if order is not None:
            requests.settle(held, order, Standing(State.ABANDONED, "reseller_linked_by_hand", remote=half.remote))
    functions.save_param(context.mgrctl, item.id, REMOTE_PARAM, half.remote)

"""Let a client repair a link of his own service, where the key of the remote service names that service.

Whatever else a client asks for goes to staff as a task, and the client gets the same answer for every reason: he could
otherwise find out which remote services exist, and take another client's. The seller is called at most once before that
is decided, so the time until the answer reveals as little.
"""

from __future__ import annotations

from collections.abc import Mapping

from reseller.context import Context
from reseller.ledger import links, problems
from reseller.ledger.leases import lease
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.linking import sides
from reseller.linking.plan import Plan
from reseller.mgr5 import items
from reseller.model import Item
from reseller.seller import service as remotes
from reseller.wire.errors import ResellerError
from reseller.wire.numbers import whole

FUNCTION = "item.setremoteid"


def repair(context: Context, user: str, service: str, remote: str) -> None:
    """Link the client's own service with a remote service whose key names it.

    Raises ResellerError of the panel's own type `access`, the same for every reason; the reason is in the log, and in a
    task where the request makes sense and the service is the client's.
    """
    if not context.may_ask(items.account_of_user(context.db, user)):
        raise _refused()
    number = whole(service)
    item = None
    try:
        if not items.belongs(context.db, number, user):
            raise ResellerError("reseller_item_missing", object="elid", value=number, item=number)
        item = items.read_ours(context.db, number)
        form = remotes.MISSING
        if whole(remote):
            # The only call before the decision.
            form = remotes.read(context.seller(item.module).transport, item.itemtype, remote)
        if not form.exists or form.item != str(item.id):
            raise ResellerError("reseller_link_unnamed", object="value", value=remote, item=item.id, remote=remote)
        sides.link(context, number, remote, allowed=lambda plan: _require_repair(context, plan))
    except ResellerError as error:
        reason = context.word(error)
        context.log.error(f"{FUNCTION} by {user!r} for {service[:40]!r} refused: {reason}")
        if item is not None and whole(remote):
            _tell_staff(context, item, {"remote": remote, "user": user, "cause": reason})
        raise _refused() from error


def _refused() -> ResellerError:
    return ResellerError("access", object="func", value=FUNCTION)


def _require_repair(context: Context, plan: Plan) -> None:
    """Refuse to give up a link that works: one with another remote service that still carries our key."""
    old, works = plan.old, False
    if plan.keeps_key and old is not None and old.remote != plan.remote:
        form = remotes.read(context.seller_of(old).transport, old.itemtype, old.remote)
        works = form.exists and form.key == old.key and old.state != links.HALF
    if works or not plan.keeps_key:
        raise ResellerError("reseller_link_works", item=plan.item.id, remote=plan.remote)


def _tell_staff(context: Context, item: Item, params: Mapping[str, str]) -> None:
    """Raise a problem for staff: one per service, however often and for how many services the client asks."""
    cause = Cause.of_service(item.id, problems.WISH)
    try:
        with lease(context.db, f"wish:{item.id}", context.limits.lease_seconds) as held:
            problem = Problem(cause, item.module, "reseller_link_wish", params, touches=(item.id,))
            troubles.raise_(context, held, problem)
    except ResellerError as error:
        # The client's answer must not reveal this failure either.
        context.log.error(f"item {item.id}: no task for a client's wish to link it: {context.word(error)}")

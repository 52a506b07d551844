"""reorder: a person decides that an order or a renewal is to be sent anew (DESIGN 4, the last row of its table).

It is said once, recorded in the ledger, and used once: the old request is closed, a new one with a new key stands in
its place, and the remote services that were shown at that moment, and only those, no longer stop it.
"""

from __future__ import annotations

from reseller.ledger import links, requests
from reseller.ledger.leases import Lease, lease
from reseller.ledger.requests import Request, Standing
from reseller.lifecycle import open as opening
from reseller.lifecycle import operations, term
from reseller.lifecycle.work import Work
from reseller.mgr5 import items
from reseller.model import Item
from reseller.seller.services import read_list
from reseller.wire.errors import Ambiguous, ResellerError

#: states in which sending anew is a decision somebody can take; in all others Start is enough
DECIDABLE = frozenset({requests.UNCONFIRMED, requests.FOREIGN})


def reorder(work: Work, number: int, *, confirmed: bool) -> str:
    """Order or renew service `number` anew and start its operation; what was done, or would be, in a sentence.

    Looks first: what is found after all is taken as done instead. Raises ResellerError when there is nothing to decide,
    `reseller_reorder_early` while the lost request may still show up.
    """
    item = items.read_ours(work.db, number)
    with lease(work.db, f"item:{number}", work.limits.lease_seconds) as held:
        request = _undecided(work, number)
        operation = items.operation_of(work.db, number, requests.operation_name(request.kind))
        if not operation:
            raise ResellerError("reseller_reorder_no_operation", object="item", item=number)
        found, seen = _look(work, held, item, request)
        if found:
            return found
        although = f", although the seller shows {seen} for it" if seen else ""
        if not confirmed:
            return (
                f"would send the {request.kind} of service {number} anew{although}; {request.key} is given up (--yes)"
            )
        with work.db.transaction():
            requests.settle(held, request, Standing(requests.ABANDONED, request.error_type, request.error_text))
            fresh = requests.create(held, item, request.kind, operation=operation, accepted=seen)
    work.log.info(f"item {number}: reorder, {request.key} is given up for {fresh.key}{although}")
    operations.start(work, operation)
    return f"service {number}: the {request.kind} is sent anew as {fresh.key}{although}; {request.key} is given up"


def _undecided(work: Work, number: int) -> Request:
    """The order or renewal about which there is something to decide."""
    found = [requests.live_of(work.db, number, kind) for kind in (requests.ORDER, requests.PROLONG)]
    request = next(filter(None, found), None)
    if request is not None and request.state in (requests.SENDING, requests.LOOKING):
        raise ResellerError("reseller_reorder_early", item=number, key=request.key)
    if request is None or request.state not in DECIDABLE:
        state = request.state if request else "bought" if links.of_item(work.db, number) else "never ordered"
        raise ResellerError("reseller_reorder_none", object="item", item=number, state=state)
    return request


def _look(work: Work, held: Lease, item: Item, request: Request) -> tuple[str, str]:
    """What was found of it after all, in a sentence; and the remote services that name the item without being it."""
    if request.kind == requests.PROLONG:
        done = term.look_again(work, request, held)
        return (f"service {item.id}: the renewal has arrived after all" if done else ""), ""
    rows = read_list(work.seller(item.module).transport, item.itemtype, work.limits.page_rows)
    if request.state == requests.UNCONFIRMED:
        link = opening.look_again(work, request, held, rows)
        if link is not None:
            return f"service {item.id}: the order {link.key} was found and is adopted: remote service {link.remote}", ""
    if not rows.complete:
        raise Ambiguous("reseller_list_incomplete", itemtype=item.itemtype)
    return "", " ".join(row.id for row in rows.of_item(item.id))

"""reorder: a person decides that an order is to be placed anew (DESIGN 4, the last row of its table).

It is said once, recorded in the ledger, and used once: the old request is closed, a new one with a new key stands in
its place, and the remote services that were shown at that moment, and only those, no longer stop it.
"""

from __future__ import annotations

from reseller.ledger import links, requests
from reseller.ledger.leases import lease
from reseller.ledger.requests import Standing
from reseller.lifecycle import operations
from reseller.lifecycle.open import OPEN, look_again
from reseller.lifecycle.work import Work
from reseller.mgr5 import items
from reseller.seller.services import read_list
from reseller.wire.errors import Ambiguous, ResellerError

#: states in which ordering anew is a decision somebody can take; in all others Start is enough, or nothing is known yet
DECIDABLE = frozenset({requests.UNCONFIRMED, requests.FOREIGN, requests.LOOKING})


def reorder(work: Work, number: int, *, confirmed: bool) -> str:
    """Order service `number` anew and start its operation; what was done, or would be, in a sentence.

    Looks first: an order that is found after all is adopted instead. Raises ResellerError when there is nothing to
    decide, `reseller_reorder_early` while the lost order may still show up.
    """
    item = items.read_ours(work.db, number)
    operation = items.operation_of(work.db, number, OPEN)
    with lease(work.db, f"item:{number}", work.limits.lease_seconds) as held:
        request = requests.live_of(work.db, number)
        if request is None or request.state not in DECIDABLE:
            state = request.state if request else "bought" if links.of_item(work.db, number) else "never ordered"
            raise ResellerError("reseller_reorder_none", object="item", item=number, state=state)
        if not operation:
            raise ResellerError("reseller_reorder_no_operation", object="item", item=number)
        if request.state == requests.LOOKING:
            raise ResellerError("reseller_reorder_early", item=number, key=request.key)
        seller = work.seller(item.module)
        found = read_list(seller.transport, item.itemtype, work.limits.page_rows)
        if request.state == requests.UNCONFIRMED:
            link = look_again(work, request, held, found)
            if link is not None:
                return f"service {number}: the order {link.key} was found and is adopted: remote service {link.remote}"
        if not found.complete:
            raise Ambiguous("reseller_list_incomplete", itemtype=item.itemtype)
        accepted = " ".join(row.id for row in found.of_item(number))
        seen = f", although the seller shows {accepted} for it" if accepted else ""
        if not confirmed:
            return f"would order service {number} anew{seen}; the order {request.key} would be given up (say --yes)"
        with work.db.transaction():
            requests.settle(held, request, Standing(requests.ABANDONED, request.error_type, request.error_text))
            account = seller.account
            fresh = requests.create(held, item, account=account, operation=operation, accepted=accepted)
    work.log.info(f"item {number}: reorder, {request.key} is given up for {fresh.key}{seen}")
    operations.start(work, operation)
    return f"service {number}: ordering anew with key {fresh.key}{seen}; the old order {request.key} is given up"

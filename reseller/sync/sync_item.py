"""sync_item: look at one service now.

An opening service, or a request of unknown outcome, is processed as the next run of checkevent would. The facts of an
active service are saved, unless a live request may be about to change them. Nothing is sent that changes the seller.
"""

from __future__ import annotations

from typing import NamedTuple

from reseller.context import Context
from reseller.ledger import links, requests
from reseller.lifecycle import operations, ownership
from reseller.mgr5 import items
from reseller.model import Status
from reseller.seller.services import alone
from reseller.sync import activate, looking
from reseller.sync.facts import facts
from reseller.sync.read_lists import Lists
from reseller.wire import dates
from reseller.wire.errors import BusyError, ResellerError, Stopped


class Seen(NamedTuple):
    """The remote service's number, status and end of term (YYYY-MM-DD); all empty without a link."""

    remote: str = ""
    status: str = ""
    expiredate: str = ""


def sync(context: Context, number: int, operation: int = 0) -> Seen:
    """Look at service `number`; what the seller shows of it.

    Raises BusyError while another process works on it; otherwise Stopped with the reason, reported on `operation` too.
    """
    item = items.read_ours(context.db, number)
    try:
        return _sync(context, number)
    except BusyError:
        raise
    except ResellerError as error:
        operations.report(context, item, operation, error)
        raise Stopped.by(error) from error


def _sync(context: Context, number: int) -> Seen:
    item = items.read_ours(context.db, number)
    waiting = [request for request in requests.of_item(context.db, number) if request.live and request.is_open]
    if links.of_item(context.db, number) is None and not waiting:
        raise ResellerError("reseller_not_linked", object="item", item=number, kind="sync_item")
    for request in waiting:
        looking.look(context, request, Lists(context, context.seller_asked(request, item.module)))
    link = links.of_item(context.db, number)
    if link is None:
        return Seen()
    seller = context.seller_of(link)
    listed = alone(seller.transport, link.itemtype, link.remote)
    if not listed.rows:
        raise ResellerError("reseller_gone", object="item", item=number, remote=link.remote)
    if link.state == links.OPENING:
        activate.advance(context, seller, link, listed)
    else:
        # The facts of an active service are saved only while it has no live request.
        with context.hold(number) as held:
            item = items.read(context.db, number)
            is_calm = not any(request.live for request in requests.of_item(context.db, number))
            current = links.of_item(context.db, number)
            if is_calm and current is not None and current.state == links.LIVE and item.status != Status.DELETED:
                form = ownership.read(context, held, link)
                changed = activate.save(context, item, facts(form), opened=True)
                context.log.info(f"item {number}: looked at remote {link.remote}, {changed} facts are new")
    row = listed.rows[0]
    return Seen(row.id, str(row.status), dates.text(row.expiredate))

"""suspend, resume, close: which of these overtakes which, and their entry points for the panel and for checkevent.

How a change is carried out is lifecycle/state_change.py; what is special about closing is commands/close.py.
"""

from __future__ import annotations

from reseller.commands.close import Close
from reseller.context import Context
from reseller.ledger import requests
from reseller.ledger.leases import Lease
from reseller.ledger.requests import Request
from reseller.lifecycle import operations
from reseller.lifecycle.overtaken import abandon, overtake, overtake_done
from reseller.lifecycle.state_change import Change, Goal
from reseller.model import Status

#: by kind, the requests that make no sense any more once it is wanted
_OVERTAKES = {
    requests.SUSPEND: (requests.RESUME,),
    requests.RESUME: (requests.SUSPEND,),
    requests.CLOSE: (requests.RESUME, requests.SUSPEND, requests.PROLONG, requests.PART),
}


def change(context: Context, number: int, kind: str, given: int = 0) -> None:
    """Bring the remote service of `number` into the state that `kind` asks for; returns when it is, or is waited for.

    Raises BusyError when another process holds the service's lease, otherwise ResellerError with the reason, which the
    operation shows as well.
    """
    with operations.begin(context, number, kind, given) as (held, item, operation):
        for other in requests.live_others(context.db, number, kind):
            if other.kind in _OVERTAKES[kind]:
                # A service that is closed needs no watch for a suspension or resumption that may still land.
                (abandon if kind == requests.CLOSE else overtake)(context, held, other)
        if kind != requests.CLOSE:
            for contrary in _OVERTAKES[kind]:
                overtake_done(context, held, number, contrary)
        _CHANGES[kind](context, held, item, operation).run()


def look_again(context: Context, request: Request, held: Lease) -> bool:
    """Continue a change that waits; whether it is done. Raises ResellerError when there is something new to report."""
    return _CHANGES[request.kind].again(context, request, held).look()


class _Suspend(Change):
    kind = requests.SUSPEND
    goal = Goal(Status.SUSPENDED, "suspend", "service.postsuspend")


class _Resume(Change):
    kind = requests.RESUME
    goal = Goal(Status.ACTIVE, "resume", "service.postresume")


_CHANGES: dict[str, type[Change]] = {each.kind: each for each in (_Suspend, _Resume, Close)}

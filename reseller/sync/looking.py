"""Look again at one request whose outcome is not known yet."""

from __future__ import annotations

from reseller.commands import open as opening_
from reseller.commands.look_again import LOOKS
from reseller.context import Context
from reseller.ledger import requests
from reseller.ledger.requests import Request
from reseller.sync.read_lists import Lists

ADOPTED, FINISHED, LOOKING = "adopted", "finished", "looking"


def look(context: Context, request: Request, lists: Lists) -> str:
    """Look for the request's effect: ADOPTED, FINISHED or LOOKING; empty when another process has changed it meanwhile.

    Raises BusyError while another process works on the service, ResellerError with what a person has to know.
    """
    listed = lists.of(request.itemtype) if request.kind == requests.ORDER else None
    with context.hold(request.item) as held:
        current = requests.by_id(context.db, request.id)
        if (current.live, current.state, current.looks) != (True, request.state, request.looks):
            return ""
        if listed is not None:
            return ADOPTED if opening_.look_again(context, current, held, listed) else LOOKING
        return FINISHED if LOOKS[request.kind](context, current, held) else LOOKING

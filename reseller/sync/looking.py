"""Look again at one request whose outcome is not known yet."""

from __future__ import annotations

from collections.abc import Callable

from reseller.commands import (
    cancel_prolong,
    changepassword,
    gen_key,
    owed_terms,
    power,
    prolong,
    reopen,
    setparam,
    suspend_resume_close,
)
from reseller.commands import open as opening_
from reseller.context import Context
from reseller.ledger import requests
from reseller.ledger.leases import Lease
from reseller.ledger.requests import Request
from reseller.sync.observe import Lists

ADOPTED, FINISHED, LOOKING = "adopted", "finished", "looking"

#: by kind, the function that looks for a request's effect at the seller; it returns whether the request is done
_LOOKS: dict[str, Callable[[Context, Request, Lease], bool]] = {
    requests.PROLONG: prolong.look_again,
    requests.PART: owed_terms.go_on,
    requests.SETPARAM: setparam.look_again,
    requests.SUSPEND: suspend_resume_close.look_again,
    requests.RESUME: suspend_resume_close.look_again,
    requests.CLOSE: suspend_resume_close.look_again,
    requests.REOPEN: reopen.look_again,
    **dict.fromkeys(requests.POWER, power.look_again),
    requests.CHANGEPASSWORD: changepassword.look_again,
    requests.GEN_KEY: gen_key.look_again,
    requests.CANCEL_PROLONG: cancel_prolong.look_again,
}


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
        return FINISHED if _LOOKS[request.kind](context, current, held) else LOOKING

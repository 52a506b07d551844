"""Which function looks, for each kind of request, whether its effect shows at the seller: the one table."""

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
from reseller.context import Context
from reseller.ledger import requests
from reseller.ledger.leases import Lease
from reseller.ledger.requests import Request

#: each returns whether the request is done. An order is looked for in the seller's list (`look_again` in open.py)
LOOKS: dict[str, Callable[[Context, Request, Lease], bool]] = {
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

"""Why a request may be sent: the one place that says when its reason is gone (promise 10).

    an operation   of the panel that asks for it, for as long as it is there
    a word         of a person who has ordered it without one, kept in the request
    paid time      for a term that no operation asks for; judged by the two dates each time (parts.py)

With its reason gone nothing is sent any more; effects of what was sent are still looked for.
"""

from __future__ import annotations

from reseller.ledger import requests
from reseller.ledger.requests import Request
from reseller.lifecycle.work import Work
from reseller.mgr5 import items


def has_one(work: Work, request: Request) -> bool:
    """Whether anybody still wants what the request would send."""
    if request.kind == requests.PART or request.word:
        return True
    return bool(items.operation_of(work.db, request.item, *requests.operation_names(request.kind)))

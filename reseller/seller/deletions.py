"""The seller's rules for deleting a service (selling-api.md 4.3), read from its refusals and from the service's
history.

For most of these rules only the effect is documented, not the error, so words are searched for. What is found here
decides messages and waits, and never what is sent.
"""

from __future__ import annotations

import contextlib
import re

from reseller.seller.transport import Transport
from reseller.wire import document
from reseller.wire.bounds import PAGE
from reseller.wire.errors import Rejected, SellerError

#: a deletion that was refused, by the policy that refused it (selling-api.md 4.3)
FORBIDDEN, CONFIRM, TOO_EARLY = "forbidden", "confirm", "too early"
#: words that may name a confirmation by phone, whose error is not documented
_CONFIRMATION = re.compile("confirm|phone|verif")
_SPAN = re.compile(r"(?<![0-9])([0-9]{1,6})\s*(minute|hour|day|week|month|year)s?\b")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2592000, "year": 31536000}
_DELETION = re.compile("delet|clos|remov|cancel")
_PUT_OFF = re.compile("end of|after the|until|expir|paid (period|term)")


def policy(error: Rejected) -> str:
    """Which of the seller's policies refused a deletion: FORBIDDEN, CONFIRM, TOO_EARLY, or empty for none of these.

    Decided by type, object and parameter names only: texts are localised, and values may be a client's (selling-api.md
    2).
    """
    if error.seller_type == "pricelist_min_order":
        return TOO_EARLY
    if error.seller_type == "access":
        return FORBIDDEN
    named = " ".join((error.seller_type, error.seller_object, *error.seller_params)).lower()
    return CONFIRM if _CONFIRMATION.search(named) else ""


def seconds_left(error: Rejected) -> int | None:
    """How much of a minimum order period is left in seconds, None if the refusal does not say.

    "The minimum order period for this service is X. Y are left" is known only as a text (selling-api.md 4.3), and texts
    are requested in English: the last of at least two time spans is taken.
    """
    spans = _SPAN.findall(error.params.get("text", "").lower())
    count, unit = spans[-1] if len(spans) > 1 else ("", "")
    return int(count) * _SECONDS[unit] if count else None


def is_put_off(transport: Transport, remote: str) -> bool:
    """Whether the newest entry of the service's history mentions a deletion at the end of the paid term.

    The history is prose (selling-api.md 8.2), so this is only a hint: it decides what is reported and how long is
    waited, never what is sent.
    """
    lines: list[tuple[str, str]] = []
    with contextlib.suppress(SellerError):
        root = transport.call("service.history", {"elid": remote}, bounds=PAGE)
        lines = [
            (document.text(row, "changedate"), document.text(row, "desc").lower()) for row in root.iterfind("elem")
        ]
    newest = max((date for date, _ in lines), default="")
    return any(date == newest and _DELETION.search(text) and _PUT_OFF.search(text) for date, text in lines)

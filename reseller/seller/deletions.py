"""What a seller's rules of deletion answer (selling-api.md 4.3): of most only the effect is documented."""

from __future__ import annotations

import contextlib
import re

from reseller.seller.transport import Transport
from reseller.wire import document
from reseller.wire.bounds import PAGE
from reseller.wire.errors import Rejected, SellerError

#: a deletion that was refused, by the policy that refused it (selling-api.md 4.3)
FORBIDDEN, CONFIRM, TOO_EARLY = "forbidden", "confirm", "too early"
#: how a confirmation that has to be given by phone may be named; its error is unknown
_CONFIRMATION = re.compile("confirm|phone|verif")
_SPAN = re.compile(r"(?<![0-9])([0-9]{1,6})\s*(minute|hour|day|week|month|year)s?\b")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2592000, "year": 31536000}
_DELETION = re.compile("delet|clos|remov|cancel")
_PUT_OFF = re.compile("end of|after the|until|expir|paid (period|term)")


def policy(error: Rejected) -> str:
    """Which of the seller's policies refused a deletion: FORBIDDEN, CONFIRM, TOO_EARLY, or empty for none of them.

    By type, object and names only: texts and values are localised or a client's own (selling-api.md 2).
    """
    if error.seller_type == "pricelist_min_order":
        return TOO_EARLY
    if error.seller_type == "access":
        return FORBIDDEN
    named = " ".join((error.seller_type, error.seller_object, *error.seller_params)).lower()
    return CONFIRM if _CONFIRMATION.search(named) else ""


def seconds_left(error: Rejected) -> int | None:
    """What is left of a minimum order period, None when the refusal does not say so.

    "The minimum order period for this service is X. Y are left" is known as a text alone (selling-api.md
    4.3), and texts are asked for in English: the last of at least two spans is what is left.
    """
    spans = _SPAN.findall(error.params.get("text", "").lower())
    count, unit = spans[-1] if len(spans) > 1 else ("", "")
    return int(count) * _SECONDS[unit] if count else None


def is_put_off(transport: Transport, remote: str) -> bool:
    """Whether the last line of the service's history tells of a deletion at the end of the paid term.

    The history is prose (selling-api.md 8.2), so this is a hint: it decides what is said and how long is
    waited, never what is sent.
    """
    lines: list[tuple[str, str]] = []
    with contextlib.suppress(SellerError):
        root = transport.call("service.history", {"elid": remote}, bounds=PAGE)
        lines = [
            (document.text(row, "changedate"), document.text(row, "desc").lower()) for row in root.iterfind("elem")
        ]
    newest = max((date for date, _ in lines), default="")
    return any(date == newest and _DELETION.search(said) and _PUT_OFF.search(said) for date, said in lines)

"""One action for several services: each succeeds or fails by itself, and there is one answer for all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence

from reseller.pages.call import Call, done
from reseller.wire import document
from reseller.wire.errors import ResellerError


def chosen(numbers: Sequence[int]) -> Sequence[int]:
    """The numbers, of which there must be at least one; raises ResellerError `reseller_page_none`."""
    if not numbers:
        raise ResellerError("reseller_page_none", object="elid")
    return numbers


def marked(call: Call) -> Sequence[int]:
    """All rows for which a form is opened: `elids` if the panel calls once for each of them, else `elid`."""
    return chosen(call.numbers("elids" if call.text("elids") else "elid"))


def has_turn(call: Call) -> bool:
    """Whether this call of a group acts or shows the form.

    A handler may be called once for all marked rows or once for each (platform.md 2.2). The first call acts; the form
    is shown in the first and in the last call, since it is unknown which answer the panel uses.
    """
    rows, own = list(marked(call)), call.numbers("elid")
    return own[:1] == rows[:1] or (not call.sok and own[-1:] == rows[-1:])


def nothing(call: Call) -> document.Element:
    """The answer of the other calls of a group."""
    return done() if call.sok else call.page


def each(call: Call, numbers: Sequence[int], step: Callable[[int], object]) -> None:
    """Run `step` for every service; a failure does not stop the others.

    Raises the error itself for a single service, or `reseller_page_some` with all errors.
    """
    errors: dict[int, ResellerError] = {}
    for number in numbers:
        try:
            step(number)
        except ResellerError as error:
            errors[number] = error
            call.context.log.error(f"item {number}: {call.user}: {call.context.word(error)}")
    if not errors:
        return
    if len(numbers) == 1:
        raise next(iter(errors.values()))
    reasons = " ".join(f"{number}: {call.context.word(error)}" for number, error in errors.items())
    raise ResellerError("reseller_page_some", object="elid", count=len(errors), total=len(numbers), text=reasons)


def digest(plan: object) -> str:
    """A digest of a plan, by which the confirmed plan is compared with the one that was shown."""
    return hashlib.sha256(json.dumps(plan, default=str).encode()).hexdigest()[:16]


def require_shown(call: Call, plan: object) -> None:
    """Raise ResellerError `reseller_page_plan` unless this plan is the one that was shown."""
    if call.text("shown") != digest(plan):
        raise ResellerError("reseller_page_plan", object="shown")

"""One thing done to several services: each for itself, and one answer for all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence

from reseller.pages.call import Call, done
from reseller.wire import document
from reseller.wire.errors import ResellerError


def chosen(numbers: Sequence[int]) -> Sequence[int]:
    """At least one; raises ResellerError `reseller_page_none`."""
    if not numbers:
        raise ResellerError("reseller_page_none", object="elid")
    return numbers


def marked(call: Call) -> Sequence[int]:
    """All rows that a form is opened for: `elids` where the panel calls once for each of them, else `elid`."""
    return chosen(call.numbers("elids" if call.text("elids") else "elid"))


def has_turn(call: Call) -> bool:
    """Whether this call of a group is one that answers. A handler may be called once for all marked rows or once for
    each (platform.md 2.2): the first acts, and the form is shown to the first and to the last, since it is
    not known whose answer counts."""
    rows, own = list(marked(call)), call.numbers("elid")
    return own[:1] == rows[:1] or (not call.sok and own[-1:] == rows[-1:])


def nothing(call: Call) -> document.Element:
    """What the other calls of a group answer."""
    return done() if call.sok else call.page


def each(call: Call, numbers: Sequence[int], step: Callable[[int], object]) -> None:
    """Do it to every service, whatever becomes of the others.

    Raises the one error of a single service, or `reseller_page_some` with all of them.
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
    said = " ".join(f"{number}: {call.context.word(error)}" for number, error in errors.items())
    raise ResellerError("reseller_page_some", object="elid", count=len(errors), total=len(numbers), text=said)


def digest(plan: object) -> str:
    """By which a plan is known again when it is confirmed: it must be the one that was shown."""
    return hashlib.sha256(json.dumps(plan, default=str).encode()).hexdigest()[:16]


def require_shown(call: Call, plan: object) -> None:
    """Raises ResellerError `reseller_page_plan` when something else was shown, or nothing."""
    if call.text("shown") != digest(plan):
        raise ResellerError("reseller_page_plan", object="shown")

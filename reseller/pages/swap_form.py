"""The forms `reseller.swap` and `reseller.swap.back`: they show a plan, and carry out only the plan that was shown."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from reseller import swap
from reseller.mgr5 import modules
from reseller.pages import listing, several
from reseller.pages.call import Call, done
from reseller.swap import Step
from reseller.wire import document
from reseller.wire.errors import ResellerError

WHY_LENGTH = 500


def away(call: Call) -> document.Element:
    """Move services to another module, for the reason given."""
    if not several.has_turn(call):
        return several.nothing(call)
    numbers, chosen = several.marked(call), call.text("processingmodule")
    to = swap.target(call.context.db, chosen) if chosen else None
    if not chosen:
        # The manual one, if there is one.
        with contextlib.suppress(ResellerError):
            to = swap.target(call.context.db, swap.MANUAL)
    plan = swap.plan_away(call.context, numbers, to) if to else []
    if call.sok:
        if to is None:
            known = "; ".join(str(module) for module in modules.every(call.context.db))
            raise ResellerError("reseller_swap_module", object="processingmodule", known=known)
        target, why = to, call.text("why")[:WHY_LENGTH]
        return _apply(call, plan, lambda number: swap.away(call.context, number, target, why))
    call.put(processingmodule=to.id if to else "", why=call.text("why"))
    listing.choices(call, "processingmodule", [(module.id, str(module)) for module in modules.every(call.context.db)])
    return _form(call, plan)


def back(call: Call) -> document.Element:
    """Move services back to the module to which they belong."""
    if not several.has_turn(call):
        return several.nothing(call)
    plan = swap.plan_back(call.context, several.marked(call))
    if call.sok:
        return _apply(call, plan, lambda number: swap.back(call.context, number))
    return _form(call, plan)


def _form(call: Call, plan: Sequence[Step]) -> document.Element:
    rows = [
        {
            "service": step.service,
            "name": step.name,
            "here": step.here,
            "to": "" if step.refused else step.to,
            "notes": step.refused or "; ".join(step.notes),
        }
        for step in plan
    ]
    listing.plan(call, rows)
    call.put(elid=", ".join(str(number) for number in several.marked(call)), shown=several.digest(_said(plan)))
    return call.page


def _said(plan: Sequence[Step]) -> list[dict[str, object]]:
    return [step._asdict() for step in plan]


def _apply(call: Call, plan: Sequence[Step], step: Callable[[int], str]) -> document.Element:
    """Carry out the plan that was shown, without the services that it shows as refused."""
    several.require_shown(call, _said(plan))
    possible = [one.service for one in plan if not one.refused]
    if not possible:
        text = " ".join(f"{one.service}: {one.refused}" for one in plan)
        raise ResellerError("reseller_page_some", object="elid", count=len(plan), total=len(plan), text=text)
    several.each(call, possible, step)
    return done()

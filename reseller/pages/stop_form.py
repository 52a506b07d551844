"""The forms `reseller.stop` and `reseller.start`: stop buying, and resume it after showing what waits."""

from __future__ import annotations

from collections.abc import Sequence

from reseller.commands import stop_buying
from reseller.ledger import stops
from reseller.ledger.stops import ALL
from reseller.mgr5 import items, modules
from reseller.pages import listing, several
from reseller.pages.call import Call, done
from reseller.wire import document, money

WHY_LENGTH = 500
#: name of "all modules" in the forms, where an empty value would mean no choice
EVERY = "all"


def show(call: Call) -> document.Element:
    """The form `reseller.stop`: which module to stop, and why."""
    if call.sok:
        stop_buying.stop(call.context, _chosen(call), call.text("why")[:WHY_LENGTH])
        return done()
    call.put(module=call.text("module") or EVERY, why=call.text("why"))
    _choices(call, [ALL, *items.modules(call.context.db)])
    return call.page


def start(call: Call) -> document.Element:
    """The form `reseller.start`: the chosen stop with what waits for its end.

    Only the plan that was shown is resumed.
    """
    stopped = [each.module for each in stops.every(call.context.db)]
    is_chosen = call.text("module") or not stopped
    stop = stop_buying.stop_of(call.context, _chosen(call) if is_chosen else stopped[0])
    waiting = stop_buying.plan(call.context, stop)
    if call.sok:
        several.require_shown(call, waiting)
        stop_buying.start(call.context, stop.module)
        return done()
    words = call.words("reseller.requests")
    rows = [
        {
            "service": each.item,
            "what": words.get(f"kind_{each.kind}", each.kind),
            "months": each.term or "",
            "cost": money.text(each.cost, each.currency),
        }
        for each in waiting
    ]
    listing.plan(call, rows)
    fields = {"since": f"{stop.since} UTC", "who": stop.who, "why": stop.why, "total": stop_buying.total(waiting)}
    call.put(module=_name(stop.module), shown=several.digest(waiting), **fields)
    _choices(call, stopped)
    return call.page


def _chosen(call: Call) -> int:
    return ALL if call.text("module") in ("", EVERY) else call.number("module", 1, 2**31 - 1, 0)


def _name(module: int) -> str:
    return str(module) if module else EVERY


def _choices(call: Call, numbers: Sequence[int]) -> None:
    words = call.words(call.func)
    names = {each.id: str(each) for each in modules.every(call.context.db)}
    listing.choices(
        call, "module", [(_name(each), names.get(each, words.get(_name(each), str(each)))) for each in numbers]
    )

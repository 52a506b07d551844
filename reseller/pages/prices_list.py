"""The list `reseller.prices`: tariffs for which a seller asks more than was agreed, and a person's two answers."""

from __future__ import annotations

from collections.abc import Callable

from reseller.commands import agreed_prices
from reseller.commands.agreed_prices import Dear
from reseller.context import Context
from reseller.lifecycle import ceiling
from reseller.mgr5 import items
from reseller.pages import listing, several
from reseller.pages.call import Call, done
from reseller.wire import document, money


def show(call: Call) -> document.Element:
    """All of them: there are few."""
    found = agreed_prices.every(call.context, items.modules(call.context.db))
    for dear in found:
        row = {
            "id": dear.pricelist,
            "name": dear.name,
            "module": ", ".join(map(str, dear.modules)),
            "prices": ceiling.words(dear.prices),
            "waiting": dear.waiting,
            "on_sale": "on" if dear.is_on_sale else "off",
        }
        call.page.append(listing.elem(row))
    call.put(p_elems=len(found))
    return call.page


def accept(call: Call) -> document.Element:
    """The form `reseller.prices.accept`: agree to the prices that it shows."""
    return _decide(call, agreed_prices.accept)


def stop(call: Call) -> document.Element:
    """The form `reseller.prices.stop`: take the tariff off sale."""
    return _decide(call, agreed_prices.stop_selling)


def _decide(call: Call, act: Callable[[Context, int], Dear]) -> document.Element:
    dear = agreed_prices.one(call.context, call.service())
    plan = [(each.part, str(each.agreed), str(each.seen)) for each in dear.prices]
    if call.sok:
        several.require_shown(call, plan)
        act(call.context, dear.pricelist)
        return done()
    rows = [
        {
            "part": ceiling.name(each),
            "agreed": money.text(each.agreed, each.currency),
            "now": money.text(each.seen, each.currency),
        }
        for each in dear.prices
    ]
    listing.plan(call, rows)
    call.put(
        elid=dear.pricelist,
        tariff=f"{dear.pricelist} {dear.name}",
        waiting=dear.waiting,
        shown=several.digest(plan),
    )
    return call.page

"""The list `reseller.prices`: tariffs for which a seller asks more than was agreed, and a person's two answers."""

from __future__ import annotations

from reseller.commands import agreed_prices
from reseller.lifecycle import ceiling
from reseller.mgr5 import items
from reseller.pages import listing, several
from reseller.pages.call import Call, done
from reseller.wire import document, money

_ACTS = {"reseller.prices.accept": agreed_prices.accept, "reseller.prices.stop": agreed_prices.stop_selling}


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


def decide(call: Call) -> document.Element:
    """The forms `reseller.prices.accept`, which agrees to the prices that it shows, and `reseller.prices.stop`, which
    takes the tariff off sale.
    """
    dear = agreed_prices.one(call.context, call.service())
    plan = [(each.part, str(each.agreed), str(each.seen)) for each in dear.prices]
    if call.sok:
        several.require_shown(call, plan)
        _ACTS[call.func](call.context, dear.pricelist)
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

"""A person's word about a tariff that became too dear: agree to the present prices, or stop selling it.

Nothing is bought here. What has waited goes on with the next run of checkevent, which compares with the seller's price
of that moment once more.
"""

from __future__ import annotations

from typing import NamedTuple

from reseller.context import Context
from reseller.ledger import prices, problems, requests
from reseller.ledger.prices import Price
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import ceiling
from reseller.lifecycle import problems as troubles
from reseller.mgr5 import items, tariff_forms, tariffs
from reseller.wire.errors import ResellerError


class Dear(NamedTuple):
    """A tariff here that became too dear: its prices above the agreed ones, and how many purchases wait for it.

    `modules` are those that sell it and whose sellers ask more; a person's word is about all that is shown of them.
    """

    pricelist: int
    name: str
    modules: tuple[int, ...]
    is_on_sale: bool
    prices: list[Price]
    waiting: int
    text: str


def every(context: Context, modules: list[int]) -> list[Dear]:
    """The tariffs of these modules that became too dear, as the last run has found them."""
    found: dict[int, list[Problem]] = {}
    for module in modules:
        for problem in problems.of_kind(context.db, module, problems.DEARER):
            found.setdefault(problem.cause.number, []).append(problem)
    return [_dear(context, number, found[number]) for number in sorted(found)]


def one(context: Context, pricelist: int) -> Dear:
    """One of them; raises ResellerError `reseller_not_dearer` if the tariff is none."""
    found = problems.dearer(context.db, pricelist)
    if not found:
        raise ResellerError("reseller_not_dearer", object="pricelist", value=pricelist)
    return _dear(context, pricelist, found)


def _dear(context: Context, number: int, found: list[Problem]) -> Dear:
    db, modules = context.db, tuple(problem.module for problem in found)
    risen = [
        each
        for module in modules
        for each in prices.risen(db, module, context.limits.price_seconds)
        if each.pricelist == number
    ]
    waits = [each.item for each in requests.all_live(db, modules) if each.error_type in ceiling.WAITING]
    waiting = [each for each in items.read_all(db, waits).values() if each.pricelist == number]
    text = " ".join(context.word(troubles.message(problem)) for problem in found)
    return Dear(number, tariffs.name(db, number), modules, tariffs.is_active(db, number), risen, len(waiting), text)


def accept(context: Context, pricelist: int) -> Dear:
    """Agree to the risen prices of a tariff and of its services as one() tells them; what was agreed to.

    Raises as one(), and BusyError while another process is at the tariff's prices.
    """
    with context.leased(f"prices:{pricelist}") as held:
        dear = one(context, pricelist)
        prices.agree(context.db, dear.prices, str(context.caller))
        told = f"tariff {pricelist} {dear.name}: {ceiling.words(dear.prices)}"
        for module in dear.modules:
            context.note("prices accept", told, module=module)
            troubles.end(context, held, Cause.of_sold(pricelist, problems.DEARER, module))
        requests.wake(held, ceiling.WAITING, dear.modules)
    return dear


def stop_selling(context: Context, pricelist: int) -> Dear:
    """Take a tariff that became too dear off sale; what waits goes on waiting, and services keep it.

    Raises as one(), `reseller_not_off` if the panel still has it on sale, and PanelError.
    """
    with context.leased(f"prices:{pricelist}"):
        dear = one(context, pricelist)
        tariff_forms.change(context.mgrctl, pricelist, {"active": "off"})
        if tariffs.is_active(context.db, pricelist):
            raise ResellerError("reseller_not_off", object="pricelist", value=pricelist)
        for module in dear.modules:
            context.note("prices stop", f"tariff {pricelist} {dear.name} is sold no more", module=module)
    return dear

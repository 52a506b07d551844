"""Whether the sellers' accounts last for what is due: their money is read on its own clock, and being short is told of.

One problem of the account (`short`), from the day on which it is foreseen until the money lasts again. It is raised by
costs that are not old; a balance that could not be read now neither raises nor ends it.
"""

from __future__ import annotations

from decimal import Decimal

from reseller.context import Context, Seller
from reseller.ledger import accounts, balances, foreseen, links, observations, problems, requests, terms
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import cover, forecast
from reseller.lifecycle import problems as troubles
from reseller.lifecycle.forecast import Forecast, Outlook
from reseller.model import NOTHING
from reseller.seller.account import read_money
from reseller.wire import dates, money
from reseller.wire.errors import ResellerError

#: name of the cursor: when it was looked last
LOOKED = "cover"
#: how many services the problem names
NAMED = 20


def note(context: Context, held: Lease, module: int) -> None:
    """Read the account's money if it is time, and raise or end the problem; a seller that fails is only logged."""
    account = links.account_of(context.db, module)
    if not account or terms.looks_after(context.db, account) != module:
        return
    seller = context.seller(module)
    cause = Cause(problems.SELLER, seller.account, problems.SHORT)
    known = problems.of(context.db, cause)
    waits = any(each.error_type == cover.HELD for each in requests.all_live(context.db, [module]))
    since = observations.seconds_since(context.db, module, LOOKED)
    is_time = since is None or since >= context.limits.balance_seconds
    if not (is_time or waits or known is not None):
        return
    try:
        _refresh(context, held, seller, waits=waits, is_urgent=waits or known is not None)
    except ResellerError as error:
        context.log.error(f"module {module}: the balance is not read: {context.word(error)}")
        return
    # Purchases read the balance too, so its age does not say when the terms that are due were weighed last.
    observations.move_now(held, module, LOOKED)
    days = context.limits.forecast_days
    found = forecast.of(context, seller.account, seller.transport.today, days)
    _keep(held, found)
    # What is old raises nothing, and ends nothing.
    worst = found.first_short(with_old=known is not None)
    # A shortage is a problem `forecast_days` ahead, or `short_days` where `short_orders` is NOTHING.
    ahead = context.limits.short_days if seller.settings.short_orders == NOTHING else days
    with troubles.each(context):
        if worst is None or (worst.days_left(found.today) or 0) > ahead:
            troubles.end(context, held, cause)
        else:
            troubles.raise_(context, held, _problem(context, seller, found, worst))


def _keep(held: Lease, found: Forecast) -> None:
    """Keep the forecast of this day, if it looks so far ahead, and count those whose days are over."""
    if found.outlooks and found.days >= foreseen.DAYS and not foreseen.is_kept(held.db, found.account, found.today):
        due = {each.currency: each.due[foreseen.DAYS] for each in found.outlooks}
        foreseen.put(held, found.account, found.today, due)
        foreseen.settle(held, found.account, found.today)


def _refresh(context: Context, held: Lease, seller: Seller, *, waits: bool, is_urgent: bool) -> None:
    """Read the money if it was read long ago or `is_urgent`; wake what `waits` for it if there is more.

    Raises ResellerError.
    """
    db, account = context.db, seller.account
    kept = balances.of(db, account)
    if any(each.age_seconds < context.limits.balance_seconds for each in kept) and not is_urgent:
        return
    before = {each.money.currency: each.available for each in kept}
    balances.save(db, account, read_money(seller.transport))
    now = balances.of(db, account)
    if waits and any(each.available > before.get(each.money.currency, Decimal(0)) for each in now):
        requests.wake(held, [cover.HELD], [seller.settings.module])


def _problem(context: Context, seller: Seller, found: Forecast, worst: Outlook) -> Problem:
    module = seller.settings.module
    left = worst.days_left(found.today) or 0
    others = [each for each in found.outlooks if each.uncovered and each.currency != worst.currency]
    short = (f"{dates.text(each.uncovered)}: {money.text(each.missing, each.currency)}" for each in others)
    params = {
        "module": str(module),
        "account": accounts.name(context.db, seller.account),
        "days": str(left),
        "day": dates.text(worst.uncovered),
        "available": money.text(worst.money.available if worst.money else None, worst.currency),
        "missing": money.text(worst.missing, worst.currency),
        "ahead": str(found.days),
        "others": ", ".join(short) or "-",
        "services": ", ".join(f"{each.item} {each.name}" for each in worst.lost[:NAMED]) or "-",
    }
    touches = tuple(dict.fromkeys(each.item for each in worst.lost)) or tuple(links.some(context.db, module))
    cause = Cause(problems.SELLER, seller.account, problems.SHORT)
    return Problem(cause, module, troubles.KINDS[problems.SHORT].error, params, touches=touches)

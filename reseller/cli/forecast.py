"""resellerctl forecast: what is due at the sellers in the next days, and whether the money lasts."""

from __future__ import annotations

import argparse
from decimal import Decimal

from reseller.cli import shown
from reseller.context import Context
from reseller.ledger import accounts, balances, foreseen
from reseller.ledger.foreseen import Error
from reseller.lifecycle import forecast
from reseller.lifecycle.forecast import Forecast, Outlook
from reseller.mgr5 import items
from reseller.seller.account import read_money
from reseller.wire import dates, money, numbers, texts
from reseller.wire.errors import ResellerError

#: how many days may be foreseen
MOST_DAYS = 366


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "For each seller account and currency: what can be spent, what is due in 7, 14 and 30 days by the seller's "
        "prices, the first day that is not covered, and the terms, those first that are gone for good when missed. "
        "What is not counted is listed with its reason. Reads the balances now; buys nothing."
    )
    parser.add_argument("--days", type=shown.number, default=0, help="how many days ahead (forecast_days, 30)")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Print it; 1 if an account is short within these days, or a balance could not be read."""
    found, failed = [], False
    known: set[int] = set()
    for module in items.modules(context.db):
        try:
            seller = context.seller(module)
        except ResellerError as error:
            shown.complain(context.word(error))
            failed = True
            continue
        if seller.account in known:
            continue
        known.add(seller.account)
        try:
            balances.save(context.db, seller.account, read_money(seller.transport))
        except ResellerError as error:
            shown.complain(context.word(error))
            failed = True
        days = min(arguments.days or context.limits.forecast_days, MOST_DAYS)
        found.append(forecast.of(context, seller.account, seller.transport.today, days))
    if arguments.json:
        shown.machine([_account(context, each) for each in found])
    else:
        for each in found:
            _tell(context, each)
    return 1 if failed or any(each.first_short() for each in found) else 0


def _account(context: Context, found: Forecast) -> dict[str, object]:
    errors, currencies = foreseen.errors(context.db, found.account), []
    for each in found.outlooks:
        kept, error = each.money, errors.get(each.currency)
        row = {
            "currency": each.currency,
            "available": None if kept is None else kept.available,
            "balance": None if kept is None else kept.money.amount,
            "credit": None if kept is None else kept.money.credit,
            "reserved": None if kept is None else kept.money.reserved,
            "floor": None if kept is None else kept.money.floor,
            "age_seconds": None if kept is None else kept.age_seconds,
            "is_old": kept is None or kept.age_seconds > context.limits.balance_old_seconds,
            "due": {str(window): numbers.plain(amount) for window, amount in each.due.items()},
            "days_left": each.days_left(found.today),
            "uncovered": dates.text(each.uncovered),
            "missing": numbers.plain(each.missing),
            "credit_from": dates.text(each.credit_from),
            "error": None if error is None else {**error._asdict(), "percent": error.percent},
            "terms": [{**term._asdict(), "day": dates.text(term.day)} for term in each.terms],
        }
        currencies.append(row)
    return {
        "account": accounts.name(context.db, found.account),
        "today": dates.text(found.today),
        "days": found.days,
        "currencies": currencies,
        "not counted": [{**left._asdict(), "ends": dates.text(left.ends)} for left in found.left],
    }


def _tell(context: Context, found: Forecast) -> None:
    shown.say(f"{accounts.name(context.db, found.account)}, from {dates.text(found.today)}, {found.days} days:")
    errors = foreseen.errors(context.db, found.account)
    for each in found.outlooks:
        _tell_currency(context, found, each, errors.get(each.currency))
    words = texts.messages(context.panel.base, "reseller.forecast")[texts.FALLBACK]
    for left in found.left:
        why = words[f"reason_{left.why}"]
        shown.say(f"  not counted: service {left.item} {left.name}, until {dates.text(left.ends)}: {why}")


def _tell_currency(context: Context, found: Forecast, each: Outlook, error: Error | None) -> None:
    iso, kept = each.currency, each.money
    due = ", ".join(f"{money.text(amount, iso)} in {window} days" for window, amount in each.due.items())
    if kept is None:
        shown.say(f"  {iso}: no balance is known; due: {due}")
    else:
        old = " (old)" if kept.age_seconds > context.limits.balance_old_seconds else ""
        parts = [f"balance {money.text(kept.money.amount, iso)}"]
        parts += [f"credit {money.text(kept.money.credit, iso)}"] if kept.money.credit is not None else []
        parts += [f"reserved {money.text(kept.money.reserved, iso)}"] if kept.money.reserved is not None else []
        parts += [f"kept back by the seller {money.text(kept.money.floor, iso)}"] if kept.money.floor else []
        shown.say(f"  {iso}: can be spent: {money.text(kept.available, iso)} ({', '.join(parts)}){old}; due: {due}")
    if each.uncovered is not None:
        shown.say(
            f"  {iso}: short on {dates.text(each.uncovered)}, in {each.days_left(found.today)} days; "
            f"{money.text(each.missing, iso)} is missing"
        )
    if each.credit_from is not None:
        shown.say(f"  {iso}: credit is used from {dates.text(each.credit_from)} on")
    if error is not None:
        share = "" if error.percent is None else f" ({error.percent} %)"
        mean = money.text((error.off / error.forecasts).quantize(Decimal("0.01")), iso)
        shown.say(
            f"  {iso}: forecasts for {foreseen.DAYS} days were off by {mean} on average{share}; "
            f"compared: {error.forecasts}"
        )
    rows = [
        {
            "day": dates.text(term.day),
            "service": term.item,
            "name": term.name,
            "months": term.months,
            "cost": money.text(term.cost, iso) + (" (old)" if term.is_old else ""),
            "why": "paid by the client already" if term.is_owed else "renews here",
            "if missed": "gone for good" if term.is_final else "",
        }
        for term in each.terms
    ]
    shown.table(rows, as_json=False, empty=f"  {iso}: nothing is due.")

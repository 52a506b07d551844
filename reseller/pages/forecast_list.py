"""The lists `reseller.forecast` and `reseller.forecast.terms`: whether the money at sellers lasts, and what is due.

No seller is asked: the money is what was told last, with its age, and the days begin with this machine's. The key of a
row is ACCOUNT-CURRENCY; accounts that several modules share have one row for each currency.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from reseller.ledger import accounts, foreseen
from reseller.lifecycle import forecast
from reseller.lifecycle.forecast import Forecast, Outlook
from reseller.pages import listing
from reseller.pages.call import Call, refused
from reseller.tariffs import period_words
from reseller.wire import dates, document, money, texts

_KEY = re.compile(r"([1-9][0-9]{0,9})-(.{0,16})")
_WORDS = "reseller.forecast"
#: how many services that would not be renewed a row names
NAMED = 5
#: the units of an age, by seconds, with their words
_AGES = (("days", 86400), ("hours", 3600), ("minutes", 60))


def show(call: Call) -> document.Element:
    """All accounts and currencies: there are few."""
    context, rows = call.context, []
    days = context.limits.forecast_days
    for account, modules in forecast.accounts(context).items():
        found = forecast.of(context, account, dates.machine_day(), days)
        errors = foreseen.errors(context.db, account)
        for each in found.outlooks or (forecast.nothing(),):
            error = errors.get(each.currency)
            # How far forecasts were off lately, and how many were compared.
            off = f"{error.percent} % ({error.forecasts})" if error and error.percent is not None else ""
            rows.append({**_account(call, found, each, modules), "error": off})
    call.page.extend([listing.elem(row) for row in rows])
    call.put(p_elems=len(rows))
    return call.page


def _account(call: Call, found: Forecast, each: Outlook, modules: list[int]) -> Mapping[str, object]:
    words, kept = call.words(_WORDS), each.money
    final = f" ({words.get('final', '')})"
    is_old = kept is None or kept.age_seconds > call.context.limits.balance_old_seconds
    age, lasts = "", words.get("no_money", "")
    if kept is not None:
        name, length = next((unit for unit in _AGES if kept.age_seconds >= unit[1]), _AGES[-1])
        age = f"{kept.age_seconds // length} {words.get(name, '')}"
        left = each.days_left(found.today)
        lasts = f"{found.days}+" if left is None else str(left)
    return {
        "id": f"{found.account}-{each.currency}",
        "name": accounts.name(call.context.db, found.account),
        "modules": ", ".join(map(str, modules)),
        "currency": each.currency,
        "available": _old(call, money.text(kept.available, "") if kept else "", is_old=is_old and kept is not None),
        "balance": money.text(kept.money.amount, "") if kept else "",
        "floor": money.text(kept.money.floor, "") if kept and kept.money.floor else "",
        "age": age,
        "days_left": lasts,
        "uncovered": dates.text(each.uncovered),
        "missing": money.text(each.missing, "") if each.missing else "",
        **{f"due_{window}": _due(call, found, each, window) for window in forecast.WINDOWS},
        # What would not be renewed on the first day that is not covered, first what is gone for good.
        "lost": texts.some(each.lost, NAMED, lambda term: f"{term.item} {term.name}{final if term.is_final else ''}"),
        "left": len(found.left),
    }


def _old(call: Call, text: str, *, is_old: bool) -> str:
    """The text, with a mark if what it says is old."""
    return f"{text} ({call.words(_WORDS).get('old', '')})" if is_old else text


def _due(call: Call, found: Forecast, each: Outlook, window: int) -> str:
    """What is due within so many days, marked if the cost of any of it is old."""
    is_old = any(term.is_old for term in each.terms if (term.day - found.today).days <= window)
    return _old(call, money.text(each.due[window], ""), is_old=is_old)


def terms(call: Call) -> document.Element:
    """The list `reseller.forecast.terms`: the terms of one row, as the money is spent, then what is not counted."""
    key = _KEY.fullmatch(call.text("elid"))
    modules = forecast.accounts(call.context)
    if key is None or int(key[1]) not in modules:
        raise refused("elid", call.text("elid"))
    found = forecast.of(call.context, int(key[1]), dates.machine_day(), call.context.limits.forecast_days)
    rows = [row for each in found.outlooks if each.currency == key[2] for row in _terms(call, each)]
    words = call.words(_WORDS)
    for left in found.left:
        why = f"{words.get('not_counted', '')}: {words.get(f'reason_{left.why}', left.why)}"
        rows.append({"id": left.item, "day": dates.text(left.ends), "item": left.item, "name": left.name, "why": why})
    count = call.number("p_cnt", 1, call.context.limits.page_rows, listing.FIRST_ROWS)
    page = call.number("p_num", 1, listing.LAST_PAGE, 1)
    call.page.extend([listing.elem(row) for row in rows[(page - 1) * count : page * count]])
    call.put(p_elems=len(rows), p_num=page, p_cnt=count, elid=key[0])
    return call.page


def _terms(call: Call, each: Outlook) -> Iterator[Mapping[str, object]]:
    words, left = call.words(_WORDS), each.money.available if each.money else None
    for term in each.terms:
        left = None if left is None else left - (term.cost or Decimal(0))
        yield {
            "id": f"{term.item}-{dates.text(term.day)}",
            "day": dates.text(term.day),
            "item": term.item,
            "name": term.name,
            "months": period_words.word(call.context, str(term.months)),
            "cost": _old(call, money.text(term.cost, term.currency), is_old=term.is_old),
            "after": money.text(left, term.currency),
            "why": words.get("owed" if term.is_owed else "renews", ""),
            "missed": words.get("final" if term.is_final else "can_be_repaired", ""),
        }

"""The report `reseller.report`: services by state, requests by outcome, margins, changes in mid-term, balances, terms
that end soon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from reseller.ledger import margins, mid_term, overview
from reseller.ledger.mid_term import Changed
from reseller.mgr5 import items
from reseller.pages import listing
from reseller.pages.call import Call
from reseller.wire import document, money, numbers

DAYS = (7, 30, 90, 365)
WEEKS = 12


def show(call: Call) -> document.Element:
    """The bands of the report; `days` is how far back requests are counted."""
    words = call.words("reseller.report")
    db = call.context.db
    days = call.number("days", 1, max(DAYS), 30)
    report = document.element("reportdata")
    states = [
        {"state": words.get(f"status_{status}", status), "services": count, "differing": differing}
        for status, count, differing in overview.services_by_state(db)
    ]
    report.append(_band("states", states))
    names = ("day", "done", "open", "stopped", "given_up")
    report.append(_band("requests", (dict(zip(names, row)) for row in overview.outcomes(db, days))))
    for by in (margins.TARIFF, margins.CLIENT, margins.MONTH):
        report.append(_band(f"by_{by}", map(_margin, margins.rows(db, by, max(1, days // 30)))))
    found = mid_term.of_days(db, days, items.modules(db))
    report.append(_band("changes", map(_changed, found)))
    names = ("endpoint", "username", "balance", "currency", "checked")
    report.append(_band("balances", (dict(zip(names, row)) for row in overview.balances(db))))
    # A row for every week, even if nothing ends in it, so that the histogram shows its gaps.
    ends = {int(week): (here, there) for week, here, there in overview.expiries(db, WEEKS)}
    today = dt.datetime.now(dt.timezone.utc).date()
    weeks = []
    for week in range(-1, WEEKS):
        here, there = ends.get(week, (0, 0))
        name = str(today + dt.timedelta(weeks=week)) if week >= 0 else words.get("overdue", "")
        weeks.append({"week": name, "here": here, "there": there})
    report.append(_band("expiries", weeks))
    listing.choices(call, "days", [(number, words.get(f"days_{number}", str(number))) for number in DAYS])
    call.put(days=days)
    call.page.append(report)
    return call.page


def _margin(row: margins.Row) -> dict[str, object]:
    cells = {name: numbers.plain(getattr(row, name)) for name in ("revenue", "cost", "margin")}
    return {"of": row.name, "currency": row.currency, **cells, "unknown": row.unknown}


def _changed(each: Changed) -> dict[str, object]:
    margin = "" if each.margin is None else numbers.plain(each.margin)
    return {
        "service": each.item,
        "name": each.name,
        "tariff": f"{each.pricelist} {each.tariff}",
        "last": each.last,
        "charged": money.text(each.charged, each.charged_in),
        "cost": money.text(each.cost, each.currency),
        "margin": margin,
    }


def _band(name: str, rows: Iterable[Mapping[str, object]]) -> document.Element:
    band = document.element(name)
    band.extend([listing.elem(row) for row in rows])
    return band

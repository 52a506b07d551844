"""resellerctl margins: what resold services have earned and cost, by tariff, client or month."""

from __future__ import annotations

import argparse
import csv
import sys

from reseller.cli import shown
from reseller.context import Context
from reseller.ledger import margins, mid_term
from reseller.ledger.margins import CLIENT, MONTH, TARIFF, Row
from reseller.ledger.mid_term import Changed
from reseller.mgr5 import items
from reseller.wire import dates, money, numbers

#: how far back may be looked
MOST_MONTHS = 120
#: rows of services that were changed in mid-term
CHANGE = "change"
_MONTH_DAYS = 30


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "What resold services have earned here and cost at the sellers, and what is left, by tariff, client or month; "
        "change: what changes of tariff and resources in mid-term have cost, and what was charged here, by service. "
        "A row is of one currency. Purchases of which no cost is known are counted, and not in the cost."
    )
    parser.add_argument("by", choices=(TARIFF, CLIENT, MONTH, CHANGE), nargs="?", default=TARIFF, help="what a row is")
    parser.add_argument("--months", type=shown.number, default=12, help="how many months back, this one included (12)")
    parser.add_argument("--csv", action="store_true", help="as CSV, for a spreadsheet")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Print the rows."""
    months = min(arguments.months, MOST_MONTHS)
    if arguments.by == CHANGE:
        changes = mid_term.of_days(context.db, months * _MONTH_DAYS, items.modules(context.db))
        names, cells = _changed(None), [_changed(each) for each in changes]
    else:
        names = _cells(arguments.by, Row("", "", margins.NOTHING, margins.NOTHING, 0))
        cells = [_cells(arguments.by, each) for each in margins.rows(context.db, arguments.by, months)]
    if not arguments.csv:
        shown.table(cells, as_json=arguments.json, empty="Nothing was sold or bought in this time.")
        return 0
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_harmless(str(value)) for value in row.values()] for row in cells)
    return 0


def _changed(each: Changed | None) -> dict[str, object]:
    """The cells of a service that was changed, or only their names."""
    names = ("service", "name", "tariff", "changes", "last", "charged", "cost", "margin")
    if each is None:
        return dict.fromkeys(names)
    charged = money.text(each.charged, each.charged_in)
    margin = "" if each.margin is None else numbers.plain(each.margin)
    tariff = f"{each.pricelist} {each.tariff}"
    cost = money.text(each.cost, each.currency)
    return dict(zip(names, (each.item, each.name, tariff, each.changes, dates.text(each.last), charged, cost, margin)))


def _cells(by: str, each: Row) -> dict[str, object]:
    return {
        by: each.name,
        "currency": each.currency,
        "revenue": numbers.plain(each.revenue),
        "cost": numbers.plain(each.cost),
        "margin": numbers.plain(each.margin),
        "unknown costs": each.unknown,
    }


def _harmless(text: str) -> str:
    """The text of a cell; a client's name that a spreadsheet would take for a formula gets an apostrophe."""
    is_number = text.lstrip("-").replace(".", "", 1).isdigit()
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") and not is_number else text

"""resellerctl margins: what resold services have earned and cost, by tariff, client or month."""

from __future__ import annotations

import argparse
import csv
import sys

from reseller.cli import shown
from reseller.context import Context
from reseller.ledger import margins
from reseller.ledger.margins import CLIENT, MONTH, TARIFF, Row
from reseller.wire import numbers

#: how far back may be looked
MOST_MONTHS = 120


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "What resold services have earned here and cost at the sellers, and what is left, by tariff, client or month. "
        "A row is of one currency. Purchases of which no cost is known are counted, and not in the cost."
    )
    parser.add_argument("by", choices=(TARIFF, CLIENT, MONTH), nargs="?", default=TARIFF, help="what a row is")
    parser.add_argument("--months", type=shown.number, default=12, help="how many months back, this one included (12)")
    parser.add_argument("--csv", action="store_true", help="as CSV, for a spreadsheet")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Print the rows."""
    months = min(arguments.months, MOST_MONTHS)
    cells = [_cells(arguments.by, each) for each in margins.rows(context.db, arguments.by, months)]
    if not arguments.csv:
        shown.table(cells, as_json=arguments.json, empty="Nothing was sold or bought in this time.")
        return 0
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_cells(arguments.by, Row("", "", margins.NOTHING, margins.NOTHING, 0)))
    writer.writerows([_harmless(str(value)) for value in row.values()] for row in cells)
    return 0


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

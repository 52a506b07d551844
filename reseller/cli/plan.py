"""resellerctl plan: changes that checkevent refused because they would be too many."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.context import Context
from reseller.ledger import limited_changes


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Changes that checkevent refused because they would be too many within a day. To have those of one limit made: "
        "resellerctl checkevent --force change (or stop, or close)."
    )
    parser.add_argument("--leave", action="store_true", help="show what would be dropped")
    parser.add_argument(
        "--limit",
        choices=(limited_changes.CHANGE, limited_changes.STOP, limited_changes.CLOSE),
        help="of this limit only",
    )
    parser.add_argument("--yes", action="store_true", help="with --leave: drop it, until the service changes")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """List the refused changes; with --leave --yes, record that they are not to be made."""
    names = ("module", "service", "remote", "limit", "change")
    refused = [row for row in limited_changes.shown(context.db) if arguments.limit in (None, row[3])]
    rows = [dict(zip(names, row)) for row in refused]
    shown.table(rows, as_json=arguments.json, empty="Nothing is refused.")
    if arguments.leave and rows:
        if not arguments.yes:
            shown.complain(f"{shown.counted(len(rows), 'change')} would be left unmade: --yes says so")
            return 1
        # Only the changes that were shown, not those refused since.
        left = limited_changes.leave(context.db, [row[1] for row in refused], str(context.caller))
        context.note("plan leave", f"{shown.counted(left, 'change')} that checkevent refused are not to be made")
    return 0

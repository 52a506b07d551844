"""resellerctl checkevent: look at the seller now, as cron does every five minutes."""

from __future__ import annotations

import argparse

from reseller import progress
from reseller.cli import shown
from reseller.context import Context
from reseller.sync import checkevent
from reseller.sync.job import ALL, FORCES, Mode


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--pending", action="store_true", help="look only at services with an open operation")
    parser.add_argument(
        "--force",
        nargs="?",
        const=ALL,
        default="",
        choices=FORCES,
        help="carry out what was refused (see: plan), of one limit or all; `spend` and `all` buy past the day's limit",
    )


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Make one run; 1 if something failed."""
    context.progress = progress.at_terminal()
    summary = checkevent.run(context, Mode(arguments.pending, arguments.force))
    context.progress.end()
    if arguments.json:
        shown.machine({**summary.counts(), "busy": summary.busy, "problems": summary.problems})
    else:
        shown.say(f"checkevent: {summary}")
        for problem in summary.problems:
            shown.say(f"  {problem}")
    return 1 if summary.failed else 0

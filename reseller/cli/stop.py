"""resellerctl stop: buy nothing any more from now on, by one module or by all of them."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.commands import stop_buying
from reseller.context import Context
from reseller.ledger.stops import ALL


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "From now on nothing that spends is sent, at once and in all processes: no order, no renewal, no change. What "
        "was sent already is still looked for, and suspending, resuming and deleting go on. What wants to be bought "
        "waits, and is one problem. `resellerctl start` takes it back. Needs no --yes: it costs nothing."
    )
    parser.add_argument(
        "module", type=shown.number, nargs="?", default=ALL, help="number of one processing module; else all"
    )
    parser.add_argument("--why", default="", help="what others are to know of it")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Stop buying, and print the stop."""
    stop, waiting = stop_buying.stop(context, arguments.module, arguments.why)
    command = f"resellerctl start {stop.module or ''}".rstrip()
    text = f"{context.word(stop.error)} {waiting} wait: {command}"
    if arguments.json:
        shown.machine({"module": stop.module, "since": stop.since, "waiting": waiting, "text": text})
    else:
        shown.say(text)
    return 0

"""resellerctl start: go on buying after a stop: shows what waits and what it costs first."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.commands import stop_buying
from reseller.commands.stop_buying import Waiting
from reseller.context import Context
from reseller.ledger.stops import ALL
from reseller.wire import money


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Takes back what `resellerctl stop` has said. Without --yes it shows what waits, the oldest first, with what "
        "the like has cost last. With it the next checkevent goes on with them."
    )
    parser.add_argument(
        "module", type=shown.number, nargs="?", default=ALL, help="the module that was stopped; else all"
    )
    parser.add_argument("--yes", action="store_true", help="go on buying")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Show what waits, or resume buying with --yes."""
    stop = stop_buying.stop_of(context, arguments.module)
    waiting = stop_buying.start(context, arguments.module) if arguments.yes else stop_buying.plan(context, stop)
    total = stop_buying.total(waiting)
    rows = [row(each) for each in waiting]
    if arguments.json:
        shown.machine({"module": stop.module, "waiting": rows, "total": total, "done": arguments.yes})
        return 0
    shown.say(context.word(stop.error))
    shown.table(rows, as_json=False, empty="Nothing waits.")
    if waiting:
        shown.say(f"Together: {total}, by what the like has cost last.")
    if arguments.yes:
        shown.say("Buying goes on: what waits is begun by the next checkevent, the oldest first.")
    else:
        shown.say("Nothing was changed; --yes goes on buying.")
    return 0


def row(each: Waiting) -> dict[str, object]:
    """What waits, as a row of a table."""
    cost = money.text(each.cost, each.currency)
    return {"service": each.item, "what": each.kind, "months": each.term or "", "cost": cost}

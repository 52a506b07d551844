"""resellerctl observe: whether a module only observes; let it act, or observe again."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.cli.start import row
from reseller.commands import observing, stop_buying
from reseller.context import Context


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "A module that observes reads, compares and shows, and sends nothing that changes or costs anything at its "
        "seller. Shows whether it observes, what waits, the oldest first, and what the like has cost last. --off with "
        "--yes lets it act: the next checkevent goes on with what waits. --on lets it observe from now on."
    )
    parser.add_argument("module", type=shown.number, help="number of the processing module")
    parser.add_argument("--on", action="store_true", help="observe from now on; costs nothing and needs no --yes")
    parser.add_argument("--why", default="", help="with --on: what others are to know of it")
    parser.add_argument("--off", action="store_true", help="show what would go on; with --yes let it act")
    parser.add_argument("--yes", action="store_true", help="with --off: let it act")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Show the state of the module, or change it."""
    module = arguments.module
    if arguments.on:
        observing.begin(context, module, arguments.why)
    done = arguments.off and arguments.yes
    waiting = observing.act(context, module) if done else observing.plan(context, module)
    error = observing.state(context, module)
    rows, total = [row(each) for each in waiting], stop_buying.total(waiting)
    if arguments.json:
        shown.machine({"module": module, "observes": error is not None, "waiting": rows, "total": total, "done": done})
        return 0
    shown.say(context.word(error) if error else f"Module {module} acts: it buys and changes at its seller.")
    shown.table(rows, as_json=False, empty="Nothing waits.")
    if waiting:
        shown.say(
            f"Together: {total}, by what the like has cost last. Prices of orders are the seller's, at the order."
        )
    if done:
        shown.say("What waits is begun by the next checkevent, the oldest first.")
    elif arguments.off:
        shown.say("Nothing was changed; --yes lets it act.")
    return 0

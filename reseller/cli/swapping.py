"""resellerctl swap: move services to the manual module for work by hand, and back."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from reseller import swap
from reseller.cli import shown
from reseller.context import Context
from reseller.ledger import swaps
from reseller.wire.errors import ResellerError


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Shows what would be done; --yes does it. A move that a crash interrupted is finished or undone first, in any "
        "case. The link to the seller lives on; nothing is sent and nothing is applied while a service is away."
    )
    parser.add_argument("services", metavar="SERVICE", type=shown.number, nargs="*", help="numbers of services")
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--to", metavar="MODULE", help="'manual', or the number of a processing module")
    way.add_argument("--back", action="store_true", help="back to the module that each came from")
    way.add_argument("--list", action="store_true", help="what is away, since when, who moved it and why")
    parser.add_argument("--why", metavar="TEXT", default="", help="kept with the move")
    parser.add_argument("--yes", action="store_true", help="do it")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Finish or undo what a crash left, then list, plan or move; 1 if a service was refused."""
    healed = swap.heal(context)
    if arguments.list:
        shown.table(swaps.rows(swaps.all_live(context.db)), as_json=arguments.json, empty="Nothing is away.")
        return 0
    if not arguments.services:
        shown.complain("say which services")
        return 2
    to = None if arguments.back else swap.target(context.db, arguments.to)
    plan = (
        swap.plan_back(context, arguments.services) if to is None else swap.plan_away(context, arguments.services, to)
    )
    rows = [{**step._asdict(), "notes": list(step.notes), "done": ""} for step in plan]
    for row, step in zip(rows, plan):
        if not arguments.yes or step.refused:
            continue
        number, why = step.service, arguments.why
        try:
            row["done"] = swap.back(context, number) if to is None else swap.away(context, number, to, why)
        except ResellerError as error:
            row["refused"] = context.word(error)
    if arguments.json:
        shown.machine({"healed": healed, "services": rows})
    else:
        for note in healed:
            shown.say(note)
        for row in rows:
            _tell(row)
        if not arguments.yes and any(not step.refused for step in plan):
            shown.say("No service was moved; --yes does it.")
    return 1 if any(row["refused"] for row in rows) else 0


def _tell(row: Mapping[str, object]) -> None:
    notes = "".join(f"; {note}" for note in row["notes"])  # type: ignore[attr-defined]
    if row["refused"]:
        shown.say(f"service {row['service']}: refused: {row['refused']}")
    elif row["done"]:
        shown.say(str(row["done"]))
    else:
        shown.say(f"service {row['service']} {row['name']}: module {row['here']} -> {row['to']}{notes}")

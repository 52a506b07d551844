"""resellerctl paid: paid dates that moved for no known reason: decide whether to buy for them."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.context import Context
from reseller.lifecycle import date_jumps
from reseller.wire.errors import ResellerError


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Without SERVICE, lists the services whose date on this panel has jumped for no reason that the add-on knows: "
        "a date set by staff, a restored database, a renewal whose operation was deleted. Nothing is bought for such a "
        "jump. --buy says that the client has paid for it: the terms are bought one by one, each when the seller's "
        "date comes near. --leave says that nothing is bought: the service ends at the seller with its own term. Where "
        "the module is set to ask about a few days, lists also services that end so much earlier at the seller; --buy "
        "then buys one term now. Without --yes, shows what would be done."
    )
    parser.add_argument("services", metavar="SERVICE", type=shown.number, nargs="*", help="numbers of services")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--buy", action="store_true", help="the client has paid until the date that the panel shows")
    way.add_argument("--leave", action="store_true", help="buy nothing for it")
    parser.add_argument("--yes", action="store_true", help="do it")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """List the jumps, show a decision, or take it with --yes; 1 if a service was refused."""
    if bool(arguments.services) != (arguments.buy or arguments.leave):
        shown.complain("say SERVICE... with --buy or --leave, or nothing for the list")
        return 2
    if not arguments.services:
        rows = [jump._asdict() for jump in date_jumps.known(context)]
        shown.table(rows, as_json=arguments.json, empty="No date has jumped.")
        return 0
    rows = []
    for number in arguments.services:
        row = {"service": number, "text": "", "refused": "", "done": False}
        try:
            row["text"] = date_jumps.decide(context, number, buy=arguments.buy, confirmed=arguments.yes)
            row["done"] = arguments.yes
        except ResellerError as error:
            row["refused"] = context.word(error)
        rows.append(row)
    if arguments.json:
        shown.machine(rows)
    else:
        for row in rows:
            shown.say(f"service {row['service']}: {row['refused'] or row['text']}")
        if not arguments.yes and any(not row["refused"] for row in rows):
            shown.say("Nothing was changed; --yes does it.")
    return 1 if any(row["refused"] for row in rows) else 0

"""resellerctl reorder: decide about a request whose outcome is unknown: look once more, then send it again."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.commands.reorder import cancel, reorder
from reseller.context import Context


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Orders, renews, changes or asks for a new key anew although that was not confirmed, or the seller shows one. "
        "Orders also what a client waits for and whose operation was deleted, or closes it here (--cancel). "
        "Looks at the seller first: what is found after all is taken as done. "
        "Without --yes, shows what would be sent anew, and sends nothing anew. The word is recorded and used once."
    )
    parser.add_argument("service", type=shown.number, help="number of the service")
    parser.add_argument("--cancel", action="store_true", help="close it here instead, when nothing was bought for it")
    parser.add_argument("--yes", action="store_true", help="do it; this may buy a second time what was lost the first")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Show what would be done, or do it with --yes."""
    decide = cancel if arguments.cancel else reorder
    sentence = decide(context, arguments.service, confirmed=arguments.yes)
    if arguments.json:
        shown.machine({"service": arguments.service, "done": arguments.yes, "text": sentence})
    else:
        shown.say(sentence)
        if not arguments.yes:
            shown.say("Without --yes nothing is sent.")
    return 0

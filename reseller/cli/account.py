"""resellerctl account: for a seller that has moved or an account that has changed: move what is linked."""

from __future__ import annotations

import argparse
import sys

from reseller.cli import shown
from reseller.context import Context
from reseller.linking import moving
from reseller.linking.moving import Wish


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "For a seller that has moved or an account that has changed. Proves first that every linked service is there "
        "with its key, shows what is not, and changes nothing unless all is; --yes moves the links and saves the "
        "module's settings. Without --url and --username the settings are taken as they are."
    )
    parser.add_argument("action", choices=("move",), help="what to do")
    parser.add_argument("module", type=shown.number, help="number of the processing module on this panel")
    parser.add_argument("--url", default="", help="the seller's new address")
    parser.add_argument("--username", default="", help="the new user name there")
    parser.add_argument("--password-stdin", action="store_true", help="read the new password from standard input")
    parser.add_argument("--yes", action="store_true", help="do it")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Show the move, or make it with --yes; 1 if a link could not be proven."""
    password = sys.stdin.readline().rstrip("\r\n") if arguments.password_stdin else ""
    wish = Wish(arguments.url, arguments.username, password)
    move = moving.plan(context, arguments.module, wish)
    done = arguments.yes and not move.unproven
    if done:
        move = moving.carry_out(context, arguments.module, wish)
    if arguments.json:
        row = {"module": arguments.module, "from": move.was, "to": move.becomes, "links": len(move.links)}
        shown.machine({**row, "kept": len(move.kept), "unproven": list(move.unproven), "done": done})
        return 1 if move.unproven else 0
    for each in move.unproven:
        shown.say(each)
    what = f"{len(move.links)} links and {len(move.kept)} kept licences"
    shown.say(f"module {arguments.module}: {what} from {move.was or 'no other account'} to {move.becomes}")
    if move.unproven:
        shown.say(f"{len(move.unproven)} not proven: nothing was changed.")
    elif not done:
        shown.say("All proven; nothing was changed; --yes does it.")
    return 1 if move.unproven else 0

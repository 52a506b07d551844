"""resellerctl moved: for a panel that has moved to another host or path: say that it is here from now on."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.context import Context
from reseller.lifecycle import moved_panel


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "A copy of a panel (restored from a backup on another host, a cloned machine with an id of its own, another "
        "path) looks at the seller and sends nothing that spends or changes anything there. --yes says that this is "
        "the panel from now on: what has waited goes on. Confirm it on one of the two panels only, and "
        "switch the other off. Without --yes, shows both places and what waits."
    )
    parser.add_argument("--yes", action="store_true", help="the panel is here from now on")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Show the panel's old and new place, or confirm with --yes that it has moved."""
    move = moved_panel.confirm(context) if arguments.yes else moved_panel.look(context)
    if arguments.json:
        was, here = ({"host": each.host, "path": each.path} for each in (move.was, move.here))
        done = move.is_one and arguments.yes
        shown.machine({"moved": move.is_one, "was": was, "here": here, "waiting": move.waiting, "done": done})
        return 0
    if not move.is_one:
        shown.say(f"The panel is where it was: host {move.here.host}, {move.here.path}. Nothing is held back.")
        return 0
    shown.say(f"it was:  host {move.was.host}, {move.was.path}")
    shown.say(f"it is:   host {move.here.host}, {move.here.path}")
    if arguments.yes:
        shown.say(f"From now on it is here. {move.waiting} stopped requests go on with the next checkevent.")
    else:
        shown.say(
            f"Nothing that spends or changes anything at a seller is sent from here; {move.waiting} requests wait."
        )
        shown.say(
            "Nothing was changed; --yes says that the panel is here from now on. The other one must be switched off."
        )
    return 0

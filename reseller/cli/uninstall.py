"""resellerctl uninstall: what stays at sellers when the add-on goes, and the tables' end."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.ledger import observing, removal
from reseller.ledger.removal import Left
from reseller.mgr5.features import PANELS_FILE
from reseller.mgr5.panel import Panel
from reseller.sync import metrics, scheduled
from reseller.wire.errors import ResellerError

#: its tables may be of another version, or not there at all
PANEL_ONLY = True
#: what an operator and we have written beside the tables
_OF_TABLES = ("etc/reseller.conf", PANELS_FILE, observing.MARK)


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Says how many services stay at sellers when the add-on is taken away; the files go with the package, or with "
        "make uninstall. --tables with --yes takes the tables reseller_* and the settings away before that: every link "
        "to a service is forgotten. While services live at sellers it also wants their number, --living N."
    )
    parser.add_argument("--tables", action="store_true", help="what would be taken away; with --yes take it away")
    parser.add_argument("--living", type=int, metavar="N", help="with --tables: so many services are left")
    parser.add_argument("--yes", action="store_true", help="with --tables: take them away")
    parser.add_argument(
        "--before-removal",
        action="store_true",
        help="as the package does: also delete the figures for Prometheus, and what cron said last",
    )


def run(panel: Panel, arguments: argparse.Namespace) -> int:
    """Show what stays; carry out what was asked for."""
    db = panel.database()
    left, tables = removal.left(db), removal.tables(db)
    done = arguments.tables and arguments.yes
    if done:
        if left.living and arguments.living != left.living:
            raise ResellerError("reseller_uninstall_living", count=left.living)
        tables = removal.drop(db)
        for name in _OF_TABLES:
            (panel.base / name).unlink(missing_ok=True)
    for path in (metrics.path(panel.base, panel.limits), panel.base / scheduled.KEPT):
        if path is not None and (done or arguments.before_removal):
            path.unlink(missing_ok=True)
    if arguments.json:
        shown.machine({**left._asdict(), "living": left.living, "tables": tables, "done": done})
    else:
        _tell(left, tables, arguments, done=done)
    return 0


def _tell(left: Left, tables: list[str], arguments: argparse.Namespace, *, done: bool) -> None:
    by_module = ", ".join(f"{count} of module {module}" for module, count in left.linked.items())
    parts = [by_module] if by_module else []
    parts += [f"{shown.counted(left.kept, 'kept licence')}"] if left.kept else []
    told = f" ({', '.join(parts)})" if parts else ""
    shown.say(f"Left at sellers: {shown.counted(left.living, 'service')}{told}; open requests: {left.requests}.")
    if left.living:
        shown.say("Nothing renews, suspends or closes them while the add-on is away: each ends there on its own date.")
    if done:
        shown.say(f"Taken away: {shown.counted(len(tables), 'table')} and the settings.")
        return
    shown.say(f"Kept with every link: {shown.counted(len(tables), 'table')} reseller_* of the panel's database.")
    if arguments.tables:
        shown.say("Nothing was changed; --yes takes them away.")
    elif tables and not arguments.before_removal:
        shown.say("To take them away as well, before the files go: resellerctl uninstall --tables")

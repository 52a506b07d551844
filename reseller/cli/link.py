"""resellerctl link: link a service with a remote service: for discrepancies, and for what was never linked."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.context import Context
from reseller.linking import discover, sides
from reseller.linking.discover import AMBIGUOUS, CONTRADICTED, SURE, Found
from reseller.wire.errors import ResellerError


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Sets both sides at once: the link here, and our key on the remote service. A service that is linked already "
        "loses that link first. With --discover, looks for likely "
        "pairs among what is linked on neither side and shows them with the reasons; --yes links those that are sure."
    )
    parser.add_argument("service", type=shown.number, nargs="?", help="number of the service on this panel")
    parser.add_argument("remote", nargs="?", help="number of the service at the seller")
    parser.add_argument(
        "--force", action="store_true", help="take it although its key names another service, or it is kept"
    )
    parser.add_argument("--discover", action="store_true", help="look for likely pairs")
    parser.add_argument("--yes", action="store_true", help="with --discover: link the pairs that are sure")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Link the two services, or look for pairs."""
    if arguments.discover == bool(arguments.remote) or (arguments.discover and arguments.service is not None):
        shown.complain("say SERVICE REMOTE, or --discover")
        return 2
    if arguments.discover:
        return _discover(context, yes=arguments.yes, as_json=arguments.json)
    note = sides.link(context, arguments.service, arguments.remote, force=arguments.force)
    return shown.told(arguments.service, note, as_json=arguments.json)


def _discover(context: Context, *, yes: bool, as_json: bool) -> int:
    """Show the pairs, and link the sure ones with --yes; 1 if a pair was refused or a list could not be read."""
    found = discover.look(context)
    rows: list[dict[str, object]] = []
    for pair in found.pairs:
        done = refused = ""
        why = "; ".join(discover.reasons(context, pair))
        if yes and pair.verdict == SURE:
            try:
                done = discover.carry_out(context, pair)
            except ResellerError as error:
                # It does not stop the others.
                refused = context.word(error)
        names = {"service": pair.here.id, "remote": pair.there.id, "itemtype": pair.here.itemtype}
        outcome = {"verdict": pair.verdict, "why": why, "done": done, "refused": refused}
        rows.append({**names, "name": pair.there.name, **outcome})
    if as_json:
        alone_there = [
            {"remote": row.id, "itemtype": itemtype, "name": row.name} for itemtype, row in found.alone_there
        ]
        alone_here = [{"service": each.id, "itemtype": each.itemtype, "name": each.label} for each in found.alone_here]
        unread = [
            {"module": each.module, "itemtype": each.itemtype, "why": context.word(each.error)} for each in found.unread
        ]
        shown.machine({"pairs": rows, "alone_here": alone_here, "alone_there": alone_there, "unread": unread})
    else:
        _tell(rows, found, yes=yes)
        for each in found.unread:
            shown.complain(f"{each.itemtype} of module {each.module} not looked at: {context.word(each.error)}")
    return 1 if found.unread or any(row["refused"] for row in rows) else 0


def _tell(rows: list[dict[str, object]], found: Found, *, yes: bool) -> None:
    for row in rows:
        pair = f"{row['itemtype']} {row['service']} and remote {row['remote']} ({row['name']})"
        shown.say(f"{pair}: {row['done'] or row['refused'] or row['verdict']}: {row['why']}")
    count = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in (SURE, AMBIGUOUS, CONTRADICTED)}
    shown.say(
        f"{count[SURE]} sure, {count[AMBIGUOUS]} ambiguous, {count[CONTRADICTED]} contradicted; without a counterpart: "
        f"{len(found.alone_here)} here, {len(found.alone_there)} at the seller."
    )
    if count[SURE] and not yes:
        shown.say(
            "Nothing was changed; --yes links what is sure. The rest is linked by hand: resellerctl link SERVICE REMOTE"
        )

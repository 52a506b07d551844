"""resellerctl requests: requests that are not settled, or all requests of a service."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.context import Caller, Context
from reseller.ledger import acts, requests
from reseller.mgr5 import items
from reseller.wire import money


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "service", type=shown.number, nargs="?", help="number of a service; all that are open without it"
    )


def run(context: Context, arguments: argparse.Namespace) -> int:
    """List the requests and their errors; for one service also what persons had the program do to it."""
    service = arguments.service
    listed = (
        requests.of_item(context.db, service) if service else requests.all_live(context.db, items.modules(context.db))
    )
    if service and not listed:
        # Raises for a number that is no service at all.
        items.read(context.db, service)
    rows = [
        {
            "service": request.item,
            "what": request.kind,
            "state": request.state,
            "key": request.key,
            "remote": request.remote,
            "operation": request.operation,
            "cost": money.text(request.cost, request.cost_currency),
            "tries": request.tries,
            "age_seconds": request.age_seconds,
            "correlation": request.correlation,
            "error": request.error_text or request.error_type,
        }
        for request in listed
    ]
    if arguments.json:
        shown.machine(rows)
        return 0
    errors = [(row["service"], row.pop("error")) for row in rows]
    shown.table(rows, as_json=False, empty="No request is open.")
    for number, reason in errors:
        if reason:
            shown.say(f"service {number}: {reason}")
    for done, act in acts.of_item(context.db, service) if service else ():
        shown.say(f"{done} UTC: {act.what} by {Caller(act.who, act.address)}: {act.text}")
    return 0

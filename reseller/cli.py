"""sbin/resellerctl: the operator's command. Every subcommand holds no rules of its own, only words and columns."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from reseller import __version__
from reseller.ledger import requests, tariffmap
from reseller.lifecycle import tariff_match
from reseller.lifecycle.reorder import reorder
from reseller.lifecycle.work import Work
from reseller.mgr5 import items
from reseller.mgr5.panel import Panel
from reseller.sync import checkevent
from reseller.wire import texts
from reseller.wire.errors import ResellerError


def main(argv: Sequence[str]) -> int:
    """Run the subcommand: 0 done, 1 refused or partly failed, 2 wrong usage."""
    arguments = _parser().parse_args(argv[1:])
    panel = None
    try:
        panel = Panel.of(argv[0])
        command: Callable[[Work, argparse.Namespace], int] = arguments.run
        return command(Work.start(panel), arguments)
    except ResellerError as error:
        said = texts.word(panel.base, error) if panel else str(error)
        print(f"resellerctl: {said}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader went away (| head); nothing is left to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="resellerctl",
        description="Looks after services that are bought from another BILLmanager.",
        epilog="Numbers of services, tariffs and operations are those of this panel unless said otherwise.",
    )
    parser.add_argument("--version", action="version", version=f"resellerctl {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", required=True)

    run = commands.add_parser("checkevent", help="look at the seller now, as cron does every five minutes")
    run.set_defaults(run=_checkevent)

    listing = commands.add_parser("requests", help="orders that are not settled, or all requests of a service")
    listing.add_argument("service", type=int, nargs="?", help="number of a service; all that are open without it")
    listing.set_defaults(run=_requests)

    again = commands.add_parser(
        "reorder",
        help="order or renew a service anew although that was not confirmed, or the seller shows one for it",
        description="Looks at the seller first: an order or a renewal that is found after all is taken as done. "
        "Without --yes, shows what would be done. Said once, recorded, used once.",
    )
    again.add_argument("service", type=int, help="number of the service")
    again.add_argument("--yes", action="store_true", help="do it; this may buy a second time what was lost the first")
    again.set_defaults(run=_reorder)

    mapping = commands.add_parser(
        "map",
        help="what the parts of a tariff are called at the seller",
        description="Shows how the parts of a tariff are mapped, and what has the same name at the seller. "
        "With --yes, maps what has the same name. With PART, HERE and THERE, maps one part; with --drop, PART and "
        "HERE, unmaps it.",
    )
    mapping.add_argument("tariff", type=int, help="number of the tariff (pricelist)")
    mapping.add_argument("part", nargs="?", choices=tariffmap.KINDS, help="kind of the part")
    mapping.add_argument("here", nargs="?", help="months, internal name, item id or template key on this panel")
    mapping.add_argument("there", nargs="?", help="what it is called at the seller")
    mapping.add_argument("--yes", action="store_true", help="map everything that has the same name on both sides")
    mapping.add_argument("--drop", action="store_true", help="unmap PART HERE")
    mapping.set_defaults(run=_map)

    for each in (run, listing, again, mapping):
        each.add_argument("--json", action="store_true", help="answer as JSON")
    return parser


def _checkevent(work: Work, arguments: argparse.Namespace) -> int:
    summary = checkevent.run(work)
    if arguments.json:
        print(json.dumps({**summary.counts(), "busy": summary.busy, "problems": summary.problems}))
    else:
        print(f"checkevent: {summary}")
        for problem in summary.problems:
            print(f"  {problem}")
    return 1 if summary.failed else 0


def _requests(work: Work, arguments: argparse.Namespace) -> int:
    service = arguments.service
    found = requests.of_item(work.db, service) if service else requests.all_live(work.db, items.modules(work.db))
    rows = [
        {
            "service": request.item,
            "what": request.kind,
            "state": request.state,
            "key": request.key,
            "remote": request.remote,
            "operation": request.operation,
            "tries": request.tries,
            "age_seconds": request.age_seconds,
            "correlation": request.correlation,
            "error": request.error_text or request.error_type,
        }
        for request in found
    ]
    if arguments.json:
        print(json.dumps(rows))
        return 0
    errors = [(row["service"], row.pop("error")) for row in rows]
    _table(rows, as_json=False, empty="No request is open.")
    for number, said in errors:
        if said:
            print(f"service {number}: {said}")
    return 0


def _reorder(work: Work, arguments: argparse.Namespace) -> int:
    said = reorder(work, arguments.service, confirmed=arguments.yes)
    print(json.dumps({"service": arguments.service, "done": arguments.yes, "text": said}) if arguments.json else said)
    return 0


def _map(work: Work, arguments: argparse.Namespace) -> int:
    tariff, part, here, there = arguments.tariff, arguments.part, arguments.here, arguments.there
    if arguments.drop or there:
        if not (part and here) or bool(arguments.drop) == bool(there):
            print("resellerctl: say PART HERE THERE, or --drop PART HERE", file=sys.stderr)
            return 2
        if arguments.drop:
            return 0 if tariffmap.drop(work.db, tariff, part, here) else 1
        tariffmap.save(work.db, tariff, part, here, there)
        return 0
    pairs = tariff_match.match(work, tariff)
    if arguments.yes:
        tariff_match.apply(work, tariff, pairs)
        pairs = tariff_match.match(work, tariff)
    pairs = [pair for pair in pairs if part in (None, pair.kind)]
    rows = [{"part": p.kind, "here": p.local, "mapped": p.mapped, "proposed": p.proposed} for p in pairs]
    _table(rows, as_json=arguments.json, empty="The tariff has no parts.")
    open_ones = [pair for pair in pairs if pair.mapped is None]
    if open_ones and not arguments.json:
        possible = sum(1 for pair in open_ones if pair.proposed)
        print(f"{len(open_ones)} parts are not mapped and cannot be sold; --yes would map {possible} of them.")
    return 0


def _table(rows: Sequence[Mapping[str, object]], *, as_json: bool, empty: str) -> None:
    if as_json:
        print(json.dumps(rows, default=str))
        return
    if not rows:
        print(empty)
        return
    names = list(rows[0])
    shown = [names, *[["-" if row[name] in (None, "") else str(row[name]) for name in names] for row in rows]]
    widths = [max(len(line[column]) for line in shown) for column in range(len(names))]
    for line in shown:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())

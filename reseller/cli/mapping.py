"""resellerctl map."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.context import Context
from reseller.ledger import tariffmap
from reseller.tariffs import proposal


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Shows how the parts of a tariff are mapped, and what has the same name at the seller. "
        "With --yes, maps what has the same name. With PART, HERE and THERE, maps one part, an add-on to `none` when "
        "nothing is to be bought for it; with --drop PART HERE, unmaps it."
    )
    parser.add_argument("tariff", type=shown.number, help="number of the tariff (pricelist)")
    parser.add_argument("part", nargs="?", choices=tariffmap.KINDS, help="kind of the part")
    parser.add_argument(
        "here", nargs="?", help="what the client pays for: months, internal name, item id or template key"
    )
    parser.add_argument("there", nargs="?", help="what is bought for it at the seller")
    parser.add_argument("--yes", action="store_true", help="map everything that has the same name on both sides")
    parser.add_argument("--drop", nargs=2, metavar=("PART", "HERE"), help="unmap one part")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Set or remove one part, or show all parts."""
    tariff, part, here, there = arguments.tariff, arguments.part, arguments.here, arguments.there
    if bool(here) != bool(there) or (part and arguments.drop):
        shown.complain("say PART HERE THERE, or --drop PART HERE")
        return 2
    if arguments.drop:
        return 0 if tariffmap.drop(context.db, tariff, *arguments.drop) else 1
    if there:
        proposal.put(context, tariff, part, here, there)
        return 0
    pairs = proposal.match(context, tariff)
    if arguments.yes:
        proposal.apply(context, tariff, pairs)
        pairs = proposal.match(context, tariff)
    pairs = [pair for pair in pairs if part in (None, pair.kind)]
    rows = [{"part": p.kind, "here": p.local, "mapped": p.mapped, "proposed": p.proposed} for p in pairs]
    shown.table(rows, as_json=arguments.json, empty="The tariff has no parts.")
    open_ones = [pair for pair in pairs if pair.mapped is None]
    if open_ones and not arguments.json:
        possible = sum(1 for pair in open_ones if pair.proposed)
        shown.say(f"{len(open_ones)} parts are not mapped and cannot be sold; --yes would map {possible} of them.")
    return 0

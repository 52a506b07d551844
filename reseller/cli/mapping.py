"""resellerctl map: what the parts of a tariff are called at the seller."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.context import Context
from reseller.ledger import tariffmap
from reseller.tariffs import proposal, resold
from reseller.tariffs.proposal import LEFT, OPEN, STALE, Pair
from reseller.wire.errors import ResellerError


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Shows how the parts of a tariff are mapped, and what has the same name at the seller. "
        "With --yes, maps what has the same name. With PART, HERE and THERE, maps one part, an add-on to `none` when "
        "nothing is to be bought for it; with --drop PART HERE, unmaps it. Without TARIFF, shows how far each tariff "
        "is mapped; with --all, proposes for all of them."
    )
    parser.add_argument("tariff", type=shown.number, nargs="?", default=0, help="number of the tariff (pricelist)")
    parser.add_argument("part", nargs="?", choices=tariffmap.KINDS, help="kind of the part")
    parser.add_argument(
        "here", nargs="?", help="what the client pays for: months, internal name, item id or template key"
    )
    parser.add_argument("there", nargs="?", help="what is bought for it at the seller")
    parser.add_argument("--yes", action="store_true", help="map everything that has the same name on both sides")
    parser.add_argument("--all", action="store_true", help="all tariffs that are sold through a module of ours")
    parser.add_argument("--same-unit", action="store_true", help="the two sides only name the unit differently")
    parser.add_argument("--drop", nargs=2, metavar=("PART", "HERE"), help="unmap one part")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Show how far all tariffs are mapped, set or remove one part, or show all parts of a tariff."""
    tariff, here, there = arguments.tariff, arguments.here, arguments.there
    if bool(here) != bool(there) or (arguments.part and arguments.drop):
        shown.complain("say PART HERE THERE, or --drop PART HERE")
        return 2
    if not tariff and (arguments.drop or (arguments.yes and not arguments.all)):
        shown.complain("say which TARIFF, or --all")
        return 2
    if not tariff:
        return _all(context, arguments) if arguments.all else _overview(context, arguments)
    if arguments.drop:
        return 0 if proposal.drop(context, tariff, *arguments.drop) else 1
    if there:
        proposal.put(context, tariff, arguments.part, here, there, same_unit=arguments.same_unit)
        return 0
    pairs = _pairs(context, tariff, yes=arguments.yes)
    pairs = [pair for pair in pairs if arguments.part in (None, pair.kind)]
    _show(context, pairs, arguments)
    return 0


def _pairs(context: Context, tariff: int, *, yes: bool) -> list[Pair]:
    """The parts of a tariff, mapped first with `yes`."""
    pairs = proposal.match(context, tariff)
    if yes and proposal.apply(context, tariff, pairs):
        pairs = proposal.match(context, tariff)
    return pairs


def _show(context: Context, pairs: list[Pair], arguments: argparse.Namespace) -> None:
    rows = [
        {
            "part": pair.kind,
            "here": pair.local,
            "mapped": pair.mapped,
            "proposed": pair.proposed,
            "units": pair.units,
            "name": pair.here.name,
            "amount": pair.here.amount,
            "price": pair.here.prices,
            "seller": pair.there.name,
            "seller_amount": pair.there.amount,
            "cost": pair.there.prices,
            "state": pair.state,
            "reason": context.word(pair.reason) if pair.reason else "",
        }
        for pair in pairs
    ]
    shown.table(rows, as_json=arguments.json, empty="The tariff has no parts.")
    if arguments.json:
        return
    open_ones = [pair for pair in pairs if pair.state == OPEN]
    if open_ones:
        possible = sum(1 for pair in open_ones if pair.proposed)
        shown.say(f"{len(open_ones)} parts are not mapped and cannot be sold; --yes would map {possible} of them.")
    stale = sum(1 for pair in pairs if pair.state == STALE)
    if stale:
        shown.say(f"{stale} are mapped to what the seller's tariff does not have; --yes replaces or unmaps them.")
    if any(pair.state == LEFT for pair in pairs):
        shown.say("What the tariff here does not have any more may stay; --drop unmaps it.")


def _overview(context: Context, arguments: argparse.Namespace) -> int:
    rows = [
        {
            "tariff": each.number,
            "name": each.name,
            "module": each.module,
            "seller": each.remote,
            "on": "on" if each.is_active else "off",
            "mapped": f"{len(each.parts) - len(each.missing)} of {len(each.parts)}",
            "missing": ", ".join(f"{kind} {name}" for kind, name in each.missing),
        }
        for each in resold.read(context)
    ]
    shown.table(rows, as_json=arguments.json, empty="No tariff is sold through a module that buys from a seller.")
    return 0


def _all(context: Context, arguments: argparse.Namespace) -> int:
    """Propose for every tariff, or map all; one that fails is named and keeps no other from it."""
    found, failed = [], 0
    for each in resold.read(context):
        told: dict[str, object] = {"tariff": each.number, "name": each.name}
        try:
            pairs = _pairs(context, each.number, yes=arguments.yes)
        except ResellerError as error:
            failed += 1
            found.append({**told, "open": "", "proposed": "", "text": context.word(error)})
            continue
        left = [pair for pair in pairs if pair.state in (OPEN, STALE)]
        proposed = ", ".join(f"{pair.kind} {pair.local} = {pair.proposed}" for pair in left if pair.proposed)
        found.append({**told, "open": len(left), "proposed": proposed, "text": ""})
    shown.table(found, as_json=arguments.json, empty="No tariff is sold through a module that buys from a seller.")
    if not arguments.yes and not arguments.json:
        shown.say("Nothing was mapped; --yes maps what is proposed.")
    return 1 if failed else 0

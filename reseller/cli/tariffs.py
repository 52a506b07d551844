"""resellerctl tariffs: what the account may buy at the seller; make it tariffs of this panel."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from reseller.cli import shown
from reseller.context import Context
from reseller.ledger import tariff_runs
from reseller.ledger.tariff_runs import Line
from reseller.tariffs import catalogue, changes, importing, price_rule, repricing, undoing
from reseller.tariffs.catalogue import Catalogue
from reseller.tariffs.changes import Change
from reseller.tariffs.importing import Wish
from reseller.wire.errors import Message

_BAD = (tariff_runs.REFUSED, tariff_runs.FAILED, tariff_runs.SKIPPED, tariff_runs.OTHER)


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "list: what the account of a module may buy, with type, periods, prices and resources, and what of it is sold "
        "here already. diff: what has changed since, there or here. import: make tariffs of the seller tariffs of this "
        "panel, switched off and mapped; shows what would be made, --yes makes it. runs: what was made and set before. "
        "undo: take back what a run has made."
    )
    parser.add_argument("action", choices=("list", "import", "diff", "runs", "undo"), help="what to do")
    parser.add_argument(
        "module", type=shown.number, nargs="?", default=0, help="number of the processing module, or of the run to undo"
    )
    parser.add_argument("tariffs", metavar="TARIFF", nargs="*", help="numbers of tariffs at the seller")
    parser.add_argument("--type", action="append", default=[], help="list only tariffs of this product type")
    parser.add_argument("--rule", default="", help="margin on the cost, as in '+20 %%', or '+20 %% of price'")
    parser.add_argument("--round", default="", metavar="STEP", help="round prices of periods up to this (0.01)")
    parser.add_argument("--currency", default="", help="sell in this currency instead of the seller's")
    parser.add_argument("--rate", default="", help="how much of it one unit of the seller's currency is")
    parser.add_argument(
        "--datacenter", default="", help="number of the data centre at the seller, if there are several"
    )
    parser.add_argument("--project", type=shown.number, default=0, help="number of the provider here (the first one)")
    parser.add_argument("--apply", action="store_true", help="diff: let prices here follow changed costs, by the rule")
    parser.add_argument("--yes", action="store_true", help="do it")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Do what is said; 1 if a part could not be read or made."""
    has_tariffs, needs_number = arguments.action == "import", arguments.action in ("import", "undo")
    needs_number = needs_number or arguments.apply
    if bool(arguments.tariffs) != has_tariffs or (needs_number and not arguments.module):
        shown.complain("say list [MODULE], import MODULE TARIFF..., diff [MODULE], runs [MODULE], or undo RUN")
        return 2
    actions = {"list": _list, "import": _import, "diff": _diff, "runs": _runs, "undo": _undo}
    return actions[arguments.action](context, arguments)


def _list(context: Context, arguments: argparse.Namespace) -> int:
    found = {
        module: catalogue.look(context, module, arguments.type)
        for module in catalogue.modules(context, arguments.module)
    }
    if arguments.json:
        told = [
            {
                "module": module,
                "tariffs": [{**row._asdict(), "marks": list(row.marks), "here": list(row.here)} for row in each.rows],
                "unread": [context.word(error) for error in each.unread],
                "foreign": each.foreign,
            }
            for module, each in found.items()
        ]
        shown.machine(told)
    else:
        for module, each in found.items():
            _tell(context, module, each)
    return 1 if any(each.unread for each in found.values()) else 0


def _tell(context: Context, module: int, found: Catalogue) -> None:
    why = f"Nothing is published for module {module} of the types that this panel has."
    rows = [
        {
            "tariff": row.remote,
            "name": row.name,
            "type": row.itemtype,
            "prices": row.prices,
            "resources": row.resources,
            "orderable": " ".join(({None: "?", True: "yes", False: "no"}[row.is_offered], *row.marks)),
            "here": ", ".join(map(str, row.here)),
        }
        for row in found.rows
    ]
    shown.table(rows, as_json=False, empty=why)
    there = sum(1 for row in found.rows if row.here)
    closed = sum(1 for row in found.rows if row.is_offered is False)
    shown.say(
        f"module {module}: {shown.counted(len(found.rows), 'tariff')}, {there} sold here, "
        f"{closed} not offered to this account."
    )
    if found.foreign:
        shown.say(f"Not looked at, since this panel has no such product types: {', '.join(found.foreign)}.")
    for each in found.unread:
        shown.complain(context.word(each))


def _import(context: Context, arguments: argparse.Namespace) -> int:
    rule = price_rule.parse(arguments.rule, arguments.round, arguments.currency, arguments.rate)
    [module] = catalogue.modules(context, arguments.module)
    plans = importing.plan(context, module, arguments.tariffs, Wish(rule, arguments.datacenter, arguments.project))
    number, lines = 0, [line for each in plans for line in each.lines]
    if arguments.yes:
        number, lines = importing.carry_out(context, module, plans, rule)
    one_cost = [each.remote for each in plans if each.maker and each.maker.design.has_one_cost]
    _show(lines, arguments, {"run": number, "rule": str(rule), "one_cost": one_cost})
    if not arguments.json:
        if one_cost:
            shown.say(context.word(Message("reseller_import_one_cost", tariffs=", ".join(one_cost))))
        planned = sum(line.outcome == tariff_runs.PLANNED for line in lines)
        if planned:
            shown.say(f"Rule: {rule}. Nothing was made; --yes makes {shown.counted(planned, 'part')}.")
        elif number:
            shown.say(f"Run {number}. The tariffs are off. To take it back: resellerctl tariffs undo {number} --yes")
        else:
            shown.say("There is nothing to make.")
    return 1 if any(line.outcome in _BAD for line in lines) else 0


def _diff(context: Context, arguments: argparse.Namespace) -> int:
    """Show what differs; 1 if something is sold below its cost or cannot be bought, or could not be read."""
    if arguments.apply:
        return _apply(context, arguments)
    found = {module: changes.look(context, module) for module in catalogue.modules(context, arguments.module)}
    rows = [_change(context, module, each) for module, report in found.items() for each in report.changes]
    unread = [context.word(each) for report in found.values() for each in report.unread]
    if arguments.json:
        shown.machine({"changes": rows, "unread": unread})
    else:
        shown.table(rows, as_json=False, empty="Nothing differs.")
        for text in unread:
            shown.complain(text)
    wrong = any(each.is_below_cost or each.is_unsellable for report in found.values() for each in report.changes)
    return 1 if wrong or unread else 0


def _apply(context: Context, arguments: argparse.Namespace) -> int:
    """Let the prices of one module follow the seller's costs, or show how; 1 if one could not be set or not be read."""
    rule = price_rule.parse(arguments.rule, arguments.round, arguments.currency, arguments.rate)
    [module] = catalogue.modules(context, arguments.module)
    report = changes.look(context, module)
    lines, number = repricing.plan(context, report, rule), 0
    if arguments.yes:
        number = repricing.carry_out(context, module, lines, rule, report.changes)
        lines = tariff_runs.lines(context.db, number) if number else lines
    _show(lines, arguments, {"run": number, "rule": str(rule), "services": _keeping(lines, report.changes)})
    planned = sum(line.outcome == tariff_runs.PLANNED for line in lines)
    if not arguments.json:
        for each in report.unread:
            shown.complain(context.word(each))
        if planned:
            shown.say(f"Rule: {rule}. Nothing was changed; --yes sets {shown.counted(planned, 'price')}.")
            shown.say(f"Services of these tariffs that keep their price: {_keeping(lines, report.changes)}.")
        elif number:
            shown.say(f"Run {number}. To take it back: resellerctl tariffs undo {number} --yes")
    return 1 if report.unread or any(line.outcome in _BAD for line in lines) else 0


def _keeping(lines: Sequence[Line], found: Sequence[Change]) -> int:
    """How many services the tariffs have of which a price would be set."""
    planned = {line.pricelist for line in lines if line.outcome == tariff_runs.PLANNED}
    return sum({each.pricelist: each.services for each in found if each.pricelist in planned}.values())


def _change(context: Context, module: int, each: Change) -> dict[str, object]:
    """A difference in cells; `loss` is what makes it urgent."""
    loss = "below cost" if each.is_below_cost else "cannot be bought" if each.is_unsellable else ""
    return {
        "module": module,
        "tariff": each.pricelist,
        "name": each.name,
        "seller": each.remote,
        "part": each.part,
        "changed": each.side,
        "was": each.was,
        "there": each.there,
        "here": each.here,
        "loss": loss,
        "services": each.services,
        "text": context.word(each.text),
    }


def _runs(context: Context, arguments: argparse.Namespace) -> int:
    found = tariff_runs.of_modules(context.db, catalogue.modules(context, arguments.module))
    rows = [
        {
            "run": each.id,
            "module": each.module,
            "what": each.what,
            "rule": each.rule,
            "who": each.who,
            "started": f"{each.started:%Y-%m-%d %H:%M:%S}",
            "parts": each.parts,
            "undone": each.is_undone if arguments.json else "yes" if each.is_undone else "",
        }
        for each in found
    ]
    shown.table(rows, as_json=arguments.json, empty="There were no runs.")
    return 0


def _undo(context: Context, arguments: argparse.Namespace) -> int:
    lines = undoing.undo(context, arguments.module, yes=arguments.yes)
    _show(lines, arguments, {"run": arguments.module})
    if not arguments.yes and not arguments.json:
        shown.say("Nothing was changed; --yes takes it back.")
    return 1 if any(line.outcome in (*_BAD, tariff_runs.LEFT) for line in lines) else 0


def _show(lines: Sequence[Line], arguments: argparse.Namespace, about: dict[str, object]) -> None:
    rows = [
        {
            "tariff": line.remote,
            "here": line.pricelist or "",
            "part": line.part,
            "seller": line.there,
            "panel": line.here,
            "outcome": line.outcome,
            "text": line.text,
        }
        for line in lines
    ]
    if arguments.json:
        shown.machine({**about, "lines": rows})
    else:
        shown.table(rows, as_json=False, empty="There is nothing to take back.")

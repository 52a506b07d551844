"""resellerctl expenses: charges of sellers that none of our requests explains, and a person's word about them."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.commands import unplanned
from reseller.context import Context
from reseller.ledger import accounts, expenses
from reseller.lifecycle import forecast
from reseller.wire import dates, money


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "list: what sellers have charged in the last 30 days and none of our requests explains, as the last daily look "
        "has found it. accept: say that the charges of a module's account are in order; shows them, and --until with "
        "the newest number and --yes does it for all up to that one."
    )
    parser.add_argument("action", choices=("list", "accept"), nargs="?", default="list")
    parser.add_argument("module", type=shown.number, nargs="?", default=0, help="number of the module")
    parser.add_argument("--until", type=shown.number, default=0, metavar="CHARGE", help="the newest that was shown")
    parser.add_argument("--yes", action="store_true", help="do it")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """List the charges, or accept those of one account; 2 if the module is not named, or what was shown is not."""
    if bool(arguments.module) != (arguments.action == "accept"):
        shown.complain("say list, or accept MODULE")
        return 2
    if arguments.action == "list":
        rows = []
        for account, modules in forecast.accounts(context).items():
            name = accounts.name(context.db, account)
            rows += [_row(name, modules[-1], each) for each in expenses.of(context.db, account)]
        shown.table(rows, as_json=arguments.json, empty="Every charge that was seen is explained.")
        return 0
    if bool(arguments.until) != arguments.yes:
        shown.complain("say --until CHARGE and --yes together; without them the charges are shown")
        return 2
    if arguments.yes:
        found = unplanned.accept(context, arguments.module, arguments.until)
        last = "They are in order from now on."
    else:
        found = unplanned.one(context, arguments.module)
        newest = f"--until {found[0].expense.number} --yes"
        last = f"Nothing was changed; this does it: resellerctl expenses accept {arguments.module} {newest}"
    rows = [_row("", arguments.module, each) for each in found]
    if arguments.json:
        shown.machine({"charges": rows, "done": arguments.yes})
        return 0
    shown.table(rows, as_json=False, empty="")
    shown.say(last)
    return 0


def _row(account: str, module: int, each: expenses.Unplanned) -> dict[str, object]:
    expense = each.expense
    return {
        **({"account": account} if account else {}),
        "module": module,
        "day": dates.text(expense.day),
        "remote": expense.remote,
        "service": each.item or "",
        "amount": money.text(expense.amount, expense.currency),
        "for": expense.operation,
        "charge": expense.number,
    }

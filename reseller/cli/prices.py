"""resellerctl prices: tariffs that a seller asks more for than was agreed: agree, or stop selling them."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.commands import agreed_prices
from reseller.commands.agreed_prices import Dear
from reseller.context import Context
from reseller.ledger import prices
from reseller.lifecycle import ceiling
from reseller.mgr5 import items, tariffs
from reseller.wire import money


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "list: tariffs for which a seller asks more than was agreed, so that purchases wait. show: what was agreed for "
        "a tariff and what was seen last. accept: agree to the prices of now; the next checkevent goes on with what "
        "waits. stop: take the tariff off sale. accept and stop show what they would do, --yes does it."
    )
    parser.add_argument("action", choices=("list", "show", "accept", "stop"), nargs="?", default="list")
    parser.add_argument("tariff", type=shown.number, nargs="?", default=0, help="number of the tariff here")
    parser.add_argument("--yes", action="store_true", help="do it")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Do what is said; 2 if the tariff is not named."""
    if bool(arguments.tariff) != (arguments.action != "list"):
        shown.complain("say list, show TARIFF, accept TARIFF, or stop TARIFF")
        return 2
    if arguments.action == "list":
        found = agreed_prices.every(context, items.modules(context.db))
        shown.table([_row(each) for each in found], as_json=arguments.json, empty="No tariff became too dear.")
        return 0
    if arguments.action == "show":
        return _show(context, arguments)
    return _decide(context, arguments)


def _show(context: Context, arguments: argparse.Namespace) -> int:
    rows = prices.of(context.db, prices.TARIFF, arguments.tariff)
    services = tariffs.services(context.db, [arguments.tariff], context.limits.page_rows)
    rows += [each for number in services for each in prices.of(context.db, prices.SERVICE, number)]
    oldest = context.limits.price_seconds
    cells = [
        {
            "price": ceiling.name(each),
            "agreed": money.text(each.agreed, each.currency),
            "by": each.agreed_by or "the first one seen",
            "seen": money.text(each.seen, each.currency),
            "ago": shown.lasting(each.age_seconds) + (" (old)" if each.age_seconds > oldest else ""),
        }
        for each in rows
    ]
    shown.table(cells, as_json=arguments.json, empty="No price of this tariff was seen yet.")
    return 0


def _decide(context: Context, arguments: argparse.Namespace) -> int:
    act = {"accept": agreed_prices.accept, "stop": agreed_prices.stop_selling}[arguments.action]
    dear = act(context, arguments.tariff) if arguments.yes else agreed_prices.one(context, arguments.tariff)
    if arguments.json:
        shown.machine({**_row(dear), "done": arguments.yes})
        return 0
    shown.say(dear.text)
    for each in dear.prices:
        shown.say(f"  {ceiling.words([each])}")
    done = {
        "accept": "Agreed. What waits goes on with the next checkevent.",
        "stop": "The tariff is off. What was ordered already still waits for a word about the price.",
    }[arguments.action]
    shown.say(done if arguments.yes else "Nothing was changed; --yes does it.")
    return 0


def _row(dear: Dear) -> dict[str, object]:
    return {
        "tariff": dear.pricelist,
        "name": dear.name,
        "module": ", ".join(map(str, dear.modules)),
        "on sale": "yes" if dear.is_on_sale else "no",
        "waiting": dear.waiting,
        "prices": ceiling.words(dear.prices),
    }

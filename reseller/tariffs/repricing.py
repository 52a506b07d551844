"""Let prices here follow costs that the seller has changed, by the operator's rule.

Only a price that nobody has changed here since it was agreed follows: what a person set stays his. A change that is not
plausible waits for a person, however the rule reads: a cost that begins or ends at nothing, that is not known, or that
has moved by more than a factor of MOST_FACTOR; a tariff of which a resource has shrunk or is counted otherwise; and
all tariffs of a type of which too many are missing. Services keep their price: the tariff's is for new orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from reseller.context import Context
from reseller.ledger import tariff_runs
from reseller.ledger.leases import lease
from reseller.ledger.tariff_runs import BEGUN, DONE, FAILED, LEFT, OTHER, PLANNED, Line
from reseller.mgr5 import tariff_forms, tariffs
from reseller.mgr5.tariff_forms import SETUP
from reseller.tariffs.changes import Change, Report
from reseller.tariffs.making import PERIOD
from reseller.tariffs.price_rule import Rule
from reseller.tariffs.resource_changes import THERE
from reseller.wire import money
from reseller.wire.errors import Message, ResellerError

WHAT = "reprice"
#: the part of a line: `price 12`, or `price setup`
PRICE = "price"
MOST_FACTOR = 3


def plan(context: Context, report: Report, rule: Rule) -> list[Line]:
    """A line for each period, and for what is charged once, whose cost the seller has changed.

    `there` is its price of now, `here` that by the rule.

    Raises ResellerError `reseller_import_rate` for a rule that sells in another currency: an agreed price is in one.
    """
    if rule.currency or rule.rate is not None:
        raise ResellerError("reseller_import_rate", there="-", here=rule.currency or "-", rate=str(rule.rate or "-"))
    found = []
    for each in report.changes:
        kind, _, period = each.part.partition(" ")
        if kind not in (PERIOD, SETUP) or not each.side or each.was in ("", each.there):
            continue
        why = _reason_to_wait(each, report.doubtful.get(each.pricelist))
        price = "" if why or each.cost is None else money.text(rule.total(each.cost), each.currency)
        text = context.word(why) if why else ""
        outcome = LEFT if why else PLANNED
        found.append(
            Line(each.remote, each.pricelist, f"{PRICE} {period or SETUP}", each.here, price, outcome, text, each.was)
        )
    return found


def _reason_to_wait(each: Change, doubt: Message | None) -> Message | None:
    names = {"pricelist": each.pricelist, "part": each.part, "was": each.was, "there": each.there, "here": each.here}
    if each.side != THERE:
        return Message("reseller_price_by_hand", **names)
    if doubt is not None:
        return doubt
    was, cost = amount(each.was), each.cost
    if was is None or cost is None or not was or not cost:
        return Message("reseller_price_waits", **names)
    if max(was, cost) > min(was, cost) * MOST_FACTOR or amount(each.here) is None:
        return Message("reseller_price_waits", **names)
    return None


def amount(words: str) -> Decimal | None:
    """The amount in `12.5 EUR`; None for several prices, and for none."""
    return None if "," in words else money.parse(words)


def carry_out(context: Context, module: int, lines: Sequence[Line], rule: Rule, changes: Sequence[Change]) -> int:
    """Set the planned prices; the run's number, 0 if there was nothing to set. The outcomes are in the ledger.

    A price that is another by now than the plan shows stays. Raises BusyError while another run of the module works.
    """
    if not any(line.outcome == PLANNED for line in lines):
        return 0
    costs = {(each.pricelist, each.part): each.there for each in changes}
    held = context.limits.lease_seconds
    with lease(context.db, f"tariffs:{module}", held, wait_seconds=context.limits.account_wait_seconds) as fence:
        run = tariff_runs.begin(context.db, module, WHAT, str(rule), str(context.caller))
        for line in lines:
            if line.outcome != PLANNED:
                tariff_runs.note(context.db, run, line)
                continue
            fence.extend(held)
            number = tariff_runs.note(context.db, run, line._replace(outcome=BEGUN))
            made = set_price(context, line, line.there, line.here)
            tariff_runs.settle(context.db, number, made)
            if made.outcome == DONE:
                part = _period(line)
                tariff_runs.keep(context.db, run, made._replace(part=part, there=costs[line.pricelist, part]))
        context.note("tariffs prices", f"run {run}: {len(lines)} lines", module=module)
    return run


def _period(line: Line) -> str:
    """The part under which the values of a line's period, or of what is charged once, are kept."""
    period = line.part.partition(" ")[2]
    return SETUP if period == SETUP else f"{PERIOD} {period}"


def _shown(context: Context, line: Line, iso: str) -> str:
    """The price that the tariff has now, in words; empty for none."""
    period, number = line.part.partition(" ")[2], line.pricelist
    if period == SETUP:
        price = tariffs.setups_of(context.db, [number]).get(number, {}).get(iso)
    else:
        price = tariffs.prices(context.db, number).get(iso, {}).get(period)
    return "" if price is None else money.text(price, iso)


def set_price(context: Context, line: Line, before: str, after: str) -> Line:
    """Change a price from `before` to `after` (as in `12.5 EUR`); the line with its outcome.

    What the panel has afterwards decides, not what it answers. A price that is neither is OTHER, and the line names it.
    """
    period, iso = line.part.partition(" ")[2], after.rpartition(" ")[2]
    price, number = amount(after), tariffs.currency(context.db, iso)
    if _shown(context, line, iso) != before or price is None or not number:
        moved = Message("reseller_price_moved", pricelist=line.pricelist, before=before, part=line.part)
        return line._replace(outcome=FAILED, text=context.word(moved))
    why: Message | ResellerError | None = None
    try:
        tariff_forms.set_prices(context.mgrctl, line.pricelist, {period: price}, number)
    except ResellerError as error:
        why = error
    found = _shown(context, line, iso)
    if found == after:
        return line._replace(outcome=DONE)
    told = {"tariff": line.remote, "part": line.part, "wanted": after, "found": found or "-"}
    text = context.word(why or Message("reseller_import_not_kept", **told))
    return (
        line._replace(outcome=FAILED, text=text)
        if found == before
        else line._replace(outcome=OTHER, here=found, text=text)
    )


def take_back(context: Context, run: int, line: Line, *, yes: bool) -> Line:
    """Set a price back to what it was before a run, unless it has been changed since.

    What was agreed before the run is agreed again, so the price follows its cost from then on as it did.
    """
    is_back = _shown(context, line, line.there.rpartition(" ")[2]) == line.there
    if not yes or (is_back and line.outcome == BEGUN):
        return line._replace(outcome=tariff_runs.THERE if is_back else PLANNED)
    made = line._replace(outcome=DONE) if is_back else set_price(context, line, line.here, line.there)
    if made.outcome == DONE:
        agreed = line._replace(part=_period(line), there=line.was, here=line.there)
        tariff_runs.keep(context.db, run, agreed)
    return made

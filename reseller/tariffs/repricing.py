"""Let prices here follow costs that the seller has changed, by the operator's rule.

Only a price that nobody has changed here since it was agreed follows: what a person set stays his. A change that is not
plausible waits for a person, however the rule reads: a cost that begins or ends at nothing, that is not known, or that
has moved by more than a factor of MOST_FACTOR. Services keep their price: the tariff's is for new orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from reseller.context import Context
from reseller.ledger import tariff_runs
from reseller.ledger.leases import lease
from reseller.ledger.tariff_runs import DONE, FAILED, LEFT, PLANNED, Line
from reseller.mgr5 import tariff_forms, tariffs
from reseller.tariffs.changes import THERE, Change
from reseller.tariffs.making import PERIOD
from reseller.tariffs.price_rule import Rule
from reseller.wire import money
from reseller.wire.errors import Message, ResellerError

WHAT = "reprice"
#: the part of a line: `price 12`
PRICE = "price"
MOST_FACTOR = 3


def plan(context: Context, changes: Sequence[Change], rule: Rule) -> list[Line]:
    """A line for each period whose cost the seller has changed: `there` is its price of now, `here` that by the rule.

    Raises ResellerError `reseller_import_rate` for a rule that sells in another currency: an agreed price is in one.
    """
    if rule.currency or rule.rate is not None:
        raise ResellerError("reseller_import_rate", there="-", here=rule.currency or "-", rate=str(rule.rate or "-"))
    found = []
    for each in changes:
        kind, _, period = each.part.partition(" ")
        if kind != PERIOD or not each.side or each.was in ("", each.there):
            continue
        why = _reason_to_wait(each)
        price = "" if why or each.cost is None else money.text(rule.total(each.cost), each.currency)
        text = context.word(why) if why else ""
        outcome = LEFT if why else PLANNED
        found.append(Line(each.remote, each.pricelist, f"{PRICE} {period}", each.here, price, outcome, text))
    return found


def _reason_to_wait(each: Change) -> Message | None:
    names = {"pricelist": each.pricelist, "part": each.part, "was": each.was, "there": each.there, "here": each.here}
    if each.side != THERE:
        return Message("reseller_price_by_hand", **names)
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
            fence.extend(held)
            made = set_price(context, line, line.there, line.here) if line.outcome == PLANNED else line
            tariff_runs.note(context.db, run, made)
            if made.outcome == DONE:
                part = f"{PERIOD} {line.part.partition(' ')[2]}"
                agreed = made._replace(part=part, there=costs[line.pricelist, part])
                tariff_runs.keep(context.db, run, agreed)
        context.note("tariffs prices", f"run {run}: {len(lines)} lines", module=module)
    return run


def set_price(context: Context, line: Line, before: str, after: str) -> Line:
    """Change a price from `before` to `after` (as in `12.5 EUR`) and read it back; the line with its outcome."""
    period, iso = line.part.partition(" ")[2], after.rpartition(" ")[2]
    price, number = amount(after), tariffs.currency(context.db, iso)
    try:
        shown = tariffs.prices(context.db, line.pricelist).get(iso, {}).get(period)
        if shown is None or money.text(shown, iso) != before or price is None or not number:
            raise ResellerError("reseller_price_moved", pricelist=line.pricelist, before=before, part=line.part)
        tariff_forms.set_prices(context.mgrctl, line.pricelist, {period: price}, number)
        found = tariffs.prices(context.db, line.pricelist).get(iso, {}).get(period)
        if found != price:
            told = {"wanted": after, "found": "-" if found is None else money.text(found, iso)}
            raise ResellerError("reseller_import_not_kept", tariff=line.remote, part=line.part, **told)
    except ResellerError as error:
        return line._replace(outcome=FAILED, text=context.word(error))
    return line._replace(outcome=DONE)


def take_back(context: Context, line: Line, *, yes: bool) -> Line:
    """Set a price back to what it was before a run, unless it has been changed since."""
    if not yes:
        return line._replace(outcome=PLANNED)
    return set_price(context, line, line.here, line.there)

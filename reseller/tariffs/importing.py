"""Make chosen tariffs of the seller tariffs of this panel: plan, carry out, undo.

Nothing is on sale by it: a tariff is made switched off, with everything mapped. Each part is a line of the plan, with
one outcome; a failed one keeps no other tariff from being made. A run has a number, by which it is undone.

A line is in the ledger before its part is made, so a run that died is undone as any other. What it has left half made
is completed by the next import: a part is done with when its values are kept, not when it is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from reseller.context import Context, Seller
from reseller.ledger import accounts, tariff_runs
from reseller.ledger.leases import Lease, lease
from reseller.ledger.tariff_runs import BEGUN, DONE, FAILED, LEFT, PLANNED, REFUSED, SKIPPED, TARIFF, THERE, Line
from reseller.lifecycle.order_plan import TARIFF_FIELD
from reseller.mgr5 import tariffs
from reseller.mgr5.tariff_forms import SETUP
from reseller.seller import order_form, price_list
from reseller.seller.order_form import OrderForm
from reseller.seller.price_list import Offer
from reseller.tariffs import design, resold
from reseller.tariffs.making import PERIOD, RESOURCE, TARGET, Maker, Part, Place
from reseller.tariffs.price_rule import Rule
from reseller.wire.errors import Rejected, ResellerError

WHAT = "import"


class Wish(NamedTuple):
    """What a person wants: prices by this rule; the seller's data centre and the provider here where there are
    several.
    """

    rule: Rule
    datacenter: str = ""
    project: int = 0


class Plan(NamedTuple):
    """What would be made of one tariff; `maker` is None where nothing can be made.

    `datacenters` are the seller's in which it is sold, by number, as far as they were read.
    """

    remote: str
    lines: tuple[Line, ...]
    maker: Maker | None = None
    datacenters: Mapping[str, str] = MappingProxyType({})


def plan(context: Context, module: int, remotes: Sequence[str], wish: Wish) -> list[Plan]:
    """What would be made of these tariffs of the module's seller; one that cannot be made hides no other.

    Raises ResellerError as Context.seller().
    """
    seller = context.seller(module)
    return [_plan_one(context, module, seller, remote, wish) for remote in dict.fromkeys(remotes)]


def _plan_one(context: Context, module: int, seller: Seller, remote: str, wish: Wish) -> Plan:
    places: Mapping[str, str] = {}
    try:
        sold = tariffs.of_module(context.db, module, TARIFF_FIELD).get(remote, [])
        # An import gives its tariffs the seller's number as internal name: all others were made by hand.
        by_hand = [number for number in sold if tariffs.intname(context.db, number) != remote]
        if by_hand:
            told = ", ".join(map(str, by_hand))
            return Plan(remote, (Line(remote, by_hand[0], TARIFF, "", told, THERE),))
        published = price_list.one(seller.transport, remote, context.limits.list_seconds)
        if published is None:
            raise ResellerError("reseller_import_missing", tariff=remote)
        offer = published.taxed(seller.settings.cost_tax)
        places = offer.datacenters
        maker = _maker(context, module, seller, offer, wish)
        number = maker.pricelist
        missing = _missing(context, module, maker, number)
    except ResellerError as error:
        return Plan(remote, (Line(remote, 0, TARIFF, "", "", REFUSED, context.word(error)),), None, places)
    lines = [Line(remote, number, str(part), part.there, part.here, PLANNED) for part in missing]
    if not lines:
        return Plan(remote, (Line(remote, number, TARIFF, maker.design.name, str(number), THERE),), maker, places)
    lines += [Line(remote, number, _about(each.params), "", "", LEFT, context.word(each)) for each in maker.design.left]
    return Plan(remote, tuple(lines), maker, places)


def _missing(context: Context, module: int, maker: Maker, number: int) -> list[Part]:
    """The parts that no import has made; one that was kept and is not there any more was deleted by a person.

    Raises ResellerError `reseller_import_foreign` for a tariff of this internal name that no import has made, and
    `reseller_import_active` where something would be added to a tariff that is on sale.
    """
    known = tariff_runs.imported(tariff_runs.values(context.db, number)) if number else {}
    missing = [part for part in maker.parts() if str(part) not in known]
    if number:
        remote = maker.design.remote
        target = resold.target(context, number)
        is_ours = known or tariff_runs.has_made(context.db, module, remote)
        if not is_ours or target not in ("", remote):
            raise ResellerError("reseller_import_foreign", pricelist=number, tariff=remote, value=target or "-")
        if missing:
            maker.require_off(missing)
    return missing


def _about(params: dict[str, str]) -> str:
    if params.get("part") == SETUP:
        return SETUP
    return f"{RESOURCE} {params['part']}" if "part" in params else f"{PERIOD} {params.get('period', '')}"


def _maker(context: Context, module: int, seller: Seller, offer: Offer, wish: Wish) -> Maker:
    remote = offer.id
    itemtype = tariffs.types(context.db).get(offer.itemtype, 0)
    if not itemtype:
        raise ResellerError("reseller_import_type", tariff=remote, type=offer.itemtype or "-")
    account = accounts.balance_of(context.db, seller.account)[0].currency
    money = design.currency(offer.prices, account, wish.rule)
    currency = tariffs.currency(context.db, money[1])
    project = tariffs.project(context.db, wish.project)
    if not currency or not project:
        what, value = ("project", wish.project) if currency else ("currency", money[1])
        raise ResellerError("reseller_import_here", object=what, value=value, tariff=remote)
    datacenter = design.datacenter(offer, wish.datacenter)
    form = _form(context, seller, offer, datacenter)
    made = design.design(offer, form, wish.rule, datacenter, money)
    return Maker(context, Place(module, itemtype, currency, project), made)


def _form(context: Context, seller: Seller, offer: Offer, datacenter: str) -> OrderForm:
    """The order form; raises ResellerError `reseller_import_not_orderable` where the account is not offered it."""
    generation = context.generation(seller, offer.itemtype)
    marked = ", ".join(offer.marks)
    # A form of a hidden tariff may open although nobody is offered it.
    if marked and offer.id not in order_form.offered(seller.transport, offer.itemtype, generation):
        raise ResellerError("reseller_import_not_orderable", tariff=offer.id, text=marked)
    try:
        return order_form.read(seller.transport, offer.itemtype, generation, offer.id, datacenter)
    except Rejected as error:
        raise ResellerError("reseller_import_not_orderable", tariff=offer.id, text=error.said) from error


def carry_out(context: Context, module: int, plans: Sequence[Plan], rule: Rule) -> tuple[int, list[Line]]:
    """Make what is planned; the run's number, 0 if there was nothing to make, and each line with its outcome.

    What another process has made meanwhile is found and not made twice. Raises BusyError while another import of the
    module runs.
    """
    held = context.limits.lease_seconds
    lines: list[Line] = []
    if not any(line.outcome == PLANNED for each in plans for line in each.lines):
        return 0, [line for each in plans for line in each.lines]
    with lease(context.db, f"tariffs:{module}", held, wait_seconds=context.limits.account_wait_seconds) as fence:
        run = tariff_runs.begin(context.db, module, WHAT, str(rule), str(context.caller))
        for each in plans:
            lines.extend(_make(context, fence, run, each))
        done = sum(line.outcome == DONE for line in lines)
        context.note("tariffs import", f"run {run}: {done} of {len(lines)} lines", module=module)
    return run, lines


def _make(context: Context, fence: Lease, run: int, planned: Plan) -> Iterator[Line]:
    maker, stopped = planned.maker, False
    parts = {str(part): part for part in maker.parts()} if maker else {}
    for line in planned.lines:
        if maker is None or line.outcome != PLANNED or stopped:
            made = line._replace(outcome=SKIPPED) if line.outcome == PLANNED else line
            tariff_runs.note(context.db, run, made)
            yield made
            continue
        fence.extend(context.limits.lease_seconds)
        number = tariff_runs.note(context.db, run, line._replace(outcome=BEGUN))
        made = _make_one(context, run, maker, parts[line.part], line)
        tariff_runs.settle(context.db, number, made)
        # Without the tariff, or without the seller's tariff on it, nothing that follows would belong anywhere.
        stopped = made.outcome == FAILED and line.part in (TARIFF, TARGET)
        yield made


def _make_one(context: Context, run: int, maker: Maker, part: Part, line: Line) -> Line:
    try:
        outcome = THERE
        if not maker.is_there(part):
            maker.make(part)
            outcome = DONE
    except ResellerError as error:
        return line._replace(pricelist=maker.pricelist, outcome=FAILED, text=context.word(error))
    made = line._replace(pricelist=maker.pricelist, outcome=outcome)
    tariff_runs.keep(context.db, run, made)
    for name, price in maker.kept(part).items():
        there, here = maker.words(price)
        tariff_runs.keep(context.db, run, made._replace(part=name, there=there, here=here))
    return made

"""Take back what a run on tariffs has made, by the run's number: imported tariffs, or prices that were set.

What has been changed since, what is on sale, and what services have stays as it is, and is named.
"""

from __future__ import annotations

from collections.abc import Mapping

from reseller.context import Context
from reseller.ledger import tariff_runs, tariffmap
from reseller.ledger.leases import lease
from reseller.ledger.tariff_runs import BEGUN, DONE, FAILED, LEFT, OTHER, PLANNED, TARIFF, THERE, Line, Run, Value
from reseller.mgr5 import tariff_forms, tariffs
from reseller.mgr5.tariff_forms import SETUP
from reseller.tariffs import repricing, resold
from reseller.tariffs.changes import price_words
from reseller.tariffs.making import PERIOD, RESOURCE, TARGET, TEMPLATE
from reseller.wire.errors import Message, PanelError, ResellerError


def undo(context: Context, number: int, *, yes: bool) -> list[Line]:
    """Take back what a run has made, or say what would be; each tariff that it touched is a line.

    A tariff that is on sale, that a service has, or that a person has changed since (a price, its internal name, the
    seller's tariff) stays as it is. One that the panel does not delete is left off and unmapped. Enumerations and
    values of parameters stay: other tariffs may use them. Raises ResellerError `reseller_run_missing` or
    `reseller_run_undone`.
    """
    run = tariff_runs.of(context.db, number)
    if run is None:
        raise ResellerError("reseller_run_missing", object="run", value=number)
    if run.is_undone:
        raise ResellerError("reseller_run_undone", object="run", value=number)
    done = _made(context, run)
    whole = {line.pricelist for line in done if line.part == TARIFF}
    found: list[Line] = []
    with lease(context.db, f"tariffs:{run.module}", context.limits.lease_seconds) as fence:
        for line in reversed(done):
            if line.pricelist in whole and line.part != TARIFF:
                continue
            fence.extend(context.limits.lease_seconds)
            if run.what == repricing.WHAT:
                found.append(repricing.take_back(context, number, line, yes=yes))
            else:
                found.append(_take_back(context, run, line, yes=yes))
        if yes and not any(line.outcome in (FAILED, LEFT, OTHER) for line in found):
            tariff_runs.set_undone(context.db, number)
    if yes:
        context.note("tariffs undo", f"run {number}", module=run.module)
    return found


def _made(context: Context, run: Run) -> list[Line]:
    """The lines of what a run has made, each with its tariff here.

    The process may have died, or the panel's answer been lost, before the tariff's number was known: then it is the one
    that the panel has by now. One that was begun and is not there was never made.
    """
    found = []
    for line in tariff_runs.lines(context.db, run.id):
        if line.outcome in (DONE, BEGUN, OTHER) or (line.part == TARIFF and line.outcome == FAILED):
            number = line.pricelist or next(iter(tariffs.named(context.db, run.module, line.remote)), 0)
            found.append(line._replace(pricelist=number))
    return [line for line in found if line.pricelist]


def _take_back(context: Context, run: Run, line: Line, *, yes: bool) -> Line:
    number = line.pricelist
    if not tariffs.exists(context.db, number):
        return line._replace(outcome=THERE)
    why = _reason_to_leave(context, run, line)
    if why is not None:
        return line._replace(outcome=LEFT, text=context.word(why))
    if not yes:
        return line._replace(outcome=PLANNED)
    try:
        _unmake(context, line)
    except ResellerError as error:
        return line._replace(outcome=FAILED, text=context.word(error))
    return line._replace(outcome=DONE)


def _reason_to_leave(context: Context, run: Run, line: Line) -> Message | None:
    db, number = context.db, line.pricelist
    if tariffs.is_active(db, number) or tariffs.has_services(db, number):
        return Message("reseller_undo_used", object="pricelist", value=number)
    if number not in tariffs.named(db, run.module, line.remote):
        return Message("reseller_undo_other", object="pricelist", value=number, tariff=line.remote)
    target = resold.target(context, number)
    changed = [] if target in ("", line.remote) else [TARGET]
    kept = tariff_runs.values(db, number)
    here = {**_prices(context, number), **_choices(context, number, kept)}
    changed += [part for part, price in here.items() if part in kept and price != kept[part].here]
    if line.part != TARIFF:
        own = (f"{line.part} ", f"{line.part}/")
        changed = [part for part in changed if part in (TARGET, line.part) or part.startswith(own)]
    if changed:
        return Message("reseller_undo_changed", object="pricelist", value=number, parts=", ".join(changed))
    # Without its target the tariff would be none of the seller's, while its parts are still mapped.
    return Message("reseller_undo_target", object="pricelist", value=number) if line.part == TARGET else None


def _prices(context: Context, number: int) -> dict[str, str]:
    """The prices of a tariff's periods, and of its resources' units, in words, by the part that is kept."""
    db = context.db
    rows = {"": number, **{f"{RESOURCE} {name}": made.id for name, made in tariffs.resources(db, number).items()}}
    found = {}
    for part, row in rows.items():
        sold = tariffs.prices(db, row)
        for period in {period for costs in sold.values() for period in costs}:
            told = {iso: costs[period] for iso, costs in sold.items() if period in costs}
            found[f"{part or PERIOD} {period}"] = price_words(told)
    found[SETUP] = price_words(tariffs.setups_of(db, [number]).get(number, {}))
    return found


def _choices(context: Context, number: int, kept: Mapping[str, Value]) -> dict[str, str]:
    """The prices of single choices, in words, for those that are kept; they are read from the panel's forms."""
    db, found = context.db, {}
    for name, made in tariffs.resources(db, number).items():
        head = f"{RESOURCE} {name}/"
        mine = {part: value for part, value in kept.items() if part.startswith(head)}
        if not mine or made.enumeration is None:
            continue
        form = tariff_forms.resource_form(context.mgrctl, number, made.id)
        choices = tariffs.enumeration_items(db, made.enumeration)
        for part, value in mine.items():
            choice, _, period = part.removeprefix(head).rpartition(" ")
            iso = value.here.rpartition(" ")[2]
            currency, item = tariffs.currency(db, iso), choices.get(choice, 0)
            shown = tariff_forms.prices(form, currency, item) if currency and item else {}
            found[part] = price_words({iso: shown[period]}) if period in shown else ""
    return found


def _unmake(context: Context, line: Line) -> None:
    """Undo one part: the map first, so that what is left of it cannot be bought."""
    db, number = context.db, line.pricelist
    kind, _, name = line.part.partition(" ")
    if kind == TARIFF:
        tariffmap.forget(db, number)
        tariff_runs.forget(db, number)
        try:
            tariff_forms.delete(context.mgrctl, number)
        except PanelError as error:
            cause = context.word(error)
            raise ResellerError("reseller_undo_delete", object="pricelist", value=number, cause=cause) from error
        return
    kinds = {PERIOD: tariffmap.PERIOD, RESOURCE: tariffmap.ADDON, TEMPLATE: tariffmap.OS}
    if kind in kinds:
        tariffmap.drop(db, number, kinds[kind], name)
    if kind in (PERIOD, SETUP):
        currency = tariffs.currency(db, line.here.rpartition(" ")[2])
        tariff_forms.close_period(context.mgrctl, number, name or SETUP, currency)
    made = tariffs.resources(db, number).get(name) if kind == RESOURCE else None
    if made is not None:
        tariff_forms.save_resource(context.mgrctl, number, made.id, {"active": "off"})
    for part in tariff_runs.values(db, number):
        if part == line.part or part.startswith((f"{line.part} ", f"{line.part}/")):
            tariff_runs.drop(db, number, part)

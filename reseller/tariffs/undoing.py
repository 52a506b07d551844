"""Take back what a run on tariffs has made, by the run's number: imported tariffs, or prices that were set.

What has been changed since, what is on sale, and what services have stays as it is, and is named.
"""

from __future__ import annotations

from reseller.context import Context
from reseller.ledger import tariff_runs, tariffmap
from reseller.ledger.leases import lease
from reseller.ledger.tariff_runs import BEGUN, DONE, FAILED, LEFT, OTHER, PLANNED, TARIFF, THERE, Line, Run
from reseller.mgr5 import tariff_forms, tariffs
from reseller.tariffs import repricing
from reseller.tariffs.making import PERIOD, RESOURCE, TEMPLATE
from reseller.wire.errors import PanelError, ResellerError


def undo(context: Context, number: int, *, yes: bool) -> list[Line]:
    """Take back what a run has made, or say what would be; each tariff that it touched is a line.

    A tariff that is on sale, or that a service has, stays as it is. One that the panel does not delete is left off and
    unmapped. Enumerations and values of parameters stay: other tariffs may use them. Raises ResellerError
    `reseller_run_missing` or `reseller_run_undone`.
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
            is_price = run.what == repricing.WHAT
            found.append(
                repricing.take_back(context, number, line, yes=yes) if is_price else _take_back(context, line, yes=yes)
            )
        if yes and not any(line.outcome in (FAILED, LEFT) for line in found):
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


def _take_back(context: Context, line: Line, *, yes: bool) -> Line:
    db, number = context.db, line.pricelist
    if not tariffs.exists(db, number):
        return line._replace(outcome=THERE)
    if tariffs.is_active(db, number) or tariffs.has_services(db, number):
        error = ResellerError("reseller_undo_used", object="pricelist", value=number)
        return line._replace(outcome=LEFT, text=context.word(error))
    if not yes:
        return line._replace(outcome=PLANNED)
    try:
        _unmake(context, line)
    except ResellerError as error:
        return line._replace(outcome=FAILED, text=context.word(error))
    return line._replace(outcome=DONE)


def _delete(context: Context, number: int) -> None:
    try:
        tariff_forms.delete(context.mgrctl, number)
    except PanelError as error:
        raise ResellerError(
            "reseller_undo_delete", object="pricelist", value=number, cause=context.word(error)
        ) from error


def _unmake(context: Context, line: Line) -> None:
    """Undo one part: the map first, so that what is left of it cannot be bought."""
    db, number = context.db, line.pricelist
    kind, _, name = line.part.partition(" ")
    if kind == TARIFF:
        tariffmap.forget(db, number)
        tariff_runs.forget(db, number)
        _delete(context, number)
        return
    kinds = {PERIOD: tariffmap.PERIOD, RESOURCE: tariffmap.ADDON, TEMPLATE: tariffmap.OS}
    if kind in kinds:
        tariffmap.drop(db, number, kinds[kind], name)
    if kind == PERIOD:
        currency = tariffs.currency(db, line.here.rpartition(" ")[2])
        tariff_forms.close_period(context.mgrctl, number, name, currency)
    made = tariffs.resources(db, number).get(name) if kind == RESOURCE else None
    if made is not None:
        tariff_forms.save_resource(context.mgrctl, number, made.id, {"active": "off"})
    for part in tariff_runs.values(db, number):
        if part == line.part or part.startswith((f"{line.part} ", f"{line.part}/")):
            tariff_runs.drop(db, number, part)

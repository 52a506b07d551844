"""Once a day a module's tariffs are compared with its seller's: what is sold below its cost, and what cannot be bought.

Both are problems of the module that name the tariffs; services whose period is gone there are one problem of their
tariff (period_watch.py). While one lasts, or after a look that failed, the next one comes
after an hour, so that a cure is seen soon. What could not be read, or is doubted, ends no problem, and a cost that is
not known ends none of what is below it.
"""

from __future__ import annotations

from reseller.context import Context
from reseller.ledger import gone_modules, observations, problems
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.lifecycle.order_plan import TARIFF_FIELD
from reseller.mgr5 import tariffs
from reseller.sync import period_watch, price_watch
from reseller.tariffs import changes
from reseller.tariffs.changes import Change
from reseller.wire import texts
from reseller.wire.errors import ResellerError

#: names of the cursors: when it was looked last, and whether that failed
LOOKED, FAILED = "tariffs", "tariffs_failed"
KINDS = (problems.BELOW_COST, problems.UNSELLABLE)
#: how many tariffs, and services that have them, a problem names
NAMED = 20


def note(context: Context, held: Lease, module: int, until: float) -> None:
    """Compare the module's tariffs if it is time, until `until` (monotonic seconds), and keep the two problems.

    A seller that fails is only logged. Where the look is switched off, both problems end.
    """
    if not context.limits.tariff_look_seconds:
        for kind in KINDS:
            if problems.of(context.db, Cause(problems.MODULE, module, kind)):
                _keep(context, held, module, kind, [], is_whole=True)
        period_watch.end(context, held, module, keep=set())
        return
    if not _is_due(context, module) or changes.seconds_left(context, until) < changes.LEAST_SECONDS:
        return
    report = changes.Report([], [], {}, [], {}, {})
    observations.move_now(held, module, LOOKED)
    gone_modules.forget(held)
    if tariffs.of_module(context.db, module, TARIFF_FIELD):
        try:
            report = changes.look(context, module, until)
        except ResellerError as error:
            context.log.error(f"module {module}: tariffs not compared: {context.word(error)}")
            observations.move(held, module, FAILED, "1")
            return
    for unread in report.unread:
        context.log.error(f"module {module}: {context.word(unread)}")
    observations.move(held, module, FAILED, "1" if report.unread else "")
    _doubt(context, held, module, report)
    price_watch.see(context, held, context.seller(module), report.offers)
    period_watch.note(context, held, context.seller(module), report.offers)
    is_whole = not report.unread
    below = [change for change in report.changes if change.is_below_cost]
    _keep(context, held, module, problems.BELOW_COST, below, is_whole=is_whole and not report.unknown)
    lost = [change for change in report.changes if change.is_unsellable]
    _keep(context, held, module, problems.UNSELLABLE, lost, is_whole=is_whole)


def _doubt(context: Context, held: Lease, module: int, report: changes.Report) -> None:
    """Keep since when the same tariffs of a type are missing."""
    known = observations.cursors(context.db, module)
    for itemtype, digest in report.doubts.items():
        now = changes.doubt(itemtype, digest)
        for name in known:
            if name.startswith(changes.doubt(itemtype, "")) and name != now:
                observations.move(held, module, name, "")
        if digest and now not in known:
            observations.move_now(held, module, now)


def _is_due(context: Context, module: int) -> bool:
    """Whether it is time for the next look."""
    usual = context.limits.tariff_look_seconds
    since = observations.seconds_since(context.db, module, LOOKED)
    if since is None:
        return True
    lasts = any(problems.of(context.db, Cause(problems.MODULE, module, kind)) for kind in KINDS)
    lasts = lasts or bool(problems.of_kind(context.db, module, problems.PERIOD_GONE))
    is_urgent = lasts or FAILED in observations.cursors(context.db, module)
    return since >= (min(usual, context.limits.unlisted_seconds) if is_urgent else usual)


def _keep(  # noqa: PLR0913 - which problem of which module, and what it is about
    context: Context, held: Lease, module: int, kind: str, found: list[Change], *, is_whole: bool
) -> None:
    """Raise the problem while there is anything; end it only if everything could be read."""
    cause = Cause(problems.MODULE, module, kind)
    with troubles.each(context):
        if found:
            numbers = list(dict.fromkeys(change.pricelist for change in found))
            named = texts.some(found, NAMED, lambda each: f"{each.pricelist} {each.name} ({each.part})")
            told = {"module": str(module), "count": str(len(numbers)), "tariffs": named}
            touches = tuple(tariffs.services(context.db, numbers, NAMED))
            error = troubles.KINDS[kind].error
            troubles.raise_(context, held, Problem(cause, module, error, told, touches=touches))
        elif is_whole:
            troubles.end(context, held, cause)

"""Compare all linked services of a module with the seller, as many as fit a run: observe, compare, plan, apply.

The four steps run one after the other, because the limits of a day are checked against the whole plan. Looking and
applying each have a share of the run's time. Services that do not fit are where the next run begins; a service that
could not be compared goes to the end of the queue, so that it never delays the others.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence

from reseller.context import Context, Seller
from reseller.ledger import limited_changes, linked, observations, prices, problems
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.lifecycle import retries
from reseller.sync import apply, candidates, compare, deep_check
from reseller.sync.candidates import Candidate
from reseller.sync.compare import Comparison
from reseller.sync.day_limits import ChangeLimits
from reseller.sync.decide import Action
from reseller.sync.job import Job
from reseller.sync.read_lists import Lists
from reseller.wire.errors import BusyError, Rejected, ResellerError, SellerDown, SellerError

#: how many moved services one run looks at; the others wait for the next run
MOST = 5000
#: the share of the remaining time for comparing; the rest is for applying
LOOK_SHARE = 0.6
#: how many items are read from the panel in one query, right before they are compared
READ_AT_ONCE = 50
#: how many alarms are named one by one; the rest are counted
NAMED = 20
_COUNTED = {
    Action.SHOW: "suspended",
    Action.SUSPEND: "suspended",
    Action.LIFT: "resumed",
    Action.RESUME: "resumed",
    Action.GONE: "gone",
}


class Round:
    """One module in one run, under the module's lease."""

    def __init__(self, job: Job, seller: Seller, held: Lease, lists: Lists, counts: Mapping[str, int]) -> None:
        self.job = job
        self.context = job.context
        self.module = job.module
        self.summary = job.summary
        self.until = job.until
        self.mode = job.mode
        self.seller = seller
        self.held = held
        self.lists = lists
        #: how many services are linked, by type
        self.counts = counts

    def run(self) -> None:
        """Observe, compare, check the limits of a day, apply what is allowed, report what is refused."""
        unlisted = self._observe()
        comparisons = self._compare(unlisted)
        prices.note(self.held, self.module, [each.price for each in comparisons if each.price is not None])
        limited_changes.forget(self.held, linked.unchanged(self.context.db, self.module, self._away_day))
        day = ChangeLimits(self.held, self.module, self.context.limits)
        verdict = day.weigh(comparisons, lambda: linked.to_suspend(self.context.db, self.module), mode=self.mode)
        self.summary.add("left", verdict.released)
        for limit, count in verdict.refused:
            self.summary.refused += count
            error = ResellerError(
                "reseller_plan_refused", kind=limit.kind, count=count, total=limit.total, most=limit.most
            )
            self.summary.problems.append(f"module {self.module}: {self.context.word(error)}")
        self._tell_refused()
        # A refused service goes to the end of the queue.
        done = {comparison.candidate.link for comparison in verdict.allowed}
        observations.tried(self.held, [each.candidate.link for each in comparisons if each.candidate.link not in done])
        self._settle([comparison for comparison in verdict.allowed if not comparison.does_something])
        self._apply([comparison for comparison in verdict.allowed if comparison.does_something])
        self._alarm()

    def _tell_refused(self) -> None:
        """Keep the problem `refused` (or `mass_stop` for suspensions) of the module while any change is refused."""
        waiting = limited_changes.waiting(self.context.db, self.module)
        stopped = waiting.pop(limited_changes.STOP, [])
        total = limited_changes.running(self.context.db, self.module) if stopped else 0
        self._keep(problems.REFUSED, [item for items in waiting.values() for item in items])
        self._keep(problems.MASS_STOP, stopped, total=str(total))

    def _keep(self, kind: str, touches: Sequence[int], **more: str) -> None:
        cause = Cause(problems.MODULE, self.module, kind)
        params = {"module": str(self.module), "count": str(len(touches)), **more}
        problem = Problem(cause, self.module, troubles.KINDS[kind].error, params, touches=tuple(touches))
        troubles.keep(self.context, self.held, problem, lasts=bool(touches))

    def _observe(self) -> set[str]:
        """Read the list of each type; returns the types whose list the seller refuses to this account."""
        unlisted = set()
        known = observations.cursors(self.context.db, self.module)
        for itemtype in self.counts:
            trouble = ""
            try:
                self.lists.of(itemtype)
            except Rejected as error:
                if retries.ends_run(error):
                    raise
                trouble = error.seller_type or "error"
                unlisted.add(itemtype)
            except SellerError as error:
                self.summary.is_whole = False
                self.summary.fail(f"{itemtype}: {self.context.word(error)}")
                trouble = known.get(f"list {itemtype}", "")
            if trouble != known.get(f"list {itemtype}", ""):
                observations.move(self.held, self.module, f"list {itemtype}", trouble)
        return unlisted

    def _compare(self, unlisted: set[str]) -> list[Comparison]:
        """Compare the services that moved, then those whose form was read longest ago, within a share of the time."""
        until = time.monotonic() + LOOK_SHARE * max(self.until - time.monotonic(), 0)
        comparisons: list[Comparison] = []
        passed: list[int] = []
        chosen = self._candidates(unlisted)
        for number, candidate in enumerate(chosen):
            self.context.progress.show("services", number, len(chosen))
            if number and time.monotonic() > until:
                self.summary.left += candidate.has_moved
                continue
            if number % READ_AT_ONCE == 0:
                batch = compare.Batch(self.context, self.seller, chosen[number : number + READ_AT_ONCE])
            is_listed = candidate.itemtype not in unlisted
            try:
                comparison = compare.look(batch, candidate, is_listed=is_listed)
            except SellerDown as error:
                self.summary.is_whole = False
                self.summary.fail(self.context.word(error))
                break
            except ResellerError as error:
                if retries.ends_run(error):
                    raise
                self.summary.fail(f"service {candidate.item}: {self.context.word(error)}")
                passed.append(candidate.link)
            except Exception as error:  # noqa: BLE001 - one odd service stops no other; the log gets the rest
                self._unexpected(self.context, error, candidate.item)
                passed.append(candidate.link)
            else:
                comparisons += [comparison] if comparison else []
                # It waits for work under way; its turn in the deep check passes to the next service.
                passed += [] if comparison or candidate.has_moved else [candidate.link]
        else:
            for itemtype in self.counts:
                deep_check.asked(self.held, self.module, itemtype)
        observations.tried(self.held, passed)
        return comparisons

    @property
    def _away_day(self) -> dt.date:
        """The last day of a term there that is told of when the service is away."""
        return self.seller.transport.today + dt.timedelta(days=self.context.limits.away_days)

    def _candidates(self, unlisted: set[str]) -> list[Candidate]:
        db, limits = self.context.db, self.context.limits
        moved = candidates.moved(db, self.module, MOST, self._away_day, refused_too=bool(self.mode.force))
        taken = {candidate.link for candidate in moved}
        for itemtype, count in self.counts.items():
            within = limits.unlisted_seconds if itemtype in unlisted else limits.deep_seconds
            due = deep_check.due(db, self.module, itemtype, count, within)
            moved += candidates.of_links(db, [link for link in due if link not in taken])
        return moved

    def _settle(self, comparisons: Sequence[Comparison]) -> None:
        observations.settle(self.held, [each.as_settled for each in comparisons if each.is_settled])

    def _apply(self, comparisons: Sequence[Comparison]) -> None:
        """Apply the allowed comparisons with several workers; each service is handled by one worker."""
        if not comparisons:
            return
        workers = min(self.job.calls, len(comparisons))
        if workers == 1:
            self._carry_out(self.context, comparisons)
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(self._alone, comparisons[start::workers]) for start in range(workers)]:
                done.result()

    def _alone(self, comparisons: Sequence[Comparison]) -> None:
        """Apply comparisons in a thread, with its own database connection."""
        context = Context.start(self.context.panel, self.context.lang, self.context.progress)
        try:
            self._carry_out(context, comparisons)
        finally:
            context.db.close()

    def _carry_out(self, context: Context, comparisons: Sequence[Comparison]) -> None:
        held = self.held._replace(db=context.db)
        for number, comparison in enumerate(comparisons):
            if number and time.monotonic() > self.until:
                self.summary.add("left", len(comparisons) - number)
                return
            try:
                if apply.apply(context, held, comparison, forced=self.mode.forces(comparison.kind)):
                    self._count(comparison)
            except BusyError:
                self.summary.add("waiting")
            except ResellerError as error:
                reason = context.word(error)
                self.summary.fail(f"service {comparison.candidate.item}: {reason}")
                context.log.error(f"item {comparison.candidate.item}: {reason}")
                observations.tried(held, [comparison.candidate.link])
            except Exception as error:  # noqa: BLE001 - one odd service stops no other; the log gets the rest
                self._unexpected(context, error, comparison.candidate.item)
                observations.tried(held, [comparison.candidate.link])

    def _unexpected(self, context: Context, error: Exception, item: int) -> None:
        self.summary.fail(f"service {item}: {context.word(context.log.unexpected(error, f'item {item}: '))}")

    def _count(self, comparison: Comparison) -> None:
        name = _COUNTED.get(comparison.action, "changed" if comparison.kind else "")
        if name:
            self.summary.add(name)

    def _alarm(self) -> None:
        """Report in every run the services that are closed here and live on at the seller."""
        alarms = problems.alarms(self.context.db, self.module)
        self.summary.alarms += len(alarms)
        for item, remote, there in alarms[:NAMED]:
            error = ResellerError("reseller_drift_alarm", item=item, remote=remote, there=there)
            self.summary.problems.append(f"service {item}: {self.context.word(error)}")
        if len(alarms) > NAMED:
            self.summary.problems.append(f"and {len(alarms) - NAMED} more such services of module {self.module}")

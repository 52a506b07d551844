"""checkevent: one run over everything that is not settled, and over every linked service (docs/architecture.md).

Open work goes first: orders and renewals of unknown outcome, bought services that are not active yet, changes that the
seller has not finished, and operations that wait for money or for a seller that could not be reached. Then all linked
services are compared with the seller's lists (sync/reconcile.py).

Each module has at most one run at a time, under a lease. Services are independent: a failure of one service never stops
the others. Work that the time budget does not cover is where the next run begins.

Most runs find nothing open, so the code that only open work needs is imported where it is used: importing it always
would take a twentieth of a run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from reseller import log
from reseller.context import Context, Seller
from reseller.ledger import (
    accounts,
    installation,
    limited_changes,
    links,
    observations,
    paid,
    problems,
    requests,
    stops,
)
from reseller.ledger.leases import Lease, lease
from reseller.ledger.links import Link
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.requests import Request
from reseller.lifecycle import problems as troubles
from reseller.lifecycle import retries
from reseller.lifecycle.last_handler import PASSING
from reseller.mgr5 import items, settings
from reseller.mgr5.features import NUMBER_PARAM
from reseller.sync import (
    account_troubles,
    change_watch,
    cover_watch,
    died,
    expense_watch,
    left_behind,
    metrics,
    order_watch,
    price_watch,
    reconcile,
    shared_tasks,
    spending_limit,
)
from reseller.sync.account_troubles import Account
from reseller.sync.job import SPEND, Job, Mode, Summary
from reseller.sync.read_lists import Forms, Lists, Observed, Source, Wanted
from reseller.wire import dates, numbers
from reseller.wire.errors import BusyError, Message, Observing, PanelError, ResellerError, SellerError, Stopped

#: the share of a run's time that open work may use when linked services are to be compared as well
OPEN_SHARE = 0.6
#: name of the cursor that keeps the service's number at which a run had to stop its open work
CURSOR = "open"

#: problems of a module that do not end with its last service
_OF_MORE_THAN_SERVICES = (problems.HALTED, problems.DIED, problems.BELOW_COST, problems.UNSELLABLE)
EVERYTHING = Mode()
_Row = TypeVar("_Row", Link, Request)


def run(context: Context, mode: Mode = EVERYTHING) -> Summary:
    """Run all our modules side by side, so that a slow seller does not delay the others; the summary of all of them.

    Does nothing while the panel's etc/billmgr.DoNothing is there. A full run also writes the metrics file.
    """
    summary = Summary()
    if context.panel.does_nothing:
        summary.problems.append(context.word(Message("reseller_do_nothing")))
        context.log.info("checkevent: nothing is done while etc/billmgr.DoNothing is there")
        return summary
    began = time.monotonic()
    until = began + context.limits.run_seconds
    modules = items.modules(context.db)
    summary.problems += [context.word(wrong) for wrong in context.panel.wrong_limits]
    summary.problems += _of_panel(context, modules)
    calls = max(1, context.limits.panel_calls_at_once // max(len(modules), 1))
    jobs = [Job(context, module, mode, Summary(), until, calls) for module in modules]
    if len(jobs) == 1:
        _module(jobs[0])
    else:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(context.limits.panel_calls_at_once) as pool:
            for done in [pool.submit(_alone, job) for job in jobs]:
                done.result()
    for job in jobs:
        summary.take(job.summary)
    if mode.force:
        context.note("force", f"changes that were refused are let through: {summary}")
    for failure in summary.failures:
        # The panel's own output of a run is seen by nobody, since cron starts it.
        context.log.error(f"checkevent: {failure}")
    context.log.info(f"checkevent: {summary}")
    if not mode.pending:
        try:
            metrics.write(context, {job.module: job.summary for job in jobs}, time.monotonic() - began)
        except Exception as error:  # noqa: BLE001 - the run's results are reported all the same
            summary.fail(context.word(context.log.unexpected(error, "metrics: ")))
    return summary


def _of_panel(context: Context, modules: Sequence[int]) -> list[str]:
    """Check the panel as a whole: is it a copy or moved, is it another than before, has a person stopped buying, has a
    linked module been deleted?

    Returns sentences for the summary.
    """
    from reseller.commands import stop_buying
    from reseller.lifecycle import assumptions, moved_panel, ownerless

    sentences: list[str] = []
    for watch in (
        partial(moved_panel.watch, context, modules),
        partial(assumptions.watch, context, modules),
        partial(stop_buying.watch, context),
        partial(ownerless.watch, context, modules),
    ):
        try:
            sentences += watch()
        except ResellerError as error:
            sentences.append(context.word(error))
        except Exception as error:  # noqa: BLE001 - the modules have their run all the same
            sentences.append(context.word(context.log.unexpected(error, "panel: ")))
    return sentences


def _alone(job: Job) -> None:
    """Run one module in its own thread, with its own database connection."""
    try:
        own = Context.start(job.context.panel, job.context.lang, job.context.progress)
    except ResellerError as error:
        job.summary.fail(job.context.word(error))
        return
    try:
        _module(job._replace(context=own))
    finally:
        own.db.close()


def _module(job: Job) -> None:
    limits = job.context.limits
    try:
        with lease(job.context.db, f"checkevent:{job.module}", limits.run_seconds + limits.lease_seconds) as held:
            job.summary.is_whole = True
            with died.watched_for_death(job, held):
                _Run(job, held).all()
    except BusyError:
        job.summary.is_whole = False
        job.summary.busy.append(str(job.module))
    except ResellerError as error:
        job.summary.is_whole = False
        job.summary.fail(job.context.word(error))
    except Exception as error:  # noqa: BLE001 - one odd module stops no other; the log gets the rest
        job.summary.is_whole = False
        job.summary.fail(job.context.word(job.context.log.unexpected(error, f"module {job.module}: ")))


def _from(rows: Sequence[_Row], item: int) -> list[_Row]:
    """The same rows, rotated so that those of service `item`, where the last run stopped, come first."""
    start = next((number for number, row in enumerate(rows) if row.item == item), 0)
    return list(rows[start:]) + list(rows[:start])


class _Run:
    """One module's part of a run."""

    def __init__(self, job: Job, held: Lease) -> None:
        self.job = job
        self.context = job.context
        self.module = job.module
        self.summary = job.summary
        self.held = held
        self.until = job.until
        self.began = False
        self.stopped = 0
        #: False on a panel that may be a copy: it starts nothing that would send a request
        self.may_send = installation.difference(self.context.db, self.context.panel.base) is None
        #: False while a person has stopped buying: nothing is started that would spend money
        self.may_spend = stops.of(self.context.db, self.module) is None
        #: True while the module observes: nothing is started again that has waited for it to act
        self.observes = False

    def all(self) -> None:
        """Process every service of the module; without any open or linked one it does not connect to the seller."""
        self._left_behind()
        # Now, from the problems of earlier runs: this run may be killed before its end.
        shared_tasks.gather(self.context, self.held, self.module)
        live = requests.all_live(self.context.db, [self.module])
        opening = links.opening(self.context.db, [self.module])
        linked = {} if self.job.mode.pending else links.counts(self.context.db, self.module)
        if not live and not opening and not linked:
            if not self.job.mode.pending:
                self._end_all()
                self._watch_money()
            return
        seller = self._lead()
        self.summary.timing = seller.transport.timing
        account = Account(self.context, self.held, seller)
        with account.noted():
            self._require_account(seller, live)
            self._observe(seller, live)
            # A seller that is left alone is one error of the module, not one for each of its services.
            seller.circuit.require_closed()
            account.wake(live)
            self._at(seller, live, opening, linked)
            if not self.job.mode.pending:
                self._watch_money()

    def _watch_money(self) -> None:
        """Compare the tariffs that are sold with the seller's, last of all, since a price list may take its time; then
        what was seen of prices, balances and charges.
        """
        if time.monotonic() < self.job.until:
            from reseller.sync import tariff_watch

            tariff_watch.note(self.context, self.held, self.module, self.job.until)
        for watch in (price_watch.note, order_watch.note, cover_watch.note, change_watch.note, expense_watch.note):
            watch(self.context, self.held, self.module)

    def _end_all(self) -> None:
        """End the problems of a module that looks after nothing.

        Not a stop of buying and what is wrong with tariffs, which apply to future orders, nor `died`, which ends with
        the run.
        """
        limited_changes.forget(self.held, [row.link for row in limited_changes.refused(self.context.db, self.module)])
        for problem in problems.live(self.context.db, self.module):
            if problem.cause.subject == problems.MODULE and problem.cause.kind not in _OF_MORE_THAN_SERVICES:
                with troubles.each(self.context):
                    troubles.end(self.context, self.held, problem.cause)
        account_troubles.end_all(self.context, self.held, self.module)

    def _lead(self) -> Seller:
        """The seller to which the module's settings lead.

        While they lead to none, the module has the problem `settings`.
        """
        try:
            seller = self.context.seller(self.module)
        except ResellerError as error:
            params = {"module": str(self.module), "cause": self.context.word(error)}
            touches = tuple(links.some(self.context.db, self.module))
            problem = Problem(self._settings, self.module, "reseller_module_settings", params, touches=touches)
            # A seller or panel that did not answer may answer in the next run, so this gets no task at once.
            is_sure = not isinstance(error, (SellerError, PanelError)) and error.type not in PASSING
            troubles.raise_(self.context, self.held, problem, at_once=is_sure)
            raise
        troubles.end(self.context, self.held, self._settings)
        return seller

    def _at(self, seller: Seller, live: Sequence[Request], opening: Sequence[Link], linked: Mapping[str, int]) -> None:
        """Process open work, then compare the linked services with the seller's lists."""
        lists = self._lists(seller, live, opening)
        if linked:
            # Open work goes first, but must leave time for the comparison.
            self.until -= (1 - OPEN_SHARE) * (self.until - time.monotonic())
        self._open(seller, lists, live, opening)
        if linked:
            reconcile.Round(self.job, seller, self.held, lists, linked).run()
            if self.may_send:
                self._write_down(seller)

    @property
    def _account(self) -> Cause:
        return Cause(problems.MODULE, self.module, problems.ACCOUNT)

    @property
    def _settings(self) -> Cause:
        return Cause(problems.MODULE, self.module, problems.SETTINGS)

    def _observe(self, seller: Seller, live: Sequence[Request]) -> None:
        """Whether the module observes: raise or end the problem of that, and wake what has waited for it to act."""
        from reseller.commands import observing

        sentence = observing.watch(self.context, self.held, self.module, acts=seller.settings.acts)
        self.observes = bool(sentence)
        self.summary.problems += [sentence] if sentence else []
        if not sentence and any(request.error_type == Observing.unsent for request in live):
            # One that was parked at the very moment at which the module was let act.
            observing.wake(self.held, self.module)

    def _require_account(self, seller: Seller, live: Sequence[Request]) -> None:
        """Require that what was bought is at the account of the module's settings; otherwise raise the problem
        `account`.

        At another account none of the services would be found, and all of them would look deleted.
        """
        others = accounts.bought(self.context.db, self.module, seller.account, most=links.NAMED)
        astray = [(each.item, each.account) for each in others]
        # An order of unknown outcome may have no account yet (0).
        astray += [
            (each.item, each.account) for each in live if each.is_open and each.account not in (0, seller.account)
        ]
        if not astray:
            troubles.end(self.context, self.held, self._account)
            if seller.settings.noted != self.module:
                settings.save_param(self.context.mgrctl, self.module, NUMBER_PARAM, self.module)
            return
        error = self.context.differs(self.module, seller.account, astray[0][1])
        touches = tuple(dict.fromkeys(item for item, _ in astray))
        troubles.raise_(
            self.context, self.held, Problem(self._account, self.module, error.type, error.params, touches=touches)
        )
        raise error

    def _left_behind(self) -> None:
        """Look for operations that no process works on, half-made links, and services that are overdue."""
        from reseller.sync import restart

        restart.note_stranded(self.context, self.held, self.module)
        if self.may_send:
            self._finish_left()
        if not self.job.mode.pending:
            left_behind.watch_ledger(self.context, self.held, self.module)

    def _finish_left(self) -> None:
        from reseller.sync import restart

        for cause, operation in restart.stranded(self.context, self.module):
            self._each(cause.number, self._start_stranded(cause, operation))
        for half in links.half(self.context.db, self.module):
            from reseller.linking import sides

            self._each(half.item, partial(sides.heal, self.context, half))

    def _lists(self, seller: Seller, live: Sequence[Request], opening: Sequence[Link]) -> Lists:
        doubtful = [request for request in live if request.kind == requests.ORDER and request.is_open]
        wanted = Wanted(
            remotes={link.remote: link.itemtype for link in opening},
            items=frozenset(str(request.item) for request in doubtful),
            looked_for=frozenset(request.itemtype for request in doubtful),
        )
        source = Source(self.context, seller, self.module, self.held, wanted, self.job.until)
        return Forms(source) if self.job.mode.pending else Observed(source)

    def _open(self, seller: Seller, lists: Lists, live: Sequence[Request], opening: Sequence[Link]) -> None:
        """Process open work, beginning with the service where the last run stopped."""
        begun = observations.cursors(self.context.db, self.module).get(CURSOR, "")
        first = numbers.whole(begun)
        try:
            for link in _from(opening, first):
                self._each(link.item, self._advance(seller, link, lists))
            for request in _from([request for request in live if request.is_open], first):
                self._each(request.item, self._look(request, lists))
            if self.may_send:
                # Read again: looking at the requests may have settled some of them.
                self._wake(seller, requests.all_live(self.context.db, [self.module]))
        finally:
            stopped = str(self.stopped or "")
            if stopped != begun:
                observations.move(self.held, self.module, CURSOR, stopped)

    def _write_down(self, seller: Seller) -> None:
        """Record requests for terms that are due without an operation; the next run buys them.

        This comes after the lists were read, because the seller's day is taken from its answers. While that day differs
        from this machine's by too much, nothing is recorded and the problem `clock` is raised.
        """
        from reseller.commands import owed_terms

        today = seller.transport.today
        cause = Cause(problems.MODULE, self.module, problems.CLOCK)
        here = dates.machine_day().isoformat()
        params = {"module": str(self.module), "there": today.isoformat(), "here": here}
        is_another = owed_terms.is_another_day(seller, self.context.limits)
        troubles.keep(self.context, self.held, Problem(cause, self.module, "reseller_clock", params), lasts=is_another)
        if is_another:
            return
        left_behind.watch_dates(self.context, self.held, self.module, today)
        left_behind.watch_switched_off(self.context, self.held, self.module, today)
        if self.observes or not self.may_spend:
            return
        for number in paid.due(self.context.db, self.module, today, self.context.limits):
            self._each(number, partial(owed_terms.write_down, self.context, number))

    def _wake(self, seller: Seller, live: Sequence[Request]) -> None:
        """Start the requests and operations that can be sent now."""
        from reseller.sync import restart

        day = spending_limit.SpendingLimit(self.context, self.held, seller.settings)
        lost = requests.without_operation(self.context.db, self.module) if live else ()
        due = restart.ripe(live, self.context.limits, lost)
        try:
            due += restart.affordable(self.context, seller, live)
        except SellerError as error:
            if retries.ends_run(error):
                raise
            self.summary.fail(self.context.word(error))
        for request in due:
            if restart.is_held_back(request, observes=self.observes, may_spend=self.may_spend):
                continue
            is_part = request.kind == requests.PART
            self._each(request.item, self._buy(request, day) if is_part else self._restart(request))
        day.tell()

    def _each(self, item: int, step: Callable[[], None]) -> None:
        """Run `step` for one service unless the time budget is used up; a failure is recorded and does not stop the
        others.

        An error of the whole account (retries.ends_run) is raised instead, since it would repeat for each service.
        """
        if time.monotonic() > self.until and self.began:
            self.summary.add("left")
            self.stopped = self.stopped or item
            return
        self.began = True
        try:
            step()
        except BusyError:
            self.summary.add("waiting")
        except ResellerError as error:
            if retries.ends_run(error):
                # End the module's run, so that the error is not repeated for each service; the next run begins at this
                # service.
                self.stopped = self.stopped or item
                raise
            reason = self.context.word(error)
            self.summary.fail(f"service {item}: {reason}")
            if not isinstance(error, Stopped):
                self.context.log.error(f"item {item}: {reason}")
        except Exception as error:  # noqa: BLE001 - one odd service stops no other; the log gets the rest
            self.summary.fail(
                f"service {item}: {self.context.word(self.context.log.unexpected(error, f'item {item}: '))}"
            )

    def _start_stranded(self, cause: Cause, operation: int) -> Callable[[], None]:
        def step() -> None:
            from reseller.sync import restart

            restart.start_stranded(self.context, self.held, cause, operation)
            self.summary.add("restarted")

        return step

    def _advance(self, seller: Seller, link: Link, lists: Lists) -> Callable[[], None]:
        def step() -> None:
            from reseller.sync import activate

            with log.under(requests.correlation(self.context.db, link.key)):
                outcome = activate.advance(self.context, seller, link, lists.of(link.itemtype))
            self.summary.add(outcome)

        return step

    def _look(self, request: Request, lists: Lists) -> Callable[[], None]:
        def step() -> None:
            from reseller.sync import looking

            with log.under(request.correlation):
                outcome = looking.look(self.context, request, lists)
            if outcome:
                self.summary.add(outcome)

        return step

    def _buy(self, request: Request, day: spending_limit.SpendingLimit) -> Callable[[], None]:
        def step() -> None:
            from reseller.commands import owed_terms

            if not (self.job.mode.forces(SPEND) or day.allows(request.item)):
                self.summary.add("held")
                return
            with log.under(request.correlation), self.context.hold(request.item) as held:
                current = requests.by_id(self.context.db, request.id)
                if current.live and current.state == request.state:
                    self.summary.add("renewed", owed_terms.go_on(self.context, current, held))

        return step

    def _restart(self, request: Request) -> Callable[[], None]:
        def step() -> None:
            from reseller.sync import restart

            with log.under(request.correlation):
                self.summary.add("restarted", restart.start(self.context, request))

        return step

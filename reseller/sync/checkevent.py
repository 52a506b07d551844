"""checkevent: one run over everything that is not settled (DESIGN 5).

So far that is: orders and renewals whose outcome is unknown, bought services that are not active yet, changes that
the seller has not finished, and operations that wait for money or for the seller to be reachable.

One run at a time a module; services are independent of each other, one bad service never stops the rest; what the
budget leaves over is for the next run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from reseller.ledger import links, requests
from reseller.ledger.leases import Lease, lease
from reseller.ledger.links import Link
from reseller.ledger.requests import Request
from reseller.lifecycle import open as opening_
from reseller.lifecycle import state, term
from reseller.lifecycle.work import Seller, Work
from reseller.mgr5 import items
from reseller.sync import activate, restart
from reseller.sync.observe import Lists
from reseller.wire.errors import BusyError, ResellerError, Stopped


@dataclass
class Summary:
    """What one run did, in services; `problems` are sentences for an operator."""

    activated: int = 0
    waiting: int = 0
    adopted: int = 0
    finished: int = 0
    looking: int = 0
    restarted: int = 0
    alarms: int = 0
    failed: int = 0
    left: int = 0
    busy: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """The figures, by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, int)}

    def __str__(self) -> str:
        told = [f"{value} {name}" for name, value in self.counts().items() if value]
        told += [f"another run is at module {module}" for module in self.busy]
        return ", ".join(told) or "nothing to do"


def run(work: Work) -> Summary:
    """One run over all our modules."""
    summary = Summary()
    until = time.monotonic() + work.limits.run_seconds
    for module in items.modules(work.db):
        try:
            with lease(work.db, f"checkevent:{module}", work.limits.run_seconds + work.limits.lease_seconds):
                _Run(work, module, summary, until).all()
        except BusyError:
            summary.busy.append(str(module))
        except ResellerError as error:
            summary.failed += 1
            summary.problems.append(work.word(error))
    work.log.info(f"checkevent: {summary}")
    return summary


def _look_again(work: Work, request: Request, held: Lease) -> bool:
    """Whether a request other than an order is done by now."""
    if request.kind == requests.PROLONG:
        return term.look_again(work, request, held)
    return state.look_again(work, request, held)


class _Run:
    """One module's part of a run."""

    def __init__(self, work: Work, module: int, summary: Summary, until: float) -> None:
        self.work = work
        self.module = module
        self.summary = summary
        self.until = until

    def all(self) -> None:
        """Every unsettled service of the module; the seller is not even connected to when there is none."""
        live = requests.all_live(self.work.db, [self.module])
        opening = links.opening(self.work.db, [self.module])
        if not live and not opening:
            return
        seller = self.work.seller(self.module)
        lists = Lists(self.work, seller)
        for link in opening:
            self._each(link.item, self._advance(seller, link, lists))
        for request in live:
            if request.state in requests.UNKNOWN_OUTCOME or request.state == requests.WAITING:
                self._each(request.item, self._look(request, lists))
        # Read again: looking may have settled some of them.
        for request in restart.due(self.work, seller, requests.all_live(self.work.db, [self.module])):
            self._each(request.item, self._restart(request))

    def _each(self, item: int, step: Callable[[], None]) -> None:
        """Do one service's step unless the budget is spent; its failure is its own."""
        if time.monotonic() > self.until:
            self.summary.left += 1
            return
        try:
            step()
        except BusyError:
            self.summary.waiting += 1
        except ResellerError as error:
            self.summary.failed += 1
            said = self.work.word(error)
            self.summary.problems.append(f"service {item}: {said}")
            if not isinstance(error, Stopped):
                self.work.log.error(f"item {item}: {said}")

    def _advance(self, seller: Seller, link: Link, lists: Lists) -> Callable[[], None]:
        def step() -> None:
            outcome = activate.advance(self.work, seller, link, lists.of(link.itemtype))
            setattr(self.summary, outcome, getattr(self.summary, outcome) + 1)

        return step

    def _look(self, request: Request, lists: Lists) -> Callable[[], None]:
        def step() -> None:
            found = lists.of(request.itemtype) if request.kind == requests.ORDER else None
            with lease(self.work.db, f"item:{request.item}", self.work.limits.lease_seconds) as held:
                current = requests.by_id(self.work.db, request.id)
                if (current.live, current.state, current.looks) != (True, request.state, request.looks):
                    return
                if found is not None and opening_.look_again(self.work, current, held, found):
                    self.summary.adopted += 1
                elif found is None and _look_again(self.work, current, held):
                    self.summary.finished += 1
                else:
                    self.summary.looking += 1

        return step

    def _restart(self, request: Request) -> Callable[[], None]:
        def step() -> None:
            self.summary.restarted += restart.start(self.work, request)

        return step

"""Troubles of a whole account at the seller: one problem each, with everything that waits for it.

A run knows them in two ways: by how its own calls end, and by the requests that wait for one. What waits goes on by
itself once the account works: what was not let in, or did not get through, as soon as the seller answers a question of
the account (`wake`), all of it; what lacks a right, and what lacks money, the oldest first (restart.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from reseller.context import Context, Seller
from reseller.ledger import accounts, links, problems, requests
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.requests import Request
from reseller.ledger.states import State
from reseller.lifecycle import problems as troubles
from reseller.lifecycle import retries
from reseller.mgr5 import items
from reseller.seller.account import read_balance
from reseller.wire.errors import ResellerError, SellerDown, SellerError

#: known by how a call of the run has ended
_OF_CALLS = {problems.LOGIN: "reseller_account_login", problems.UNREACHABLE: "reseller_account_unreachable"}
#: known by what stands in the ledger, however a run has ended
_OF_LEDGER = (problems.RIGHTS, problems.FUNDS)


def end_all(context: Context, held: Lease, module: int) -> None:
    """A module that looks after nothing has no trouble with its account."""
    for problem in problems.of_subject(context.db, problems.SELLER):
        if problem.module == module:
            troubles.end(context, held, problem.cause)


class Account(NamedTuple):
    """A module's account, in one run; `held` is the lease of the run."""

    context: Context
    held: Lease
    seller: Seller

    def wake(self, live: Sequence[Request]) -> None:
        """Ask the seller something where it was in trouble or requests wait for it; if it answers, they are due.

        An answer that cannot be used is one too: what waits finds out. Raises SellerError while the trouble lasts.
        """
        known = problems.of_subject(self.context.db, problems.SELLER)
        in_trouble = any(problem.module == self._module and problem.cause.kind in _OF_CALLS for problem in known)
        if in_trouble or any(request.error_type == retries.WAITS_FOR_ACCOUNT for request in live):
            try:
                accounts.save_balance(self.context.db, self.seller.account, read_balance(self.seller.transport))
            except SellerError as error:
                if retries.account_trouble(error):
                    raise
            requests.wake(self.held, retries.WAITS_TO_BE_SENT, [self._module])
        unable = [request.quiet_seconds for request in live if request.error_type == retries.WAITS_FOR_RIGHTS]
        if unable and requests.has_ordered(self.context.db, self.seller.account, min(unable)):
            # The right is there again, so that not only the oldest tries.
            requests.wake(self.held, [retries.WAITS_FOR_RIGHTS], [self._module], becomes=retries.WAITS_FOR_ACCOUNT)

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """Around the run over its services: its problems are kept by how that ends."""
        try:
            yield
        except ResellerError as error:
            self._note(error)
            raise
        self._note(self.seller.circuit.down())

    @property
    def _module(self) -> int:
        return self.seller.settings.module

    def _cause(self, kind: str) -> Cause:
        return Cause(problems.SELLER, self.seller.account, kind)

    def _note(self, error: ResellerError | None) -> None:
        """`error` is what has ended the run, None for nothing."""
        known = {problem.cause: problem for problem in problems.of_subject(self.context.db, problems.SELLER)}
        for problem in known.values():
            # Its settings do not lead there any more.
            if problem.module == self._module and problem.cause.number != self.seller.account:
                troubles.end(self.context, self.held, problem.cause)
        live = requests.all_live(self.context.db, [self._module])
        met = retries.account_trouble(error) if error else ""
        found = [self._of_call(met, error, live)] if error and met else self._of_waiting(live)
        raised = {problem.cause.kind: problem for problem in found}
        for kind in (*_OF_CALLS, *_OF_LEDGER):
            is_known = kind == met if met else error is None or kind in _OF_LEDGER
            self._keep(known.get(self._cause(kind)), raised.get(kind), is_known=is_known)

    def _keep(self, before: Problem | None, problem: Problem | None, *, is_known: bool) -> None:
        """Another module of the same account may know of it as well; whoever has raised it ends it, while he lives."""
        if before is not None and before.module != self._module and before.module in items.modules(self.context.db):
            return
        if problem is not None:
            # What passes by itself within minutes is nobody's task.
            at_once = problem.cause.kind != problems.UNREACHABLE
            troubles.raise_(self.context, self.held, problem, at_once=at_once)
        elif before is not None and is_known:
            troubles.end(self.context, self.held, before.cause)

    def _of_call(self, kind: str, error: ResellerError, live: Sequence[Request]) -> Problem:
        waiting = [request for request in live if request.state == State.UNSENT]
        # How long the seller is left alone is another in each run, and no news.
        said = error.params["cause"] if isinstance(error, SellerDown) else self.context.word(error)
        return self._problem(kind, _OF_CALLS[kind], waiting, cause=said)

    def _of_waiting(self, live: Sequence[Request]) -> Iterator[Problem]:
        """What the requests that wait say of the account."""
        # Asked for before, and not sent since: the account answers, and is not reached all the same.
        unsent = [r for r in live if r.error_type == retries.WAITS_FOR_ACCOUNT and not r.is_due]
        if unsent:
            yield self._problem(
                problems.UNREACHABLE, _OF_CALLS[problems.UNREACHABLE], unsent, cause=unsent[0].error_text
            )
        rights = [request for request in live if request.error_type == retries.WAITS_FOR_RIGHTS]
        if rights:
            yield self._problem(problems.RIGHTS, "reseller_account_rights", rights, cause=rights[0].error_text)
        short = [request for request in live if request.state == State.MONEY]
        if short:
            oldest = min(short, key=lambda request: request.turn)
            told = {
                "deficit": _amount(oldest.deficit),
                "have": _amount(oldest.have),
                "currency": oldest.currency or "-",
            }
            yield self._problem(problems.FUNDS, "reseller_account_funds", short, **told)

    def _problem(self, kind: str, error: str, waiting: Sequence[Request], **more: str) -> Problem:
        names = {"module": str(self._module), "account": accounts.name(self.context.db, self.seller.account)}
        told = {**names, "count": str(len(waiting)), **more}
        # Or what is linked, so that somebody is asked though nothing waits yet.
        touches = tuple(dict.fromkeys(request.item for request in waiting))
        touches = touches or tuple(links.some(self.context.db, self._module))
        return Problem(self._cause(kind), self._module, error, told, touches=touches)


def _amount(value: Decimal | None) -> str:
    return "?" if value is None else f"{value:f}"

"""Problems of a whole seller account: one problem for each cause, which names everything that waits for it.

A run learns of them from the errors of its own calls (`login`, `unreachable`) and from requests in the ledger that wait
(`rights`, `funds`, and `unreachable`). Waiting requests continue by themselves once the account works: those that could
not log in or get through continue all together as soon as the seller answers one question about the account (`wake`);
those that lack a right or money continue with the oldest first (restart.py).
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
from reseller.lifecycle import cover, retries
from reseller.lifecycle import problems as troubles
from reseller.mgr5 import items
from reseller.seller.account import read_balance
from reseller.wire.errors import ResellerError, SellerDown, SellerError

#: kinds of problem that a failed call of the run shows
_OF_CALLS = {problems.LOGIN: "reseller_account_login", problems.UNREACHABLE: "reseller_account_unreachable"}
#: kinds of problem that requests in the ledger show, however the run ended
_OF_LEDGER = (problems.RIGHTS, problems.FUNDS)


def end_all(context: Context, held: Lease, module: int) -> None:
    """End the account problems of a module that looks after nothing."""
    for problem in problems.of_subject(context.db, problems.SELLER):
        if problem.module == module:
            troubles.end(context, held, problem.cause)


class Account(NamedTuple):
    """A module's account in one run; `held` is the lease of the run."""

    context: Context
    held: Lease
    seller: Seller

    def wake(self, live: Sequence[Request]) -> None:
        """Ask for the balance if the account had trouble or requests wait for it; if the seller answers, those requests
        are due.

        An unusable answer counts too, since the requests find out themselves. Raises SellerError while the trouble
        lasts.
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
            # An order went through, so the right is there again: let all of them try, not only the oldest.
            requests.wake(self.held, [retries.WAITS_FOR_RIGHTS], [self._module], becomes=retries.WAITS_FOR_ACCOUNT)

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """Around the run over the module's services: raise or end the account's problems according to how the run
        ends.
        """
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
        """Raise or end the account's problems; `error` is what ended the run, None if nothing did."""
        known = {problem.cause: problem for problem in problems.of_subject(self.context.db, problems.SELLER)}
        for problem in known.values():
            # The module's settings do not lead to that account any more.
            if problem.module == self._module and problem.cause.number != self.seller.account:
                troubles.end(self.context, self.held, problem.cause)
        live = requests.all_live(self.context.db, [self._module])
        met = retries.account_trouble(error) if error else ""
        present = [self._of_call(met, error, live)] if error and met else self._of_waiting(live)
        raised = {problem.cause.kind: problem for problem in present}
        for kind in (*_OF_CALLS, *_OF_LEDGER):
            is_known = kind == met if met else error is None or kind in _OF_LEDGER
            self._keep(known.get(self._cause(kind)), raised.get(kind), is_known=is_known)

    def _keep(self, before: Problem | None, problem: Problem | None, *, is_known: bool) -> None:
        """Raise or end one problem. Where modules share an account, only the module that raised it ends it, while that
        exists.
        """
        if before is not None and before.module != self._module and before.module in items.modules(self.context.db):
            return
        if problem is not None:
            # An unreachable seller often answers again within minutes, so that gets no task at once.
            at_once = problem.cause.kind != problems.UNREACHABLE
            troubles.raise_(self.context, self.held, problem, at_once=at_once)
        elif before is not None and is_known:
            troubles.end(self.context, self.held, before.cause)

    def _of_call(self, kind: str, error: ResellerError, live: Sequence[Request]) -> Problem:
        waiting = [request for request in live if request.state == State.UNSENT]
        # Use the cause only: the remaining pause differs in each run, and would make the problem look changed.
        cause = error.params["cause"] if isinstance(error, SellerDown) else self.context.word(error)
        return self._problem(kind, _OF_CALLS[kind], waiting, cause=cause)

    def _of_waiting(self, live: Sequence[Request]) -> Iterator[Problem]:
        """The problems that the waiting requests show."""
        # Woken before and still not sent: the account answers questions, but these calls do not get through.
        unsent = [r for r in live if r.error_type == retries.WAITS_FOR_ACCOUNT and not r.is_due]
        if unsent:
            yield self._problem(
                problems.UNREACHABLE, _OF_CALLS[problems.UNREACHABLE], unsent, cause=unsent[0].error_text
            )
        rights = [request for request in live if request.error_type == retries.WAITS_FOR_RIGHTS]
        if rights:
            yield self._problem(problems.RIGHTS, "reseller_account_rights", rights, cause=rights[0].error_text)
        # An order that is held for the sake of renewals waits for money as well, and only a top-up ends that for sure.
        short = [request for request in live if request.state == State.MONEY or request.error_type == cover.HELD]
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
        # If nothing waits yet, name some linked services, so that somebody is asked.
        touches = tuple(dict.fromkeys(request.item for request in waiting))
        touches = touches or tuple(links.some(self.context.db, self._module))
        return Problem(self._cause(kind), self._module, error, told, touches=touches)


def _amount(value: Decimal | None) -> str:
    return "?" if value is None else f"{value:f}"

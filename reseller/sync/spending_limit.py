"""The limit of a day for terms that are bought without an operation: a fault must not empty the account (promise 12).

A purchase that a person asked for with an operation is never held back. A term that is held back is bought when a day
has passed (never for a term of unknown cost where the limit is an amount), when the limit is raised, or by
`checkevent --force spend`.
"""

from __future__ import annotations

from functools import cached_property

from reseller.context import Context
from reseller.ledger import links, problems, spent
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.model import Settings


class SpendingLimit:
    """One module's limits in one run; `held` are the services whose terms have to wait."""

    def __init__(self, context: Context, lease: Lease, settings: Settings) -> None:
        self.held: list[int] = []
        self._context, self._lease = context, lease
        self._module, self._limit = settings.module, settings.spend_limit

    @cached_property
    def _most(self) -> int:
        """How many terms may be bought within a day; it counts services, so it is computed only when needed."""
        limits, linked = self._context.limits, sum(links.counts(self._context.db, self._module).values())
        return max(limits.buy_least, linked * limits.buy_percent // 100)

    def allows(self, item: int) -> bool:
        """Whether a term of this service may be bought now; it is assumed to cost what its last one did.

        Where the limit is an amount, a term of unknown cost is not bought.
        """
        done = spent.of_day(self._context.db, self._module)
        last = spent.last_cost(self._context.db, item)
        fits = self._limit is None or (last is not None and done.amount + last[0] <= self._limit)
        if done.terms < self._most and fits:
            return True
        self.held.append(item)
        return False

    def tell(self) -> None:
        """Keep the problem `spending` of the module while any term is held back."""
        cause = Cause(problems.MODULE, self._module, problems.SPENDING)
        if not self.held:
            troubles.end(self._context, self._lease, cause)
            return
        done = spent.of_day(self._context.db, self._module)
        told = {
            "module": str(self._module),
            "terms": str(done.terms),
            "amount": str(done.amount),
            "most": str(self._most),
            "limit": "-" if self._limit is None else str(self._limit),
        }
        problem = Problem(cause, self._module, "reseller_spend_limit", told, touches=tuple(self.held))
        troubles.raise_(self._context, self._lease, problem)

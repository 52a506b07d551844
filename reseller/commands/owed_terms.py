"""Buy terms that no operation asks for: the client has paid for longer than the seller was (lifecycle/term_to_buy.py).

A client's year may be bought month by month, or a kept licence may have less time left than was sold. Such terms are
not planned in advance: when a service's date at the seller comes near and the client has paid for more, checkevent
buys one term, by the same rules as any renewal. There is no operation on which staff would see why a purchase stopped,
so the reason becomes a problem of the service, which ends when the term is bought. The purchase is retried without end.
"""

from __future__ import annotations

from reseller import log
from reseller.commands.prolong import Renewal
from reseller.context import Context, Seller
from reseller.ledger import links, paid, problems, requests, swaps
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.requests import Request, Standing
from reseller.ledger.states import State
from reseller.lifecycle import problems as troubles
from reseller.lifecycle import small_gaps
from reseller.lifecycle.overtaken import NOT_WANTED
from reseller.lifecycle.term_to_buy import Level
from reseller.limits import Limits
from reseller.mgr5 import items
from reseller.model import Status
from reseller.wire import dates
from reseller.wire.errors import ResellerError, SellerError, Stopped

#: states in which a part is retried once its `next_try` has come; a part in MONEY waits for the balance to rise
AGAIN = frozenset({State.INTENT, State.OWED, State.UNSENT, State.REFUSED})


def is_another_day(seller: Seller, limits: Limits) -> bool:
    """Whether the seller's day and this machine's differ by more than `clock_days`: then no owed term is bought."""
    return abs((seller.transport.today - dates.machine_day()).days) > limits.clock_days


def write_down(context: Context, number: int) -> None:
    """Record a request for a service for which a term is due, unless it has one; raises BusyError, ResellerError."""
    with log.under(), context.hold(number) as held:
        if requests.live_of(context.db, number, requests.PART) is None:
            requests.create(held, items.read(context.db, number), requests.PART)


def go_on(context: Context, request: Request, held: Lease) -> bool:
    """Buy the term if it is still due, or poll for one that was sent; whether it is bought.

    Raises ResellerError with what stopped the purchase; where a person should know, a problem of the service says it
    as well.
    """
    item = items.read_all(context.db, [request.item]).get(request.item)
    link = links.of_item(context.db, request.item)
    is_sent = request.is_open
    if item is None or (not is_sent and (link is None or item.status == Status.DELETED)):
        _end(context, held, request)
        return False
    if swaps.of_item(context.db, request.item) is not None:
        # The service was swapped to another module: nothing is sent for it.
        requests.wait(held, request, context.limits.part_look_seconds)
        return False
    part = _Part(context, held, item, 0, request)
    return part.look() if is_sent else part.buy()


def _end(context: Context, held: Lease, request: Request) -> None:
    """Abandon a part that is not needed any more, and end the problems about it."""
    for kind in (problems.OWED, problems.DATE_BACK, problems.GAP):
        troubles.end(context, held, Cause.of_service(request.item, kind))
    requests.settle(held, request, NOT_WANTED)


class _Part(Renewal):
    kind = requests.PART

    def buy(self) -> bool:
        """Buy the term; False when it is not due any more, has to wait, or the seller is not done yet."""
        try:
            seen = self._view()
            if self._is_held() or is_another_day(self.seller, self.context.limits):
                self.settle(Standing(State.OWED, wait_seconds=self.context.limits.part_look_seconds))
                return False
            self._take_slot()
            kept = paid.of(self.context.db, self.link.id)
            here = self.item.expiredate
            # A move of the panel's date that nothing accounts for yet is judged by the next run (sync/compare.py).
            until = min(here, kept.accounted) if here and kept.accounted else None
            level = self.level(seen, until) if until and until != kept.left else None
            if level is None or not level.is_due(self.context.limits):
                _end(self.context, self.held, self.request)
                return False
            months = self.term()
            is_over = level.is_long_over(self.context.limits)
            if (is_over or self._is_asked_about(level)) and self._is_decided_with_a_jump():
                self.settle(Standing(State.OWED, wait_seconds=self.context.limits.part_look_seconds))
                return False
            if not is_over and self._is_asked_about(level):
                small_gaps.ask(self, level, self.fitting(level, months))
                self.settle(Standing(State.OWED, wait_seconds=self.context.limits.part_look_seconds))
                return False
            troubles.end(self.context, self.held, small_gaps.cause(self.item.id))
            if is_over:
                raise self.too_late(level, months)
            self.buy_term(seen, level, months)
        except SellerError as error:
            raise self.stop_unsent(error) from error
        return not self.request.live

    def _is_asked_about(self, level: Level) -> bool:
        """Whether a person has to decide first if a term is bought for so few days; the request keeps the decision."""
        is_gap = level.missing_days <= self.context.limits.few_days
        return self.seller.settings.ask_gaps and not self.request.word and is_gap

    def _is_decided_with_a_jump(self) -> bool:
        """Whether a jump of the panel's date is asked about already: then the smaller questions that it covers end."""
        if problems.of(self.context.db, Cause.of_service(self.item.id, problems.PAID)) is None:
            return False
        for kind in troubles.COVERS[problems.PAID]:
            troubles.end(self.context, self.held, Cause.of_service(self.item.id, kind))
        return True

    def _is_held(self) -> bool:
        """Whether the term has to wait: something else is under way for the service, or staff hold it suspended."""
        db, number = self.context.db, self.item.id
        others = [
            other
            for other in requests.live_others(db, number, self.kind)
            if other.kind not in (requests.PROLONG, *requests.BESIDE) and other.error_type != requests.OVERTAKEN
        ]
        operations = set(items.operations(db, number)) - set(requests.BESIDE)
        return bool(others or operations or items.is_held_by_staff(db, number))

    def stop(self, now: Standing, error: ResellerError, *, task: bool = False) -> Stopped:
        """As Attempt.stop(), but raise a problem where a person should know, and retry even what was refused."""
        if now.state == State.REFUSED:
            now = now._replace(wait_seconds=self.context.limits.part_look_seconds)
        stopped = super().stop(now, error)
        # A part that waits for money is covered by the account's one problem (sync/account_troubles.py).
        if task or now.state == State.REFUSED:
            # Fails if this process has lost its lease: somebody else may have bought the term by now, and nothing
            # would end the task that is made here.
            self.hold_for_send()
            params = {"cause": self.context.word(error), "remote": self.remote, "key": self.request.key}
            params["state"] = self.request.state
            cause = Cause.of_service(self.item.id, problems.OWED)
            problem = Problem(cause, self.item.module, "reseller_audit_owed", params, touches=(self.item.id,))
            troubles.raise_(self.context, self.held, problem)
        return stopped

    def _account(self, base: object) -> None:
        """Account for nothing: this purchase does not move the panel's date."""

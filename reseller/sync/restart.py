"""Start operations again that stopped for a temporary reason, once the reason has passed and not before.

An operation is started by the panel's own function (`runningoperation.start`). Its command looks at the seller before
it does anything, so a needless start costs a look and never a purchase.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

from reseller.commands import owed_terms
from reseller.commands.open import open_service
from reseller.context import Context, Seller
from reseller.ledger import accounts, problems, requests, states
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.requests import Request
from reseller.ledger.states import State
from reseller.lifecycle import operations, reasons, retries
from reseller.lifecycle import problems as troubles
from reseller.limits import Limits
from reseller.seller.account import read_balance
from reseller.wire.errors import Halted, Observing, ResellerError
from reseller.wire.numbers import whole

#: seconds that a started operation has to change its request before it is started again
SETTLE_SECONDS = 60


def ripe(live: Sequence[Request], limits: Limits, left: Collection[int] = ()) -> list[Request]:
    """The requests whose operation is to be started now, the oldest first, without those that wait for money.

    `left` are numbers of requests whose operation is gone: an unsent one is then given up by start().
    """
    due = []
    for request in live:
        if request.kind == requests.PART:
            is_ripe = request.state in owed_terms.AGAIN
        elif request.state == State.INTENT:
            is_ripe = request.quiet_seconds >= limits.stale_intent_seconds
        else:
            may_try = request.id in left or not retries.are_used_up(request.tries, limits)
            is_ripe = request.state == State.UNSENT and (may_try or request.error_type in retries.UNSENT.values())
        if is_ripe and request.is_due:
            due.append(request)
    # Where a right is missing, only one request tries again: the one with the fewest tries, the oldest of these.
    unable = [request for request in due if request.error_type == retries.WAITS_FOR_RIGHTS]
    unable.sort(key=lambda request: (request.tries, request.id))
    # Tries run in parallel, so our rows may be written in another order than the panel's operations.
    return sorted((request for request in due if request not in unable[1:]), key=lambda request: request.turn)


def affordable(context: Context, seller: Seller, live: Sequence[Request]) -> list[Request]:
    """The one purchase that waits for money and may be tried now; none while another is under way or in doubt, since
    the cost of that must have left the balance before the next is weighed.

    One that was refused without figures comes first, after `unsent_longest_seconds`; else the oldest with figures, if
    the balance has reached what was there plus what was missing. The balance is read only if a purchase waits for
    money; raises SellerError if it cannot be read.
    """
    waiting = [request for request in live if request.state == State.MONEY]
    looked_for = State.all_that_mean(states.IN_DOUBT | states.ON_ITS_WAY)
    if not waiting or any(request.state in looked_for and request.kind in requests.CHARGED for request in live):
        return []
    # In the order of the panel's operations: tries run in parallel, so our rows may be written in another order. Terms
    # without an operation come last, since the limit of a day may hold them back.
    waiting.sort(key=lambda request: (request.kind == requests.PART, request.operation, request.id))
    # An order refused without a stated deficit is retried now and then, and does not delay the others.
    unsaid = [request for request in waiting if request.have is None or request.deficit is None]
    tried = [r for r in unsaid if r.is_due and r.quiet_seconds >= context.limits.unsent_longest_seconds]
    if tried:
        return tried[:1]
    oldest = next((request for request in waiting if request not in unsaid), None)
    if oldest is None or not oldest.is_due or oldest.have is None or oldest.deficit is None:
        return []
    balance = read_balance(seller.transport, oldest.currency)
    accounts.save_balance(context.db, seller.account, balance)
    if not balance.amount or Decimal(balance.amount) < oldest.have + oldest.deficit:
        return []
    return [oldest]


def is_held_back(request: Request, *, observes: bool, may_spend: bool) -> bool:
    """Whether starting it is pointless, because its operation already says that the module observes or buying is
    stopped. One that does not say so yet is started once, to say it; a part has no operation to say it.

    `observes` is True while the module observes only, `may_spend` is False while a person has stopped buying.
    """
    if request.kind == requests.PART:
        return observes or not may_spend
    if observes and request.error_type == Observing.unsent:
        return True
    return not may_spend and (request.error_type == Halted.unsent or request.state == State.MONEY)


def note_stranded(context: Context, held: Lease, module: int) -> None:
    """Raise a problem for each operation that was left manual without a request, and end those that are over.

    The panel keeps no age of an operation that is known, so the problem's age is used: the operation is started once
    the problem is `stale_intent_seconds` old, since its process may be about to write a request. `held` is the run's
    lease.
    """
    operations_left = {item: operation for operation, item in requests.stranded(context.db, module)}
    known = {each.cause.number: each for each in problems.of_kind(context.db, module, problems.STRANDED)}
    for item, problem in known.items():
        if problem.params.get("operation") != str(operations_left.get(item)):
            # The operation is over, or another one follows it, whose age counts from now.
            troubles.end(context, held, problem.cause)
    for item, operation in operations_left.items():
        params = {"operation": str(operation)}
        cause = Cause.of_service(item, problems.STRANDED)
        troubles.raise_(context, held, Problem(cause, module, "reseller_stranded", params, touches=(item,)))


def stranded(context: Context, module: int) -> list[tuple[Cause, int]]:
    """Stranded operations that are old enough to start, each with its problem."""
    raised = problems.of_kind(context.db, module, problems.STRANDED)
    old = [each for each in raised if each.age_seconds >= context.limits.stale_intent_seconds]
    return [(each.cause, whole(each.params.get("operation", ""))) for each in old]


def start_stranded(context: Context, held: Lease, cause: Cause, operation: int) -> None:
    """Start a stranded operation and end its problem; raises PanelError if the panel refuses."""
    operations.start(context, operation)
    context.log.info(f"item {cause.number}: started operation {operation}, which nobody was at any more")
    troubles.end(context, held, cause)


def start(context: Context, request: Request) -> bool:
    """Start the request's operation; False when its reason is gone, and it is given up unsent (promise 10).

    An order that a person placed without an operation is tried here. Raises BusyError while another process works on
    the service, ResellerError if the start fails.
    """
    operation = operations.of(context, request)
    with context.hold(request.item) as held:
        current = requests.by_id(context.db, request.id)
        if not current.live or current.state != request.state:
            return False
        if not reasons.has_one(context, current):
            reasons.give_up(context, held, current)
            return False
        requests.wait(held, current, SETTLE_SECONDS)
    # Outside the service's lease, which the started command takes itself.
    if not operation:
        open_service(context, request.item)
        return True
    try:
        operations.start(context, operation)
    except ResellerError as error:
        context.log.error(f"item {request.item}: cannot start operation {operation}: {context.word(error)}")
        raise
    context.log.info(f"item {request.item}: started operation {operation} again ({request.state})")
    return True

"""One attempt at one request of one service, under the service's lease: what all commands share.

An attempt ends in one of two ways. Either its request is settled and the method returns, or `stop()` settles the
request with the reason, shows the reason on the operation, and returns the error for its caller to raise.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from reseller import log
from reseller.context import Context, Seller
from reseller.ledger import balances, links, problems, requests, spent, states
from reseller.ledger.leases import Lease, lease
from reseller.ledger.links import Link
from reseller.ledger.requests import Request, Standing
from reseller.ledger.states import State
from reseller.lifecycle import kept_answers, operations, ownership, retries
from reseller.mgr5 import items
from reseller.model import Item, Money
from reseller.seller import service
from reseller.seller.account import read_money
from reseller.seller.service import Service
from reseller.wire import money
from reseller.wire.errors import (
    Ambiguous,
    BusyError,
    Observing,
    PanelError,
    Rejected,
    ResellerError,
    SellerError,
    Stopped,
    Unfounded,
    Withheld,
)

if TYPE_CHECKING:
    from typing_extensions import Self

#: by kind, the error type of a proven refusal where "a change was refused" does not say enough
_REFUSED = {requests.ORDER: "reseller_order_refused", requests.PART: "reseller_part_refused"}
#: the same for an error that proves nothing, once polling has shown no effect of the call
_ANSWERED = {requests.ORDER: "reseller_order_answered", requests.PART: "reseller_part_answered"}


class Lack(NamedTuple):
    """The money that a request waits for: what there is, and how much is missing."""

    have: Decimal
    deficit: Decimal
    currency: str


class Attempt:
    """What an attempt works on; `kind` is the kind of its request, and the error types below word its failures."""

    kind = requests.ORDER
    #: error types of an attempt that sent nothing: while it is retried, and after the last try
    unsent, unsent_last = "reseller_unsent", "reseller_unsent_last"
    #: error type while the outcome of an earlier attempt is unknown
    looking = "reseller_looking"

    def __init__(
        self, context: Context, held: Lease, item: Item, operation: int, request: Request | None = None
    ) -> None:
        self.context = context
        self.held = held
        self.item = item
        self.operation = operation
        #: None for an order, which makes the link; everything else is about the link that exists
        self.link = None if self.kind == requests.ORDER else links.of_item(context.db, item.id)
        self.request = request or requests.live_of(context.db, item.id, self.kind) or self._intent()
        log.follow(self.request.correlation)
        self._seller: Seller | None = None

    @classmethod
    def again(cls, context: Context, request: Request, held: Lease) -> Self:
        """An attempt at a request that an earlier attempt has left, with the operation that the request serves."""
        item = items.read(context.db, request.item)
        return cls(context, held, item, operations.of(context, request), request)

    def _intent(self) -> Request:
        module = self.link.module if self.link else self.item.module
        item = replace(self.item, module=module)
        return requests.create(self.held, item, self.kind, operation=self.operation)

    @property
    def seller(self) -> Seller:
        """The seller of this attempt; ends the attempt when the settings of its module do not lead to that seller."""
        if self._seller is None:
            try:
                self._seller = self._lead()
            except PanelError:
                raise
            except SellerError as error:
                raise self.stop_unsent(error) from error
            except ResellerError as error:
                raise self.stop(Standing(self._unsent_state(State.REFUSED)), error) from error
            account, module = self._seller.account, self._seller.settings.module
            if (self.request.account, self.request.module) != (account, module):
                self.request = requests.set_account(self.held, self.request, account, module)
        return self._seller

    def _lead(self) -> Seller:
        """The seller of the link's account; for an order the module's, or the one that it may have been sent to."""
        if self.link is not None:
            return self.context.seller_of(self.link)
        if not self.in_doubt or not self.request.account:
            return self.context.buyer(self.item.module)
        return self.context.seller_of(self.request)

    def proves(self, error: Rejected) -> bool:
        """Whether this error proves that the call had no effect (seller/proofs.py)."""
        return self.context.proofs.hold(error)

    @property
    def answered(self) -> Rejected | None:
        """The inconclusive error that the seller answered to the last call of the request; None without one."""
        return kept_answers.again(self.request.answer)

    def settle_doubt(self, error: SellerError, type_: str = "") -> None:
        """Record that the outcome of the call is unknown; an error document is kept until polling shows the outcome."""
        answer = kept_answers.kept(error) if isinstance(error, Rejected) else None
        self.settle(Standing(State.LOOKING, type_ or error.type, answer=answer))

    @property
    def is_looked_for(self) -> bool:
        """Whether `look_seconds` have passed since the call was sent: it was looked for long enough."""
        return (self.request.sent_seconds or 0) >= self.context.limits.look_seconds

    @property
    def in_doubt(self) -> bool:
        """Whether an earlier try may have been carried out by the seller."""
        return self.request.state.means(states.IN_DOUBT)

    def linked(self) -> Link:
        """The service's link; ends the try when it has none."""
        if self.link is None:
            # A request that may have charged stays in doubt without a link; any other is refused.
            state = self._unsent_state(State.REFUSED) if self.kind in requests.CHARGED else State.REFUSED
            raise self.stop(Standing(state), ResellerError("reseller_not_linked", **self.names()))
        return self.link

    def view(self) -> Service:
        """The form of the linked remote service, MISSING without one; ends the try when it carries another's key.

        Every call that changes the service must come after this one (lifecycle/ownership.py). Raises SellerError.
        """
        link = self.linked()
        form = service.read(self.seller.transport, link.itemtype, link.remote)
        error = ownership.judge(self.context, self.held, link, form.key)
        if error is None:
            return form
        wait = self.context.limits.unsent_longest_seconds
        rests = not self.operation or items.is_manual(self.context.db, self.operation)
        if rests and (self.request.error_type, self.request.operation) == (error.type, self.operation):
            # The operation shows this error already, and nobody has started it since: wait without a new report.
            requests.wait(self.held, self.request, wait)
            raise Stopped.by(error)
        state = self._unsent_state(State.UNSENT)
        raise self.stop(Standing(state, tries=self._tries, wait_seconds=wait), error)

    def see(self) -> tuple[str, Service]:
        """The remote number and its form; ends the try when the form cannot be read, or says that there is none."""
        link = self.linked()
        try:
            form = self.view()
        except SellerError as error:
            raise self.stop_unsent(error) from error
        if not form.exists:
            raise self.stop(Standing(State.REFUSED), ResellerError("reseller_gone", **self.names()))
        return link.remote, form

    def names(self) -> dict[str, str]:
        """The parameters that every error of this attempt has."""
        remote = self.link.remote if self.link else "-"
        return {"item": str(self.item.id), "key": self.request.key, "kind": self.kind, "remote": remote}

    def hold_for_send(self) -> None:
        """Extend the service's lease, so that it outlives the longest call to the seller."""
        self.held.extend(self._send_seconds)

    @contextlib.contextmanager
    def spending(self) -> Iterator[None]:
        """Hold the account's purse, a lease, inside the block: only one call at a time, over all processes, spends.

        First the operation is made manual: whatever becomes of this attempt, even if it cannot be reported, the panel
        does not run the operation again by itself. Ends the attempt, to be repeated soon, when the panel does not show
        the operation as manual, or when another process holds the purse for too long.
        """
        limits = self.context.limits
        if self.operation and not operations.make_manual(self.context, self.operation):
            raise self.later(ResellerError("reseller_not_manual", **self.names()), limits.unsent_first_seconds)
        purse = lease(
            self.context.db,
            f"account:{self.seller.account}",
            self._send_seconds,
            wait_seconds=limits.account_wait_seconds,
        )
        with contextlib.ExitStack() as purse_lease:
            # The service's own lease must not run out while this process waits for the purse.
            self.held.extend(self._send_seconds + limits.account_wait_seconds)
            try:
                purse_lease.enter_context(purse)
            except BusyError as error:
                raise self.later(error, limits.unsent_first_seconds) from error
            before = self._balance()
            self.hold_for_send()
            try:
                yield
            except (Ambiguous, Rejected):
                # An error may be answered after the call has charged.
                self._note_cost(before)
                raise
            self._note_cost(before)

    def _balance(self) -> dict[str, Decimal]:
        """The account's money by currency, empty where it cannot be read: that stops no purchase."""
        try:
            told = read_money(self.seller.transport)
        except SellerError as error:
            self.context.log.info(f"item {self.item.id}: what this costs is not seen: {self.context.word(error)}")
            return {}
        balances.save(self.context.db, self.seller.account, told)
        return {each.currency: each.amount for each in told}

    def _note_cost(self, before: Mapping[str, Decimal]) -> None:
        """Record by how much the balance has fallen; while the purse is held, no other call of ours is charged."""
        after = self._balance() if before else {}
        for currency, amount in after.items():
            cost = before.get(currency, amount) - amount
            # A top-up at the same moment hides the cost: a balance that has not fallen is not recorded.
            if cost > 0:
                spent.note(self.held, self.request.id, cost, currency)
                balances.lower_floor(self.context.db, self.seller.account, currency)
                self.context.log.info(f"item {self.item.id} {self.kind}: cost {cost} {currency}".rstrip())

    @property
    def _send_seconds(self) -> int:
        limits = self.context.limits
        return max(limits.lease_seconds, 2 * limits.order_seconds)

    def stop_unsent(self, error: SellerError) -> Stopped:
        """End a try in which a reading call failed or was refused, so that the try has sent nothing.

        What an earlier try sent, or may have sent, is looked for later: its request must not count as never sent.
        """
        looking = ResellerError(self.looking, cause=self.context.word(error), **self.names())
        if self.request.state == State.WAITING:
            # Only report: the ledger keeps the state and its reason.
            return self._show(looking)
        if self.in_doubt:
            return self.stop(Standing(self._unsent_state(State.LOOKING)), looking)
        if isinstance(error, Withheld):
            # The try does not count; the next one follows a person's decision (sync/checkevent.py).
            withheld = ResellerError(error.unsent, cause=self.context.word(error), **self.names())
            limits = self.context.limits
            # What makes the call possible again also makes the try due.
            waits_longest = isinstance(error, (Unfounded, Observing))
            wait = limits.unsent_longest_seconds if waits_longest else limits.unsent_first_seconds
            return self.stop(Standing(State.UNSENT, tries=self._tries, wait_seconds=wait), withheld)
        trouble = retries.account_trouble(error)
        rule = retries.rule(error, self.context.limits)
        # A request that waits for the account goes on counting: it gets no new round of tries.
        tries = (self.request.tries if trouble else self._tries) + 1
        last = retries.are_used_up(tries, self.context.limits)
        wait = rule.wait_seconds(tries)
        if trouble in (problems.LOGIN, problems.RIGHTS) or (trouble and last):
            waits = ResellerError(retries.UNSENT[trouble], cause=self.context.word(error), **self.names())
            return self.stop(Standing(State.UNSENT, tries=tries, wait_seconds=rule.longest_seconds), waits)
        unsent = ResellerError(
            self.unsent_last if last else self.unsent,
            cause=self.context.word(error),
            tries=tries,
            times=rule.times,
            seconds=wait,
            **self.names(),
        )
        return self.stop(Standing(State.UNSENT, tries=tries, wait_seconds=wait), unsent, task=last)

    def later(self, reason: ResellerError, seconds: int) -> Stopped:
        """End a try that sent nothing and does not count: it is repeated after `seconds`, as often as it takes."""
        later = ResellerError("reseller_later", cause=self.context.word(reason), seconds=seconds, **self.names())
        return self.stop(Standing(State.UNSENT, tries=self._tries, wait_seconds=seconds), later)

    def wait_for(self, reason: ResellerError, seconds: int, lacks: Lack | None = None) -> Stopped:
        """As later(), for a request that waits under the reason's own type until that is gone (requests.wake)."""
        now = Standing(self._unsent_state(State.UNSENT), tries=self._tries, wait_seconds=seconds)
        return self.stop(now._replace(**lacks._asdict()) if lacks else now, reason)

    @property
    def _tries(self) -> int:
        """Tries so far; 0 after the last one, so that starting the operation by hand allows as many again."""
        return 0 if retries.are_used_up(self.request.tries, self.context.limits) else self.request.tries

    def refusal(self, error: Rejected) -> ResellerError:
        """The seller's refusal, worded for the kind of request that was refused."""
        if error.type != "reseller_refused":
            error.params.update(self.names())
            return error
        if self.proves(error):
            type_ = _REFUSED.get(self.kind, "reseller_change_refused")
        else:
            type_ = _ANSWERED.get(self.kind, "reseller_change_answered")
        return ResellerError(type_, object=error.object, value=error.value, **{**error.params, **self.names()})

    def rejected(self, error: Rejected) -> Stopped:
        """End a try that was refused, by proof or because polling has shown nothing."""
        now = self.standing(error)
        if now.state != State.UNSENT:
            return self.stop(now, self.refusal(error))
        self.settle(now)
        return self.stop_unsent(error)

    def standing(self, error: Rejected) -> Standing:
        """Where a rejected request stands: waiting for money, with the figures to weigh it by; waiting for the account
        to work again; or refused."""
        if retries.account_trouble(error):
            return Standing(State.UNSENT, error.type, tries=self._tries)
        told = {name: money.parse(text) for name, text in error.seller_params.items()}
        have, deficit, currency = told.get("have"), told.get("deficit"), error.params.get("currency", "")
        if have is not None and currency and error.type == "reseller_money":
            named = Money(have, currency, told.get("limit"), told.get("reserved"))
            balances.save_refused(self.context.db, self.seller.account, named, told.get("amount"), deficit)
        state = State.MONEY if error.type == "reseller_money" else State.REFUSED
        return Standing(state, error.type, have=have, deficit=deficit, currency=currency)

    def _unsent_state(self, state: State) -> State:
        """`state` for a try that sent nothing, unless an earlier call is still in doubt, or the seller has taken it."""
        now = self.request.state
        if now == State.SENDING:
            return State.LOOKING
        return now if now.means(states.IN_DOUBT) or now.means(states.TAKEN) else state

    def settle(self, now: Standing) -> None:
        """Record where the request stands."""
        self.request = requests.settle(self.held, self.request, now)

    def stop(self, now: Standing, error: ResellerError, *, task: bool = False) -> Stopped:
        """Settle the request and show the reason on the operation; the error to raise."""
        self.settle(now._replace(error_type=error.type, error_text=self.context.word(error), operation=self.operation))
        return self._show(error, task=task)

    def _show(self, error: ResellerError, *, task: bool = False) -> Stopped:
        self.context.log.error(f"item {self.item.id} {self.kind} {self.request.state}: {self.context.word(error)}")
        operations.report(self.context, self.item, self.operation, error, task=task)
        return Stopped.by(error)


class LinkedAttempt(Attempt):
    """One try that makes no sense without a remote service: it ends at once, with the reason, when there is no link."""

    def __init__(
        self, context: Context, held: Lease, item: Item, operation: int, request: Request | None = None
    ) -> None:
        super().__init__(context, held, item, operation, request)
        self.link: Link = self.linked()
        self.remote = self.link.remote

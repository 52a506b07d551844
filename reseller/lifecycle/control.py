"""Power and password: one call to the seller, and `service.post<kind>` here once the seller is done.

The seller does not show the effect of these calls, only that something is under way. A call that the seller took is
therefore waited for while the service is busy, and is done when it no longer is. After a lost answer an absolute call
(start, stop, a password) is repeated, on the schedule of unsent requests. A reboot is not, since it would interrupt the
machine a second time: its operation says so, and the call is repeated when somebody presses Start, or a new operation
asks for it.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator

from reseller.context import Context
from reseller.ledger import requests
from reseller.ledger.leases import Lease
from reseller.ledger.requests import Effect, Request, Standing
from reseller.ledger.states import State
from reseller.lifecycle import offers, operations, retries
from reseller.lifecycle.attempt import Attempt
from reseller.mgr5 import functions, items
from reseller.model import Item, Status
from reseller.seller.service import Service
from reseller.wire.errors import Ambiguous, NotSent, Rejected, ResellerError, SellerError, Stopped

OVERDUE = "reseller_change_overdue"


@contextlib.contextmanager
def begin(context: Context, number: int, kind: str, given: int) -> Iterator[tuple[Lease, Item, int]]:
    """Begin command `kind`: the service's lease, the service, and the operation. Raises BusyError, ResellerError."""
    with operations.begin(context, number, kind, given) as (held, item, operation):
        offers.check(context, item, kind, operation)
        yield held, item, operation


class Control(Attempt, ABC):
    """One attempt at one control command; `kind` is the command's own name."""

    unsent, unsent_last = "reseller_change_unsent", "reseller_change_unsent_last"
    looking = "reseller_change_looking"
    #: whether making the call twice has the same effect as making it once
    absolute = True

    def __init__(
        self, context: Context, held: Lease, item: Item, operation: int, request: Request | None = None
    ) -> None:
        super().__init__(context, held, item, operation, request)
        #: a new operation is a new request, even if the last one of this kind never finished
        self._is_anew = bool(operation and self.request.operation and operation != self.request.operation)

    def prepare(self) -> None:
        """Get what the call needs; ends the try when that is not possible."""

    @abstractmethod
    def call(self, remote: str) -> None:
        """Make the call; raises SellerError."""

    def taken(self) -> None:
        """Record on the panel what the seller has just accepted."""

    def run(self) -> None:
        """Read the form; send the call unless the seller has it already, or it must not be repeated; read again."""
        if self.request.state == State.WAITING and self._is_anew:
            # A crash came after the panel's call-back and before the ledger's write: the request is done.
            self.settle(Standing(State.DONE))
            self.request = self._intent()
        if self.request.state == State.WAITING:
            self._wait(self._glance())
            return
        remote, seen = self.see()
        if self.in_doubt and seen.may_be_at(self.kind):
            self._took(seen)
        elif self._is_answered and not self._is_anew:
            raise self._answered()
        elif self.in_doubt and not (self.absolute or self._is_anew or self.request.state == State.UNCONFIRMED):
            raise self._ask(ResellerError("reseller_answer_lost"))
        else:
            self._send(remote, seen)

    def look(self) -> bool:
        """Poll whether the command is done; raises ResellerError when a person has to know."""
        _, seen = self.see()
        if self.request.state == State.WAITING:
            return self._look(seen)
        if seen.may_be_at(self.kind):
            self._took(seen)
        elif self._is_answered:
            if self.is_looked_for:
                raise self._answered()
        elif self.request.state != State.UNCONFIRMED:
            if not self.absolute:
                raise self._ask(ResellerError("reseller_answer_lost"))
            # Its operation repeats the call: only the operation carries what the call needs.
            self.settle(Standing(State.UNSENT, tries=self.request.tries))
        return False

    def _send(self, remote: str, seen: Service) -> None:
        if seen.status == Status.SUSPENDED:
            raise self.stop(Standing(State.REFUSED), ResellerError("reseller_suspended_there", **self.names()))
        if seen.is_busy:
            raise self.stop_unsent(NotSent("reseller_busy_there", remote=remote))
        self.prepare()
        self.hold_for_send()
        requests.sending(self.held, self.request, Effect(f"{self.kind} {remote}"))
        try:
            self.call(remote)
        except NotSent as error:
            raise self.stop_unsent(error) from error
        except (Rejected, Ambiguous) as error:
            if isinstance(error, Rejected) and self.proves(error):
                raise self.rejected(error) from error
            # The service was not busy before the call, so a service that is busy now is busy with it.
            seen_now = self._glance()
            if seen_now is None or not seen_now.is_busy:
                raise self._unknown(error) from error
            self._took(seen_now)
        else:
            self.taken()
            self._took(self._glance())

    def _unknown(self, error: SellerError) -> Stopped:
        """The form shows no sign of the call: poll on after an error; after a lost answer repeat, or ask a person."""
        if isinstance(error, Rejected):
            self.settle_doubt(error, self.looking)
            return self._answered()
        return self._again(error) if self.absolute else self._ask(error)

    @property
    def _is_answered(self) -> bool:
        """Whether the call was answered with an error while its outcome is still unknown."""
        return self.in_doubt and bool(self.request.answer)

    def _answered(self) -> Stopped:
        """Poll on for `look_seconds`; then the error counts as a refusal, with the seller's own text."""
        error = self.answered
        assert error is not None  # noqa: S101 - see _is_answered
        if self.is_looked_for:
            return self.rejected(error)
        looking = ResellerError(self.looking, cause=self.context.word(error), **self.names())
        return self.stop(Standing(State.LOOKING), looking)

    def _took(self, seen: Service | None) -> None:
        """Record that the seller has the call; `seen` shows whether it is done, None when it cannot be read now."""
        self.settle(Standing(State.WAITING, "reseller_change_waiting", operation=self.operation))
        self._wait(seen)

    def _glance(self) -> Service | None:
        """The form, None when it cannot be read now: the call itself was made, so that stops nothing."""
        try:
            return self.view() if self.link else None
        except SellerError:
            return None

    def _wait(self, seen: Service | None) -> None:
        """Finish, or let the operation wait as a manual one, which the panel does not run again by itself."""
        if seen is not None and not seen.is_busy:
            self._finish()
        elif self._is_overdue:
            raise self._overdue()
        else:
            self._park()

    def _look(self, seen: Service) -> bool:
        """As _wait(), but report and write nothing a second time."""
        if not seen.is_busy:
            self._finish()
            return True
        if self._is_overdue and self.request.error_type != OVERDUE:
            raise self._overdue()
        if self.operation and not items.has_task(self.context.db, self.operation):
            self._park()
        return False

    @property
    def _is_overdue(self) -> bool:
        return (self.request.sent_seconds or 0) >= self.context.limits.change_seconds

    def _overdue(self) -> Stopped:
        error = ResellerError(OVERDUE, minutes=max(1, (self.request.sent_seconds or 0) // 60), **self.names())
        return self.stop(Standing(State.WAITING), error, task=True)

    def _park(self) -> None:
        if self.operation:
            waiting = ResellerError("reseller_change_waiting", **self.names())
            operations.note(self.context, self.item, self.operation, self.context.word(waiting))

    def _again(self, error: SellerError) -> Stopped:
        """Repeat the call on the schedule of unsent requests; after the last try a person decides."""
        rule = retries.rule(error, self.context.limits)
        tries = self.request.tries + 1
        last = retries.are_used_up(tries, self.context.limits)
        wait = rule.wait_seconds(tries)
        again = ResellerError(
            "reseller_again_last" if last else "reseller_again",
            cause=self.context.word(error),
            tries=tries,
            times=rule.times,
            seconds=wait,
            **self.names(),
        )
        return self.stop(Standing(State.UNSENT, tries=tries, wait_seconds=wait), again, task=last)

    def _ask(self, error: ResellerError) -> Stopped:
        """Make a task for a person to decide; the request becomes UNCONFIRMED after that.

        In that state a Start counts as the decision, which it can only be once the operation has shown the question.
        """
        question = ResellerError("reseller_not_repeated", cause=self.context.word(error), **self.names())
        stopped = self.stop(Standing(State.LOOKING), question, task=True)
        self.settle(Standing(State.UNCONFIRMED, question.type, self.context.word(question)))
        return stopped

    def _finish(self) -> None:
        """Finish on the panel, which ends the operation, and only then in the ledger: a crash between repeats it."""
        functions.call_back(self.context.mgrctl, f"service.post{self.kind}", self.item.id)
        if self.operation:
            operations.close(self.context, self.operation)
        self.settle(Standing(State.DONE))
        self.context.log.info(f"item {self.item.id}: {self.kind} is done")

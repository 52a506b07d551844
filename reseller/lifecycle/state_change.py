"""What suspend, resume and close share: bring a remote service into a state, however long that takes.

A first try, a Start by hand, a retry by the panel and every poll of checkevent follow one rule (`_step`): read what the
seller shows; finish if that is the goal; send the call, unless the seller has taken it already or is busy with the
service; report what is waited for. The answer of a call never decides, only what the seller shows afterwards. So a lost
answer costs another reading, and these calls may be repeated without harm. A Start repeats even a call that the seller
took. After an error that does not prove that the call had no effect, the runs read the seller's form for
`look_seconds`; if the goal does not show by then, the error counts as a refusal.
"""

from __future__ import annotations

from typing import NamedTuple

from reseller.ledger import requests, states
from reseller.ledger.links import Link
from reseller.ledger.requests import Effect, Standing
from reseller.ledger.states import State
from reseller.lifecycle import operations, overtaken, retries
from reseller.lifecycle.attempt import Attempt
from reseller.mgr5 import functions, items
from reseller.model import Status
from reseller.seller import controls
from reseller.seller.service import Service
from reseller.wire import dates
from reseller.wire.errors import Ambiguous, Rejected, ResellerError, SellerError


class Goal(NamedTuple):
    """The status that a command wants the seller to show, the call to the seller, and the panel's call-back then."""

    status: int
    verb: str
    callback: str

    def is_reached(self, seen: Service) -> bool:
        """Whether the seller shows the goal; a service that is gone counts as deleted."""
        if self.status == Status.DELETED:
            return not seen.exists
        return seen.exists and seen.status == self.status


class Wait(NamedTuple):
    """What a waiting change says, as error types: `told` first; `late`, with a task, once it lasts too long.

    `taken`: the seller has the call, so no run repeats it, only a Start by a person. `failure`: it is an error on the
    operation, with a task at once only if `task`; else it is a note, which makes the operation manual, with its task.
    """

    told: str
    late: str = ""
    taken: bool = True
    failure: bool = False
    task: bool = False


TAKEN = Wait("reseller_change_waiting", "reseller_change_overdue")
BEFORE = Wait("reseller_change_before", "reseller_change_blocked", taken=False)
#: in place of a digest: the call was sent before, and the outcome of that was not known
AGAIN = "again"
#: the call was sent again and again, without an answer or any sign of its effect
LOST = Wait("reseller_change_lost", failure=True, task=True)
#: the outcome of the service's order is unknown; the order has a deadline and a task of its own
DOUBT = Wait("reseller_order_in_doubt", taken=False, failure=True)


class Change(Attempt):
    """One attempt at one change of state."""

    unsent, unsent_last = "reseller_change_unsent", "reseller_change_unsent_last"
    looking = "reseller_change_looking"

    goal: Goal
    #: whether an overtaken request is asked for again, and this is the first attempt since
    _is_anew = False
    #: what a change of this kind may wait for
    waits: tuple[Wait, ...] = (TAKEN, BEFORE, LOST, DOUBT)

    def run(self) -> None:
        """Carry out the command, or leave operation and request waiting; raises ResellerError if it cannot."""
        if self.request.error_type == requests.OVERTAKEN:
            # The change is asked for again: the request that was only watched continues, for the present operation.
            self._is_anew = True
            self.settle(Standing(self.request.state, operation=self.operation))
        try:
            self._step(insist=True)
        except SellerError as error:
            raise self.stop_unsent(error) from error

    def look(self) -> bool:
        """Poll for checkevent: whether the change is done, or over. Raises ResellerError with what is new to report."""
        if not overtaken.is_unwanted(self):
            return self._step(insist=False)
        if overtaken.is_left_behind(self):
            overtaken.end(self)
            return True
        seen = self.view()
        if self._ends_as_asked(seen):
            self._finish()
            return True
        return overtaken.watch(self, seen)

    def _ends_as_asked(self, seen: Service) -> bool:
        """Whether the goal shows although the operation was deleted, and no other operation of the service exists.

        Only while the panel still has the service in process, so that its state contradicts nothing.
        """
        if self.request.error_type == requests.OVERTAKEN or self.item.status != Status.PROCESSING:
            return False
        is_wanted_otherwise = items.operations(self.context.db, self.item.id)
        taken = self.request.state == State.WAITING
        return not is_wanted_otherwise and self._is_reached(seen, self._known, taken=taken)

    def _step(self, *, insist: bool) -> bool:
        if self.link is None:
            return self._without_link(insist=insist)
        seen = self.view()
        wait = self._known
        taken = self.request.state == State.WAITING and wait.taken
        reached = self._is_reached(seen, wait, taken=taken) and not self._is_contradicted
        if not reached:
            self._check(seen)
            answered = None if insist else self.answered
            if seen.status == Status.PROCESSING:
                wait = wait if taken else BEFORE
            elif answered is not None and not self.is_looked_for:
                return False
            elif answered is not None:
                wait = self._refused(answered)
            elif insist or not taken:
                seen, wait = self._send(self.link, seen)
                reached = self._is_reached(seen, wait, taken=wait.taken)
        if reached:
            self._finish()
            return True
        self._pending(wait, insist=insist)
        return False

    def _is_reached(self, seen: Service, wait: Wait, *, taken: bool) -> bool:  # noqa: ARG002 - a deletion asks for more
        """Whether the goal shows; `wait` is what was waited for so far, `taken` whether the seller has the call."""
        return self.goal.is_reached(seen)

    @property
    def _is_contradicted(self) -> bool:
        """Whether an earlier contrary call may still undo what the seller shows, and this one was not sent yet."""
        is_first = (self.request.sent_seconds is None or self._is_anew) and self.goal.status != Status.DELETED
        return is_first and overtaken.may_come(self.context, self.item.id, self.kind)

    @property
    def _known(self) -> Wait:
        """What the request has waited for so far; where it does not say, BEFORE: the seller may not have the call."""
        error_type = self.request.error_type
        return next((wait for wait in self.waits if error_type and error_type in (wait.told, wait.late)), BEFORE)

    def _without_link(self, *, insist: bool) -> bool:
        """Decide about a service without a link: nothing was bought, or the outcome of the order is not known yet."""
        order = requests.live_of(self.context.db, self.item.id)
        if order is not None and order.state.means(states.IN_DOUBT):
            self._pending(DOUBT, insist=insist, order=order.key)
            return False
        if self.goal.status != Status.DELETED:
            raise self.stop(Standing(State.REFUSED), ResellerError("reseller_not_linked", **self.names()))
        if order is not None:
            overtaken.abandon(self.context, self.held, order)
        self._finish()
        return True

    def _check(self, seen: Service) -> None:
        """Refuse to send to a service that is gone, or to resume one that the seller's own staff have suspended."""
        if not seen.exists:
            raise self.stop(Standing(State.REFUSED), ResellerError("reseller_gone", **self.names()))
        if self.goal.status == Status.ACTIVE and seen.suspended_by:
            error = ResellerError("reseller_staff_suspended", by=seen.suspended_by, **self.names())
            raise self.stop(Standing(State.REFUSED), error)

    def _send(self, link: Link, before: Service) -> tuple[Service, Wait]:
        """Send the call; what the seller shows afterwards, and what is waited for if that is not the goal."""
        self.hold_for_send()
        detail = f"{link.itemtype}.{self.goal.verb} {link.remote}"
        # The digest records a repetition, since the earlier call may land after this one (overtaken.py).
        is_again = bool(self.request.digest) or (self.request.is_open and self.request.sent_seconds is not None)
        effect = Effect(detail, promise=dates.text(before.expiredate), call=AGAIN if is_again else "")
        requests.sending(self.held, self.request, effect)
        try:
            controls.change_state(self.seller.transport, link.itemtype, link.remote, self.goal.verb)
        except Rejected as error:
            return self._rejected(error, before)
        except Ambiguous as error:
            return self._unanswered(error)
        return self._shown(), TAKEN

    def _shown(self) -> Service:
        """What the seller shows after a call that may have been carried out; if reading fails, that stays in doubt."""
        self.request = requests.by_id(self.context.db, self.request.id)
        return self.view()

    def _rejected(self, error: Rejected, before: Service) -> tuple[Service, Wait]:
        seen = self._shown()
        if self.goal.status != Status.DELETED and self.goal.is_reached(before):
            # The goal showed before, and the call was only sent since an earlier one may still undo it: a refusal
            # means no more than that there is nothing to do.
            return seen, BEFORE
        is_proven = self.proves(error)
        if not is_proven:
            self.settle_doubt(error, self.looking)
        if self._is_reached(seen, BEFORE, taken=False) or seen.status == Status.PROCESSING:
            return seen, BEFORE
        if is_proven:
            return seen, self._refused(error)
        looking = ResellerError(self.looking, cause=self.context.word(error), **self.names())
        raise self.stop(Standing(State.LOOKING), looking) from error

    def _refused(self, error: Rejected) -> Wait:
        """The Wait with which the change goes on after this refusal. Here there is none, so it raises."""
        raise self.rejected(error) from error

    def _unanswered(self, error: Ambiguous) -> tuple[Service, Wait]:
        """The call got no answer: unless its effect shows, the next runs repeat it, but only `unsent_times`."""
        seen = self._shown()
        if self.goal.is_reached(seen) or seen.status == Status.PROCESSING:
            return seen, BEFORE
        tries = self._tries + 1
        if retries.are_used_up(tries, self.context.limits):
            return seen, LOST
        looking = ResellerError(self.looking, cause=self.context.word(error), **self.names())
        raise self.stop(Standing(State.LOOKING, tries=tries), looking) from error

    def _pending(self, wait: Wait, *, insist: bool, **more: str) -> None:
        """Write the reason for waiting on the operation, once unless `insist`; once it lasts too long, make a task."""
        same = self.request.state == State.WAITING and self.request.error_type in (wait.told, wait.late)
        if same and not insist:
            if wait.late and self.request.error_type == wait.told and self._is_overdue(wait):
                raise self.stop(Standing(State.WAITING), self._saying(wait.late, more), task=True)
            return
        reason = self._saying(wait.told, more)
        if wait.failure:
            raise self.stop(Standing(State.WAITING), reason, task=wait.task)
        sentence = self.context.word(reason)
        self.settle(Standing(State.WAITING, reason.type, sentence))
        if self.operation:
            operations.note(self.context, self.item, self.operation, sentence)

    def _is_overdue(self, wait: Wait) -> bool:  # noqa: ARG002 - some waits have a deadline of their own
        return self.request.quiet_seconds >= self.context.limits.change_seconds

    def _saying(self, type_: str, more: dict[str, str]) -> ResellerError:
        minutes = str(max(1, self.request.quiet_seconds // 60))
        return ResellerError(type_, minutes=minutes, date=self.request.promise, **{**self.names(), **more})

    def _finish(self) -> None:
        """Finish on the panel, which ends the operation, and only then in the ledger: a crash between repeats it."""
        if self.request.state not in (State.SENDING, State.LOOKING, State.WAITING):
            # After a crash without the operation only a poll of checkevent can finish it, so it must be a state polled.
            self.settle(Standing(State.WAITING, TAKEN.told))
        functions.call_back(self.context.mgrctl, self.goal.callback, self.item.id)
        if self.operation:
            operations.close(self.context, self.operation)
        self._record()
        self.context.log.info(f"item {self.item.id}: {self.kind} is done")

    def _record(self) -> None:
        self.settle(Standing(State.DONE))

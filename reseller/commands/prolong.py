"""prolong: pay the seller for what the client has paid for, once (docs/paid-time.md).

A renewal charges, is not idempotent, and the seller stores no request id. Its effect is recognised by the date: the
request keeps the date before, the term, and the date that the seller's own form promises. A date that has moved by a
term proves the renewal. After a doubt nothing is sent again: the date is polled, and if it does not move a person
decides.

What is bought follows from two dates and not from what was bought before (lifecycle/term_to_buy.py). A renewal that
the seller was paid for already buys nothing; one of many months buys one term of the seller's, and the rest is bought
when the seller's date comes near (owed_terms.py). Only one request at a time may move a service's date at the seller,
whether an operation asked for it or not.
"""

from __future__ import annotations

import datetime as dt

from reseller.context import Context
from reseller.ledger import paid, problems, requests, tariffmap
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.requests import Effect, Request, Standing
from reseller.ledger.states import State
from reseller.lifecycle import autorenewal, ceiling, operations, order_plan, retries, term_to_buy
from reseller.lifecycle import problems as troubles
from reseller.lifecycle.attempt import LinkedAttempt
from reseller.lifecycle.overtaken import abandon
from reseller.lifecycle.term_to_buy import Level
from reseller.mgr5 import functions, items
from reseller.model import Status
from reseller.seller import controls, renewals
from reseller.seller.service import Service
from reseller.wire import dates
from reseller.wire.errors import Ambiguous, Rejected, ResellerError, SellerError, Stopped

CALLBACK = "service.postprolong"
#: kinds of request that move a service's date at the seller; only one of them at a time may be open
SLOT = (requests.PROLONG, requests.PART)


def prolong(context: Context, number: int, given: int = 0) -> None:
    """Renew the remote service of `number` for its period; returns when that is done, need not be, or is waited for.

    Raises BusyError when another process holds the service's lease, otherwise ResellerError with the reason, which the
    operation shows as well.
    """
    with operations.begin(context, number, requests.PROLONG, given) as (held, item, operation):
        if not operation:
            # Only its operation tells this renewal from the one before.
            raise ResellerError("reseller_operation_none", object="item", item=number, kind=requests.PROLONG)
        Renewal(context, held, item, operation).run()


def look_again(context: Context, request: Request, held: Lease) -> bool:
    """Poll whether the seller's date shows the renewal; raises ResellerError once that was done for long enough."""
    return Renewal.again(context, request, held).look()


class Renewal(LinkedAttempt):
    """One attempt at one renewal."""

    kind = requests.PROLONG
    unsent, unsent_last = "reseller_change_unsent", "reseller_change_unsent_last"
    looking = "reseller_renewal_looking"

    def run(self) -> None:
        """Read the form; renew unless the renewal shows already, is under way, or is in doubt."""
        try:
            seen = self._view()
            if self._is_done(seen) and self._is_of_another_operation:
                self.settle(Standing(State.DONE))
                self.request = self._intent()
            if self._is_done(seen):
                self._finish(seen)
            elif self.request.state == State.WAITING:
                self._park()
            elif self.in_doubt:
                told = ResellerError("reseller_renewal_looking", cause=_shown(seen), **self.names())
                raise self.stop(Standing(self._unsent_state(State.LOOKING)), told)
            else:
                self._renew(seen)
        except SellerError as error:
            raise self.stop_unsent(error) from error

    def look(self) -> bool:
        """Finish if the seller's date has moved; make a task when it has not for `look_seconds`."""
        seen = self._view()
        if self._is_done(seen):
            if self._is_of_another_operation:
                self.settle(Standing(State.DONE))
            else:
                self._finish(seen)
            return True
        limits = self.context.limits
        sent = self.request.sent_seconds or 0
        # A call that the seller took or answered, and is still busy with, is not lost: wait up to `change_seconds`.
        is_known = self.request.state == State.WAITING or bool(self.request.answer)
        is_at_it = is_known and seen.is_busy and sent < limits.change_seconds
        answered = self.answered
        if answered is not None and self.is_looked_for and not is_at_it:
            raise self._rejected(answered)
        if sent >= limits.look_seconds and self.request.state != State.UNCONFIRMED and not is_at_it:
            shown = {"was": self.request.was, "promise": self.request.promise, "now": _shown(seen)}
            error = ResellerError("reseller_renewal_unconfirmed", minutes=max(1, sent // 60), **shown, **self.names())
            raise self.stop(Standing(State.UNCONFIRMED), error, task=True)
        if self.request.state == State.SENDING:
            self.settle(Standing(State.LOOKING, "reseller_renewal_looking"))
        return False

    def _is_done(self, seen: Service) -> bool:
        """Whether the seller's date shows the renewal: it has moved by the term that was bought.

        Where the date before or the months of the term are not known, the date has to reach the promised one; without
        a promise it has to be later than before. The ledger keeps dates as YYYY-MM-DD.
        """
        request, now = self.request, seen.expiredate
        if now is None or not (request.was or request.promise):
            return False
        if request.was and request.term > 0:
            return term_to_buy.has_moved(dt.date.fromisoformat(request.was), now, request.term)
        return dates.text(now) >= request.promise if request.promise else dates.text(now) > request.was

    @property
    def _is_of_another_operation(self) -> bool:
        """Whether the request served an earlier operation, so that the present one asks for a renewal of its own.

        A crash after the panel's call-back and before the ledger's write leaves such a request. Taking the new
        operation for the old one would end it without renewing anything.
        """
        return bool(self.operation and self.request.operation and self.operation != self.request.operation)

    def _view(self) -> Service:
        seen = self.view()
        if not seen.exists:
            raise self.stop(Standing(State.REFUSED), ResellerError("reseller_gone", **self.names()))
        return seen

    def term(self) -> int:
        """Months that the tariff map names for the service's period; ends the try when the map names none."""
        try:
            return order_plan.term(self.item, tariffmap.load(self.context.db, self.item.pricelist))
        except ResellerError as error:
            raise self.stop(Standing(State.REFUSED), error) from error

    def _renew(self, seen: Service) -> None:
        """Buy a term, unless the seller is already paid for the time that this renewal covers."""
        self._take_slot()
        wanted = self.term()
        if wanted <= 0:
            # A day or a trial has no number of months to compare the two dates with: it is bought as it is.
            self.send(seen, wanted)
            return
        level = self.level(seen, self._paid_with_this())
        if level.is_wanted(self.context.limits):
            self.buy_term(seen, level, wanted)
        else:
            self.context.log.info(f"item {self.item.id}: remote {self.remote} is paid until {_shown(seen)} already")
            self._finish(seen)

    def buy_term(self, seen: Service, level: Level, wanted: int) -> None:
        """Buy the term that fits; ends the try where even that term would be over already, for a person to decide."""
        months = self.fitting(level, wanted)
        if level.is_in_vain(months):
            raise self.too_late(level, months)
        self.send(seen, months)

    def fitting(self, level: Level, wanted: int) -> int:
        """Months to buy: `wanted`, or another term of the tariff map that fits the two dates better."""
        mapping = tariffmap.load(self.context.db, self.item.pricelist)
        return level.term(wanted, mapping.terms, self.context.limits)

    def too_late(self, level: Level, months: int) -> Stopped:
        """End the try without buying: the seller's date is past, so a person has to decide about the service."""
        told = {"there": level.there, "paid": level.paid, "today": level.today, "months": months}
        return self.stop(Standing(State.REFUSED), ResellerError("reseller_too_late", **told, **self.names()))

    def _take_slot(self) -> None:
        """Wait for another request that may still move the seller's date; give up a part that was never sent."""
        for other in requests.live_others(self.context.db, self.item.id, self.kind):
            if other.kind in SLOT and other.is_open:
                reason = ResellerError("reseller_slot", other=other.key, **self.names())
                raise self.later(reason, self.context.limits.unsent_first_seconds)
            if other.kind == requests.PART:
                abandon(self.context, self.held, other)

    def level(self, seen: Service, until: dt.date | None) -> Level:
        """The dates of both sides; ends the try where one of them cannot be used.

        The seller's must be a date, and not earlier than the latest one seen by more than `tolerance_days`: a stale
        form must not be paid for.
        """
        kept = paid.of(self.context.db, self.link.id)
        if until is None:
            raise self.stop(Standing(State.REFUSED), ResellerError("reseller_endless", **self.names()))
        if seen.expiredate is None:
            error = ResellerError("reseller_no_date", object="expiredate", value=_shown(seen), **self.names())
            raise self.stop(Standing(State.REFUSED), error)
        cause = Cause.of_service(self.item.id, problems.DATE_BACK)
        if kept.highest and (kept.highest - seen.expiredate).days > self.context.limits.tolerance_days:
            told = {**self.names(), "there": dates.text(seen.expiredate), "highest": dates.text(kept.highest)}
            here = dates.text(self.item.expiredate)
            problem = Problem(cause, self.item.module, "reseller_date_back", told, here, told["there"], (self.item.id,))
            if kept.left is not None and kept.left == self.item.expiredate:
                # A person has decided that the service ends like this (`resellerctl paid`): do not ask again.
                raise self.stop(Standing(State.REFUSED), ResellerError.by(troubles.message(problem)))
            troubles.raise_(self.context, self.held, problem)
            raise self.later(ResellerError.by(troubles.message(problem)), self.context.limits.part_look_seconds)
        troubles.end(self.context, self.held, cause)
        return Level(until, seen.expiredate, self.seller.transport.today)

    def _paid_with_this(self) -> dt.date | None:
        """The day until which the client has paid, this renewal included.

        Whether the panel's date includes the renewal before its call-back is learned (_tell_panel).
        """
        day, months = self.item.expiredate, self.item.period
        if day is None or months <= 0 or paid.panel_moves(self.context.db) == paid.BEFORE:
            return day
        return term_to_buy.after(day, months)

    def send(self, before: Service, months: int) -> None:
        """Buy `months` at the seller.

        Ends the try before anything is sent where the form shows something that is no date: the effect of the renewal
        could not be recognised by it.
        """
        if before.undated:
            error = ResellerError("reseller_no_date", object="expiredate", value=before.undated, **self.names())
            raise self.stop(Standing(State.REFUSED), error)
        ceiling.require_renewal(self, before, months)
        autorenewal.switch_off(self.context, self.seller, self.item.itemtype, self.remote, before.autoprolong)
        was, promise = dates.text(before.expiredate), dates.text(self._promise(months))
        detail = f"service.prolong {self.remote} period={months} {was} -> {promise or 'later'}"
        effect = Effect(detail, was=was, promise=promise, months=months)
        try:
            with self.spending():
                requests.sending(self.held, self.request, effect)
                renewals.prolong(self.seller.transport, self.remote, str(months), self.context.limits.order_seconds)
        except (Rejected, Ambiguous) as error:
            if isinstance(error, Rejected) and self.proves(error):
                raise self._rejected(error) from error
            self.settle_doubt(error, "reseller_renewal_looking")
            self._finish_if_shown()
            if self.request.live:
                told = ResellerError("reseller_renewal_looking", cause=self.context.word(error), **self.names())
                raise self.stop(Standing(State.LOOKING), told) from error
        else:
            self.settle(Standing(State.WAITING, "reseller_renewal_looking"))
            self._finish_if_shown()
            if self.request.live:
                self._park()

    def _promise(self, months: int) -> dt.date | None:
        """The date that the seller's form promises after the renewal, None where it promises none.

        A refusal that names a day ends the try until that day. Raises SellerError: any other refusal of the form says
        nothing about the renewal.
        """
        try:
            return renewals.promise(self.seller.transport, self.remote, str(months))
        except Rejected as error:
            early = self._early(error)
            if early is None:
                raise
            raise early from error

    def _finish_if_shown(self) -> None:
        """Read the form, and finish if its date shows the renewal: the date decides, whatever the call answered."""
        seen = self._view()
        if self._is_done(seen):
            self._finish(seen)

    def _park(self) -> None:
        if self.operation:
            told = ResellerError("reseller_change_waiting", **self.names())
            operations.note(self.context, self.item, self.operation, self.context.word(told))

    def _rejected(self, error: Rejected) -> ResellerError:
        """End a try that was refused, by proof or because polling has shown nothing."""
        return self._early(error) or self.rejected(error)

    def _early(self, error: Rejected) -> Stopped | None:
        """End the try until the day that the refusal names; None where it names no day."""
        now = dt.datetime.now(dt.timezone.utc)
        day = retries.not_before(error, now.date())
        if not day:
            return None
        return self.later(ResellerError("reseller_early", day=day, **self.names()), retries.seconds_until(day, now))

    def _finish(self, seen: Service) -> None:
        self._keep_suspended(seen)
        if self.operation:
            self._tell_panel()
        base = paid.of(self.context.db, self.link.id).accounted or dates.parse(self.request.was) or seen.expiredate
        for kind in (problems.OWED, problems.UNRENEWED, problems.GAP):
            troubles.end(self.context, self.held, Cause.of_service(self.item.id, kind))
        with self.context.db.transaction():
            # In one transaction: a person would be asked about an accounted date whose renewal is not done.
            self._account(base)
            if self._is_likely(seen.expiredate):
                paid.raise_highest(self.held, self.link.id, seen.expiredate)
            self.settle(Standing(State.DONE))
        self.context.log.info(f"item {self.item.id}: renewed, remote {self.remote} until {_shown(seen)}")

    def _is_likely(self, shown: dt.date | None) -> bool:
        """Whether the seller's date is plausible: no more than a term and `few_days` after the client's.

        The date of another service, shown once by mistake, must not stay the latest one seen for ever.
        """
        until = self.item.expiredate
        if shown is None or until is None:
            return True
        ahead = term_to_buy.after(until, max(self.item.period, self.request.term, 1))
        return (shown - ahead).days <= self.context.limits.few_days

    def _tell_panel(self) -> None:
        """End the operation, and learn whether the panel moves its own date before the call-back or by it."""
        was = self.item.expiredate
        functions.call_back(self.context.mgrctl, CALLBACK, self.item.id)
        operations.close(self.context, self.operation)
        self.item = items.read(self.context.db, self.item.id)
        if was and self.item.expiredate and self.item.period > 0:
            paid.learn_panel_moves(self.held, paid.BEFORE if self.item.expiredate == was else paid.AFTER)

    def _account(self, base: dt.date | None) -> None:
        """Account for the panel's date, as far as this renewal explains its move."""
        until, months = self.item.expiredate, self.item.period
        if until is not None:
            now = term_to_buy.accounted_after(base, until, months, self.context.limits)
            paid.account(self.held, self.link.id, now)

    def _keep_suspended(self, seen: Service) -> None:
        """Suspend the remote service again where the renewal has started it while the panel has it suspended."""
        starts_or_stops = (requests.SUSPEND, requests.RESUME, requests.REOPEN)
        asked = [each for each in requests.of_item(self.context.db, self.item.id) if each.kind in starts_or_stops]
        is_stopped = bool(asked) and (asked[-1].kind, asked[-1].state) == (requests.SUSPEND, State.DONE)
        if is_stopped and self.item.status == Status.SUSPENDED and seen.status == Status.ACTIVE:
            self.hold_for_send()
            controls.change_state(self.seller.transport, self.item.itemtype, self.remote, "suspend")
            self.context.log.info(f"item {self.item.id}: the renewal had started remote {self.remote}: suspended again")


def _shown(seen: Service) -> str:
    return dates.text(seen.expiredate) or seen.undated or "-"

"""prolong: renew the remote service, once (DESIGN 4).

Renewing charges and is not idempotent, and the seller knows no request id. What recognises its effect is the date: the
intent keeps the date before and the date that the seller's own form promises. Date at or past the promise: done. After
any doubt nothing is sent again; it is looked for, and then a person decides.

The seller's terms need not be the client's. Each request keeps the months sold here and bought there; where more was
bought than sold a renewal buys nothing, where more was sold the rest is owed and bought term by term (parts.py).
"""

from __future__ import annotations

import datetime as dt

from reseller.ledger import requests, tariffmap
from reseller.ledger.leases import Lease, lease
from reseller.ledger.links import Link
from reseller.ledger.requests import Effect, Months, Request, Standing
from reseller.lifecycle import autorenewal, operations, order_plan, retries
from reseller.lifecycle.attempt import Attempt
from reseller.lifecycle.work import Work
from reseller.mgr5 import items
from reseller.model import Item
from reseller.seller import renewals
from reseller.seller.service import Service
from reseller.wire import dates
from reseller.wire.errors import Ambiguous, Rejected, ResellerError, SellerError

CALLBACK = "service.postprolong"


def prolong(work: Work, number: int, operation: int = 0) -> None:
    """Renew the remote service of `number` by the service's period; returns when it is renewed.

    Raises BusyError when somebody else is at it, otherwise ResellerError with the reason, which stands there too.
    """
    items.read_ours(work.db, number)
    with lease(work.db, f"item:{number}", work.limits.lease_seconds) as held:
        item = items.read_ours(work.db, number)
        operation = operations.current(work, number, requests.PROLONG, operation)
        if not operation:
            # Nothing but its operation says that this renewal is one and not the one before.
            raise ResellerError("reseller_operation_none", object="item", item=number, kind=requests.PROLONG)
        Renewal(work, held, item, operation).run()


def look_again(work: Work, request: Request, held: Lease) -> bool:
    """Whether the renewal shows by now; raises ResellerError once it was looked for long enough."""
    return Renewal.again(work, request, held).look()


class Renewal(Attempt):
    """One try at one renewal."""

    kind = requests.PROLONG
    unsent, unsent_last = "reseller_change_unsent", "reseller_change_unsent_last"
    looking = "reseller_renewal_looking"

    def __init__(self, work: Work, held: Lease, item: Item, operation: int, request: Request | None = None) -> None:
        super().__init__(work, held, item, operation, request)
        self.link: Link = self.linked()
        self.remote = self.link.remote

    def run(self) -> None:
        """Look, and where nothing is in doubt, renew."""
        try:
            seen = self._view()
            if self._is_done(seen) and self._is_of_another_operation:
                self.settle(Standing(requests.DONE))
                self.request = self._intent()
            if self._is_done(seen):
                self._finish(seen)
            elif self.request.state == requests.WAITING:
                self._park()
            elif self.in_doubt:
                told = ResellerError("reseller_renewal_looking", cause=_shown(seen), **self.names())
                raise self.stop(Standing(self._unsent_state("")), told)
            else:
                self._renew(seen)
        except SellerError as error:
            raise self.stop_unsent(error) from error

    def look(self) -> bool:
        """Finish if the date has moved; a task when it has not for long enough."""
        seen = self._view()
        if self._is_done(seen):
            if self._is_of_another_operation:
                self.settle(Standing(requests.DONE))
            else:
                self._finish(seen)
            return True
        limits = self.work.limits
        sent = self.request.sent_seconds or 0
        if sent >= limits.look_seconds and self.request.state != requests.UNCONFIRMED:
            dates = {"was": self.request.was, "promise": self.request.promise, "now": _shown(seen)}
            error = ResellerError("reseller_renewal_unconfirmed", minutes=max(1, sent // 60), **dates, **self.names())
            raise self.stop(Standing(requests.UNCONFIRMED), error, task=True)
        if self.request.state == requests.SENDING:
            self.settle(Standing(requests.LOOKING, "reseller_renewal_looking"))
        return False

    def _is_done(self, seen: Service) -> bool:
        """Whether the date is the promised one or later; without a promise any later date than before will do.

        The ledger keeps dates as YYYY-MM-DD, which compare as text.
        """
        promise, was, now = self.request.promise, self.request.was, dates.text(seen.expiredate)
        return bool(promise and now >= promise) or bool(was and not promise and now > was)

    @property
    def _is_of_another_operation(self) -> bool:
        """Whether the request served an operation that is over, and the one there is now wants a renewal of its own.

        A crash after the panel was told and before the ledger was leaves such a request. To take the new operation for
        the old one would end it without renewing anything.
        """
        return bool(self.operation and self.request.operation and self.operation != self.request.operation)

    def _view(self) -> Service:
        seen = self.view()
        if not seen.exists:
            raise self.stop(Standing(requests.REFUSED), ResellerError("reseller_gone", **self.names()))
        return seen

    def term(self) -> int:
        """Months to buy at the seller; ends the try when the tariff map does not say."""
        try:
            return order_plan.term(self.item, tariffmap.load(self.work.db, self.item.pricelist))
        except ResellerError as error:
            raise self.stop(Standing(requests.REFUSED), error) from error

    def _renew(self, seen: Service) -> None:
        """Buy a term, unless the seller was paid for this one before."""
        months = self.term()
        if requests.owed_months(self.work.db, self.link.id) + self.item.period <= 0:
            requests.covered(self.held, self.request, self.item.period)
            self._finish(seen)
        else:
            self.send(seen, months, Months.of(self.item.period, months))

    def send(self, before: Service, months: int, account: Months) -> None:
        """Buy `months` at the seller; what is sold and bought by it is kept with the request.

        Ends the try before anything is sent where the seller shows no date: no effect could be recognised by it.
        """
        if before.undated:
            error = ResellerError("reseller_no_date", object="expiredate", value=before.undated, **self.names())
            raise self.stop(Standing(requests.REFUSED), error)
        autorenewal.switch_off(self.work, self.seller, self.item, self.remote, before.autoprolong)
        was, promise = dates.text(before.expiredate), dates.text(self._promise(months))
        detail = f"service.prolong {self.remote} period={months} {was} -> {promise or 'later'}"
        effect = Effect(detail, was=was, promise=promise, months=account)
        try:
            with self.spending():
                requests.sending(self.held, self.request, effect)
                renewals.prolong(self.seller.transport, self.remote, str(months), self.work.limits.order_seconds)
        except Rejected as error:
            raise self._rejected(error) from error
        except Ambiguous as error:
            self._settle(requests.LOOKING)
            if self.request.live:
                told = ResellerError("reseller_renewal_looking", cause=self.work.word(error), **self.names())
                raise self.stop(Standing(requests.LOOKING), told) from error
        else:
            self._settle(requests.WAITING)
            if self.request.live:
                self._park()

    def _promise(self, months: int) -> dt.date | None:
        """What the form says the new date would be; a refusal of the form is a refusal of the renewal."""
        try:
            return renewals.promise(self.seller.transport, self.remote, str(months))
        except Rejected as error:
            raise self._rejected(error) from error

    def _settle(self, waiting: str) -> None:
        """Whatever was answered, the date decides: now, or in a later run."""
        self.settle(Standing(waiting, "reseller_renewal_looking"))
        seen = self._view()
        if self._is_done(seen):
            self._finish(seen)

    def _park(self) -> None:
        if self.operation:
            told = ResellerError("reseller_change_waiting", **self.names())
            operations.note(self.work, self.item, self.operation, self.work.word(told))

    def _rejected(self, error: Rejected) -> ResellerError:
        """Nothing was charged."""
        now = dt.datetime.now(dt.timezone.utc)
        day = retries.not_before(error, now.date())
        if day:
            early = ResellerError("reseller_early", day=day, **self.names())
            return self.later(early, retries.seconds_until(day, now))
        return self.stop(self.standing(error), self.refusal(error))

    def _finish(self, seen: Service) -> None:
        if self.operation:
            self.work.mgrctl.call(CALLBACK, {"elid": self.item.id, "sok": "ok"})
            operations.close(self.work, self.operation)
        self.settle(Standing(requests.DONE))
        self.work.log.info(f"item {self.item.id}: renewed, remote {self.remote} until {_shown(seen)}")


def _shown(seen: Service) -> str:
    return dates.text(seen.expiredate) or seen.undated or "-"

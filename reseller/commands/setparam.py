"""setparam: make tariff, resources and fields of the remote service equal to the panel's.

Each step reads the form, compares, sends only what differs, and reads back. Every call sets absolute values, yet each
may charge, so after a doubt the form is polled and the call is never repeated automatically. A tariff that the seller
will not give is rolled back here, as the vendor's own modules do; one that would alter the disk of a virtual server is
rolled back before anything is sent.
"""

from __future__ import annotations

from reseller import products
from reseller.context import Context
from reseller.ledger import paid, requests, tariffmap
from reseller.ledger.leases import Lease
from reseller.ledger.requests import Effect, Request, Standing
from reseller.ledger.states import State
from reseller.ledger.tariffmap import TariffMap
from reseller.lifecycle import operations, quantities, setparam_plan
from reseller.lifecycle.attempt import LinkedAttempt
from reseller.lifecycle.setparam_plan import Change
from reseller.mgr5 import functions, items
from reseller.model import Item, Status
from reseller.seller import changes, tariffs
from reseller.seller.service import Service
from reseller.seller.tariffs import Tariff
from reseller.wire.errors import Ambiguous, Rejected, ResellerError, SellerError

CALLBACK, ROLLBACK = "service.postsetparam", "service.changepricelist.rollback"


def set_params(context: Context, number: int, given: int = 0) -> None:
    """Make the remote service of `number` equal to the panel's; returns when it is, or while the seller is busy.

    Raises BusyError when another process holds the service's lease, otherwise ResellerError with the reason, which the
    operation shows as well.
    """
    with operations.begin(context, number, requests.SETPARAM, given) as (held, item, operation):
        _Setparam(context, held, item, operation).run()


def look_again(context: Context, request: Request, held: Lease) -> bool:
    """Poll the form and send what is left to change; whether all is done. Raises ResellerError if it took too long."""
    attempt = _Setparam.again(context, request, held)
    attempt.look()
    return not attempt.request.live


class _Setparam(LinkedAttempt):
    """One attempt to make both sides equal."""

    kind = requests.SETPARAM
    unsent, unsent_last = "reseller_change_unsent", "reseller_change_unsent_last"
    looking = "reseller_change_looking"

    def __init__(
        self, context: Context, held: Lease, item: Item, operation: int, request: Request | None = None
    ) -> None:
        super().__init__(context, held, item, operation, request)
        self._looking = False
        self._offered: dict[str, Tariff | None] = {}

    def run(self) -> None:
        """Take one step after the other until both sides are equal, or only waiting is left."""
        try:
            self._steps()
        except SellerError as error:
            raise self.stop_unsent(error) from error

    def look(self) -> None:
        """As run(), for checkevent: report nothing a second time, also while a person is to decide."""
        self._looking = True
        self._steps()

    def _steps(self) -> None:
        while self._is_to_go_on():
            pass

    def _is_to_go_on(self) -> bool:
        """Take one step; False when both sides are equal, or when nothing is left but to wait."""
        form = self._form()
        change = self._next(form)
        busy = form.status == Status.PROCESSING
        if change is None and not (busy and self.request.sent_seconds is not None):
            self._finish()
        elif change is None or (busy and not self.in_doubt) or self._is_waited_for(change):
            # The form may show new values while the seller's staff are still working on them.
            self._wait()
        elif self.in_doubt and not self._shows_what_was_answered(change):
            self._doubt(change, busy=busy)
        else:
            self._send(change, form)
            return True
        return False

    def _shows_what_was_answered(self, change: Change) -> bool:
        """Whether the last call took effect although an error was answered: the next call is no longer the same one."""
        return bool(self.request.answer) and change.digest != self.request.digest

    def _is_waited_for(self, change: Change) -> bool:
        """Whether the seller has accepted this very call and does not show its effect yet."""
        return self.request.state == State.WAITING and self.request.digest == change.digest

    def _form(self) -> Service:
        form = self.view()
        if not form.exists:
            raise self.stop(Standing(State.REFUSED), ResellerError("reseller_gone", **self.names()))
        return form

    def _next(self, form: Service) -> Change | None:
        tariff = items.tariff_params(self.context.db, self.item.pricelist)
        try:
            change = setparam_plan.build(self.item, form, tariff, self._mapping, lambda: self._tariff(form.pricelist))
            if change is not None and change.is_tariff and not self._is_meant(change):
                told = {"tariff": self.item.pricelist_name, "there": form.pricelist}
                told["wanted"] = change.fields["pricelist"]
                raise ResellerError("reseller_tariff_not_meant", **told, **self.names())
        except SellerError:
            raise
        except ResellerError as error:
            raise self.stop(Standing(self._unsent_state(State.REFUSED)), error) from error
        return change

    def _is_meant(self, change: Change) -> bool:
        """Whether the client has changed the tariff: the panel then keeps the one before (`item.lastpricelist`).

        The tariff may differ for another reason: the seller's staff changed it, or the tariff's form here was edited.
        Changing it would be charged, and nobody has asked for that. A change that was begun is continued.
        """
        return self.item.lastpricelist not in (0, self.item.pricelist) or self.request.digest == change.digest

    @property
    def _mapping(self) -> TariffMap:
        return tariffmap.load(self.context.db, self.item.pricelist)

    def _tariff(self, pricelist: str) -> Tariff | None:
        """A tariff of the seller, None where the seller does not show it; read once per attempt."""
        if pricelist not in self._offered:
            self._offered[pricelist] = quantities.offered(self.seller.transport, pricelist)
        return self._offered[pricelist]

    def _shown_tariff(self, pricelist: str) -> Tariff | None:
        """As _tariff(), but raise SellerError where the seller refuses: a refusal does not mean "not shown"."""
        if self._offered.get(pricelist) is None:
            self._offered[pricelist] = tariffs.one(self.seller.transport, pricelist)
        return self._offered[pricelist]

    def _doubt(self, change: Change, *, busy: bool) -> None:
        """The form does not show what was sent: poll on, and end the search after `look_seconds`.

        The change then counts as refused where an error was answered; otherwise a person decides.
        """
        waited, answered = self.request.sent_seconds or 0, self.answered
        is_at_it = answered is not None and busy and waited < self.context.limits.change_seconds
        if is_at_it or not self.is_looked_for:
            if not self._looking:
                cause = self.context.word(answered) if answered else "-"
                told = ResellerError(self.looking, cause=cause, **self.names())
                raise self.stop(Standing(self._unsent_state(State.LOOKING)), told)
            self.settle(Standing(State.LOOKING, self.looking))
        elif answered is not None:
            raise self._rejected(change, answered)
        elif not self._looking or self.request.state != State.UNCONFIRMED:
            error = ResellerError("reseller_change_unconfirmed", minutes=max(1, waited // 60), **self.names())
            raise self.stop(Standing(State.UNCONFIRMED), error, task=True)

    def _wait(self) -> None:
        """Wait while the seller is busy with the change; after `change_seconds` make a task for a person."""
        sent = self.request.sent_seconds
        waited = self.request.age_seconds if sent is None else sent
        if waited >= self.context.limits.change_seconds:
            error = ResellerError("reseller_change_overdue", minutes=max(1, waited // 60), **self.names())
            raise self.stop(Standing(State.UNCONFIRMED), error, task=True)
        self.settle(Standing(State.WAITING, "reseller_change_waiting"))
        if self.operation and not (self._looking and items.has_task(self.context.db, self.operation)):
            told = ResellerError("reseller_change_waiting", **self.names())
            operations.note(self.context, self.item, self.operation, self.context.word(told))

    def _send(self, change: Change, form: Service) -> None:
        """Check the change against the seller's tariffs, then send it."""
        if change.is_tariff:
            self._require_target(change, form)
        else:
            self._require_sold(change, form)
        self._call(change)

    def _require_sold(self, change: Change, form: Service) -> None:
        """Refuse to send a quantity of an add-on that the seller does not sell."""
        if not any(name.startswith("addon_") for name in change.fields):
            return
        tariff = self._tariff(form.pricelist)
        try:
            quantities.require_sold(self.item, self._mapping, tariff, change.fields)
        except ResellerError as error:
            raise self.stop(Standing(State.REFUSED), error) from error

    def _call(self, change: Change) -> None:
        """Send the call, which may charge; an error counts only if it proves a refusal, else the form decides."""
        transport, seconds = self.seller.transport, self.context.limits.order_seconds
        what = "changepricelist" if change.is_tariff else "edit"
        effect = Effect(f"{self.link.itemtype}.{what} {self.remote} {change}", call=change.digest)
        try:
            with self.spending():
                requests.sending(self.held, self.request, effect)
                if change.is_tariff:
                    changes.change_tariff(transport, self.item.itemtype, self.remote, change.fields, seconds)
                else:
                    changes.edit(transport, self.item.itemtype, self.remote, change.fields, seconds)
        except (Rejected, Ambiguous) as error:
            if isinstance(error, Rejected) and self.proves(error):
                raise self._rejected(change, error) from error
            self.settle_doubt(error)
            self.context.log.error(
                f"item {self.item.id}: the answer to {what} proves nothing: {self.context.word(error)}"
            )
        else:
            self.settle(Standing(State.WAITING, "reseller_change_waiting"))

    def _require_target(self, change: Change, form: Service) -> None:
        """Raise before anything is sent for a tariff that the seller would refuse, that does not sell what the client
        has ordered, or that alters a virtual server's disk."""
        transport, target = self.seller.transport, change.fields["pricelist"]
        self._require_resources(form, target)
        offered = changes.targets(transport, self.remote)
        if target not in offered:
            listed = ", ".join(f"{number} {name}" for number, name in offered.items()) or "-"
            told = ResellerError("reseller_no_target", offered=listed, **self._tariffs(form, target))
            raise self._roll_back(told)
        if not products.of(self.item.itemtype).changes_at_once:
            try:
                cost = changes.price(transport, self.remote, change.fields)
            except Rejected as error:
                # The price form is a step of the change that commits nothing, so an error of it refuses the change.
                raise self._rejected(change, error) from error
            self.context.log.info(f"item {self.item.id}: tariff {form.pricelist} -> {target} costs {cost or 'nothing'}")

    def _require_resources(self, form: Service, target: str) -> None:
        is_with_disk = products.of(self.item.itemtype).has_disk
        ask = self._shown_tariff if is_with_disk else self._tariff
        now, then = ask(form.pricelist) if is_with_disk else None, ask(target)
        try:
            quantities.require_sold(self.item, self._mapping, then)
            altered = setparam_plan.disk_change(self.item, form, self._mapping, now, then) if is_with_disk else ""
        except ResellerError as error:
            if error.type == quantities.NOT_SOLD:
                raise self._roll_back(error) from error
            raise self.stop(Standing(State.REFUSED), error) from error
        if altered:
            raise self._roll_back(ResellerError("reseller_disk", disk=altered, **self._tariffs(form, target)))

    def _tariffs(self, form: Service, target: str) -> dict[str, str]:
        return {"tariff": self.item.pricelist_name, "now": form.pricelist, "target": target, **self.names()}

    def _rejected(self, change: Change, error: Rejected) -> ResellerError:
        """End a refused try: a tariff is rolled back, unless the refusal only waits for money or for the account."""
        if change.is_tariff and self.standing(error).state == State.REFUSED:
            return self._roll_back(self.refusal(error))
        return self.rejected(error)

    def _roll_back(self, error: ResellerError) -> ResellerError:
        """Record why, then give the service its former tariff here: an operation started again has nothing to do."""
        stopped = self.stop(Standing(State.REFUSED), error)
        if self.item.lastpricelist:
            functions.call_back(self.context.mgrctl, ROLLBACK, self.item.id)
            self.context.log.info(f"item {self.item.id}: its tariff is {self.item.lastpricelist} again")
        return stopped

    def _finish(self) -> None:
        """Finish on the panel; account for a date that this change has moved, but not for an earlier jump."""
        kept, was = paid.of(self.context.db, self.link.id), self.item.expiredate
        functions.call_back(self.context.mgrctl, CALLBACK, self.item.id)
        if self.operation:
            operations.close(self.context, self.operation)
        if was is not None and kept.accounted == was:
            paid.account(self.held, self.link.id, items.read(self.context.db, self.item.id).expiredate)
        self.settle(Standing(State.DONE))
        self.context.log.info(f"item {self.item.id}: changed, remote {self.remote}")

"""Keep licences for the next order instead of deleting them: a setting of the module, off by default.

Closing suspends a licence, renames it, takes its address and our key off it (the way of the vendor's own WHMCS module,
selling-api.md 4.3), and records it as free. An order of the same type, tariff and resources takes the free licence
that ends first: the old licence key is replaced, name and address are set, the licence is resumed, and only then does
it get the order's key. So a licence that shows the order's key is ready to be linked, and until then every step can be
repeated: each reads the form first and sends only what differs.

The last client knows the old licence key. So a licence is not handed on where the seller does not show its key, before
or after, or does not replace it. None of these calls is charged, hence none of them is ever in doubt.
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Mapping, Sequence

from reseller import products
from reseller.ledger import kept_licences, tariffmap
from reseller.ledger.kept_licences import Kind
from reseller.ledger.links import Link
from reseller.lifecycle import gone, order_plan, quantities
from reseller.lifecycle.attempt import Attempt
from reseller.mgr5 import items
from reseller.model import Status
from reseller.seller import changes, controls, service
from reseller.seller.orders import Order
from reseller.seller.service import TRIAL, Service
from reseller.wire import dates
from reseller.wire.errors import Rejected, ResellerError, SellerError
from reseller.wire.numbers import whole

#: fields of a licence that nobody uses, which also does not renew by itself
IDLE = {"licname": "free.lic", "ip": "0.0.0.0", "autoprolong": "null"}  # noqa: S104 - nothing is bound to it
#: fields of an order without which a licence cannot be handed over
NAMED = ("licname", "ip")


class Outcome(enum.Enum):
    """The result of trying to keep a licence that is being closed."""

    NO = "not wanted or not possible: it is to be deleted"
    PENDING = "the seller is at it"
    KEPT = "stopped, renamed, without our key"


def keep(attempt: Attempt, link: Link) -> Outcome:
    """Bring a licence that is being closed into the state in which the next order can take it; raises SellerError."""
    if not products.of(link.itemtype).can_be_kept:
        return Outcome.NO
    row = kept_licences.of_remote(attempt.context.db, link.account, link.remote)
    row = row if row is not None and row.owner == attempt.request.key else None
    if row.state == kept_licences.UNFIT if row else not attempt.seller.settings.reuse:
        return Outcome.NO
    seen = attempt.view()
    row = row or _reserve(attempt, link, seen)
    if row is None or not seen.exists:
        return Outcome.NO
    return _retire(attempt, link, row, seen)


def settle(attempt: Attempt, link: Link, *, kept: bool) -> None:
    """Finish a close: the licence that it kept becomes free; the row of a licence that was deleted is removed."""
    row = kept_licences.of_remote(attempt.context.db, link.account, link.remote)
    if row is None:
        return
    if kept:
        kept_licences.settle(attempt.held, row, kept_licences.FREE)
    else:
        kept_licences.remove(attempt.held, row)


def _reserve(attempt: Attempt, link: Link, seen: Service) -> kept_licences.Licence | None:
    """Record that the licence is being kept, before anything is sent; None for a licence that no order could use.

    It is recorded with the add-ons that an order of the service names, and the seller's present values of them; without
    these no order could be compared with it. Raises SellerError.
    """
    item, db = attempt.item, attempt.context.db
    offered = quantities.offered(attempt.seller.transport, seen.pricelist) if item.addons else None
    try:
        tariff, mapping = items.tariff_params(db, item.pricelist), tariffmap.load(db, item.pricelist)
        ordered = order_plan.build(item, attempt.request.key, tariff, mapping, offered).addons
        resources = Kind.listed({addon: seen.addons[addon] for addon in ordered})
    except (ResellerError, KeyError):
        return None
    useless = (
        not seen.exists or seen.suspended_by or seen.period == TRIAL or _is_over(attempt, seen) or not seen.licence_key
    )
    if useless or not whole(seen.pricelist):
        return None
    kind = Kind(link.account, link.itemtype, seen.pricelist, resources)
    owner, ends = attempt.request.key, dates.text(seen.expiredate)
    kept = kept_licences.Licence(kind, 0, link.remote, kept_licences.KEEPING, owner, seen.licence_digest, ends)
    return kept_licences.reserve(attempt.held, kept)


def _retire(attempt: Attempt, link: Link, row: kept_licences.Licence, seen: Service) -> Outcome:
    transport, itemtype, remote = attempt.seller.transport, link.itemtype, link.remote
    refused: Rejected | None = None
    if seen.status == Status.ACTIVE:
        attempt.hold_for_send()
        refused = _refusal_of(lambda: controls.change_state(transport, itemtype, remote, "suspend"))
        seen = service.read(transport, itemtype, remote)
    if seen.status == Status.SUSPENDED and not is_put_away(seen):
        attempt.hold_for_send()
        refused = _refusal_of(lambda: changes.relabel(transport, itemtype, remote, {**IDLE, "remoteid": ""}))
        seen = service.read(transport, itemtype, remote)
    if seen.status == Status.PROCESSING:
        return Outcome.PENDING
    if is_put_away(seen):
        return Outcome.KEPT
    # This close deletes it like any other service, and does not try again.
    kept_licences.settle(attempt.held, row, kept_licences.UNFIT)
    why = refused.said if refused else "it does not show what was asked of it"
    attempt.context.log.error(f"item {attempt.item.id}: licence {remote} cannot be kept, it is deleted instead: {why}")
    return Outcome.NO


def _refusal_of(step: Callable[[], None]) -> Rejected | None:
    """Make the call of a step; the error that the seller answers, or None. The form decides whether it had effect."""
    try:
        step()
    except Rejected as error:
        return error
    return None


def is_put_away(seen: Service) -> bool:
    """Whether a licence looks as it was put away: stopped by us, under nobody's name, without a key of a service."""
    stopped = seen.status == Status.SUSPENDED and not seen.suspended_by and not seen.autoprolong
    return stopped and _named(seen) == {name: IDLE[name] for name in NAMED} and not seen.key


def _named(seen: Service) -> dict[str, str]:
    """The fields of the form that say whose licence it is."""
    return {name: seen.fields.get(name, "") for name in NAMED}


def _is_over(attempt: Attempt, seen: Service) -> bool:
    """Whether the paid term has ended by the seller's day, or is not known; a licence without a date never ends."""
    ends = seen.expiredate
    return bool(seen.undated) or (ends is not None and ends <= attempt.seller.transport.today)


def take(attempt: Attempt, order: Order) -> str:
    """Hand a kept licence to `order`: its number once it is all that the order asks for, with the order's key.

    Empty when there is none. Raises SellerError; the licence then stays reserved for the order, and the next try
    continues with it.
    """
    if not products.of(order.itemtype).can_be_kept:
        return ""
    held, kind = attempt.held, Kind(attempt.seller.account, order.itemtype, order.pricelist, Kind.listed(order.addons))
    possible = int(order.period) > 0 and all(order.fields.get(name) for name in NAMED)
    row = kept_licences.of_order(attempt.context.db, order.key)
    if row is not None and not (possible and row.kind == kind):
        # The order has been changed since it reserved the licence.
        kept_licences.settle(held, row, kept_licences.FREE)
        row = None
    if not possible or (row is None and not attempt.seller.settings.reuse):
        return ""
    tried: set[str] = set()
    while True:
        row = row or kept_licences.claim(held, kind, order.key, tried)
        if row is None:
            return ""
        if _Handover(attempt, order, row).carry_out():
            attempt.context.log.info(f"item {attempt.item.id}: takes the kept licence {row.remote}, nothing is bought")
            return row.remote
        tried.add(row.remote)
        row = None


class _Handover:
    """One kept licence and the order that has claimed it."""

    def __init__(self, attempt: Attempt, order: Order, row: kept_licences.Licence) -> None:
        self.attempt = attempt
        self.order = order
        self.row = row
        self.named = {name: order.fields[name] for name in NAMED}

    def carry_out(self) -> bool:
        """Whether the licence is the order's now; if not, its row is free again, or removed."""
        seen = self._read()
        if not seen.exists and not self._is_unlisted():
            # A single form proves nothing: the licence stays free, and the next order asks again.
            kept_licences.settle(self.attempt.held, self.row, kept_licences.FREE)
            return False
        why = self._uselessness(seen)
        if why:
            kept_licences.remove(self.attempt.held, self.row)
            self.attempt.context.log.info(f"kept licence {self.row.remote} is of no use any more: {why}")
            return False
        if not seen.licence_key:
            return self._put_back("its licence key is not shown")
        for is_needed, step in self._steps():
            if not is_needed(seen):
                continue
            refused = _refusal_of(step)
            seen = self._read()
            if is_needed(seen) and refused is not None and seen.status == Status.PROCESSING:
                refusal = self.attempt.refusal(refused)
                raise self.attempt.later(refusal, self.attempt.context.limits.unsent_first_seconds) from refused
            if is_needed(seen):
                return self._put_back(refused.said if refused else "it does not show what was asked of it")
        return True

    def _uselessness(self, seen: Service) -> str:
        """Why the licence cannot be given to anybody; empty when it can."""
        given = {addon: seen.addons.get(addon, "") for addon in self.order.addons}
        reasons = {
            "it is gone": not seen.exists,
            "which licence key its last client has is not known": not self.row.digest,
            "its term is over": _is_over(self.attempt, seen),
            "the seller's staff have stopped it": bool(seen.suspended_by),
            "it is another tariff by now": seen.pricelist != self.order.pricelist or seen.period == TRIAL,
            "its resources have been changed": Kind.listed(given) != self.row.kind.resources,
            "somebody else has it": self._is_anothers(seen),
        }
        return next((why for why, holds in reasons.items() if holds), "")

    def _steps(self) -> Sequence[tuple[Callable[[Service], bool], Callable[[], None]]]:
        """Each step as a condition on the form and a call; the order's key comes last, see the module's docstring."""
        row, key = self.row, self.order.key
        return (
            (lambda seen: seen.licence_digest in ("", row.digest), self._new_key),
            (lambda seen: _named(seen) != self.named, lambda: self._edit(self.named)),
            (lambda seen: seen.status == Status.SUSPENDED, lambda: self._change("resume")),
            (lambda seen: seen.key != key, lambda: self._edit({"remoteid": key})),
        )

    def _is_anothers(self, seen: Service) -> bool:
        """Whether the licence carries a key that is neither this order's nor the one its row had when claimed."""
        return (seen.key or "") not in ("", self.order.key, self.row.owner)

    def _put_back(self, why: str) -> bool:
        """Undo the handover as far as the seller allows: under the client's name the licence would block an order."""
        if self._is_anothers(self._read()):
            kept_licences.remove(self.attempt.held, self.row)
            self.attempt.context.log.error(f"kept licence {self.row.remote} is somebody else's by now: {why}")
            return False
        with contextlib.suppress(SellerError):
            self._change("suspend")
        with contextlib.suppress(SellerError):
            self._edit({**IDLE, "remoteid": ""})
        kept_licences.settle(self.attempt.held, self.row, kept_licences.FREE)
        self.attempt.context.log.error(f"kept licence {self.row.remote} cannot be handed over: {why}")
        return False

    def _read(self) -> Service:
        return service.read(self.attempt.seller.transport, self.order.itemtype, self.row.remote)

    def _is_unlisted(self) -> bool:
        transport, limits = self.attempt.seller.transport, self.attempt.context.limits
        return gone.is_unlisted(transport, self.order.itemtype, self.row.remote, limits)

    def _edit(self, fields: Mapping[str, str]) -> None:
        self.attempt.hold_for_send()
        changes.relabel(self.attempt.seller.transport, self.order.itemtype, self.row.remote, fields)

    def _new_key(self) -> None:
        self.attempt.hold_for_send()
        controls.new_key(self.attempt.seller.transport, self.order.itemtype, self.row.remote)

    def _change(self, verb: str) -> None:
        self.attempt.hold_for_send()
        controls.change_state(self.attempt.seller.transport, self.order.itemtype, self.row.remote, verb)

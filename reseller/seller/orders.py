"""Buy one service, by the old order function or by v2, and remove an order that was never paid (selling-api.md 3)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import NamedTuple

from reseller import products
from reseller.limits import Limits
from reseller.model import Status
from reseller.seller import service
from reseller.seller.service import lacks_function
from reseller.seller.services import read_list
from reseller.seller.transport import Transport
from reseller.wire import document
from reseller.wire.errors import Ambiguous, Rejected, SellerError
from reseller.wire.numbers import whole

OLD, V2 = "old", "v2"
#: the field in which each generation of the order API expects the period, and the value that switches automatic renewal
#: off. The vendor's two pages contradict each other on v2 (selling-api.md 3.2); only this table decides.
PERIOD_FIELD = {OLD: "period", V2: "order_period"}
AUTOPROLONG_OFF = {OLD: "null", V2: "off"}


class Order(NamedTuple):
    """An order; `fields` are those of its type (domain, ip, ...), `addons` maps the seller's add-on ids to totals."""

    itemtype: str
    key: str
    pricelist: str
    datacenter: str
    period: str
    fields: Mapping[str, str]
    addons: Mapping[str, str]


def function(itemtype: str, generation: str) -> str:
    """The name of a type's order function that needs a single call."""
    return f"v2.{itemtype}.order.param" if generation == V2 else f"{itemtype}.order.param"


def preferred(itemtype: str, offered: list[str]) -> str:
    """The generation to use of those that a seller offers; empty for none."""
    ranking = (OLD, V2) if products.of(itemtype).is_ordered_the_old_way else (V2, OLD)
    return next((generation for generation in ranking if generation in offered), "")


def probe(transport: Transport, itemtype: str) -> list[str]:
    """Which generations of the order function the seller has; found by opening the form without `sok`, which buys
    nothing.

    A function that exists but needs a tariff first answers `wizard_unavailable` or an error about the field; one that
    does not exist answers `missed` (inferred in selling-api.md 3.1, so everything but `missed` and `access` counts as
    existing). Raises SellerError if the seller cannot be reached or refuses the login.
    """
    offered = []
    for generation in (OLD, V2):
        try:
            transport.call(function(itemtype, generation))
        except Rejected as error:
            if error.seller_type == "auth":
                raise
            if error.seller_type == "access" or lacks_function(error, function(itemtype, generation)):
                continue
        offered.append(generation)
    return offered


def send(transport: Transport, order: Order, generation: str, seconds: int) -> str:
    """Buy the service; the seller charges the account at once. The remote number, empty if the answer has none.

    Raises Rejected, NotSent or Ambiguous. The caller must have recorded the request before (promise 2), and must never
    repeat the call.
    """
    answer = transport.call(
        function(order.itemtype, generation), parameters(order, generation), seconds=seconds, spends=True
    )
    # The places where an answer may name the new service, as in selling-api.md 3.3; it may be nested in a second doc.
    paths = ("id", "item.id", "elid", "doc/id", "doc/item.id")
    return next((number for number in (document.text(answer, path) for path in paths) if whole(number)), "")


def parameters(order: Order, generation: str) -> dict[str, str]:
    """Fields of the order call (selling-api.md 3.2); `order_count` is never sent, since it would buy several."""
    fields = {
        **order.fields,
        "pricelist": order.pricelist,
        PERIOD_FIELD[generation]: order.period,
        "remoteid": order.key,
        "autoprolong": AUTOPROLONG_OFF[generation],
        "skipbasket": "on",
        "clicked_button": "finish",
        "sok": "ok",
    }
    if order.datacenter:
        fields["datacenter"] = order.datacenter
    fields.update((f"addon_{addon}", value) for addon, value in order.addons.items())
    return fields


def remove_unpaid(transport: Transport, itemtype: str, remote: str, key: str, limits: Limits) -> bool:
    """Remove an order in status 1; whether a complete list proves that it is gone.

    Before each call its form must show that it is unpaid and has our key, or shows no key: an order that was paid
    meanwhile must not be deleted, and a list may be older than the payment. If no form shows that, nothing is deleted.

    The order may be an item (`<type>.delete`) or only a position of the cart (`basket`); which one is unknown
    (selling-api.md 0.3), so both are tried. The answers of these calls are ignored; only the list afterwards counts.
    """
    attempts: tuple[tuple[str, dict[str, str]], ...] = (
        (f"{itemtype}.delete", {"elid": remote, "sok": "ok"}),
        ("basket", {"clicked_button": "delete", "id": remote, "sok": "ok"}),
    )
    is_called = False
    for func, fields in attempts:
        if _is_unpaid(transport, itemtype, remote, key):
            is_called = True
            with contextlib.suppress(Rejected, Ambiguous):
                transport.call(func, fields, changes=True)
        if is_called and _is_unlisted(transport, itemtype, key, limits):
            return True
    return False


def _is_unpaid(transport: Transport, itemtype: str, remote: str, key: str) -> bool:
    """Whether the form of `remote`, read now, shows an unpaid order with our key (or without a key column)."""
    try:
        form = service.read(transport, itemtype, remote)
    except SellerError:
        return False
    return form.exists and form.status == Status.ORDERED and form.key in (None, key)


def _is_unlisted(transport: Transport, itemtype: str, key: str, limits: Limits) -> bool:
    try:
        rows = read_list(transport, itemtype, limits)
    except SellerError:
        return False
    return rows.complete and not rows.with_key(key)

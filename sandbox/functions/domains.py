"""The wizard that orders domains: names, contacts, name servers, payment (selling-api.md 3.5).

Every step may be called directly when the hidden fields of those before it are given; otherwise it is unavailable.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import items, tariffs
from sandbox.core.documents import add, done, fields, slist
from sandbox.core.errors import PanelError, bad_value
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions import cart_rows, orders
from sandbox.functions.order_fields import Order, autoprolong

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request
    from sandbox.core.tariffs import Tariff

CONTACTS = ("owner", "admin", "tech", "bill")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9-]+)+")


def _names(request: Request) -> list[str]:
    text = request.text("selected_domain") or request.text("domain_name")
    return [name.strip().lower() for name in text.replace(",", " ").split()]


def _zones(tx: Tx) -> dict[str, Tariff]:
    """A zone is sold by the tariff of its name."""
    rows = tx.rows(
        "SELECT p.id, p.name FROM pricelist p JOIN itemtype t ON t.id = p.itemtype WHERE t.intname = 'domain' "
        "AND p.parent IS NULL AND p.active = 'on'"
    )
    found = {row["name"]: tariffs.load(tx, row["id"]) for row in rows}
    return {name: tariff for name, tariff in found.items() if tariff is not None}


def _checked(tx: Tx, names: list[str]) -> dict[str, Tariff]:
    zones = _zones(tx)
    chosen = {}
    for name in names:
        tariff = zones.get(name.rpartition(".")[2])
        if not _NAME.fullmatch(name) or tariff is None:
            raise bad_value("domain_name", name)
        taken = "SELECT id FROM item WHERE name = %s AND pricelist = %s AND status <> %s LIMIT 1"
        if tx.value(taken, name, tariff.id, items.DELETED) is not None:
            raise PanelError("exists", "domain", name)
        chosen[name] = tariff
    return chosen


def _step(request: Request, needed: tuple[str, ...], shown: tuple[str, ...]) -> etree._Element:
    for name in needed:
        if not request.text(name):
            raise PanelError("wizard_unavailable", name)
    return fields(**{name: request.text(name) for name in (*needed, *shown)})


@function("domain.order.name", CLIENT, "selling-api.md 3.5")
def order_name(panel: Panel, request: Request) -> etree._Element:
    """First step: domain_name= and the zones on offer; snext=ok leads to the contacts."""
    with panel.db.begin() as tx:
        if not request.text("snext"):
            document = fields(domain_name=request.text("domain_name"))
            slist(document, "zone", [(name, name) for name in sorted(_zones(tx))])
            return document
        chosen = _checked(tx, _names(request))
    if not chosen:
        raise bad_value("domain_name")
    return fields(selected_domain=", ".join(chosen))


@function("domain.order.contact", CLIENT, "selling-api.md 3.5")
def order_contact(panel: Panel, request: Request) -> etree._Element:
    """Second step: for owner, admin, tech and bill a contact, or `<kind>_contact_use_first=on`."""
    if not request.text("snext"):
        document = _step(request, ("selected_domain",), ())
        for kind in CONTACTS:
            add(document, f"{kind}_contact_select", request.text(f"{kind}_contact_select"))
            slist(document, f"{kind}_profiletype", [("1", "personal"), ("2", "business")])
        return document
    _step(request, ("selected_domain",), ())
    for kind in CONTACTS:
        first = kind != CONTACTS[0] and request.text(f"{kind}_contact_use_first") == "on"
        if not first and not (request.text(f"{kind}_contact_select") or request.text(f"{kind}_email")):
            raise bad_value(f"{kind}_contact_select")
    return fields(selected_domain=request.text("selected_domain"), contacts="ok")


@function("domain.order.ns", CLIENT, "selling-api.md 3.5")
def order_ns(panel: Panel, request: Request) -> etree._Element:
    """Third step: name servers ns0 to ns3."""
    return _step(request, ("selected_domain", "contacts"), ("ns0", "ns1", "ns2", "ns3"))


@function("domain.order.payment", CLIENT, "selling-api.md 3.5")
def order_payment(panel: Panel, request: Request) -> etree._Element:
    """Last step, for each domain: autoprolong_<name>, licence_agreement_<name>, domain_<name>_details; sok orders."""
    _step(request, ("selected_domain", "contacts"), ())
    with panel.db.begin() as tx:
        chosen = _checked(tx, _names(request))
        if not request.sok:
            document = fields(selected_domain=request.text("selected_domain"), contacts="ok")
            for name, tariff in chosen.items():
                add(document, f"autoprolong_{name}", "null")
                add(document, f"domain_{name}_details", f"{tariff.name} {next(iter(tariff.prices.values()))}")
            return document
        paid = request.text("skipbasket") == "on"
        made = [
            (number, order)
            for name, tariff in chosen.items()
            for order in [_order(request, name, tariff)]
            for number in orders.create(panel, tx, request, order, request.caller.account, paid=paid)
        ]
        if paid:
            answer = done(id=", ".join(str(number) for number, _ in made))
        else:
            new = request.text("force_use_new_cart") == "on" and request.text("clicked_button") == "quickbasket"
            answer = _into_cart(tx, request, made, cart_rows.cart_of(request) if new else "old")
    panel.queue.wake()
    return answer


def _order(request: Request, name: str, tariff: Tariff) -> Order:
    period = next(iter(tariff.prices))
    params = {"domain": name, **{key: request.text(key) for key in ("ns0", "ns1", "ns2", "ns3") if request.text(key)}}
    renewal = autoprolong(tariff, period, request.text(f"autoprolong_{name}"))
    return Order(tariff, period, 0, name, {}, params, {}, request.text("remoteid"), renewal, 1)


def _into_cart(tx: Tx, request: Request, made: list[tuple[int, Order]], cart: str) -> etree._Element:
    numbers = [
        cart_rows.put(tx, request.caller.account, cart_rows.Position(cart, number, "open", {}, order.cost))
        for number, order in made
    ]
    shown = ", ".join(str(one) for one in dict.fromkeys(numbers))
    return done(**{"billorder" if cart == "old" else "lineitem.id": shown})

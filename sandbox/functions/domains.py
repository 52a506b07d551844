"""The wizard that orders domains: names, contacts, name servers, payment (selling-api.md 3.5, additions-2.md h.9).

Every step may be called directly when the hidden fields of those before it are given; otherwise it is unavailable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import items
from sandbox.core.documents import add, done, fields, slist
from sandbox.core.errors import PanelError, bad_value
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions import cart_rows, domain_contacts, domain_modules, orders
from sandbox.functions.domain_contacts import SERVERS
from sandbox.functions.domain_modules import Zone
from sandbox.functions.order_fields import Order, addon_value, autoprolong, order_cost

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9-]+)+")
_SELECT = "{}_contact_select"


def _names(request: Request) -> list[str]:
    text = request.text("selected_domain") or request.text("domain_name")
    return [name.strip().lower() for name in text.replace(",", " ").split()]


def checked(tx: Tx, names: list[str], field: str = "domain_name") -> dict[str, Zone]:
    """The zone of each name. Raises PanelError for one that is not sold or is a living service here."""
    zones = domain_modules.on_sale(tx)
    chosen = {}
    for name in names:
        zone = zones.get(name.partition(".")[2])
        if not _NAME.fullmatch(name) or zone is None:
            raise bad_value(field, name)
        taken = "SELECT id FROM item WHERE name = %s AND pricelist = %s AND status <> %s LIMIT 1"
        if tx.value(taken, name, zone.tariff.id, items.DELETED) is not None:
            raise PanelError("exists", "domain", name)
        chosen[name] = zone
    return chosen


def _chosen(panel: Panel, request: Request) -> dict[str, Zone]:
    with panel.db.begin() as tx:
        return checked(tx, _names(request))


def _step(request: Request, needed: tuple[str, ...]) -> dict[str, str]:
    """The hidden fields of the steps before."""
    for name in needed:
        if not request.text(name):
            raise PanelError("wizard_unavailable", name)
    contacts = [_SELECT.format(kind) for kind in domain_contacts.KINDS]
    shown = {name: request.text(name) for name in (*contacts, *SERVERS) if request.text(name)}
    return {**{name: request.text(name) for name in needed}, **shown}


@function("domain.order.name", CLIENT, "selling-api.md 3.5")
def order_name(panel: Panel, request: Request) -> etree._Element:
    """First step: domain_name= and the zones on offer; with snext=ok the modules are asked whether the names are free,
    and it leads to the contacts."""
    if not request.text("snext"):
        document = fields(domain_name=request.text("domain_name"))
        with panel.db.begin() as tx:
            slist(document, "zone", [(name, name) for name in sorted(domain_modules.on_sale(tx))])
        return document
    chosen = _chosen(panel, request)
    if not chosen:
        raise bad_value("domain_name")
    for name, zone in chosen.items():
        if domain_modules.is_taken(panel, zone, name):
            raise PanelError("exists", "domain", name)
    return fields(selected_domain=", ".join(chosen))


@function("domain.order.contact", CLIENT, "selling-api.md 3.5, additions-2.md h.9")
def order_contact(panel: Panel, request: Request) -> etree._Element:
    """Second step: for each kind of contact that the zones want one of the client's, a new one, or
    `<kind>_contact_use_first=on`."""
    _step(request, ("selected_domain",))
    zones = {zone.name: zone for zone in _chosen(panel, request).values()}
    if not request.text("snext"):
        return domain_contacts.form(panel, request, zones)
    kinds = domain_modules.kinds_of(panel, zones.values())
    domain_contacts.check(panel, request, zones, kinds)
    with panel.db.begin() as tx:
        kept = domain_contacts.keep(tx, request, kinds)
    contacts = {_SELECT.format(kind): number for kind, number in kept.items()}
    return fields(selected_domain=request.text("selected_domain"), contacts="ok", **contacts)


@function("domain.order.ns", CLIENT, "selling-api.md 3.5")
def order_ns(panel: Panel, request: Request) -> etree._Element:
    """Third step: name servers ns0 to ns3, and the domains' own parameters, as the modules have them (tune_service)."""
    document = fields(**_step(request, ("selected_domain", "contacts")))
    chosen = _chosen(panel, request)
    if request.text("snext"):
        for zone in chosen.values():
            if domain_modules.wants(panel, zone).servers and not request.text(SERVERS[0]):
                raise bad_value(SERVERS[0])
        return document
    metadata = etree.SubElement(document, "metadata", name=request.func, type="form", mgr="billmgr")
    form = etree.SubElement(metadata, "form", title="name")
    etree.SubElement(document, "messages", name=request.func, checked=request.func)
    for name in chosen:
        etree.SubElement(form, "page", name=domain_modules.page_name(name))
    for name, zone in chosen.items():
        document = domain_modules.tune_service(panel, zone, name, document)
    return document


@function("domain.order.payment", CLIENT, "selling-api.md 3.5")
def order_payment(panel: Panel, request: Request) -> etree._Element:
    """Last step, for each domain: autoprolong_<name>, licence_agreement_<name>, domain_<name>_details; period and
    addon_<id>; sok orders."""
    hidden = _step(request, ("selected_domain", "contacts"))
    chosen = _chosen(panel, request)
    if not request.sok:
        document = fields(**hidden)
        for name, zone in chosen.items():
            tariff = zone.tariff
            add(document, f"autoprolong_{name}", "null")
            add(document, f"domain_{name}_details", f"{tariff.name} {next(iter(tariff.prices.values()))}")
            for addon in tariff.addons:
                add(document, f"addon_{addon.id}", request.text(f"addon_{addon.id}", addon.default))
        return document
    with panel.db.begin() as tx:
        contacts = _contacts(tx, request)
        wanted = [Wanted(name, zone, _own(request, name), contacts) for name, zone in chosen.items()]
        answer = order(panel, tx, request, wanted)
    panel.queue.wake()
    return answer


def _contacts(tx: Tx, request: Request) -> dict[str, int]:
    texts = {kind: request.text(_SELECT.format(kind)) for kind in domain_contacts.KINDS}
    return {kind: domain_contacts.own(tx, request, text, _SELECT.format(kind)) for kind, text in texts.items() if text}


def _own(request: Request, domain: str) -> dict[str, str]:
    """The domain's own parameters, and its name servers."""
    found = {name: request.text(name) for name in SERVERS if request.text(name)}
    for prefix in ("main_domain_", domain_modules.field_prefix(domain)):
        found |= {name[len(prefix) :]: value for name, value in request.params.items() if name.startswith(prefix)}
    return found


@dataclass(frozen=True)
class Wanted:
    """A domain to order. `params` are its name servers and whatever its module asks for."""

    domain: str
    zone: Zone
    params: Mapping[str, str]
    contacts: Mapping[str, int]
    operation: str = "open"


def order(panel: Panel, tx: Tx, request: Request, wanted: list[Wanted]) -> etree._Element:
    """Order domains: paid at once with skipbasket=on, else into a cart."""
    paid = request.text("skipbasket") == "on"
    made: list[tuple[int, Order, str]] = []
    for one in wanted:
        what = _order(panel, request, one)
        for number in orders.create(panel, tx, request, what, request.caller.account, paid, one.operation):
            domain_contacts.tie(tx, number, one.contacts)
            made.append((number, what, one.operation))
    if paid:
        return done(id=", ".join(str(number) for number, _, _ in made))
    new = request.text("force_use_new_cart") == "on" and request.text("clicked_button") == "quickbasket"
    return _into_cart(tx, request, made, cart_rows.cart_of(request) if new else "old")


def _order(panel: Panel, request: Request, one: Wanted) -> Order:
    tariff, name = one.zone.tariff, one.domain
    text = request.text("period") or str(next(iter(tariff.prices)))
    if not text.isdecimal() or int(text) not in tariff.prices:
        raise bad_value("period", text)
    period = int(text)
    addons = {addon.id: addon_value(panel, request, addon, period) for addon in tariff.addons}
    renewal = autoprolong(tariff, period, request.text(f"autoprolong_{name}"))
    params = {"domain": name, **one.params}
    cost = order_cost(panel, tariff, period, addons)
    return Order(tariff, period, 0, name, addons, params, {}, request.text("remoteid"), renewal, 1, cost)


def _into_cart(tx: Tx, request: Request, made: list[tuple[int, Order, str]], cart: str) -> etree._Element:
    positions = [
        cart_rows.Position(cart, number, "open", {"operation": operation}, what.cost)
        for number, what, operation in made
    ]
    numbers = [cart_rows.put(tx, request.caller.account, one) for one in positions]
    shown = ", ".join(str(one) for one in dict.fromkeys(numbers))
    return done(**{"billorder" if cart == "old" else "lineitem.id": shown})

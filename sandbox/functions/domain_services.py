"""Domains without the wizard: the order in one call, name servers, whois, zones (additions-2.md d.1, h.9, h.17)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import billing, items, lifecycle
from sandbox.core.documents import done, fields, listed
from sandbox.core.errors import PanelError, bad_value
from sandbox.core.registry import function
from sandbox.core.request import ADMIN, CLIENT
from sandbox.functions import domain_contacts, domain_modules, domains
from sandbox.functions.domain_contacts import SERVERS
from sandbox.functions.domain_modules import Zone

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

FACT = "additions-2.md d.1"
_ACTIONS = {"register": "open", "transfer": "transfer"}
_SERVER = re.compile(r"[a-z0-9.-]+(/[0-9a-f.:]+(,[0-9a-f.:]+)*)?", re.IGNORECASE)
"""`host`, `host/ip` or `host/ip,ip`."""


@function("tld", ADMIN, "additions-2.md h.17")
def zone_list(panel: Panel, request: Request) -> etree._Element:
    """Zones that this panel knows."""
    with panel.db.begin() as tx:
        rows = tx.rows("SELECT id, name FROM tld ORDER BY id")
    return listed(rows)


@function("domain.order.api", CLIENT, FACT)
def order_api(panel: Panel, request: Request) -> etree._Element:
    """Order a domain in one call: domain, project, pricelist, period, action=register|transfer, ns0 to ns3,
    ns_additional, auth_code, contacts owner, admin, tech, bill, customer as ids, each completed by `<type>_<field>`.

    What it answers and whether it pays at once are not known: switches domain_api_answer, domain_api_pays."""
    name = request.text("domain").strip().lower()
    action = request.text("action", "register")
    if action not in _ACTIONS:
        raise bad_value("action", action)
    with panel.db.begin() as tx:
        zone = domains.checked(tx, [name], "domain")[name]
    if request.text("pricelist", str(zone.tariff.id)) != str(zone.tariff.id):
        raise bad_value("pricelist", request.text("pricelist"))
    if request.text("project") != str(zone.tariff.project):
        raise bad_value("project", request.text("project"))
    params = _params(request, domain_modules.wants(panel, zone), action)
    kinds = _contacts(panel, request, zone)
    if action == "register" and domain_modules.is_taken(panel, zone, name):
        raise PanelError("exists", "domain", name)
    pays = panel.switches["domain_api_pays"] == "at_once"
    paid = {"skipbasket": "on"} if pays else {}
    with panel.db.begin() as tx:
        contacts = {kind: domain_contacts.own(tx, request, request.text(kind), kind) for kind in kinds}
        for kind, number in contacts.items():
            domain_contacts.store_params(tx, number, domain_contacts.given(request, kind))
        wanted = domains.Wanted(name, zone, params, contacts, _ACTIONS[action])
        made = domains.order(panel, tx, replace(request, params={**request.params, **paid}), [wanted])
    panel.queue.wake()
    style = panel.switches["domain_api_answer"]
    if not pays or style == "id":
        return made
    return done() if style == "none" else done(**{style: made.findtext("id")})


def _params(request: Request, wants: domain_modules.Wants, action: str) -> dict[str, str]:
    servers = {name: request.text(name) for name in SERVERS if request.text(name)}
    more = request.text("ns_additional").split()
    for field, text in [*servers.items(), *(("ns_additional", one) for one in more)]:
        if not _SERVER.fullmatch(text):
            raise bad_value(field, text)
    if wants.servers and not servers:
        raise bad_value(SERVERS[0])
    if action == "transfer" and wants.code and not request.text("auth_code"):
        raise bad_value("auth_code")
    kept = {name: request.text(name) for name in ("ns_additional", "auth_code") if request.text(name)}
    return {**servers, **kept}


def _contacts(panel: Panel, request: Request, zone: Zone) -> tuple[str, ...]:
    """Kinds that the zone wants; each must be given, and the module take it."""
    kinds = domain_modules.wants(panel, zone).kinds
    for kind in kinds:
        if not request.text(kind):
            raise bad_value(kind)
    domain_contacts.check(panel, request, {zone.name: zone}, kinds)
    return kinds


@function("domain.ns", CLIENT, "additions-2.md h.9")
def name_servers(panel: Panel, request: Request) -> etree._Element:
    """Name servers of a domain: ns0 to ns3; a change starts update_ns."""
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller, "domain")
        items.lock(tx, item.id)
        known = items.params(tx, item.id)
        if not request.sok:
            return fields(elid=item.id, **{name: known.get(name, "") for name in SERVERS})
        changes = {
            name: request.text(name)
            for name in SERVERS
            if name in request.params and request.text(name) != known.get(name, "")
        }
        for name, value in changes.items():
            if value and not _SERVER.fullmatch(value):
                raise bad_value(name, value)
            items.save_param(tx, item.id, name, value)
        if changes:
            if item.status == items.ACTIVE:
                lifecycle.start_if_served(panel, tx, item, "update_ns", request.caller.level)
            told = {"name": "ns", "old": "", "new": " ".join(changes.values())}
            billing.history(tx, request, item.id, "ns", "param", told)
    panel.queue.wake()
    return done(id=item.id)


@function("domain.whois", CLIENT, FACT)
def whois(panel: Panel, request: Request) -> etree._Element:
    """What the registry tells of a domain: whois_data."""
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller, "domain")
        zone = domain_modules.on_sale(tx).get(item.name.partition(".")[2])
    text = domain_modules.whois(panel, zone, item.name) if zone is not None else ""
    return fields(elid=item.id, whois_data=text)

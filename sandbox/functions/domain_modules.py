"""What the module of a zone's tariff is asked while a domain is ordered (platform.md 5.2, additions-2.md h.9).

Modules are programs that call back into the panel, so nothing here is called in a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import tariffs
from sandbox.core.modules import BUILT_IN
from sandbox.functions.profiles import CONTACTS

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.tariffs import Tariff

USUAL = ("owner", "admin", "tech", "bill")
"""Contacts of a zone whose module says nothing of them."""
FREE = "not exist"
GAP = "_" * 12


@dataclass(frozen=True)
class Zone:
    """A zone on sale and the module of its tariff; `module` is empty where there is none."""

    name: str
    tariff: Tariff
    module_id: int
    module: str

    @property
    def is_asked(self) -> bool:
        return bool(self.module) and self.module not in BUILT_IN


@dataclass(frozen=True)
class Wants:
    """What a zone wants of an order: its kinds of contact, the main one first, name servers, a code for a transfer."""

    kinds: tuple[str, ...] = USUAL
    servers: bool = False
    code: bool = False


def on_sale(tx: Tx) -> dict[str, Zone]:
    """A zone is sold by the tariff whose intname is the id of its row in tld (additions-2.md h.8)."""
    rows = tx.rows(
        "SELECT p.id, z.name, m.id AS module_id, m.module FROM pricelist p JOIN itemtype t ON t.id = p.itemtype "
        "JOIN tld z ON CAST(z.id AS CHAR) = p.intname "
        "LEFT JOIN processingmodule2pricelist l ON l.pricelist = p.id "
        "LEFT JOIN processingmodule m ON m.id = l.processingmodule AND m.active = 'on' "
        "WHERE t.intname = 'domain' AND p.parent IS NULL AND p.active = 'on' "
        "ORDER BY p.id DESC, m.orderpriority DESC, m.id DESC"
    )
    found = {row["name"]: (tariffs.load(tx, row["id"]), row["module_id"] or 0, row["module"] or "") for row in rows}
    return {name: Zone(name, tariff, number, module) for name, (tariff, number, module) in found.items() if tariff}


def _ask(panel: Panel, zone: Zone, command: str, words: list[str], data: bytes = b"") -> etree._Element | None:
    """What the module prints, None when it has no such command or nothing to say. Raises its error."""
    if not zone.is_asked or not panel.modules.has(zone.module, command):
        return None
    return panel.modules.check(zone.module, ["--command", command, *words], data)


def wants(panel: Panel, zone: Zone) -> Wants:
    answer = _ask(panel, zone, "get_contact_type", ["--tld", zone.name])
    if answer is None:
        return Wants()
    told = [one for one in answer.iterfind("contact_type") if one.text in CONTACTS]
    main_first = sorted(told, key=lambda one: one.get("main") != "yes")
    kinds = tuple(dict.fromkeys(one.text or "" for one in main_first))
    return Wants(kinds, answer.get("ns") == "require", answer.get("auth_code") == "require")


def kinds_of(panel: Panel, zones: Iterable[Zone]) -> tuple[str, ...]:
    """Kinds of contact that any of the zones wants."""
    return tuple(dict.fromkeys(kind for zone in zones for kind in wants(panel, zone).kinds))


def is_taken(panel: Panel, zone: Zone, domain: str) -> bool:
    """What whois says; a module without it knows of no domain that is taken."""
    text = whois(panel, zone, domain)
    return bool(text) and FREE not in text


def whois(panel: Panel, zone: Zone, domain: str) -> str:
    answer = _ask(panel, zone, "whois", ["--param", domain, "--module", str(zone.module_id)])
    return "" if answer is None else answer.findtext("whois") or ""


def _xml(form: etree._Element) -> bytes:
    return etree.tostring(form, encoding="UTF-8", xml_declaration=True)


def tune_profile(panel: Panel, zone: Zone, kind: str, form: etree._Element) -> etree._Element:
    """The form of contacts with what the module adds to the page of this kind."""
    answer = _ask(panel, zone, "tune_service_profile", ["--param", zone.name, "--value", kind], _xml(form))
    return form if answer is None else answer


def validate_profile(panel: Panel, zone: Zone, kind: str, form: etree._Element) -> None:
    """Raises the module's error for a contact that it does not take."""
    _ask(panel, zone, "validate_service_profile", ["--param", zone.name, "--value", kind], _xml(form))


def tune_service(panel: Panel, zone: Zone, domain: str, form: etree._Element) -> etree._Element:
    """The form of the domain's own parameters with what the module adds."""
    answer = _ask(panel, zone, "tune_service", ["--param", zone.name, "--value", domain], _xml(form))
    return form if answer is None else answer


def field_prefix(domain: str) -> str:
    """`domainparam_<name>____________<tld>_` of a domain's own parameters (additions-2.md h.9)."""
    name, _, zone = domain.partition(".")
    return f"domainparam_{name}{GAP}{zone}_"


def page_name(domain: str) -> str:
    name, _, zone = domain.partition(".")
    return f"page_{name}{GAP}{zone}"

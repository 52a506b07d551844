"""Contacts in the wizard that orders domains: a page for each kind, its fields `<kind>_<field>` (additions-2.md h.9).

The shape is that of a document captured from a real panel: `<kind>_contact_select` with `setvalues="blocking"`,
`<kind>_update_warning`, `<kind>_name`, `<kind>_profiletype`, `<kind>_location_*`, and `ns0` in the same document. What
is filled in is kept as a contact of the client at once, and its id goes on in `<kind>_contact_select`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.documents import add, fields, slist
from sandbox.core.errors import bad_value
from sandbox.functions import countries, domain_modules
from sandbox.functions.profiles import CONTACTS as KINDS
from sandbox.functions.profiles import COUNTRY_FIELDS, TYPES, store_params

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request
    from sandbox.functions.domain_modules import Zone

__all__ = ["KINDS", "store_params"]

FUNC = "domain.order.contact"
NEW = ("", "null", "new")
FIELDS = (
    "firstname",
    "middlename",
    "lastname",
    "company",
    "email",
    "phone",
    "location_country",
    "location_state",
    "location_postcode",
    "location_city",
    "location_address",
    "postal_country",
    "postal_state",
    "postal_postcode",
    "postal_city",
    "postal_address",
)
SERVERS = ("ns0", "ns1", "ns2", "ns3")


def _names(panel: Panel, zones: Mapping[str, Zone], kind: str) -> list[str]:
    """Fields of a contact of this kind: those of any, and those of the modules' own forms."""
    names = list(FIELDS)
    for zone in zones.values():
        if zone.is_asked:
            for form in (f"service_profile.{zone.module}.{kind}.{zone.name}", f"service_profile.{zone.module}"):
                names += panel.plugins.form_fields(form)
    return list(dict.fromkeys(names))


def form(panel: Panel, request: Request, zones: Mapping[str, Zone]) -> etree._Element:
    """The pages, as the modules tune them."""
    kinds = domain_modules.kinds_of(panel, zones.values())
    document = fields(selected_domain=request.text("selected_domain"))
    metadata = etree.SubElement(document, "metadata", name=FUNC, type="form", mgr="billmgr")
    pages = etree.SubElement(metadata, "form", title="name")
    messages = etree.SubElement(document, "messages", name=FUNC, checked=FUNC)
    with panel.db.begin() as tx:
        for place, kind in enumerate(kinds):
            names = _names(panel, zones, kind)
            _page(pages, messages, kind, names, is_first=place == 0)
            _values(tx, document, request, kind, names)
        servers = [row["name"] for row in tx.rows("SELECT name FROM nameserver ORDER BY id LIMIT 4")]
    for name, server in zip(SERVERS, servers or [""]):
        add(document, name, request.text(name) or server)
    for zone in zones.values():
        for kind in kinds:
            document = domain_modules.tune_profile(panel, zone, kind, document)
    return document


def _page(pages: etree._Element, messages: etree._Element, kind: str, names: list[str], is_first: bool) -> None:
    page = etree.SubElement(pages, "page", name=kind)
    if not is_first:
        _field(page, "input", f"{kind}_contact_use_first", type="checkbox")
    _field(page, "select", f"{kind}_contact_select", setvalues="blocking")
    warning = etree.SubElement(page, "field", name=f"{kind}_update_warning", remove_if="new", noname="yes")
    etree.SubElement(warning, "textdata", name=f"{kind}_update_warning", type="msg", warning="yes")
    _field(page, "input", f"{kind}_name", type="text", required="yes")
    _field(page, "select", f"{kind}_profiletype")
    for name in names:
        tag = "select" if name in COUNTRY_FIELDS else "input"
        _field(page, tag, f"{kind}_{name}")
    for name in ("contact_select", "update_warning", "name", "profiletype", *names):
        etree.SubElement(messages, "msg", name=f"{kind}_{name}").text = name.replace("_", " ")


def _field(page: etree._Element, tag: str, name: str, **attributes: str) -> None:
    etree.SubElement(etree.SubElement(page, "field", name=name), tag, {"name": name, **attributes})


def _values(tx: Tx, document: etree._Element, request: Request, kind: str, names: list[str]) -> None:
    """What is filled in, or known of the contact that was chosen."""
    own = tx.rows("SELECT id, name FROM service_profile WHERE account = %s ORDER BY id", request.caller.account)
    chosen = request.text(f"{kind}_contact_select")
    known: dict[str, str] = {}
    if chosen in {str(row["id"]) for row in own}:
        rows = tx.rows("SELECT intname, value FROM service_profileparam WHERE service_profile = %s", chosen)
        known = {row["intname"]: row["value"] or "" for row in rows}
        known["name"] = next(row["name"] for row in own if str(row["id"]) == chosen)
    add(document, f"{kind}_contact_select", chosen)
    slist(document, f"{kind}_contact_select", [("new", "new"), *((row["id"], row["name"]) for row in own)])
    add(document, f"{kind}_profiletype", request.text(f"{kind}_profiletype", TYPES[0]))
    slist(document, f"{kind}_profiletype", [(one, one) for one in TYPES])
    for name in COUNTRY_FIELDS:
        countries.put(tx, document, f"{kind}_{name}", request.lang)
    for name in ("name", *names):
        add(document, f"{kind}_{name}", request.text(f"{kind}_{name}") or known.get(name, ""))


def given(request: Request, kind: str) -> dict[str, str]:
    """Fields of this kind in a request, without their prefix."""
    own = ("contact_select", "contact_use_first", "name", "profiletype", "update_warning")
    fields_of = {key[len(kind) + 1 :]: value for key, value in request.params.items() if key.startswith(f"{kind}_")}
    return {name: value for name, value in fields_of.items() if name not in own}


def check(panel: Panel, request: Request, zones: Mapping[str, Zone], kinds: tuple[str, ...]) -> None:
    """Ask the modules about what was filled in. Raises the first error."""
    document = etree.Element("doc")
    for name, value in request.params.items():
        if name.startswith(tuple(f"{kind}_" for kind in kinds)):
            add(document, name, value)
    for zone in zones.values():
        for kind in domain_modules.wants(panel, zone).kinds:
            domain_modules.validate_profile(panel, zone, kind, document)


def keep(tx: Tx, request: Request, kinds: tuple[str, ...]) -> dict[str, int]:
    """The contact of each kind: the first one's, one of the client's own, or a new one. Raises PanelError."""
    found: dict[str, int] = {}
    for kind in kinds:
        if found and request.text(f"{kind}_contact_use_first") == "on":
            found[kind] = next(iter(found.values()))
        else:
            found[kind] = _kept(tx, request, kind)
    return found


def _kept(tx: Tx, request: Request, kind: str) -> int:
    text = request.text(f"{kind}_contact_select")
    if text not in NEW:
        number = own(tx, request, text, f"{kind}_contact_select")
    else:
        profiletype = request.text(f"{kind}_profiletype", TYPES[0])
        if not request.text(f"{kind}_email"):
            raise bad_value(f"{kind}_contact_select")
        if profiletype not in TYPES:
            raise bad_value(f"{kind}_profiletype", profiletype)
        name = request.text(f"{kind}_name") or request.text(f"{kind}_email")
        values = {"account": request.caller.account, "profiletype": int(profiletype), "name": name}
        number = tx.insert("service_profile", **values)
    store_params(tx, number, given(request, kind))
    return number


def own(tx: Tx, request: Request, text: str, field: str) -> int:
    """A contact of this client by its id."""
    sql = "SELECT id FROM service_profile WHERE id = %s AND account = %s"
    number = tx.value(sql, int(text), request.caller.account) if text.isdecimal() else None
    if number is None:
        raise bad_value(field, text)
    return int(number)


def tie(tx: Tx, item: int, contacts: Mapping[str, int]) -> None:
    """Contacts end as rows of service_profile2item."""
    for kind, number in contacts.items():
        tx.put("service_profile2item", {"item": item, "type": kind}, service_profile=number)

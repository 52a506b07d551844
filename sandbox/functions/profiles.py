"""Service profiles: the contacts of domains and certificates, and how they reach a module (platform.md 5.2, 6.2).

A module adds fields to the form (`tune_service_profile`), checks what was entered (`validate_service_profile`), and is
told of a change of a profile that it holds (`service_profile_update`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core.documents import add, done, elem, fields, listed
from sandbox.core.errors import bad_value, missing
from sandbox.core.modules import BUILT_IN
from sandbox.core.pages import window
from sandbox.core.registry import function
from sandbox.core.request import ADMIN, CLIENT
from sandbox.functions import countries
from sandbox.functions.processing import load_module

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

FACT = "platform.md 5.2, 6.2"
TYPES = ("1", "2", "3")
"""profiletype: 1 person, 2 company, 3 sole trader."""
CONTACTS = ("owner", "admin", "tech", "bill", "customer")
"""Types of contact a module may ask for."""
COUNTRY_FIELDS = ("location_country", "postal_country")
OWN = frozenset(["profiletype", "name", "account", "processingmodule", "tld", "contact_type"])
_NOT_FIELDS = frozenset(
    ["func", "elid", "plid", "out", "lang", "auth", "authinfo", "su", "sok", "sv_field", "clicked_button", "elname"]
)
IMPORT_OWN = frozenset(["module", "type", "externalid", "externalpassword", "profiletype", "account"])


def _load(tx: Tx, request: Request, elid: str) -> dict[str, Any]:
    row = tx.row("SELECT * FROM service_profile WHERE id = %s", int(elid)) if elid.isdecimal() else None
    if row is None or (not request.caller.staff and row["account"] != request.caller.account):
        raise missing("service_profile", elid)
    return row


def _given(request: Request, own: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in request.params.items() if name not in own and name not in _NOT_FIELDS}


def profile_type(request: Request, default: str = "1") -> int:
    text = request.text("profiletype") or default
    if text not in TYPES:
        raise bad_value("profiletype", text)
    return int(text)


@function("service_profile", CLIENT, FACT)
def profile_list(panel: Panel, request: Request) -> etree._Element:
    """Profiles of the client, or of all clients, with how many services use each; elid, name (with `*`), profiletype
    and account choose, sort orders, startidx and pagesize (or p_num, p_cnt) cut a page."""
    start, count = window(panel, request)
    column = request.text("sort", "id").lstrip("+-")
    if column not in _SORTED:
        raise bad_value("sort", request.text("sort"))
    falling = " DESC" if request.text("sort").startswith("-") else ""
    chosen = {name: request.text(name).replace("*", "%") for name in _CHOSEN if request.text(name)}
    where = "".join(f" AND {_CHOSEN[name]}" for name in chosen)
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        rows = tx.rows(
            f"{_PROFILES} WHERE (%s OR s.account = %s){where} GROUP BY s.id, s.name, s.profiletype, s.account "
            f"ORDER BY {column}{falling}, id",
            request.caller.staff,
            request.caller.account,
            *chosen.values(),
        )
    for row in rows[start : start + count]:
        elem(document, row)
    add(document, "p_elems", len(rows))
    return document


_SORTED = ("id", "name", "profiletype", "spusage")
_CHOSEN = {
    "elid": "s.id = %s",
    "name": "s.name LIKE %s",
    "profiletype": "s.profiletype = %s",
    "account": "s.account = %s",
}
_PROFILES = """SELECT s.id, s.name, s.profiletype, s.account, COUNT(DISTINCT i.id) AS spusage,
    (SELECT GROUP_CONCAT(f.value ORDER BY f.intname SEPARATOR ' ') FROM service_profileparam f
        WHERE f.service_profile = s.id AND f.intname IN ('company', 'firstname', 'lastname')) AS fullname,
    GROUP_CONCAT(DISTINCT IF(t.intname = 'domain', i.name, NULL) ORDER BY i.name SEPARATOR ', ') AS domains
    FROM service_profile s LEFT JOIN service_profile2item l ON l.service_profile = s.id
    LEFT JOIN item i ON i.id = l.item AND i.status <> 4 LEFT JOIN pricelist p ON p.id = i.pricelist
    LEFT JOIN itemtype t ON t.id = p.itemtype"""
"""A contact with the living services that use it."""


@function("service_profile.delete", CLIENT, "additions-2.md d.2")
def profile_delete(panel: Panel, request: Request) -> etree._Element:
    """Remove profiles that no living service uses."""
    with panel.db.begin() as tx:
        for elid in request.elids:
            number = _load(tx, request, elid)["id"]
            used = tx.value(
                "SELECT i.id FROM service_profile2item l JOIN item i ON i.id = l.item AND i.status <> 4 "
                "WHERE l.service_profile = %s LIMIT 1",
                number,
            )
            if used is not None:
                raise bad_value("elid", elid, f"used by service {used}")
            for table in ("service_profileparam", "service_profile2item", "service_profile2processingmodule"):
                tx.run(f"DELETE FROM {table} WHERE service_profile = %s", number)
            tx.run("DELETE FROM service_profile WHERE id = %s", number)
    return done()


@function("service_profile.edit", CLIENT, FACT)
def profile_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change a profile; with processingmodule=, tld= and contact_type= in that module's form."""
    with panel.db.begin() as tx:
        row = _load(tx, request, request.elid) if request.elid else None
        known = _params(tx, row["id"]) if row is not None else {}
        module = load_module(tx, request.text("processingmodule")) if request.text("processingmodule") else None
        holders = _holders(tx, row["id"]) if row is not None and module is None else []
    if not request.sok:
        form = fields(elid=request.elid or None, name=row["name"] if row else None)
        add(form, "profiletype", row["profiletype"] if row else request.text("profiletype", "1"))
        for name, value in known.items():
            add(form, name, value)
        with panel.db.begin() as tx:
            for field in COUNTRY_FIELDS:
                countries.put(tx, form, field, request.lang)
        # In the plain form the modules that hold the contact are asked, with empty --param and --value (h.9).
        for one in holders if module is None else [module]:
            form = _ask(panel, request, one, "tune_service_profile", form)
        return form
    given = _given(request, OWN)
    if module is not None:
        form = fields(profiletype=request.text("profiletype"), **{**known, **given})
        _ask(panel, request, module, "validate_service_profile", form)
    with panel.db.begin() as tx:
        number = _save(tx, request, row, given)
        holders = _holders(tx, number) if row is not None else []
    for holder in holders:
        if holder["module"] not in BUILT_IN and panel.modules.has(holder["module"], "service_profile_update"):
            words = ["--command", "service_profile_update", "--module", str(holder["id"]), "--param", str(number)]
            panel.modules.run(holder["module"], words)
    return done(id=number)


def _params(tx: Tx, profile: int) -> dict[str, str]:
    rows = tx.rows("SELECT intname, value FROM service_profileparam WHERE service_profile = %s", profile)
    return {row["intname"]: row["value"] or "" for row in rows}


def _save(tx: Tx, request: Request, row: dict[str, Any] | None, given: dict[str, str]) -> int:
    if row is not None:
        number = int(row["id"])
        changes: dict[str, object] = {}
        if request.text("name"):
            changes["name"] = request.text("name")
        if profile_type(request, str(row["profiletype"])) != row["profiletype"]:
            raise bad_value("profiletype", request.text("profiletype"), "it cannot be changed later")
        if changes:
            tx.update("service_profile", {"id": number}, **changes)
    else:
        account = request.text("account") if request.caller.staff else str(request.caller.account)
        if tx.value("SELECT id FROM account WHERE id = %s", account or 0) is None:
            raise missing("account", account)
        name = request.text("name")
        if not name:
            raise bad_value("name")
        number = tx.insert("service_profile", profiletype=profile_type(request), account=account, name=name)
    store_params(tx, number, given)
    return number


def store_params(tx: Tx, profile: int, given: dict[str, str]) -> None:
    """Fields of a profile; a new value takes away the warning about the old one."""
    for name, value in given.items():
        tx.put("service_profileparam", {"service_profile": profile, "intname": name}, value=value, warning_message=None)


def _holders(tx: Tx, profile: int) -> list[dict[str, Any]]:
    return tx.rows(
        "SELECT DISTINCT m.id, m.module FROM service_profile2processingmodule l JOIN processingmodule m "
        "ON m.id = l.processingmodule WHERE l.service_profile = %s ORDER BY m.id",
        profile,
    )


def _ask(panel: Panel, request: Request, module: dict[str, Any], command: str, form: etree._Element) -> etree._Element:
    """The form through the module: --param tld, --value contact type; its error is the answer."""
    name = module["module"]
    if name in BUILT_IN or not panel.modules.has(name, command):
        return form
    kind, tld = request.text("contact_type"), request.text("tld")
    for metadata in (f"service_profile.{name}.{kind}.{tld}", f"service_profile.{name}"):
        panel.plugins.dress(form, metadata, request.lang)
    words = ["--command", command, "--param", tld, "--value", kind]
    answer = panel.modules.check(name, words, etree.tostring(form, encoding="UTF-8", xml_declaration=True))
    return form if answer is None else answer


@function("service_profile2processingmodule", ADMIN, "additions-2.md h.17")
def profiles_of_modules(panel: Panel, request: Request) -> etree._Element:
    """Which modules hold which contacts, and under what id; elid chooses a contact."""
    with panel.db.begin() as tx:
        rows = tx.rows(
            "SELECT service_profile, processingmodule, type, externalid FROM service_profile2processingmodule "
            "WHERE %s = '' OR service_profile = %s ORDER BY service_profile, processingmodule, type",
            request.elid,
            request.elid,
        )
    return listed(rows)


@function("service_profile2processingmodule.edit", ADMIN, FACT)
def profile_of_module(panel: Panel, request: Request) -> etree._Element:
    """A module has made the contact at its provider: service_profile, processingmodule, type, externalid, password."""
    with panel.db.begin() as tx:
        profile = _load(tx, request, request.text("service_profile"))["id"]
        module = load_module(tx, request.text("processingmodule"))["id"]
        link_module(tx, request, profile, module)
    return done()


def link_module(tx: Tx, request: Request, profile: int, module: int) -> None:
    key = {"service_profile": profile, "processingmodule": module, "type": request.text("type")}
    tx.put(
        "service_profile2processingmodule",
        key,
        externalid=request.text("externalid") or None,
        externalpassword=request.text("externalpassword") or None,
    )


@function("service_profile2item.edit", ADMIN, FACT)
def profile_of_item(panel: Panel, request: Request) -> etree._Element:
    """The contact of a service: service_profile, item, type."""
    if request.text("type") not in CONTACTS:
        raise bad_value("type", request.text("type"))
    with panel.db.begin() as tx:
        profile = _load(tx, request, request.text("service_profile"))["id"]
        item = tx.value("SELECT id FROM item WHERE id = %s", request.text("item") or 0)
        if item is None:
            raise missing("item", request.text("item"))
        tx.put("service_profile2item", {"item": item, "type": request.text("type")}, service_profile=profile)
    return done()


@function("service_profile.error", ADMIN, FACT)
def profile_error(panel: Panel, request: Request) -> etree._Element:
    """The provider did not like a field: item, type, param, warning_message stay with the profile's parameter."""
    with panel.db.begin() as tx:
        profile = tx.value(
            "SELECT service_profile FROM service_profile2item WHERE item = %s AND type = %s",
            request.text("item") or 0,
            request.text("type"),
        )
        if profile is None:
            raise missing("service_profile", request.text("type"))
        key = {"service_profile": profile, "intname": request.text("param")}
        tx.put("service_profileparam", key, warning_message=request.text("warning_message"))
    return done()


@function("processing.import.profile", ADMIN, FACT)
def import_profile(panel: Panel, request: Request) -> etree._Element:
    """A contact found at the provider: the same externalid again is the same profile; answers profile_id."""
    with panel.db.begin() as tx:
        module = load_module(tx, request.text("module"))["id"]
        number = tx.value(
            "SELECT service_profile FROM service_profile2processingmodule "
            "WHERE processingmodule = %s AND type = %s AND externalid = %s",
            module,
            request.text("type"),
            request.text("externalid"),
        )
        if number is None:
            name = request.text("name") or request.text("firstname") or request.text("externalid")
            number = tx.insert(
                "service_profile",
                profiletype=profile_type(request),
                account=request.text("account") or 0,
                name=name,
            )
        store_params(tx, number, _given(request, IMPORT_OWN))
        link_module(tx, request, number, module)
    return done(profile_id=number)

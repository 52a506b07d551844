"""Payers of clients, and the provider's employees (additions-2.md h.17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core.documents import Cell, done, fields, listed, slist
from sandbox.core.errors import bad_value, missing
from sandbox.core.passwords import hashed
from sandbox.core.registry import function
from sandbox.core.request import ADMIN, CLIENT
from sandbox.functions import countries
from sandbox.functions.accounts import require_free_login, user_of
from sandbox.functions.profiles import TYPES, profile_type

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

FACT = "additions-2.md h.17"
PLACES = ("physical", "legal")
_TEXTS = ("name", "person", "vatnum", *(f"{part}_{one}" for one in PLACES for part in ("postcode", "city", "address")))
_COUNTRIES = tuple(f"country_{one}" for one in PLACES)
_EMPLOYEE = ("name", "realname", "email", "phone", "enabled", "language")


def _payer(tx: Tx, request: Request) -> dict[str, Any]:
    row = tx.row("SELECT * FROM profile WHERE id = %s", int(request.elid)) if request.elid.isdecimal() else None
    if row is None or (not request.caller.staff and row["account"] != request.caller.account):
        raise missing("elid", request.elid)
    return row


@function("profile", CLIENT, FACT)
def payer_list(panel: Panel, request: Request) -> etree._Element:
    """Payers of the client, or of all clients."""
    with panel.db.begin() as tx:
        rows = tx.rows(
            "SELECT id, name, profiletype, account FROM profile WHERE %s OR account = %s ORDER BY id",
            request.caller.staff,
            request.caller.account,
        )
    return listed(rows)


@function("profile.edit", CLIENT, FACT)
def payer_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change a payer: profiletype, name or person, addresses `<part>_physical`, `<part>_legal`."""
    with panel.db.begin() as tx:
        row = _payer(tx, request) if request.elid else None
        if not request.sok:
            return _payer_form(tx, request, row)
        values: dict[str, object] = {name: request.text(name) for name in _TEXTS if name in request.params}
        values |= {name: countries.chosen(request.text(name)) for name in _COUNTRIES if name in request.params}
        if row is not None:
            if values:
                tx.update("profile", {"id": row["id"]}, **values)
            return done(id=row["id"])
        account = request.caller.account or int(request.text("account", "0") or 0)
        if tx.value("SELECT id FROM account WHERE id = %s", account) is None:
            raise missing("account", account)
        if not (request.text("name") or request.text("person")):
            raise bad_value("name")
        values["name"] = request.text("name") or request.text("person")
        return done(id=tx.insert("profile", profiletype=profile_type(request), account=account, **values))


def _payer_form(tx: Tx, request: Request, row: dict[str, Any] | None) -> etree._Element:
    known: dict[str, Cell] = {name: (row[name] or "") if row else "" for name in (*_TEXTS, *_COUNTRIES)}
    known["profiletype"] = row["profiletype"] if row else request.text("profiletype", "1")
    document = fields(elid=row["id"] if row else None, **known)
    slist(document, "profiletype", [(one, one) for one in TYPES])
    for name in _COUNTRIES:
        countries.put(tx, document, name, request.lang)
    return document


@function("employee", ADMIN, FACT)
def employee_list(panel: Panel, request: Request) -> etree._Element:
    """The provider's employees."""
    with panel.db.begin() as tx:
        rows = tx.rows("SELECT id, name, realname, email, enabled FROM user WHERE level = %s ORDER BY id", ADMIN)
    return listed(rows)


@function("employee.edit", ADMIN, FACT)
def employee_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change an employee: name, passwd, realname, email, phone, enabled; elid may be the login."""
    with panel.db.begin() as tx:
        row = user_of(tx, request.elid) if request.elid else None
        if row is not None and row["level"] != ADMIN:
            raise missing("elid", request.elid)
        if not request.sok:
            known: dict[str, Cell] = {name: (row[name] or "") if row else "" for name in _EMPLOYEE}
            return fields(elid=row["id"] if row else None, **known)
        values: dict[str, object] = {name: request.text(name) for name in _EMPLOYEE if name in request.params}
        if request.text("passwd"):
            values["password"] = hashed(request.text("passwd"))
        if row is not None:
            if values:
                tx.update("user", {"id": row["id"]}, **values)
            return done(id=row["id"])
        for name in ("name", "passwd"):
            if not request.text(name):
                raise bad_value(name)
        require_free_login(tx, request.text("name"))
        return done(id=tx.insert("user", level=ADMIN, **values))

"""Clients, their users and their money (platform.md 6.2, selling-api.md 6)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core.documents import add, done, elem, fields, listed, money
from sandbox.core.errors import PanelError, bad_value, missing
from sandbox.core.passwords import hashed
from sandbox.core.registry import function
from sandbox.core.request import ADMIN, CLIENT
from sandbox.functions import countries

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request


@function("subaccount", CLIENT, "selling-api.md 6")
def subaccount(panel: Panel, request: Request) -> etree._Element:
    """The client's money: balance and currency."""
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        rows = tx.rows(
            "SELECT s.id, s.account, p.name AS project, s.balance, p.currency FROM subaccount s "
            "JOIN project p ON p.id = s.project WHERE %s OR s.account = %s ORDER BY s.id",
            request.caller.staff,
            request.caller.account,
        )
    for row in rows:
        element = elem(document, {"id": row["id"], "account": row["account"], "project": row["project"]})
        # A cell may carry the displayed text and the raw value beside it (selling-api.md 1.3).
        add(element, "balance", money(row["balance"]), orig=f"{row['balance']:.4f}")
        add(element, "currency", row["currency"])
    etree.SubElement(document, "p_elems").text = str(len(rows))
    return document


_ACCOUNT_FILTER = {"id": "id = %s", "name": "name LIKE CONCAT('%%', %s, '%%')"}


@function("account", ADMIN, "selling-api.md 6")
def account_list(panel: Panel, request: Request) -> etree._Element:
    """Clients of this panel; `filter=on` with id or a part of the name in one call (additions-2.md h.15)."""
    wanted = {name: request.text(name) for name in _ACCOUNT_FILTER if request.text(name)}
    if request.text("filter") != "on":
        wanted = {}
    where = " AND ".join(_ACCOUNT_FILTER[name] for name in wanted) or "1"
    with panel.db.begin() as tx:
        sql = f"SELECT id, name, registration_date FROM account WHERE {where} ORDER BY id"
        rows = tx.rows(sql, *wanted.values())
    return listed(rows)


@function("account.edit", ADMIN, "platform.md 5.2")
def account_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change a client: name, country. A new one may come with its user: email (the login), realname,
    passwd (additions-2.md h.17)."""
    with panel.db.begin() as tx:
        row = None
        if request.elid:
            row = tx.row("SELECT id, name, registration_date, country FROM account WHERE id = %s", request.elid)
            if row is None:
                raise missing("elid", request.elid)
        if not request.sok:
            document = fields(elid=row["id"], **row) if row else fields(name="", email="", realname="")
            countries.put(tx, document, "country", request.lang)
            return document
        changes: dict[str, object] = {name: request.text(name) for name in ("name",) if request.text(name)}
        if "country" in request.params:
            changes["country"] = countries.chosen(request.text("country"))
        if row is not None:
            if changes:
                tx.update("account", {"id": row["id"]}, **changes)
            return done(id=row["id"])
        return done(id=_new_account(tx, request, changes))


def _new_account(tx: Tx, request: Request, changes: dict[str, object]) -> int:
    name = request.text("name") or request.text("realname") or request.text("email")
    if not name:
        raise bad_value("name")
    number = make_account(tx, name)
    if request.text("email"):
        if not request.text("passwd"):
            raise bad_value("passwd")
        user = make_user(tx, request.text("email"), request.text("passwd"), number)
        known = {"email": request.text("email"), "realname": request.text("realname") or name}
        tx.update("user", {"id": user}, **known)
    tx.update("account", {"id": number}, **{"name": name, **changes})
    return number


def make_account(tx: Tx, name: str) -> int:
    number = tx.insert("account", name=name)
    tx.run("UPDATE account SET registration_date = CURDATE() WHERE id = %s", number)
    tx.insert("subaccount", account=number, project=1)
    return number


def make_user(tx: Tx, name: str, password: str, account: int, **more: object) -> int:
    """A user of level 16 = client (platform.md 6.2)."""
    require_free_login(tx, name)
    return tx.insert(
        "user",
        name=name,
        realname=name,
        email=f"{name}@example.com",
        level=CLIENT,
        account=account,
        password=hashed(password),
        **more,
    )


def require_free_login(tx: Tx, name: str) -> None:
    if tx.value("SELECT id FROM user WHERE name = %s", name) is not None:
        raise PanelError("exists", "name", name)


def user_of(tx: Tx, elid: str) -> dict[str, Any]:
    """A user by his number or by his login (additions-2.md h.13). Raises `missed`."""
    row = tx.row("SELECT * FROM user WHERE id = %s", int(elid)) if elid.isdecimal() else None
    row = row or tx.row("SELECT * FROM user WHERE name = %s", elid)
    if row is None:
        raise missing("elid", elid)
    return row


def checked_ranges(text: str) -> str:
    """The profile's "API access": single addresses, masks or ranges (platform.md 4.1)."""
    for part in text.replace(",", " ").split():
        try:
            for end in part.split("-", 1):
                ipaddress.ip_network(end, strict=False)
        except ValueError as error:
            raise bad_value("allowed_ip_ranges", part) from error
    return text


@function("user", ADMIN, "platform.md 6.2")
def user_list(panel: Panel, request: Request) -> etree._Element:
    """Users: all, or those of the client that elid names."""
    with panel.db.begin() as tx:
        rows = tx.rows(
            "SELECT u.id, u.name, u.realname, u.email, a.name AS account, u.level, u.enabled FROM user u "
            "LEFT JOIN account a ON a.id = u.account WHERE %s = '' OR u.account = %s ORDER BY u.id",
            request.elid,
            request.elid,
        )
    return listed(rows)


@function("user.edit", ADMIN, "platform.md 5.2")
def user_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change a user of a client, elid being his number or login: name, passwd, realname, email, enabled,
    allowed_ip_ranges, totp."""
    names = ("name", "realname", "email", "enabled", "language", "allowed_ip_ranges", "totp")
    with panel.db.begin() as tx:
        row = user_of(tx, request.elid) if request.elid else None
        if not request.sok:
            if row is None:
                raise missing("elid", request.elid)
            return fields(elid=row["id"], account=row["account"], **{name: row[name] for name in names})
        changes: dict[str, object] = {name: request.text(name) for name in names if name in request.params}
        if request.text("allowed_ip_ranges"):
            checked_ranges(request.text("allowed_ip_ranges"))
        if request.text("passwd"):
            if request.text("confirm", request.text("passwd")) != request.text("passwd"):
                raise bad_value("confirm")
            changes["password"] = hashed(request.text("passwd"))
        if row is None:
            return _new_user(tx, request, changes)
        if changes:
            tx.update("user", {"id": row["id"]}, **changes)
    return done(id=row["id"])


def _new_user(tx: Tx, request: Request, changes: dict[str, object]) -> etree._Element:
    if not request.text("name") or not request.text("passwd"):
        raise bad_value("name" if not request.text("name") else "passwd")
    if tx.value("SELECT id FROM account WHERE id = %s", request.text("plid")) is None:
        raise missing("plid", request.text("plid"))
    number = make_user(tx, request.text("name"), request.text("passwd"), int(request.text("plid")))
    tx.update("user", {"id": number}, **changes)
    return done(id=number)

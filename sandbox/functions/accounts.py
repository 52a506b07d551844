"""Clients, their users and their money (platform.md 6.2, selling-api.md 6)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.documents import add, done, elem, fields, money
from sandbox.core.errors import PanelError, bad_value, missing
from sandbox.core.passwords import hashed
from sandbox.core.registry import function
from sandbox.core.request import ADMIN, CLIENT

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


@function("account", ADMIN, "selling-api.md 6")
def account_list(panel: Panel, request: Request) -> etree._Element:
    """Clients of this panel."""
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        rows = tx.rows("SELECT id, name, registration_date FROM account ORDER BY id")
    for row in rows:
        elem(document, row)
    etree.SubElement(document, "p_elems").text = str(len(rows))
    return document


@function("account.edit", ADMIN, "platform.md 5.2")
def account_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change a client."""
    with panel.db.begin() as tx:
        if not request.sok:
            row = tx.row("SELECT id, name, registration_date FROM account WHERE id = %s", request.elid)
            if row is None:
                raise missing("elid", request.elid)
            return fields(elid=row["id"], **row)
        if not request.text("name"):
            raise bad_value("name")
        if request.elid:
            if tx.value("SELECT id FROM account WHERE id = %s", request.elid) is None:
                raise missing("elid", request.elid)
            tx.run("UPDATE account SET name = %s WHERE id = %s", request.text("name"), request.elid)
            return done(id=request.elid)
        return done(id=make_account(tx, request.text("name")))


def make_account(tx: Tx, name: str) -> int:
    number = tx.insert("account", name=name)
    tx.run("UPDATE account SET registration_date = CURDATE() WHERE id = %s", number)
    tx.insert("subaccount", account=number, project=1)
    return number


def make_user(tx: Tx, name: str, password: str, account: int, **more: object) -> int:
    """A user of level 16 = client (platform.md 6.2)."""
    if tx.value("SELECT id FROM user WHERE name = %s", name) is not None:
        raise PanelError("exists", "name", name)
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
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        rows = tx.rows(
            "SELECT u.id, u.name, u.realname, u.email, a.name AS account, u.level, u.enabled FROM user u "
            "LEFT JOIN account a ON a.id = u.account WHERE %s = '' OR u.account = %s ORDER BY u.id",
            request.elid,
            request.elid,
        )
    for row in rows:
        elem(document, row)
    etree.SubElement(document, "p_elems").text = str(len(rows))
    return document


@function("user.edit", ADMIN, "platform.md 5.2")
def user_edit(panel: Panel, request: Request) -> etree._Element:
    """Read, make or change a user of a client: name, passwd, realname, email, enabled, allowed_ip_ranges, totp."""
    names = ("name", "realname", "email", "enabled", "language", "allowed_ip_ranges", "totp")
    with panel.db.begin() as tx:
        if not request.sok:
            row = tx.row("SELECT * FROM user WHERE id = %s", request.elid)
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
        if not request.elid:
            return _new_user(tx, request, changes)
        if tx.value("SELECT id FROM user WHERE id = %s", request.elid) is None:
            raise missing("elid", request.elid)
        if changes:
            tx.update("user", {"id": request.elid}, **changes)
    return done(id=request.elid)


def _new_user(tx: Tx, request: Request, changes: dict[str, object]) -> etree._Element:
    if not request.text("name") or not request.text("passwd"):
        raise bad_value("name" if not request.text("name") else "passwd")
    if tx.value("SELECT id FROM account WHERE id = %s", request.text("plid")) is None:
        raise missing("plid", request.text("plid"))
    number = make_user(tx, request.text("name"), request.text("passwd"), int(request.text("plid")))
    tx.update("user", {"id": number}, **changes)
    return done(id=number)

"""Sessions, who am I, the panel's own settings, restart (platform.md 3, 4)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import callers
from sandbox.core.documents import done, elem, money
from sandbox.core.errors import PanelError, denied
from sandbox.core.registry import function
from sandbox.core.request import ADMIN, CLIENT, LOCAL_ROOT, NOBODY, ROOT, Caller
from sandbox.tree import read_conf

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request


@function("auth", NOBODY, "platform.md 4.1, selling-api.md 1.2")
def auth(panel: Panel, request: Request) -> etree._Element:
    """Open a session by username and password, by authinfo, or by a one-time key."""
    if request.text("key"):
        caller = _by_key(panel, request)
    elif request.caller.level > NOBODY:
        caller = request.caller
    else:
        caller = callers.by_password(panel, request.text("username"), request.text("password"), request.origin.ip)
    with panel.db.begin() as tx:
        session = callers.open_session(tx, caller, request.origin.ip)
    document = etree.Element("doc")
    etree.SubElement(document, "auth", id=session, level=str(caller.level)).text = session
    return document


def _by_key(panel: Panel, request: Request) -> Caller:
    """A key works once (platform.md 4.1)."""
    key = f"key:{request.text('key')}"[:64]
    with panel.db.begin() as tx:
        name = tx.value(
            "SELECT IF(s.name = 0, %s, u.name) FROM core_session s LEFT JOIN user u ON u.id = s.name WHERE s.id = %s",
            LOCAL_ROOT.name,
            key,
        )
        tx.run("DELETE FROM core_session WHERE id = %s", key)
    if name is None or name != request.text("username"):
        raise PanelError("auth", panel.switches["auth_error"])
    return LOCAL_ROOT if name == LOCAL_ROOT.name else callers.by_name(panel, name)


@function("session.newkey", CLIENT, "platform.md 3.2, selling-api.md 1.2, additions-2.md h.12")
def session_newkey(panel: Panel, request: Request) -> etree._Element:
    """Prepare a one-time login key of at least 16 characters: for a user, or without username for the caller himself,
    which is all that a client may do."""
    key = request.text("key")
    if len(key) < 16 or len(key) > 60:
        raise PanelError("value", "key")
    caller = request.caller
    if request.text("username") not in ("", caller.name):
        if not caller.staff:
            raise denied(request.func)
        caller = callers.by_name(panel, request.text("username"))
    with panel.db.begin() as tx:
        tx.put("core_session", {"id": f"key:{key}"}, name=caller.user, ip="", atime=int(time.time()))
    return done()


@function("keepalive", CLIENT, "platform.md 4.2")
def keepalive(panel: Panel, request: Request) -> etree._Element:
    """Keep the session alive."""
    return done()


@function("whoami", CLIENT, "platform.md 4.2")
def whoami(panel: Panel, request: Request) -> etree._Element:
    """The caller as attributes of `user`."""
    document = etree.Element("doc")
    caller = request.caller
    with panel.db.begin() as tx:
        row = tx.row("SELECT realname, email FROM user WHERE id = %s", caller.user) or {}
        balance = tx.value("SELECT balance FROM subaccount WHERE account = %s AND project = 1", caller.account)
    attributes = {"id": str(caller.user), "name": caller.name, "level": str(caller.level)}
    if caller.account:
        attributes |= {"account": str(caller.account), "balance": money(balance)}
    attributes |= {"realname": row.get("realname") or "", "email": row.get("email") or ""}
    etree.SubElement(document, "user", attributes)
    return document


@function("paramlist", ROOT, "platform.md 6.2")
def paramlist(panel: Panel, request: Request) -> etree._Element:
    """The configuration, one parameter a row; elid chooses one (additions-2.md a.2)."""
    document = etree.Element("doc")
    for name, value in read_conf(panel.paths).items():
        if request.elid in ("", name):
            elem(document, {name: value})
    return document


@function("otparamlist", ROOT, "additions-2.md h.17")
def otparamlist(panel: Panel, request: Request) -> etree._Element:
    """The same as paramlist."""
    return paramlist(panel, request)


@function("tool.clearcache", ADMIN, "platform.md 5.2")
def tool_clearcache(panel: Panel, request: Request) -> etree._Element:
    """Forget cached tables; needed after writing to the database directly."""
    panel.clear_cache()
    return done()


@function("exit", ROOT, "platform.md 3.1")
def exit_panel(panel: Panel, request: Request) -> etree._Element:
    """Stop the core; the next request starts it again."""
    panel.stop_requested.set()
    return done()


@function("checkevent", ADMIN, "selling-api.md 8.1")
def checkevent(panel: Panel, request: Request) -> etree._Element:
    """The stock event reader of the panel. It has no connection of its own kind here, so it finds nothing."""
    return done()

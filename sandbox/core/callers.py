"""Who is calling: a user by name, password or session (platform.md 4.1, 4.2; selling-api.md 1.2)."""

from __future__ import annotations

import ipaddress
import secrets
from typing import TYPE_CHECKING, Any

from sandbox.core import clock
from sandbox.core.errors import PanelError, denied, missing
from sandbox.core.passwords import matches
from sandbox.core.request import LOCAL_ROOT, Caller

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel


def _caller(row: dict[str, Any]) -> Caller:
    return Caller(row["name"], row["level"], row["id"], row["account"] or 0)


def by_name(panel: Panel, name: str) -> Caller:
    """`su=<user>` (platform.md 3.1)."""
    with panel.db.begin() as tx:
        row = tx.row("SELECT * FROM user WHERE name = %s", name)
    if row is None:
        raise missing("user", name)
    return _caller(row)


def by_password(panel: Panel, name: str, password: str, ip: str) -> Caller:
    """Only the first `:` of authinfo splits, so a password may hold more (selling-api.md 1.2)."""
    with panel.db.begin() as tx:
        row = tx.row("SELECT * FROM user WHERE name = %s", name)
    if row is None or row["enabled"] != "on" or not matches(row["password"], password):
        raise PanelError("auth", panel.switches["auth_error"])
    if not address_allowed(row["allowed_ip_ranges"], ip):
        raise PanelError("auth", panel.switches["badip_error"], ip)
    if row["totp"] == "on":
        raise PanelError("auth", panel.switches["totp_error"])
    return _caller(row)


def address_allowed(ranges: str, ip: str) -> bool:
    """Single addresses, masks or ranges; an empty list allows all (platform.md 4.1)."""
    if not ranges.strip():
        return True
    address = ipaddress.ip_address(ip)
    for part in ranges.replace(",", " ").split():
        if "-" in part:
            first, last = (ipaddress.ip_address(end) for end in part.split("-", 1))
            if first.version == address.version and int(first) <= int(address) <= int(last):
                return True
        elif address in ipaddress.ip_network(part, strict=False):
            return True
    return False


def open_session(tx: Tx, caller: Caller, ip: str) -> str:
    session = secrets.token_hex(16)
    tx.insert("core_session", id=session, name=caller.user, ip=ip, atime=int(clock.now()))
    return session


def close_session(panel: Panel, session: str) -> None:
    """What logging out does."""
    with panel.db.begin() as tx:
        tx.run("DELETE FROM core_session WHERE id = %s", session)


def by_session(panel: Panel, session: str, ip: str, func: str) -> Caller:
    """Bound to the address, alive one hour after its last request (platform.md 4.1). No address is a call through
    mgrctl: CGI scripts of the vendor ask whoami that way for a session of somebody else's address (3.2)."""
    now = int(clock.now())
    with panel.db.begin() as tx:
        row = tx.row(
            "SELECT s.ip, s.atime, s.name AS whose, u.* FROM core_session s LEFT JOIN user u ON u.id = s.name "
            "WHERE s.id = %s AND (s.name = 0 OR u.id IS NOT NULL)",
            session,
        )
        alive = (
            row is not None and ip in ("", row["ip"]) and now - row["atime"] <= panel.switches.number("session_seconds")
        )
        if alive:
            tx.run("UPDATE core_session SET atime = %s WHERE id = %s", now, session)
    if row is None or not alive:
        if panel.switches["dead_session"] == "access":
            raise denied(func)
        raise PanelError("auth", "session")
    return LOCAL_ROOT if row["whose"] == 0 else _caller(row)

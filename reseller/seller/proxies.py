"""The proxy that leads to the seller, and who we are to it: settings of the module, the password kept encrypted.

A user and a password in the address itself, where older modules have them, still count. Nobody can type them there any
more: the panel would keep and show them in clear.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from reseller.model import Settings
from reseller.wire.errors import NotSent, ResellerError


class Proxy(NamedTuple):
    """`url` without credentials; `headers` are for the proxy alone."""

    url: str
    headers: Mapping[str, str]


def of(settings: Settings) -> Proxy | None:
    """The way these settings name, None for a direct one.

    Raises NotSent for a proxy that is none of ours: one that is itself spoken to by TLS or SOCKS.
    """
    if not settings.proxy:
        return None
    parts = _parts(settings.proxy)
    username, password = settings.proxy_username, settings.proxy_password
    if not username and parts.username is not None:
        username, password = unquote(parts.username), unquote(parts.password or "")
    headers = {}
    if username:
        headers["Proxy-Authorization"] = f"Basic {b64encode(f'{username}:{password}'.encode()).decode('ascii')}"
    return Proxy(f"http://{parts.netloc.rpartition('@')[2]}", headers)


def password_of(settings: Settings) -> tuple[str, ...]:
    """All that may be the proxy's password, to be hidden."""
    try:
        typed = _parts(settings.proxy).password or ""
    except NotSent:
        # It cannot be told what in it is the password.
        typed = settings.proxy.rpartition("@")[0].partition("//")[2].partition(":")[2]
    return (settings.proxy_password, typed, unquote(typed))


def require_no_password(settings: Settings) -> None:
    """Raise ResellerError `reseller_proxy_password` where a user or a password is in the address."""
    if "@" in settings.proxy:
        raise ResellerError("reseller_proxy_password", object="proxy")


def _parts(typed: str) -> SplitResult:
    try:
        parts = urlsplit(typed if "://" in typed else f"http://{typed}")
        possible = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        possible = False
    if not possible:
        # What was typed may hold a password.
        text = "the proxy in the module's settings is not like http://10.0.0.1:3128"
        raise NotSent("reseller_unreachable", object="proxy", text=text)
    return parts

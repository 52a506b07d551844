"""The proxy on the way to the seller and its credentials: settings of the module, the password kept encrypted.

Older modules may have a user and a password in the address itself; these still work. They can no longer be typed there,
because the panel would store and show them in clear text.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from reseller.model import Settings
from reseller.wire.errors import NotSent, ResellerError


class Proxy(NamedTuple):
    """`url` is without credentials; `headers` are sent to the proxy only."""

    url: str
    headers: Mapping[str, str]

    @classmethod
    def of(cls, settings: Settings) -> Proxy | None:
        """The proxy in these settings, None for a direct connection.

        Raises NotSent for a proxy that is not supported: one that is reached by TLS or SOCKS.
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
        return cls(f"http://{parts.netloc.rpartition('@')[2]}", headers)


def password_of(settings: Settings) -> tuple[str, ...]:
    """All strings that may be the proxy's password, so that they can be hidden."""
    try:
        typed = _parts(settings.proxy).password or ""
    except NotSent:
        # The address cannot be parsed: hide everything where a password could be.
        typed = settings.proxy.rpartition("@")[0].partition("//")[2].partition(":")[2]
    return (settings.proxy_password, typed, unquote(typed))


def require_no_password(settings: Settings) -> None:
    """Raise ResellerError `reseller_proxy_password` if the address has a user or a password."""
    if "@" in settings.proxy:
        raise ResellerError("reseller_proxy_password", object="proxy")


def _parts(typed: str) -> SplitResult:
    try:
        parts = urlsplit(typed if "://" in typed else f"http://{typed}")
        possible = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        possible = False
    if not possible:
        # The message does not repeat the address, which may have a password in it.
        text = "the proxy in the module's settings is not like http://10.0.0.1:3128"
        raise NotSent("reseller_unreachable", object="proxy", text=text)
    return parts

"""Host and port of an address, however it was typed."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_PORTS = {"https": 443, "http": 80}


def host_and_port(url: str) -> str:
    """`HOST:PORT` of a web address: lower case, IDNA, with the scheme's default port if none is given.

    An address without a host, or an impossible one, is returned unchanged, so that it equals only itself.
    """
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except ValueError:
        return url
    if not host:
        return url
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def address(word: str) -> str:
    """An IP address in its usual spelling, so that equal addresses are equal texts; empty for anything else."""
    try:
        return str(ipaddress.ip_address(word.strip().strip("[]")))
    except ValueError:
        return ""

"""Where an address leads: its host and port, whatever way it was typed."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_PORTS = {"https": 443, "http": 80}


def host_and_port(url: str) -> str:
    """`HOST:PORT` of a web address: lower case, IDNA, with the port that its scheme stands for where it names none.

    What has no host, or an impossible one, is given back as it came: it is nobody's address but its own.
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
    """An IP address as it is usually spelled, so that equal ones are equal; empty for anything else, such as a name."""
    try:
        return str(ipaddress.ip_address(word.strip().strip("[]")))
    except ValueError:
        return ""

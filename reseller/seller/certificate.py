"""The seller's TLS certificate: for how long it is still valid."""

from __future__ import annotations

import socket
import ssl
import time
from urllib.parse import urlsplit

from reseller.limits import Limits
from reseller.model import Settings
from reseller.seller.client import trust
from reseller.wire.errors import NotSent

DAY_SECONDS = 86400
HTTPS_PORT = 443


def days_left(url: str, settings: Settings, limits: Limits) -> int | None:
    """Whole days until the seller's certificate ends; None where that cannot be seen.

    It cannot for http, through a proxy, and without verification, when Python does not read the certificate. Makes a
    connection of its own and sends nothing on it. Raises NotSent.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or settings.proxy or not settings.verify:
        return None
    host, seconds, context = parts.hostname or "", limits.connect_seconds, trust(settings.cafile)
    address = (host, parts.port or HTTPS_PORT)
    try:
        with (
            socket.create_connection(address, seconds) as plain,
            context.wrap_socket(plain, server_hostname=host) as tls,
        ):
            told = tls.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        raise NotSent("reseller_tls", object="url", text=error.verify_message, url=url) from error
    except OSError as error:
        raise NotSent("reseller_unreachable", object="url", text=error.strerror or str(error), url=url) from error
    ends = ssl.cert_time_to_seconds(str(told["notAfter"]))
    return int((ends - time.time()) // DAY_SECONDS)

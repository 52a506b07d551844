"""One HTTPS exchange with the seller, by the standard library, on a connection that is kept.

The line that matters (promise 3) is a line of code here: whatever fails before the request is handed to the connection,
a proxy's tunnel included, was not sent; whatever fails from then on is ambiguous. requests cannot be asked where it was
when it failed (through a proxy it calls a lost answer a failed connection), and loading it costs more than all else.

No redirect is followed, no cookie kept, no proxy taken from the environment, no call repeated. An answer may be no
larger and take no longer than the limits say.
"""

from __future__ import annotations

import http.client
import io
import select
import socket
import ssl
import time
import zlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

from reseller import __version__
from reseller.limits import Limits
from reseller.model import Settings
from reseller.wire.errors import Ambiguous, NotSent

CHUNK_BYTES = 64 * 1024
HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept-Encoding": "gzip",
    "User-Agent": f"reseller/{__version__}",
}


class Exchange:
    """Connects on the first call, and again when the seller has closed the connection meanwhile."""

    def __init__(self, url: str, settings: Settings, limits: Limits) -> None:
        self._url = url
        self._parts = urlsplit(url)
        self._settings = settings
        self._limits = limits
        self._proxy = self._proxy_of(settings)
        self._open: http.client.HTTPConnection | None = None

    def post(self, body: Mapping[str, str], seconds: int) -> tuple[int, bytes]:
        """Status and content of the answer; `seconds` bounds the whole of it. Raises NotSent or Ambiguous."""
        answer = _Answer(self._url, self._limits.document_bytes, time.monotonic() + seconds)
        form = urlencode(body)
        connection = self._connection()
        whole = False
        try:
            connection.sock.settimeout(seconds)
            connection.request("POST", self._target(), form, {**HEADERS, **self._headers()})
            status = _read(connection, answer)
            whole = True
        except (OSError, http.client.HTTPException, zlib.error) as error:
            raise Ambiguous("reseller_no_answer", text=_words(error), url=self._url) from error
        finally:
            if not whole:
                # What is left in it would be taken for the next answer.
                self._close(connection)
        return status, answer.content()

    def _connection(self) -> http.client.HTTPConnection:
        if self._open is not None and self._open.sock is not None:
            # Nothing is due: what can be read is the end of the connection.
            if not select.select([self._open.sock], [], [], 0)[0]:
                return self._open
            self._close(self._open)
        self._open = self._connect()
        return self._open

    def _connect(self) -> http.client.HTTPConnection:
        """Raises NotSent: no byte of a request leaves in here."""
        trust = self._trust()
        try:
            connection = self._made(trust)
            # A connection that is lost must not be made anew silently, in the middle of a call.
            connection.auto_open = 0
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            raise NotSent("reseller_tls", object="url", text=error.verify_message, url=self._url) from error
        except (OSError, UnicodeError, http.client.HTTPException) as error:
            raise NotSent("reseller_unreachable", object="url", text=_words(error), url=self._url) from error
        return connection

    def _made(self, trust: ssl.SSLContext) -> http.client.HTTPConnection:
        first, seconds = self._proxy or self._parts, self._limits.connect_seconds
        host, port = first.hostname or "", first.port
        if self._parts.scheme != "https":
            return http.client.HTTPConnection(host, port, timeout=seconds)
        connection = http.client.HTTPSConnection(host, port, timeout=seconds, context=trust)
        if self._proxy:
            connection.set_tunnel(self._parts.hostname or "", self._parts.port or 443, _credentials(self._proxy))
        return connection

    def _trust(self) -> ssl.SSLContext:
        """Whose certificates are accepted; raises NotSent when the CA file cannot be used."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._settings.verify:
            bundle = _bundle(self._settings)
            try:
                context.load_verify_locations(bundle)
            except OSError as error:
                raise NotSent("reseller_cafile", object="cafile", text=f"{bundle}: {_words(error)}") from error
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _proxy_of(self, settings: Settings) -> SplitResult | None:
        """Raises NotSent for a proxy that is none of ours: one that is itself spoken to in clear."""
        if not settings.proxy:
            return None
        typed = settings.proxy if "://" in settings.proxy else f"http://{settings.proxy}"
        try:
            parts = urlsplit(typed)
            possible = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
        except ValueError:
            possible = False
        if not possible:
            # What was typed may hold a password.
            text = "the proxy in the module's settings is not like http://10.0.0.1:3128"
            raise NotSent("reseller_unreachable", object="proxy", text=text, url=self._url)
        return parts

    def _target(self) -> str:
        """What is asked for: a proxy that builds no tunnel wants the whole address."""
        path = quote(self._parts.path, safe="/%")
        return f"http://{self._parts.netloc}{path}" if self._is_relayed() else path

    def _headers(self) -> dict[str, str]:
        return _credentials(self._proxy) if self._proxy and self._is_relayed() else {}

    def _is_relayed(self) -> bool:
        return self._proxy is not None and self._parts.scheme != "https"

    def _close(self, connection: http.client.HTTPConnection) -> None:
        connection.close()
        self._open = None


def _credentials(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    told = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {b64encode(told).decode('ascii')}"}


def _bundle(settings: Settings) -> str:
    """The operator's file, or the well-known authorities, which come with requests."""
    if settings.cafile:
        return settings.cafile
    import certifi

    return certifi.where()


class _Answer:
    """The parts of one answer as they come; `until` is by time.monotonic()."""

    def __init__(self, url: str, most_bytes: int, until: float) -> None:
        self._url = url
        self._most_bytes = most_bytes
        self._until = until
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def left_bytes(self) -> int:
        """How much more it may be, and one byte, so that what goes over it is seen."""
        return self._most_bytes - self._size + 1

    def left_seconds(self) -> float:
        """How long the next part may take; raises Ambiguous when there is no time left."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise Ambiguous("reseller_no_answer", text="the answer came too slowly", url=self._url)
        return left

    def add(self, part: bytes) -> None:
        """Keep a part; raises Ambiguous when it is one too many."""
        self._size += len(part)
        if self._size > self._most_bytes:
            raise Ambiguous("reseller_bad_answer", what=f"more than {self._most_bytes} bytes", url=self._url)
        self._parts.append(part)

    def content(self) -> bytes:
        """All of it."""
        return b"".join(self._parts)


class _Timed(io.RawIOBase):
    """What a socket receives, each time within what is left: so what drips is given up in time as well."""

    def __init__(self, raw: io.RawIOBase, there: socket.socket, answer: _Answer) -> None:
        self._raw = raw
        self._there = there
        self._answer = answer

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - whatever the reader above keeps its bytes in
        self._there.settimeout(self._answer.left_seconds())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _read(connection: http.client.HTTPConnection, answer: _Answer) -> int:
    """Read one answer; its status. Raises OSError or HTTPException when it ends early, Ambiguous as _Answer does."""

    class Response(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:  # noqa: ANN401 - the library's
            super().__init__(sock, *args, **more)
            self.fp = io.BufferedReader(_Timed(self.fp.detach(), sock, answer))

    connection.response_class = Response
    response = connection.getresponse()
    packed = response.getheader("Content-Encoding", "") == "gzip"
    unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16) if packed else None
    while part := response.read(CHUNK_BYTES):
        answer.add(unpack.decompress(part, answer.left_bytes) if unpack else part)
    if response.length or (unpack and not unpack.eof):
        raise http.client.IncompleteRead(answer.content())
    response.close()
    return response.status


def _words(error: Exception) -> str:
    """What happened, without the number before it."""
    told = error.strerror if isinstance(error, OSError) else ""
    return (told or str(error) or error.__class__.__name__)[:300]

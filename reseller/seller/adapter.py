"""An adapter for requests that marks the moment at which a call is handed over, and switches off what requests does by
itself; `_verdict` in client.py decides by that mark whether a call was sent (promise 3).

The exceptions of requests do not tell how far a call got: behind a proxy a lost answer is called a failed connection,
and urllib3 ignores a pipe that broke while sending. So the verdict is taken from a mark and never from an exception:
the connections of this adapter hand a request over to the call's deadline (deadline.py) right before its first byte
leaves. A failure before that means "not sent", a failure after it "ambiguous". CONNECT and TLS come before the mark;
for plain http through a proxy, the mark is set when the request goes to the proxy.

What this relies on in urllib3 (2.x; `make clients` runs its tests with the oldest and the newest version):

- `HTTPConnectionPool.urlopen` calls `connection.request()` once for each request, on a connection that it took by
  `_get_conn` (which closes one that the peer has closed) and puts back by `_put_conn`, when the body has been read.
- `HTTPSConnectionPool` connects before `request()`: `_prepare_proxy` through a proxy, `_validate_conn` otherwise.
  A connection of plain http is connected by `send()` if `auto_open` is on; here `request()` connects it earlier.
- `connect()` takes its TCP socket from `_new_conn`, before it builds a tunnel (which is sent through `send()`, so the
  mark cannot be set there) or wraps it for TLS. `_dns_host` is the host to look up: the proxy's if there is a proxy.
- `close()` is called for every connection that is given up, and as soon as a header says `Connection: close`, before
  the body is read.
- A manager makes its pools by `pool_classes_by_scheme`, and the pools make their connections by `ConnectionCls`.
- `HTTPResponse.read(amt, decode_content=False)` returns the bytes as received, and raises if they end too early;
  `length_remaining` is the length that the header states.

And in requests: `HTTPAdapter` makes its manager in `init_poolmanager` and those of proxies in `proxy_manager_for`, sets
in `cert_verify` which certificates their pools trust, and takes the headers for a proxy from `proxy_headers`.
`Session.send` reads the whole body of an answer for which `get_redirect_target` returns an address.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, ClassVar

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.connection import create_connection

from reseller.seller.deadline import Deadline, look_up

if TYPE_CHECKING:
    import socket

#: how many connections are kept for reading; further calls at the same time make their own
KEPT = 16

# Warnings would be printed into the document that a module returns to the panel. The form warns the operator.
urllib3.disable_warnings()

_CALL: ContextVar[Deadline] = ContextVar("_CALL")


@contextlib.contextmanager
def under(deadline: Deadline) -> Iterator[None]:
    """Bind every request sent inside the block to the deadline."""
    token = _CALL.set(deadline)
    try:
        yield
    finally:
        _CALL.reset(token)


class Connection(HTTPConnection):
    """A connection that knows the deadline of its call, and has a duplicate of its TCP socket for shutting it down."""

    # A connection that is lost during a call must not be reopened silently.
    auto_open = 0

    _deadline: Deadline | None = None
    _line: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        """Try each address of the host; each gets an equal part of the time that is left."""
        deadline = self._deadline = _CALL.get()
        addresses = look_up(self._dns_host, self.port, deadline.left())
        failure = OSError("the name has no address")
        for number, address in enumerate(addresses):
            try:
                sock = create_connection(
                    address[:2],
                    deadline.left() / (len(addresses) - number),
                    source_address=self.source_address,
                    socket_options=self.socket_options,
                )
            except OSError as error:
                failure = error
                continue
            self._line = sock.dup()
            deadline.watch(self._line)
            # From here on the deadline bounds the call, not a timeout of the socket.
            sock.settimeout(None)
            return sock
        raise failure

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - urllib3's own
        """Mark the request as handed over, and send it; raises Expired if the deadline has passed."""
        if self.sock is None:
            self.connect()
        self._deadline = _CALL.get()
        self._deadline.hand_over(self._line)
        super().request(method, url, *args, **kwargs)

    def disarm(self) -> bool:
        """Separate from the deadline of the call that used it; whether the connection may be used again."""
        deadline, self._deadline = self._deadline, None
        return deadline is None or deadline.end()

    def close(self) -> None:
        """Close the connection, and the duplicate of its socket."""
        try:
            super().close()
        finally:
            line, self._line = self._line, None
            if line is not None and self._deadline is not None:
                self._deadline.retire(line)
            elif line is not None:
                line.close()


class SecureConnection(Connection, HTTPSConnection):
    """A Connection with TLS."""


class Pool(HTTPConnectionPool):
    """A pool that keeps only connections whose call ended before its deadline."""

    ConnectionCls = Connection

    def _put_conn(self, conn: Any) -> None:  # noqa: ANN401 - urllib3's own
        if conn is not None and not conn.disarm():
            conn.close()
            conn = None
        super()._put_conn(conn)


class SecurePool(Pool, HTTPSConnectionPool):
    """A Pool with TLS."""

    ConnectionCls = SecureConnection


class Adapter(HTTPAdapter):
    """An adapter that uses the TLS context `trust` and sends `proxy_headers` to a proxy.

    Keeps up to `kept` connections.
    """

    pools: ClassVar = {"http": Pool, "https": SecurePool}

    def __init__(self, trust: ssl.SSLContext, proxy_headers: Mapping[str, str], kept: int) -> None:
        self._trust = trust
        self._proxy_headers = dict(proxy_headers)
        super().__init__(pool_maxsize=kept)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - requests' own
        """The manager of direct connections."""
        super().init_poolmanager(*args, ssl_context=self._trust, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self.pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - requests' own
        """The manager of connections through the proxy."""
        manager = super().proxy_manager_for(proxy, ssl_context=self._trust, **kwargs)
        manager.pool_classes_by_scheme = self.pools
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:  # noqa: ARG002 - there is one
        """Headers for the proxy only; its password is sent here, not in the URL, which an error would show."""
        return self._proxy_headers

    def cert_verify(self, *_: Any) -> None:  # noqa: ANN401 - requests' own
        """Do nothing: the TLS context of the pools decides, and certificates added here would be trusted in
        addition.
        """


class Session(requests.Session):
    """A session that uses no proxy or netrc of the environment, follows no redirect and accepts only gzip.

    It keeps cookies only with `cookies`.
    """

    def __init__(
        self, adapter: Adapter, *, verify: bool, proxy: str, headers: Mapping[str, str], cookies: bool
    ) -> None:
        super().__init__()
        self.trust_env = False
        self.verify = verify
        self.proxies = {"http": proxy, "https": proxy} if proxy else {}
        self.headers = requests.structures.CaseInsensitiveDict(headers)
        if not cookies:
            self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self.mount(scheme, adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None, so that requests follows no redirect; the caller reads the header."""

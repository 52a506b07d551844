"""requests, with the line of promise 3 drawn into it, and without what it would do by itself.

requests does not say where a call was when it failed: behind a proxy it calls a lost answer a failed connection, and
urllib3 ignores a pipe that broke while it was sending. So the verdict follows a mark and never an exception: the
connections of this adapter hand a request over to the call's deadline (deadline.py) right before its first byte leaves.
What fails before was not sent, what fails afterwards is ambiguous. CONNECT and TLS come before; plain http through a
proxy is handed over at the proxy.

What this stands on in urllib3 (2.x; `make clients` runs the tests of it with the oldest and the newest):

- `HTTPConnectionPool.urlopen` calls `connection.request()` once a request, with a connection that it took by
  `_get_conn` (which closes one that the peer has closed) and puts back by `_put_conn`, when the body has been read.
- `HTTPSConnectionPool` connects before `request()`: `_prepare_proxy` through a proxy, `_validate_conn` otherwise.
  A connection of plain http is connected by `send()`, when `auto_open` is on: here `request()` does it before.
- `connect()` takes its TCP socket from `_new_conn`, before it builds a tunnel (which leaves through `send()`, so that
  is no place for the mark) or wraps it for TLS. `_dns_host` is the host to look up: the proxy's where there is one.
- `close()` is called for every connection that is given up, and already when a header says `Connection: close`, before
  the body is read.
- A manager makes its pools by `pool_classes_by_scheme`, and they their connections by `ConnectionCls`.
- `HTTPResponse.read(amt, decode_content=False)` gives the bytes as they came, and raises where they end too early;
  `length_remaining` is what the header says of them.

And in requests: `HTTPAdapter` makes its manager in `init_poolmanager`, those of proxies in `proxy_manager_for`, tells
their pools in `cert_verify` what to trust, and asks `proxy_headers` for what a proxy is told. `Session.send` reads the
whole body of an answer to which `get_redirect_target` gives an address.
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

#: connections that are kept for reading; more calls than these at the same time make their own
KEPT = 16

# They would stand on a module's output, between the panel and its document. The operator has been told in the form.
urllib3.disable_warnings()

_CALL: ContextVar[Deadline] = ContextVar("_CALL")


@contextlib.contextmanager
def under(deadline: Deadline) -> Iterator[None]:
    """What is sent in here is bound by the deadline."""
    token = _CALL.set(deadline)
    try:
        yield
    finally:
        _CALL.reset(token)


class Connection(HTTPConnection):
    """Knows the deadline of the call that uses it, and has a second handle of its TCP socket to be shut down by."""

    # One that is lost in the middle of a call must not be made anew without a word.
    auto_open = 0

    _deadline: Deadline | None = None
    _line: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        """Try each address of the host; each gets its part of the time that is left."""
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
            # From here on the deadline ends it, not a timeout of the socket.
            sock.settimeout(None)
            return sock
        raise failure

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - urllib3's own
        """Hand the request over, and send it; raises Expired when nothing may be sent any more."""
        if self.sock is None:
            self.connect()
        self._deadline = _CALL.get()
        self._deadline.hand_over(self._line)
        super().request(method, url, *args, **kwargs)

    def disarm(self) -> bool:
        """Part from the call that used it; whether it may be used again."""
        deadline, self._deadline = self._deadline, None
        return deadline is None or deadline.end()

    def close(self) -> None:
        """Close it, and the handle with it."""
        try:
            super().close()
        finally:
            line, self._line = self._line, None
            if line is not None and self._deadline is not None:
                self._deadline.retire(line)
            elif line is not None:
                line.close()


class SecureConnection(Connection, HTTPSConnection):
    """The same by TLS."""


class Pool(HTTPConnectionPool):
    """Takes back only what its call has parted from before the deadline."""

    ConnectionCls = Connection

    def _put_conn(self, conn: Any) -> None:  # noqa: ANN401 - urllib3's own
        if conn is not None and not conn.disarm():
            conn.close()
            conn = None
        super()._put_conn(conn)


class SecurePool(Pool, HTTPSConnectionPool):
    """The same by TLS."""

    ConnectionCls = SecureConnection


class Adapter(HTTPAdapter):
    """Trusts whom `trust` trusts, and tells a proxy `proxy_headers`; keeps so many connections."""

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
        """What only the proxy is told; its password is in no URL, where an error would show it."""
        return self._proxy_headers

    def cert_verify(self, *_: Any) -> None:  # noqa: ANN401 - requests' own
        """Nothing: the context of the pools says it, and what is added to it would be trusted as well."""


class Session(requests.Session):
    """One that takes nothing from the environment, follows no redirect and asks for nothing but gzip.

    It keeps no cookies unless `cookies`.
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
        """None: whoever wants to know reads the header."""

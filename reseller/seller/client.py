"""One HTTP call by requests, and its verdict: an answer, NotSent or Ambiguous (promise 3).

The call's deadline (deadline.py) records whether the request was sent, whatever failed and however requests names it.
No call is repeated, no redirect is followed, and no setting is taken from the environment. An answer is limited in
size, both packed and unpacked, and in how much it may grow when unpacked, and it must end where it says that it ends.
"""

from __future__ import annotations

import ssl
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reseller import __version__, files
from reseller.limits import Limits
from reseller.seller.adapter import KEPT, Adapter, Session, under
from reseller.seller.deadline import Deadline, Expired
from reseller.seller.proxies import Proxy
from reseller.wire.bounds import SMALL_BYTES, Bounds
from reseller.wire.errors import Ambiguous, NotSent, SellerError
from reseller.wire.texts import said

if TYPE_CHECKING:
    import requests

CHUNK_BYTES = 64 * 1024
HEADERS = {"Accept-Encoding": "gzip", "User-Agent": f"reseller/{__version__}"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Answer(NamedTuple):
    """The answer to a call.

    `location` is the target of a redirect, whose content is not read. `date` is the header of that name, empty without
    one.
    """

    status: int
    location: str
    content: bytes
    date: str


class Client:
    """Makes calls on connections that it keeps, or on a new one for each call; threads may share it.

    Without `cafile` the well-known authorities are trusted; without `verify` every certificate is. Raises NotSent if
    the file cannot be used.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        verify: bool = True,
        cafile: str = "",
        proxy: Proxy | None = None,
        cookies: bool = False,
    ) -> None:
        self._limits = limits
        self._verify = verify
        self._trust = trust(cafile, verify=verify)
        self._proxy = proxy
        self._has_cookies = cookies
        self._kept = self._session(KEPT)

    @property
    def cookies(self) -> list[tuple[str, str]]:
        """Name and value of each cookie that is kept."""
        return [(cookie.name, cookie.value or "") for cookie in self._kept.cookies]

    def call(  # noqa: PLR0913 - what is sent, and how; all but the address and the bounds have a default
        self,
        url: str,
        *,
        seconds: float,
        bounds: Bounds,
        form: bytes | None = None,
        fresh: bool = False,
        may_leave: Callable[[], None] | None = None,
    ) -> Answer:
        """The answer to a GET, or to a POST of `form`; with `fresh` on a connection made for this call.

        Connecting may take `connect_seconds`, everything after it `seconds`. `may_leave` is called right before the
        request is sent, and may raise a SellerError to prevent that. Raises NotSent or Ambiguous; an answer that is too
        large is Ambiguous.
        """
        outer = sys.exc_info()[1]
        deadline = Deadline(self._limits.connect_seconds, seconds, may_leave)
        session = self._session(1) if fresh else self._kept
        try:
            with under(deadline):
                answer = _send(session, url, form, bounds)
            if not deadline.end():
                raise Expired
        except SellerError:
            raise
        except Exception as error:
            # Whatever the error is: once the request was handed over, the seller may have it.
            raise _verdict(deadline, error, outer, url) from error
        finally:
            deadline.end()
            if fresh:
                session.close()
        return answer

    def _session(self, kept: int) -> Session:
        proxy, proxy_headers = (self._proxy.url, self._proxy.headers) if self._proxy else ("", {})
        adapter = Adapter(self._trust, proxy_headers, kept)
        return Session(adapter, verify=self._verify, proxy=proxy, headers=HEADERS, cookies=self._has_cookies)


def _send(session: Session, url: str, form: bytes | None, bounds: Bounds) -> Answer:
    method, headers = ("GET", {}) if form is None else ("POST", FORM)
    with session.request(method, url, data=form, headers=headers, stream=True, allow_redirects=False) as response:
        location = response.headers.get("Location", "") if response.status_code in REDIRECTS else ""
        content = b"" if location else _content(response, bounds, url)
    return Answer(response.status_code, location, content, response.headers.get("Date", ""))


def _content(response: requests.Response, bounds: Bounds, url: str) -> bytes:
    """The body, unpacked. Raises Ambiguous if it is too large or packed in a way that was not requested."""
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        raise Ambiguous("reseller_bad_answer", what=f"an answer packed by {said(repr(packing), 40)}", url=url)
    most = bounds.bytes
    if (response.raw.length_remaining or 0) > most:
        raise too_large(f"more than {most} bytes", bounds, url)
    unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16) if packing.endswith("gzip") else None
    parts: list[bytes] = []
    came = size = 0
    while part := response.raw.read(CHUNK_BYTES, decode_content=False):
        came += len(part)
        if unpack:
            if unpack.eof:
                raise EOFError("something follows the packed answer")
            # One byte more than allowed, so that an excess is noticed.
            part = unpack.decompress(part, most - size + 1)
        size += len(part)
        if max(came, size) > most:
            raise too_large(f"more than {most} bytes", bounds, url)
        if size > max(came * bounds.expansion, SMALL_BYTES):
            raise too_large(f"bytes that unpack to more than {bounds.expansion} times as many", bounds, url)
        parts.append(part)
    if unpack and not unpack.eof:
        raise EOFError("the packed answer is cut")
    if unpack and unpack.unused_data:
        raise EOFError("something follows the packed answer")
    return b"".join(parts)


def too_large(what: str, bounds: Bounds, url: str) -> Ambiguous:
    """The error for an answer that exceeds a bound: none of it is used, and it proves nothing."""
    return Ambiguous("reseller_too_large", what=what, kind=bounds.name, url=url)


def _verdict(deadline: Deadline, error: BaseException, outer: BaseException | None, url: str) -> SellerError:
    """NotSent or Ambiguous, by the deadline's mark alone; the error only provides the text.

    The text is that of the first error of the chain: requests and urllib3 wrap it in errors of their own. `outer` was
    being handled before the call, and is not part of it.
    """
    while (inner := error.__context__) is not None and inner is not outer:
        if error.__suppress_context__ and error.__cause__ is None:
            break
        error = inner
    if deadline.is_handed_over:
        text = "the answer came too slowly" if deadline.has_expired else _words(error)
        return Ambiguous("reseller_no_answer", text=text, url=url)
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotSent("reseller_tls", object="url", text=error.verify_message, url=url)
    is_late = deadline.has_expired and not isinstance(error, TimeoutError)
    text = "connecting took too long" if is_late else _words(error)
    return NotSent("reseller_unreachable", object="url", text=text, url=url)


def _words(error: BaseException) -> str:
    """The error's text without its number."""
    text = error.strerror if isinstance(error, OSError) else ""
    return said(text or str(error) or error.__class__.__name__, 300)


def trust(cafile: str, *, verify: bool = True) -> ssl.SSLContext:
    """A TLS context with the authorities of the operator's file, or with the well-known ones of certifi.

    Without `verify`, one that accepts every certificate. Raises NotSent `reseller_cafile` for a file that cannot be
    used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if not cafile:
        import certifi

        context.load_verify_locations(certifi.where())
        return context
    try:
        # Comments between the certificates may have any encoding.
        context.load_verify_locations(cadata=files.read(Path(cafile)).decode("ascii", "ignore"))
    except (OSError, ValueError) as error:
        raise NotSent("reseller_cafile", object="cafile", text=f"{cafile}: {_words(error)}") from error
    return context

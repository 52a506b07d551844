"""One function call to the seller over HTTPS, and what its failure means (promise 3).

A call ends in exactly one of four ways: the answer; `Rejected`, when the seller answered with an error document;
`NotSent`, when no byte of the request can have arrived (no connection was made, or its certificate was refused);
`Ambiguous` for everything else. Nothing is ever repeated here, and urllib3 is told not to either: whether a call may be
made again is for its caller to decide, by what the call does, not by how it failed.

Credentials travel in the POST body (reference/selling-api.md 1.1). Redirects are not followed, environment proxies and
netrc are not read, and an answer may be no larger and take no longer than the limits say.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3

from reseller import __version__
from reseller.limits import Limits
from reseller.log import Log
from reseller.model import Settings
from reseller.wire import document
from reseller.wire.errors import Ambiguous, NotSent, Rejected, ResellerError, SellerError

CHUNK_BYTES = 64 * 1024


def endpoint(url: str, *, allow_plain: bool) -> str:
    """The address calls go to: `HOST`, `https://HOST/`, `https://HOST/manager/billmgr` all work as typed.

    Raises ResellerError `reseller_url` for what cannot be one, and for http:// unless certificates are not verified
    anyway: a password must not travel in clear by mistake.
    """
    typed = url.strip()
    try:
        parts = urlsplit(typed if "://" in typed else f"https://{typed}")
        possible = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        possible = False
    if not possible:
        raise ResellerError("reseller_url", object="url", value=typed)
    if parts.username is not None or parts.password is not None:
        raise ResellerError("reseller_url_password", object="url")
    if parts.scheme == "http" and not allow_plain:
        raise ResellerError("reseller_url_plain", object="url", value=typed)
    path = parts.path.rstrip("/")
    if not path.endswith("/billmgr"):
        path += "/billmgr"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


class Transport:
    """Calls functions of one seller account on one kept-alive connection."""

    def __init__(self, settings: Settings, limits: Limits, log: Log) -> None:
        self.endpoint = endpoint(settings.url, allow_plain=not settings.verify)
        self._authinfo = f"{settings.username}:{settings.password}"
        self._limits = limits
        self._log = log
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = (settings.cafile or True) if settings.verify else False
        self._session.headers["User-Agent"] = f"reseller/{__version__}"
        if settings.proxy:
            self._session.proxies = {"http": settings.proxy, "https": settings.proxy}
        if not settings.verify:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def call(
        self, func: str, parameters: Mapping[str, str] | None = None, *, seconds: int | None = None
    ) -> document.Element:
        """The `<doc>` that `func` answers. `seconds` bounds the whole answer, `read_seconds` by default.

        Raises Rejected, NotSent or Ambiguous.
        """
        started = time.monotonic()
        limit = seconds or self._limits.read_seconds
        body = {**(parameters or {}), "func": func, "out": "xml", "lang": "en", "authinfo": self._authinfo}
        try:
            root = self._read(body, limit)
            found = document.error_of(root)
            if found is not None:
                raise rejection(found)
        except SellerError as error:
            error.params.setdefault("func", func)
            # A rejection is an answer, and often the expected one; whoever cannot live with it says so.
            write = self._log.info if isinstance(error, Rejected) else self._log.error
            write(f"seller {func} {error.__class__.__name__} {error} {time.monotonic() - started:.3f}s")
            raise
        self._log.info(f"seller {func} ok {time.monotonic() - started:.3f}s")
        return root

    def _read(self, body: Mapping[str, str], limit: int) -> document.Element:
        until = time.monotonic() + limit
        try:
            with self._session.post(
                self.endpoint,
                data=body,
                timeout=(self._limits.connect_seconds, limit),
                stream=True,
                allow_redirects=False,
            ) as answer:
                content = self._content(answer, until)
                status = answer.status_code
        except requests.exceptions.RequestException as error:
            raise _classified(error, self.endpoint) from error
        except OSError as error:
            # requests raises a bare OSError for a CA file that is not there, before it connects.
            raise NotSent("reseller_cafile", object="cafile", text=str(error)) from error
        try:
            return document.parse(content)
        except document.NotADocument as error:
            what = f"{error}, HTTP status {status}"
            raise Ambiguous("reseller_bad_answer", what=what, url=self.endpoint) from error

    def _content(self, answer: requests.Response, until: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in answer.iter_content(CHUNK_BYTES):
            size += len(part)
            if size > self._limits.document_bytes:
                what = f"more than {self._limits.document_bytes} bytes"
                raise Ambiguous("reseller_bad_answer", what=what, url=self.endpoint)
            if time.monotonic() > until:
                raise Ambiguous("reseller_no_answer", text="the answer came too slowly", url=self.endpoint)
            parts.append(part)
        return b"".join(parts)


def _classified(error: requests.exceptions.RequestException, url: str) -> SellerError:
    """Which of the three a failed HTTP exchange is.

    Only what happens before the first byte of the request counts as not sent: requests wraps a MaxRetryError
    then, whose reason is a failed connection, a failed connection to the proxy, or a certificate that was refused.
    """
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    text = _words(reason or error)
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(reason):
        return NotSent("reseller_tls", object="url", text=text, url=url)
    before = (
        urllib3.exceptions.NewConnectionError,
        urllib3.exceptions.ConnectTimeoutError,
        urllib3.exceptions.ProxyError,
    )
    unsendable = (
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidProxyURL,
        requests.exceptions.InvalidSchema,
    )
    if isinstance(reason, before) or isinstance(error, (*unsendable, requests.exceptions.ConnectTimeout)):
        return NotSent("reseller_unreachable", object="url", text=text, url=url)
    return Ambiguous("reseller_no_answer", text=text, url=url)


def _words(error: object) -> str:
    """The last sentence of a nested urllib3 error: the part that says what happened."""
    inner = getattr(error, "__cause__", None) or getattr(error, "__context__", None) or error
    return str(inner).rsplit(">: ", 1)[-1].strip("() ")[:300] or error.__class__.__name__


def rejection(error: document.Element) -> Rejected:
    """The seller's error document as our error.

    Branches on type and object, never on the localised message, except where a wrong password, a refused address and a
    second factor share one type (their objects are unknown, reference/selling-api.md 1.2 and 2).
    """
    params = document.error_params(error)
    kind, obj = error.get("type", ""), error.get("object", "") or params.get("object", "")
    text = document.text(error, "msg") or kind
    type_ = {"not_enough_money": "reseller_money", "auth": _auth_type(obj, text), "access": "reseller_access"}.get(
        kind, "reseller_refused"
    )
    money = {name: params.get(name, "") for name in ("amount", "have", "deficit", "currency", "available")}
    told = money if type_ == "reseller_money" else {}
    return Rejected(
        type_,
        seller_type=kind,
        seller_object=obj,
        seller_params=params,
        text=text,
        value=error.get("value", ""),
        **told,
    )


def _auth_type(obj: str, text: str) -> str:
    said = f"{obj} {text}".lower()
    if "ip denied" in said or obj.lower() in ("ip", "badip"):
        return "reseller_address"
    if any(word in said for word in ("totp", "otp", "second factor", "two-factor", "2fa")):
        return "reseller_second_factor"
    return "reseller_auth"

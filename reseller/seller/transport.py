"""One function call to the seller over HTTPS, and what its failure means (promise 3).

A call ends in exactly one of four ways:

answer     the seller's document
Rejected   the seller answered with an error document; proofs.py says what that proves
NotSent    no byte of the request can have arrived: no connection was made, or its certificate was refused
Ambiguous  everything else (client.py)

This file never repeats a call. Its caller decides whether a call may be made again, by what the call does and not by
how it failed: replaying after a timeout could buy twice.

Credentials travel in the POST body (selling-api.md 1.1).
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit, urlunsplit

from reseller.limits import Limits
from reseller.log import Log
from reseller.model import Settings
from reseller.seller import proxies
from reseller.wire import dates, document
from reseller.wire.bounds import FORM, Bounds
from reseller.wire.errors import Ambiguous, Rejected, ResellerError, SellerError, Withheld
from reseller.wire.secrets import remember
from reseller.wire.texts import said

if TYPE_CHECKING:
    from reseller.seller.exchange import Exchange

#: maximum length of an error's type and object, which are words of the seller's program
TYPE_CHARACTERS = 64
#: parses an answer's bytes, or raises NotADocument
Parse = Callable[[bytes], "document.Element"]


def endpoint(url: str, *, allow_plain: bool) -> str:
    """The address to which calls go.

    `HOST`, `https://HOST/` and `https://HOST/manager` get `/billmgr` appended; any other path is used as typed, without
    slashes at its end.

    Raises ResellerError `reseller_url` for an impossible address, `reseller_url_password` if it has a user or password,
    `reseller_url_plain` for http:// unless `allow_plain`: a password must not travel in clear text by mistake.
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
    if path in ("", "/manager"):
        path += "/billmgr"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


@dataclass
class Timing:
    """How many calls were made, answered or not, and how many seconds they took."""

    calls: int = 0
    seconds: float = 0
    slowest: float = 0

    def add(self, seconds: float) -> None:
        """Add one call."""
        self.calls += 1
        self.seconds += seconds
        self.slowest = max(self.slowest, seconds)


class MayChange(Protocol):
    """Decides whether a call that changes something may be made."""

    def __call__(self, function: str, *, spends: bool) -> None:
        """Raise Withheld if this function of the seller may not be called."""


class Gate(Protocol):
    """Decides whether the seller may be called at all; the transport reports the end of each call to it."""

    def check(self) -> None:
        """Raise NotSent if it may not."""

    def record(self, *, reached: bool | None, error: ResellerError | None = None) -> None:
        """Report the end of a call.

        `reached`: whether the seller answered, a refusal included; None if the call does not show that. `error`: how it
        failed.
        """


class Transport:
    """Calls functions of one seller account, on connections that are kept alive, except for calls that spend."""

    def __init__(
        self,
        settings: Settings,
        limits: Limits,
        log: Log,
        gate: Gate | None = None,
        may_change: MayChange | None = None,
    ) -> None:
        """`may_change` is called before a call that changes something, and raises Withheld if that is not allowed."""
        self._gate = gate
        self._may_change = may_change
        self._settings = settings
        self.endpoint = endpoint(settings.url, allow_plain=settings.plain)
        self._secrets = (settings.password, *proxies.password_of(settings))
        remember(*self._secrets, always=True)
        self._credentials = {"authinfo": f"{settings.username}:{settings.password}"}
        self._limits = limits
        self._log = log
        self.timing = Timing()

    def without_login(self) -> Transport:
        """A transport to the same seller without credentials."""
        other = Transport(self._settings, self._limits, self._log)
        other._credentials = {}
        return other

    def call(  # noqa: PLR0913 - what is sent, and how; all but the function have a default
        self,
        func: str,
        parameters: Mapping[str, str] | None = None,
        *,
        secrets: Mapping[str, str] | None = None,
        seconds: int | None = None,
        bounds: Bounds = FORM,
        parse: Parse | None = None,
        changes: bool = False,
        spends: bool = False,
    ) -> document.Element:
        """Call `func`; the `<doc>` of the answer. `seconds` bounds the whole answer (default `read_seconds`).

        `secrets` are parameters too; an error that repeats one of them, or a password of ours, is raised and logged
        without it, in any encoding. `bounds` limits the size of the answer. `parse` gets the answer's bytes, for
        callers that skip known content or read row by row.

        `changes` marks a call that changes something, which a copy of the panel must not make. `spends` marks one that
        spends money: it counts as a change, a person may have stopped it, and it gets a new connection, since a kept
        one may be dead without showing it, and the outcome would be unknown. Raises Rejected, NotSent or Ambiguous.
        """
        if (changes or spends) and self._may_change:
            self._may_change(func, spends=spends)
        if self._gate:
            self._gate.check()
        started = time.monotonic()
        limit = seconds or self._limits.read_seconds
        hidden = secrets or {}
        remember(*hidden.values())
        body = {**(parameters or {}), **hidden, "func": func, "out": "xml", "lang": "en", **self._credentials}
        try:
            root = self._read(body, limit, bounds, parse, spends=spends)
            found = document.error_of(root)
            if found is not None:
                raise rejection(found)
        except SellerError as error:
            error.params.setdefault("func", func)
            error.hide((*hidden.values(), *self._secrets))
            if self._gate:
                # A change that got no usable answer may have failed for that one service only, so it is no sign of a
                # dead seller.
                is_its_own = (changes or spends) and isinstance(error, Ambiguous)
                says_nothing = is_its_own or isinstance(error, Withheld)
                self._gate.record(reached=None if says_nothing else isinstance(error, Rejected), error=error)
            # A rejection is an answer, and often the expected one, so it is no error in the log.
            write = self._log.info if isinstance(error, Rejected) else self._log.error
            write(f"seller {func} {error.__class__.__name__} {error} {self._took(started):.3f}s")
            raise
        if self._gate:
            self._gate.record(reached=True)
        self._log.info(f"seller {func} ok {self._took(started):.3f}s")
        return root

    def _took(self, started: float) -> float:
        seconds = time.monotonic() - started
        self.timing.add(seconds)
        return seconds

    def _read(
        self, body: Mapping[str, str], limit: int, bounds: Bounds, parse: Parse | None, *, spends: bool
    ) -> document.Element:
        # Checked again once the connection is made, which may take a while.
        may_leave = partial(self._may_change, body["func"], spends=True) if spends and self._may_change else None
        status, content = self._exchange.post(body, limit, bounds=bounds, fresh=spends, may_leave=may_leave)
        try:
            return parse(content) if parse else document.parse(content, bounds)
        except document.TooLarge as error:
            from reseller.seller.client import too_large

            raise too_large(str(error), bounds, self.endpoint) from error
        except document.NotADocument as error:
            what = f"{error}, HTTP status {status}"
            raise Ambiguous("reseller_bad_answer", what=what, url=self.endpoint) from error

    @property
    def today(self) -> dt.date:
        """The seller's day, by the `Date` of its last answer; this machine's day before the first."""
        return self._exchange.day or dates.machine_day()

    @cached_property
    def _exchange(self) -> Exchange:
        """Made on the first call, since importing requests is slow and many commands make no call."""
        from reseller.seller.exchange import Exchange

        return Exchange(self.endpoint, self._settings, self._limits)


def rejection(error: document.Element) -> Rejected:
    """The seller's error document as a Rejected.

    Decided by type and object, never by the localised message, except to tell apart a wrong password, a refused address
    and a second factor, which share one type (their objects are unknown, selling-api.md 1.2 and 2).
    """
    params = {name: said(value, document.VALUE_CHARACTERS) for name, value in document.error_params(error).items()}
    kind = said(error.get("type", ""), TYPE_CHARACTERS)
    obj = said(error.get("object", "") or params.get("object", ""), TYPE_CHARACTERS)
    text = said(document.text(error, "msg")) or kind
    type_ = {"not_enough_money": "reseller_money", "auth": "reseller_auth", "access": "reseller_access"}.get(
        kind, "reseller_refused"
    )
    if kind == "auth":
        words = f"{obj} {text}".lower()
        if "ip denied" in words or obj.lower() in ("ip", "badip"):
            type_ = "reseller_address"
        elif any(word in words for word in ("totp", "otp", "second factor", "two-factor", "2fa")):
            type_ = "reseller_second_factor"
    money = {name: params.get(name, "") for name in ("amount", "have", "deficit", "currency", "available")}
    return Rejected(
        type_,
        seller_type=kind,
        seller_object=obj,
        seller_params=params,
        text=text,
        value=said(error.get("value", ""), document.VALUE_CHARACTERS),
        **(money if type_ == "reseller_money" else {}),
    )

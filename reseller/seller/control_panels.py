"""The link into a service's own control panel: `gotoserver` answers with a URL in `/doc/ok` (selling-api.md 4.2).

It is not documented where the link leads. A link into the seller's account would hand the services of all clients to
the client who follows it. This file therefore examines a link before it is handed out: the hosts on its way, the keys
in it, and whether one of them opens the seller's account.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from typing import NamedTuple
from urllib.parse import parse_qsl, urljoin, urlsplit

from reseller.limits import Limits
from reseller.seller.client import Client
from reseller.seller.deadline import look_up
from reseller.seller.transport import Transport
from reseller.wire import document, hosts
from reseller.wire.bounds import MIB, Bounds
from reseller.wire.errors import Ambiguous, Rejected, ResellerError, SellerError

#: for the look-up of one name in is_sellers()
LOOK_UP_SECONDS = 10
MOST_HOPS = 5
#: bounds of a page for people, which is never parsed
PAGE = Bounds("a page", MIB, 0, 0, 0)
#: HTTP statuses from here on are errors
CLIENT_ERROR = 400
#: a part of an address that is shorter than this is no key and no session id
SHORTEST_KEY = 8
#: how BILLmanager's session cookie begins, whatever its version (platform.md 4.2)
SESSION_COOKIE = "billmgrses"


class Arrival(NamedTuple):
    """Where following a link led: all hosts on the way, and all values passed on that may be keys."""

    hosts: frozenset[str]
    keys: frozenset[str]
    has_session: bool
    page: str


def link(transport: Transport, remote: str) -> str:
    """A new link into the service's control panel; raises SellerError."""
    return document.text(transport.call("gotoserver", {"elid": remote}), "ok")


def host_of(url: str) -> str:
    """The host of a web address, an IP address in its usual spelling.

    Empty for anything else or an address with a user.
    """
    try:
        parts = urlsplit(url)
        possible = parts.scheme in ("https", "http") and parts.username is None and parts.password is None
        host = (parts.hostname or "") if possible else ""
        return hosts.address(host) or host
    except ValueError:
        return ""


def is_sellers(transport: Transport, host: str) -> bool:
    """Whether the host is that of the seller's own panel, by name or by IP address."""
    seller = host_of(transport.endpoint)
    return host == seller or bool(_addresses(host) & _addresses(seller))


def _addresses(host: str) -> set[str]:
    try:
        return {str(address[0]) for address in look_up(host, 443, LOOK_UP_SECONDS)}
    except (OSError, UnicodeError):
        return set()


def keys_of(url: str) -> frozenset[str]:
    """The parts of a link that may be a key."""
    parts = urlsplit(url)
    words = [value for _, value in parse_qsl(f"{parts.query}&{parts.fragment}")] + parts.path.split("/")
    return frozenset(word for word in words if len(word) >= SHORTEST_KEY)


def follow(url: str, allowed: Collection[str], limits: Limits, *, verify: bool) -> Arrival:
    """Follow a link as a browser without cookies would, but only to hosts in `allowed`.

    Raises ResellerError `reseller_link_failed` if it cannot be followed to its end.
    """
    visited, keys, has_session = set(), set(keys_of(url)), False
    client = Client(limits, verify=verify, cookies=True)
    for _ in range(MOST_HOPS):
        visited.add(host_of(url))
        if not visited <= set(allowed):
            return Arrival(frozenset(visited), frozenset(keys), has_session, "")
        try:
            answer = client.call(url, seconds=limits.read_seconds, bounds=PAGE)
        except SellerError as error:
            text = error.params.get("text") or error.params["what"]
            raise ResellerError("reseller_link_failed", text=text) from error
        if not answer.location and answer.status >= CLIENT_ERROR:
            raise ResellerError("reseller_link_failed", text=f"HTTP status {answer.status}")
        has_session = has_session or any(name.startswith(SESSION_COOKIE) for name, _ in client.cookies)
        keys |= {value for _, value in client.cookies}
        if not answer.location:
            long = frozenset(key for key in keys if len(key) >= SHORTEST_KEY)
            return Arrival(frozenset(visited), long, has_session, answer.content.decode(errors="replace"))
        url = urljoin(url, answer.location)
        keys |= keys_of(url)
    raise ResellerError("reseller_link_failed", text="too many redirects")


def opens_account(transport: Transport, username: str, keys: Iterable[str]) -> bool:
    """Whether one of these keys opens a session of the account at the seller, as a session id or as a key of its user.

    The method is tested first: a session of our own must be recognised, and a made-up one must not. Raises SellerError
    if the seller cannot be reached, ResellerError `reseller_link_failed` if its answers prove nothing.
    """
    stranger = transport.without_login()
    own = document.text(transport.call("auth"), "auth")
    dead = _answer(stranger, "whoami", auth=secrets.token_hex(16))
    if not own or dead == "open" or _answer(stranger, "whoami", auth=own) != "open":
        raise ResellerError("reseller_link_failed", text="the seller does not tell sessions apart")
    for key in keys:
        answers = (_answer(stranger, "whoami", auth=key), _answer(stranger, "auth", username=username, key=key))
        if "open" in answers:
            return True
        if not {*answers} <= {"refused", dead}:
            raise ResellerError("reseller_link_failed", text="the seller's answer is no document")
    return False


def _answer(stranger: Transport, func: str, username: str = "", **key: str) -> str:
    """`open`, `refused`, or `page` for an answer that is no document."""
    try:
        root = stranger.call(func, {"username": username} if username else {}, secrets=key)
    except Rejected:
        return "refused"
    except Ambiguous as error:
        if error.type != "reseller_bad_answer":
            raise
        return "page"
    return "open" if root.find("user") is not None or document.text(root, "auth") else "refused"

"""Decide whether a remote service is ours: the one gate before anything is sent about it or saved of it (promise 9).

The key is in the form, which is read anyway, so the gate costs no call. A remote service is ours if it carries the key
of its link, the plain number of the service here, which the vendor's own cure writes, or no key at all: most sellers'
staff do not know of keys, and a key that was wiped is no sign of another owner. With any other key the remote service
may serve somebody else, so nothing is sent and nothing saved until a person has found out. That is one problem of the
service, and ends when the key is right.
"""

from __future__ import annotations

from typing import Protocol

from reseller import context as works
from reseller.context import Context
from reseller.ledger import problems
from reseller.ledger.leases import Lease
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.seller import service
from reseller.seller.service import Service
from reseller.wire.errors import ResellerError


class Keyed(Protocol):
    """A service here and the key that it has at the seller."""

    @property
    def item(self) -> int:
        """The service here."""

    @property
    def key(self) -> str:
        """The key that both sides know."""


class Linked(Keyed, works.Linked, Protocol):
    """A link, as far as it says which remote service is meant."""

    @property
    def itemtype(self) -> str:
        """Its type on both sides."""

    @property
    def remote(self) -> str:
        """Its number at the seller."""


def is_ours(link: Keyed, key: str | None) -> bool:
    """Whether a remote service with this key may be the one of the link; `key` is None where it is not shown."""
    return key in (None, "", link.key, str(link.item))


def require_ours(link: Linked, key: str | None) -> None:
    """Raise ResellerError `reseller_foreign_key` for a remote service that is not ours; no problem is recorded."""
    if not is_ours(link, key):
        raise ResellerError("reseller_foreign_key", item=link.item, remote=link.remote, here=link.key, there=key)


def read(context: Context, lease: Lease, link: Linked) -> Service:
    """The form of a linked remote service, MISSING when there is none.

    Raises SellerError, and ResellerError as require() and Context.seller_of() do.
    """
    form = service.read(context.seller_of(link).transport, link.itemtype, link.remote)
    require(context, lease, link, form.key)
    return form


def require(context: Context, lease: Lease, link: Linked, key: str | None) -> None:
    """Raise ResellerError `reseller_foreign_key`, after recording a problem, if the remote service is not ours."""
    error = judge(context, lease, link, key)
    if error is not None:
        raise error


def judge(context: Context, lease: Lease, link: Linked, key: str | None) -> ResellerError | None:
    """Raise the problem of a foreign key, or end it; the error that require() raises. `lease` fences the writes."""
    cause = Cause.of_service(link.item, problems.FOREIGN_KEY)
    if is_ours(link, key):
        troubles.end(context, lease, cause)
        return None
    error = troubles.KINDS[problems.FOREIGN_KEY].error
    params = {"remote": link.remote}
    problem = Problem(cause, link.module, error, params, link.key, key or "", touches=(link.item,)).cut
    troubles.raise_(context, lease, problem)
    return ResellerError.by(troubles.message(problem))

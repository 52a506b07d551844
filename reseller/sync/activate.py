"""A service in process: what the seller says of it decides what happens here, until it is active on both sides."""

from __future__ import annotations

from dataclasses import dataclass

from reseller.ledger import links
from reseller.ledger.leases import Lease, lease
from reseller.ledger.links import Link
from reseller.lifecycle import operations
from reseller.lifecycle.open import OPEN, park
from reseller.lifecycle.work import Seller, Work
from reseller.mgr5 import items
from reseller.model import Item, Status
from reseller.seller.services import RemoteList, read_one
from reseller.wire import document
from reseller.wire.errors import PanelError, Rejected, ResellerError

#: types that are of no use before the seller has issued their key, which may come late (reference/selling-api.md 3.5)
KEYED_TYPES = frozenset({"soft", "softexternal", "platform"})
#: complete lists in a row that must not show a service before it is asked for by number (DESIGN 5)
GONE_AFTER_ABSENCES = 2
ACTIVATED, WAITING, ALARM = "activated", "waiting", "alarms"


@dataclass(frozen=True)
class Facts:
    """What the seller says of an active service; secrets are never shown."""

    open_fields: dict[str, str]
    saved: dict[str, str]
    password: str
    key: str


def facts(form: document.Element) -> Facts:
    """The facts of a service's edit form (reference/selling-api.md 4.2)."""
    opened = {name: document.text(form, name) for name in ("ip", "domain", "username")}
    saved = {name: document.text(form, name) for name in ("licname",)}
    saved["reseller_expiredate"] = document.text(form, "expiredate")
    return Facts(
        open_fields={name: value for name, value in opened.items() if value},
        saved={name: value for name, value in saved.items() if value},
        password=form.findtext("userpassword") or form.findtext("password") or "",
        key=document.text(form, "lickey"),
    )


def advance(work: Work, seller: Seller, link: Link, found: RemoteList) -> str:
    """Bring one opening service on; ACTIVATED, WAITING or ALARM.

    Raises BusyError when somebody is at it, ResellerError with what is wrong with it.
    """
    row = next((row for row in found.rows if row.id == link.remote), None)
    if row is None:
        return _absent(work, seller, link, found)
    links.observe(work.db, link, row)
    with lease(work.db, f"item:{link.item}", work.limits.lease_seconds) as held:
        current = links.of_item(work.db, link.item)
        if current is None or current.id != link.id or current.state != links.OPENING:
            return WAITING
        item = items.read(work.db, link.item)
        if item.status == Status.DELETED:
            work.log.error(f"item {item.id} is deleted here, and remote {link.remote} lives on and is paid")
            return ALARM
        if row.status != Status.ACTIVE:
            return _wait(work, item, link)
        return _finish(work, seller, held, item, link)


def _wait(work: Work, item: Item, link: Link) -> str:
    """Nothing to do but to see that a try killed half-way left operation and task as they should be."""
    operation = items.operation_of(work.db, item.id, OPEN)
    if operation and not items.has_task(work.db, operation):
        park(work, item, link, operation)
    return WAITING


def _finish(work: Work, seller: Seller, held: Lease, item: Item, link: Link) -> str:
    """Save the facts, then finish; in this order, since after the finish nobody would come back for them."""
    known = facts(read_one(seller.transport, link.itemtype, link.remote))
    if link.itemtype in KEYED_TYPES and not known.key:
        return _wait(work, item, link)
    for name, value in known.saved.items():
        if item.params.get(name) != value:
            work.mgrctl.call("service.saveparam", {"elid": item.id, "name": name, "value": value, "sok": "ok"})
    if known.key and item.params.get("lickey") != known.key:
        secret = {"value": known.key}
        work.mgrctl.call("service.saveparam", {"elid": item.id, "name": "lickey", "sok": "ok"}, secrets=secret)
    _open_here(work, item, known)
    links.settle(held, link, links.LIVE)
    operation = items.operation_of(work.db, item.id, OPEN)
    if operation:
        operations.close(work, operation)
    work.log.info(f"item {item.id} is active, remote {link.remote}")
    return ACTIVATED


def _open_here(work: Work, item: Item, known: Facts) -> None:
    """`<itemtype>.open`, or `service.postopen` where a type has none (reference/platform.md 5.2)."""
    fields = {"elid": str(item.id), "sok": "ok", **known.open_fields}
    secrets = {"password": known.password} if known.password else {}
    try:
        work.mgrctl.call(f"{item.itemtype}.open", fields, secrets=secrets)
    except PanelError as error:
        if error.panel_type != "missed" or error.object in ("elid", "item"):
            raise
        work.mgrctl.call("service.postopen", {"elid": item.id, "sok": "ok"})
    status = items.read(work.db, item.id).status
    if status != Status.ACTIVE:
        raise ResellerError("reseller_not_opened", item=item.id, status=status)


def _absent(work: Work, seller: Seller, link: Link, found: RemoteList) -> str:
    """Not in the list: that counts only for a complete list, and only twice in a row with the form missing too."""
    if not found.complete:
        return WAITING
    absences = links.absent(work.db, link)
    if absences != GONE_AFTER_ABSENCES:
        return WAITING
    try:
        read_one(seller.transport, link.itemtype, link.remote)
    except Rejected as error:
        if error.seller_type != "missed":
            raise
    else:
        return WAITING
    item = items.read(work.db, link.item)
    gone = ResellerError("reseller_gone_opening", item=link.item, remote=link.remote, key=link.key)
    with lease(work.db, f"item:{link.item}", work.limits.lease_seconds):
        operations.report(work, item, items.operation_of(work.db, link.item, OPEN), gone, task=True)
    raise gone

"""A service in process: what the seller says of it decides what happens here, until it is active on both sides."""

from __future__ import annotations

from reseller.commands.open import OPENINGS, park
from reseller.context import Seller, Work
from reseller.ledger import links, observations, paid, requests
from reseller.ledger.leases import Lease
from reseller.ledger.links import Link
from reseller.ledger.problems import VALUE, Cause, Problem
from reseller.lifecycle import autorenewal, gone, offers, operations, ownership, problems
from reseller.mgr5 import functions, items
from reseller.model import Item, Status
from reseller.seller import service
from reseller.seller.services import RemoteList
from reseller.sync.candidates import here, there
from reseller.sync.decide import TABLE, Action, Here, Open, There
from reseller.sync.facts import Facts, facts
from reseller.wire.errors import PanelError, ResellerError, Stopped

ACTIVATED, WAITING, ALARM = "activated", "waiting", "alarms"


def advance(work: Work, seller: Seller, link: Link, found: RemoteList) -> str:
    """Bring one opening service on; ACTIVATED, WAITING or ALARM.

    Raises BusyError when somebody is at it, ResellerError with what is wrong with it.
    """
    row = next((row for row in found.rows if row.id == link.remote), None)
    if row is None:
        return _absent(work, seller, link, found)
    with work.hold(link.item) as held:
        current = links.of_item(work.db, link.item)
        if current is None or current.id != link.id or current.state != links.OPENING:
            return WAITING
        item = items.read(work.db, link.item)
        if not ownership.is_ours(link, row.key):
            # A list may not show keys at all, so it never says that the key is right again: the form does.
            ownership.require(work, held, link, row.key)
        action = TABLE[_here(item, link), there(row.status, "", 0), Open.OPENING]
        if action == Action.GONE and not links.has_seen(work.db, link, row):
            cancelled = _gone(work, item, link)
            links.observe(work.db, link, row)
            raise cancelled
        links.observe(work.db, link, row)
        if action == Action.FINISH and not requests.is_wanted(work.db, item.id, requests.CLOSE):
            return _finish(work, seller, held, item, link)
        if action == Action.END and not _is_gone(work, seller, link, found):
            return WAITING
        return _without_finish(work, held, item, link, action)


def _without_finish(work: Work, held: Lease, item: Item, link: Link, action: Action) -> str:
    """It is not active yet, or nobody wants it any more and its close, which waits, will end this as well."""
    if action == Action.ALARM:
        work.log.error(f"item {item.id} is deleted here, and remote {link.remote} lives on and is paid")
        return ALARM
    if action == Action.END:
        _end(work, held, link)
    elif action == Action.WAIT and not requests.is_wanted(work.db, item.id, requests.CLOSE):
        _wait(work, item, link)
    return WAITING


def _wait(work: Work, item: Item, link: Link) -> str:
    """Nothing to do but to see that a try killed half-way left operation and task as they should be."""
    operation = items.operation_of(work.db, item.id, *OPENINGS)
    if operation and not items.has_task(work.db, operation):
        park(work, item, link, operation)
    return WAITING


def _finish(work: Work, seller: Seller, held: Lease, item: Item, link: Link) -> str:
    """Save the facts, then finish; in this order, since after the finish nobody would come back for them."""
    seen = ownership.read(work, held, link)
    if not seen.exists:
        return _wait(work, item, link)
    autorenewal.switch_off(work, seller, link.itemtype, link.remote, seen.autoprolong)
    known = facts(seen)
    _tell_unfit(work, held, link, known)
    if link.itemtype in offers.KEYED and not known.key:
        return _wait(work, item, link)
    save(work, item, known)
    operation = items.operation_of(work.db, item.id, *OPENINGS)
    if items.operation_name(work.db, operation) == requests.REOPEN:
        _reopen_here(work, item, known)
    else:
        _open_here(work, item, known)
    opened = items.read(work.db, item.id)
    if opened.status != Status.ACTIVE:
        raise ResellerError("reseller_not_opened", item=item.id, status=opened.status)
    observations.learned(work.db, link.id, known.password_digest(seller.settings.password))
    paid.account(held, link.id, opened.expiredate)
    paid.raise_highest(held, link.id, seen.expiredate)
    links.settle(held, link.id, links.LIVE)
    if operation:
        operations.close(work, operation)
    work.log.info(f"item {item.id} is active, remote {link.remote}")
    return ACTIVATED


def _tell_unfit(work: Work, held: Lease, link: Link, known: Facts) -> None:
    """The service goes on without a value that cannot be; afterwards the comparison watches it (compare.py)."""
    cause = Cause.of_service(link.item, VALUE)
    if not known.unfit:
        problems.end(work, held, cause)
        return
    error, remote = problems.KINDS[VALUE].error, {"remote": link.remote}
    problems.raise_(work, held, Problem(cause, link.module, error, remote, there=known.unfit, touches=(link.item,)))


def save(work: Work, item: Item, known: Facts, *, opened: bool = False) -> int:
    """Save what differs here, `opened` also what activating hands over otherwise; how much that was."""
    key = {functions.LICENCE_KEY: known.key} if known.key else {}
    values = {**known.saved, **(known.open_fields if opened else {}), **key}
    changed = {name: value for name, value in values.items() if item.params.get(name) != value}
    for name, value in changed.items():
        functions.save_param(work.mgrctl, item.id, name, value)
    return len(changed)


def _open_here(work: Work, item: Item, known: Facts) -> None:
    """`<itemtype>.open`, or `service.postopen` where a type has none (platform.md 5.2)."""
    fields = {"elid": str(item.id), "sok": "ok", **known.open_fields}
    secrets = {"password": known.password} if known.password else {}
    try:
        work.mgrctl.call(f"{item.itemtype}.open", fields, secrets=secrets)
    except PanelError as error:
        if error.panel_type != "missed" or error.object in ("elid", "item"):
            raise
        functions.call_back(work.mgrctl, "service.postopen", item.id)


def _reopen_here(work: Work, item: Item, known: Facts) -> None:
    """`service.postreopen`, which takes no facts: they are saved before."""
    save(work, item, known, opened=True)
    if known.password:
        functions.save_param(work.mgrctl, item.id, "password", known.password)
    functions.call_back(work.mgrctl, "service.postreopen", item.id)


def _absent(work: Work, seller: Seller, link: Link, found: RemoteList) -> str:
    """Not in the list: that counts only for a complete list, and only twice in a row with the form missing too."""
    if not found.complete:
        return WAITING
    absences = links.absent(work.db, link)
    if absences != observations.GONE_AFTER_ABSENCES:
        return WAITING
    if service.read(seller.transport, link.itemtype, link.remote).exists:
        return WAITING
    with work.hold(link.item) as held:
        item = items.read(work.db, link.item)
        action = TABLE[_here(item, link), There.GONE, Open.OPENING]
        if action == Action.GONE:
            raise _gone(work, item, link)
        if action == Action.END:
            _end(work, held, link)
        return WAITING


def _is_gone(work: Work, seller: Seller, link: Link, found: RemoteList) -> bool:
    """Whether form and list agree; `found` may be what the form alone has said, and is incomplete then."""
    if service.read(seller.transport, link.itemtype, link.remote).exists:
        return False
    return found.complete or gone.is_unlisted(seller.transport, link.itemtype, link.remote, work.limits)


def _end(work: Work, held: Lease, link: Link) -> None:
    problems.end_differences(work, held, link.item)
    links.settle(held, link.id, links.ENDED)


def _here(item: Item, link: Link) -> Here:
    return here(item.status, is_away=item.module != link.module)


def _gone(work: Work, item: Item, link: Link) -> Stopped:
    """The seller cancelled it: said once, on its operation, with a task."""
    cancelled = ResellerError("reseller_gone_opening", item=link.item, remote=link.remote, key=link.key)
    work.log.error(f"item {item.id}: {work.word(cancelled)}")
    operations.report(work, item, items.operation_of(work.db, link.item, *OPENINGS), cancelled, task=True)
    return Stopped.by(cancelled)

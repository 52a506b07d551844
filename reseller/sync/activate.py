"""Activate a service in process: the remote service's state decides what happens here, until both sides are active."""

from __future__ import annotations

from reseller import products
from reseller.commands.open import OPENINGS, park
from reseller.context import Context, Seller
from reseller.ledger import links, observations, paid, requests
from reseller.ledger.leases import Lease
from reseller.ledger.links import Link
from reseller.ledger.problems import VALUE, Cause, Problem
from reseller.lifecycle import autorenewal, gone, operations, ownership, problems
from reseller.mgr5 import functions, items
from reseller.model import Item, Status
from reseller.seller import service
from reseller.seller.services import RemoteList
from reseller.sync.candidates import here, there
from reseller.sync.decide import TABLE, Action, Open, There
from reseller.sync.facts import Facts, facts
from reseller.wire.errors import PanelError, ResellerError, Stopped

ACTIVATED, WAITING, ALARM = "activated", "waiting", "alarms"


def advance(context: Context, seller: Seller, link: Link, found: RemoteList) -> str:
    """Process one opening service; ACTIVATED, WAITING or ALARM. `found` is a list, or the form alone (incomplete).

    Raises BusyError while another process works on the service, ResellerError with the reason of a failure.
    """
    row = next((row for row in found.rows if row.id == link.remote), None)
    if row is None:
        return _absent(context, seller, link, found)
    with context.hold(link.item) as held:
        current = links.of_item(context.db, link.item)
        if current is None or current.id != link.id or current.state != links.OPENING:
            return WAITING
        item = items.read(context.db, link.item)
        if not ownership.is_ours(link, row.key):
            # A list may not show keys at all, so only the form can prove that the key is right.
            ownership.require(context, held, link, row.key)
        state = here(item.status, is_away=item.module != link.module)
        action = TABLE[state, there(row.status, "", 0), Open.OPENING]
        if action == Action.GONE and not links.says_the_same(context.db, link, row):
            cancelled = _gone(context, item, link)
            links.observe(context.db, link, row)
            raise cancelled
        links.observe(context.db, link, row)
        if action == Action.FINISH and not requests.is_wanted(context.db, item.id, requests.CLOSE):
            return _finish(context, seller, held, item, link)
        if action == Action.END:
            # The form has to agree that it is gone; and a list, which is read if `found` is only the form (incomplete).
            if service.read(seller.transport, link.itemtype, link.remote).exists:
                return WAITING
            if not found.complete and not gone.is_unlisted(
                seller.transport, link.itemtype, link.remote, context.limits
            ):
                return WAITING
        return _without_finish(context, held, item, link, action)


def _without_finish(context: Context, held: Lease, item: Item, link: Link, action: Action) -> str:
    """Handle a service that is not active yet, or that is no longer wanted: its waiting close then ends the link."""
    if action == Action.ALARM:
        context.log.error(f"item {item.id} is deleted here, and remote {link.remote} lives on and is paid")
        return ALARM
    if action == Action.END:
        _end(context, held, link)
    elif action == Action.WAIT and not requests.is_wanted(context.db, item.id, requests.CLOSE):
        _wait(context, item, link)
    return WAITING


def _wait(context: Context, item: Item, link: Link) -> str:
    """Nothing to do, except to restore operation and task where a try was killed half-way."""
    operation = items.operation_of(context.db, item.id, *OPENINGS)
    if operation and not items.has_task(context.db, operation):
        park(context, item, link, operation)
    return WAITING


def _finish(context: Context, seller: Seller, held: Lease, item: Item, link: Link) -> str:
    """Save the facts, then activate the service here.

    In this order, since no run would save them after the activation.
    """
    form = ownership.read(context, held, link)
    if not form.exists:
        return _wait(context, item, link)
    autorenewal.switch_off(context, seller, link.itemtype, link.remote, form.autoprolong)
    known = facts(form)
    _tell_unfit(context, held, link, known)
    if products.of(link.itemtype).has_key and not known.key:
        return _wait(context, item, link)
    save(context, item, known)
    operation = items.operation_of(context.db, item.id, *OPENINGS)
    if items.operation_name(context.db, operation) == requests.REOPEN:
        # This function takes no facts, so they are saved first.
        save(context, item, known, opened=True)
        if known.password:
            functions.save_param(context.mgrctl, item.id, "password", known.password)
        functions.call_back(context.mgrctl, "service.postreopen", item.id)
    else:
        _open_here(context, item, known)
    opened = items.read(context.db, item.id)
    if opened.status != Status.ACTIVE:
        raise ResellerError("reseller_not_opened", item=item.id, status=opened.status)
    observations.learned(context.db, link.id, known.password_digest(seller.settings.password))
    paid.account(held, link.id, opened.expiredate)
    paid.raise_highest(held, link.id, form.expiredate)
    links.settle(held, link.id, links.LIVE)
    if operation:
        operations.close(context, operation)
    context.log.info(f"item {item.id} is active, remote {link.remote}")
    return ACTIVATED


def _tell_unfit(context: Context, held: Lease, link: Link, known: Facts) -> None:
    """Raise the problem `value` for unfit values.

    The service is activated without them, and compare.py watches them then.
    """
    cause = Cause.of_service(link.item, VALUE)
    if not known.unfit:
        problems.end(context, held, cause)
        return
    error, remote = problems.KINDS[VALUE].error, {"remote": link.remote}
    problems.raise_(context, held, Problem(cause, link.module, error, remote, there=known.unfit, touches=(link.item,)))


def save(context: Context, item: Item, known: Facts, *, opened: bool = False) -> int:
    """Save the values that differ here, with `opened` also those that `<itemtype>.open` would take.

    Returns how many differed.
    """
    key = {functions.LICENCE_KEY: known.key} if known.key else {}
    values = {**known.saved, **(known.open_fields if opened else {}), **key}
    changed = {name: value for name, value in values.items() if item.params.get(name) != value}
    for name, value in changed.items():
        functions.save_param(context.mgrctl, item.id, name, value)
    return len(changed)


def _open_here(context: Context, item: Item, known: Facts) -> None:
    """Call `<itemtype>.open`, or `service.postopen` where a type has none (platform.md 5.2)."""
    fields = {"elid": str(item.id), "sok": "ok", **known.open_fields}
    secrets = {"password": known.password} if known.password else {}
    try:
        context.mgrctl.call(f"{item.itemtype}.open", fields, secrets=secrets)
    except PanelError as error:
        if error.panel_type != "missed" or error.object in ("elid", "item"):
            raise
        functions.call_back(context.mgrctl, "service.postopen", item.id)


def _absent(context: Context, seller: Seller, link: Link, found: RemoteList) -> str:
    """Handle a service that the list does not show.

    It counts as gone only after two complete lists in a row without it, and a form that is missing too.
    """
    if not found.complete:
        return WAITING
    absences = links.absent(context.db, link)
    if absences != observations.GONE_AFTER_ABSENCES:
        return WAITING
    if service.read(seller.transport, link.itemtype, link.remote).exists:
        return WAITING
    with context.hold(link.item) as held:
        item = items.read(context.db, link.item)
        action = TABLE[here(item.status, is_away=item.module != link.module), There.GONE, Open.OPENING]
        if action == Action.GONE:
            raise _gone(context, item, link)
        if action == Action.END:
            _end(context, held, link)
        return WAITING


def _end(context: Context, held: Lease, link: Link) -> None:
    problems.end_differences(context, held, link.item)
    links.settle(held, link.id, links.ENDED)


def _gone(context: Context, item: Item, link: Link) -> Stopped:
    """Report that the seller cancelled the service: once, on its operation, with a task."""
    cancelled = ResellerError("reseller_gone_opening", item=link.item, remote=link.remote, key=link.key)
    context.log.error(f"item {item.id}: {context.word(cancelled)}")
    operations.report(context, item, items.operation_of(context.db, link.item, *OPENINGS), cancelled, task=True)
    return Stopped.by(cancelled)

"""`audit --fix`: mend what needs no person's decision. No step spends money or closes anything.

Each step checks its finding again under a lease, and can be repeated without harm.
"""

from __future__ import annotations

from collections.abc import Callable

from reseller import log
from reseller.audit.audit import is_left
from reseller.audit.findings import Finding
from reseller.context import Context
from reseller.ledger import claims, links, requests
from reseller.ledger.leases import lease
from reseller.lifecycle import reasons
from reseller.linking import sides
from reseller.seller import service
from reseller.wire.errors import ResellerError


def mend(context: Context, finding: Finding) -> str:
    """Mend one finding; the reason if that failed, empty if it is mended or nothing is left to do."""
    try:
        _STEPS[finding.kind](context, finding)
    except ResellerError as error:
        return context.word(error)
    text = f"{finding.kind}, remote {finding.remote or '-'} is made good"
    context.note("audit fix", text, item=finding.service, module=finding.module)
    return ""


def _half(context: Context, finding: Finding) -> None:
    half = links.of_item(context.db, finding.service)
    if half is not None:
        sides.heal(context, half)


def _left(context: Context, finding: Finding) -> None:
    with context.hold(finding.service) as held:
        request = requests.by_id(context.db, finding.row)
        if is_left(context, request):
            with log.under(request.correlation):
                reasons.give_up(context, held, request)


def _unread(context: Context, finding: Finding) -> None:
    with lease(context.db, f"checkevent:{finding.module}", context.limits.lease_seconds) as held:
        claims.read_again(held, finding.row)


def _kept(context: Context, finding: Finding) -> None:
    """Forget a kept licence that is gone: neither the list nor the form shows it."""
    seller = context.seller(finding.module)
    with lease(context.db, f"checkevent:{finding.module}", context.limits.lease_seconds) as held:
        itemtype = claims.kept(context.db, seller.account).get(finding.remote, (0, "", ""))[1]
        if itemtype and not service.read(seller.transport, itemtype, finding.remote).exists:
            claims.forget_kept(held, finding.row)


_STEPS: dict[str, Callable[[Context, Finding], None]] = {
    "half": _half,
    "left": _left,
    "unread": _unread,
    "kept": _kept,
}

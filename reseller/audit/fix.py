"""`audit --fix`: mend what needs no person's decision. No step spends money or closes anything.

Each step checks its finding again under a lease, and can be repeated without harm.
"""

from __future__ import annotations

from reseller import log
from reseller.audit.audit import has_lost_its_reason
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
        _step(context, finding)
    except ResellerError as error:
        return context.word(error)
    text = f"{finding.kind}, remote {finding.remote or '-'} is made good"
    context.note("audit fix", text, item=finding.service, module=finding.module)
    return ""


def _step(context: Context, finding: Finding) -> None:
    """The step for each kind that findings.py marks as mended."""
    run, seconds = f"checkevent:{finding.module}", context.limits.lease_seconds
    if finding.kind == "half":
        half = links.of_item(context.db, finding.service)
        if half is not None:
            sides.heal(context, half)
    elif finding.kind == "left":
        with context.hold(finding.service) as held:
            request = requests.by_id(context.db, finding.row)
            if has_lost_its_reason(context, request):
                with log.under(request.correlation):
                    reasons.give_up(context, held, request)
    elif finding.kind == "unread":
        with lease(context.db, run, seconds) as held:
            claims.read_again(held, finding.row)
    else:
        # Forget a kept licence that is gone: neither the list nor the form shows it.
        seller = context.seller(finding.module)
        with lease(context.db, run, seconds) as held:
            itemtype = claims.kept(context.db, seller.account).get(finding.remote, (0, "", ""))[1]
            if itemtype and not service.read(seller.transport, itemtype, finding.remote).exists:
                claims.forget_kept(held, finding.row)

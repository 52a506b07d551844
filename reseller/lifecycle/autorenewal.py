"""The seller must not renew by itself what this side renews: both would charge (reference/reselling.md 7)."""

from __future__ import annotations

from reseller.lifecycle.work import Seller, Work
from reseller.seller import renewals
from reseller.wire.errors import Rejected


def switch_off(work: Work, seller: Seller, itemtype: str, remote: str, months: str) -> bool:
    """Switch it off where it is on (`months` not empty), and say so; whether it was. Raises NotSent, Ambiguous."""
    if not months:
        return False
    try:
        renewals.no_autoprolong(seller.transport, itemtype, remote)
    except Rejected as error:
        work.log.error(f"remote {remote} renews itself at the seller, which will not stop: {work.word(error)}")
        return False
    work.log.info(f"remote {remote} renewed itself every {months} months at the seller: switched off")
    return True

"""Switch off the seller's own renewal of services that are renewed from here: both would charge (reselling.md 7)."""

from __future__ import annotations

from reseller.context import Context, Seller
from reseller.seller import renewals, service
from reseller.wire.errors import Rejected, Withheld


def switch_off(context: Context, seller: Seller, itemtype: str, remote: str, months: str) -> bool:
    """Switch off the seller's own renewal where it is on (`months` not empty); whether it was on and now shows as off.

    A refusal to switch it off is logged, and so is that the call may not be sent now. Raises NotSent, Ambiguous, and
    Rejected where the form cannot be read back.
    """
    if not months:
        return False
    try:
        renewals.no_autoprolong(seller.transport, itemtype, remote)
    except (Rejected, Withheld) as error:
        context.log.error(f"remote {remote} renews itself at the seller, which will not stop: {context.word(error)}")
        return False
    if service.read(seller.transport, itemtype, remote).autoprolong:
        context.log.error(f"remote {remote} renews itself at the seller, which said that it would stop, and has not")
        return False
    context.log.info(f"remote {remote} renewed itself every {months} months at the seller: switched off")
    return True

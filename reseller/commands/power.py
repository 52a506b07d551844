"""start, stop, reboot, hardreboot of the remote service; what all controls share is lifecycle/control.py."""

from __future__ import annotations

from reseller.context import Context
from reseller.ledger import requests
from reseller.ledger.leases import Lease
from reseller.ledger.requests import Request
from reseller.ledger.states import State
from reseller.lifecycle.control import Control, begin
from reseller.lifecycle.overtaken import abandon
from reseller.seller import controls


def power(context: Context, number: int, kind: str, operation: int = 0) -> None:
    """Send power command `kind` to the remote service of `number`; returns when it is done, or is waited for.

    Raises BusyError when another process holds the service's lease, otherwise ResellerError with the reason, which the
    operation shows as well.
    """
    with begin(context, number, kind, operation) as (held, item, current):
        for other in requests.live_others(context.db, number, kind):
            if other.kind in _OVERTAKES[kind] and other.state != State.WAITING:
                abandon(context, held, other)
        _POWER[kind](context, held, item, current).run()


def look_again(context: Context, request: Request, held: Lease) -> bool:
    """Poll whether the seller has finished the command; raises ResellerError when a person has to know."""
    return _POWER[request.kind].again(context, request, held).look()


class _Power(Control):
    def call(self, remote: str) -> None:
        controls.power(self.seller.transport, remote, self.kind)


class _Start(_Power):
    kind = requests.START


class _Stop(_Power):
    kind = requests.STOP


class _Reboot(_Power):
    kind = requests.REBOOT
    absolute = False


class _HardReboot(_Power):
    kind = requests.HARDREBOOT
    absolute = False


_POWER: dict[str, type[_Power]] = {each.kind: each for each in (_Start, _Stop, _Reboot, _HardReboot)}
#: by kind, the power requests that make no sense any more once it is asked for
_OVERTAKES = {
    requests.START: (requests.STOP,),
    requests.STOP: requests.POWER,
    requests.REBOOT: (requests.STOP,),
    requests.HARDREBOOT: (requests.STOP, requests.REBOOT),
}

"""changepassword: a new password for the remote service; see lifecycle/control.py.

It is in clear only in this process: it arrives encrypted, leaves in a POST body, and is saved here through the
environment. The ledger does not have it, so a change whose answer is lost is made again by its operation.
"""

from __future__ import annotations

from reseller import products
from reseller.context import Context
from reseller.ledger import requests
from reseller.ledger.leases import Lease
from reseller.ledger.requests import Request, Standing
from reseller.ledger.states import State
from reseller.lifecycle.control import Control, begin
from reseller.mgr5 import crypt, functions, items
from reseller.seller import controls
from reseller.wire.errors import ResellerError

#: what the panel calls a service's password (platform.md 5.2, selling-api.md 4.2); it may have both
#: `--userid` of the service's own user; the seller's call names none, so of several users it can only mean this one.
#: A machine has one, whatever number the panel gives it
OWN_USER = ("", "0")


def change_password(context: Context, number: int, sealed: str, userid: str, operation: int = 0) -> None:
    """Change the password of the remote service of `number` to what `sealed` holds (see mgr5/crypt.py).

    Raises BusyError when somebody else is at it, otherwise ResellerError with the reason, which stands there too.
    """
    with begin(context, number, requests.CHANGEPASSWORD, operation) as (held, item, current):
        change = _ChangePassword(context, held, item, current)
        change.sealed, change.userid = sealed, userid
        change.run()


def look_again(context: Context, request: Request, held: Lease) -> bool:
    """Whether the seller is done by now; raises ResellerError when a person has to know."""
    return _ChangePassword.again(context, request, held).look()


class _ChangePassword(Control):
    kind = requests.CHANGEPASSWORD
    sealed = ""
    userid = ""
    _clear = ""

    def prepare(self) -> None:
        try:
            if self.userid not in OWN_USER and not products.of(self.item.itemtype).has_power:
                raise ResellerError("reseller_other_user", object="userid", value=self.userid, **self.names())
            self._clear = crypt.decrypt(self.context.panel, self.sealed)
        except ResellerError as error:
            raise self.stop(Standing(State.REFUSED), error) from error

    def call(self, remote: str) -> None:
        controls.change_password(self.seller.transport, remote, self._clear)

    def taken(self) -> None:
        """Save it under every name by which the panel keeps a password of this service."""
        known = items.secret_names(self.context.db, self.item.id)
        for name in [name for name in functions.PASSWORDS if name in known] or functions.PASSWORDS[:1]:
            functions.save_param(self.context.mgrctl, self.item.id, name, self._clear)

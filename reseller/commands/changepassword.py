"""changepassword: set a new password for the remote service; what all controls share is lifecycle/control.py.

The password is in clear only in this process: it arrives encrypted, is sent in a POST body, and is saved on the panel
through the environment. The ledger does not store it, so only the operation, which carries it, can repeat a change
whose answer was lost; checkevent cannot.
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

#: values of `--userid` (platform.md 5.2) that mean the service's own user. The seller's call names no user
#: (selling-api.md 4.2), so it can only change this one's password. A machine has one user, whatever its number here
OWN_USER = ("", "0")


def change_password(context: Context, number: int, sealed: str, userid: str, operation: int = 0) -> None:
    """Change the password of the remote service of `number` to the one encrypted in `sealed` (mgr5/crypt.py).

    Raises BusyError when another process holds the service's lease, otherwise ResellerError with the reason, which the
    operation shows as well.
    """
    with begin(context, number, requests.CHANGEPASSWORD, operation) as (held, item, current):
        change = _ChangePassword(context, held, item, current)
        change.sealed, change.userid = sealed, userid
        change.run()


def look_again(context: Context, request: Request, held: Lease) -> bool:
    """Poll whether the seller has finished the change; raises ResellerError when a person has to know."""
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
        """Save the new password under every parameter by which the panel keeps this service's password."""
        known = items.secret_names(self.context.db, self.item.id)
        for name in [name for name in functions.PASSWORDS if name in known] or functions.PASSWORDS[:1]:
            functions.save_param(self.context.mgrctl, self.item.id, name, self._clear)

"""gen_key: a new key for a licence, asked for once (selling-api.md 4.2).

The seller counts them and allows few, so after a lost answer none is asked for again: the licence's form is read, and a
key other than the one before is the new one. The request keeps a digest of the key before, never a key.

No call-back ends this operation, only exit 0 of its command (platform.md 5.2). So a key that shows later is
saved at once, and the operation is started again, which then has nothing left to do.
"""

from __future__ import annotations

import hashlib

from reseller.context import Context
from reseller.ledger import requests
from reseller.ledger.leases import Lease
from reseller.ledger.requests import Effect, Request, Standing
from reseller.ledger.states import State
from reseller.lifecycle import operations
from reseller.lifecycle.attempt import Attempt
from reseller.lifecycle.control import begin
from reseller.mgr5 import functions
from reseller.seller import controls
from reseller.seller.service import Service
from reseller.wire import claims
from reseller.wire.errors import Ambiguous, NotSent, Rejected, ResellerError


def new_key(context: Context, number: int, operation: int = 0) -> None:
    """Have the seller issue a new key for the licence `number` and save it; returns when it is saved.

    Raises BusyError when somebody else is at it, otherwise ResellerError with the reason, also while it is waited for.
    """
    with begin(context, number, requests.GEN_KEY, operation) as (held, item, current):
        if not requests.has_done(context.db, number, requests.GEN_KEY, current):
            _NewKey(context, held, item, current).run()


def look_again(context: Context, request: Request, held: Lease) -> bool:
    """Whether the new key shows by now; raises ResellerError when a person has to know."""
    return _NewKey.again(context, request, held).look()


class _NewKey(Attempt):
    """One try."""

    kind = requests.GEN_KEY
    unsent, unsent_last = "reseller_change_unsent", "reseller_change_unsent_last"
    looking = "reseller_key_looking"

    def run(self) -> None:
        """Look, and where none is under way, ask for one."""
        remote, seen = self.see()
        if self._is_new(seen.licence_key):
            self._finish(seen.licence_key)
        elif self.request.state == State.WAITING:
            raise self._wait()
        elif self.in_doubt:
            raise self.stop_unsent(Ambiguous("reseller_answer_lost"))
        else:
            self._send(remote, seen)

    def look(self) -> bool:
        """Save the key if it shows; a task when it does not for long enough."""
        _, seen = self.see()
        if self._is_new(seen.licence_key):
            self._save(seen.licence_key)
            # Its own operation ends it, see above; staff may have deleted that.
            self.settle(Standing(State.UNSENT if self.operation else State.DONE))
            return True
        sent, answered = self.request.sent_seconds or 0, self.answered
        if answered is not None and self.is_looked_for:
            raise self.rejected(answered)
        if sent >= self.context.limits.look_seconds and self.request.state != State.UNCONFIRMED:
            error = ResellerError("reseller_key_unconfirmed", minutes=max(1, sent // 60), **self.names())
            raise self.stop(Standing(State.UNCONFIRMED), error, task=True)
        return False

    def _is_new(self, key: str) -> bool:
        return bool(claims.key(key) and self.request.was and _digest(key) != self.request.was)

    def _send(self, remote: str, seen: Service) -> None:
        if not seen.licence_key:
            # Its first key, which comes late, would be taken for the new one.
            raise self.stop_unsent(NotSent("reseller_key_none", remote=remote))
        self.hold_for_send()
        effect = Effect(f"{self.item.itemtype}.edit newkey {remote}", was=_digest(seen.licence_key))
        requests.sending(self.held, self.request, effect)
        try:
            key = controls.new_key(self.seller.transport, self.item.itemtype, remote)
        except NotSent as error:
            raise self.stop_unsent(error) from error
        except (Rejected, Ambiguous) as error:
            if isinstance(error, Rejected) and self.proves(error):
                raise self.rejected(error) from error
            self.settle_doubt(error)
            _, seen = self.see()
            if not self._is_new(seen.licence_key):
                raise self.stop_unsent(error) from error
            self._finish(seen.licence_key)
        else:
            self.settle(Standing(State.WAITING, "reseller_change_waiting"))
            self._took(key)

    def _took(self, key: str) -> None:
        """The answer may hold the key, or only the form may, or neither yet (reselling.md 8.1)."""
        if not self._is_new(key):
            _, seen = self.see()
            key = seen.licence_key
        if not self._is_new(key):
            raise self._wait()
        self._finish(key)

    def _wait(self) -> ResellerError:
        """The operation waits, with its task; an error, since exit 0 would end it."""
        told = ResellerError("reseller_change_waiting", **self.names())
        return self.stop(Standing(State.WAITING), told, task=True)

    def _save(self, key: str) -> None:
        if self.item.params.get(functions.LICENCE_KEY) != key:
            functions.save_param(self.context.mgrctl, self.item.id, functions.LICENCE_KEY, key)

    def _finish(self, key: str) -> None:
        self._save(key)
        if self.operation:
            operations.close_tasks(self.context, self.operation)
        self.settle(Standing(State.DONE, operation=self.operation))
        self.context.log.info(f"item {self.item.id}: {self.kind} is done")


def _digest(key: str) -> str:
    """Ten digits of a digest: what the ledger has room for, and enough to tell two keys apart."""
    return hashlib.sha256(key.encode()).hexdigest()[:10]

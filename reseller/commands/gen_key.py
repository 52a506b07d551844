"""gen_key: have the seller issue a new key for a licence, by one call only (selling-api.md 4.2).

The seller counts new keys and allows few, so after a lost answer the call is not repeated: the licence's form is
polled, and a key that differs from the one before the call is the new one. The request stores a digest of the key
before the call, never a key.

No call-back ends this operation, only exit 0 of its command (platform.md 5.2). So when checkevent finds the new key, it
saves the key and leaves the request as unsent: the operation is then started again, and has nothing left to do.
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
from reseller.wire import checked
from reseller.wire.errors import Ambiguous, NotSent, Rejected, ResellerError


def new_key(context: Context, number: int, operation: int = 0) -> None:
    """Have the seller issue a new key for the licence `number` and save it; returns when the key is saved.

    Raises BusyError when another process holds the service's lease, otherwise ResellerError with the reason, also while
    the key is waited for.
    """
    with begin(context, number, requests.GEN_KEY, operation) as (held, item, current):
        if not requests.has_done(context.db, number, requests.GEN_KEY, current):
            _NewKey(context, held, item, current).run()


def look_again(context: Context, request: Request, held: Lease) -> bool:
    """Poll for the new key; whether it was found. Raises ResellerError when a person has to know."""
    return _NewKey.again(context, request, held).look()


class _NewKey(Attempt):
    """One attempt at one new key."""

    kind = requests.GEN_KEY
    unsent, unsent_last = "reseller_change_unsent", "reseller_change_unsent_last"
    looking = "reseller_key_looking"

    def run(self) -> None:
        """Finish if the form shows the new key; ask for one unless an earlier call is under way or in doubt."""
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
        """Save the new key if the form shows it; make a task when it has not shown for `look_seconds`."""
        _, seen = self.see()
        if self._is_new(seen.licence_key):
            self._save(seen.licence_key)
            # Only the operation ends a gen_key, see above; where staff have deleted it, this is the end.
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
        return bool(checked.key(key) and self.request.was and _digest(key) != self.request.was)

    def _send(self, remote: str, seen: Service) -> None:
        if not seen.licence_key:
            # The licence's first key, which may come late, would be mistaken for the new one.
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
        """Finish with the new key of the answer or of the form; wait where neither has it yet (reselling.md 8.1)."""
        if not self._is_new(key):
            _, seen = self.see()
            key = seen.licence_key
        if not self._is_new(key):
            raise self._wait()
        self._finish(key)

    def _wait(self) -> ResellerError:
        """Let the operation wait, with its task; the result is an error, since exit 0 would end the operation."""
        waiting = ResellerError("reseller_change_waiting", **self.names())
        return self.stop(Standing(State.WAITING), waiting, task=True)

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
    """Ten hexadecimal digits of a digest: they fit the ledger's column, and are enough to tell two keys apart."""
    return hashlib.sha256(key.encode()).hexdigest()[:10]

"""How long one call of the seller may take, and whether its request was handed over: two facts under one lock.

A timeout of a socket bounds one `recv`, not a call: a peer that sends a byte now and then keeps every such timeout from
ending. So each call has a deadline of its own, watched by a thread of its own. It covers everything: the look-up of the
name, the proxy's tunnel, the handshake, the header byte by byte, and the body. It has two stretches, of which the
second begins when the request is handed over to the connection: time that was lost on the way there would otherwise be
missing for the answer, and an answer that is not waited for is a doubt that somebody has to clear up.

The thread that makes the call takes *sending*, or the deadline takes *expired*: one excludes the other. So no byte of a
request leaves after the deadline came first, and only then a call may be said not to have been sent (promise 3).

A thread that hangs in a read is woken by shutting down its connection. What is shut down is a duplicate of the TCP
socket that belongs to the connection (adapter.py): a number could be somebody else's file by then, and `shutdown` of an
SSL socket takes its encryption away from whoever is sending on it at that moment.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from typing import Any


class Expired(Exception):
    """The deadline came before the request was handed over: no byte of it has left, or will."""


class Deadline:
    """Runs from now on: `connect_seconds` until the request is handed over, and `answer_seconds` from then on.

    end() must be called when the call is over, however it ended. Raises RuntimeError when no thread can be started.
    """

    def __init__(self, connect_seconds: float, answer_seconds: float) -> None:
        self.is_handed_over = False
        self.has_expired = False
        self._is_over = False
        self._until = time.monotonic() + connect_seconds
        self._answer_seconds = answer_seconds
        self._line: socket.socket | None = None
        self._retired: list[socket.socket] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._watch, name="reseller-deadline", daemon=True).start()

    def left(self) -> float:
        """Seconds that are left, more than 0; raises Expired."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise Expired
        return left

    def watch(self, line: socket.socket) -> None:
        """Shut `line` down when the time is over, or now when it is."""
        with self._changed:
            self._line = line
            if self.has_expired:
                self._shut()

    def hand_over(self, line: socket.socket | None) -> None:
        """The request leaves on `line` from now on. Raises Expired, and then it must not leave."""
        with self._changed:
            if self.has_expired:
                raise Expired
            self.is_handed_over = True
            self._line = line
            self._until = time.monotonic() + self._answer_seconds
            self._changed.notify()

    def retire(self, line: socket.socket) -> None:
        """Close `line` when the call is over: its connection may be closed while its answer is still being read."""
        with self._changed:
            if self._is_over:
                line.close()
            else:
                self._retired.append(line)

    def end(self) -> bool:
        """Stop: from now on nothing is shut down. Whether the time was not over yet; the first word counts."""
        with self._changed:
            self._is_over = True
            self._line = None
            while self._retired:
                self._retired.pop().close()
            self._changed.notify()
            return not self.has_expired

    def _watch(self) -> None:
        with self._changed:
            while not self._is_over:
                left = self._until - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                self.has_expired = True
                self._shut()
                return

    def _shut(self) -> None:
        if self._line is not None:
            # It may be gone already: the peer has reset it.
            with contextlib.suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)


def look_up(host: str, port: int, seconds: float) -> list[tuple[Any, ...]]:
    """Addresses of a host, as getaddrinfo() gives them; raises what it raises, and TimeoutError after `seconds`.

    A look-up cannot be stopped, so a thread makes it that does nothing else, and that nobody waits for at the end.
    """
    found: queue.SimpleQueue[list[tuple[Any, ...]] | Exception] = queue.SimpleQueue()

    def resolve() -> None:
        try:
            found.put([each[4] for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where it is waited for
            found.put(error)

    threading.Thread(target=resolve, name="reseller-look-up", daemon=True).start()
    try:
        addresses = found.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"the look-up of {host} takes too long") from None
    if isinstance(addresses, Exception):
        raise addresses
    return addresses

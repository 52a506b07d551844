"""The deadline of one call, and whether its request was handed over: two facts under one lock.

A timeout of a socket bounds one `recv`, not a call: a peer that sends a byte now and then keeps it from ever expiring.
So each call has a deadline that covers everything: the look-up of the name, the proxy's tunnel, the TLS handshake, the
header byte by byte, and the body. The deadline has two parts; the second begins when the request is handed over to the
connection. Otherwise time lost while connecting would be missing for the answer, and an answer that is not awaited
leaves an unknown outcome that somebody has to clear up.

Either the calling thread marks the request as handed over, or the deadline marks the call as expired, never both. So no
byte of a request is sent after its deadline expired first, and only such a call may be reported as not sent (promise
3).

A thread that hangs in a read is woken by shutting down its connection. The shutdown uses a duplicate of the TCP socket
that belongs to the connection (adapter.py): a file number could belong to another file by then, and `shutdown` of an
SSL socket would remove the encryption from a thread that is sending on it.

One thread per process watches all deadlines, the next one first, and sleeps until then. A thread for each call would
cost 0.1 ms of every call, and a change of threads at its begin and end.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import queue
import socket
import threading
import time
from collections.abc import Callable
from typing import Any


class Expired(Exception):
    """The deadline passed before the request was handed over: no byte of it was or will be sent."""


class Deadline:
    """A deadline that starts now: `connect_seconds` until the request is handed over, then `answer_seconds` more.

    end() must be called when the call is over, however it ended. Raises RuntimeError if no thread can be started.
    """

    def __init__(
        self, connect_seconds: float, answer_seconds: float, may_leave: Callable[[], None] | None = None
    ) -> None:
        """`may_leave` is called right before the request is handed over.

        An error that it raises ends the call unsent.
        """
        self._may_leave = may_leave
        self.is_handed_over = False
        self.has_expired = False
        self._is_over = False
        self._until = time.monotonic() + connect_seconds
        self._answer_seconds = answer_seconds
        self._line: socket.socket | None = None
        self._retired: list[socket.socket] = []
        self._lock = threading.Lock()
        _CLOCK.wake(self._until, self)

    def left(self) -> float:
        """Seconds left, more than 0; raises Expired."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise Expired
        return left

    def watch(self, line: socket.socket) -> None:
        """Shut `line` down when the deadline passes, or at once if it has passed."""
        with self._lock:
            self._line = line
            if self.has_expired:
                self._shut()

    def hand_over(self, line: socket.socket | None) -> None:
        """Mark the request as handed over on `line`.

        If it raises Expired, or an error of `may_leave`, nothing may be sent.
        """
        if self._may_leave is not None:
            self._may_leave()
        with self._lock:
            if self.has_expired:
                raise Expired
            self.is_handed_over = True
            self._line = line
            self._until = time.monotonic() + self._answer_seconds
        _CLOCK.wake(self._until, self)

    def retire(self, line: socket.socket) -> None:
        """Close `line` when the call is over, since a connection may be closed while its answer is still being read."""
        with self._lock:
            if self._is_over:
                line.close()
            else:
                self._retired.append(line)

    def end(self) -> bool:
        """End the watch: from now on nothing is shut down. Whether the deadline had not passed before."""
        with self._lock:
            self._is_over = True
            self._line = None
            while self._retired:
                self._retired.pop().close()
            return not self.has_expired

    def expire(self) -> None:
        """Mark the call as expired and shut its connection down, if its deadline has passed."""
        with self._lock:
            # The deadline may have moved, or the call ended, since the wake-up was set.
            if not self._is_over and time.monotonic() >= self._until:
                self.has_expired = True
                self._shut()

    def _shut(self) -> None:
        if self._line is not None:
            # The peer may have reset the connection already.
            with contextlib.suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)


class _Clock:
    """Calls expire() of deadlines at their time; a deadline that has moved or ended meanwhile ignores the call."""

    def __init__(self) -> None:
        self._next: list[tuple[float, int, Deadline]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def wake(self, moment: float, deadline: Deadline) -> None:
        """Call `deadline.expire()` at this moment of time.monotonic()."""
        with self._changed:
            heapq.heappush(self._next, (moment, next(self._numbers), deadline))
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="reseller-deadlines", daemon=True)
                thread.start()
                self._thread = thread
            elif self._next[0][2] is deadline:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            self._due().expire()

    def _due(self) -> Deadline:
        """Wait for the next deadline whose moment has come."""
        with self._changed:
            while True:
                left = self._next[0][0] - time.monotonic() if self._next else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._next)[2]
                self._changed.wait(left)


_CLOCK = _Clock()


def look_up(host: str, port: int, seconds: float) -> list[tuple[Any, ...]]:
    """Addresses of a host, as getaddrinfo() returns them; raises its errors, and TimeoutError after `seconds`.

    A look-up cannot be interrupted, so it runs in a thread of its own, which is abandoned after `seconds`.
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

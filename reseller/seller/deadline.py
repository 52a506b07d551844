"""How long one call of the seller may take, and whether its request was handed over: two facts under one lock.

A timeout of a socket bounds one `recv`, not a call: a peer that sends a byte now and then keeps every such timeout from
ending. So each call has a deadline of its own. It covers everything: the look-up of the name, the proxy's tunnel, the
handshake, the header byte by byte, and the body. It has two stretches, of which the second begins when the request is
handed over to the connection: time that was lost on the way there would otherwise be missing for the answer, and an
answer that is not waited for is a doubt that somebody has to clear up.

The thread that makes the call takes *sending*, or the deadline takes *expired*: one excludes the other. So no byte of a
request leaves after the deadline came first, and only then a call may be said not to have been sent (promise 3).

A thread that hangs in a read is woken by shutting down its connection. What is shut down is a duplicate of the TCP
socket that belongs to the connection (adapter.py): a number could be somebody else's file by then, and `shutdown` of an
SSL socket takes its encryption away from whoever is sending on it at that moment.

One thread watches the deadlines of a process, the next one first, and sleeps until then: a thread for each call costs
0.1 ms of every call, and a change of threads at its begin and its end.
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
    """The deadline came before the request was handed over: no byte of it has left, or will."""


class Deadline:
    """Runs from now on: `connect_seconds` until the request is handed over, and `answer_seconds` from then on.

    end() must be called when the call is over, however it ended. Raises RuntimeError when no thread can be started.
    """

    def __init__(
        self, connect_seconds: float, answer_seconds: float, may_leave: Callable[[], None] | None = None
    ) -> None:
        """`may_leave` is asked right before the request is handed over; what it raises ends the call, not sent."""
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
        """Seconds that are left, more than 0; raises Expired."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise Expired
        return left

    def watch(self, line: socket.socket) -> None:
        """Shut `line` down when the time is over, or now when it is."""
        with self._lock:
            self._line = line
            if self.has_expired:
                self._shut()

    def hand_over(self, line: socket.socket | None) -> None:
        """The request leaves on `line` from now on. Raises Expired, or as `may_leave`, and then it must not."""
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
        """Close `line` when the call is over: its connection may be closed while its answer is still being read."""
        with self._lock:
            if self._is_over:
                line.close()
            else:
                self._retired.append(line)

    def end(self) -> bool:
        """Stop: from now on nothing is shut down. Whether the time was not over yet; the first word counts."""
        with self._lock:
            self._is_over = True
            self._line = None
            while self._retired:
                self._retired.pop().close()
            return not self.has_expired

    def expire(self) -> None:
        """End the call if its time is over."""
        with self._lock:
            # It may have moved on since it asked to be woken.
            if not self._is_over and time.monotonic() >= self._until:
                self.has_expired = True
                self._shut()

    def _shut(self) -> None:
        if self._line is not None:
            # It may be gone already: the peer has reset it.
            with contextlib.suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)


class _Clock:
    """Tells deadlines when their time is over; one that has moved or ended meanwhile sees that itself."""

    def __init__(self) -> None:
        self._next: list[tuple[float, int, Deadline]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def wake(self, moment: float, deadline: Deadline) -> None:
        """Call `deadline.expire()` at this moment, by time.monotonic()."""
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
        """Wait for the next one whose moment has come."""
        with self._changed:
            while True:
                left = self._next[0][0] - time.monotonic() if self._next else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._next)[2]
                self._changed.wait(left)


_CLOCK = _Clock()


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

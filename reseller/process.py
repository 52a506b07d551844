"""Limits of our own process: on its memory, as the last safeguard behind wire/bounds.py, and no core dumps, which would
hold passwords.

Programs that we start must not inherit them: the panel's mgrctl may start the panel's core, which then runs for weeks.
With threads there is no safe way to change a child between fork and exec, and changing it afterwards is too late for
what it has started. So our own soft limits are lifted under a lock for the moment in which a child is made: the child
has the limits with which we were started. A thread of ours that takes memory meanwhile meets the limit a millisecond
later.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

#: most private writable memory; stacks of threads count with their whole 8 MiB, used or not. Measured: 16 threads that
#: read pages of 1,000 rows take 326 MiB
MEMORY_BYTES = 768 * 1024 * 1024

_guard = threading.Lock()
#: soft and hard limits with which we were started, by number
_before: dict[int, tuple[int, int]] = {}
_ours: dict[int, tuple[int, int]] = {}


def bound() -> None:
    """Set the limits of this process; soft limits only, and never above those with which it was started."""
    import resource

    if _ours:
        return
    for number, most in ((resource.RLIMIT_DATA, MEMORY_BYTES), (resource.RLIMIT_CORE, 0)):
        soft, hard = _before[number] = resource.getrlimit(number)
        _ours[number] = (most if soft == resource.RLIM_INFINITY else min(soft, most), hard)
    _set(_ours)


@contextlib.contextmanager
def as_started() -> Iterator[None]:
    """A child that is started inside the block has the limits with which this process was started."""
    with _guard:
        _set(_before)
        try:
            yield
        finally:
            _set(_ours)


def _set(limits: dict[int, tuple[int, int]]) -> None:
    import resource

    for number, pair in limits.items():
        resource.setrlimit(number, pair)

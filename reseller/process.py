"""Limits of our own process: of its memory, as a last line behind wire/bounds.py, and no core dumps, with passwords in.

What we start must not live under them: the panel's mgrctl may start its core, which then lives for weeks. There is no
safe way to change a child between fork and exec where there are threads, and changing it afterwards comes too late for
what it has started. So our own soft limits are lifted for the moment in which a child is made, under a lock: it has
what we were started with, and a thread of ours that takes memory meanwhile meets the limit a millisecond later.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

#: of private writable memory; stacks of threads count with their whole 8 MiB, touched or not. Measured: 16 threads that
#: read pages of 1,000 rows take 326 MiB
MEMORY_BYTES = 768 * 1024 * 1024

_guard = threading.Lock()
#: soft and hard limits that we were started with, by number
_before: dict[int, tuple[int, int]] = {}
_ours: dict[int, tuple[int, int]] = {}


def bound() -> None:
    """Bound this process from now on; soft limits only, and never above what it was started with."""
    import resource

    if _ours:
        return
    for number, most in ((resource.RLIMIT_DATA, MEMORY_BYTES), (resource.RLIMIT_CORE, 0)):
        soft, hard = _before[number] = resource.getrlimit(number)
        _ours[number] = (most if soft == resource.RLIM_INFINITY else min(soft, most), hard)
    _set(_ours)


@contextlib.contextmanager
def as_started() -> Iterator[None]:
    """A child that is made inside the block has the limits that this process was started with."""
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

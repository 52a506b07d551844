"""The ids of long lists in their order, kept until the panel itself changes a service.

The panel caches its tables, and who writes to its database directly calls `tool.clearcache` (platform.md 6.2). Here
that holds only for which rows a list of thousands has, never for what stands in them; shorter lists are always read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable

from sandbox.core.together import Together

SHORTEST_KEPT = 5000
MOST_KEPT = 64


class Windows:
    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._together = Together()
        self._kept: dict[Hashable, tuple[int, list[int]]] = {}

    def forget(self) -> None:
        with self._guard:
            self._kept.clear()

    def ids(self, key: Hashable, changes: int, read: Callable[[], list[int]]) -> list[int]:
        """`changes` is how often services were changed until now: what was kept before the last one is not used."""
        with self._guard:
            kept = self._kept.get(key)
        if kept is not None and kept[0] == changes:
            return kept[1]
        found: list[int] = self._together.ask((key, changes), read)
        if len(found) >= SHORTEST_KEPT:
            with self._guard:
                while len(self._kept) >= MOST_KEPT:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[key] = (changes, found)
        return found

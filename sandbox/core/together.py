"""One answer for all who wait for it: equal questions that arrive while one is being answered are asked once.

Nobody gets an answer older than the question: who arrives after the work began waits for the next round. It keeps fifty
clients that page through the same long list from counting it fifty times.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any


class _Round:
    def __init__(self) -> None:
        self.ended = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None


class Together:
    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._gathering: dict[Hashable, _Round] = {}
        self._turns: dict[Hashable, threading.Lock] = {}

    def ask(self, question: Hashable, work: Callable[[], Any]) -> Any:
        with self._guard:
            gathering = self._gathering.get(question)
            first = gathering is None
            if gathering is None:
                gathering = self._gathering[question] = _Round()
            turn = self._turns.setdefault(question, threading.Lock())
        if first:
            self._lead(question, gathering, turn, work)
        else:
            gathering.ended.wait()
        if gathering.error is not None:
            raise gathering.error
        return gathering.result

    def _lead(self, question: Hashable, gathering: _Round, turn: threading.Lock, work: Callable[[], Any]) -> None:
        with turn:
            with self._guard:
                self._gathering.pop(question)  # from here on who comes waits for the next round
            try:
                gathering.result = work()
            except BaseException as error:  # noqa: BLE001  (everyone who waits gets it)
                gathering.error = error
            finally:
                gathering.ended.set()
        with self._guard:
            if question not in self._gathering and not turn.locked():
                self._turns.pop(question, None)

"""What a person at a terminal sees of work that takes long: pages read, services looked at. Nobody else sees it."""

from __future__ import annotations

import sys


class Progress:
    """Says nothing: cron, the panel and scripts have no use for it."""

    def show(self, what: str, number: int, total: int) -> None:
        """Work has come to this of so many."""

    def end(self) -> None:
        """The work is over; what was shown makes room for what is printed."""


class Terminal(Progress):
    """One line of stderr that is written over and over."""

    def show(self, what: str, number: int, total: int) -> None:
        """Write it over what stood there."""
        sys.stderr.write(f"\r\x1b[K{what}: {number} of {total}")
        sys.stderr.flush()

    def end(self) -> None:
        """An empty line again."""
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def at_terminal() -> Progress:
    """Whichever suits this process."""
    return Terminal() if sys.stderr.isatty() else Progress()

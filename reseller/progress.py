"""The progress of long work (pages read, services compared), shown to a person at a terminal and to nobody else."""

from __future__ import annotations

import sys


class Progress:
    """Shows nothing, for cron, the panel and scripts."""

    def show(self, what: str, number: int, total: int) -> None:
        """Report that `number` of `total` are done."""

    def end(self) -> None:
        """Report that the work is over, so that the line is cleared for other output."""


class Terminal(Progress):
    """Shows progress in one line of stderr that is overwritten each time."""

    def show(self, what: str, number: int, total: int) -> None:
        """Overwrite the line."""
        sys.stderr.write(f"\r\x1b[K{what}: {number} of {total}")
        sys.stderr.flush()

    def end(self) -> None:
        """Clear the line."""
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def at_terminal() -> Progress:
    """The progress for this process: a Terminal if stderr is one."""
    return Terminal() if sys.stderr.isatty() else Progress()

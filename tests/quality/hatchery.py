"""A nursery whose children run mutants: one is loaded with all of them, each child is told which one it is.

    python -m tests.quality.hatchery ADDRESS TOLD HITS

TOLD is a file with the name of the mutant, or `stats`: then each child writes the functions it passed to HITS.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from pathlib import Path

from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

import reseller
from tests.chaos.nursery import serve


def main(address: str, told: str, hits: str) -> None:
    """Load everything, then serve."""
    for module in pkgutil.walk_packages(reseller.__path__, "reseller."):
        importlib.import_module(module.name)
    end = os._exit

    def begin() -> None:
        set_mutant_under_test(Path(told).read_text(encoding="utf-8"))
        os._exit = told_end  # type: ignore[assignment]

    def told_end(code: int) -> None:
        passed = state()._stats  # noqa: SLF001 - where mutmut keeps them
        if passed:
            handle = os.open(hits, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(handle, "".join(f"{name}\n" for name in passed).encode())
        end(code)

    serve(address, begin)


if __name__ == "__main__":
    main(*sys.argv[1:])

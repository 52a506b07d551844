"""The programs of the panel that tests share, started by forking a process that has loaded the foreign libraries.

Loading them is most of what a short program costs, and the tests start tens of thousands. What is forked is a process
of its own and runs the installed library (chaos/nursery.py). The files in AS_INSTALLED start everything as it was
installed: they are about starting, about processes and what those show, or they walk through the whole product; and so
does every file in a run with RESELLER_AS_INSTALLED set, and in one that measures.
"""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

from tests.chaos.nursery import Nursery
from tests.chaos.plant import EXECUTABLES
from tests.support import environment

AS_INSTALLED = {
    "test_crash",
    "test_doctor",
    "test_install",
    "test_interface",
    "test_loading",
    "test_order",
    "test_process",
    "test_secrets",
    "test_timing",
    "test_walk",
}
EVERYWHERE = "RESELLER_AS_INSTALLED"


class Programs:
    """The programs in the tree of one panel; `stop` leaves them as they were installed."""

    def __init__(self, base: Path, folder: Path) -> None:
        self._base, self._folder = base, folder
        self._nursery: Nursery | None = None
        self._seeds: dict[Path, str] = {}

    def are_for(self, file: str) -> None:
        """Have them started as the tests of this file want it."""
        is_plain = file in AS_INSTALLED or EVERYWHERE in os.environ or environment.MEASURE in os.environ
        if is_plain:
            self._put_back()
        elif not self._seeds:
            self._seed()

    def stop(self) -> None:
        """End the process they were forked from."""
        self._put_back()
        if self._nursery is not None:
            self._nursery.stop()

    def _seed(self) -> None:
        if self._nursery is None:
            self._nursery = Nursery(self._folder)
        venv = self._base / "lib/reseller/venv"
        library = sysconfig.get_path("purelib", vars={"base": str(venv), "platbase": str(venv)})
        for name in EXECUTABLES:
            path = self._base / name
            self._nursery.seed(Path(library), path)
            self._seeds[path] = path.read_text()

    def _put_back(self) -> None:
        for path, seed in self._seeds.items():
            real = path.with_name(f"{path.name}.real")
            # A test that has installed anew has put the real one there itself.
            if path.exists() and path.read_text() == seed:
                real.rename(path)
            else:
                real.unlink()
        self._seeds.clear()

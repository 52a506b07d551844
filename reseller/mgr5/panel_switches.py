"""etc/reseller.panels: for which of the seller's tariffs clients may be led into a service's own control panel.

One line each: number of the module, type, number of the tariff at the seller, and what it was proven with. The file is
there only while something is switched on, which is how `features` knows without opening it (features.py). A line
without a tariff, as they were once written, has proven nothing about any.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from reseller import files
from reseller.mgr5.features import PANELS_FILE
from reseller.wire.numbers import whole


class Kind(NamedTuple):
    """Services that one proof holds for; `tariff` is the seller's number."""

    module: int
    itemtype: str
    tariff: str


def read(base: Path) -> dict[Kind, str]:
    """What is switched on, and what it was proven with; nothing is where the file cannot be read."""
    try:
        lines = files.lines(base / PANELS_FILE)
    except OSError:
        return {}
    words = [line.split(None, 3) for line in lines if line.split(None, 3)[3:]]
    return {
        Kind(whole(module), itemtype, tariff): proof
        for module, itemtype, tariff, proof in words
        if whole(module) and whole(tariff)
    }


def write(base: Path, switched: dict[Kind, str]) -> None:
    """Replace the file in one step; no file when nothing is switched on."""
    path = base / PANELS_FILE
    if not switched:
        path.unlink(missing_ok=True)
        return
    lines = [f"{kind.module} {kind.itemtype} {kind.tariff} {proof}\n" for kind, proof in sorted(switched.items())]
    files.replace(path, "".join(lines), 0o640)

"""etc/reseller.panels: the seller's tariffs for which clients may be led into a service's own control panel.

Each line has the module's number, the type, the number of the tariff at the seller, and the proof. The file exists only
while something is switched on, which is how `features` knows without opening it (features.py). Older versions wrote
lines without a tariff; these prove nothing and are ignored.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from reseller import files
from reseller.mgr5.features import PANELS_FILE
from reseller.wire.numbers import whole


class Kind(NamedTuple):
    """The services that one proof covers; `tariff` is the seller's number."""

    module: int
    itemtype: str
    tariff: str


def read(base: Path) -> dict[Kind, str]:
    """The tariffs that are switched on, each with its proof; empty if the file cannot be read."""
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
    """Replace the file in one step; delete it if nothing is switched on."""
    path = base / PANELS_FILE
    if not switched:
        path.unlink(missing_ok=True)
        return
    lines = [f"{kind.module} {kind.itemtype} {kind.tariff} {proof}\n" for kind, proof in sorted(switched.items())]
    files.replace(path, "".join(lines), 0o640)

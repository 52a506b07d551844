"""etc/reseller.panels: for which modules and types clients may be led into a service's own control panel.

One line each: number of the module, type, and what it was proven with. The file is there only while something is
switched on, which is how `features` knows without opening it (features.py).
"""

from __future__ import annotations

from pathlib import Path

from reseller import files
from reseller.mgr5.features import PANELS_FILE
from reseller.wire.numbers import whole


def read(base: Path) -> dict[tuple[int, str], str]:
    """By module and type, what is switched on and what it was proven with; nothing is where the file cannot be read."""
    try:
        lines = files.lines(base / PANELS_FILE)
    except OSError:
        return {}
    words = [line.split(None, 2) for line in lines if line.split(None, 2)[2:]]
    return {(whole(module), itemtype): proof for module, itemtype, proof in words if whole(module)}


def write(base: Path, switched: dict[tuple[int, str], str]) -> None:
    """Replace the file in one step; no file when nothing is switched on."""
    path = base / PANELS_FILE
    if not switched:
        path.unlink(missing_ok=True)
        return
    lines = [f"{module} {itemtype} {proof}\n" for (module, itemtype), proof in sorted(switched.items())]
    files.replace(path, "".join(lines), 0o640)

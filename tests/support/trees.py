"""A panel's tree as it lies on the disk, and what its panel says of it."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path


def listing(base: Path) -> dict[str, tuple[str, int, int, str]]:
    """Everything in the tree but what a running panel itself writes: path -> mode, owner, content."""
    found = {}
    for path in sorted(base.rglob("*")):
        name = path.relative_to(base)
        if name.parts[0] in {"var", "tmp"}:
            continue
        state = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(name)] = (oct(state.st_mode), state.st_uid, state.st_gid, content)
    return found


def functions(base: Path) -> set[str]:
    """Names of the functions that the panel lists."""
    answer = subprocess.run([base / "sbin/mgrctl", "-m", "billmgr", "-i"], capture_output=True, text=True, check=True)
    return set(re.split(r"[\s,;:=]+", answer.stdout))

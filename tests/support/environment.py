"""A private environment with the dependencies, built once and copied: building it is most of what an install costs.

`python()` answers an interpreter for `make install PYTHON=`. Its `-m venv DIR` copies the environment that lies in
`build/`; everything else is done by the real one. That an install builds its environment from nothing is shown by
tests/install/test_install.py and by `make demo`, which do not use it.

`make coverage` (tests/quality/coverage.py) names a file for what it measures; then every process of an environment that
is made here writes there, and so does this process. An operator's install has no part in that.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
#: where the data of `make coverage` go; absent in any other run
MEASURE = "RESELLER_MEASURE"
#: what an install puts into its environment
LOCK = ROOT / "requirements.txt"


def python() -> Path:
    """The interpreter, made on first use; one for each set of dependencies and each Python."""
    real = shutil.which("python3") or sys.executable
    data = os.environ.get(MEASURE, "")
    version = subprocess.run([real, "-VV"], capture_output=True, text=True, check=True).stdout
    key = hashlib.sha256(f"{real} {version} {data} {LOCK.read_text()}".encode()).hexdigest()[:12]
    folder = ROOT / "build" / f"environment-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "python3").exists():
            _make(folder, real, data)
    return folder / "python3"


def variables() -> dict[str, str]:
    """What `make install` needs in its environment to be quick."""
    return {"PYTHON": str(python())}


def _make(folder: Path, real: str, data: str) -> None:
    copied = folder / "venv"
    shutil.rmtree(copied, ignore_errors=True)
    subprocess.run([real, "-m", "venv", str(copied)], check=True)
    pip = [str(copied / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "--only-binary", ":all:", "--requirement", str(LOCK)], check=True)
    if data:
        subprocess.run([*pip, "coverage"], check=True)
        # The panel starts programs with an environment of its own.
        given = {"COVERAGE_FILE": data, "COVERAGE_PROCESS_START": str(ROOT / "pyproject.toml")}
        told = f"import os; os.environ.update({given!r})"
        site = next(copied.glob("lib/python*/site-packages"))
        (site / "measure.pth").write_text(f"{told}; import coverage; coverage.process_startup()\n")
    script = folder / "python3.new"
    script.write_text(
        f'#!/bin/sh\n[ "$1 $2" = "-m venv" ] || exec {real} "$@"\nmkdir -p "$3"\nexec cp -Rp {copied}/. "$3"\n'
    )
    script.chmod(0o755)
    script.replace(folder / "python3")

"""Writes requirements.txt: what is installed on a panel's host, to the version and the bytes (`make lock`).

Asks the index that pip is configured for, once for every Python and machine that a panel may have, by the ranges of
setup.py and constraints.txt. Only wheels count. Of a package that comes without compiled code as well, that wheel is
taken for all. Some 150 MB are fetched, since only the bytes themselves prove what their hash is.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.txt"
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
#: a machine each: what the wheels for it may be called
MACHINES = tuple(
    tuple(f"{tag}_{machine}" for tag in tags)
    for machine in ("x86_64", "aarch64")
    for tags in (("manylinux_2_28", "manylinux_2_26", "manylinux_2_17", "manylinux2014"), ("musllinux_1_2",))
)
ANY = ("any",)
HEAD = """\
# What runs beside the panel, to the version and the bytes: wheels only, for Linux on x86_64 and aarch64.
# Made by `make lock` from the ranges of setup.py and constraints.txt; scripts/requirements.py installs it.
"""
Wheels = dict[str, tuple[str, str]]


def fetch(wanted: list[str], python: str, platforms: tuple[str, ...], *options: str) -> Wheels:
    """The wheels that pip would take there: version and SHA-256 by name. Empty when there are none."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    pip += ["--only-binary", ":all:", "--python-version", python, *options]
    for platform in platforms:
        pip += ["--platform", platform]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([*pip, "--dest", folder, *wanted], capture_output=True, text=True, check=False)
        if done.returncode and "No matching distribution" not in done.stderr:
            raise SystemExit(done.stderr)
        found = {}
        for wheel in Path(folder).iterdir():
            name, version = wheel.name.split("-")[:2]
            found[name.lower().replace("_", "-")] = (version, hashlib.sha256(wheel.read_bytes()).hexdigest())
        return found


def ranges() -> list[str]:
    """The dependencies of setup.py, as setuptools reads them."""
    code = (
        "import setuptools; setuptools.setup = lambda **told: print(*told['install_requires'], sep='\\n'); import setup"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


@lru_cache
def for_all(name: str, version: str, python: str) -> str:
    """The hash of the wheel without compiled code, empty where there is none."""
    return fetch([f"{name}=={version}"], python, ANY, "--no-deps").get(name, ("", ""))[1]


def hashes(name: str, version: str, python: str) -> set[str]:
    """Of one wheel for all machines, or of one for each."""
    alone = for_all(name, version, python)
    if alone:
        return {alone}
    wheels = [fetch([f"{name}=={version}"], python, machine, "--no-deps") for machine in MACHINES]
    if not all(wheels):
        raise SystemExit(f"{name} {version} has no wheel for some machine with Python {python}.")
    return {wheel[name][1] for wheel in wheels}


def text() -> str:
    """The file, by name; a version that is not for all Pythons says for which."""
    pythons: dict[tuple[str, str], list[str]] = defaultdict(list)
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for python in PYTHONS:
        chosen = fetch(ranges(), python, MACHINES[0], "--constraint", str(ROOT / "constraints.txt"))
        for name, (version, _) in chosen.items():
            pythons[name, version].append(python)
            found[name, version] |= hashes(name, version, python)
        print(f"Python {python}: {len(chosen)} packages", file=sys.stderr)
    lines = []
    for name, version in sorted(found):
        first, last = pythons[name, version][0], pythons[name, version][-1]
        marks = [f"python_version >= '{first}'"] if first != PYTHONS[0] else []
        marks += [f"python_version <= '{last}'"] if last != PYTHONS[-1] else []
        mark = f" ; {' and '.join(marks)}" if marks else ""
        told = [f"    --hash=sha256:{each}" for each in sorted(found[name, version])]
        lines.append(" \\\n".join([f"{name}=={version}{mark}", *told]))
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    LOCK.write_text(text(), encoding="utf-8")

"""Installs requirements.txt into the environment whose Python runs this, and takes pip out of it.

What is installed is said by that file alone, to the byte, and is nothing that would have to be built. So what the host
has told pip (its configuration, PIP_* variables) counts for nothing: a `target` there would put the packages elsewhere,
a `constraint` or `no-binary` would stop them. The one exception is the way to an index: a host may reach none but a
mirror, by a proxy and an authority of its own, and since every byte is proven none of these can change what comes.
WHEELS is a directory to take the files from instead, without any index.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parent.parent / "requirements.txt"
PIP = (sys.executable, "-I", "-m", "pip", "--disable-pip-version-check")
#: how an index is reached, by pip's names
WAYS = ("index-url", "extra-index-url", "no-index", "find-links", "trusted-host", "proxy", "cert", "client-cert")
#: where pip reads them from, what wins last
SECTIONS = ("global", "install", ":env:")


def ways() -> dict[str, str]:
    """What the host says of the way to its index, as variables for pip; nothing where its configuration is broken."""
    told = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=False).stdout
    listed = {name: value for name, _, value in (line.partition("=") for line in told.splitlines())}
    found = {}
    for section in SECTIONS:
        for way in WAYS:
            value = ast.literal_eval(listed.get(f"{section}.{way}", "''"))
            if value:
                found[f"PIP_{way.upper().replace('-', '_')}"] = value
    return found


def main(wheels: str = "") -> int:
    """Exit code of what failed, 0 when the environment holds the packages and no pip."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    clean["PIP_CONFIG_FILE"] = os.devnull
    source = ["--no-index", "--find-links", wheels] if wheels else []
    given = ["--require-hashes", "--only-binary", ":all:", "--requirement", str(LOCK), *source]
    told = clean if wheels else {**clean, **ways()}
    done = subprocess.run([*PIP, "install", "--quiet", "--no-input", *given], env=told, check=False)
    if done.returncode:
        return done.returncode
    # Older Pythons bring setuptools as well. Nothing is installed here again: an upgrade makes a new environment.
    return subprocess.run([*PIP, "-qq", "uninstall", "--yes", "pip", "setuptools"], env=clean, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

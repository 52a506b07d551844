"""Prints what an installation holds, as CycloneDX JSON, from requirements.txt (`make sbom`).

The same tree gives the same bytes. Hashes are of every wheel of a version that may be installed: which one it is
depends on Python and machine. What lxml's wheels have inside of other libraries is theirs to say.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.txt"
_PACKAGE = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; (.+?))?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", re.MULTILINE)


def packages(lock: str) -> list[dict[str, object]]:
    """Each version of the lock as a component."""
    return [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{version}",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
            "hashes": [{"alg": "SHA-256", "content": told} for told in re.findall(r"sha256:(\w+)", hashes)],
            "properties": [{"name": "reseller:installed-where", "value": mark or "everywhere"}],
        }
        for name, version, mark, hashes in _PACKAGE.findall(lock)
    ]


def document() -> dict[str, object]:
    """The whole bill of materials."""
    sys.path.insert(0, str(ROOT))
    from reseller import __version__

    lock = LOCK.read_text(encoding="utf-8")
    library = packages(lock)
    us = {
        "type": "application",
        "bom-ref": f"reseller@{__version__}",
        "name": "billmanager-plugin-reseller",
        "version": __version__,
        "licenses": [{"license": {"id": "MIT"}}],
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, __version__ + lock)}",
        "version": 1,
        "metadata": {"component": us},
        "components": library,
        "dependencies": [{"ref": us["bom-ref"], "dependsOn": [each["bom-ref"] for each in library]}],
    }


if __name__ == "__main__":
    print(json.dumps(document(), indent=2))

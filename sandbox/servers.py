"""Which database server a sandbox starts: the environment's DATABASE says it, `mariadb` (default) or `mysql`."""

from __future__ import annotations

import os

from sandbox.database import Server
from sandbox.mariadb import MariaDb
from sandbox.mysql import MySql

VARIABLE = "DATABASE"
_KINDS: dict[str, type[Server]] = {"mariadb": MariaDb, "mysql": MySql}


def chosen() -> type[Server]:
    """Raises RuntimeError when the environment asks for another one."""
    name = os.environ.get(VARIABLE) or "mariadb"
    if name not in _KINDS:
        raise RuntimeError(f"{VARIABLE} is {' or '.join(_KINDS)}, not {name!r}")
    return _KINDS[name]

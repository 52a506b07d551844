"""Which database server a sandbox starts: `up --database`, else the variable DATABASE; by default MariaDB."""

from __future__ import annotations

import os

from sandbox.database import Server
from sandbox.mariadb import MariaDb
from sandbox.mysql import MySql

VARIABLE = "DATABASE"
KINDS: dict[str, type[Server]] = {"mariadb": MariaDb, "mysql": MySql}


def chosen() -> type[Server]:
    """Raises RuntimeError when the environment asks for another one."""
    name = os.environ.get(VARIABLE) or "mariadb"
    if name not in KINDS:
        raise RuntimeError(f"{VARIABLE} is {' or '.join(KINDS)}, not {name!r}")
    return KINDS[name]

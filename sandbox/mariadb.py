"""MariaDB, from the machine.

The data directory is made by feeding the system tables straight to `mariadbd --bootstrap`, which takes a third of a
second; `mariadb-install-db` also loads help texts and time zones and takes several.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from itertools import product
from pathlib import Path

from sandbox.database import COMMON, Server, ServerMissing, as_root

#: their names begin otherwise since MariaDB 11
_SCRIPTS = ("system_tables.sql", "system_tables_data.sql")
_BEGINNINGS = ("mysql", "mariadb")
_SCRIPT_PLACES = ("/usr/share/mysql", "/usr/share/mariadb", "/usr/local/share/mysql")


def _missing(what: str) -> ServerMissing:
    return ServerMissing(f"MariaDB is missing ({what}): install mariadb-server-core, or run make mariadb")


class MariaDb(Server):
    name = "MariaDB"

    @classmethod
    def program(cls) -> str:
        for name in ("mariadbd", "mysqld"):
            found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/libexec:/usr/local/sbin")
            if found:
                return found
        raise _missing("no mariadbd")

    def _flags(self) -> list[str]:
        return ["--innodb-log-file-size=16M", "--loose-feedback=OFF", "--collation-server=utf8mb4_general_ci"]

    def _make_data(self, fresh: Path) -> None:
        """System tables and the administrator."""
        fresh.mkdir(mode=0o700)
        script = b"create database mysql;\nuse mysql;\n" + _system_tables()
        script += ("\nflush privileges;\n" + self._account()).encode()
        command = [self.program(), "--no-defaults", "--bootstrap", *as_root(), *COMMON, *self._flags()]
        command += [f"--datadir={fresh}", f"--tmpdir={self._temporary}"]
        done = subprocess.run(command, input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0 or b"ERROR:" in done.stdout:
            raise RuntimeError(
                f"MariaDB could not make its data directory: {done.stdout[-2000:].decode(errors='replace')}"
            )


def _system_tables() -> bytes:
    for place, beginning in product(_SCRIPT_PLACES, _BEGINNINGS):
        scripts = [Path(place) / f"{beginning}_{name}" for name in _SCRIPTS]
        if all(script.is_file() for script in scripts):
            return b"\n".join(script.read_bytes() for script in scripts)
    raise _missing("no mysql_system_tables.sql, no mariadb_system_tables.sql")

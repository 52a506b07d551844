"""MySQL: a folder with a program that starts it, and a fresh data directory to copy.

The environment's SANDBOX_MYSQL names the folder; without it, it is where `make mysql` of a checkout puts it. Making the
data takes seconds, copying them a tenth of one. The administrator is made by the server's first start.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sandbox.database import Server, ServerMissing

VARIABLE = "SANDBOX_MYSQL"
PLACE = Path(os.environ.get(VARIABLE) or Path(__file__).parent.parent / "build" / "mysql")


class MySql(Server):
    name = "MySQL"

    @classmethod
    def program(cls) -> str:
        program = PLACE / "mysqld"
        if not program.exists():
            raise ServerMissing(f"MySQL is missing: run make mysql, or name its folder in {VARIABLE}")
        return str(program)

    def _flags(self) -> list[str]:
        return [
            "--innodb-redo-log-capacity=32M",
            "--mysqlx=OFF",
            "--secure-file-priv=NULL",  # the folder that was compiled in is not there
            f"--init-file={self._home}/account.sql",
        ]

    def _make_data(self, fresh: Path) -> None:
        shutil.copytree(PLACE / "data", fresh)
        script = self._home / "account.sql"
        script.touch(mode=0o600)
        script.write_text(f"{self._account()}DROP USER IF EXISTS root@localhost;\n")

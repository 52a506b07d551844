"""MySQL, as `make mysql` puts it into `build/mysql`: a program that starts it, and a fresh data directory to copy.

Making that directory takes seconds, copying it a tenth of one. The administrator is made by the server's first start.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sandbox.database import Server, ServerMissing

PLACE = Path(__file__).parent.parent / "build" / "mysql"


class MySql(Server):
    name = "MySQL"

    @classmethod
    def program(cls) -> str:
        program = PLACE / "mysqld"
        if not program.exists():
            raise ServerMissing("MySQL is missing: run make mysql")
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

"""A real replica of the panels' database server, which can be made late and can take over."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path
from typing import Any

from sandbox.database import ADMIN, Login, connect
from sandbox.mariadb import MariaDb
from tests.support.world import PanelAt

CATCH_UP_SECONDS = 60


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def primary_flags(port: int) -> str:
    """What makes a server one that others can replicate from."""
    return f"--log-bin=bin --binlog-format=ROW --server-id=1 --skip-networking=0 --bind-address=127.0.0.1 --port={port}"


class _Second(MariaDb):
    def _flags(self) -> list[str]:
        return [*super()._flags(), "--server-id=2", "--read-only=1", "--relay-log=relay", "--log-bin=bin"]


class Replica:
    """The second server, of whatever is written to the first one from its beginning on."""

    def __init__(self, panel: PanelAt, folder: Path, port: int) -> None:
        root = next(place for place in panel.base.parents if (place / "mysql.password").exists())
        password = (root / "mysql.password").read_text().strip()
        self._first = Login(panel.socket, ADMIN, password)
        self._server = _Second(folder, password, Path(tempfile.mkdtemp(prefix="rpl-")))
        self._do(self._first, "CREATE USER replica@'%' IDENTIFIED BY 'replica'")
        self._do(self._first, "GRANT REPLICATION SLAVE ON *.* TO replica@'%'")
        self._server.start()
        self._do(
            self._server.login,
            f"CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {port}, MASTER_USER = 'replica', "
            "MASTER_PASSWORD = 'replica', MASTER_USE_GTID = slave_pos",
        )
        self._do(self._server.login, "START SLAVE")

    @property
    def socket(self) -> str:
        return str(self._server.socket)

    @staticmethod
    def _do(login: Login, sql: str, *args: Any) -> list[dict[str, Any]]:
        connection = connect(login)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, args or None)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def catch_up(self) -> None:
        """Wait until all that was committed is here; AssertionError with the replica's own words if it never is."""
        [row] = self._do(self._first, "SELECT @@gtid_binlog_pos AS place")
        [done] = self._do(
            self._server.login, "SELECT MASTER_GTID_WAIT(%s, %s) AS missed", row["place"], CATCH_UP_SECONDS
        )
        assert done["missed"] == 0, self._do(self._server.login, "SHOW SLAVE STATUS")

    def fall_behind(self) -> None:
        """From now on nothing is applied any more, though everything is still received."""
        self._do(self._server.login, "STOP SLAVE SQL_THREAD")

    def received(self) -> bool:
        """Whether it has received, and not applied, what was committed last."""
        [state] = self._do(self._server.login, "SHOW SLAVE STATUS")
        return bool(state["Slave_IO_Running"] == "Yes" and state["Slave_SQL_Running"] == "No")

    def promote(self) -> None:
        """It is the one that is written to; what it has not applied is thrown away."""
        for sql in ("STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL read_only = 0"):
            self._do(self._server.login, sql)

    def stop(self) -> None:
        self._server.stop()


def lead_to(panel: PanelAt, place: str) -> None:
    """The panel and all that reads its configuration talk to the server at this socket from now on."""
    conf = panel.base / "etc/billmgr.conf"
    lines = [line for line in conf.read_text().splitlines() if not line.startswith("DBSocket ")]
    conf.write_text("\n".join([*lines, f"DBSocket {place}"]) + "\n")
    panel.run("sbin/mgrctl", "-m", "billmgr", "exit")

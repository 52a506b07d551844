"""The tree of the panel we live in, found from where our own files lie in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reseller import files
from reseller.db import Database
from reseller.limits import Limits, load
from reseller.wire import dates
from reseller.wire.errors import ResellerError

#: keys of the panel's configuration: how to reach its database, and where its own key is (reference/platform.md 6.2)
CONFIG_KEYS = ("DBHost", "DBUser", "DBPassword", "DBName", "DBSocket", "CryptKey")


@dataclass(frozen=True)
class Panel:
    """`base` is the mgr5 tree, `/usr/local/mgr5` on a real host."""

    base: Path

    @classmethod
    def of(cls, executable: str) -> Panel:
        """The panel in whose `addon/`, `processing/` or `sbin/` the executable lies."""
        return cls(Path(os.path.realpath(executable)).parent.parent)

    @property
    def does_nothing(self) -> bool:
        """Whether the panel's safety switch is on: a file that modules obey (reference/platform.md 5.2)."""
        return (self.base / "etc" / "billmgr.DoNothing").exists()

    @cached_property
    def limits(self) -> Limits:
        """Limits of this panel, read on first use."""
        return load(self.base)

    def config(self) -> dict[str, str]:
        """CONFIG_KEYS from `etc/billmgr.conf` and `etc/billmgr.conf.d/*`; from `paramlist` where they name no database.

        The files hold one `Key value` a line. Reading them costs nothing; asking the panel costs a process.
        """
        found: dict[str, str] = {}
        extra = self.base / "etc" / "billmgr.conf.d"
        for path in [self.base / "etc" / "billmgr.conf", *sorted(extra.glob("*"))]:
            found.update(_config_file(path))
        if "DBName" not in found:
            from reseller.mgr5.mgrctl import Mgrctl

            root = Mgrctl(self).call("paramlist")
            found.update({node.tag: (node.text or "").strip() for row in root.iter("elem") for node in row})
        return found

    def database(self) -> Database:
        """A new connection; raises ResellerError `reseller_database` with the server's reason.

        TLS is off for a unix socket only: it protects nothing there and costs 35 ms a connect (lessons.md C1).
        """
        import pymysql
        from pymysql.constants import CLIENT, FIELD_TYPE
        from pymysql.converters import conversions

        config = self.config()
        socket = config.get("DBSocket") or None
        try:
            connection = pymysql.connect(
                host=config.get("DBHost") or "localhost",
                user=config.get("DBUser") or "root",
                password=config.get("DBPassword", ""),
                database=config.get("DBName") or "billmgr",
                unix_socket=socket,
                ssl_disabled=bool(socket),
                charset="utf8mb4",
                autocommit=True,
                client_flag=CLIENT.FOUND_ROWS,
                # 0000-00-00 is no date, and would be read as a text.
                conv={**conversions, FIELD_TYPE.DATE: dates.of_row},
                connect_timeout=self.limits.connect_seconds,
                init_command="SET time_zone='+00:00', sql_mode='TRADITIONAL', "
                f"innodb_lock_wait_timeout={self.limits.lock_wait_seconds}",
            )
        except (pymysql.err.Error, OSError) as error:
            reason = error.args[-1] if error.args else error.__class__.__name__
            raise ResellerError("reseller_database", text=str(reason)) from error
        return Database(connection)


def _config_file(path: Path) -> dict[str, str]:
    try:
        lines = files.lines(path)
    except OSError:
        # Not there, or none of the panel's: a directory, a pipe. Without a name of its database the panel is asked.
        return {}
    pairs = (line.split(None, 1) for line in lines if line and not line.startswith("#"))
    return {
        words[0]: words[1].strip() if len(words) > 1 else "" for words in pairs if words and words[0] in CONFIG_KEYS
    }

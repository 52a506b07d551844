"""The panel's directory, its configuration and its database; found from the place of our own executable."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from reseller import files
from reseller.db import Database
from reseller.limits import Limits, load
from reseller.wire import dates, numbers
from reseller.wire.errors import Message, ResellerError
from reseller.wire.secrets import hide_known, remember

#: keys of the panel's configuration: how to reach its database, and where its own key is (platform.md 6.2)
CONFIG_KEYS = ("DBHost", "DBPort", "DBUser", "DBPassword", "DBName", "DBSocket", "CryptKey")
#: where programs of this platform look for a local database's socket (additions-2.md h 6), and where Debian has it
SOCKETS = ("/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/tmp/mysql.sock")  # noqa: S108

#: a database that is silent for this long counts as gone; waiting for a migration takes less (ledger/schema.py)
SILENT_SECONDS = 600
MYSQL_PORT = 3306
#: value of the setting `database_cafile` for no TLS
NOWHERE = "none"


@dataclass(frozen=True)
class Panel:
    """`base` is the panel's directory, `/usr/local/mgr5` on a real host."""

    base: Path

    @classmethod
    def of(cls, executable: str) -> Panel:
        """The panel in whose `addon/`, `processing/` or `sbin/` the executable is."""
        return cls(Path(os.path.realpath(executable)).parent.parent)

    @property
    def does_nothing(self) -> bool:
        """Whether the panel's safety switch is on: a file that modules obey (platform.md 5.2)."""
        return (self.base / "etc" / "billmgr.DoNothing").exists()

    @cached_property
    def _conf(self) -> tuple[Limits, list[Message]]:
        return load(self.base)

    @property
    def limits(self) -> Limits:
        """Limits of this panel, read on first use."""
        return self._conf[0]

    @property
    def wrong_limits(self) -> list[Message]:
        """One message for each unusable line of `etc/reseller.conf`."""
        return self._conf[1]

    def config(self) -> dict[str, str]:
        """CONFIG_KEYS from `etc/billmgr.conf` and `etc/billmgr.conf.d/*`, or from `paramlist` if these name no
        database.

        The files have one `Key value` per line. Reading them is cheap; calling the panel costs a process.
        """
        config: dict[str, str] = {}
        extra = self.base / "etc" / "billmgr.conf.d"
        for path in [self.base / "etc" / "billmgr.conf", *sorted(extra.glob("*"))]:
            try:
                lines = files.lines(path)
            except OSError:
                # Missing, or no regular file.
                continue
            for line in lines:
                key, *value = line.split(None, 1) or [""]
                if key in CONFIG_KEYS:
                    config[key] = value[0].strip() if value else ""
        if "DBName" not in config:
            from reseller.mgr5.mgrctl import Mgrctl

            root = Mgrctl(self).call("paramlist")
            config.update({node.tag: (node.text or "").strip() for row in root.iter("elem") for node in row})
        return config

    def database(self) -> Database:
        """A new connection; raises ResellerError `reseller_database`, `reseller_database_login` or
        `reseller_database_plugin` with the server's reason.

        `DBHost localhost` means a socket, as for the database's own programs: `DBSocket`, else the first of the usual
        sockets that exists. Over TCP, TLS with verification is used once `database_cafile` in `etc/reseller.conf` names
        the authority; on a socket it would protect nothing and cost 35 ms per connection.
        """
        import pymysql
        from pymysql.constants import CLIENT, CR, FIELD_TYPE
        from pymysql.converters import conversions

        config = self.config()
        remember(config.get("DBPassword", ""), always=True)
        host, port = database_address(config)
        socket = config.get("DBSocket") or (_usual_socket() if host in ("", "localhost") and not port else "")
        cafile = "" if socket or self.limits.database_cafile == NOWHERE else self.limits.database_cafile
        tls: dict[str, Any] = {"ssl_ca": cafile, "ssl_verify_cert": True, "ssl_verify_identity": True}
        try:
            connection = pymysql.connect(
                host=host or "localhost",
                port=port or MYSQL_PORT,
                user=config.get("DBUser") or "root",
                password=config.get("DBPassword", ""),
                database=config.get("DBName") or "billmgr",
                unix_socket=socket or None,
                **(tls if cafile else {"ssl_disabled": True}),
                charset="utf8mb4",
                autocommit=True,
                client_flag=CLIENT.FOUND_ROWS,
                # Without this, 0000-00-00 would be returned as a text.
                conv={**conversions, FIELD_TYPE.DATE: dates.of_row},
                connect_timeout=self.limits.connect_seconds,
                read_timeout=SILENT_SECONDS,
                write_timeout=SILENT_SECONDS,
                init_command="SET time_zone='+00:00', sql_mode='TRADITIONAL', "
                f"innodb_lock_wait_timeout={self.limits.lock_wait_seconds}",
            )
        except RuntimeError as error:
            # The driver lacks the RSA that MySQL 8's login needs; a socket or TLS works without it. Of ed25519 it lacks
            # everything.
            if "ed25519" in str(error):
                raise ResellerError("reseller_database_plugin", text=str(error)) from error
            raise ResellerError("reseller_database_login", host=host, text=str(error)) from error
        except (pymysql.err.Error, OSError, ValueError) as error:
            if error.args and error.args[0] == CR.CR_AUTH_PLUGIN_CANNOT_LOAD:
                raise ResellerError("reseller_database_plugin", text=str(error.args[-1])) from error
            reason = error.args[-1] if error.args else error.__class__.__name__
            raise ResellerError("reseller_database", text=hide_known(str(reason))) from error
        return Database(connection)


def database_address(config: Mapping[str, str]) -> tuple[str, int]:
    """Host and port of the database, which may be written `HOST:PORT` or `[ADDRESS]:PORT`; port 0 if none is given."""
    host, port = config.get("DBHost", ""), numbers.parse(config.get("DBPort", "")) or 0
    name, colon, digits = host.rpartition(":")
    is_bracketed = name.startswith("[") and name.endswith("]")
    if colon and (is_bracketed or ":" not in name) and numbers.parse(digits):
        host, port = name, numbers.parse(digits) or 0
    return host.strip("[]"), port


def _usual_socket() -> str:
    return next((path for path in SOCKETS if Path(path).exists()), "")

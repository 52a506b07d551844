"""The database server of a sandbox: a Unix socket, no network, nothing kept safe against a power cut.

What MariaDB and MySQL share is here; how the program is found, which flags it takes and how its data directory is made
is in mariadb.py and mysql.py. Which of the two is started says servers.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pymysql
from pymysql.cursors import DictCursor

from sandbox.children import die_with_parent
from sandbox.paths import SOCKET_PATH_BYTES

if TYPE_CHECKING:
    from pymysql.connections import Connection

START_SECONDS = 60
ADMIN = "sandbox"
#: more flags for the server, such as those of one that others replicate from
MORE_FLAGS = "SANDBOX_DATABASE_FLAGS"

#: for either server, also while it makes its data directory
COMMON = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--loose-innodb-flush-method=nosync",
    "--skip-log-bin",
    "--performance-schema=OFF",
    "--character-set-server=utf8mb4",
)
# The rows of a page come as one value, and an IN of a thousand numbers is no table (sandbox/functions/lists.py). Only
# MariaDB reads what stands in a comment of its own.
_LONG_LISTS = "SET group_concat_max_len = 268435456 /*M! , in_predicate_conversion_threshold = 0 */"


class ServerMissing(RuntimeError):
    """No server program, or not all that it needs, on this machine."""


@dataclass(frozen=True)
class Login:
    """What a client of this server needs."""

    socket: str
    user: str
    password: str
    database: str = ""


def connect(login: Login, autocommit: bool = True) -> Connection[DictCursor]:
    """A connection of the stand-in itself. Programs of others connect with the server's own defaults."""
    connection = pymysql.connect(
        unix_socket=login.socket,
        user=login.user,
        password=login.password,
        database=login.database or None,
        charset="utf8mb4",
        autocommit=autocommit,
        ssl_disabled=True,
        cursorclass=DictCursor,
        init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    )
    with connection.cursor() as cursor:
        cursor.execute(_LONG_LISTS)
    return connection


def as_root() -> list[str]:
    """Either server refuses to run as root unless told to."""
    return ["--user=root"] if os.geteuid() == 0 else []


@dataclass(frozen=True)
class Network:
    """Where a server listens beside its socket: a port of 127.0.0.1, with TLS for those who want it."""

    port: int
    authority: Path
    certificate: Path
    """With its key in the same file."""


class Server(ABC):
    """The server's process and its data directory."""

    name: ClassVar[str]
    """As people write it."""

    def __init__(self, home: Path, password: str, short: Path, network: Network | None = None) -> None:
        """`short` is where the socket is when the path of `home` is too long for one."""
        self._home = home
        self._password = password
        self.network = network
        self._data = home / "data"
        # A server that starts removes every temporary table from its place for them, also those of others.
        self._temporary = home / "tmp"
        beside = home / "mysqld.sock"
        self.socket = beside if len(os.fsencode(beside)) <= SOCKET_PATH_BYTES else short / "mysqld.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @abstractmethod
    def program(cls) -> str:
        """The server's program; raises ServerMissing with what to do."""

    @abstractmethod
    def _flags(self) -> list[str]:
        """What only this server takes."""

    @abstractmethod
    def _make_data(self, fresh: Path) -> None:
        """Make a data directory at `fresh`, which does not exist."""

    @classmethod
    def version(cls) -> str:
        """Of the program, e.g. 10.11.11."""
        told = subprocess.run([cls.program(), "--no-defaults", "--version"], capture_output=True, text=True, check=True)
        found = re.search(r"\bVer ([0-9]+(?:\.[0-9]+)+)", told.stdout)
        if found is None:
            raise ServerMissing(f"{cls.program()} does not say its version: {told.stdout!r}")
        return found.group(1)

    @property
    def login(self) -> Login:
        return Login(str(self.socket), ADMIN, self._password)

    @property
    def pid(self) -> int:
        return 0 if self._process is None or self._process.poll() is not None else self._process.pid

    def start(self) -> None:
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._temporary.mkdir(mode=0o700, exist_ok=True)
        self._ensure_data()
        self.socket.unlink(missing_ok=True)
        command = [self.program(), "--no-defaults", *as_root(), f"--datadir={self._data}", f"--socket={self.socket}"]
        command += [
            *self._listens(),
            "--innodb-buffer-pool-size=128M",
            "--innodb-lock-wait-timeout=20",
            "--max-connections=400",
            "--max-allowed-packet=64M",
            f"--pid-file={self._home}/mysqld.pid",
            f"--tmpdir={self._temporary}",
            *COMMON,
            *self._flags(),
            *os.environ.get(MORE_FLAGS, "").split(),
        ]
        with (self._home / "mysqld.log").open("ab") as log:
            # Its own session: Ctrl-C at a terminal must reach the panels first and the database last.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,  # noqa: PLW1509  (the supervisor has one thread)
                start_new_session=True,
            )
        self._wait_until_ready()

    def _listens(self) -> list[str]:
        if self.network is None:
            return ["--skip-networking"]
        certificate = self.network.certificate
        return [
            "--bind-address=127.0.0.1",
            f"--port={self.network.port}",
            f"--ssl-ca={self.network.authority}",
            f"--ssl-cert={certificate}",
            f"--ssl-key={certificate}",
        ]

    def _ensure_data(self) -> None:
        """A data directory with one administrator, made once; it is the server's that made it."""
        maker = self._home / "server"
        if (self._data / "mysql").is_dir():
            made_by = maker.read_text() if maker.exists() else "MariaDB"  # there was no other once
            if made_by != self.name:
                raise RuntimeError(f"{self._home} was made with {made_by}: start it with DATABASE={made_by.lower()}")
            return
        maker.write_text(self.name)
        fresh = self._home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._make_data(fresh)
        fresh.rename(self._data)

    def _account(self) -> str:
        """The statements that make the administrator."""
        return (
            f"CREATE USER IF NOT EXISTS {ADMIN}@localhost IDENTIFIED BY '{self._password}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO {ADMIN}@localhost WITH GRANT OPTION;\n"
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            if self.socket.exists():
                try:
                    connect(self.login).close()
                    return
                except pymysql.err.OperationalError as error:
                    if error.args[0] not in (2002, 2003, 2013):  # not listening yet
                        raise
            time.sleep(0.02)
        raise RuntimeError(f"{self.name} did not start; see {self._home}/mysqld.log")

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.socket.unlink(missing_ok=True)

"""One private MariaDB a sandbox: a Unix socket, no network, nothing kept safe against a power cut.

The data directory is made by feeding the system tables straight to `mariadbd --bootstrap`, which takes a third of a
second; `mariadb-install-db` also loads help texts and time zones and takes several.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pymysql
from pymysql.cursors import DictCursor

from sandbox.children import die_with_parent
from sandbox.paths import SOCKET_PATH_BYTES

if TYPE_CHECKING:
    from pymysql.connections import Connection

START_SECONDS = 60
ADMIN = "sandbox"

_SHARED = (
    "--innodb-log-file-size=16M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--loose-innodb-flush-method=nosync",
    "--skip-log-bin",
    "--loose-feedback=OFF",
    "--performance-schema=OFF",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_general_ci",
)
_SCRIPTS = ("mysql_system_tables.sql", "mysql_system_tables_data.sql")
_SCRIPT_PLACES = ("/usr/share/mysql", "/usr/share/mariadb", "/usr/local/share/mysql")


class MariaDbMissing(RuntimeError):
    """No server program or no system tables on this machine."""

    def __init__(self, what: str) -> None:
        super().__init__(f"MariaDB is missing ({what}): run make mariadb or install mariadb-server-core")


@dataclass(frozen=True)
class Login:
    """What a client of this server needs."""

    socket: str
    user: str
    password: str
    database: str = ""


def connect(login: Login, autocommit: bool = True) -> Connection[DictCursor]:
    return pymysql.connect(
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


def find_server() -> str:
    for name in ("mariadbd", "mysqld"):
        found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/libexec:/usr/local/sbin")
        if found:
            return found
    raise MariaDbMissing("no mariadbd")


def _system_tables() -> bytes:
    for place in _SCRIPT_PLACES:
        scripts = [Path(place) / name for name in _SCRIPTS]
        if all(script.is_file() for script in scripts):
            return b"\n".join(script.read_bytes() for script in scripts)
    raise MariaDbMissing("no mysql_system_tables.sql")


def _as_root() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


class Server:
    """The server's process and its data directory."""

    def __init__(self, home: Path, password: str, short: Path) -> None:
        self._home = home
        self._password = password
        self._data = home / "data"
        # A server that starts removes every temporary table from its place for them, also those of others.
        self._temporary = home / "tmp"
        beside = home / "mysqld.sock"
        self.socket = beside if len(os.fsencode(beside)) <= SOCKET_PATH_BYTES else short / "mysqld.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def login(self) -> Login:
        return Login(str(self.socket), ADMIN, self._password)

    @property
    def pid(self) -> int:
        return 0 if self._process is None or self._process.poll() is not None else self._process.pid

    def start(self) -> None:
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._temporary.mkdir(mode=0o700, exist_ok=True)
        if not (self._data / "mysql").is_dir():
            self._bootstrap()
        self.socket.unlink(missing_ok=True)
        command = [find_server(), "--no-defaults", *_as_root(), f"--datadir={self._data}", f"--socket={self.socket}"]
        command += ["--skip-networking", "--innodb-buffer-pool-size=128M", "--max-connections=400", *_SHARED]
        command += [
            f"--pid-file={self._home}/mysqld.pid",
            f"--tmpdir={self._temporary}",
            "--innodb-lock-wait-timeout=20",
            "--max-allowed-packet=64M",
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

    def _bootstrap(self) -> None:
        """System tables and one administrator with a password, in a directory that is renamed when complete."""
        fresh = self._home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        account = f"CREATE USER {ADMIN}@localhost IDENTIFIED BY '{self._password}';\n"
        grant = f"GRANT ALL PRIVILEGES ON *.* TO {ADMIN}@localhost WITH GRANT OPTION;\n"
        script = b"create database mysql;\nuse mysql;\n" + _system_tables()
        script += ("\nflush privileges;\n" + account + grant).encode()
        command = [find_server(), "--no-defaults", "--bootstrap", *_as_root(), *_SHARED]
        command += [f"--datadir={fresh}", f"--tmpdir={self._temporary}"]
        done = subprocess.run(command, input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0 or b"ERROR:" in done.stdout:
            raise RuntimeError(
                f"MariaDB could not make its data directory: {done.stdout[-2000:].decode(errors='replace')}"
            )
        fresh.rename(self._data)

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
        raise RuntimeError(f"MariaDB did not start; see {self._home}/mysqld.log")

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

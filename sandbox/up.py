"""The supervisor: one database, the panels' listening sockets, a core for each panel, and an end without leftovers.

The supervisor owns the sockets. A core that ends, by `mgrctl exit`, a crash or a kill, leaves them open; the next
connection waits in the backlog and makes the supervisor start the core again. That is what the real panel does for a
call that finds no core (platform.md 3.1, function `exit`), and the address stays.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from sandbox import schema, seed, state, tls, tree, whereabouts
from sandbox.children import adopt_orphans, die_with_parent, end_descendants, reap_orphans
from sandbox.core.db import Database
from sandbox.database import Login, Network, Server, connect
from sandbox.listeners import free_port, tcp_listener, unix_listener
from sandbox.paths import PanelPaths, Root
from sandbox.place import Place
from sandbox.report import for_people
from sandbox.state import PanelState

CORE_START_SECONDS = 30
CORE_STOP_SECONDS = 8
POLL_SECONDS = 0.25


class AlreadyUp(RuntimeError):
    """Another `up` holds this root."""


@dataclass
class PanelRun:
    """A panel's sockets and the process of its core."""

    state: PanelState
    paths: PanelPaths
    http: socket.socket
    https: socket.socket
    unix: socket.socket
    process: subprocess.Popen[bytes] | None = None

    @property
    def listeners(self) -> list[socket.socket]:
        return [self.http, self.https, self.unix]


class Supervisor:
    def __init__(self, root: Root, names: list[str], places: list[Place], kind: type[Server], *, tcp: bool) -> None:
        self._root = root
        self._names = names
        self._places = places
        self._kind = kind
        self._tcp = tcp
        self._taken: list[Place] = []
        self._runs: list[PanelRun] = []
        self._short: Path | None = None
        self._sockets: whereabouts.SocketLinks | None = None
        self._server: Server | None = None
        self._stopping = False
        self._parent = os.getppid()

    def run(self, announce: bool = True, follow_parent: bool = True) -> int:
        self._root.path.mkdir(mode=0o755, parents=True, exist_ok=True)
        with self._root.lock.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise AlreadyUp(f"{self._root.path} is already up") from error
            self._root.report.unlink(missing_ok=True)
            adopt_orphans()
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, self._ask_to_stop)
            try:
                self._start()
                if announce and not self._stopping:
                    print(for_people(self._report()), flush=True)
                self._watch(follow_parent)
            finally:
                self._stop()
        return 0

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _start(self) -> None:
        network = self._network() if self._tcp else None
        self._server = self._kind(self._root.mysql, self._root_password(), self._short_folder(), network)
        self._server.start()
        with connect(self._server.login) as database:
            schema.ensure_journal(database)
        if self._places:
            self._sockets = whereabouts.SocketLinks(self._server.login.socket)
            self._sockets.take()
        for number, name in enumerate(self._names):
            if not self._stopping:
                run = self._prepare(name, number)
                self._runs.append(run)
                self._start_core(run)
        if self._stopping:
            return
        report = json.dumps(self._report(), indent=1).encode()
        tls.write_private(self._root.report, report)

    def _network(self) -> Network:
        """A free port, and a certificate of an authority of the database's own."""
        home = self._root.mysql
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority, certificate = home / "ca.pem", home / "server.pem"
        tls.ensure_pair(authority, certificate)
        return Network(free_port(), authority, certificate)

    def _root_password(self) -> str:
        """The database administrator's, made once."""
        file = self._root.path / "mysql.password"
        if not file.exists():
            tls.write_private(file, os.urandom(18).hex().encode())
        return file.read_text()

    def _short_folder(self) -> Path:
        """A place for the database's socket when the root's path is too long for one (107 bytes)."""
        beside = self._root.mysql / "mysqld.sock"
        if len(os.fsencode(beside)) <= 100:
            return self._root.mysql
        self._short = Path(tempfile.mkdtemp(prefix="sbx-"))
        return self._short

    def _prepare(self, name: str, number: int) -> PanelRun:
        paths = self._root.panel(name)
        known = state.load(paths) or state.new_state(name, self._free_number(number), self._database_name(name))
        tree.ensure_tree(paths)
        for place in self._places:
            if place.panel == name:
                place.take(paths)
                self._taken.append(place)
        tls.ensure_certificate(paths)
        tls.ensure_crypt_key(paths)
        login = self._prepare_database(known)
        tree.write_conf(paths, login, known.forwarded_secret)
        whereabouts.write_logins(paths, login)
        http, https = tcp_listener(known.http_port), tcp_listener(known.https_port)
        known = replace(known, http_port=http.getsockname()[1], https_port=https.getsockname()[1])
        state.save(paths, known)
        return PanelRun(known, paths, http, https, unix_listener(paths))

    def _stored(self) -> list[PanelState]:
        """Panels of this root, up or not."""
        folders = [folder for folder in self._root.path.iterdir() if folder.is_dir()]
        return [known for folder in folders if (known := state.load(PanelPaths(folder))) is not None]

    def _free_number(self, wanted: int) -> int:
        """Panels added to an existing root later still get ids of their own."""
        used = {known.number for known in self._stored()}
        return next(number for number in range(wanted, wanted + 1000) if number not in used)

    def _database_name(self, panel: str) -> str:
        """A panel with a place of its own has the name of a real one's database, if that is free here."""
        placed = any(place.panel == panel for place in self._places)
        free = all(known.database != state.HARD_CODED for known in self._stored())
        return state.HARD_CODED if placed and free else ""

    def _prepare_database(self, known: PanelState) -> Login:
        if self._server is None:
            raise RuntimeError("the database is not started")
        login = Login(self._server.login.socket, known.database, known.database_password, known.database)
        with connect(self._server.login) as database:
            fresh = not schema.database_exists(database, known.database)
            if fresh:
                schema.create_database(database, known.database, known.number)
            hosts = ("localhost", "127.0.0.1") if self._server.network else ("localhost",)
            schema.ensure_login(database, known.database, known.database_password, hosts)
        if fresh:
            with Database(login).begin() as tx:
                seed.seed(tx, known)
        return login

    def _start_core(self, run: PanelRun) -> None:
        ready, written = os.pipe()
        descriptors = [listener.fileno() for listener in run.listeners]
        command = [sys.executable, "-m", "sandbox.serve", "--root", str(self._root.path), "--panel", run.state.name]
        for option, descriptor in zip(("--http", "--https", "--unix", "--ready"), [*descriptors, written]):
            command += [option, str(descriptor)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
        with run.paths.core_log.open("ab") as log:
            run.process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(*descriptors, written),
                preexec_fn=die_with_parent,  # noqa: PLW1509  (the supervisor has one thread)
            )
        os.close(written)
        try:
            readable, _, _ = select.select([ready], [], [], CORE_START_SECONDS)
            if not readable or not os.read(ready, 1):
                raise RuntimeError(f"the core of panel {run.state.name} did not start; see {run.paths.core_log}")
        finally:
            os.close(ready)

    def _watch(self, follow_parent: bool) -> None:
        while not self._stopping:
            if follow_parent and os.getppid() != self._parent:
                return
            waiting: list[socket.socket] = []
            for run in self._runs:
                if run.process is not None and run.process.poll() is not None:
                    run.process = None
                if run.process is None:
                    waiting += run.listeners
            reap_orphans(self._known())
            readable, _, _ = select.select(waiting, [], [], 0.02 if waiting else POLL_SECONDS)
            for run in self._runs:
                if run.process is None and any(listener in readable for listener in run.listeners):
                    self._start_core(run)

    def _known(self) -> frozenset[int]:
        pids = {run.process.pid for run in self._runs if run.process is not None}
        if self._server is not None and self._server.pid:
            pids.add(self._server.pid)
        return frozenset(pids)

    def _stop(self) -> None:
        """Cores first, then whatever they or their modules left, the database last."""
        for run in self._runs:
            if run.process is not None and run.process.poll() is None:
                run.process.terminate()
        deadline = time.monotonic() + CORE_STOP_SECONDS
        for run in self._runs:
            if run.process is not None:
                try:
                    run.process.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    run.process.kill()
                    run.process.wait()
                run.process = None
        end_descendants(os.getpid(), self._known())
        if self._server is not None:
            self._server.stop()
        for run in self._runs:
            run.paths.socket.unlink(missing_ok=True)
        self._leave_places()
        self._root.report.unlink(missing_ok=True)

    def _leave_places(self) -> None:
        """Take away what was put outside of the root."""
        for place in self._taken:
            place.leave(self._root.panel(place.panel))
        if self._sockets is not None:
            self._sockets.leave()
        if self._short is not None:
            shutil.rmtree(self._short, ignore_errors=True)

    def _links(self) -> list[Path]:
        return [] if self._sockets is None else self._sockets.taken

    def _report(self) -> dict[str, Any]:
        """sandbox.json: everything a test or a person needs."""
        panels = {run.state.name: self._panel_report(run) for run in self._runs}
        return {
            "ready": True,
            "pid": os.getpid(),
            "root": str(self._root.path),
            "mysql": self._database_report(),
            "panels": panels,
        }

    def _database_report(self) -> dict[str, Any]:
        server = self._server
        if server is None:
            return {"socket": "", "links": [], "server": ""}
        with connect(server.login) as database, database.cursor() as cursor:
            cursor.execute("SELECT VERSION() AS version")
            version = (cursor.fetchone() or {})["version"].partition("-")[0]
        told: dict[str, Any] = {
            "socket": server.login.socket,
            "links": [str(place) for place in self._links()],
            "server": f"{server.name} {version}",
        }
        if server.network is not None:
            told |= {"host": "127.0.0.1", "port": server.network.port, "ca": str(server.network.authority)}
        return told

    def _panel_report(self, run: PanelRun) -> dict[str, Any]:
        known = run.state
        login = Login(
            self._server.login.socket if self._server else "", known.database, known.database_password, known.database
        )
        with Database(login).begin() as tx:
            users = tx.rows("SELECT id, name, account FROM user")
            module = tx.value("SELECT MIN(id) FROM processingmodule WHERE module = 'pmauto'")
            tariffs = {row["name"]: row["id"] for row in tx.rows("SELECT id, name FROM pricelist WHERE parent IS NULL")}
            centres = [row["id"] for row in tx.rows("SELECT id FROM datacenter ORDER BY id")]
        ids = {row["name"]: row for row in users}
        accounts = {}
        for name, password in known.passwords.items():
            accounts[name] = {"password": password}
            if name in ids:
                accounts[name] |= {"user": ids[name]["id"], "account": ids[name]["account"]}
        return {
            "base": str(run.paths.base),
            "at": [str(place.directory) for place in self._taken if place.panel == known.name],
            "mgrctl": str(run.paths.base / "sbin" / "mgrctl"),
            "url": f"https://127.0.0.1:{known.https_port}/billmgr",
            "http_url": f"http://127.0.0.1:{known.http_port}/billmgr",
            "ca": str(run.paths.ca),
            "database": known.database,
            "dbuser": known.database,
            "dbpassword": known.database_password,
            "log": str(run.paths.log),
            "core_pid": run.process.pid if run.process else 0,
            "accounts": accounts,
            "tariffs": tariffs,
            "datacenters": centres,
            "provisioning": module,
        }

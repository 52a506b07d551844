"""The operation queue: runs the modules' commands, repeats what failed, leaves alone what is manual (platform.md 5.2).

A module is a process of its own that outlives the core: its output goes to files and its pid is written into the
operation's row, so that a core started anew waits for it instead of running the command a second time.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.children import start_time
from sandbox.core import clock, items, lifecycle, placement, programs, provisioning
from sandbox.core.errors import PanelError, error_element
from sandbox.core.modules import BUILT_IN, verdict

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel

TICK_SECONDS = 0.1
OUTPUT_BYTES = 64 * 1024
NEVER = 1e15
ENDED_BY_EXIT = frozenset(["cancel_prolong", "prolong_addon", "update_ns", "sync_item", "gen_key", "check_param"])
"""Commands of which no call-back ends the operation: exit 0 does (platform.md 5.2, "nothing required")."""
SKIPPED = frozenset(
    ["open", "resume", "suspend", "cancel_prolong", "close", "sync_item", "prolong", "prolong_addon", "reopen", "stat"]
)
"""What etc/billmgr.DoNothing stops; not setparam (platform.md 5.2)."""

_DUE = """SELECT r.id, r.item, r.intname, r.trycount, r.run_pid, r.run_start, r.level, r.options, r.placed,
    m.module
    FROM runningoperation r LEFT JOIN item i ON i.id = r.item LEFT JOIN processingmodule m ON m.id = i.processingmodule
    WHERE (r.manual = 'off' AND r.nextrun <= %s) OR r.run_pid IS NOT NULL ORDER BY r.id"""


@dataclass(frozen=True)
class Operation:
    id: int
    item: int
    name: str
    trycount: int
    run_pid: int
    run_start: str
    level: int
    module: str
    options: dict[str, str]
    """Further options of its command, as `--userid` of changepassword (platform.md 5.2)."""
    placed: bool
    """A module has been chosen for it; only service.getnextmodule chooses again."""


def _operation(row: dict[str, Any]) -> Operation:
    return Operation(
        row["id"],
        row["item"],
        row["intname"],
        row["trycount"],
        row["run_pid"] or 0,
        row["run_start"] or "",
        row["level"],
        row["module"] or "",
        json.loads(row["options"] or "{}"),
        row["placed"] == "on",
    )


class Queue:
    """One thread that looks what is due, and a thread for each command that runs."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._wake = threading.Event()
        self._guard = threading.Lock()
        self._busy: dict[int, int] = {}  # operation -> item
        self.paused = False

    def start(self) -> None:
        threading.Thread(target=self._loop, name="queue", daemon=True).start()

    def wake(self) -> None:
        self._wake.set()

    @property
    def busy(self) -> list[int]:
        with self._guard:
            return sorted(self._busy)

    def add(
        self,
        tx: Tx,
        item: int,
        name: str,
        level: int,
        delay: float,
        oldstatus: int,
        options: Mapping[str, str] | None = None,
    ) -> int:
        return tx.insert(
            "runningoperation",
            item=item,
            intname=name,
            nextrun=time.time() + delay,
            oldstatus=oldstatus,
            level=level,
            options=json.dumps(dict(options)) if options else None,
            cdate=clock.stamp(),
        )

    def _loop(self) -> None:
        while not self._panel.stop_requested.is_set():
            self._wake.wait(TICK_SECONDS)
            self._wake.clear()
            try:
                provisioning.deliver_late(self._panel)
                if not self.paused:
                    self._start_due()
            except Exception:  # noqa: BLE001  (the queue must outlive a database that is away; the cause is in the log)
                self._panel.log.failure("queue", traceback.format_exc())
                time.sleep(1)

    def _start_due(self) -> None:
        with self._panel.db.begin() as tx:
            due = [_operation(row) for row in tx.rows(_DUE, time.time())]
        for operation in due:
            if self.paused:
                # Meanwhile; what was listed may have been made since.
                return
            with self._guard:
                full = len(self._busy) >= self._panel.switches.number("queue_workers")
                # One operation of a service at a time, in the order of their making.
                if full or operation.id in self._busy or operation.item in self._busy.values():
                    continue
                self._busy[operation.id] = operation.item
            threading.Thread(
                target=self._work, args=(operation,), name=f"operation-{operation.id}", daemon=True
            ).start()

    def _work(self, operation: Operation) -> None:
        try:
            if operation.run_pid:
                self._wait_for_orphan(operation)
            elif operation.module in BUILT_IN:
                provisioning.run(self._panel, operation.id, operation.item, operation.name, operation.module)
            elif not operation.module or not self._panel.modules.exists(operation.module):
                self._settle(operation, PanelError("no_suitable_module", "item", operation.item), 1)
            elif self._does_nothing(operation):
                self._settle_unrun(operation, None, 0)
            else:
                self._place_and_run(operation)
        except Exception:  # noqa: BLE001  (one bad operation never stops the rest; the cause is in the log)
            self._panel.log.failure("queue", traceback.format_exc())
            time.sleep(1)
        finally:
            with self._guard:
                self._busy.pop(operation.id, None)

    def _does_nothing(self, operation: Operation) -> bool:
        file = self._panel.paths.base / "etc" / "billmgr.DoNothing"
        return self._panel.switches["do_nothing"] == "panel" and operation.name in SKIPPED and file.exists()

    def _place_and_run(self, operation: Operation) -> None:
        """A new service is first given to the module that can take it (platform.md 5.2, get_suitable_module)."""
        modules = self._panel.modules
        if operation.name == "open" and not operation.placed and modules.has(operation.module, placement.FEATURE):
            with self._panel.db.begin() as tx:
                item = items.find(tx, operation.item)
            try:
                if item is not None:
                    operation = replace(operation, module=self._place(operation, item))
            except PanelError as error:
                self._settle_unrun(operation, error, 1)
                return
        self._run_module(operation)

    def _place(self, operation: Operation, item: Item) -> str:
        """The executable of the module chosen. Raises PanelError: none, or what a module answered."""
        chosen = placement.choose(self._panel, item, [])
        if chosen is None:
            raise PanelError("no_suitable_module", "item", item.id)
        with self._panel.db.begin() as tx:
            tx.run("UPDATE item SET processingmodule = %s WHERE id = %s", chosen, item.id)
            tx.run("UPDATE runningoperation SET placed = 'on' WHERE id = %s", operation.id)
            return str(tx.value("SELECT module FROM processingmodule WHERE id = %s", chosen))

    def _files(self, operation: Operation) -> tuple[Path, Path]:
        folder = self._panel.paths.runs
        return folder / f"{operation.id}.out", folder / f"{operation.id}.err"

    def _arguments(self, operation: Operation) -> list[str]:
        """The vendor's arguments (platform.md 5.2, "Command line")."""
        words = ["--command", operation.name, "--item", str(operation.item), "--runningoperation", str(operation.id)]
        if self._panel.switches["pass_level"] == "on":
            words += ["--level", str(operation.level)]
        for name, value in operation.options.items():
            words += [f"--{name}", value]
        return words

    def _run_module(self, operation: Operation) -> None:
        # The operation shows its process from the moment that the process can change it: both are one transaction.
        with self._panel.db.begin() as tx:
            if not self._claim(tx, operation):
                return
            process = self._start(operation)
            if isinstance(process, subprocess.Popen):
                pid = process.pid
                tx.update("runningoperation", {"id": operation.id}, run_pid=pid, run_start=start_time(pid))
        if isinstance(process, PanelError):
            self._settle(operation, process, 127)
            return
        try:
            process.wait(self._panel.switches.number("command_seconds") or None)
        except subprocess.TimeoutExpired:
            programs.end_group(process.pid)
            process.wait()
        self._finish(operation, process.returncode)

    def _claim(self, tx: Tx, operation: Operation) -> bool:
        """Looks again before running: the operation may have been made manual or be gone since it was listed."""
        rises = 1 if self._panel.switches["trycount_rises"] == "before" else 0
        changed = tx.run(
            "UPDATE runningoperation SET trycount = trycount + %s, nextrun = %s "
            "WHERE id = %s AND manual = 'off' AND nextrun <= %s",
            rises,
            NEVER,
            operation.id,
            time.time(),
        )
        return changed == 1

    def _settle_unrun(self, operation: Operation, problem: PanelError | None, code: int) -> None:
        """What becomes of an operation whose command is not run at all."""
        with self._panel.db.begin() as tx:
            is_ours = self._claim(tx, operation)
        if is_ours:
            self._settle(operation, problem, code)

    def _start(self, operation: Operation) -> subprocess.Popen[bytes] | PanelError:
        """The module's process, or why there is none: no such program, or it cannot be executed."""
        program = self._panel.paths.processing / operation.module
        words = self._arguments(operation)
        self._panel.log.detail("queue", f"run {operation.module} {' '.join(words)}")
        out, err = self._files(operation)
        with out.open("wb") as stdout, err.open("wb") as stderr:
            try:
                return subprocess.Popen(
                    [str(program), *words],
                    cwd=self._panel.paths.base,
                    env=programs.base_environment({}),
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,
                )
            except OSError as error:
                return PanelError("process", operation.module, error.strerror or "")

    def _wait_for_orphan(self, operation: Operation) -> None:
        """A command that was started by a core which is no more."""
        while start_time(operation.run_pid) == operation.run_start and operation.run_start:
            if self._panel.stop_requested.wait(TICK_SECONDS):
                return
        self._finish(operation, 0)

    def _finish(self, operation: Operation, code: int) -> None:
        out, err = self._files(operation)
        output = out.read_bytes()[:OUTPUT_BYTES] if out.exists() else b""
        errors = err.read_bytes()[-OUTPUT_BYTES:] if err.exists() else b""
        problem: PanelError | None = None
        try:
            verdict(operation.module, code, output, errors)
        except PanelError as error:
            problem = error
        for file in (out, err):
            file.unlink(missing_ok=True)
        self._settle(operation, problem, code, output)

    def _settle(self, operation: Operation, problem: PanelError | None, code: int, output: bytes = b"") -> None:
        """What becomes of an operation whose command ended. A call-back may have removed or changed it meanwhile."""
        switches = self._panel.switches
        again = time.time() + switches.number("retry_seconds")
        if problem is None and switches["left_operation"] == "keep":
            again = NEVER
        rises = 1 if switches["trycount_rises"] == "after" else 0
        if problem is None and operation.name in ENDED_BY_EXIT:
            self._end(operation)
            return
        shown = self._panel.log.clean(_shown(problem, output))
        with self._panel.db.begin() as tx:
            tx.run(
                "UPDATE runningoperation SET run_pid = NULL, run_start = NULL, lastexit = %s, lastoutput = %s, "
                "trycount = trycount + %s, nextrun = IF(nextrun >= %s, %s, nextrun) WHERE id = %s",
                code,
                shown,
                rises,
                NEVER,
                again,
                operation.id,
            )
            if problem is not None:
                tx.run(
                    "INSERT INTO operationerror (runningoperation, item, createdate, log) VALUES (%s, %s, NOW(), %s)",
                    operation.id,
                    operation.item,
                    shown,
                )
        state = "ended" if problem is None else f"failed: {problem}"
        self._panel.log.detail("queue", f"operation {operation.id} {operation.name} of {operation.item} {state}")

    def _end(self, operation: Operation) -> None:
        with self._panel.db.begin() as tx:
            item = items.find(tx, operation.item)
            if item is not None and lifecycle.has_operation(tx, item.id, operation.name):
                lifecycle.finish(tx, self._panel, item, operation.name)


def _shown(problem: PanelError | None, output: bytes) -> str:
    """For staff: the error as a document, or the beginning of what the module printed."""
    if problem is not None:
        return etree.tostring(error_element(problem, str(problem), "en"), encoding="unicode")
    return output[:2000].decode(errors="replace")

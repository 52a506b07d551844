"""One panel: everything its functions need, put together once at the start of the core."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.core import clock, columns
from sandbox.core.columns import Column
from sandbox.core.crypt import Crypt
from sandbox.core.db import Database
from sandbox.core.levels import Cut, Viewer
from sandbox.core.log import Levels, Log
from sandbox.core.plugins import Plugins
from sandbox.core.windows import Windows
from sandbox.database import Login
from sandbox.paths import PanelPaths
from sandbox.switches import Switches
from sandbox.tree import read_conf, read_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.core.answer import Answer
    from sandbox.core.faults import Faults
    from sandbox.core.modules import Modules
    from sandbox.core.queue import Queue
    from sandbox.core.request import Origin

MANAGER = "billmgr"
PAGES_AT_ONCE = 3
"""Lists made side by side: more would only take turns, and each turn costs."""
CLOCK = "clock_ahead"
"""Kept beside the switches: how far `sandbox.clock` moved this panel's time."""


class Front(Protocol):
    """What answers a browser. The core knows that there may be one, and not which."""

    def wanted(self, params: Mapping[str, str], origin: Origin) -> bool:
        """Whether a request is a person's."""

    def handle(self, panel: Panel, params: dict[str, str], origin: Origin, lang: str) -> Answer:
        """The page."""


@dataclass
class Panel:
    name: str
    paths: PanelPaths
    db: Database
    switches: Switches
    crypt: Crypt
    log: Log
    plugins: Plugins
    modules: Modules = field(init=False)
    queue: Queue = field(init=False)
    faults: Faults = field(init=False)
    windows: Windows = field(default_factory=Windows)
    pages_at_once: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(PAGES_AT_ONCE))
    stop_requested: threading.Event = field(default_factory=threading.Event)
    one_call: threading.RLock = field(default_factory=threading.RLock)
    conf: dict[str, str] = field(default_factory=dict)
    options: frozenset[str] = frozenset()
    """`Option` lines of the configuration."""
    cuts: dict[tuple[str, Viewer], Cut | None] = field(default_factory=dict)
    """What pages.cut has found out, for each function and viewer."""
    columns: list[Column] = field(default_factory=list)
    front: Front | None = None
    """Pages for people, where this panel has them."""
    suspended: threading.Event = field(default_factory=threading.Event)
    """`mgrctl -l` (platform.md 3.1)."""
    _itemtypes: frozenset[str] = frozenset()
    _tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def itemtypes(self) -> frozenset[str]:
        """Cached, as the panel caches its tables: `tool.clearcache` after direct writes (platform.md 6.2)."""
        if not self._itemtypes:
            with self.db.begin() as tx:
                rows = tx.rows("SELECT intname FROM itemtype WHERE parent IS NULL")
            self._itemtypes = frozenset(row["intname"] for row in rows)
        return self._itemtypes

    def cached(self, table: str, sql: str) -> list[dict[str, Any]]:
        """Rows of a table that the panel may cache (switch tables_cached): a direct change is not seen at once."""
        rows = self._tables.get(table) if self.switches["tables_cached"] == "on" else None
        if rows is None:
            with self.db.begin() as tx:
                rows = tx.rows(sql)
            self._tables[table] = rows
        return rows

    def forget(self, table: str) -> None:
        """The panel's own writes are always seen."""
        self._tables.pop(table, None)

    def clear_cache(self) -> None:
        self.windows.forget()
        self._itemtypes = frozenset()
        self._tables.clear()


def open_panel(name: str, paths: PanelPaths) -> Panel:
    """The panel as its configuration files describe it."""
    from sandbox.core.faults import Faults
    from sandbox.core.modules import Modules
    from sandbox.core.queue import Queue

    conf = read_conf(paths)
    log = Log(paths.log)
    db = Database(Login(conf["DBSocket"], conf["DBUser"], conf["DBPassword"], conf["DBName"]))
    with db.begin() as tx:
        stored = {row["name"]: row["value"] for row in tx.rows("SELECT name, value FROM sandbox_switch")}
    if CLOCK in stored:
        clock.move(float(stored[CLOCK]))
    switches = Switches(stored)
    log.levels = Levels.read(paths.base / "etc" / "debug.conf", lambda: int(switches.number("log_level")))
    panel = Panel(
        name, paths, db, switches, Crypt(paths.base / conf["CryptKey"]), log, Plugins(paths.xml, MANAGER, log, switches)
    )
    panel.conf, panel.options = conf, read_options(paths)
    panel.plugins.interface.itemtypes = panel.itemtypes
    wanted = columns.declared(paths.base / "etc" / "sql", MANAGER, log)
    columns.make(db, paths.base / "var", wanted, log)
    made = columns.known(paths.base / "var")
    panel.columns = [column for column in wanted if f"{column.table}.{column.name}" in made]
    panel.modules = Modules(panel)
    panel.queue = Queue(panel)
    panel.faults = Faults()
    return panel

"""The same panel seen through a glass: a second tree whose database shows the panel's tables by views.

What a view leaves out is missing for the program that is started in the second tree, and for nobody else: the panel
goes on as it is, and would do whatever the program asks of it. So a call that is not withheld reaches the seller.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pymysql.connections import Connection

from reseller.context import Context
from reseller.ledger import installation
from reseller.mgr5.panel import Panel
from sandbox.database import ADMIN, Login, connect
from tests.support.world import PanelAt, Shop, until

NAME = "glass"
PROGRAMS = ("sbin/resellerctl", "processing/pmreseller", "addon/reseller")
#: our tables that the second tree has for itself: it is a panel in a place of its own, on which nothing is linked. (A
#: view has no indexes, and those of the last one are named by a statement.)
OWN = ("reseller_place", "reseller_link", "reseller_observation")
_LINKED = OWN[1:]


_waiting: dict[str, int] = {}


def waiting_order(shop: Shop) -> int:
    """An order that has waited for a word, which is said; nothing of it was sent. One that is left is taken again."""
    item = _waiting.get(shop.here.database, 0)
    if not item or shop.operation(item) is None or shop.charges(item):
        shop.ctl("stop", "--why", "a test")
        item = _waiting[shop.here.database] = shop.order("vds")
        until(lambda: "halted" in shop.error(item), "it does not wait")
        shop.rest(item)
    shop.here.write("DELETE FROM reseller_stop")
    return item


class Mirror:
    """The second tree, at `base`; `here` is it as a panel whose programs can be run."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self._database, self._panel = shop.here.database, shop.here
        self.base = folder
        self.here = PanelAt(**{**vars(shop.here), "base": folder})
        self._admin = _administrator(shop.here)
        self._plant()
        #: columns that are made of others
        self._made: set[tuple[str, str]] = set()
        self._tables = self._columns()

    def _plant(self) -> None:
        real = self._panel.base
        for name in ("lib", "var"):
            (self.base / name).symlink_to(real / name)
        (self.base / "etc").mkdir()
        for path in (real / "etc").iterdir():
            if not path.name.startswith("billmgr.conf"):
                (self.base / "etc" / path.name).symlink_to(path)
        told = (real / "etc/billmgr.conf").read_text().splitlines()
        kept = [line for line in told if line.split(None, 1)[:1] != ["DBName"]]
        (self.base / "etc/billmgr.conf").write_text("\n".join([*kept, f"DBName {NAME}"]) + "\n")
        for name in PROGRAMS:
            (self.base / name).parent.mkdir(exist_ok=True)
            # As it was installed: what may stand in its place (support/forked.py) would run for the panel's own tree.
            installed = real / f"{name}.real"
            shutil.copy2(installed if installed.exists() else real / name, self.base / name)
        self._start_mgrctl()

    def _start_mgrctl(self, more: str = "") -> None:
        """`mgrctl` is the panel's, behind a line of the shell."""
        script = self.base / "sbin/mgrctl"
        script.write_text(f'#!/bin/sh\nm={self._panel.base}/sbin/mgrctl\n{more}\nexec $m "$@"\n')
        script.chmod(0o755)

    @contextlib.contextmanager
    def silent_about(self, function: str, parameter: str) -> Iterator[None]:
        """The panel's help on a function does not name one of its parameters."""
        hidden = f"grep -v '^param={parameter} '"
        self._start_mgrctl(f'[ "$3 $4" = "-i {function}" ] && {{ $m "$@" | {hidden}; exit; }}')
        try:
            yield
        finally:
            self._start_mgrctl()

    def _columns(self) -> dict[str, list[str]]:
        """The columns of each table of the panel, ours included."""
        found: dict[str, list[str]] = {}
        sql = (
            "SELECT c.table_name AS t, c.column_name AS c, c.extra LIKE '%%GENERATED%%' AS made "
            "FROM information_schema.columns c "
            "JOIN information_schema.tables t USING (table_schema, table_name) "
            "WHERE c.table_schema = %s AND t.table_type = 'BASE TABLE' ORDER BY c.table_name, c.ordinal_position"
        )
        with self._admin.cursor() as cursor:
            cursor.execute(sql, [self._database])
            for row in cursor.fetchall():
                found.setdefault(row["t"], []).append(row["c"])
                if row["made"]:
                    self._made.add((row["t"], row["c"]))
        return found

    def _do(self, *statements: str) -> None:
        with self._admin.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def open(self) -> None:
        """Show every table whole; nothing is linked yet."""
        self._do(
            f"DROP DATABASE IF EXISTS {NAME}",
            f"CREATE DATABASE {NAME}",
            f"GRANT ALL PRIVILEGES ON {NAME}.* TO `{self._database}`@localhost",
            *(f"CREATE TABLE {NAME}.{table} LIKE `{self._database}`.{table}" for table in OWN),
        )
        for table in set(self._tables) - set(OWN):
            self.show(table)
        with contextlib.closing(Panel(self.base).database()) as db:
            installation.note(db, self.base)

    def close(self) -> None:
        """Take the database away."""
        self._do(f"DROP DATABASE {NAME}")

    def show(self, table: str, without: str = "") -> None:
        """Show a table, without one of its columns."""
        names = ", ".join(f"`{name}`" for name in self._tables[table] if name != without)
        self._do(f"CREATE OR REPLACE VIEW {NAME}.`{table}` AS SELECT {names} FROM `{self._database}`.`{table}`")

    @contextlib.contextmanager
    def lacking(self, name: str) -> Iterator[None]:
        """The block runs without the column `TABLE.COLUMN`, or without a whole table `TABLE`."""
        table, _, column = name.partition(".")
        if column:
            self.show(table, without=column)
        else:
            self._do(f"DROP VIEW {NAME}.`{table}`")
        try:
            yield
        finally:
            self.show(table)

    @contextlib.contextmanager
    def context(self) -> Iterator[Context]:
        """What the program works with in the second tree."""
        found = Context.start(Panel(self.base))
        try:
            yield found
        finally:
            found.db.close()

    def link_all(self) -> None:
        """From now on the services that are linked at the panel are linked here."""
        for table in _LINKED:
            names = ", ".join(f"`{name}`" for name in self._tables[table] if (table, name) not in self._made)
            self._do(f"REPLACE INTO {NAME}.{table} ({names}) SELECT {names} FROM `{self._database}`.{table}")

    def unlink_all(self) -> None:
        """Nothing is linked here."""
        for table in _LINKED:
            self._do(f"DELETE FROM {NAME}.{table}")


def _administrator(panel: PanelAt) -> Connection[Any]:
    """A connection that may make a database."""
    root = next(folder for folder in panel.base.parents if (folder / "mysql.password").exists())
    return connect(Login(panel.socket, ADMIN, (root / "mysql.password").read_text().strip()))

"""Own columns of built-in tables: etc/sql/[<mgr>.]<table>.addon/<field> (platform.md 1.1).

The panel makes the column when it starts without its cache var/.db.cache*, and its edit forms read and write the field
by themselves, each caller as far as `access` lets him.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pymysql
from lxml import etree

from sandbox.core.documents import add
from sandbox.core.levels import levels_of
from sandbox.core.registry import TYPED, find

if TYPE_CHECKING:
    from sandbox.core.db import Database
    from sandbox.core.log import Log
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

CACHE = ".db.cache.billmgr"
FORMS = {
    f"{TYPED}.edit": "item",
    "user.edit": "user",
    "account.edit": "account",
    "client.edit": "account",
    "processing.edit": "processingmodule",
    "pricelist.edit": "pricelist",
    "project.edit": "project",
    "datacenter.edit": "datacenter",
    "task.edit": "task",
}
"""The built-in edit forms and the tables they edit."""
_TYPES = {
    "string": "VARCHAR({size})",
    "int": "INT",
    "bool": "VARCHAR(3)",
    "decimal": "DECIMAL(18,4)",
    "money": "DECIMAL(18,4)",
    "date": "DATE",
    "text": "TEXT",
}
_NAME = re.compile(r"[a-z][a-z0-9_]*", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    table: str
    name: str
    type: str
    size: int
    default: str
    read: str
    write: str

    @property
    def ddl(self) -> str:
        return _TYPES[self.type].format(size=self.size)


def declared(folder: Path, manager: str, log: Log) -> list[Column]:
    """What the files say. One that cannot be used is logged and passed over."""
    found = []
    for file in sorted(folder.glob("*.addon/*")):
        table = file.parent.name.removesuffix(".addon")
        owner, dot, rest = table.partition(".")
        if dot and owner != manager:
            continue
        column = _read(file, rest if dot else table)
        if column is None:
            log.failure("db", f"{file.parent.name}/{file.name} describes no column")
            continue
        found.append(column)
    return found


def _read(file: Path, table: str) -> Column | None:
    values = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            values[name.strip()] = value.strip()
    size = values.get("size", "255")
    if values.get("type") not in _TYPES or not size.isdecimal() or not _NAME.fullmatch(file.name + table):
        return None
    access = values.get("access", "user+")
    return Column(
        table,
        file.name,
        values["type"],
        int(size),
        values.get("default", ""),
        values.get("access_read", access),
        values.get("access_write", access),
    )


def make(db: Database, var: Path, columns: list[Column], log: Log) -> None:
    """New columns come into being when the cache of the database's description is gone (platform.md 1.1)."""
    cache = var / CACHE
    if cache.exists():
        return
    with db.begin() as tx:
        for column in columns:
            there = tx.row(
                "SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s "
                "AND column_name = %s",
                column.table,
                column.name,
            )
            if there is not None:
                continue
            default = column.default or None
            try:
                tx.run(f"ALTER TABLE `{column.table}` ADD COLUMN `{column.name}` {column.ddl} DEFAULT %s", default)
            except pymysql.err.Error as error:
                log.failure("db", f"{column.table}.{column.name}: {error}")
    cache.write_text("".join(f"{column.table}.{column.name}\n" for column in columns))


def known(var: Path) -> frozenset[str]:
    """`table.field` of the columns that the panel knows since it last built its cache."""
    try:
        return frozenset((var / CACHE).read_text().split())
    except FileNotFoundError:
        return frozenset()


def around(panel: Panel, request: Request, run: Callable[[Panel, Request], etree._Element]) -> etree._Element:
    """Run a built-in function; if it is the edit form of a table with own columns, they are read and written too."""
    columns = _of_form(panel, request.func)
    document = run(panel, request)
    if not columns:
        return document
    elid = request.elid or document.findtext("id") or ""
    if not elid.isdecimal():
        return document
    if request.sok:
        _write(panel, request, columns, int(elid))
    else:
        _show(panel, request, columns, int(elid), document)
    return document


def _of_form(panel: Panel, func: str) -> list[Column]:
    if not panel.columns:
        return []
    found = find(func, panel.itemtypes())
    table = FORMS.get(found[0].name) if found is not None else None
    return [column for column in panel.columns if column.table == table]


def _may(panel: Panel, request: Request, grammar: str) -> bool:
    return request.caller.level in levels_of(grammar, panel.switches["level_without_plus"] == "least")


def _show(panel: Panel, request: Request, columns: list[Column], elid: int, document: etree._Element) -> None:
    with panel.db.begin() as tx:
        row = tx.row(f"SELECT * FROM `{columns[0].table}` WHERE id = %s", elid) or {}
    for column in columns:
        if _may(panel, request, column.read) and column.name in row:
            add(document, column.name, row[column.name])


def _write(panel: Panel, request: Request, columns: list[Column], elid: int) -> None:
    given = {
        column.name: request.text(column.name) or None
        for column in columns
        if column.name in request.params and _may(panel, request, column.write)
    }
    if given:
        with panel.db.begin() as tx:
            tx.update(columns[0].table, {"id": elid}, **given)

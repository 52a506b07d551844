"""How the server reads tables for a statement: what EXPLAIN says, and whether it reads all of a long one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pymysql

#: a table with fewer rows than this is read whole at no cost
MANY = 1000
#: statements of one shape that are tried until one finds rows
EXAMPLES = 8
#: `type` of a row of EXPLAIN: every row of the table, or of one of its indexes
_WHOLE = ("ALL", "index")
_VALUES = re.compile(r"'(?:[^'\\]|\\.|'')*'|(?<![\w`])-?\d+(?:\.\d+)?(?![\w`])")
_LISTS = re.compile(r"\(\?(?:, ?\?)+\)|\((?:\(\?\)(?:, ?)?)+\)")
_EXPLAINED = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE)\b")


class Read(NamedTuple):
    """One table of one statement: `how` is the type of access, `key` the index, `rows` the server's estimate.

    `how` is empty where the server found while it looked rows up by their keys that there is nothing to read; `note`
    says so.
    """

    table: str
    how: str
    key: str
    rows: int
    note: str

    @property
    def is_whole(self) -> bool:
        """Whether a long table is read from one end to the other."""
        return self.how in _WHOLE and self.rows >= MANY


def shape(statement: str) -> str:
    """A statement without its values: those of one shape are read in one way."""
    text = " ".join(_VALUES.sub("?", statement).split())
    return _LISTS.sub("(?)", text)


def by_shape(statements: Iterable[str]) -> dict[str, list[str]]:
    """Statements that can be explained, by their shape."""
    found: dict[str, list[str]] = {}
    for statement in sorted(statements):
        if _EXPLAINED.match(statement):
            found.setdefault(shape(statement), []).append(statement)
    return found


def explained(server: Any, statement: str) -> list[Read]:
    """The tables that a statement reads; raises the server's error for one that it does not accept."""
    # MySQL 9 would draw a tree.
    server.execute(f"EXPLAIN FORMAT=TRADITIONAL {statement}")
    return [_read(row) for row in server.fetchall()]


def _read(row: dict[str, Any]) -> Read:
    # MariaDB writes `12 (3%)` where a filter of row numbers comes before.
    rows = str(row["rows"] or 0).partition(" ")[0]
    return Read(row["table"] or "", row["type"] or "", row["key"] or "", int(rows), row["Extra"] or "")


def best(server: Any, examples: Sequence[str]) -> tuple[list[Read], tuple[int, str]]:
    """The plan of statements of one shape, from the first that finds rows to read, and (0, ""); or nothing, and the
    server's error, number and text, for what it does not accept."""
    reads: list[Read] = []
    for statement in examples[:EXAMPLES]:
        try:
            reads = explained(server, statement)
        except pymysql.err.Error as error:
            return [], (error.args[0], str(error.args[-1]))
        if all(read.how for read in reads):
            break
    return reads, (0, "")

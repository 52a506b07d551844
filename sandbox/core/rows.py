"""A row by the number that a parameter gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.core.errors import missing

if TYPE_CHECKING:
    from sandbox.core.db import Tx


def row_of(tx: Tx, table: str, number: str, field: str = "elid") -> dict[str, Any]:
    """The row of a table with this number; raises `missed` with the parameter's name."""
    row = tx.row(f"SELECT * FROM {table} WHERE id = %s", int(number)) if number.isdecimal() else None
    if row is None:
        raise missing(field, number)
    return row

"""The columns of the panel's tables, as its database describes them."""

from __future__ import annotations

from collections.abc import Collection

from reseller.assumption import DATE, NUMBER, TEXT
from reseller.db import Database

#: the classes of the types of columns, as information_schema names these types
_CLASSES = {
    NUMBER: ("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "bit", "year"),
    TEXT: ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"),
    DATE: ("date", "datetime", "timestamp"),
}
#: NUMBER, TEXT or DATE by the name of a type; a type that is missing is none of them
CLASS = {name: each for each, names in _CLASSES.items() for name in names}


def columns(db: Database, tables: Collection[str]) -> dict[str, str]:
    """`TABLE.COLUMN` -> type, for the columns of these tables; a table that is missing has none.

    The tables are named to the server: asked for those of a pattern, it would open each table that it has.
    """
    rows = db.rows(
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND table_name IN %s",
        tuple(sorted(tables)),
    )
    return {f"{table}.{column}": str(type_).lower() for table, column, type_ in rows}

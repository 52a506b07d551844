"""What the panel's database server says of itself, read from its variables and from information_schema."""

from __future__ import annotations

from typing import NamedTuple

from reseller.db import Database

#: rights that the ledger's statements need in the panel's database
RIGHTS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "INDEX", "DROP"})


class Server(NamedTuple):
    """`kind` is MariaDB or MySQL, `version` its numbers; `sql_mode` is that of our connection."""

    kind: str
    version: tuple[int, ...]
    sql_mode: str
    is_read_only: bool
    #: character sets of the connection, and of the panel's table of services
    connection: str
    items: str


def server(db: Database) -> Server:
    """The server behind this connection."""
    row = db.row("SELECT VERSION(), @@sql_mode, @@global.read_only, @@character_set_connection")
    text, mode, read_only, charset = row or ("", "", 0, "")
    numbers = tuple(int(word) for word in text.partition("-")[0].split(".") if word.isdigit())
    collation = db.value(
        "SELECT table_collation FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'item'"
    )
    kind = "MariaDB" if "mariadb" in text.lower() else "MySQL"
    return Server(kind, numbers, mode, bool(read_only), charset, (collation or "?").partition("_")[0])


def missing_rights(db: Database) -> list[str]:
    """Those of RIGHTS that the account has neither for the database nor for the whole server."""
    user = db.value("SELECT CURRENT_USER()") or ""
    name, _, host = user.rpartition("@")
    grantee = f"'{name}'@'{host}'"
    # In schema_privileges, the name is a pattern: an underscore in it may be escaped.
    held = db.column(
        "SELECT privilege_type FROM information_schema.user_privileges WHERE grantee = %s UNION "
        "SELECT privilege_type FROM information_schema.schema_privileges WHERE grantee = %s "
        "AND DATABASE() LIKE table_schema",
        grantee,
        grantee,
    )
    return sorted(RIGHTS - set(held))


def foreign_charsets(db: Database) -> list[str]:
    """The tables of the ledger that are not utf8mb4, by name."""
    return db.column(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
        "AND table_name LIKE 'reseller\\\\_%%' AND table_collation NOT LIKE 'utf8mb4\\\\_%%' ORDER BY table_name"
    )

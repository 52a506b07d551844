"""Making a panel's database and the journal's schema.

The journal lies outside the panel's tables so that nothing that is done to a panel, a restored database included, can
rewrite what was charged; it lies in the same server so that its row commits with the charge or not at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import DictCursor

JOURNAL = "sandbox_journal"
IDS_APART = 10_000

_JOURNAL_DDL = (
    f"CREATE DATABASE IF NOT EXISTS {JOURNAL}",
    f"""CREATE TABLE IF NOT EXISTS {JOURNAL}.entry (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
        panel VARCHAR(64) NOT NULL, time DATETIME(3) NOT NULL, account INT UNSIGNED, user VARCHAR(128) NOT NULL,
        event VARCHAR(16) NOT NULL, func VARCHAR(128) NOT NULL, item INT UNSIGNED, itemtype VARCHAR(64) NOT NULL,
        amount DECIMAL(18,4) NOT NULL, currency CHAR(3) NOT NULL, remoteid VARCHAR(128) NOT NULL, detail TEXT NOT NULL,
        INDEX (panel, item), INDEX (panel, remoteid))""",
    f"""CREATE TRIGGER IF NOT EXISTS {JOURNAL}.no_update BEFORE UPDATE ON {JOURNAL}.entry FOR EACH ROW
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the journal is append-only'""",
    f"""CREATE TRIGGER IF NOT EXISTS {JOURNAL}.no_delete BEFORE DELETE ON {JOURNAL}.entry FOR EACH ROW
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the journal is append-only'""",
)


def statements() -> list[str]:
    """schema.sql, cut into statements."""
    text = (Path(__file__).parent / "files" / "schema.sql").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip()]


def ensure_journal(server: Connection[DictCursor]) -> None:
    with server.cursor() as cursor:
        for statement in _JOURNAL_DDL:
            cursor.execute(statement)


def ensure_login(server: Connection[DictCursor], database: str, password: str, hosts: tuple[str, ...]) -> None:
    """The panel's database user, from each of the hosts: all of its own database, and of the journal only reading and
    adding."""
    with server.cursor() as cursor:
        for host in hosts:
            user = f"`{database}`@`{host}`"
            cursor.execute(f"CREATE USER IF NOT EXISTS {user} IDENTIFIED BY %s", (password,))
            cursor.execute(f"GRANT ALL PRIVILEGES ON `{database}`.* TO {user}")
            cursor.execute(f"GRANT SELECT, INSERT ON {JOURNAL}.* TO {user}")


def database_exists(server: Connection[DictCursor], database: str) -> bool:
    with server.cursor() as cursor:
        cursor.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (database,))
        return cursor.fetchone() is not None


def create_database(server: Connection[DictCursor], database: str, number: int) -> None:
    """Tables whose ids start far from those of every other panel (and of every other table of this one)."""
    with server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{database}`")
        cursor.execute(f"USE `{database}`")
        for statement in statements():
            cursor.execute(statement)
        cursor.execute(
            "SELECT table_name AS name FROM information_schema.columns "
            "WHERE table_schema = %s AND extra LIKE %s ORDER BY 1",
            (database, "%auto_increment%"),
        )
        for position, row in enumerate(cursor.fetchall()):
            # Projects keep number 1: the provider's first project (selling-api.md 3.2, `project`).
            first = 1 if row["name"] == "project" else (number + 1) * IDS_APART + 1 + position * 150
            cursor.execute(f"ALTER TABLE `{row['name']}` AUTO_INCREMENT = {first}")

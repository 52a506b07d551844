"""Tables of the ledger, created and migrated by the add-on itself.

`live` is 1 or NULL and part of a unique key: that is how "at most one live link, at most one unresolved request of a
kind, for a service" is a rule of the database and not of a reader (DESIGN 1). Times are UTC, by the database's clock,
the only one that all processes share.
"""

from __future__ import annotations

import pymysql

from reseller.db import NO_SUCH_TABLE, Database
from reseller.wire.errors import ResellerError

_ENGINE = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"

#: One tuple of statements a version; each statement can be repeated, since two processes may migrate at once.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        f"""CREATE TABLE IF NOT EXISTS reseller_lease (
            name VARCHAR(64) NOT NULL PRIMARY KEY,
            owner VARCHAR(190) NOT NULL,
            fence BIGINT NOT NULL,
            expires DATETIME(3) NOT NULL
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_account (
            id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
            endpoint VARCHAR(190) NOT NULL,
            username VARCHAR(190) NOT NULL,
            balance DECIMAL(20, 4) NULL,
            currency VARCHAR(16) NOT NULL DEFAULT '',
            generations VARCHAR(500) NOT NULL DEFAULT '',
            checked DATETIME(3) NULL,
            UNIQUE KEY (endpoint, username)
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_request (
            id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
            item INT NOT NULL,
            kind VARCHAR(16) NOT NULL,
            live TINYINT NULL DEFAULT 1,
            rkey VARCHAR(64) NOT NULL,
            state VARCHAR(16) NOT NULL,
            module INT NOT NULL,
            account INT NOT NULL,
            itemtype VARCHAR(64) NOT NULL,
            operation INT NOT NULL DEFAULT 0,
            tries INT NOT NULL DEFAULT 0,
            looks INT NOT NULL DEFAULT 0,
            remote VARCHAR(32) NOT NULL DEFAULT '',
            detail VARCHAR(2000) NOT NULL DEFAULT '',
            accepted VARCHAR(2000) NOT NULL DEFAULT '',
            error_type VARCHAR(64) NOT NULL DEFAULT '',
            error_text VARCHAR(2000) NOT NULL DEFAULT '',
            have DECIMAL(20, 4) NULL,
            deficit DECIMAL(20, 4) NULL,
            currency VARCHAR(16) NOT NULL DEFAULT '',
            correlation VARCHAR(16) NOT NULL DEFAULT '',
            was VARCHAR(10) NOT NULL DEFAULT '',
            promise VARCHAR(10) NOT NULL DEFAULT '',
            created DATETIME(3) NOT NULL,
            updated DATETIME(3) NOT NULL,
            sent DATETIME(3) NULL,
            next_try DATETIME(3) NULL,
            UNIQUE KEY one_live (item, kind, live),
            UNIQUE KEY (rkey),
            KEY (live, state)
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_link (
            id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
            item INT NOT NULL,
            live TINYINT NULL DEFAULT 1,
            module INT NOT NULL,
            account INT NOT NULL,
            itemtype VARCHAR(64) NOT NULL,
            remote VARCHAR(32) NOT NULL,
            rkey VARCHAR(64) NOT NULL,
            state VARCHAR(16) NOT NULL,
            created DATETIME(3) NOT NULL,
            updated DATETIME(3) NOT NULL,
            UNIQUE KEY one_live (item, live),
            UNIQUE KEY one_owner (account, remote, live),
            KEY (live, state)
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_observation (
            link INT NOT NULL PRIMARY KEY,
            status TINYINT NOT NULL,
            pricelist VARCHAR(190) NOT NULL DEFAULT '',
            expiredate VARCHAR(10) NOT NULL DEFAULT '',
            absences INT NOT NULL DEFAULT 0,
            seen DATETIME(3) NOT NULL
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_map (
            pricelist INT NOT NULL,
            kind VARCHAR(16) NOT NULL,
            local VARCHAR(128) NOT NULL,
            remote VARCHAR(128) NOT NULL,
            PRIMARY KEY (pricelist, kind, local)
        ) {_ENGINE}""",
        f"CREATE TABLE IF NOT EXISTS reseller_schema (version INT NOT NULL PRIMARY KEY) {_ENGINE}",
    ),
)


def ensure(db: Database) -> None:
    """Bring the tables to this program's version; raises `reseller_schema` when they are newer than it."""
    version = _version(db)
    if version > len(MIGRATIONS):
        raise ResellerError("reseller_schema", found=version, known=len(MIGRATIONS))
    for number, statements in enumerate(MIGRATIONS[version:], version + 1):
        for statement in statements:
            db.execute(statement)
        db.execute("INSERT IGNORE INTO reseller_schema (version) VALUES (%s)", number)


def _version(db: Database) -> int:
    try:
        return db.value("SELECT MAX(version) FROM reseller_schema") or 0
    except pymysql.err.ProgrammingError as error:
        if error.args[0] == NO_SUCH_TABLE:
            return 0
        raise

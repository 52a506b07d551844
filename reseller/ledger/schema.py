"""The tables of the ledger and their unique keys, created and migrated by the add-on itself, one process at a time.

`live` is 1 or NULL and part of a unique key: so the database itself enforces "at most one live link for a service, and
for a remote service; at most one live request of a kind for a service". Times are UTC by the database's clock, the only
one that all processes share.
"""

from __future__ import annotations

from pathlib import Path

import pymysql

from reseller.db import Database, NoTableError
from reseller.ledger import installation, money_tables
from reseller.wire.errors import ResellerError

#: how many seconds a process waits for another one that migrates the tables
MIGRATION_SECONDS = 120
#: MySQL's errors: duplicate column, duplicate index, nothing of that name to drop
_DONE_ALREADY = (1060, 1061, 1091)
#: name of the lock; locks belong to the whole server, which may have the databases of several panels
_LOCK = "CONCAT('reseller schema ', CRC32(DATABASE()))"
_ENGINE = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"

#: a table of version 1; since version 2 its rows are problems
_DRIFT = f"""CREATE TABLE IF NOT EXISTS reseller_drift (
            link INT NOT NULL,
            kind VARCHAR(16) NOT NULL,
            here VARCHAR(190) NOT NULL,
            there VARCHAR(190) NOT NULL,
            since DATETIME(3) NOT NULL,
            PRIMARY KEY (link, kind)
        ) {_ENGINE}"""

_DRIFT_TO_PROBLEM = """INSERT IGNORE INTO reseller_problem
(subject, number, kind, module, params, error, here, there, touches, since, updated)
SELECT 'service', k.item, d.kind, k.module, CONCAT('{"remote": "', k.remote, '"}'), CASE d.kind
WHEN 'gone' THEN 'reseller_gone' WHEN 'missing' THEN 'reseller_gone' WHEN 'alarm' THEN 'reseller_drift_alarm'
WHEN 'state' THEN 'reseller_drift_state' WHEN 'away' THEN 'reseller_drift_away'
WHEN 'tariff' THEN 'reseller_drift_tariff' WHEN 'resources' THEN 'reseller_drift_resources'
ELSE CONCAT('reseller_audit_', d.kind) END, d.here, d.there, k.item, d.since, d.since
FROM reseller_drift d JOIN reseller_link k ON k.id = d.link AND k.live = 1"""

#: host and port of an account's address as it was typed before version 3, as wire/hosts.py has them
_HOST = """CONCAT(LOWER(SUBSTRING_INDEX(SUBSTRING_INDEX(a.endpoint, '://', -1), '/', 1)),
IF(SUBSTRING_INDEX(SUBSTRING_INDEX(a.endpoint, '://', -1), '/', 1) REGEXP ':[0-9]+$', '',
IF(LEFT(a.endpoint, 7) = 'http://', ':80', ':443')))"""
_MERGED = (
    f"JOIN reseller_account a ON a.id = x.account JOIN reseller_address d ON d.host = {_HOST} "
    "AND d.username = a.username SET x.account = d.account WHERE x.account <> d.account"
)

#: Months that were sold and not bought yet are accounted for, as far as the panel's date confirms them. Any other
#: difference of the two dates is left to the next run: a few days are followed, more is a problem
#: (lifecycle/term_to_buy.py).
_OWED_TO_ACCOUNTED = """UPDATE reseller_link k JOIN item i ON i.id = k.item
JOIN reseller_observation o ON o.link = k.id JOIN (SELECT l.id, SUM(CAST(r.sold AS SIGNED) - r.bought) AS months
FROM reseller_link l JOIN reseller_request r ON r.item = l.item AND r.state IN ('linked', 'done')
AND (r.rkey = l.rkey OR r.created >= l.created) WHERE l.live = 1 GROUP BY l.id) owed ON owed.id = k.id
SET k.accounted = LEAST(i.expiredate, CAST(o.expiredate AS DATE) + INTERVAL owed.months MONTH + INTERVAL 7 DAY)
WHERE k.live = 1 AND owed.months > 0 AND o.expiredate > '1' AND o.expiredate < '9000' AND k.accounted IS NULL
AND i.expiredate > '1000-01-01' AND i.expiredate < '9000-01-01'"""

#: One tuple of statements for each version. A process may die between two statements, and the next process begins that
#: version again, so every statement must be repeatable.
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
            digest VARCHAR(8) NOT NULL DEFAULT '',
            sold SMALLINT NOT NULL DEFAULT 0,
            bought SMALLINT NOT NULL DEFAULT 0,
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
            KEY (live, state),
            KEY listed (module, itemtype, live, state, remote)
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_observation (
            link INT NOT NULL PRIMARY KEY,
            item INT NOT NULL DEFAULT 0,
            module INT NOT NULL DEFAULT 0,
            status INT NOT NULL DEFAULT 0,
            suspended_by VARCHAR(32) NOT NULL DEFAULT '',
            pricelist VARCHAR(190) NOT NULL DEFAULT '',
            expiredate VARCHAR(10) NOT NULL DEFAULT '',
            digest BIGINT UNSIGNED NOT NULL DEFAULT 0,
            settled BIGINT UNSIGNED NOT NULL DEFAULT 0,
            here BIGINT UNSIGNED NOT NULL DEFAULT 0,
            secret BIGINT UNSIGNED NOT NULL DEFAULT 0,
            shown INT NOT NULL DEFAULT 0,
            absences INT NOT NULL DEFAULT 0,
            seen DATETIME(3) NULL,
            deep DATETIME(3) NULL,
            tried DATETIME(3) NULL,
            asked DATETIME(3) AS (COALESCE(GREATEST(deep, tried), deep, tried)) STORED,
            doubtful TINYINT AS (seen IS NULL OR absences = 1) STORED,
            KEY doubtful (doubtful),
            KEY asked (asked)
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_page (
            module INT NOT NULL,
            itemtype VARCHAR(64) NOT NULL,
            page INT NOT NULL,
            digest VARCHAR(32) NOT NULL,
            total INT NOT NULL,
            rows_in INT NOT NULL,
            ids MEDIUMTEXT NOT NULL,
            PRIMARY KEY (module, itemtype, page)
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_cursor (
            module INT NOT NULL,
            name VARCHAR(80) NOT NULL,
            value VARCHAR(190) NOT NULL,
            PRIMARY KEY (module, name)
        ) {_ENGINE}""",
        _DRIFT,
        f"""CREATE TABLE IF NOT EXISTS reseller_change (
            id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
            module INT NOT NULL,
            link INT NOT NULL,
            kind VARCHAR(16) NOT NULL,
            detail VARCHAR(500) NOT NULL,
            forced TINYINT NOT NULL DEFAULT 0,
            correlation VARCHAR(16) NOT NULL,
            changed DATETIME(3) NOT NULL,
            KEY (module, changed)
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_plan (
            link INT NOT NULL PRIMARY KEY,
            module INT NOT NULL,
            kind VARCHAR(16) NOT NULL,
            detail VARCHAR(500) NOT NULL,
            digest BIGINT UNSIGNED NOT NULL,
            here BIGINT UNSIGNED NOT NULL,
            since DATETIME(3) NOT NULL,
            KEY (module, kind)
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_map (
            pricelist INT NOT NULL,
            kind VARCHAR(16) NOT NULL,
            local VARCHAR(128) NOT NULL,
            remote VARCHAR(128) NOT NULL,
            PRIMARY KEY (pricelist, kind, local)
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_circuit (
            module INT NOT NULL PRIMARY KEY,
            failures INT NOT NULL,
            until DATETIME(3) NOT NULL
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_free (
            id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
            account INT NOT NULL,
            itemtype VARCHAR(64) NOT NULL,
            pricelist VARCHAR(32) NOT NULL,
            resources VARCHAR(500) NOT NULL,
            remote VARCHAR(32) NOT NULL,
            state VARCHAR(16) NOT NULL,
            owner VARCHAR(64) NOT NULL DEFAULT '',
            digest VARCHAR(64) NOT NULL DEFAULT '',
            expiredate VARCHAR(10) NOT NULL DEFAULT '',
            created DATETIME(3) NOT NULL,
            updated DATETIME(3) NOT NULL,
            UNIQUE KEY (account, remote),
            KEY (owner),
            KEY (account, itemtype, pricelist)
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_swap (
            id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
            item INT NOT NULL,
            live TINYINT NULL DEFAULT 1,
            home INT NOT NULL,
            target INT NOT NULL,
            state VARCHAR(16) NOT NULL,
            who VARCHAR(64) NOT NULL,
            why VARCHAR(500) NOT NULL,
            pricelist INT NOT NULL,
            period INT NOT NULL,
            expiredate DATE NULL,
            status TINYINT NOT NULL,
            created DATETIME(3) NOT NULL,
            updated DATETIME(3) NOT NULL,
            UNIQUE KEY one_live (item, live)
        ) {_ENGINE}""",
        f"CREATE TABLE IF NOT EXISTS reseller_schema (version INT NOT NULL PRIMARY KEY) {_ENGINE}",
    ),
    (
        f"""CREATE TABLE IF NOT EXISTS reseller_problem (
            subject VARCHAR(16) NOT NULL,
            number INT NOT NULL,
            kind VARCHAR(32) NOT NULL,
            module INT NOT NULL,
            error VARCHAR(64) NOT NULL,
            params VARCHAR(4000) NOT NULL DEFAULT '{{}}',
            here VARCHAR(190) NOT NULL DEFAULT '',
            there VARCHAR(190) NOT NULL DEFAULT '',
            touches VARCHAR(4000) NOT NULL DEFAULT '',
            task INT NOT NULL DEFAULT 0,
            since DATETIME(3) NOT NULL,
            updated DATETIME(3) NOT NULL,
            PRIMARY KEY (subject, number, kind),
            KEY (module, kind)
        ) {_ENGINE}""",
        # Differences had a table of their own; their tasks are found again by their text.
        _DRIFT,
        _DRIFT_TO_PROBLEM,
        "DROP TABLE reseller_drift",
    ),
    (
        # An account is identified by host, port and its own id there, not by the spelling of an address.
        f"""CREATE TABLE IF NOT EXISTS reseller_address (
            host VARCHAR(190) NOT NULL,
            username VARCHAR(190) NOT NULL,
            account INT NOT NULL,
            own_id VARCHAR(64) NOT NULL DEFAULT '',
            own_panel TINYINT NULL,
            PRIMARY KEY (host, username),
            KEY (account)
        ) {_ENGINE}""",
        f"""INSERT IGNORE INTO reseller_address (host, username, account)
        SELECT {_HOST}, a.username, MIN(a.id) FROM reseller_account a GROUP BY 1, 2""",  # noqa: S608 - words of this file
        # Where two spellings have linked one remote service twice, the second link keeps its account, which the next
        # run reports.
        f"UPDATE IGNORE reseller_link x {_MERGED}",
        f"UPDATE IGNORE reseller_free x {_MERGED}",
        f"UPDATE reseller_request x {_MERGED}",
        """DELETE FROM reseller_account WHERE id NOT IN (SELECT account FROM reseller_address)
        AND id NOT IN (SELECT account FROM reseller_link) AND id NOT IN (SELECT account FROM reseller_free)""",
        # MySQL and MariaDB have no common form of ADD KEY IF NOT EXISTS.
        """SET @reseller_key = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE()
        AND table_name = 'reseller_link' AND index_name = 'astray'), 'DO 0',
        'ALTER TABLE reseller_link ADD KEY astray (module, live, account)')""",
        "PREPARE reseller_key FROM @reseller_key",
        "EXECUTE reseller_key",
        "DEALLOCATE PREPARE reseller_key",
    ),
    (
        "ALTER TABLE reseller_link ADD COLUMN accounted DATE NULL",
        "ALTER TABLE reseller_link ADD COLUMN highest DATE NULL",
        "ALTER TABLE reseller_link ADD COLUMN left_until DATE NULL",
        "ALTER TABLE reseller_observation ADD INDEX ends (module, expiredate)",
        "ALTER TABLE reseller_request ADD COLUMN term SMALLINT NOT NULL DEFAULT 0",
        "UPDATE reseller_request SET term = bought WHERE term = 0",
        _OWED_TO_ACCOUNTED,
    ),
    (
        # In a version of its own: the version before, if repeated, still needs these columns.
        "ALTER TABLE reseller_request DROP COLUMN sold",
        "ALTER TABLE reseller_request DROP COLUMN bought",
    ),
    (
        "ALTER TABLE reseller_request ADD COLUMN cost DECIMAL(20, 4) NULL",
        "ALTER TABLE reseller_request ADD COLUMN cost_currency VARCHAR(16) NOT NULL DEFAULT ''",
        "ALTER TABLE reseller_request ADD INDEX spent (module, kind, sent)",
    ),
    (
        f"""CREATE TABLE IF NOT EXISTS reseller_place (
            id TINYINT NOT NULL PRIMARY KEY,
            mark VARCHAR(64) NOT NULL,
            host VARCHAR(190) NOT NULL,
            path VARCHAR(190) NOT NULL,
            since DATETIME(3) NOT NULL
        ) {_ENGINE}""",
        "ALTER TABLE reseller_request ADD COLUMN word VARCHAR(64) NOT NULL DEFAULT ''",
    ),
    ("ALTER TABLE reseller_request ADD COLUMN answer VARCHAR(2000) NOT NULL DEFAULT ''",),
    (
        f"""CREATE TABLE IF NOT EXISTS reseller_act (
            id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
            what VARCHAR(32) NOT NULL,
            item INT NOT NULL,
            module INT NOT NULL,
            who VARCHAR(64) NOT NULL,
            address VARCHAR(64) NOT NULL,
            text VARCHAR(1000) NOT NULL,
            correlation VARCHAR(16) NOT NULL,
            done DATETIME(3) NOT NULL,
            KEY (item)
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_asked (
            account INT NOT NULL PRIMARY KEY,
            since DATETIME(3) NOT NULL,
            times INT NOT NULL
        ) {_ENGINE}""",
    ),
    (
        f"""CREATE TABLE IF NOT EXISTS reseller_stop (
            module INT NOT NULL PRIMARY KEY,
            who VARCHAR(190) NOT NULL,
            why VARCHAR(500) NOT NULL,
            since DATETIME(3) NOT NULL
        ) {_ENGINE}""",
        "ALTER TABLE reseller_circuit ADD COLUMN cause VARCHAR(500) NOT NULL DEFAULT ''",
    ),
    ("ALTER TABLE reseller_plan ADD COLUMN left_by VARCHAR(190) NOT NULL DEFAULT ''",),
    (
        f"""CREATE TABLE IF NOT EXISTS reseller_verdict (
            module INT NOT NULL,
            name VARCHAR(128) NOT NULL,
            holds TINYINT NOT NULL,
            found VARCHAR(190) NOT NULL,
            rests VARCHAR(190) NOT NULL,
            version VARCHAR(32) NOT NULL,
            off TINYINT NOT NULL,
            who VARCHAR(64) NOT NULL,
            why VARCHAR(500) NOT NULL,
            accepted DATETIME(3) NULL,
            since DATETIME(3) NOT NULL,
            PRIMARY KEY (module, name)
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_observing (
            module INT NOT NULL PRIMARY KEY,
            who VARCHAR(190) NOT NULL,
            why VARCHAR(500) NOT NULL,
            since DATETIME(3) NOT NULL
        ) {_ENGINE}""",
    ),
    (
        f"""CREATE TABLE IF NOT EXISTS reseller_tariff_run (
            id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
            module INT NOT NULL,
            what VARCHAR(16) NOT NULL,
            rule VARCHAR(190) NOT NULL,
            who VARCHAR(190) NOT NULL,
            correlation VARCHAR(16) NOT NULL,
            started DATETIME(3) NOT NULL,
            undone DATETIME(3) NULL
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_tariff_line (
            id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
            run INT NOT NULL,
            remote VARCHAR(20) NOT NULL,
            pricelist INT NOT NULL,
            part VARCHAR(190) NOT NULL,
            there VARCHAR(500) NOT NULL,
            here VARCHAR(500) NOT NULL,
            outcome VARCHAR(16) NOT NULL,
            text VARCHAR(1000) NOT NULL,
            KEY (run)
        ) {_ENGINE}""",
        f"""CREATE TABLE IF NOT EXISTS reseller_tariff_value (
            pricelist INT NOT NULL,
            part VARCHAR(190) NOT NULL,
            there VARCHAR(500) NOT NULL,
            here VARCHAR(500) NOT NULL,
            run INT NOT NULL,
            updated DATETIME(3) NOT NULL,
            PRIMARY KEY (pricelist, part)
        ) {_ENGINE}""",
    ),
    ("ALTER TABLE reseller_tariff_line ADD COLUMN was VARCHAR(500) NOT NULL DEFAULT ''",),
    (
        # Without these, what an account has ordered lately, the report's days, a key at the seller and what is swapped
        # away were looked for in all rows that there ever were.
        "ALTER TABLE reseller_request ADD INDEX ordered (account, kind, sent)",
        "ALTER TABLE reseller_request ADD INDEX created (created)",
        "ALTER TABLE reseller_link ADD INDEX rkey (rkey)",
        "ALTER TABLE reseller_swap ADD INDEX away (live, home)",
    ),
    (
        money_tables.PRICES.format(engine=_ENGINE),
        f"""CREATE TABLE IF NOT EXISTS reseller_balance (
            account INT NOT NULL,
            currency VARCHAR(16) NOT NULL,
            amount DECIMAL(20, 4) NOT NULL,
            credit DECIMAL(20, 4) NULL,
            reserved DECIMAL(20, 4) NULL,
            checked DATETIME(3) NOT NULL,
            PRIMARY KEY (account, currency)
        ) {_ENGINE}""",
        """INSERT IGNORE INTO reseller_balance (account, currency, amount, checked)
        SELECT id, currency, balance, checked FROM reseller_account
        WHERE balance IS NOT NULL AND currency > '' AND checked IS NOT NULL""",
    ),
    (money_tables.EXPENSES.format(engine=_ENGINE),),
    (
        money_tables.FORESEEN.format(engine=_ENGINE),
        "ALTER TABLE reseller_balance ADD COLUMN floor DECIMAL(20, 4) NULL",
    ),
    money_tables.OF_MODULES,
)
#: the version that records the ledger's place; if that row is lost later, only a person may set it again
_PLACED = next(
    number for number, each in enumerate(MIGRATIONS, 1) if any("EXISTS reseller_place " in part for part in each)
)


def ensure(db: Database, base: Path) -> None:
    """Bring the tables to this program's version; raises `reseller_schema` if they are newer.

    Tables that have no place yet are assigned to the panel in `base` (installation.py). One process migrates at a time;
    the others wait for up to MIGRATION_SECONDS (`reseller_migrating`), and then find nothing left to do.
    """
    if _checked(db) == len(MIGRATIONS):
        return
    if not db.value(f"SELECT GET_LOCK({_LOCK}, %s)", MIGRATION_SECONDS):
        raise ResellerError("reseller_migrating", seconds=MIGRATION_SECONDS)
    try:
        version = _checked(db)
        for number, statements in enumerate(MIGRATIONS[version:], version + 1):
            for statement in statements:
                _carry_out(db, statement)
            if number == _PLACED:
                installation.note(db, base)
            db.execute("INSERT IGNORE INTO reseller_schema (version) VALUES (%s)", number)
    finally:
        db.value(f"SELECT RELEASE_LOCK({_LOCK})")


def newest() -> int:
    """The version of the tables that this program knows."""
    return len(MIGRATIONS)


def _carry_out(db: Database, statement: str) -> None:
    """Run one statement; that its column or index exists already, or is gone already, is no error."""
    try:
        db.execute(statement)
    except pymysql.err.OperationalError as error:
        if not statement.startswith("ALTER TABLE") or error.args[0] not in _DONE_ALREADY:
            raise


def _checked(db: Database) -> int:
    try:
        version: int = db.value("SELECT MAX(version) FROM reseller_schema") or 0
    except NoTableError:
        return 0
    if version > len(MIGRATIONS):
        raise ResellerError("reseller_schema", found=version, known=len(MIGRATIONS))
    return version

"""The database is restored from yesterday: what the audit names, what waits, and how it is put in order again.

The tables of the panel and the ledger are kept as they are, the day goes on, and they are put back, as an operator does
with a dump; what lies beside the database, and the seller, know of the day.
"""

import contextlib
import json

import pytest

from reseller.ledger import observing
from sandbox.database import ADMIN, Login, connect
from tests.support.keeping import changed, remote
from tests.support.world import until

DUMP = "yesterday"


@pytest.fixture
def administrator(shop):
    root = next(folder for folder in shop.here.base.parents if (folder / "mysql.password").exists())
    login = Login(shop.here.socket, ADMIN, (root / "mysql.password").read_text().strip())
    with contextlib.closing(connect(login)) as found:
        yield found
        with found.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {DUMP}")


class Dump:
    """All tables of the panel as they were."""

    def __init__(self, administrator, database):
        self._administrator, self._database = administrator, database
        self._columns = {}
        for row in self._do(
            "SELECT c.table_name AS t, c.column_name AS c FROM information_schema.columns c "
            "JOIN information_schema.tables t USING (table_schema, table_name) WHERE c.table_schema = %s "
            "AND t.table_type = 'BASE TABLE' AND c.extra NOT LIKE '%%GENERATED%%' ORDER BY c.ordinal_position",
            database,
        ):
            # The switches of the stand-in are no part of a panel's database.
            if not row["t"].startswith("sandbox_"):
                self._columns.setdefault(row["t"], []).append(f"`{row['c']}`")

    def _do(self, sql, *args):
        with self._administrator.cursor() as cursor:
            cursor.execute(sql, args or None)
            return cursor.fetchall()

    def _copy(self, source, target, verb):
        self._do("SET SESSION foreign_key_checks = 0")
        for table, columns in self._columns.items():
            names = ", ".join(columns)
            if verb == "take":
                self._do(f"CREATE TABLE `{target}`.`{table}` LIKE `{source}`.`{table}`")
            else:
                self._do(f"DELETE FROM `{target}`.`{table}`")
            self._do(f"INSERT INTO `{target}`.`{table}` ({names}) SELECT {names} FROM `{source}`.`{table}`")

    def take(self):
        self._do(f"CREATE DATABASE {DUMP}")
        self._copy(self._database, DUMP, "take")

    def restore(self):
        self._copy(DUMP, self._database, "restore")


def audit(shop):
    return json.loads(shop.ctl("audit", "--json").stdout)


def test_after_a_restore_the_audit_says_what_has_happened_since_and_nothing_is_sent(shop, administrator):
    closed, stopped = shop.order("vds"), shop.order("vds")
    for item in (closed, stopped):
        shop.until_active(item)
    shop.checkevent()
    dump = Dump(administrator, shop.here.database)
    dump.take()
    bought = shop.order("vds")
    shop.until_active(bought)
    theirs = {item: remote(shop, item) for item in (closed, stopped, bought)}
    shop.act("close", closed)
    shop.until_done(closed)
    shop.act("suspend", stopped)
    shop.until_done(stopped)
    charges = len(shop.charges(bought))

    shop.here.call("sandbox.queue", action="pause")
    dump.restore()
    shop.here.call("tool.clearcache")
    shop.here.call("sandbox.queue", action="resume")
    before = changed(shop)
    shop.checkevent()
    shop.checkevent()
    assert "restored" in shop.status()["observes"]
    assert shop.here.rows("SELECT id FROM item WHERE id = %s", bought) == []
    found = audit(shop)

    def kinds(*words):
        return {each["kind"] for each in found if any(str(word) in json.dumps(each) for word in words)}

    assert kinds(theirs[bought]) & {"orphan", "foreign", "lost"}, found
    assert kinds(theirs[closed]) & {"gone", "missing", "state", "absent"}, found
    assert kinds(theirs[stopped]) & {"stopped", "state"} or shop.item(stopped)["status"] == 3, found
    assert changed(shop) == before

    # Put in order: what was bought gets its service again, under the number that it has now.
    again = shop.order("vds")
    until(lambda: shop.error(again), "it says nothing")
    shop.ctl("observe", str(shop.module), "--off", "--yes")
    assert int((shop.here.base / observing.MARK).read_text()) <= shop.here.value("SELECT MAX(id) FROM reseller_request")
    done = shop.ctl("link", str(again), theirs[bought], "--force")
    assert done.returncode == 0, done.stderr
    shop.until_active(again)
    assert remote(shop, again) == theirs[bought]
    assert len(shop.charges(bought)) == charges, "nothing was bought a second time"

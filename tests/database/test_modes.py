"""The panel's database as others have set it up: modes of SQL, tables in other character sets, TCP, TLS, log-ins.

Each setting is of a server that only this file uses. More than a connection is made: a service is ordered, renewed,
run and audited.
"""

from __future__ import annotations

import contextlib
import json

import pytest

from reseller.mgr5.panel import Panel
from sandbox.database import Login, connect
from tests.database import rare
from tests.support import environment, world

#: With ANSI_QUOTES a text in double quotes is a name, without backslashes a quote in a text ends it: what a program
#: does that leaves them to the server. The stand-in's own connections keep the mode that they began with.
MODES = {
    "nothing": "",
    "strictness": "STRICT_TRANS_TABLES",
    "grouping": "ONLY_FULL_GROUP_BY",
    "both": "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO",
    "quotes": "ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES",
}
#: of the panel's tables, beside ours in utf8mb4_bin
COLLATIONS = ("utf8mb3_general_ci", "utf8mb3_unicode_ci", "utf8mb4_unicode_ci")


class Place:
    """Two panels with the add-on between them, and the administrator of the server that they are on."""

    def __init__(self, root):
        self.sandbox = world.Sandbox(root, tcp=True)
        self.facts = self.sandbox.facts["mysql"]
        self._connection = connect(Login(self.facts["socket"], "sandbox", (root / "mysql.password").read_text()))
        self.here = self.sandbox.at("reseller")
        world.install(self.here.base, environment.variables())
        self.shop = world.connected(self.here, self.sandbox.at("seller"))
        for panel, user in ((self.here, "client1"), (self.shop.there, self.shop.buyer)):
            panel.call("sandbox.balance", user=user, value=5000)

    def server(self, sql, *values):
        with self._connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    def stop(self):
        self._connection.close()
        self.sandbox.stop()

    def begin_anew(self):
        """Both panels' cores, so that their connections are new as well."""
        for panel in (self.here, self.shop.there):
            panel.run("sbin/mgrctl", "-m", "billmgr", "-R", "whoami")

    def works(self):
        """A service is ordered, becomes active by checkevent, is renewed, and the audit has nothing to say of it."""
        item = self.shop.order("vds")
        self.shop.until_active(item)
        self.shop.act("prolong", item)
        self.shop.until_done(item)
        assert len(self.shop.charges(item)) == 2
        why = 'o\'neil \\ "quoted" 100 % \N{GRINNING FACE}'
        assert self.shop.ctl("stop", "--why", why).returncode == 0
        assert self.here.value("SELECT why FROM reseller_stop") == why
        assert self.shop.ctl("start", "--yes").returncode == 0
        audit = self.shop.ctl("audit", "--json")
        assert audit.stderr == b""
        assert [found for found in json.loads(audit.stdout) if found["service"] == item] == []
        rare.reach(self.here.base, item, self.shop.module)
        return item


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    found = Place(tmp_path_factory.mktemp("modes") / "root")
    yield found
    found.stop()


@pytest.fixture
def mode(place):
    """Set the mode that connections begin with."""
    before = place.server("SELECT @@global.sql_mode AS mode")[0]["mode"]

    def set_(value):
        place.server("SET GLOBAL sql_mode = %s", value)
        place.begin_anew()

    yield set_
    set_(before)


@pytest.mark.parametrize("name", MODES)
def test_an_order_a_renewal_a_run_and_an_audit_in_any_mode_of_sql(place, mode, name):
    mode(MODES[name])
    begun = set(place.here.value("SELECT @@sql_mode").split(","))
    assert set(MODES[name].split(",")) <= begun
    assert ("STRICT_TRANS_TABLES" in begun) == ("STRICT" in MODES[name])
    assert ("ONLY_FULL_GROUP_BY" in begun) == ("GROUP" in MODES[name])
    with contextlib.closing(Panel(place.here.base).database()) as db:
        assert "TRADITIONAL" in db.value("SELECT @@sql_mode")
    place.works()


@pytest.fixture
def collated(place):
    """Give the panel's own tables a collation; what they had is given back."""
    ours = "table_schema = %s AND table_name NOT LIKE 'reseller\\_%%' AND table_type = 'BASE TABLE'"
    sql = f"SELECT table_name AS name, table_collation AS collation FROM information_schema.tables WHERE {ours}"
    before = {row["name"]: row["collation"] for row in place.server(sql, place.here.database)}

    def convert(collations):
        for table, collation in collations.items():
            name, charset = f"`{place.here.database}`.`{table}`", collation.partition("_")[0]
            place.server(f"ALTER TABLE {name} CONVERT TO CHARACTER SET {charset} COLLATE {collation}")

    yield lambda collation: convert(dict.fromkeys(before, collation))
    convert(before)


@pytest.mark.parametrize("collation", COLLATIONS)
def test_the_panels_tables_in_another_character_set_are_read_together_with_ours(place, collated, collation):
    """Columns of the two that are compared would be an error (1267) if neither collation went before the other."""
    collated(collation)
    assert (
        place.here.value(
            "SELECT collation_name FROM information_schema.columns WHERE table_schema = DATABASE() "
            "AND table_name = 'account' AND column_name = 'name'"
        )
        == collation
    )
    place.here.write(
        "UPDATE account SET name = %s WHERE id = (SELECT account FROM user WHERE name = 'client1')", "Жёлудь"
    )
    item = place.works()
    row = next(row for row in place.here.call("reseller.services", p_cnt=1000) if row.findtext("id") == str(item))
    assert row.findtext("account") == "Жёлудь"


@pytest.fixture
def reached(place):
    """How the add-on reaches the database from now on; at the end by its socket again. The panel goes on as it was."""
    file, limits = place.here.base / "etc/billmgr.conf.d/other.conf", place.here.base / "etc/reseller.conf"
    before = limits.read_text()

    def by_tcp(*, cafile=""):
        file.write_text(f"DBSocket\nDBHost {place.facts['host']}\nDBPort {place.facts['port']}\n")
        limits.write_text(before + (f"database_cafile {cafile}\n" if cafile else ""))
        # Or whoever has logged in once is let in without the part that is asked about.
        place.server("FLUSH PRIVILEGES")

    def by_socket():
        file.unlink(missing_ok=True)
        limits.write_text(before)

    by_tcp.back = by_socket
    yield by_tcp
    by_socket()


def cipher(place):
    with contextlib.closing(Panel(place.here.base).database()) as db:
        return db.row("SHOW SESSION STATUS LIKE 'Ssl_cipher'")[1]


def test_an_order_a_renewal_a_run_and_an_audit_by_tcp_with_tls(place, reached):
    plugins = {
        row["plugin"] for row in place.server("SELECT plugin FROM mysql.user WHERE user = %s", place.here.database)
    }
    assert plugins == {"caching_sha2_password" if on_mysql(place) else "mysql_native_password"}
    reached(cafile=place.facts["ca"])
    place.works()
    assert cipher(place)


def test_by_tcp_without_tls_it_works_or_it_is_said_what_to_do_and_goes_on_afterwards(place, reached):
    """MySQL's log-in asks for an encrypted way, unless the account has logged in since the server began."""
    reached()
    if not on_mysql(place):
        place.works()
        assert cipher(place) == ""
        return
    done = place.shop.ctl("status")
    assert done.returncode == 1
    for words in ("127.0.0.1 wants a log-in that needs a socket or TLS", "DBSocket", "database_cafile"):
        assert words in done.stderr.decode()
    with pytest.raises(world.Refused) as refused:
        place.here.call("checkevent")
    assert refused.value.type == "reseller_database_login"
    item = place.shop.order("vds")
    failed = "SELECT lastoutput FROM runningoperation WHERE item = %s AND lastexit <> 0"
    world.until(lambda: place.here.value(failed, item), "the order is not tried")
    assert "reseller_database_login" in place.here.value(failed, item)
    assert place.shop.remotes(item) == []
    reached(cafile=place.facts["ca"])
    assert cipher(place)
    place.shop.until_active(item)
    # Known by now, until the server begins anew.
    (place.here.base / "etc/reseller.conf").write_text("")
    assert place.shop.ctl("status").returncode == 0
    reached.back()
    assert len(place.shop.charges(item)) == 1


def on_mysql(place):
    return place.sandbox.server.startswith("MySQL")

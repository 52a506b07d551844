"""A crypted setting of a module is in clear nowhere but in the module's own form, whatever the log shows."""

import subprocess
import sys

import pymysql
import pytest

from sandbox.database import Login, connect
from sandbox.tests.panels import CHECKOUT, Up, until

#: its setting is named like no secret; it reads it as modules do, and prints it wherever a program can print
VAULT = """#!/bin/sh
case "$2" in
features) cat <<END
<doc><itemtypes><itemtype name="vds"/></itemtypes>
<params><param name="pin" crypted="yes"/><param name="place"/></params>
<features><feature name="check_connection"/><feature name="open"/></features></doc>
END
;;
check_connection)
    settings=$(cat)
    echo "$settings" >&2
    case "$settings" in *refused*) exit 1 ;; esac ;;
open)
    sbin/mgrctl -m billmgr -o xml processing.edit elid=$(cat etc/vault.id) >&2
    exit 1 ;;
esac
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Panels whose log shows other levels than those of other tests."""
    up = Up(tmp_path_factory.mktemp("vault") / "root", "only")
    yield up
    up.stop()


def tables_with(running, secret):
    """Tables of the whole server, the journal's too, that have this text in some column."""
    password = (running.root / "mysql.password").read_text()
    found = []
    with connect(Login(running.facts["mysql"]["socket"], "sandbox", password)) as server, server.cursor() as cursor:
        cursor.execute(
            "SELECT table_schema AS home, table_name AS name FROM information_schema.tables WHERE table_type = 'BASE "
            "TABLE' AND table_schema NOT IN ('information_schema', 'performance_schema', 'sys')"
        )
        for row in cursor.fetchall():
            try:
                cursor.execute(f"SELECT * FROM `{row['home']}`.`{row['name']}`")
            except pymysql.err.Error:  # one that the server keeps for itself
                continue
            if any(secret in str(value) for each in cursor.fetchall() for value in each.values()):
                found.append(f"{row['home']}.{row['name']}")
    return found


@pytest.mark.parametrize("level", range(10))
def test_no_log_journal_or_output_shows_it_at_any_level(running, level):
    panel, secret, other = running.panel("only"), f"vault-{level}-4711", f"later-{level}-4712"
    (panel.base / "etc/debug.conf").write_text(f"billmgr.* {level}\n")
    panel.install("processing", "pmvault", VAULT)
    assert panel.mgrctl("-R", "whoami").returncode == 0
    given = {"module": "pmvault", "name": "vault", "sok": "ok", "place": "second floor"}
    refused = panel.error("processing.add.settings", pin=f"refused {secret}", **given)
    assert refused.get("type") == "process"
    number = panel.call("processing.add.settings", pin=secret, **given).findtext("id")
    assert panel.call("processing.edit", elid=number).findtext("pin") == secret
    (panel.base / "etc/vault.id").write_text(number)
    panel.call("pricelist.edit", elid=panel.tariff("VDS-1"), processingmodule=number, sok="ok")
    item = panel.bought()
    failed = "SELECT id FROM runningoperation WHERE item = %s AND lastexit = 1"
    until(lambda: panel.rows(failed, item), "the order is not tried")
    panel.call("processing.saveparam", elid=number, param="pin", value=other)
    panel.call("processing.edit", elid=number, pin=f"{other}!", sok="ok")
    assert panel.call("processing.edit", elid=number).findtext("pin") == f"{other}!"
    told = subprocess.run(
        [sys.executable, "-m", "sandbox", "journal", "--root", running.root],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    ).stdout
    assert f"item={item} ".encode() in told
    log = (panel.base / "var/billmgr.log").read_text()
    assert ("place=second%20floor" in log) == (level >= 5)
    written = {
        str(file): file.read_bytes()
        for file in (running.root.rglob("*"))
        if file.is_file() and "data" not in file.parts
    }
    written |= {"output": running.output.read_bytes(), "journal": told}
    assert [name for name, content in written.items() if secret.encode() in content or other.encode() in content] == []
    assert tables_with(running, secret) + tables_with(running, other) == []
    panel.rows("DELETE FROM runningoperation WHERE item = %s", item)


def test_before_it_is_known_what_a_module_keeps_secret_no_setting_is_shown(running):
    """The program is put there while the panel runs, and says what is crypted only after the call has come."""
    panel = running.panel("only")
    (panel.base / "etc/debug.conf").write_text("billmgr.* 9\n")
    assert panel.mgrctl("-R", "whoami").returncode == 0
    panel.install("processing", "pmnew", VAULT)
    panel.call("processing.add.settings", module="pmnew", name="new", pin="fresh-4713", place="attic-4714", sok="ok")
    log = (panel.base / "var/billmgr.log").read_text()
    asked = [line for line in log.splitlines() if "func=processing.add.settings" in line]
    assert "&pin=********&place=********&" in asked[-1]
    assert "fresh-4713" not in log

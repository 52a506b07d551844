"""What stands between us and the panel when it behaves badly: mgrctl, the configuration, its key, the log."""

import base64
import subprocess

import pymysql
import pytest

from reseller.db import NoTableError
from reseller.ledger import leases, overview, schema
from reseller.log import Log
from reseller.mgr5 import crypt
from reseller.mgr5.mgrctl import Mgrctl
from reseller.mgr5.panel import Panel
from reseller.wire.errors import PanelError, ResellerError

AWAY = '<doc><error type="client" object="open"><msg>cannot connect</msg></error></doc>'


@pytest.fixture
def tree(tmp_path):
    """A panel's tree with nothing in it."""
    (tmp_path / "sbin").mkdir()
    (tmp_path / "etc").mkdir()
    return tmp_path


def mgrctl(tree, script):
    """A panel whose mgrctl is this script."""
    program = tree / "sbin/mgrctl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return Mgrctl(Panel(tree))


def failed(calls):
    with pytest.raises(PanelError) as caught:
        calls.call("whoami")
    return caught.value


def test_a_panel_that_restarts_is_waited_for(tree):
    calls = mgrctl(tree, f"[ -e seen ] && echo '<doc><ok/></doc>' && exit; touch seen; echo '{AWAY}'; exit 1")
    assert calls.call("whoami").find("ok") is not None


def test_one_that_stays_away_is_said_to_be_away(tree):
    (tree / "etc/reseller.conf").write_text("panel_away_seconds 0\n")
    error = failed(mgrctl(tree, f"echo '{AWAY}'"))
    assert (error.panel_type, error.object) == ("client", "open")


def test_one_that_does_not_answer_in_time_may_have_done_it(tree):
    (tree / "etc/reseller.conf").write_text("mgrctl_seconds 1\n")
    assert failed(mgrctl(tree, "exec sleep 30")).panel_type == "timeout"


def test_without_mgrctl_the_reason_is_the_systems(tree):
    error = failed(Mgrctl(Panel(tree)))
    assert (error.panel_type, error.object) == ("client", "mgrctl")
    assert "sbin/mgrctl" in str(error)


@pytest.mark.parametrize(
    ("script", "said"),
    [("echo no such function >&2; exit 3", "no such function"), ("exit 3", "exit code 3"), ("echo a b", "a b")],
)
def test_what_is_no_document_is_passed_on_in_its_own_words(tree, script, said):
    error = failed(mgrctl(tree, script))
    assert error.panel_type == "answer"
    assert said in str(error)


def test_a_configuration_that_names_no_database_is_asked_for(tree):
    (tree / "etc/billmgr.conf.d").mkdir()
    (tree / "etc/billmgr.conf.d/folder").mkdir()
    (tree / "etc/billmgr.conf.d/50-key").write_text("# a comment\n\nCryptKey etc/own.pem\nDBHost\nColour red\n")
    mgrctl(tree, "echo '<doc><elem><DBName> billing </DBName></elem><elem><DBUser>us</DBUser></elem></doc>'")
    expected = {"CryptKey": "etc/own.pem", "DBHost": "", "DBName": "billing", "DBUser": "us"}
    assert Panel(tree).config() == expected


def test_a_database_that_is_not_there_is_said(tree):
    (tree / "etc/billmgr.conf").write_text(f"DBName x\nDBSocket {tree}/none\n")
    with pytest.raises(ResellerError) as caught:
        Panel(tree).database()
    assert caught.value.type == "reseller_database"


# The panel's own key.


@pytest.fixture
def key(tree):
    """The panel's key; what encrypts with it."""
    own = tree / "etc/billmgr.pem"
    subprocess.run(["openssl", "genrsa", "-out", str(own), "2048"], check=True, capture_output=True)

    def sealed(value, padding="pkcs1"):
        argv = ["openssl", "pkeyutl", "-encrypt", "-inkey", str(own), "-pkeyopt", f"rsa_padding_mode:{padding}"]
        return base64.b64encode(subprocess.run(argv, input=value, check=True, capture_output=True).stdout).decode()

    return sealed


def refused(tree, value):
    with pytest.raises(ResellerError) as caught:
        crypt.decrypt(Panel(tree), value)
    assert caught.value.type == "reseller_crypt"
    return str(caught.value)


def test_what_the_panel_encrypted_is_read(tree, key):
    (tree / "etc/billmgr.conf").write_text("DBName x\n")
    assert crypt.decrypt(Panel(tree), key("Пароль 1".encode())) == "Пароль 1"


def test_what_cannot_be_read_is_said_without_the_value(tree, key, monkeypatch):
    (tree / "etc/billmgr.conf").write_text("DBName x\n")
    assert "it is not base64" in refused(tree, "### no ###")
    assert "another key" in refused(tree, base64.b64encode(b"short").decode())
    assert "openssl" in refused(tree, base64.b64encode(b"x" * 300).decode())
    # Blocks that open, and hold no value: no text, nothing at all, and no padding.
    assert "another key" in refused(tree, key(b"\xff\xfe"))
    assert "another key" in refused(tree, key(b""))
    assert "another key" in refused(tree, key(b"\0\1" + b"x" * 254, "none"))
    monkeypatch.setenv("PATH", str(tree))
    assert "FileNotFoundError" in refused(tree, base64.b64encode(b"short").decode())


def test_a_key_that_is_not_there_is_named(tree):
    (tree / "etc/billmgr.conf").write_text("DBName x\nCryptKey etc/none.pem\n")
    assert "etc/none.pem" in refused(tree, base64.b64encode(b"x" * 256).decode())


# The log and the ledger.


def test_a_log_that_cannot_be_written_stops_nothing(tree):
    Log(tree).error("nobody reads this")
    assert not (tree / "var").exists()
    (tree / "var").mkdir()
    Log(tree).error("two\nlines")
    assert "two lines" in (tree / "var/reseller.log").read_text()


def test_a_lease_that_somebody_else_has_by_now_writes_nothing(db):
    with leases.lease(db, "t:overtaken", 30) as held:
        db.execute("UPDATE reseller_lease SET fence = fence + 1 WHERE name = 't:overtaken'")
        with pytest.raises(ResellerError) as caught, held.writing():
            pytest.fail("it was let in")
        assert caught.value.type == "reseller_lease_lost"


def test_no_service_is_of_a_module_of_ours_when_none_is_asked_for(db):
    assert overview.resold(db, []) == {}


def test_what_is_wrong_with_a_statement_is_not_taken_for_a_missing_ledger(db, base):
    with pytest.raises(pymysql.err.ProgrammingError):
        db.rows("SELECT FROM")
    db.execute("CREATE OR REPLACE VIEW broken AS SELECT version FROM reseller_schema")
    with pytest.raises(ResellerError) as unknown:
        db.rows("SELECT other FROM broken")
    assert unknown.value.type == "reseller_database_unknown"
    assert not isinstance(unknown.value, NoTableError)
    with pytest.raises(NoTableError):
        db.rows("SELECT other FROM no_such_table")
    db.execute("DROP VIEW broken")
    schema.ensure(db, base)

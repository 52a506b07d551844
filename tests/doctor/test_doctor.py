"""The doctor on a panel that works and on one that does not, in one way after the other; each remedy is carried out."""

import contextlib
import json
import os
import re
import subprocess

import pytest

from tests.support import environment, telling
from tests.support.world import ROOT


def doctor(shop, *argv):
    """Its exit code, and its findings."""
    done = shop.ctl("doctor", "--json", *argv)
    told = json.loads(done.stdout)
    assert told["exit"] == done.returncode
    assert b"Traceback" not in done.stderr
    return done.returncode, told["findings"]


def amiss(findings):
    return [finding for finding in findings if finding["verdict"] != "holds"]


def carry_out(command):
    """A remedy, as an operator pastes it: in the folder of the add-on's sources."""
    given = {**os.environ, **environment.variables()}
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PREFIX"):
        given.pop(name, None)
    subprocess.run(["sh", "-c", command], cwd=ROOT, env=given, check=True, capture_output=True)


def heal(shop, findings):
    """Carry out each remedy once; nothing is amiss afterwards, and no remedy is more than it has to be."""
    commands = list(dict.fromkeys(finding["command"] for finding in amiss(findings)))
    assert all(commands), findings
    for command in commands:
        assert not re.search(r"-R\b|777|setenforce|;|&|\|", command), command
        carry_out(command)
    code, after = doctor(shop)
    assert (code, amiss(after)) == (0, [])


@pytest.fixture
def well(shop):
    """The panel with a run that came through a moment ago."""
    shop.checkevent()
    return shop


def test_a_healthy_panel_has_no_warning(well):
    code, findings = doctor(well)
    assert (code, amiss(findings)) == (0, [])
    checks = {finding["check"].rpartition(" ")[2] for finding in findings}
    assert {"files", "python", "database", "functions", "module", "cron", "settings", "certificate"} <= checks
    said = well.ctl("doctor")
    assert said.returncode == 0
    assert "0 fails, 0 not checked, 0 warning" in said.stdout.decode()
    assert "продавец" in well.ctl("doctor", "--lang", "ru").stdout.decode().lower()


def test_a_file_of_others_or_with_another_mode_is_put_right(well):
    path = well.here.base / "sbin/resellerctl"
    other = well.here.base / "etc/xml/billmgr_mod_reseller_stop.xml"
    cron = well.here.base / "etc/cron.d/reseller"
    path.chmod(0o777)
    cron.chmod(0o666)
    os.chown(other, 65534, 65534)
    code, findings = doctor(well)
    assert code == 1
    assert [(each["check"], each["command"]) for each in amiss(findings)] == [
        ("files", f"chmod 644 {cron}"),
        ("files", f"chown 0:0 {other}"),
        ("files", f"chmod 750 {path}"),
    ]
    heal(well, findings)


def test_what_is_missing_or_broken_is_installed_again(well):
    base = well.here.base
    (base / "etc/xml/billmgr_mod_reseller_report.xml").unlink()
    (base / "etc/xml/billmgr_mod_reseller_swap.xml").write_text("<mgrdata>")
    (base / "processing/pmreseller").write_text("#!/bin/sh\nexit 3\n")
    cron = base / "etc/cron.d/reseller"
    cron.write_text(cron.read_text().replace("*/5", "#*/5"))
    lock = base / "lib/reseller/venv/requirements.txt"
    lock.write_text(lock.read_text().replace("pymysql==", "pymysql==9"))
    code, findings = doctor(well)
    assert code == 1
    said = [(each["check"], each["text"]) for each in amiss(findings)]
    for check, word in (
        ("files", "billmgr_mod_reseller_report.xml is missing"),
        ("files", "billmgr_mod_reseller_swap.xml is no XML"),
        ("module", "processing/pmreseller does not answer"),
        ("cron", "No line of"),
        ("python", "Library pymysql is"),
    ):
        assert [text for name, text in said if name == check and word in text], (check, word, said)
    heal(well, findings)


def test_a_panel_that_has_not_read_our_files_is_restarted(well):
    path = well.here.base / "etc/xml/billmgr_mod_reseller_report.xml"
    kept, mode = path.read_bytes(), path.stat().st_mode
    path.unlink()
    subprocess.run([well.here.base / "sbin/mgrctl", "-m", "billmgr", "exit"], check=True, capture_output=True)
    well.checkevent()
    path.write_bytes(kept)
    path.chmod(mode & 0o7777)
    code, findings = doctor(well)
    [found] = amiss(findings)
    assert (code, found["check"]) == (1, "functions")
    assert "reseller.report" in found["text"]
    heal(well, findings)


def test_a_leftover_beside_the_cron_file_is_a_warning(well):
    left = well.here.base / "etc/cron.d/reseller.dpkg-old"
    left.write_text("")
    code, findings = doctor(well)
    [found] = amiss(findings)
    assert (code, found["verdict"], found["command"]) == (0, "warning", f"rm {left}")
    heal(well, findings)


def test_cron_that_is_off_is_a_warning_with_the_line_that_takes_it_back(well):
    settings = well.here.base / "etc/reseller.conf"
    before = settings.read_text()
    with settings.open("a") as file:
        file.write("cron 1\n \tcron  0 # while the seller moves\n")
    code, findings = doctor(well)
    [found] = amiss(findings)
    assert (code, found["check"], found["verdict"]) == (0, "cron", "warning")
    assert f"{settings} has the line `cron 0`" in found["text"]
    status = well.ctl("status")
    assert (status.returncode, found["text"] in status.stdout.decode()) == (0, True)
    assert {each["cron"] for each in json.loads(well.ctl("status", "--json").stdout)} == {False}
    heal(well, findings)
    assert settings.read_text() == f"{before}cron 1\n", "nothing else of the file is changed"
    assert found["text"] not in well.ctl("status").stdout.decode()
    assert {each["cron"] for each in json.loads(well.ctl("status", "--json").stdout)} == {True}


def test_runs_that_do_not_begin_or_do_not_come_through_are_told_apart(well):
    figures = well.here.base / "var/reseller.prom"
    text = figures.read_text()
    old = 1_700_000_000
    figures.write_text(re.sub(r"^(reseller_last_run_\w+\{.*\}) .*$", rf"\1 {old}", text, flags=re.MULTILINE))
    code, findings = doctor(well)
    [found] = amiss(findings)
    assert (code, found["check"], found["verdict"]) == (1, "cron", "fails")
    assert "No run of checkevent has begun" in found["text"]
    heal(well, findings)
    text = figures.read_text()
    figures.write_text(re.sub(r"^(reseller_last_success_\w+\{.*\}) .*$", rf"\1 {old}", text, flags=re.MULTILINE))
    code, findings = doctor(well)
    [found] = amiss(findings)
    assert (code, found["check"], found["verdict"]) == (0, "cron", "warning")
    heal(well, findings)


@pytest.mark.parametrize(
    ("object_", "word"),
    [("badpassword", "password"), ("badip", "address"), ("totp", "second factor")],
)
def test_a_seller_that_does_not_let_us_in_says_why(well, object_, word):
    well.there.call("sandbox.fault", kind="error", forfunc="whoami", type="auth", object=object_, times=50)
    code, findings = doctor(well)
    assert code == 1
    found = amiss(findings)
    assert [each["check"] for each in found] == [f"module {well.module} {name}" for name in ("account", "assumptions")]
    assert all(word in each["text"].lower() for each in found)
    assert well.here.rows("SELECT * FROM reseller_verdict WHERE holds = 0 AND name <> '*'") == []


def test_a_seller_that_cannot_be_reached_hides_nothing_else(well):
    well.there.call("sandbox.fault", kind="refused", times=1)
    code, findings = doctor(well)
    wrong = {each["check"] for each in amiss(findings)}
    assert code == 1
    assert {f"module {well.module} {name}" for name in ("certificate", "account", "others", "assumptions")} == wrong
    assert [each for each in findings if each["check"] == "database"]


def test_somebody_else_who_buys_with_the_account_is_a_warning(well):
    item = well.order("vds")
    well.until_active(item)
    [service] = well.remotes(item)
    well.here.write("UPDATE reseller_link SET live = NULL WHERE item = %s", item)
    well.there.write("UPDATE item SET remoteid = '77-0ddba11d' WHERE id = %s", service["id"])
    try:
        code, findings = doctor(well)
    finally:
        well.there.write("UPDATE item SET remoteid = %s WHERE id = %s", service["remoteid"], service["id"])
        well.here.write("UPDATE reseller_link SET live = 1 WHERE item = %s", item)
    [found] = amiss(findings)
    assert (code, found["check"], found["verdict"]) == (0, f"module {well.module} others", "warning")
    assert str(service["id"]) in found["text"]


def test_what_a_person_has_stopped_is_a_warning_without_a_command(well):
    well.ctl("stop", "--why", "we look first")
    try:
        code, findings = doctor(well)
    finally:
        well.ctl("start", "--yes")
    [found] = amiss(findings)
    assert (code, found["check"], found["verdict"], found["command"]) == (0, "holds", "warning", "")
    assert "we look first" in found["text"]


def test_a_database_that_is_gone_is_said_in_words_and_the_rest_is_checked(well):
    conf = well.here.base / "etc/billmgr.conf"
    kept = conf.read_text()
    conf.write_text(re.sub(r"^DBSocket .*$", "DBSocket /nowhere/mysqld.sock", kept, flags=re.MULTILINE))
    try:
        code, findings = doctor(well)
    finally:
        conf.write_text(kept)
    assert code == 1
    assert "not checked" not in {finding["verdict"] for finding in findings}
    wrong = {each["check"] for each in amiss(findings)}
    assert wrong == {"database", "assumptions", "holds", "cron", "modules"}
    assert {"files", "python", "functions", "module"} <= {each["check"] for each in findings} - wrong


def test_the_report_has_facts_and_neither_secrets_nor_names(well, tmp_path):
    path = tmp_path / "facts.json"
    assert well.ctl("doctor", "--facts", str(path)).returncode == 0
    text = path.read_text()
    found = json.loads(text)["found"]
    assert found["files"]["verdicts"] == ["holds"]
    assert found["database"]["database"].split()[0] in ("MariaDB", "MySQL")
    assert found[f"module {well.module} account"]["currency"] == "EUR"
    assert not telling.shows(text.encode(), telling.given)
    names = [well.buyer, "127.0.0.1", "example.com", str(well.here.base), os.uname().nodename]
    assert [name for name in names if name in text] == []
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_report_that_cannot_be_written_is_said(well):
    done = well.ctl("doctor", "--facts", "/nowhere/facts.json")
    assert done.returncode == 1
    assert "/nowhere/facts.json" in done.stderr.decode()


def test_it_writes_nothing_and_leaves_no_process(well):
    before = well.here.rows("SELECT COUNT(*) FROM reseller_request"), well.there.call("sandbox.journal")
    doctor(well)
    assert well.here.rows("SELECT COUNT(*) FROM reseller_request") == before[0]
    with contextlib.suppress(ChildProcessError):
        assert os.waitpid(-1, os.WNOHANG)[0] == 0

"""Starting, ending and restarting: no process left behind, the address and the data kept."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pymysql
import pytest

from sandbox import servers
from sandbox.database import ServerMissing
from sandbox.tests.panels import CHECKOUT, Up, until


def below(root):
    """Processes whose command line names this root."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if os.fsencode(str(root)) in line:
                found.append(line.replace(b"\0", b" ").decode())
    return found


SLEEPER = """#!/bin/sh
[ "$2" = features ] && { echo '<doc><features><feature name="open"/></features></doc>'; exit 0; }
exec tail -f "$PWD/etc/billmgr.conf"
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_process_is_left_after_the_end(tmp_path, number):
    running = Up(tmp_path / "root", "only")
    panel = running.panel("only")
    panel.install("processing", "pmsleep", SLEEPER)
    module = panel.call("processing.add.settings", module="pmsleep", name="s", sok="ok").findtext("id")
    panel.call("pricelist.edit", elid=panel.tariff("VDS-1"), processingmodule=module, sok="ok")
    panel.bought()
    until(lambda: any("tail -f" in line for line in below(tmp_path)), "the module does not run")
    assert running.stop(number) == 0
    assert below(tmp_path) == []
    assert not (tmp_path / "root/sandbox.json").exists()


def test_it_ends_when_its_parent_dies(tmp_path):
    words = ["-m", "sandbox", "up", "--root", str(tmp_path / "root"), "--panel", "only"]
    script = f"import subprocess, sys, time; subprocess.Popen([sys.executable, *{words!r}]); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=CHECKOUT, stdout=subprocess.DEVNULL)
    until((tmp_path / "root/sandbox.json").exists, "not ready")
    parent.kill()
    parent.wait()
    until(lambda: below(tmp_path / "root") == [], "something was left")


def test_data_addresses_and_passwords_are_kept_and_a_panel_can_be_added(tmp_path):
    first = Up(tmp_path / "root", "only")
    item = first.panel("only").bought(remoteid="kept")
    old = first.facts["panels"]["only"]
    assert first.stop() == 0
    again = Up(tmp_path / "root", "only", "third")
    only, third = again.panel("only"), again.panel("third")
    assert (only.facts["url"], only.accounts) == (old["url"], old["accounts"])
    assert only.row(item).findtext("remoteid") == "kept"
    assert third.bought() != item
    assert again.stop() == 0


def test_a_second_up_on_one_root_is_refused(up):
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "up", "--root", up.root],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "already up" in done.stderr


def test_a_root_stays_with_the_server_that_made_it(tmp_path):
    assert Up(tmp_path / "root", "only").stop() == 0
    (tmp_path / "root/mysql/server").write_text("Another")
    words = [sys.executable, "-m", "sandbox", "up", "--root", tmp_path / "root", "--panel", "only"]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "was made with Another: start it with DATABASE=another" in done.stderr
    assert below(tmp_path) == []


@pytest.mark.parametrize("name", servers.KINDS)
def test_the_server_can_be_named_beside_the_environment_and_what_is_printed_says_which_it_is(tmp_path, name):
    """Where one of the two is not on this machine, what is printed says how to get it."""
    kind, missing = servers.KINDS[name], ""
    try:
        version = kind.version()
    except ServerMissing as error:
        missing = str(error)
    if missing:
        words = [sys.executable, "-m", "sandbox", "up", "--root", tmp_path / "root", "--database", name]
        done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (1, f"sandbox: {missing}\n")
        return
    running = Up(tmp_path / "root", "only", options=("--database", name))
    try:
        until(lambda: "account" in running.output.read_text(), "nothing is printed")
        assert f"\n  {kind.name} {version}, socket {running.facts['mysql']['socket']}\n" in running.output.read_text()
        assert running.facts["mysql"]["server"] == f"{kind.name} {version}"
    finally:
        assert running.stop() == 0


def test_the_database_can_be_reached_by_tcp_with_tls(tmp_path):
    running = Up(tmp_path / "root", "only", options=("--tcp",))
    try:
        facts, panel = running.facts["mysql"], running.facts["panels"]["only"]
        login = {"user": panel["dbuser"], "password": panel["dbpassword"], "database": panel["database"]}
        tls = {"ssl_ca": facts["ca"], "ssl_verify_cert": True, "ssl_verify_identity": True}
        with contextlib.closing(pymysql.connect(host=facts["host"], port=facts["port"], **login, **tls)) as connection:
            cursor = connection.cursor()
            cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
            assert cursor.fetchone()[1]
            cursor.execute("SELECT COUNT(*) FROM user WHERE name = 'client1'")
            assert cursor.fetchone() == (1,)
    finally:
        assert running.stop() == 0


def test_ids_differ_between_panels_and_tables(seller, reseller):
    assert seller.tariff("VDS-1") != reseller.tariff("VDS-1")
    assert {row["id"] for row in seller.rows("SELECT id FROM account")}.isdisjoint(
        {row["id"] for row in reseller.rows("SELECT id FROM account")}
    )
    assert [panel.rows("SELECT id FROM project")[0]["id"] for panel in (seller, reseller)] == [1, 1]


def test_a_core_that_is_killed_is_started_by_the_next_call(reseller):
    pid = int(reseller.call("sandbox.queue").findtext("pid"))
    os.kill(pid, signal.SIGKILL)
    assert reseller.call("whoami").find("user").get("level") == "30"
    assert int(reseller.call("sandbox.queue").findtext("pid")) != pid
    os.kill(int(reseller.call("sandbox.queue").findtext("pid")), signal.SIGKILL)
    assert reseller.http("whoami").find("user").get("name") == "buyer"


def test_a_stopped_core_answers_when_it_goes_on(reseller):
    pid = int(reseller.call("sandbox.queue").findtext("pid"))
    os.kill(pid, signal.SIGSTOP)
    waiting = subprocess.Popen([reseller.facts["mgrctl"], "-m", "billmgr", "keepalive"], stdout=subprocess.PIPE)
    time.sleep(0.4)
    assert waiting.poll() is None
    os.kill(pid, signal.SIGCONT)
    assert waiting.communicate(timeout=60)[0] == b"OK\n"


def test_a_module_outlives_its_core_and_is_not_run_twice(reseller):
    counting = reseller.base / "tmp/runs"
    reseller.install(
        "processing",
        "pmslow",
        f"""#!/bin/sh
[ "$2" = features ] && {{ echo '<doc><features><feature name="open"/></features></doc>'; exit 0; }}
echo run >>{counting}; sleep 1.5; sbin/mgrctl -m billmgr vds.open elid=$4 sok=ok
""",
    )
    module = reseller.call("processing.add.settings", module="pmslow", name="slow", sok="ok").findtext("id")
    tariff = reseller.call("sandbox.tariff", name="slow", module=module).findtext("id")
    item = reseller.bought(pricelist=tariff)
    until(counting.exists, "the module does not run")
    os.kill(int(reseller.call("sandbox.queue").findtext("pid")), signal.SIGKILL)
    reseller.until_status(item, 2)
    assert counting.read_text() == "run\n"

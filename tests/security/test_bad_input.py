"""What can be handed to the module and makes no sense: a clear document, the right exit code, nothing lost."""

import contextlib
import os
import re
import shutil
import subprocess
import time

import pymysql
import pytest
from lxml import etree

from tests.support import world
from tests.support.world import Refused

VDS = "vds"


def error_of(done):
    """The error of a module's answer; stdout must be one document and nothing else."""
    assert b"Traceback" not in done.stdout
    root = etree.fromstring(done.stdout)
    assert root.tag == "doc"
    error = root.find("error")
    assert error is not None, done.stdout
    assert (error.findtext("msg") or "").strip()
    assert "__" not in error.findtext("msg")
    return error


def module(shop, *argv, stdin=b""):
    return shop.here.run("processing/pmreseller", *argv, stdin=stdin)


@pytest.mark.parametrize(
    ("argv", "type_"),
    [
        (["--command", "dance"], "reseller_command"),
        (["--command", "open", "--colour", "red"], "reseller_usage"),
        (["--command", "open", "--item", "five"], "reseller_usage"),
        (["--command", "open", "--item"], "reseller_usage"),
        (["--command", "open"], "reseller_usage_missing"),
        (["--command", "open", "--item", "0"], "reseller_usage_missing"),
        (["--command", "open", "--item", "-5"], "reseller_usage"),
        (["--command", "open", "--item", "99999999"], "reseller_item_missing"),
        ([], "reseller_usage"),
    ],
)
def test_a_wrong_call_is_answered_in_words(shop, argv, type_):
    done = module(shop, *argv)
    assert done.returncode == 1
    assert error_of(done).get("type") == type_
    if type_ == "reseller_usage":
        assert done.stderr.startswith(b"pmreseller: ")


def test_errors_speak_russian_when_asked_to(shop):
    done = module(shop, "--command", "open", "--item", "99999999", "--lang", "ru")
    assert "Проверьте номер" in error_of(done).findtext("msg")


def test_a_service_of_another_module_is_left_alone(shop):
    other = shop.here.value("SELECT id FROM processingmodule WHERE module <> 'pmreseller' ORDER BY id LIMIT 1")
    item = shop.order(VDS)
    shop.until_active(item)
    shop.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", other, item)
    before = len(shop.there.call("sandbox.journal").findall("elem"))
    done = module(shop, "--command", "open", "--item", str(item))
    assert (done.returncode, error_of(done).get("type")) == (1, "reseller_item_not_ours")
    assert len(shop.there.call("sandbox.journal").findall("elem")) == before
    shop.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", shop.module, item)


def test_an_active_service_that_is_not_linked_is_not_bought(shop):
    item = shop.order(VDS)
    shop.until_active(item)
    shop.here.write("DELETE FROM reseller_link WHERE item = %s", item)
    shop.here.write("DELETE FROM reseller_request WHERE item = %s", item)
    (shop.here.base / "var/reseller.newest").unlink(missing_ok=True)
    done = module(shop, "--command", "open", "--item", str(item))
    assert (done.returncode, error_of(done).get("type")) == (1, "reseller_item_status")
    assert len(shop.charges(item)) == 1


def test_a_module_without_settings_says_which_field_is_missing(shop):
    shop.here.write(
        "INSERT INTO processingmodule (name, module, active) VALUES ('empty', 'pmreseller', 'on')",
    )
    empty = shop.here.value("SELECT MAX(id) FROM processingmodule")
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order(VDS)
    shop.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", empty, item)
    done = shop.open(item)
    assert (done.returncode, error_of(done).get("type")) == (1, "reseller_settings")
    assert "reseller_settings" in shop.error(item)
    shop.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", shop.module, item)
    shop.here.write("UPDATE reseller_request SET module = %s WHERE item = %s", shop.module, item)
    shop.here.write("DELETE FROM processingmodule WHERE id = %s", empty)
    shop.here.call("sandbox.queue", action="resume")
    shop.start(item)
    shop.until_active(item)


@pytest.mark.parametrize(("kind", "part"), [("os", "ISPsystem__Debian-12-amd64"), ("period", "1"), ("addon", "mem")])
def test_an_unmapped_part_is_refused_before_anything_is_sent(shop, kind, part):
    tariff = str(shop.tariffs["VDS-1"])
    there = shop.here.value(
        "SELECT remote FROM reseller_map WHERE pricelist = %s AND kind = %s AND local = %s", tariff, kind, part
    )
    assert shop.ctl("map", tariff, "--drop", kind, part).returncode == 0
    mem = shop.here.value("SELECT id FROM pricelist WHERE parent = %s AND intname = 'mem'", tariff)
    item = shop.order(VDS, **{f"addon_{mem}": 4096})
    shop.rest(item)
    said = shop.error(item)
    assert "reseller_unmapped" in said
    assert part in said
    assert f"resellerctl map {tariff}" in said
    assert shop.charges(item) == []
    assert shop.tasks(item) == []
    assert shop.ctl("map", tariff, kind, part, there).returncode == 0
    shop.start(item)
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_a_tariff_without_a_counterpart_is_refused(shop):
    tariff = shop.tariffs["VDS-2"]
    where = "FROM pricelistparam WHERE pricelist = %s AND intname = 'reseller_pricelist'"
    theirs = shop.here.value(f"SELECT value {where}", tariff)
    shop.here.write(f"DELETE {where}", tariff)
    item = shop.order(VDS, "VDS-2")
    shop.rest(item)
    assert "VDS-2" in shop.error(item)
    shop.here.write(
        "INSERT INTO pricelistparam (pricelist, intname, value) VALUES (%s, 'reseller_pricelist', %s)", tariff, theirs
    )
    shop.start(item)
    shop.until_active(item)


@contextlib.contextmanager
def reader(shop):
    """A user of the panel's database who may read it, and nothing else."""
    user, root = f"reader{time.monotonic_ns()}", shop.here.base.parent.parent
    admin = {"user": "sandbox", "password": (root / "mysql.password").read_text().strip()}
    with pymysql.connect(unix_socket=shop.here.socket, **admin) as server, server.cursor() as cursor:
        cursor.execute(f"CREATE USER {user}@localhost IDENTIFIED BY 'x'")
        cursor.execute(f"GRANT SELECT ON {shop.here.database}.* TO {user}@localhost")
        try:
            yield user
        finally:
            cursor.execute(f"DROP USER {user}@localhost")


@contextlib.contextmanager
def broken_config(shop, text):
    """The panel's configuration with other database settings."""
    config = shop.here.base / "etc/billmgr.conf"
    kept = config.with_suffix(".kept")
    shutil.copy2(config, kept)
    lines = [line for line in kept.read_text().splitlines() if not line.startswith("DBSocket")]
    config.write_text("\n".join([*lines, text]) + "\n")
    # The panel's own file beside it would say otherwise, and is read later.
    own = config.with_suffix(".conf.d") / "db.conf"
    aside = own.rename(config.with_name("db.conf.kept")) if own.exists() else None
    try:
        yield
    finally:
        shutil.move(kept, config)
        if aside is not None:
            aside.rename(own)


def test_a_database_that_is_away_is_said_and_nothing_is_lost(shop):
    shop.checkevent()
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order(VDS)
    operation = str(shop.operation(item)["id"])
    with broken_config(shop, "DBSocket /nowhere/mysql.sock"):
        done = module(shop, "--command", "open", "--item", str(item), "--runningoperation", operation)
        assert (done.returncode, error_of(done).get("type")) == (1, "reseller_database")
        told = shop.ctl("checkevent")
        assert told.returncode == 1
        assert b"database" in told.stderr
        file = shop.here.base / "var/reseller.prom"
        kept = re.sub(r"(?m)^(reseller_last_run\S+) \d+$", r"\1 1", file.read_text())
        file.write_text(kept)
        shop.here.run("sbin/mgrctl", "-m", "billmgr", "reseller.checkevent")
        told = file.read_text()
        assert re.findall(r"(?m)^reseller_last_run\S+ [0-9]{10}$", told), "the figures do not tell that a run was tried"
        assert len(told.splitlines()) == len(kept.splitlines())
    shop.here.call("sandbox.queue", action="resume")
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


@pytest.mark.parametrize("kind", ["html", "captcha", "truncated", "huge", "bomb", "cut"])
def test_a_seller_that_answers_nonsense_before_the_order_costs_a_try_and_no_money(shop, kind):
    world.limits(shop.here, document_bytes=8_000_000)
    shop.there.call("sandbox.fault", kind=kind, forfunc="vds", times=1, size=50_000_000)
    item = shop.order(VDS)
    shop.rest(item)
    assert shop.request(item)["state"] == "unsent"
    assert "reseller_unsent" in shop.error(item)
    assert shop.charges(item) == []
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_an_answer_of_50_megabytes_is_stopped_at_the_limit(shop):
    """The module must not read it all: its memory stays what it was for a small answer, give or take the limit."""
    world.limits(shop.here, document_bytes=1_000_000)
    shop.there.call("sandbox.fault", kind="huge", forfunc="vds", times=1, size=50_000_000)
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order(VDS)
    operation = shop.operation(item)["id"]
    argv = ["./processing/pmreseller", "--command", "open", "--item", str(item), "--runningoperation", str(operation)]
    done = subprocess.run(
        ["python3", "-c", PEAK, *argv], cwd=shop.here.base, capture_output=True, text=True, check=True, timeout=60
    )
    assert int(done.stdout.splitlines()[-1]) < 60_000
    shop.here.call("sandbox.queue", action="resume")
    shop.until_active(item)


#: runs a command and prints the peak of its resident memory in kB
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.parametrize("lines", [b"order_secs 5\n", b"look_times many\n", b"\xff\xfe 1\n"])
def test_lines_that_are_no_limits_are_named_everywhere_and_the_defaults_hold(shop, lines):
    conf = shop.here.base / "etc/reseller.conf"
    said = lines.decode(errors="replace").split()[0]
    conf.write_bytes(conf.read_bytes() + lines)
    item = shop.order(VDS)
    shop.rest(item)
    shop.until_active(item)
    ran, status = shop.ctl("checkevent"), shop.ctl("status")
    assert said in ran.stdout.decode() + ran.stderr.decode()
    assert said in status.stdout.decode()
    assert said in (shop.here.base / "var/reseller.log").read_text()
    world.limits(shop.here)


def test_a_file_of_limits_that_cannot_be_read_stops_nothing(shop):
    conf = shop.here.base / "etc/reseller.conf"
    conf.unlink()
    conf.mkdir()
    try:
        ran = shop.ctl("checkevent")
        assert "reseller.conf cannot be read" in ran.stdout.decode() + ran.stderr.decode()
    finally:
        conf.rmdir()
        world.limits(shop.here)


def test_a_log_that_cannot_be_written_stops_nothing(shop):
    """A pipe that nobody reads takes no byte; neither does a folder."""
    log = shop.here.base / "var/reseller.log"
    kept = log.rename(log.with_suffix(".kept"))
    os.mkfifo(log)
    try:
        item = shop.order(VDS)
        shop.until_active(item)
        log.unlink()
        log.mkdir()
        assert shop.ctl("checkevent").returncode == 0
    finally:
        log.rmdir()
        kept.rename(log)


def test_a_database_that_takes_no_changes_is_said_and_nothing_is_sent(shop):
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order(VDS)
    operation = str(shop.operation(item)["id"])
    with reader(shop) as user:
        config = f"DBUser {user}\nDBPassword x\nDBName {shop.here.database}\nDBSocket {shop.here.socket}"
        with broken_config(shop, config):
            done = module(shop, "--command", "open", "--item", str(item), "--runningoperation", operation)
            assert (done.returncode, error_of(done).get("type")) == (1, "reseller_database_refused")
            told = shop.ctl("checkevent")
            assert "database refused" in told.stdout.decode() + told.stderr.decode()
            assert "Traceback" not in told.stderr.decode()
    assert shop.charges(item) == []
    shop.here.call("sandbox.queue", action="resume")
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_the_handler_answers_employees_only(shop):
    with pytest.raises(Refused) as refused:
        shop.here.call("reseller.checkevent", su="client1")
    assert refused.value.type == "access"

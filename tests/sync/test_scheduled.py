"""What the line for cron starts: silent while runs are made, and never silent about one that was not."""

import contextlib
import json
import re
import subprocess

import pytest

from tests.support.world import limits


def cron(shop):
    """Our line, run as cron does: by /bin/sh with its bare environment; what it would mail, and its exit code."""
    lines = (shop.here.base / "etc/cron.d/reseller").read_text().splitlines()
    command = next(line for line in lines if re.match(r"\*/5 \* \* \* \*", line)).split(None, 6)[6]
    done = subprocess.run(
        ["/bin/sh", "-c", command], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def log(shop):
    return (shop.here.base / "var/reseller.log").read_text()


@pytest.fixture
def quick(shop):
    """A panel that is away is waited for but a moment."""
    limits(shop.here, panel_away_seconds=1)
    yield shop
    (shop.here.base / "var/reseller.cron").unlink(missing_ok=True)


@contextlib.contextmanager
def panel_down(shop):
    """Nobody listens where mgrctl calls."""
    socket = shop.here.base / "var/core.sock"
    away = socket.with_name("core.away")
    socket.rename(away)
    try:
        yield
    finally:
        away.rename(socket)


def test_a_run_prints_nothing(quick):
    assert cron(quick) == (0, "")
    assert not (quick.here.base / "var/reseller.cron").exists()


def begun(shop):
    """When the last run began, as the figures say it."""
    figures = (shop.here.base / "var/reseller.prom").read_text()
    return re.findall(r"^reseller_last_run_\w+\{.*\} .*$", figures, re.MULTILINE)


def test_cron_that_is_off_makes_no_run_and_says_nothing_whatever_is_wrong(quick):
    assert cron(quick) == (0, "")
    limits(quick.here, panel_away_seconds=1, cron=0)
    runs, lines = begun(quick), log(quick)
    assert cron(quick) == (0, "")
    with panel_down(quick):
        assert cron(quick) == (0, "")
        told = quick.ctl("cron", "--json")
    assert (told.returncode, json.loads(told.stdout)["off"]) == (0, True)
    assert quick.ctl("cron", "--pending").returncode == 0
    assert (begun(quick), log(quick)) == (runs, lines)
    # A person's run is not cron's.
    quick.checkevent()
    assert log(quick) != lines
    limits(quick.here, panel_away_seconds=1)
    lines = log(quick)
    assert cron(quick) == (0, "")
    assert log(quick) != lines


def test_a_panel_that_is_down_is_mailed_once_logged_each_time_and_again_when_it_is_over(quick):
    with panel_down(quick):
        before = log(quick).count("ERROR")
        code, mailed = cron(quick)
        assert code == 1
        assert "No run of checkevent could be made" in mailed
        assert "Traceback" not in mailed
        assert cron(quick) == (1, "")
        assert log(quick).count("ERROR") == before + 2
        kept = quick.here.base / "var/reseller.cron"
        told = json.loads(kept.read_text())
        kept.write_text(json.dumps({**told, "at": told["at"] - 86400, "since": told["since"] - 86400}))
        assert "No run of checkevent" in cron(quick)[1]
    code, mailed = cron(quick)
    assert code == 0
    assert re.search(r"made again, after 144\d minutes", mailed)
    assert cron(quick) == (0, "")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"sentence": 1}', '{"sentence": "x", "since": "y", "at": 1}'])
def test_what_was_kept_may_be_damaged(quick, content):
    (quick.here.base / "var/reseller.cron").write_text(content)
    with panel_down(quick):
        assert "No run of checkevent" in cron(quick)[1]


def test_a_database_that_is_down_is_logged_though_the_panel_answers(quick):
    conf = quick.here.base / "etc/billmgr.conf"
    kept = conf.read_text()
    conf.write_text(re.sub(r"(?m)^DBSocket .*", "DBSocket /nonexistent.sock", kept))
    try:
        code, mailed = cron(quick)
    finally:
        conf.write_text(kept)
    assert code == 1
    assert "No run of checkevent could be made" in mailed
    assert "checkevent: no run could start" in log(quick)
    assert "made again" in cron(quick)[1]


def test_what_fails_within_a_run_is_in_the_log(quick, vds):
    quick.there.call("sandbox.fault", kind="refused", forfunc="*", times=1000)
    before = len(log(quick))
    assert cron(quick) == (0, "")
    quick.there.call("sandbox.fault.clear")
    quick.here.write("DELETE FROM reseller_circuit")
    written = log(quick)[before:]
    assert re.search(r"ERROR \[\w+\] checkevent: .*cannot be reached", written), written


def test_pending_looks_only_at_what_is_open(quick):
    done = quick.ctl("cron", "--pending", "--json")
    assert json.loads(done.stdout) == {"made": True, "text": "", "summary": "nothing to do", "off": False}

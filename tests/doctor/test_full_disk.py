"""The disk of the log is full, for real: a small file system of its own. Nothing is done twice or left undone."""

import contextlib
import json
import subprocess

import pytest

from tests.support.keeping import changed
from tests.support.mirror import Mirror, waiting_order

SIZE = "64k"


@pytest.fixture
def small(shop, tmp_path):
    """A second tree (support/mirror.py) of which `var` is a file system of 64 KiB."""
    found = Mirror(shop, tmp_path)
    found.open()
    var = found.base / "var"
    var.unlink()
    var.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", var], check=True)
    yield found
    subprocess.run(["umount", var], check=True)
    found.close()


def fill(mirror):
    """Not a byte is left, nor a name."""
    with contextlib.suppress(OSError), (mirror.base / "var/ballast").open("wb", 0) as file:
        while True:
            file.write(b"x" * 4096)
    with pytest.raises(OSError, match="No space"):
        (mirror.base / "var/one").write_bytes(b"x" * 4096)
    (mirror.base / "var/one").unlink(missing_ok=True)


def opened(mirror, shop, item):
    operation = shop.operation(item)["id"]
    done = mirror.here.run(
        "processing/pmreseller", "--command", "open", "--item", str(item), "--runningoperation", str(operation)
    )
    assert b"Traceback" not in done.stdout + done.stderr


def test_an_order_is_bought_once_though_nothing_can_be_logged(small, shop):
    item = waiting_order(shop)
    fill(small)
    opened(small, shop, item)
    assert len(shop.charges(item)) == 1
    assert shop.links(item) or small.here.rows("SELECT id FROM reseller_request WHERE item = %s", item)
    before = changed(shop)
    done = small.here.run("sbin/resellerctl", "checkevent")
    assert b"Traceback" not in done.stdout + done.stderr
    assert changed(shop) == before
    log = small.base / "var/reseller.log"
    assert not log.exists() or log.stat().st_size == 0


def test_doctor_says_so_and_the_log_goes_on_once_there_is_room(small, shop):
    fill(small)
    done = small.here.run("sbin/resellerctl", "doctor", "--json")
    said = [each for each in json.loads(done.stdout)["findings"] if each["check"] == "disk" and "/var" in each["text"]]
    assert [each["verdict"] for each in said] == ["fails"]
    (small.base / "var/ballast").unlink()
    small.here.run("sbin/resellerctl", "checkevent")
    assert "checkevent:" in (small.base / "var/reseller.log").read_text()


def test_cron_still_says_that_no_run_could_be_made(small, shop):
    fill(small)
    script = small.base / "sbin/mgrctl"
    script.write_text("#!/bin/sh\necho no answer >&2\nexit 1\n")
    script.chmod(0o755)
    done = small.here.run("sbin/resellerctl", "cron")
    assert done.returncode == 1
    assert b"No run of checkevent could be made" in done.stderr


def test_an_archive_for_support_is_made_all_the_same(small, shop, tmp_path):
    fill(small)
    done = small.here.run("sbin/resellerctl", "support", str(tmp_path / "support.tar.gz"), "--json")
    assert done.returncode == 0, done.stderr
    parts = json.loads(done.stdout)["parts"]
    assert (len(parts), parts["doctor.json"] > 1000) == (7, True)

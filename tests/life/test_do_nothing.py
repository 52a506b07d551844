"""The panel's safety switch: while etc/billmgr.DoNothing is there checkevent and the skipped commands do nothing."""

import pytest

from reseller.wire import document


@pytest.fixture
def switched_off(shop):
    """The file, for one test."""
    file = shop.here.base / "etc/billmgr.DoNothing"
    file.touch()
    yield file
    file.unlink(missing_ok=True)


@pytest.mark.parametrize("command", ["open", "suspend", "resume", "prolong", "close", "reopen", "cancel_prolong"])
def test_no_command_does_anything_and_none_fails(shop, vds, switched_off, command):
    before = shop.here.value("SELECT COUNT(*) FROM reseller_request")
    done = shop.here.run("processing/pmreseller", "--command", command, "--item", str(vds), "--runningoperation", "0")
    assert (done.returncode, document.parse(done.stdout).find("error")) == (0, None)
    assert shop.here.value("SELECT COUNT(*) FROM reseller_request") == before


def test_cron_does_nothing_and_says_so_and_goes_on_afterwards(shop, switched_off):
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order("vds")
    done = shop.ctl("checkevent")
    assert b"DoNothing" in done.stdout
    assert shop.request(item) is None
    switched_off.unlink()
    shop.here.call("sandbox.queue", action="resume")
    shop.until_active(item)
    assert len(shop.charges(item)) == 1

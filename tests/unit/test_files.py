"""Files that are something else than what should lie there: nothing hangs, nothing is written elsewhere."""

import os
import resource
import stat
from pathlib import Path

import pytest

from reseller import files, limits
from reseller.log import Log
from reseller.mgr5 import control_panel_tariffs
from reseller.mgr5.features import PANELS_FILE
from reseller.mgr5.panel import Panel
from reseller.seller import client, proofs
from reseller.sync import metrics
from reseller.wire import texts
from reseller.wire.errors import NotSent, ResellerError


@pytest.fixture
def tree(tmp_path):
    """A panel's tree with the folders that we read and write in."""
    for name in ("etc/xml", "etc/billmgr.conf.d", "var"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def pipe(path):
    """A pipe that nobody reads or writes."""
    os.mkfifo(path)


def folder(path):
    path.mkdir()


def device(path):
    path.symlink_to("/dev/zero")


def too_much(path):
    with path.open("wb") as file:
        file.truncate(files.MOST_BYTES + 1)


STRANGE = pytest.mark.parametrize("lay", [pipe, folder, device, too_much])


@STRANGE
def test_what_is_no_file_of_a_bounded_size_is_not_read(tree, lay):
    lay(tree / "strange")
    with pytest.raises(OSError, match=r"regular|bytes"):
        files.read(tree / "strange")


@STRANGE
def test_no_reader_of_the_program_waits_for_what_lies_in_its_place(tree, lay):
    for name in (metrics.Limits().metrics_file, PANELS_FILE, proofs.OWN, "etc/reseller.conf", "ca.pem"):
        lay(tree / name)
    lay(tree / "etc/billmgr.conf.d/50-strange")
    lay(tree / "etc/xml/billmgr_mod_reseller_strange.xml")
    (tree / "etc/billmgr.conf").write_text("DBName billing\n")

    assert metrics.last(tree, metrics.Limits(), metrics.LAST_RUN) == {}
    assert control_panel_tariffs.read(tree) == {}
    assert [wrong.type for wrong in proofs.load(tree).wrong] == ["reseller_proofs"]
    found, wrong = limits.load(tree)
    assert (found, [each.type for each in wrong]) == (limits.Limits(), ["reseller_limits_unread"])
    assert Panel(tree).config() == {"DBName": "billing"}
    assert texts.word(tree, ResellerError("reseller_gone")) == "reseller_gone"
    with pytest.raises(NotSent, match="reseller_cafile"):
        client.Client(metrics.Limits(), cafile=str(tree / "ca.pem"))


def test_the_switch_that_stops_everything_counts_whatever_it_is(tree):
    for lay in (pipe, folder, device):
        switch = tree / "etc/billmgr.DoNothing"
        lay(switch)
        assert Panel(tree).does_nothing
        switch.rmdir() if lay is folder else switch.unlink()


def test_a_file_is_replaced_in_one_step_with_its_mode_and_nothing_else_is_left(tree):
    path = tree / "file"
    before = os.umask(0o077)
    try:
        files.replace(path, "one\n", 0o644)
    finally:
        os.umask(before)
    first = path.stat()
    files.replace(path, "two\ud800\n", 0o640)
    assert path.read_text() == "two\\ud800\n"
    assert (stat.S_IMODE(first.st_mode), stat.S_IMODE(path.stat().st_mode)) == (0o644, 0o640)
    assert path.stat().st_ino != first.st_ino, "whoever reads the old one goes on reading the old one"
    assert sorted(each.name for each in tree.iterdir()) == ["etc", "file", "var"]


@pytest.mark.parametrize("lay", [pipe, device, too_much])
def test_what_lies_in_the_place_of_a_file_goes_and_what_a_link_leads_to_stays(tree, lay):
    lay(tree / "file")
    files.replace(tree / "file", "ours\n", 0o644)
    assert stat.S_ISREG((tree / "file").lstat().st_mode)
    assert stat.S_ISCHR(Path("/dev/zero").stat().st_mode)


def test_a_file_that_cannot_be_put_there_leaves_nothing_beside_it(tree):
    (tree / "var/file").mkdir()
    with pytest.raises(IsADirectoryError):
        files.replace(tree / "var/file", "ours\n", 0o644)
    assert [each.name for each in (tree / "var").iterdir()] == ["file"]
    with pytest.raises(FileNotFoundError):
        files.replace(tree / "nowhere/file", "ours\n", 0o644)


def link(path):
    path.symlink_to(path.parent / "elsewhere")


@pytest.mark.parametrize("lay", [pipe, folder, link])
def test_a_log_that_is_none_stops_nothing_and_leads_nowhere(tree, lay):
    lay(tree / "var/reseller.log")
    Log(tree).info("something was done")
    assert not (tree / "var/elsewhere").exists()


def test_a_pipe_that_somebody_reads_gets_no_log(tree):
    pipe(tree / "var/reseller.log")
    reader = os.open(tree / "var/reseller.log", os.O_RDONLY | os.O_NONBLOCK)
    Log(tree).info("something was done")
    assert os.read(reader, 100) == b""
    os.close(reader)


def test_a_full_disk_stops_no_work(tree):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        Log(tree).info("something was done")
        with pytest.raises(OSError, match="large"):
            files.replace(tree / "file", "x" * 100, 0o644)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert sorted(each.name for each in tree.iterdir()) == ["etc", "var"]


def test_figures_of_impossible_length_are_none(tree):
    name = f"{metrics.PREFIX}{metrics.LAST_RUN}"
    lines = [f'{name}{{module="1"}} {"9" * 5000}', f'{name}{{module="{"9" * 5000}"}} 1', f'{name}{{module="2"}} ٣']
    (tree / metrics.Limits().metrics_file).write_text("\n".join([*lines, f'{name}{{module="7"}} 12', ""]))
    assert metrics.last(tree, metrics.Limits(), metrics.LAST_RUN) == {7: 12}

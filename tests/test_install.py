"""`make install` and `make uninstall` on the tree of a running panel."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lxml import etree

from tests import environment
from tests.world import ROOT, make

EXECUTABLES = ["addon/reseller", "processing/pmreseller", "sbin/resellerctl"]


def listing(base):
    """Everything in the tree but what a running panel itself writes: path -> mode, owner, content."""
    found = {}
    for path in sorted(base.rglob("*")):
        name = path.relative_to(base)
        if name.parts[0] in {"var", "tmp"}:
            continue
        state = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(name)] = (oct(state.st_mode), state.st_uid, state.st_gid, content)
    return found


def restart(base):
    subprocess.run([base / "sbin/mgrctl", "-m", "billmgr", "exit"], capture_output=True, check=True)


def functions(base):
    """Names of the functions that the panel lists."""
    answer = subprocess.run([base / "sbin/mgrctl", "-m", "billmgr", "-i"], capture_output=True, text=True, check=True)
    return set(re.split(r"[\s,;:=]+", answer.stdout))


@pytest.fixture(scope="module")
def bare(sandbox):
    """The reselling panel's tree without the add-on. What was there before comes back at the end."""
    base = Path(sandbox.panels["reseller"]["base"])
    was_installed = (base / "lib/reseller/manifest").exists()
    if was_installed:
        assert make("uninstall", f"PREFIX={base}").returncode == 0
    yield base, listing(base)
    if was_installed:
        assert make("install", f"PREFIX={base}", variables=environment.variables()).returncode == 0
    elif (base / "lib/reseller/manifest").exists():
        make("uninstall", f"PREFIX={base}")


@pytest.fixture
def installed(bare):
    """The same tree with the add-on."""
    base, _ = bare
    if not (base / "lib/reseller/manifest").exists():
        done = make("install", f"PREFIX={base}")
        assert done.returncode == 0, done.stdout + done.stderr
    return base


def test_executables_belong_to_root_and_run_isolated_in_their_own_environment(installed):
    base = installed
    for name in EXECUTABLES:
        path = base / name
        state = path.stat()
        assert (oct(state.st_mode & 0o7777), state.st_uid, state.st_gid) == ("0o750", os.getuid(), os.getgid()), name
        assert path.read_text().splitlines()[0] == f"#!{base}/lib/reseller/venv/bin/python -I"
        assert path.read_text().splitlines()[1:] == (ROOT / name).read_text().splitlines()[1:]


def test_every_description_of_the_interface_is_installed_unchanged(installed):
    base = installed
    sources = list((ROOT / "xml").glob("*.xml"))
    assert sources
    for source in sources:
        path = base / "etc/xml" / source.name
        assert path.read_bytes() == source.read_bytes()
        assert oct(path.stat().st_mode & 0o7777) == "0o640"


def test_the_catalogue_of_modules_has_our_entry(installed):
    base = installed
    plugin = etree.parse(base / "etc/xml/billmgr_mod_pmreseller.xml").find("plugin[@name='pmreseller']")
    assert plugin is not None
    assert plugin.findtext("group") == "processing_module"


def test_the_panel_knows_our_functions_after_the_install(installed):
    base = installed
    assert {"checkevent", "reseller.checkevent"} <= functions(base)


def test_checkevent_and_setremoteid_are_functions_of_ours_only_where_the_panel_has_none(installed):
    base = installed
    names = {"checkevent": "checkevent", "setremoteid": "item.setremoteid"}
    paths = {name: base / f"etc/xml/billmgr_mod_reseller_{name}.xml" for name in names}
    ours = {name: path.read_bytes() for name, path in paths.items()}
    for path in paths.values():
        path.unlink()
    restart(base)
    known = functions(base)
    for name, path in paths.items():
        path.write_bytes(ours[name])
        path.chmod(0o640)
    restart(base)
    kinds = {name: "event" if func in known else "func" for name, func in names.items()}
    assert set(kinds.values()) == {"event", "func"}, "both ways are tried, by one each"
    for name, kind in kinds.items():
        assert ours[name] == (ROOT / f"xml/stock/billmgr_mod_reseller_{name}_{kind}.xml").read_bytes()


def test_cron_calls_checkevent_every_five_minutes_and_offers_every_minute(installed):
    base = installed
    path = base / "etc/cron.d/reseller"
    lines = path.read_text().splitlines()
    assert oct(path.stat().st_mode & 0o7777) == "0o644"  # cron refuses files that others may write
    assert f"*/5 * * * * root {base}/sbin/mgrctl -m billmgr checkevent >/dev/null 2>&1" in lines
    optional = f"{base}/sbin/mgrctl -m billmgr reseller.checkevent pending=on"
    assert next(line for line in lines if optional in line).startswith("#* * * * * root ")
    assert "/usr/local/mgr5" not in path.read_text()


def test_the_environment_holds_the_library_and_needs_exactly_three_others(installed):
    base = installed
    program = """if True:
        import importlib.metadata, reseller, sys
        print(reseller.__file__)
        print(*(need for need in importlib.metadata.requires("billmanager-plugin-reseller") if "extra" not in need))
    """
    python = base / "lib/reseller/venv/bin/python"
    answer = subprocess.run([python, "-I", "-c", program], capture_output=True, text=True, check=True).stdout
    where, needs = answer.splitlines()
    assert Path(where).is_relative_to(base / "lib/reseller")
    assert sorted(re.split(r"\W", need)[0].lower() for need in needs.split()) == ["lxml", "pymysql", "requests"]
    assert list(Path(where).parent.glob("__pycache__/*.pyc")), "not byte-compiled"


def test_the_manifest_names_every_file_and_made_directory(bare, installed):
    base, before = bare
    paths = (base / "lib/reseller/manifest").read_text().splitlines()
    new = {name for name in listing(base) if name not in before and not name.startswith("lib/reseller/")}
    assert new == {str(Path(path).relative_to(base)) for path in paths}
    assert all(Path(path).is_dir() == path.endswith("/") for path in paths)


def test_a_second_install_is_an_upgrade(installed):
    base = installed
    first = (base / "lib/reseller/venv").readlink()
    manifest = base / "lib/reseller/manifest"
    dropped = base / "etc/xml/billmgr_mod_reseller_of_an_older_version.xml"
    dropped.write_text("<mgrdata/>")
    checkevent = base / "etc/xml/billmgr_mod_reseller_checkevent.xml"
    before, ours = manifest.read_text(), checkevent.read_bytes()
    manifest.write_text(f"{before}{dropped}\n")
    (base / "addon/reseller").write_text("an older version\n")

    done = make("install", f"PREFIX={base}", variables=environment.variables())

    assert done.returncode == 0, done.stdout + done.stderr
    assert all(path in done.stdout for path in before.splitlines()), "it lists what is where"
    assert manifest.read_text() == before
    assert checkevent.read_bytes() == ours, "our own function was taken for the panel's"
    assert not dropped.exists()
    assert (base / "addon/reseller").read_text().startswith("#!")
    assert [path.name for path in base.glob("lib/reseller/venv-*")] == [(base / "lib/reseller/venv").readlink().name]
    assert (base / "lib/reseller/venv").readlink() != first


def test_a_failed_upgrade_leaves_the_installed_version_as_it_was(installed, tmp_path):
    base = installed
    before = listing(base)
    done = make("install", f"PREFIX={base}", f"WHEELS={tmp_path}")
    assert done.returncode != 0
    assert listing(base) == before


def test_uninstall_leaves_the_tree_as_it_was_and_says_that_the_tables_stay(bare, installed):
    base, before = bare
    done = make("uninstall", f"PREFIX={base}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tables reseller_* of its database were kept" in done.stdout
    assert listing(base) == before
    assert "reseller.checkevent" not in functions(base)
    again = make("uninstall", f"PREFIX={base}")
    assert again.returncode != 0
    assert "Nothing to take out" in again.stderr


def test_what_is_said_of_the_panels_functions_is_one_of_two_words(tmp_path):
    for name in ("CHECKEVENT", "SETREMOTEID"):
        done = make("install", f"PREFIX={tmp_path}", f"{name}=yes")
        assert done.returncode != 0
        assert f"{name} is func or event, not yes." in done.stderr


@pytest.mark.parametrize(
    ("prefix", "reason"),
    [
        ("", "PREFIX is empty"),
        ("relative/mgr5", "is not an absolute path"),
        ("{tmp}/with space/mgr5", "cannot be used"),
        ("{tmp}/100%/mgr5", "cannot be used"),
        ("{tmp}/" + "x" * 120, "is too long"),
        ("{tmp}", "is not a panel's tree"),
    ],
)
def test_a_tree_that_cannot_work_is_refused_before_anything_is_written(tmp_path, prefix, reason):
    done = make("install", f"PREFIX={prefix.format(tmp=tmp_path)}")
    assert done.returncode != 0
    assert reason in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_not_ours_is_not_overwritten(sandbox, tmp_path):
    base = tmp_path / "mgr5"
    (base / "sbin").mkdir(parents=True)
    shutil.copy(Path(sandbox.panels["reseller"]["base"], "sbin/mgrctl"), base / "sbin/mgrctl")
    (base / "addon").mkdir()
    (base / "addon/reseller").write_text("somebody else's\n")
    before = listing(base)
    done = make("install", f"PREFIX={base}")
    assert done.returncode != 0
    assert f"{base}/addon/reseller is there and was not installed by us" in done.stderr
    assert listing(base) == before

"""What a package's programs do, in temporary roots; packages in whole systems are in tests/packages/on_debian.py."""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import build_packages
from scripts.lock import PYTHONS
from tests.support.world import ROOT

NEWEST_FIRST = tuple(reversed(PYTHONS))
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
MGRCTL = "#!/bin/sh\necho checkevent\n"
SILENT = "#!/bin/sh\nexit 1\n"


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def run(path, *words, **variables):
    given = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run([path, *words], env=given, capture_output=True, text=True, timeout=100, check=False)


# Which Python.


@pytest.fixture
def library(tmp_path):
    """`lib/reseller` of a package, with interpreters that say their names and arguments."""
    folder = tmp_path / "mgr5/lib/reseller"
    for name in ("python", "settle"):
        program(folder / name, (ROOT / "package" / name).read_text())
    (folder / "tree.sh").write_text((ROOT / "scripts/tree.sh").read_text())
    (folder / "modes").write_text("")
    (folder / "packages").mkdir()
    for version in PYTHONS:
        program(folder / f"python{version}/bin/python", f'#!/bin/sh\necho {version} "$@"\n')
    return folder


def test_the_newest_python_runs_and_each_older_one_when_those_before_it_are_gone(library):
    for version in NEWEST_FIRST:
        done = run(library / "python", "-I", "a b")
        assert (done.returncode, done.stdout) == (0, f"{version} -I a b\n")
        (library / f"python{version}/bin/python").unlink()
        # As a host without that Python has it: the package's link leads nowhere.
        (library / f"python{version}/bin/python").symlink_to("/nowhere/python")
    done = run(library / "python", "-I")
    assert done.returncode == 127
    assert "apt-get install python3" in done.stderr


def test_the_python_that_has_proven_to_work_comes_first_as_long_as_it_is_there(library):
    (library / "chosen").write_text("python3.9\n")
    assert run(library / "python").stdout == "3.9\n"
    (library / "python3.9/bin/python").unlink()
    assert run(library / "python").stdout == f"{NEWEST_FIRST[0]}\n"


def test_a_python_that_does_not_load_what_we_need_is_passed_over(library):
    for version in PYTHONS:
        (library / f"python{version}/bin/python").unlink()
    program(library / f"python{NEWEST_FIRST[0]}/bin/python", "#!/bin/sh\necho 'no such library' >&2\nexit 1\n")
    program(library / f"python{PYTHONS[0]}/bin/python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    done = run(library / "settle", "files")
    assert (library / "chosen").read_text() == f"python{PYTHONS[0]}\n"
    assert f"/usr/bin/python{NEWEST_FIRST[0]} does not load what we need: no such library" in done.stderr
    assert run(library / "python", "-I", "-c", "print(5)").stdout == "5\n"
    program(library / f"python{PYTHONS[0]}/bin/python", SILENT)
    done = run(library / "settle", "files")
    assert done.returncode == 1
    assert not (library / "chosen").exists()


# What is in a package.


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """What a package for this machine has, for one Python, with the wheels of that one."""
    found = build_packages.Tree(tmp_path_factory.mktemp("tree"), 1_700_000_000)
    build_packages.fill(found, "amd64", ROOT / "build/wheels", [HERE])
    return found


def test_two_trees_of_the_same_checkout_are_equal_whatever_the_clock_and_the_mask(tree, tmp_path):
    mask = os.umask(0o077)
    again = build_packages.Tree(tmp_path / "again", 1_700_000_000)
    build_packages.fill(again, "amd64", ROOT / "build/wheels", [HERE])
    os.umask(mask)

    def told(one):
        return [{**each, "src": str(each.get("src", "")).replace(str(one.root), "")} for each in one.entries()]

    assert told(again) == told(tree)
    assert {each["file_info"]["mtime"] for each in told(tree)} == {"2023-11-14T22:13:20Z"}
    for path in sorted(tree.root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            other = again.root / path.relative_to(tree.root)
            assert (path.read_bytes(), path.stat().st_mode) == (other.read_bytes(), other.stat().st_mode), path


def test_a_package_imports_the_locked_libraries_and_the_library_of_this_checkout(tree):
    library = tree.root / "usr/local/mgr5/lib/reseller"
    # The interpreter of this machine may lie elsewhere than a distribution's.
    real = Path(os.path.realpath(sys.executable))
    home = shutil.copytree(library / f"python{HERE}", library / "tried", symlinks=True)
    (home / "bin/python").unlink()
    (home / "bin/python").symlink_to(real)
    (home / "pyvenv.cfg").write_text((home / "pyvenv.cfg").read_text().replace("/usr/bin", str(real.parent)))
    code = "import lxml.etree, pymysql, requests, urllib3, reseller, importlib.metadata as m; print(reseller.__file__);"
    code += "print(*sorted(d.metadata['Name'].lower() + '==' + d.version for d in m.distributions()))"
    done = run(home / "bin/python", "-IB", "-c", code)
    shutil.rmtree(home)
    assert done.returncode == 0, done.stderr
    where, found = done.stdout.splitlines()
    assert where.startswith(str(home))
    locked = build_packages.locked(HERE)
    assert found.replace("_", "-").split() == sorted(
        f"{each.requirement.name}{each.requirement.specifier}" for each in locked
    )


def test_a_package_has_the_files_and_modes_of_make_install_with_first_lines_of_its_own(tree):
    base = tree.root / "usr/local/mgr5"
    lines = (base / "lib/reseller/manifest").read_text().splitlines()
    for name in ("addon/reseller", "addon/reseller_lists", "processing/pmreseller", "sbin/resellerctl"):
        text = (base / name).read_text()
        assert "venv" not in text
        assert "lib/reseller/python" in text
        assert stat.S_IMODE((base / name).stat().st_mode) == 0o750
        assert f"/usr/local/mgr5/{name}" in lines
    for path in (ROOT / "xml").glob("*.xml"):
        assert (base / "etc/xml" / path.name).read_bytes() == path.read_bytes()
        assert f"/usr/local/mgr5/etc/xml/{path.name}" in lines
    chosen_on_the_host = {"billmgr_mod_reseller_checkevent.xml", "billmgr_mod_reseller_setremoteid.xml"}
    missing = {line for line in lines if not (tree.root / line[1:]).exists()}
    assert missing == {f"/usr/local/mgr5/etc/xml/{name}" for name in chosen_on_the_host}
    assert not list(tree.root.rglob("*.pyc"))


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("etc/cron.d/reseller", "d02d806ca123420be29c7e19484f18e0fbec2f399ab7f63d7b0a7b7b3e74b2b4"),
        ("etc/logrotate.d/reseller", "73b9e9c79cd60ba84d0b6ff7daa54e13f80eba41044fb4e52a27ad4673882690"),
    ],
)
def test_what_an_operator_may_edit_is_the_same_in_every_release(name, digest):
    assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == digest


# What is refused before anything is unpacked, and what never fails afterwards.


@pytest.fixture
def host(tmp_path):
    """A root with a panel that answers and a Python; `preinst` is the program of a package that needs little room."""
    root = tmp_path / "root"
    program(root / "usr/local/mgr5/sbin/mgrctl", MGRCTL)
    program(root / "usr/bin/python3.9", "")
    (root / "etc/cron.d").mkdir(parents=True)
    (root / "etc/logrotate.d").mkdir(parents=True)
    return root


def preinst(host, **known):
    figures = {"KILOBYTES": 1, "FILES": 1, "SCHEMA": 5, "CRON": "c", "LOGROTATE": "l", **known}
    text = (ROOT / "package/preinst").read_text()
    program(host.parent / "preinst", re.sub(r"@([A-Z]+)@", lambda found: str(figures[found[1]]), text))
    return run(host.parent / "preinst", "install", DPKG_ROOT=str(host))


def listed(root):
    return sorted((str(path), path.read_bytes() if path.is_file() else b"") for path in root.rglob("*"))


@pytest.mark.parametrize(
    ("spoil", "known", "reason"),
    [
        (lambda host: (host / "usr/local/mgr5/sbin/mgrctl").unlink(), {}, "has no BILLmanager"),
        (lambda host: (host / "usr/bin/python3.9").unlink(), {}, "has no Python 3.9 to 3.14 of its distribution"),
        (Path.exists, {"KILOBYTES": 10**12}, "KiB left, and 1000000000000 are needed"),
        (Path.exists, {"FILES": 10**12}, "free inodes left, and 1000000000000 are needed"),
        (lambda host: program(host / "usr/local/mgr5/addon/reseller", "theirs"), {}, "is there and is not ours"),
        (lambda host: program(host / "usr/local/mgr5/sbin/mgrctl", SILENT), {}, "does not list its functions"),
        (lambda host: program(host / "usr/local/mgr5/sbin/mgrctl", "#!/bin/sh\n"), {}, "does not list its functions"),
    ],
)
def test_what_makes_an_installation_impossible_is_refused_in_words_and_changes_nothing(host, spoil, known, reason):
    spoil(host)
    before = listed(host)
    done = preinst(host, **known)
    assert done.returncode == 1
    assert reason in done.stderr
    assert done.stderr.startswith("billmanager-plugin-reseller is not installed: ")
    assert listed(host) == before


def test_tables_of_a_newer_version_are_refused(host):
    library = host / "usr/local/mgr5/lib/reseller"
    program(library / "python", "#!/bin/sh\necho 6\n")
    (library / "kinds").write_text("func func\n")
    done = preinst(host)
    assert done.returncode == 1
    assert "are of version 6, and this package knows up to 5" in done.stderr
    # A database that does not answer is no reason: the first process that needs the tables looks again.
    program(library / "python", SILENT)
    assert preinst(host).returncode == 0


def test_what_make_install_has_put_there_is_taken_over_with_an_operators_edits(host):
    library = host / "usr/local/mgr5/lib/reseller"
    program(library / "venv/bin/python", "")
    program(library / "settle", "#!/bin/sh\n")
    xml = host / "usr/local/mgr5/etc/xml"
    obsolete, foreign = xml / "billmgr_mod_reseller_old.xml", xml / "billmgr_mod_other.xml"
    for path in (obsolete, foreign):
        program(path, "<mgrdata/>")
    cron, rotation = host / "etc/cron.d/reseller", host / "etc/logrotate.d/reseller"
    cron.write_text("edited\n")
    (library / "manifest").write_text("".join(f"{path}\n" for path in (obsolete, foreign, cron, rotation, f"{xml}/")))
    for _ in range(2):  # the second time as after a kill
        assert preinst(host).returncode == 0
        assert not cron.exists()
    # Unpacked: the package's own files.
    (library / "manifest").write_text(f"{cron}\n{rotation}\n")
    (library / "modes").write_text("")
    (library / "tree.sh").write_text((ROOT / "scripts/tree.sh").read_text())
    cron.write_text("shipped\n")
    rotation.write_text("shipped\n")
    for _ in range(2):
        assert run(ROOT / "package/postinst", "configure", DPKG_ROOT=str(host)).returncode == 0
        assert cron.read_text() == "edited\n"
        assert not rotation.exists(), "it was deleted before"
        assert (obsolete.exists(), foreign.exists()) == (False, True)
        assert not list(library.glob("venv*")), "the environment of make install stays"
        assert not (library / "kept").exists()


@pytest.mark.parametrize(("name", "words"), [("postinst", ("1",)), ("prerm", ("0",))])
def test_what_a_killed_rpm_had_begun_to_write_goes_and_nothing_of_others(host, name, words):
    base = host / "usr/local/mgr5"
    ours = [
        *("addon/reseller_lists", "processing/pmreseller", "sbin/resellerctl", "etc/xml/billmgr_mod_reseller_swap.xml"),
        *("lib/reseller/packages/lxml/etree.so", "src/pmreseller/Makefile"),
    ]
    begun = [base / f"{each};6b0d7ad1" for each in ours]
    begun += [host / f"etc/{each}/reseller;6b0d7ad1" for each in ("cron.d", "logrotate.d")]
    begun.append(host / "usr/share/doc/billmanager-plugin-reseller/copyright;6b0d7ad1")
    begun += [base / "addon/.reseller.Ab3xYz", host / "etc/cron.d/.reseller.Ab3xYz"]
    others = [base / "addon/other;6b0d7ad1", base / "addon/reseller;6b0d", host / "etc/cron.d/backup;6b0d7ad1"]
    whole = [base / ours[0], host / "etc/cron.d/reseller"]
    for path in (*begun, *others, *whole):
        program(path, "")
    program(base / "lib/reseller/tree.sh", (ROOT / "scripts/tree.sh").read_text())
    program(base / "lib/reseller/settle", "#!/bin/sh\n")
    assert run(ROOT / "package" / name, *words, DPKG_ROOT=str(host)).returncode == 0
    assert [path for path in begun if path.exists()] == []
    assert [path for path in (*others, *whole) if not path.exists()] == []


def test_folders_of_the_panel_that_a_package_manager_has_found_empty_are_made_again(host):
    base = host / "usr/local/mgr5"
    (base / "addon").mkdir()
    (base / "addon").chmod(0o751)
    assert preinst(host).returncode == 0
    assert preinst(host).returncode == 0
    (base / "addon").rmdir()
    (base / "sbin/mgrctl").unlink()
    (base / "sbin").rmdir()
    assert run(ROOT / "package/postrm", "remove", DPKG_ROOT=str(host)).returncode == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in base.iterdir()}
    assert modes == {"addon": 0o751, "sbin": 0o755, "lib": 0o755}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("postinst", ("configure", "")),
        ("postinst", ("triggered", "/usr/bin/python3.11")),
        ("postinst", ("abort-upgrade", "1")),
        ("postinst", ("2",)),
        ("prerm", ("remove",)),
        ("prerm", ("upgrade", "1")),
        ("prerm", ("0",)),
        ("postrm", ("remove",)),
        ("postrm", ("purge",)),
        ("postrm", ("abort-install",)),
        ("postrm", ("failed-upgrade", "1")),
        ("postrm", ("0",)),
        ("postrm", ("1",)),
    ],
)
def test_no_program_fails_after_unpacking_even_where_nothing_is_left(tmp_path, name, words):
    done = run(ROOT / "package" / name, *words, DPKG_ROOT=str(tmp_path))
    assert done.returncode == 0, done.stderr


def test_a_panel_that_never_answers_holds_nothing_up_for_ever():
    """Each call of the panel has a limit, and reads nothing of the terminal."""
    for path in [*(ROOT / "package").iterdir(), ROOT / "scripts/tree.sh"]:
        for line in path.read_text().splitlines():
            if 'mgrctl" -m' in line or 'MGRCTL" -m' in line:
                assert re.search(r"timeout \d+ .*</dev/null", line), f"{path.name}: {line}"


def test_purge_leaves_what_make_install_has_put_there_meanwhile(host):
    base = host / "usr/local/mgr5"
    (base / "lib/reseller").mkdir(parents=True)
    (base / "etc").mkdir()
    (base / "etc/reseller.conf").write_text("read_seconds 5\n")
    (base / "lib/reseller/manifest").write_text("")
    before = listed(host)
    assert run(ROOT / "package/postrm", "purge", DPKG_ROOT=str(host)).returncode == 0
    assert listed(host) == before
    (base / "lib/reseller/manifest").unlink()
    done = run(ROOT / "package/postrm", "purge", DPKG_ROOT=str(host))
    assert "tables reseller_* of the panel's database stay" in done.stdout
    assert not (base / "etc/reseller.conf").exists()

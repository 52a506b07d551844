"""The packages in whole systems of Debian 11, 12 and 13, each with a stand-in panel at /usr/local/mgr5.

As root, by `make test-packages`: it takes a quarter of an hour and fetches the systems, so `make test` does not run it.
"""

import os
import re
import shutil
import subprocess
import sys

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
#: seconds into an installation at which it is killed; what is hit differs from run to run, and each has to be mended
MOMENTS = (0.05, 0.2, 0.5, 0.9, 1.5, 2.5)


def packed(source, folder):
    """Make the .deb of a source tree for this machine."""
    words = ["-m", "scripts.build_packages", "--arch", "amd64", "--format", "deb", "--to", folder]
    given = {**os.environ, "PYTHONPATH": str(source), "SOURCE_DATE_EPOCH": "1700000000"}
    shell(sys.executable, *words, cwd=source, env=given)


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A folder with the package of this checkout, and with one of an older program."""
    folder, source = tmp_path_factory.mktemp("packages"), tmp_path_factory.mktemp("older")
    packed(ROOT, folder)
    parts = ("reseller", "xml", "addon", "processing", "sbin", "etc", "LICENSE", "requirements.txt")
    archive = subprocess.run(["git", "archive", OLDER, *parts], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", source], input=archive, check=True)
    for name in ("package", "scripts"):
        shutil.copytree(ROOT / name, source / name)
    (source / "build").symlink_to(BUILD)
    shutil.copy(ROOT / "reseller/cli/uninstall.py", source / "reseller/cli/uninstall.py")
    version = source / "reseller/__init__.py"
    version.write_text(version.read_text().replace(f'"{NEW}"', f'"{OLD}"'))
    packed(source, folder)
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

    install(system, NEW)
    assert system.ctl("--version").split()[-1] == NEW
    assert failing(system) == []
    assert system.inside("schema") > old_schema
    assert system.inside("counts") == rows
    assert system.inside("finish", *open_items)["charges"] == [1, 1], "bought twice, or not at all"
    assert system.inside("order")["charges"] == 1
    rows = system.inside("counts")
    assert not [each for each in system.files() if OLD in each], "files of the older version stay"

    told = system.must("apt-get", "-q", "-y", "-o", "Dpkg::Use-Pty=0", "remove", NAME)
    living = int(re.search(r"(\d+) services stay at sellers", told)[1])
    assert living > LINKS
    left = [each for each in system.files() if each not in before]
    assert [each.split()[0] for each in left if "reseller" in each] == [
        "/etc/cron.d/reseller",
        "/etc/logrotate.d/reseller",
    ]
    assert system.run("test", "-e", "/usr/local/mgr5/var/reseller.prom").returncode == 1, "it would alarm for ever"
    assert system.inside("counts") == rows

    install(system, NEW)
    assert failing(system) == []
    assert system.inside("counts") == rows
    assert system.inside("order")["charges"] == 1
    living += 1

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

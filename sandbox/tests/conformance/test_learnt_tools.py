"""additions-2.md e.1, e.2, f.2, f.3, h.20: what installers of plug-ins and health checks call in a panel's tree."""

import os
import subprocess
from pathlib import Path

import pytest

from sandbox.switches import REGISTRY
from sandbox.tests.panels import until

MAKEFILE = """MGR = billmgr
PLUGIN = pmmade
BASE ?= {base}
dist-prepare: $(DISTDIR)/processing/pmmade
$(DISTDIR)/processing/pmmade: src/pmmade.sh
\tmkdir -p $(DISTDIR)/processing
\tcp src/pmmade.sh $(DISTDIR)/processing/pmmade
\tchmod 755 $(DISTDIR)/processing/pmmade
include $(BASE)/src/isp.mk
"""
MODULE = "#!/bin/sh\necho '<doc><features><feature name=\"open\"/></features></doc>'\n"
XML = "<mgrdata><lang name='en'><messages name='pmmade'><msg name='hello'>Hello {}</msg></messages></lang></mgrdata>"


@pytest.fixture
def base(pair):
    return pair.reseller.base


@pytest.fixture
def source(tmp_path, base):
    """A plug-in as the vendor's samples are laid out."""
    folder = tmp_path / "pmmade"
    for name, text in (
        ("Makefile", MAKEFILE.format(base=base)),
        ("src/pmmade.sh", MODULE),
        ("xml/billmgr_mod_pmmade.xml", XML.format("made")),
        ("dist/skins/common/plugin-logo/billmanager-plugin-pmmade.png", "logo"),
    ):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    yield folder
    for name in ("processing/pmmade", "etc/xml/billmgr_mod_pmmade.xml"):
        (base / name).unlink(missing_ok=True)


def run(*words, cwd=None):
    done = subprocess.run(list(map(str, words)), cwd=cwd, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pid(panel):
    return panel.call("sandbox.queue").findtext("pid")


@pytest.mark.fact("F2-01")
def test_the_folder_etc_is_not_for_everybody(base):
    assert (base / "etc").stat().st_mode & 0o777 == 0o750


@pytest.mark.fact("H20-02")
def test_installers_source_their_functions(pair, base):
    before = pid(pair.reseller)
    script = f". {base}/lib/pkgsh/core_pkg_funcs.sh; Info $OSTYPE; Error no >&2; PkgInstall make php; ReloadMgr billmgr"
    said = run("sh", "-ec", script)
    assert said == ("REDHAT\n" if Path("/etc/redhat-release").exists() else "DEBIAN\n")
    assert (base / "var/pkginstall.log").read_text().split()[-2:] == ["make", "php"]
    until(lambda: pid(pair.reseller) != before, "not restarted")


@pytest.mark.fact("P7.2-08", "F3-01", "F3-02", "H20-03")
def test_a_plain_plug_in_is_made_and_installed_by_isp_mk(pair, base, source, tmp_path):
    root = tmp_path / "buildroot/usr/local/mgr5"
    run("make", "dist", f"DISTDIR={root}", "NOEXTERNAL=yes", "RELEASE=yes", cwd=source)
    made = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    logo = "skins/common/plugin-logo/billmanager-plugin-pmmade.png"
    assert made == {"processing/pmmade", "etc/xml/billmgr_mod_pmmade.xml", logo}
    run("make", "install-only", cwd=source)
    assert os.access(base / "processing/pmmade", os.X_OK)
    before = pid(pair.reseller)
    run("make", "install", cwd=source)
    until(lambda: pid(pair.reseller) != before, "not restarted")
    assert "pmmade" in [row.findtext("module") for row in pair.reseller.call("sandbox.modules")]
    for target in ("clean", "localconfig", "centos-prepare", "debian-prepare"):
        run("make", target, cwd=source)
    run("make", "-f", base / "src/isp.mk", "debian-prepare")


def test_binary_plug_ins_are_refused(source):
    file = source / "Makefile"
    file.write_text("WRAPPER += x\n" + file.read_text())
    done = subprocess.run(["make", "dist"], cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "no binary plug-ins: x" in done.stderr


@pytest.mark.fact("P1.1-50")
@pytest.mark.parametrize("words", ["-v 5.1 -M ru -I", "--meta-cache --apply", "--lang-cache ru --base en --apply"])
def test_xmlinstall_makes_the_panel_read_its_files_anew(pair, base, words):
    pair.reseller.install("etc/xml", "billmgr_mod_pmmade.xml", XML.format("again"))
    before = pid(pair.reseller)
    run(base / "sbin/xmlinstall", "-m", "billmgr", *words.split())
    assert pid(pair.reseller) != before
    (base / "etc/xml/billmgr_mod_pmmade.xml").unlink()
    other = [str(base / "sbin/xmlinstall"), "-m", "other", *words.split()]
    assert subprocess.run(other, capture_output=True, check=False).returncode == 1


@pytest.mark.fact("E1-01", "E1-02")
def test_versions_are_told(base):
    version = REGISTRY["product_version"].default
    assert run(base / "bin/core", "billmgr", "-V").strip() == version
    assert run(base / "bin/core", "core", "-v").strip() == version
    assert "BILLmanager" in run(base / "bin/core", "billmgr", "-F")
    assert (base / "etc/repo.version").read_text() == "stable\n"
    assert "manager billmgr" in (base / "etc/mgrlist.conf").read_text().splitlines()


@pytest.mark.fact("E2-01")
def test_the_panels_own_licence_is_told(base):
    lines = dict(line.split(": ") for line in run(base / "sbin/licctl", "info", "billmgr").splitlines())
    assert set(lines) == {"ID", "Expire"}
    run(base / "sbin/licctl", "fetch", "billmgr")
    assert (base / "var/new_license").exists()
    assert (base / "var/licctl.log").read_text().splitlines()[-1].endswith("licctl fetch billmgr")

"""`make install` and `make uninstall` on the tree of a running panel."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lxml import etree
from packaging.requirements import Requirement

from reseller.log import Log
from tests.support import environment
from tests.support.trees import functions, listing
from tests.support.world import ROOT, make

EXECUTABLES = ["addon/reseller", "processing/pmreseller", "sbin/resellerctl"]


def restart(base):
    subprocess.run([base / "sbin/mgrctl", "-m", "billmgr", "exit"], capture_output=True, check=True)


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
    # The file may outlive the program: what is not there is not called.
    guarded = f"[ ! -x {base}/sbin/resellerctl ] || {base}/sbin/resellerctl cron"
    assert f"*/5 * * * * root {guarded}" in lines
    optional = f"{guarded} --pending"
    assert next(line for line in lines if optional in line).startswith("#* * * * * root ")
    assert "/usr/local/mgr5" not in path.read_text()


def test_the_environment_holds_the_library_as_it_is_here(installed):
    base = installed
    python = base / "lib/reseller/venv/bin/python"
    code = "import reseller; print(reseller.__file__)"
    told = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True).stdout
    where = Path(told.strip()).parent
    assert where.is_relative_to(base / "lib/reseller")
    assert [str(path) for path in where.rglob("*") if path.suffix == ".pyc"], "not byte-compiled"

    def sources(folder):
        paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
        return {str(path.relative_to(folder)): path.read_bytes() for path in paths}

    assert sources(where) == sources(ROOT / "reseller")


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


# Supply.


def distributions(base):
    """What the environment of the add-on holds, by name, as it itself sees it."""
    code = "import importlib.metadata as m; print(*(d.metadata['Name'] + '==' + d.version for d in m.distributions()))"
    python = base / "lib/reseller/venv/bin/python"
    told = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True).stdout
    return {each.lower().replace("_", "-") for each in told.split()}


def locked():
    """Lines of requirements.txt, without their hashes, that are for the Python of an install."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    version = subprocess.run(["python3", "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    needs = [
        Requirement(line.split(" \\")[0])
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if "==" in line
    ]
    return [need for need in needs if need.marker is None or need.marker.evaluate({"python_version": version})]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """What docs/operators.md says of a host without network: the files of an install, fetched before."""
    folder = tmp_path_factory.mktemp("supply") / "wheels"
    said = next(line for line in (ROOT / "docs/operators.md").read_text().splitlines() if "pip download" in line)
    words = re.search(r"-m pip download [^`]*", said)[0].split()
    words[words.index("wheels")] = str(folder)
    subprocess.run(["python3", *words], cwd=ROOT, check=True)
    return folder


@pytest.fixture
def hostile(tmp_path):
    """Variables of a host whose pip is told everything that would break an install or put it elsewhere."""
    (tmp_path / "xdg/pip").mkdir(parents=True)
    told = {"no-binary": ":all:", "target": f"{tmp_path}/elsewhere", "require-virtualenv": "true", "platform": "none"}
    (tmp_path / "xdg/pip/pip.conf").write_text(
        "[global]\n" + "".join(f"{name} = {value}\n" for name, value in told.items())
    )
    (tmp_path / "code").mkdir()
    for name in ("lxml", "sitecustomize", "pip"):
        (tmp_path / "code" / f"{name}.py").write_text("raise SystemExit('code of the environment is run')\n")
    variables = {f"PIP_{name.upper().replace('-', '_')}": value for name, value in told.items()}
    variables |= {"PIP_ONLY_BINARY": ":none:", "PIP_CONSTRAINT": "/nowhere", "PYTHONPATH": str(tmp_path / "code")}
    return {**variables, "XDG_CONFIG_DIRS": str(tmp_path / "xdg"), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}


def panel(tmp_path, sandbox):
    """A tree with nothing but a panel's mgrctl."""
    base = tmp_path / "mgr5"
    (base / "sbin").mkdir(parents=True)
    shutil.copy(Path(sandbox.panels["reseller"]["base"], "sbin/mgrctl"), base / "sbin/mgrctl")
    return base


STOCK = ("CHECKEVENT=func", "SETREMOTEID=func")


def test_the_environment_is_what_the_lock_says_and_holds_no_installer(installed):
    found = distributions(installed) - {each for each in distributions(installed) if each.startswith("coverage==")}
    assert found == {f"{need.name}{need.specifier}" for need in locked()}
    assert not list((installed / "lib/reseller/venv/bin").glob("pip*"))


def test_a_host_without_network_needs_only_the_wheels_whatever_its_pip_is_told(sandbox, tmp_path, wheels, hostile):
    base = panel(tmp_path, sandbox)
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_FIND_LINKS": "/nowhere"}
    done = make("install", f"PREFIX={base}", f"WHEELS={wheels}", *STOCK, variables={**hostile, **nowhere})
    assert done.returncode == 0, done.stdout + done.stderr
    assert distributions(base) == {f"{need.name}{need.specifier}" for need in locked()}
    assert not (tmp_path / "elsewhere").exists()


def test_a_hosts_own_index_is_used_and_nothing_else_that_its_pip_is_told(sandbox, tmp_path, wheels, hostile):
    base = panel(tmp_path, sandbox)
    for wheel in wheels.iterdir():
        page = tmp_path / "index" / wheel.name.split("-")[0].lower().replace("_", "-")
        page.mkdir(parents=True)
        (page / "index.html").write_text(f'<a href="{wheel.as_uri()}">{wheel.name}</a>')
    conf = tmp_path / "xdg/pip/pip.conf"
    conf.write_text(conf.read_text() + f"index-url = {(tmp_path / 'index').as_uri()}\n")
    # What this machine itself tells pip is not in its way.
    ways = {f"PIP_{name}": "" for name in ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS")}
    bare = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    done = make("install", f"PREFIX={base}", *STOCK, variables={**hostile, **ways, **bare})
    assert done.returncode == 0, done.stdout + done.stderr
    assert distributions(base) == {f"{need.name}{need.specifier}" for need in locked()}


def test_a_wheel_of_other_bytes_is_refused_and_nothing_is_installed(sandbox, tmp_path, wheels):
    base = panel(tmp_path, sandbox)
    before = listing(base)
    shutil.copytree(wheels, tmp_path / "wheels")
    with next((tmp_path / "wheels").glob("idna*")).open("ab") as file:
        file.write(b"\0")
    done = make("install", f"PREFIX={base}", f"WHEELS={tmp_path}/wheels", *STOCK)
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert listing(base) == before


def test_the_lock_keeps_the_ranges_of_the_library():
    needs = [Requirement(told) for told in importlib.metadata.requires("billmanager-plugin-reseller") or []]
    ranges = [need for need in needs if need.marker is None]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    ranges += [Requirement(line) for line in lines if line and not line.startswith("#")]
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        found = Requirement(line.split(" \\")[0]) if "==" in line else None
        for need in ranges if found else ():
            if need.name.lower() == found.name:
                assert need.specifier.contains(str(found.specifier)[2:]), line


def test_the_bill_of_materials_has_every_version_of_the_lock_with_its_hashes():
    done = make("sbom")
    assert done.returncode == 0, done.stdout + done.stderr
    bill = json.loads((ROOT / "build/sbom.json").read_text())
    lock = (ROOT / "requirements.txt").read_text()
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"])
    parts = [bill["metadata"]["component"], *bill["components"]]
    assert {part["type"] for part in parts} == {"application", "library"}
    references = [part["bom-ref"] for part in parts]
    assert len(set(references)) == len(references)
    assert {part["name"] + "==" + part["version"] for part in bill["components"]} == set(
        re.findall(r"^\S+==\S+", lock, re.MULTILINE)
    )
    hashes = [each for part in bill["components"] for each in part["hashes"]]
    assert all(each["alg"] == "SHA-256" for each in hashes)
    assert sorted(each["content"] for each in hashes) == sorted(re.findall(r"sha256:([0-9a-f]{64})", lock))
    (graph,) = bill["dependencies"]
    assert (graph["ref"], sorted(graph["dependsOn"])) == (references[0], sorted(references[1:]))


# The manifest.


@pytest.mark.parametrize("command", ["install", "uninstall"])
@pytest.mark.parametrize(
    "line",
    [
        "{tmp}/victim",
        "{tmp}/victims/",
        "{base}/etc/billmgr.conf",
        "{base}/etc/xml/../billmgr.conf",
        "{base}/addon/reseller/../../etc/billmgr.conf",
        "{base}/etc/xml/billmgr_mod_other.xml",
        "{base}/sbin/mgrctl",
        "../victim",
        "",
    ],
)
def test_a_manifest_that_names_what_is_not_ours_removes_nothing(installed, tmp_path, command, line):
    base = installed
    (tmp_path / "victim").write_text("somebody else's\n")
    (tmp_path / "victims").mkdir()
    manifest = base / "lib/reseller/manifest"
    ours = manifest.read_text()
    manifest.write_text(ours + line.format(tmp=tmp_path, base=base) + "\n")
    before = listing(base)
    done = make(command, f"PREFIX={base}", variables=environment.variables())
    assert done.returncode != 0
    assert "which is no file of ours" in done.stderr
    assert listing(base) == before
    assert (tmp_path / "victim").exists()
    assert (tmp_path / "victims").exists()
    manifest.write_text(ours)


def test_files_in_places_of_their_own_are_found_again_by_the_same_words(sandbox, tmp_path):
    base = panel(tmp_path, sandbox)
    before = listing(tmp_path)
    places = (f"CRONDIR={tmp_path}/cron/d", f"LOGROTATEDIR={tmp_path}/rotate")
    given = environment.variables()
    assert make("install", f"PREFIX={base}", *places, *STOCK, variables=given).returncode == 0
    assert f"{base}/var/reseller.log" in (tmp_path / "rotate/reseller").read_text()
    for words in ((), places[:1], places[1:]):
        done = make("uninstall", f"PREFIX={base}", *words)
        assert done.returncode != 0
        assert "Name CRONDIR= and LOGROTATEDIR=" in done.stderr
    assert (tmp_path / "cron/d/reseller").exists()
    assert make("uninstall", f"PREFIX={base}", *places).returncode == 0
    assert listing(tmp_path) == before


def test_a_manifest_that_is_none_is_not_followed(installed, tmp_path):
    manifest = installed / "lib/reseller/manifest"
    ours = manifest.read_text()
    for lay in (os.mkfifo, Path.mkdir, lambda path: path.symlink_to(tmp_path / "elsewhere")):
        manifest.unlink()
        lay(manifest)
        done = make("install", f"PREFIX={installed}", variables=environment.variables())
        assert done.returncode != 0
        assert "is no file" in done.stderr
        manifest.rmdir() if manifest.is_dir() else manifest.unlink()
        manifest.write_text(ours)


def test_what_was_put_in_the_place_of_our_files_is_replaced_and_not_written_through(installed, tmp_path):
    base = installed
    (tmp_path / "victim").write_text("somebody else's\n")
    laid = {
        "addon/reseller": lambda path: path.symlink_to(tmp_path / "victim"),
        "addon/reseller.new": lambda path: path.symlink_to(tmp_path / "victim"),
        "sbin/resellerctl": os.mkfifo,
        "sbin/resellerctl.new": os.mkfifo,
        "etc/cron.d/reseller": lambda path: path.symlink_to(tmp_path),
    }
    for name, lay in laid.items():
        (base / name).unlink(missing_ok=True)
        lay(base / name)
    done = make("install", f"PREFIX={base}", variables=environment.variables())
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "victim").read_text() == "somebody else's\n"
    assert [path.name for path in tmp_path.iterdir()] == ["victim"]
    for name in laid:
        if name.endswith(".new"):
            (base / name).unlink()
        else:
            assert (base / name).is_file()
            assert not (base / name).is_symlink()
    assert not list(base.rglob(".reseller.*"))


# The log.


def test_the_log_is_rotated_and_no_line_is_lost(installed, tmp_path):
    base = installed
    rules = base / "etc/logrotate.d/reseller"
    assert oct(rules.stat().st_mode & 0o7777) == "0o644"
    assert "/usr/local/mgr5" not in rules.read_text()
    var = base / "var"
    mode, log = var.stat().st_mode, var / "reseller.log"
    kept = log.rename(var / "reseller.log.kept") if log.exists() else None
    # As a panel may have it; without `su` logrotate would leave such a directory alone.
    var.chmod(0o770)
    os.chown(var, -1, 65534)
    log.write_text("one\n")
    command = [shutil.which("logrotate", path=f"{os.environ['PATH']}:/usr/sbin"), "--state", str(tmp_path / "state")]
    done = subprocess.run([*command, "--force", str(rules)], capture_output=True, text=True, check=False)
    Log(base).info("two")
    again = subprocess.run([*command, str(rules)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, again.returncode, again.stderr) == (0, "", 0, "")
    assert (var / "reseller.log.1").read_text() == "one\n"
    assert log.read_text().endswith("two\n")
    assert oct(log.stat().st_mode & 0o7777) == "0o640"
    os.chown(var, -1, 0)
    var.chmod(mode)
    (var / "reseller.log.1").unlink()
    log.unlink()
    if kept is not None:
        kept.rename(log)


def test_uninstall_leaves_the_tree_as_it_was_and_says_that_the_tables_stay(bare, installed):
    base, before = bare
    for name in ("reseller.prom", "reseller.cron"):
        (base / "var" / name).write_text("")
    done = make("uninstall", f"PREFIX={base}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tables reseller_* of its database were kept" in done.stdout
    assert listing(base) == before
    assert not [name for name in ("reseller.prom", "reseller.cron") if (base / "var" / name).exists()]
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
    for lay in (lambda path: path.write_text("somebody else's\n"), lambda path: path.symlink_to("/nowhere")):
        lay(base / "addon/reseller")
        before = listing(base)
        done = make("install", f"PREFIX={base}")
        assert done.returncode != 0
        assert f"{base}/addon/reseller is there and was not installed by us" in done.stderr
        assert listing(base) == before
        (base / "addon/reseller").unlink()

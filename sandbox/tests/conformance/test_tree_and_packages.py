"""platform.md 7 and 8: the tree, installing, restart, logs; what Python programs may count on."""

import os
import re
import subprocess
import sys

import pytest

from sandbox.paths import Root
from sandbox.place import Place, PlaceTaken
from sandbox.tests.conformance.exhibit import shown
from sandbox.tests.panels import CHECKOUT

XML = '<mgrdata><handler name="exhibit" type="xml"><func name="tp.form"/></handler></mgrdata>'


@pytest.fixture(scope="module")
def installed(conformance_sandbox):
    with shown(conformance_sandbox.reseller, "billmgr_mod_tree.xml", XML) as made:
        yield made


@pytest.fixture
def ex(installed, pair):
    installed.clear()
    return installed


def sandbox(*words):
    command = [sys.executable, "-m", "sandbox", *map(str, words)]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def install(pair, *files):
    return sandbox("install", "--root", pair.up.root, "--panel", "reseller", *files)


@pytest.mark.parametrize(
    ("given", "place", "mode"),
    [
        pytest.param("addon/tp_handler", "addon/tp_handler", 0o750, marks=pytest.mark.fact("P7.2-01")),
        pytest.param("processing/pmtp", "processing/pmtp", 0o755, marks=pytest.mark.fact("P7.2-02")),
        pytest.param("xml/billmgr_mod_tp.xml", "etc/xml/billmgr_mod_tp.xml", 0o644, marks=pytest.mark.fact("P7.2-03")),
        pytest.param(
            "dist/skins/common/plugin-logo/billmanager-plugin-tp.png",
            "skins/common/plugin-logo/billmanager-plugin-tp.png",
            0o644,
            marks=pytest.mark.fact("P7.2-04"),
        ),
        pytest.param("include/php/tp.php", "include/php/tp.php", 0o644, marks=pytest.mark.fact("P7.2-05")),
    ],
)
def test_a_plug_ins_files_go_to_their_places(pair, tmp_path, given, place, mode):
    source = tmp_path / "plugin" / given
    source.parent.mkdir(parents=True)
    source.write_text("<mgrdata/>" if given.endswith("xml") else "#!/bin/sh\n")
    done = install(pair, tmp_path / "plugin")
    assert done.returncode == 0, done.stderr
    target = pair.reseller.base / place
    assert target.stat().st_mode & 0o777 == mode
    assert (target.stat().st_uid, target.stat().st_gid) == (0, 0)
    target.unlink()


def test_single_files_and_what_cannot_be_installed(pair, tmp_path):
    file = tmp_path / "addon" / "tp_single"
    file.parent.mkdir()
    file.write_text("#!/bin/sh\n")
    assert install(pair, file).stdout == "750 addon/tp_single\n"
    (pair.reseller.base / "addon/tp_single").unlink()
    stray = tmp_path / "stray"
    stray.write_text("x")
    assert "put it into a folder" in install(pair, stray).stderr
    own = tmp_path / "sbin" / "mgrctl"
    own.parent.mkdir()
    own.write_text("x")
    assert "the panel's own" in install(pair, own).stderr
    assert "does not exist" in install(pair, tmp_path / "absent").stderr
    assert "no panel nobody" in sandbox("install", "--root", pair.up.root, "--panel", "nobody", file).stderr


def test_a_function_by_the_command_line(pair):
    done = sandbox("call", "reseller", "--root", pair.up.root, "-o", "xml", "whoami", "su=buyer")
    assert 'name="buyer"' in done.stdout


@pytest.mark.fact("P7.2-06")
def test_the_directories(pair):
    folders = (
        "addon processing paymethods cgi oauth gate etc etc/xml etc/sql var tmp lib/python include/php skins/common "
        "src sbin"
    )
    for name in folders.split():
        assert (pair.reseller.base / name).is_dir(), name


@pytest.mark.fact("P7.1-01")
@pytest.mark.parametrize(("rule", "there"), [("billmgr.* 9", True), ("billmgr.* 5", False), ("billmgr.action 6", True)])
def test_levels_of_the_log(ex, rule, there):
    conf = ex.panel.base / "etc/debug.conf"
    log = ex.panel.base / "var/billmgr.log"
    conf.write_text(f"# levels\n*.* 4\n{rule}\n")
    try:
        before = len(log.read_text())
        ex.restart()
        assert ("EXTINFO Register func" in log.read_text()[before:]) == there
    finally:
        conf.unlink()
        ex.restart()


def test_the_default_level_of_the_log_is_a_switch(ex, switch):
    log = ex.panel.base / "var/billmgr.log"
    switch(ex.panel, "log_level", "4")
    before = len(log.read_text())
    ex.panel.http("tp.form", marker="quiet")
    assert "quiet" not in log.read_text()[before:]
    ex.panel.call("sandbox.switch", name="log_level", value="9")
    ex.panel.http("tp.form", marker="loud")
    assert "loud" in log.read_text()[before:]


@pytest.mark.fact("P7.1-02")
def test_a_line_of_the_log(ex):
    ex.panel.http("tp.form")
    line = (ex.panel.base / "var/billmgr.log").read_text().splitlines()[-1]
    assert re.match(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \[\d+:\d+\] \w+ [A-Z]+ ", line)


@pytest.mark.fact("P7.1-03")
def test_an_error_in_the_log(ex):
    ex.panel.http("no.such")
    text = (ex.panel.base / "var/billmgr.log").read_text()
    assert "libmgr ERROR Error: Type: 'missed' Object: 'func' Value: 'no.such'" in text


@pytest.mark.fact("P7.1-04")
@pytest.mark.parametrize("words", [["exit"], ["-R"]])
def test_restarts(ex, words):
    first = ex.panel.call("sandbox.queue").findtext("pid")
    ex.panel.mgrctl(*words)
    assert ex.panel.call("sandbox.queue").findtext("pid") != first


@pytest.mark.fact("P7.1-05")
def test_a_killed_core_is_started_by_the_next_request(ex):
    first = int(ex.panel.call("sandbox.queue").findtext("pid"))
    os.kill(first, 9)
    assert int(ex.panel.call("sandbox.queue").findtext("pid")) != first


@pytest.mark.fact("P7.2-07")
def test_a_program_without_the_shop_comes_from_src(ex):
    folder = ex.panel.base / "src/tp/addon"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tp_src").write_text("#!/bin/sh\n")
    ex.panel.call("plugin", clicked_button="install", name="tp", sok="ok")
    assert (ex.panel.base / "addon/tp_src").exists()
    (ex.panel.base / "addon/tp_src").unlink()


@pytest.mark.fact("P8.2-01")
def test_the_panel_sets_no_locale(ex):
    ex.panel.http("tp.form")
    assert not {"LANG", "LC_ALL", "PYTHONIOENCODING"} & set(ex.calls()[0]["env"])


@pytest.mark.fact("P8.1-01", "P8.2-02")
@pytest.mark.parametrize("line", ["#!/usr/bin/env python3", f"#!{os.path.realpath(sys.executable)}"])
def test_a_program_chooses_its_interpreter_and_the_panels_libraries(ex, line):
    good = (ex.panel.base / "addon/exhibit").read_text()
    (ex.panel.base / "lib/python/tp_library.py").write_text("WORD = 'found'\n")
    ex.panel.install(
        "addon",
        "exhibit",
        f"{line}\nimport sys\nsys.path.insert(0, 'lib/python')\n"
        "import tp_library\nprint('<doc><w>' + tp_library.WORD + '</w></doc>')\n",
    )
    try:
        assert ex.panel.http("tp.form").findtext("w") == "found"
    finally:
        ex.panel.install("addon", "exhibit", good)


@pytest.mark.fact("P8.2-03")
def test_a_program_may_execute_itself_again_in_another_interpreter(ex):
    good = (ex.panel.base / "addon/exhibit").read_text()
    python = os.path.realpath(sys.executable)
    ex.panel.install(
        "addon",
        "exhibit",
        f"""#!/usr/bin/env python3
import os, sys
if not os.environ.get("AGAIN"):
    os.environ["AGAIN"] = "1"
    os.execv({python!r}, [{python!r}] + sys.argv)
print("<doc><again>" + os.environ["PARAM_x"] + "</again></doc>")
""",
    )
    try:
        assert ex.panel.http("tp.form", x="y").findtext("again") == "y"
    finally:
        ex.panel.install("addon", "exhibit", good)


def test_what_is_not_the_sandboxs_is_left_alone(tmp_path, conformance_sandbox):
    taken = tmp_path / "mgr5"
    taken.mkdir()
    (taken / "kept").write_text("x")
    done = sandbox("up", "--root", tmp_path / "root", "--panel", "seller", "--at", f"seller={taken}")
    assert done.returncode == 1
    assert "left alone" in done.stderr
    assert (taken / "kept").exists()
    link = tmp_path / "link"
    link.symlink_to(taken)
    place = Place("seller", link)
    with pytest.raises(PlaceTaken, match="not the sandbox's"):
        place.take(Root(conformance_sandbox.up.root).panel("seller"))
    link.unlink()
    link.symlink_to(conformance_sandbox.reseller.base)
    with pytest.raises(PlaceTaken, match="belongs to the sandbox that is up"):
        place.take(Root(conformance_sandbox.up.root).panel("seller"))


def test_a_tree_at_a_place_goes_with_the_sandbox(home):
    assert str(home.reseller.facts["at"]) == "['/usr/local/mgr5']"
    done = subprocess.run(
        ["/usr/local/mgr5/sbin/mgrctl", "-m", "billmgr", "keepalive"], capture_output=True, check=True
    )
    assert done.stdout == b"OK\n"

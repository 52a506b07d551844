"""sbin/mgrctl: its formats, options and errors."""

import json
import shutil
import subprocess
import time

import pytest

from sandbox.tests.panels import parsed, until


def test_text_form_list_success_and_error(reseller):
    assert (
        "orderpriority=1"
        in reseller.mgrctl("processing.edit", f"elid={reseller.facts['provisioning'] + 1}").stdout.splitlines()
    )
    lines = reseller.mgrctl("datacenter").stdout.splitlines()
    assert lines[0].endswith("name=Amsterdam external_id=")
    assert reseller.mgrctl("tool.clearcache").stdout == "OK\n"
    failed = reseller.mgrctl("no.such")
    assert failed.returncode == 1
    assert failed.stdout.startswith("ERROR missed(func, no.such)")
    assert failed.stderr.startswith("ERROR ")


def test_xml_json_bjson_and_out(reseller):
    for words in (
        ["-o", "xml", "task.gettype", "operation=open"],
        ["task.gettype", "operation=open", "out=xml"],
        ["task.gettype", "-o", "xml", "operation=open"],
        ["-oxml", "task.gettype", "operation=open"],
    ):
        assert parsed(reseller.mgrctl(*words).stdout).findtext("task_type").isdigit()
    assert json.loads(reseller.mgrctl("-o", "json", "datacenter").stdout)["doc"]["elem"][0]["name"]["$"] == "Amsterdam"
    flat = json.loads(reseller.mgrctl("task.gettype", "operation=open", "out=bjson").stdout)
    assert flat["model"]["task_type"].isdigit()
    assert json.loads(reseller.mgrctl("datacenter", "out=bjson").stdout)["elem"][0]["name"] == "Amsterdam"
    assert json.loads(reseller.mgrctl("nope", "out=bjson").stdout)["error"]["type"] == "missed"
    assert reseller.mgrctl("-o", "nope", "whoami").returncode == 1


def test_the_exit_code_of_structured_errors_is_a_switch(reseller, switch):
    assert reseller.mgrctl("-o", "xml", "nope").returncode == 1
    switch(reseller, "structured_error_exit", "0")
    done = reseller.mgrctl("-o", "xml", "nope")
    assert (done.returncode, done.stderr) == (0, "")
    assert parsed(done.stdout).find("error").get("type") == "missed"
    assert reseller.mgrctl("nope").returncode == 1


def test_su_runs_as_a_user_and_root_is_level_30(reseller):
    assert reseller.call("whoami").find("user").get("level") == "30"
    reseller.call("sandbox.balance", user="client1", value=500)
    me = reseller.call("whoami", su="client1").find("user")
    assert (me.get("name"), me.get("level"), me.get("balance")) == ("client1", "16", "500.00")
    assert reseller.error("paramlist", su="client1").get("type") == "access"
    assert reseller.error("whoami", su="nobody").get("object") == "user"


def test_a_secret_passes_by_the_environment_and_shows_nowhere(reseller):
    secret = "pass word=&$'\u00e9\n2"
    item = reseller.live()
    words = [
        "service.saveparam",
        f"elid={item}",
        "name=userpassword",
        "-e",
        "value=$SECRET_HERE",
        "crypted=on",
        "sok=ok",
    ]
    assert reseller.mgrctl(*words, env={"SECRET_HERE": secret}).stdout == "OK\n"
    stored = reseller.rows("SELECT value FROM itemcryptedparam WHERE item = %s", item)[0]["value"]
    assert "pass word" not in stored
    assert reseller.http("vds.edit", elid=item).findtext("userpassword") == secret
    assert reseller.mgrctl("whoami", "-e", "x=$NO_SUCH").returncode == 1
    log = (reseller.base / "var/billmgr.log").read_text()
    assert "pass word" not in log
    assert reseller.accounts["buyer"]["password"] not in log
    assert "INFO Request" in log


def test_help_lists_functions(reseller):
    assert "name=service.saveparam" in reseller.mgrctl("-i").stdout
    assert reseller.mgrctl("-i", "whoami").stdout.startswith("name=whoami level=16")


def test_help_on_a_function_of_a_product_type_names_it(reseller):
    assert reseller.mgrctl("-i", "vds.edit").stdout.startswith("name=vds.edit level=16")
    assert reseller.mgrctl("-i", "nothing.edit").stdout == ""


def test_exit_and_restart(reseller):
    first = reseller.call("sandbox.queue").findtext("pid")
    assert reseller.mgrctl("exit").stdout == "OK\n"
    second = reseller.call("sandbox.queue").findtext("pid")
    assert first != second
    third = parsed(reseller.mgrctl("-R", "-o", "xml", "sandbox.queue").stdout).findtext("pid")
    assert third != second


def test_it_works_from_any_directory_by_any_path(reseller, tmp_path):
    assert reseller.mgrctl("keepalive", cwd="/").stdout == "OK\n"
    done = subprocess.run(
        ["sbin/mgrctl", "-m", "billmgr", "keepalive"], cwd=reseller.base, capture_output=True, check=False
    )
    assert done.stdout == b"OK\n"
    (tmp_path / "tree").symlink_to(reseller.base)
    (tmp_path / "mgrctl").symlink_to(tmp_path / "tree/sbin/mgrctl")
    for program in (tmp_path / "tree/sbin/mgrctl", tmp_path / "mgrctl"):
        assert subprocess.run([program, "keepalive"], capture_output=True, check=False).stdout == b"OK\n"


def test_without_a_panel_it_says_so_in_every_format(reseller, tmp_path):
    (tmp_path / "sbin").mkdir()
    program = shutil.copy(reseller.facts["mgrctl"], tmp_path / "sbin/mgrctl")

    def ask(*words):
        return subprocess.run([program, "-m", "billmgr", *words], capture_output=True, text=True, check=False)

    assert ask("whoami").stdout.startswith("ERROR client(open, billmgr)")
    error = parsed(ask("-o", "xml", "whoami").stdout).find("error")
    assert (error.get("type"), error.get("object"), error.get("value")) == ("client", "open", "billmgr")
    assert json.loads(ask("-o", "json", "whoami").stdout)["doc"]["error"]["$object"] == "open"
    assert json.loads(ask("whoami", "out=bjson").stdout)["error"]["value"] == "billmgr"
    assert ask("whoami").returncode == 1


def test_calls_from_within_calls_do_not_lock_up_even_when_serialised(reseller, switch):
    reseller.install(
        "etc/xml",
        "billmgr_mod_nest.xml",
        '<mgrdata><handler name="nest" type="cgi"><func name="nest"/></handler></mgrdata>',
    )
    reseller.install(
        "addon",
        "nest",
        """#!/bin/sh
[ "$PARAM_depth" = 0 ] && { echo '<doc><bottom/></doc>'; exit 0; }
exec sbin/mgrctl -m billmgr -o xml nest depth=$((PARAM_depth - 1))
""",
    )
    reseller.mgrctl("exit")
    assert reseller.call("nest", depth=12).find("bottom") is not None
    switch(reseller, "serialise_calls", "on")
    assert reseller.call("nest", depth=12).find("bottom") is not None


@pytest.fixture
def dozing(reseller):
    """A call that is not over before tmp/doze.wake is there."""
    reseller.install(
        "etc/xml",
        "billmgr_mod_doze.xml",
        '<mgrdata><handler name="doze" type="cgi"><func name="doze"/></handler></mgrdata>',
    )
    reseller.install(
        "addon",
        "doze",
        "#!/bin/sh\ntouch tmp/doze.begun\nuntil [ -e tmp/doze.wake ]; do sleep 0.05; done\necho '<doc/>'\n",
    )
    reseller.mgrctl("exit")
    running = []

    def doze():
        running.append(subprocess.Popen([reseller.facts["mgrctl"], "doze"], stdout=subprocess.DEVNULL))
        until((reseller.base / "tmp/doze.begun").exists, "the handler does not begin")
        return running[0]

    yield doze
    (reseller.base / "tmp/doze.wake").touch()
    assert [each.wait(60) for each in running] == [0]
    for name in ("begun", "wake"):
        (reseller.base / f"tmp/doze.{name}").unlink()


def test_calls_do_not_wait_for_each_other(reseller, dozing):
    first = dozing()
    assert reseller.mgrctl("keepalive").stdout == "OK\n"
    assert first.poll() is None


def test_serialised_calls_wait_for_each_other(reseller, switch, dozing):
    switch(reseller, "serialise_calls", "on")
    dozing()
    second = subprocess.Popen([reseller.facts["mgrctl"], "keepalive"], stdout=subprocess.PIPE)
    time.sleep(0.4)
    assert second.poll() is None
    (reseller.base / "tmp/doze.wake").touch()
    assert second.communicate(timeout=60)[0] == b"OK\n"

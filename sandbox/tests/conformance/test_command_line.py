"""platform.md 3: mgrctl."""

import json
import subprocess
import time

import pytest

from sandbox.tests.conformance.exhibit import shown
from sandbox.tests.panels import parsed

XML = """<mgrdata><handler name="exhibit" type="xml"><func name="cl.form"/><func name="cl.list"/></handler>
<metadata name="cl.form" type="form"><form><field name="ssl_port"><input name="ssl_port"/></field></form></metadata>
<lang name="en"><messages name="cl.form"><msg name="ssl_port">Port</msg></messages></lang>
<lang name="ru"><messages name="cl.form"><msg name="ssl_port">Порт</msg></messages></lang></mgrdata>"""


@pytest.fixture(scope="module")
def installed(conformance_sandbox):
    with shown(conformance_sandbox.reseller, "billmgr_mod_line.xml", XML) as made:
        yield made


@pytest.fixture
def ex(installed, pair):
    installed.clear()
    return installed


def run(ex, *words):
    return ex.panel.mgrctl(*words)


@pytest.mark.fact("P3.1-01")
def test_the_manager_is_named(ex):
    program = ex.panel.facts["mgrctl"]
    done = subprocess.run([program, "-m", "vmmgr", "whoami"], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("ERROR missed(manager, vmmgr)")
    assert run(ex, "keepalive").stdout == "OK\n"


@pytest.mark.fact("P3.1-02", "P3.1-03")
def test_help_on_functions_and_on_one(ex):
    assert "name=cl.form" in run(ex, "-i").stdout
    assert "param=ssl_port desc=Port" in run(ex, "-i", "cl.form").stdout
    assert "param=ssl_port desc=Порт" in run(ex, "-i", "cl.form", "lang=ru").stdout


@pytest.mark.parametrize(
    ("words", "starts"),
    [
        pytest.param([], "id=", marks=pytest.mark.fact("P3.1-04")),
        pytest.param(["-o", "xml"], "<?xml", marks=pytest.mark.fact("P3.1-05")),
        pytest.param(["-o", "devel"], "<?xml", marks=pytest.mark.fact("P3.1-06")),
        pytest.param(["-o", "json"], "{", marks=pytest.mark.fact("P3.1-07")),
        pytest.param(["-o", "sjson"], "{", marks=pytest.mark.fact("P3.2-02")),
        pytest.param(["out=bjson"], "{", marks=pytest.mark.fact("P3.2-03")),
    ],
)
def test_formats(ex, words, starts):
    out = run(ex, "datacenter", *words).stdout
    assert out.startswith(starts)
    assert "Amsterdam" in out
    assert ("<metadata" in out) == ("devel" in words)


@pytest.mark.fact("P3.1-08", "P3.1-09")
def test_suspending_and_resuming(ex, switch):
    switch(ex.panel, "suspended_calls", "refuse")
    assert run(ex, "-l").stdout == "OK\n"
    try:
        assert ex.panel.http("whoami").find("error").get("object") == "suspended"
    finally:
        run(ex, "-u")
    assert ex.panel.http("whoami").find("error") is None


def test_calls_may_wait_for_a_suspended_panel(ex):
    program = ex.panel.facts["mgrctl"]
    run(ex, "-l")
    waiting = subprocess.Popen([program, "-m", "billmgr", "keepalive"], stdout=subprocess.PIPE)
    time.sleep(0.3)
    assert waiting.poll() is None
    run(ex, "-u")
    assert waiting.communicate(timeout=60)[0] == b"OK\n"


@pytest.mark.fact("P3.1-10")
def test_restarting_before_executing(ex):
    first = ex.panel.call("sandbox.queue").findtext("pid")
    assert parsed(run(ex, "-R", "-o", "xml", "sandbox.queue").stdout).findtext("pid") != first


@pytest.mark.fact("P3.1-11")
def test_a_parameter_by_the_environment(ex):
    ex.panel.mgrctl("cl.form", "-e", "a=$EX_SECRET", env={"EX_SECRET": "hidden"})
    assert ex.calls()[0]["env"]["PARAM_a"] == "hidden"


@pytest.mark.fact("P3.1-12")
def test_exit_stops_and_the_next_request_starts(ex):
    first = ex.panel.call("sandbox.queue").findtext("pid")
    assert run(ex, "exit").stdout == "OK\n"
    assert ex.panel.call("sandbox.queue").findtext("pid") != first


@pytest.mark.fact("P3.1-13")
def test_text_of_a_form(ex):
    ex.answer("cl.form", "<doc><ssl_port>443</ssl_port><ssi>on</ssi></doc>")
    assert run(ex, "cl.form").stdout == "ssl_port=443\nssi=on\n"


@pytest.mark.fact("P3.1-14")
def test_text_of_a_list(ex):
    ex.answer("cl.list", "<doc><elem><key>ihttpd-&gt;85297</key><appname>ihttpd</appname><count>1</count></elem></doc>")
    assert run(ex, "cl.list").stdout == "key=ihttpd->85297 appname=ihttpd count=1\n"


@pytest.mark.fact("P3.1-15")
def test_options_may_follow_the_function(ex):
    assert "doc" in json.loads(run(ex, "cl.form", "elid=x", "-o", "json").stdout)


@pytest.mark.fact("P3.1-16")
def test_su_runs_as_another_user(ex):
    run(ex, "cl.form", "su=buyer")
    seen = ex.calls()[0]["env"]
    assert (seen["AUTH_USER"], seen["AUTH_LEVEL"]) == ("buyer", "16")


@pytest.mark.fact("P3.1-17")
def test_the_default_is_root_also_inside_handlers(ex):
    good = (ex.panel.base / "addon/exhibit").read_text()
    ex.panel.install("addon", "exhibit", "#!/bin/sh\nexec sbin/mgrctl -m billmgr -o xml whoami\n")
    try:
        user = ex.panel.http("cl.form").find("user")
    finally:
        ex.panel.install("addon", "exhibit", good)
    assert (user.get("name"), user.get("level")) == ("root", "30")


@pytest.mark.fact("P3.1-18")
def test_out_as_a_parameter(ex):
    assert run(ex, "datacenter", "out=xml").stdout == run(ex, "-o", "xml", "datacenter").stdout


@pytest.mark.fact("P3.1-19")
def test_sok_is_not_empty(ex):
    item = ex.panel.bought()
    run(ex, "vds.edit", f"elid={item}", "sok=", "remoteid=no")
    assert ex.panel.rows("SELECT remoteid FROM item WHERE id = %s", item)[0]["remoteid"] in (None, "")
    run(ex, "vds.edit", f"elid={item}", "sok=yes", "remoteid=yes")
    assert ex.panel.rows("SELECT remoteid FROM item WHERE id = %s", item)[0]["remoteid"] == "yes"


@pytest.mark.fact("P3.1-20")
def test_a_call_is_found_in_the_log(ex):
    run(ex, "cl.form", "trace=here")
    lines = (ex.panel.base / "var/billmgr.log").read_text().splitlines()
    assert [line for line in lines if "INFO Request" in line and "func=cl.form" in line and "trace=here" in line]


@pytest.mark.fact("P3.2-01")
def test_auth_acts_as_a_session(ex):
    login = ex.panel.post("auth", user="", username="buyer", password=ex.panel.accounts["buyer"]["password"])
    session = parsed(login.content).find("auth").get("id")
    assert ex.panel.call("whoami", auth=session).find("user").get("name") == "buyer"


@pytest.mark.fact("P3.2-04")
def test_lang(ex):
    assert ex.panel.ask("no.such", lang="ru").find("error").get("lang") == "ru"


@pytest.mark.fact("P3.2-05")
def test_a_success_is_ok(ex):
    assert run(ex, "tool.clearcache").stdout == "OK\n"
    ex.answer("cl.form", "<doc><id>7</id><ok/></doc>")
    assert run(ex, "cl.form", "sok=ok").stdout == "OK id=7\n"


@pytest.mark.fact("P3.2-06")
def test_an_error_starts_with_error(ex):
    done = run(ex, "no.such")
    assert done.stdout.startswith("ERROR")
    assert done.returncode != 0


@pytest.mark.fact("P3.2-07")
def test_values_with_spaces_are_not_quoted(ex):
    ex.answer("cl.list", "<doc><elem><id>1</id><name>a b=c</name></elem></doc>")
    assert run(ex, "cl.list").stdout == "id=1 name=a b=c\n"


@pytest.mark.fact("P3.2-08", "P3.2-09")
@pytest.mark.parametrize(("setting", "code"), [("1", 1), ("0", 0)])
def test_errors_in_structured_formats(ex, switch, setting, code):
    switch(ex.panel, "structured_error_exit", setting)
    done = run(ex, "-o", "json", "no.such")
    assert "error" in json.loads(done.stdout)["doc"]
    assert done.returncode == code
    assert bool(done.stderr) == bool(code)


@pytest.mark.fact("P3.2-10")
def test_the_source_address_is_that_of_ssh_connection(ex):
    ex.panel.mgrctl("cl.form", env={"SSH_CONNECTION": "pmtest"})
    assert ex.calls()[0]["env"]["AUTH_IP"] == "pmtest"


@pytest.mark.fact("P3.2-11")
def test_json_of_attributes_and_text(ex):
    ex.answer("cl.form", '<doc><cost orig="10.0000">10.00 EUR</cost></doc>')
    root = json.loads(run(ex, "-o", "json", "cl.form").stdout)["doc"]
    assert root["cost"] == {"$": "10.00 EUR", "$orig": "10.0000"}


@pytest.mark.fact("P3.2-12")
def test_json_rows_are_a_list_even_when_one(ex):
    ex.answer("cl.list", "<doc><elem><id>1</id></elem></doc>")
    assert json.loads(run(ex, "-o", "json", "cl.list").stdout)["doc"]["elem"] == [{"id": {"$": "1"}}]


@pytest.mark.fact("P3.2-13")
def test_json_of_choices_and_errors(ex):
    ex.answer("cl.form", '<doc><slist name="x"><val key="a">A</val></slist></doc>')
    root = json.loads(run(ex, "-o", "json", "cl.form").stdout)["doc"]
    assert root["slist"] == [{"$name": "x", "val": [{"$key": "a", "$": "A"}]}]
    error = json.loads(run(ex, "-o", "json", "no.such").stdout)["doc"]["error"]
    assert error["$type"] == "missed"
    assert error["msg"]["$"]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(
            "<doc><elem><DBName>billmgr</DBName></elem></doc>",
            {"elem": [{"DBName": "billmgr"}]},
            marks=pytest.mark.fact("P3.2-14"),
        ),
        pytest.param(
            "<doc><task_type>1</task_type></doc>", {"model": {"task_type": "1"}}, marks=pytest.mark.fact("P3.2-15")
        ),
    ],
)
def test_bjson(ex, document, expected):
    ex.answer("cl.form", document)
    found = json.loads(run(ex, "cl.form", "out=bjson").stdout)
    assert {name: found[name] for name in expected} == expected


@pytest.mark.fact("P3.2-16")
def test_bjson_of_an_error(ex):
    assert "error" in json.loads(run(ex, "no.such", "out=bjson").stdout)


@pytest.mark.fact("P3.2-17")
def test_xml_is_data_and_devel_the_page(ex):
    ex.answer("cl.form", "<doc><metadata type='form'/><messages/><ssl_port>1</ssl_port></doc>")
    assert [one.tag for one in parsed(run(ex, "-o", "xml", "cl.form").stdout)] == ["ssl_port"]
    assert {"metadata", "messages", "ssl_port"} == {one.tag for one in parsed(run(ex, "-o", "devel", "cl.form").stdout)}


@pytest.mark.fact("P3.2-18")
def test_special_values_are_one_argument(ex):
    value = "<doc a='1'>x\ny & \"z\" = 'q'</doc>"
    run(ex, "cl.form", f"errorxml={value}")
    assert ex.calls()[0]["env"]["PARAM_errorxml"] == value


@pytest.mark.fact("P3.2-19")
def test_packages_are_installed_by_a_function(ex):
    source = ex.panel.base / "src/exhibit-package/addon"
    source.mkdir(parents=True, exist_ok=True)
    (source / "packaged").write_text("#!/bin/sh\n")
    words = ["plugin", "clicked_button=install", "name=billmanager-plugin-exhibit-package", "sok=ok"]
    assert run(ex, *words).stdout == "OK\n"
    installed = ex.panel.base / "addon/packaged"
    assert installed.stat().st_mode & 0o777 == 0o750
    installed.unlink()
    assert ex.panel.error("plugin", clicked_button="install", name="nothing", sok="ok").get("type") == "missed"


@pytest.mark.fact("P3.2-20")
def test_a_one_time_key(ex):
    key = "0123456789abcdef0123"
    assert run(ex, "session.newkey", "username=buyer", f"key={key}").stdout == "OK\n"
    root = ex.panel.http("auth", None, username="buyer", key=key)
    assert root.find("auth").get("level") == "16"
    assert ex.panel.http("auth", None, username="buyer", key=key).find("error") is not None

"""Plug-ins of foreign make: functions, events, their environment and their failures."""

import pytest

from sandbox.tests.panels import parsed

PLUGIN = """<mgrdata>
  <handler name="foreign" type="xml">
    <func name="foreign.list"/><func name="foreign.admin"/>
    <event name="datacenter" after="yes"/><event name="tool.clearcache" before="yes" final="yes"/>
  </handler>
  <handler name="cgiscript" type="cgi"><event name="keepalive" after="yes" postdata="yes"/><func name="foreign.crash"/>
  </handler>
  <metadata name="foreign.list" type="list" key="id"><coldata>
    <col name="id" type="data"/></coldata></metadata>
  <metadata name="foreign.admin" type="form" level="admin+"><form/></metadata>
  <lang name="en"><messages name="foreign.list"><msg name="title">Foreign</msg></messages>
    <messages name="foreign.admin"><msg name="msg_error_foreign">No __thing__ here</msg></messages></lang>
  <lang name="ru"><messages name="foreign.admin"><msg name="msg_error_foreign">Нет __thing__</msg></messages></lang>
</mgrdata>"""

FOREIGN = r"""#!/usr/bin/env python3
import os, sys
data = sys.stdin.read()
open("tmp/foreign.env", "w").write("\n".join(f"{k}={v}" for k, v in sorted({**os.environ, "CWD": os.getcwd()}.items())))
open("tmp/foreign.in", "w").write(data)
open("tmp/foreign.stages", "a").write(f"{os.environ['EVENT_TYPE']} {os.environ['ACTION_NAME']}\n")
func, stage = os.environ["PARAM_func"], os.environ["EVENT_TYPE"]
if func == "datacenter":
    print(data.replace("</doc>", "<elem><id>0</id><name>Moon</name></elem></doc>"))
elif func == "tool.clearcache" and stage == "before" and os.environ.get("PARAM_forbid"):
    print('<doc><error type="foreign"><param name="thing">cache</param></error></doc>')
elif func == "tool.clearcache":
    print(data if stage == "final" else "<doc><extra>1</extra></doc>")
elif func == "foreign.admin" and os.environ.get("PARAM_thing"):
    print(f'<doc><error type="foreign"><param name="thing">{os.environ["PARAM_thing"]}</param></error></doc>')
else:
    print("<doc><elem><id>1</id></elem></doc>")
"""

SCRIPT = """#!/bin/sh
cat >tmp/cgi.in
[ "$PARAM_func" = foreign.crash ] && { echo '<doc/>'; exit $PARAM_code; }
echo '<doc/>'
"""


@pytest.fixture(scope="module")
def panel(up):
    found = up.panel("seller")
    found.install("etc/xml", "billmgr_mod_foreign.xml", PLUGIN)
    found.install("addon", "foreign", FOREIGN)
    found.install("addon", "cgiscript", SCRIPT)
    found.install("etc/xml", "billmgr_mod_broken.xml", "<mgrdata><handler")
    found.mgrctl("exit")
    return found


def environment(panel):
    lines = (panel.base / "tmp/foreign.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_a_function_of_a_plug_in_and_its_environment(panel):
    root = panel.http("foreign.list", elid="5, 6", x="a b\nc")
    assert root.findtext("elem/id") == "1"
    seen = environment(panel)
    for name, value in {
        "PARAM_func": "foreign.list",
        "PARAM_elid": "5, 6",
        "PARAM_elids": "5, 6",
        "AUTH_USER": "buyer",
        "AUTH_LEVEL": "16",
        "AUTH_IP": "127.0.0.1",
        "EVENT_TYPE": "action",
        "ACTION_NAME": "foreign.list",
        "REQUEST_METHOD": "POST",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTPS": "on",
        "CWD": str(panel.base),
    }.items():
        assert seen[name] == value, name
    assert "HTTP_USER_AGENT" in seen
    assert not [name for name in seen if "authinfo" in name or name == "PYTHONPATH"]
    document = parsed((panel.base / "tmp/foreign.in").read_bytes())
    assert document.find("metadata/coldata/col").get("name") == "id"
    assert document.findtext("messages/msg[@name='title']") == "Foreign"
    assert panel.accounts["buyer"]["password"] not in (panel.base / "tmp/foreign.env").read_text()


def test_through_mgrctl_the_user_is_root_and_request_names_are_a_switch(panel, switch):
    panel.call("foreign.list")
    assert (environment(panel)["AUTH_USER"], environment(panel)["AUTH_LEVEL"]) == ("root", "30")
    assert "QUERY_STRING" not in environment(panel)
    switch(panel, "local_request_env", "on")
    panel.call("foreign.list", a="b")
    assert "a=b" in environment(panel)["QUERY_STRING"]


def test_its_level_is_in_its_metadata(panel):
    assert panel.http("foreign.admin").find("error").get("type") == "access"
    assert panel.http("foreign.admin", "admin").find("elem") is not None
    assert panel.http("foreign.list", None).find("error").get("type") == "access"


def test_its_errors_get_their_text_from_its_messages(panel):
    error = panel.http("foreign.admin", "admin", thing="tea").find("error")
    assert error.findtext("msg") == "No tea here"
    assert panel.http("foreign.admin", "admin", thing="чая", lang="ru").find("error").findtext("msg") == "Нет чая"


def test_an_after_event_replaces_the_document(panel):
    assert panel.call("datacenter").xpath("elem/name/text()")[-1] == "Moon"


def test_before_forbids_and_final_runs_in_any_case(panel):
    stages = panel.base / "tmp/foreign.stages"
    stages.write_text("")
    assert panel.error("tool.clearcache", forbid="1").get("type") == "foreign"
    assert stages.read_text().split("\n")[:2] == ["before tool.clearcache", "final tool.clearcache"]
    assert panel.call("tool.clearcache").find("ok") is not None


def test_what_a_before_handler_prints_is_a_switch(panel, switch):
    assert panel.call("tool.clearcache").findtext("extra") == "1"
    switch(panel, "before_handler_output", "ignore")
    assert panel.call("tool.clearcache").find("extra") is None


def test_a_cgi_handler_reads_the_posted_form(panel):
    panel.http("keepalive", a="1 2")
    assert "a=1+2" in (panel.base / "tmp/cgi.in").read_text()


def test_a_crash_and_broken_xml_give_the_documented_text(panel):
    text = "cgiscript plugin terminated with an error or returned an invalid XML."
    assert panel.error("foreign.crash", code=3).findtext("msg") == text
    script = panel.base / "addon/cgiscript"
    script.write_text("#!/bin/sh\necho '<doc>'\n")
    assert panel.error("foreign.crash").findtext("msg") == text
    script.unlink()
    assert panel.error("foreign.crash").findtext("msg") == text
    panel.install("addon", "cgiscript", SCRIPT)


def test_a_handler_may_have_a_time_limit(panel, switch):
    panel.install("addon", "cgiscript", "#!/bin/sh\nexec sleep 600\n")
    switch(panel, "handler_seconds", "0.3")
    # Nobody waits for ten minutes: mgrctl here is given one.
    assert panel.error("foreign.crash").get("type") == "plugin"
    panel.install("addon", "cgiscript", SCRIPT)


def test_what_is_loaded_is_logged_and_a_broken_file_stops_nothing(panel):
    log = (panel.base / "var/billmgr.log").read_text()
    assert "action EXTINFO Register event 'foreign' for action 'datacenter'" in log
    assert "billmgr_mod_broken.xml" in log

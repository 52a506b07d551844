"""platform.md 2: how handlers are run, what they get and what becomes of what they print."""

import re
import time

import pytest

from sandbox.tests.conformance import exhibit_handlers
from sandbox.tests.panels import parsed, until

TEXT = "exhibit plugin terminated with an error or returned an invalid XML."


@pytest.fixture(scope="module")
def installed(conformance_sandbox):
    yield from exhibit_handlers.installed(conformance_sandbox.reseller)


@pytest.fixture
def ex(installed, pair):
    installed.clear()
    return installed


def env(ex, func="rt.form", user="buyer", **params):
    ex.panel.http(func, user, **params)
    return ex.calls()[0]["env"]


def stages(ex, least=1):
    return [call["env"]["EVENT_TYPE"] for call in ex.calls(least)]


@pytest.mark.fact("P2.1-01")
def test_handlers_run_as_root(ex):
    ex.panel.http("rt.form")
    assert ex.calls()[0]["uid"] == 0


@pytest.mark.fact("P2.1-02")
@pytest.mark.parametrize(
    "program", ["#!/bin/sh\necho '<doc><by>sh</by></doc>'\n", "#!/usr/bin/perl\nprint '<doc><by>sh</by></doc>';"]
)
def test_handlers_are_of_any_language(ex, program):
    good = (ex.panel.base / "addon/exhibit").read_text()
    ex.panel.install("addon", "exhibit", program)
    try:
        assert ex.panel.http("rt.form").findtext("by") == "sh"
    finally:
        ex.panel.install("addon", "exhibit", good)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("<doc/>", 3, marks=pytest.mark.fact("P2.1-03")),
        pytest.param("<doc>", 0, marks=pytest.mark.fact("P2.1-04")),
    ],
)
def test_a_failure_and_broken_xml_are_one(ex, text, code):
    ex.answer("rt.form", text, code)
    assert ex.panel.http("rt.form").find("error").findtext("msg") == TEXT


@pytest.mark.fact("P2.1-05")
def test_a_handler_reports_its_own_error_as_xml(ex):
    ex.answer("rt.form", '<doc><error type="mine"><msg>Mine</msg></error></doc>')
    error = ex.panel.http("rt.form").find("error")
    assert (error.get("type"), error.findtext("msg")) == ("mine", "Mine")


@pytest.mark.fact("P2.1-06", "P2.1-07")
def test_a_plug_in_is_active_after_a_restart_and_the_log_says_so(ex):
    late = (
        '<mgrdata><handler name="exhibit" type="xml"><event name="user.late" after="yes"/>'
        '<func name="rt.late"/></handler></mgrdata>'
    )
    file = ex.panel.install("etc/xml", "billmgr_mod_late.xml", late)
    try:
        assert ex.panel.http("rt.late").find("error").get("type") == "missed"
        ex.restart()
        assert ex.panel.http("rt.late").find("error") is None
        log = (ex.panel.base / "var/billmgr.log").read_text()
        assert "action EXTINFO Register event 'exhibit' for action 'user.late'" in log
    finally:
        file.unlink()
        ex.restart()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("PARAM_field", "a b", marks=pytest.mark.fact("P2.1-08")),
        pytest.param("PARAM_func", "rt.form", marks=pytest.mark.fact("P2.1-09")),
        pytest.param("AUTH_USER", "buyer", marks=pytest.mark.fact("P2.1-10")),
        pytest.param("AUTH_LEVEL", "16", marks=pytest.mark.fact("P2.1-11")),
        pytest.param("EVENT_TYPE", "action", marks=pytest.mark.fact("P2.2-01")),
        pytest.param("ACTION_NAME", "rt.form", marks=pytest.mark.fact("P2.2-05")),
        pytest.param("AUTH_IP", "127.0.0.1", marks=pytest.mark.fact("P2.2-06")),
        pytest.param("REQUEST_METHOD", "POST", marks=pytest.mark.fact("P2.2-07")),
        pytest.param("REMOTE_ADDR", "127.0.0.1", marks=pytest.mark.fact("P2.2-09")),
        pytest.param("HTTPS", "on", marks=pytest.mark.fact("P2.2-10")),
    ],
)
def test_the_environment(ex, name, value):
    assert env(ex, field="a b")[name] == value


@pytest.mark.fact("P2.1-12")
def test_headers_are_in_the_environment(ex):
    assert "python-requests" in env(ex)["HTTP_USER_AGENT"]


def get(ex, headers=None, **params):
    import requests

    facts = ex.panel.facts
    password = ex.panel.accounts["buyer"]["password"]
    data = {"out": "xml", "authinfo": f"buyer:{password}", **params}
    return requests.get(facts["url"], params=data, headers=headers, verify=facts["ca"], timeout=60)


@pytest.mark.fact("P2.2-08")
def test_the_query_string(ex):
    get(ex, func="rt.form", a="1")
    seen = ex.calls()[0]["env"]
    assert "a=1" in seen["QUERY_STRING"]
    assert seen["REQUEST_METHOD"] == "GET"


@pytest.mark.fact("P2.2-11")
def test_the_cookie_with_session_and_language(ex):
    root = parsed(get(ex, {"Cookie": "billmgrses5=abc; billmgrlang5=orion:ru"}, func="rt.form").content)
    assert ex.calls()[0]["env"]["HTTP_COOKIE"] == "billmgrses5=abc; billmgrlang5=orion:ru"
    assert root.get("lang") == "ru"


@pytest.mark.fact("P2.2-12")
def test_headers_of_a_proxy(ex):
    get(ex, {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Secret": "wrong"}, func="rt.form")
    seen = ex.calls()[0]["env"]
    assert (seen["HTTP_X_FORWARDED_FOR"], seen["HTTP_X_FORWARDED_SECRET"]) == ("198.51.100.7", "wrong")
    assert seen["AUTH_IP"] == "127.0.0.1"


@pytest.mark.fact("P2.2-13")
def test_no_variable_holds_the_session_or_the_manager(ex):
    seen = env(ex)
    assert not {"SESSION_ID", "MGR", "AUTHID", "REMOTE_USER", "HANDLER_STAGE"} & set(seen)


@pytest.mark.fact("P2.1-13")
def test_a_function_prints_a_whole_page(ex):
    page = (
        '<doc lang="ru" func="rt.form"><metadata type="list"><coldata/></metadata>'
        '<messages><msg name="title">T</msg></messages><elem><id>1</id></elem></doc>'
    )
    ex.answer("rt.form", page)
    root = ex.panel.http("rt.form", out="devel")
    assert root.find("metadata").get("type") == "list"
    assert root.findtext("messages/msg") == "T"
    assert root.findtext("elem/id") == "1"


@pytest.mark.fact("P2.1-14")
def test_the_root_is_doc(ex):
    ex.panel.http("rt.form")
    assert parsed(ex.calls()[0]["stdin"]).tag == "doc"
    assert ex.panel.http("rt.form").tag == "doc"


@pytest.mark.fact("P2.1-15")
def test_several_ids_are_joined_by_comma_and_space(ex, switch):
    switch(ex.panel, "group_calls", "once")
    assert env(ex, "rt.delete", elid="1, 2")["PARAM_elid"] == "1, 2"


@pytest.mark.fact("P2.2-14")
def test_a_group_operation_calls_for_each_element(ex):
    ex.panel.http("rt.delete", elid="1, 2")
    seen = [call["env"] for call in ex.calls(2)]
    assert [(one["PARAM_elid"], one["PARAM_elids"]) for one in seen] == [("1", "1, 2"), ("2", "1, 2")]


@pytest.mark.fact("P2.2-15")
def test_the_pressed_button_is_a_parameter(ex):
    assert env(ex, sok="ok", clicked_button="next")["PARAM_clicked_button"] == "next"


ERROR = '<doc><error type="stop"><msg>No</msg></error></doc>'


@pytest.mark.fact("P2.1-16", "P2.2-02")
def test_an_error_before_prevents_the_function(ex):
    ex.answer("before tool.clearcache", ERROR)
    assert ex.panel.http("tool.clearcache", "admin").find("error").get("type") == "stop"
    assert stages(ex) == ["before", "final"]


@pytest.mark.fact("P2.1-17", "P2.2-03")
def test_after_runs_only_when_the_function_succeeded(ex):
    ex.panel.http("tool.clearcache", "admin")
    assert stages(ex) == ["before", "after", "final"]
    ex.clear()
    ex.panel.http("rt.list", "admin")
    ex.clear()
    ex.answer("action rt.list", ERROR)
    assert ex.panel.http("rt.list").find("error").get("type") == "stop"
    assert "after" not in stages(ex)


@pytest.mark.fact("P2.1-18")
def test_after_runs_at_opening_and_at_saving(ex):
    for params in ({}, {"sok": "ok"}):
        ex.panel.http("rt.form", **params)
    seen = [call["env"].get("PARAM_sok", "") for call in ex.calls(4) if call["env"]["EVENT_TYPE"] == "after"]
    assert seen == ["", "ok"]


@pytest.mark.fact("P2.1-19", "P2.2-04")
def test_final_runs_in_any_case_and_may_call_the_panel(ex):
    ex.answer("before tool.clearcache", ERROR)
    ex.panel.http("tool.clearcache", "admin")
    assert stages(ex)[-1] == "final"
    good = (ex.panel.base / "addon/exhibit_cgi").read_text()
    ex.panel.install(
        "addon", "exhibit_cgi", "#!/bin/sh\nsbin/mgrctl -m billmgr -o xml whoami >tmp/exhibit.who\necho '<doc/>'\n"
    )
    try:
        assert ex.panel.http("keepalive").find("ok") is not None
    finally:
        ex.panel.install("addon", "exhibit_cgi", good)
    assert 'level="30"' in (ex.panel.base / "tmp/exhibit.who").read_text()


@pytest.mark.fact("P2.1-20")
def test_an_error_stops_the_handlers_after_it(ex):
    ex.answer("exhibit_low after rt.list", ERROR)
    assert ex.panel.http("rt.list").find("error").get("type") == "stop"
    assert [call["name"] for call in ex.calls()] == ["exhibit", "exhibit_low"]


@pytest.mark.fact("P2.1-21", "P2.1-22")
def test_ok_overrides_and_param_is_ignored_while_merging(ex):
    ex.answer("before tool.clearcache", '<doc><ok type="list">func=x</ok><param name="p">1</param><more>2</more></doc>')
    root = ex.panel.http("tool.clearcache", "admin")
    assert [(one.get("type"), one.text) for one in root.findall("ok")] == [("list", "func=x")]
    assert root.find("param") is None
    assert root.findtext("more") == "2"


@pytest.mark.parametrize(("setting", "there"), [("bare", False), ("page", True)])
def test_what_a_before_handler_reads_is_a_switch(ex, switch, setting, there):
    switch(ex.panel, "before_handler_input", setting)
    file = ex.panel.install(
        "etc/xml",
        "billmgr_mod_page.xml",
        '<mgrdata><handler name="exhibit" type="xml"><event name="datacenter" before="yes"/></handler></mgrdata>',
    )
    ex.restart()
    try:
        ex.panel.http("datacenter", "admin")
        seen = next(call for call in ex.calls() if call["env"]["EVENT_TYPE"] == "before")
        assert (parsed(seen["stdin"]).find("metadata") is not None) == there
    finally:
        file.unlink()
        ex.restart()


@pytest.mark.fact("P2.1-23", "P2.1-25")
def test_background_handlers_run_beside_and_cannot_influence(ex):
    ex.answer("background whoami", ERROR)
    assert ex.panel.http("whoami").find("user") is not None
    seen = ex.calls()[0]
    assert seen["env"]["EVENT_TYPE"] == "background"


@pytest.mark.fact("P2.1-24")
def test_background_handlers_do_not_hold_up_the_answer(ex):
    good = (ex.panel.base / "addon/exhibit_back").read_text()
    begun, wake, slept = (ex.panel.base / f"tmp/exhibit.{name}" for name in ("begun", "wake", "slept"))
    script = "touch tmp/exhibit.begun\nuntil [ -e tmp/exhibit.wake ]; do sleep 0.05; done\ntouch tmp/exhibit.slept"
    ex.panel.install("addon", "exhibit_back", f"#!/bin/sh\n{script}\n")
    try:
        assert ex.panel.http("whoami").find("user") is not None
        until(begun.exists, "it does not begin")
        assert not slept.exists()
        wake.touch()
        until(slept.exists, "it does not run to its end")
    finally:
        wake.touch()
        ex.panel.install("addon", "exhibit_back", good)
        for file in (begun, wake, slept):
            file.unlink(missing_ok=True)


@pytest.mark.fact("P2.1-26")
def test_background_handlers_get_variables(ex):
    ex.panel.http("whoami", a="b")
    seen = ex.calls()[0]["env"]
    assert (seen["PARAM_a"], seen["AUTH_USER"]) == ("b", "buyer")
    assert "HTTP_USER_AGENT" in seen


@pytest.mark.fact("P2.1-27")
def test_background_handlers_get_the_document_with_sessiondata_only(ex, switch):
    switch(ex.panel, "absent_functions", "")
    ex.panel.http("whoami")
    assert ex.calls()[0]["stdin"] == ""
    ex.clear()
    ex.panel.http("checkevent", "admin")
    assert parsed(ex.calls()[0]["stdin"]).find("ok") is not None


@pytest.mark.parametrize(("attribute", "runs"), [("background", False), ("async", True)])
def test_the_attribute_of_background_handlers_is_a_switch(ex, switch, attribute, runs):
    switch(ex.panel, "background_attribute", attribute)
    ex.restart()
    ex.panel.http("rt.cgi")

    def beside():
        return "exhibit_back" in [call["name"] for call in ex.calls() if call["env"]["PARAM_func"] == "rt.cgi"]

    if runs:
        until(beside, "it does not run")
    else:
        time.sleep(0.4)
        assert not beside()
    ex.panel.call("sandbox.switch", name="background_attribute", value="background")
    ex.restart()


@pytest.mark.fact("P2.2-16")
def test_the_document_of_an_xml_handler_is_replaced_by_what_it_prints(ex):
    ex.answer("exhibit_soft after datacenter", "<doc><elem><id>0</id><name>Moon</name></elem></doc>")
    assert [one.text for one in ex.panel.http("datacenter", "admin").iterfind("elem/name")] == ["Moon"]
    given = parsed(next(call["stdin"] for call in ex.calls() if call["name"] == "exhibit_soft"))
    assert "Amsterdam" in [one.text for one in given.iterfind("elem/name")]


@pytest.mark.fact("P2.2-17")
def test_after_a_saved_form_the_document_says_ok(ex):
    ex.panel.http("tool.clearcache", "admin")
    seen = next(call for call in ex.calls(3) if call["env"]["EVENT_TYPE"] == "after")
    assert parsed(seen["stdin"]).find("ok") is not None


@pytest.mark.fact("P2.2-18", "P2.2-19")
def test_an_own_function_gets_its_metadata_and_messages(ex):
    ex.panel.http("rt.form")
    document = parsed(ex.calls()[0]["stdin"])
    assert document.find("metadata/form/field/input").get("name") == "f"
    block = document.find("messages")
    assert (block.get("name"), block.get("checked")) == ("rt.form", "rt.form")
    assert block.findtext("msg") == "Form"


@pytest.mark.fact("P2.2-20")
def test_a_cgi_handler_gets_parameters_only(ex):
    ex.panel.http("rt.cgi", a="1")
    assert ex.calls()[0]["stdin"] == ""
    assert ex.calls()[0]["env"]["PARAM_a"] == "1"


@pytest.mark.fact("P2.2-21")
def test_with_postdata_the_form_is_on_stdin(ex):
    ex.panel.http("rt.form", a="1 2")
    assert "a=1+2" in next(call["stdin"] for call in ex.calls(2) if call["name"] == "exhibit_cgi")


@pytest.mark.fact("P2.2-22")
def test_a_cgi_handler_prints_doc_when_it_has_nothing_to_say(ex):
    ex.answer("exhibit_cgi after rt.form", "<doc/>")
    ex.answer("action rt.form", "<doc><f>1</f></doc>")
    assert ex.panel.http("rt.form").findtext("f") == "1"


def test_sessiondata_gives_a_final_handler_the_document(ex):
    ex.panel.http("keepalive")
    assert parsed(ex.calls()[0]["stdin"]).find("ok") is not None


@pytest.mark.fact("P2.2-23")
def test_the_current_directory_is_that_of_the_panel(ex):
    ex.panel.http("rt.form")
    assert ex.calls()[0]["cwd"] == str(ex.panel.base)


@pytest.mark.fact("P2.2-24")
@pytest.mark.parametrize(("setting", "there"), [("logged", True), ("dropped", False)])
def test_stderr_is_no_part_of_the_document(ex, switch, setting, there):
    switch(ex.panel, "handler_stderr", setting)
    good = (ex.panel.base / "addon/exhibit").read_text()
    ex.panel.install("addon", "exhibit", f"#!/bin/sh\necho noise-{setting} >&2\necho '<doc><f>1</f></doc>'\n")
    try:
        assert ex.panel.http("rt.form").findtext("f") == "1"
    finally:
        ex.panel.install("addon", "exhibit", good)
    assert (f"noise-{setting}" in (ex.panel.base / "var/billmgr.log").read_text()) == there


@pytest.mark.parametrize(
    ("setting", "order"),
    [
        ("base", ["exhibit_low", "exhibit_high", "exhibit"]),
        ("files", ["exhibit", "exhibit_low", "exhibit_high"]),
        ("reversed", ["exhibit_high", "exhibit_low", "exhibit"]),
    ],
)
@pytest.mark.fact("P1.2-07")
def test_the_order_of_handlers_is_a_switch(ex, switch, setting, order):
    switch(ex.panel, "handler_order", setting)
    ex.panel.http("rt.list")
    assert [call["name"] for call in ex.calls(4) if call["env"]["EVENT_TYPE"] == "after"] == order


@pytest.mark.fact("P1.2-06")
@pytest.mark.parametrize(("setting", "refused"), [("obeyed", False), ("no_effect", True)])
def test_ignore_errors_is_a_switch(ex, switch, setting, refused):
    switch(ex.panel, "ignore_errors", setting)
    ex.answer("exhibit_soft after datacenter", "", 1)
    assert (ex.panel.http("datacenter", "admin").find("error") is not None) == refused


@pytest.mark.parametrize(("setting", "refused"), [("ignored", False), ("honoured", True)])
def test_level_on_a_function_is_a_switch(ex, switch, setting, refused):
    switch(ex.panel, "handler_level", setting)
    assert (ex.panel.http("rt.limited").find("error") is not None) == refused


@pytest.mark.fact("P1.2-05")
def test_one_handler_serves_many_functions_and_events(ex):
    for func in ("rt.form", "rt.list", "tool.clearcache"):
        ex.panel.http(func, "admin")
    seen = {call["env"]["PARAM_func"] for call in ex.calls(3) if call["name"] == "exhibit"}
    assert seen == {"rt.form", "rt.list", "tool.clearcache"}


def test_errors_of_handlers_are_logged(ex):
    ex.answer("rt.form", "", 7)
    ex.panel.http("rt.form")
    assert re.search(r"plugin ERROR exhibit ended with 7", (ex.panel.base / "var/billmgr.log").read_text())

"""platform.md 5.1-5.3: features, settings, and what a failed command leaves behind."""

import time

import pytest

from sandbox.tests.conformance.probe import Probe, features_document
from sandbox.tests.conformance.table import cases
from sandbox.tests.panels import until

MODULE = "pmfails"
fact = cases("")


@pytest.fixture
def failing(probe):
    """An ordered service whose opening does as told; its operations are dropped at the end."""
    opened = []

    def order(**todo):
        probe.do(open=todo)
        given = {"pricelist": probe.tariff(), "period": 1, "skipbasket": "on", "sok": "ok"}
        opened.append(int(probe.panel.call("vds.order.param", su="client1", **given).findtext("id")))
        return opened[-1]

    yield order
    for item in opened:
        probe.drop(item)


def tried(probe, item, times=1):
    until(lambda: len(attempts(probe, item)) >= times, "not tried")


def attempts(probe, item):
    return [one for one in probe.met("open") if one["options"].get("item") == str(item)]


def settled(probe, item):
    until(lambda: (probe.operations(item) or [{"lastexit": 0}])[0]["lastexit"] is not None, "not settled")
    return probe.operations(item)[0]


ERROR_XML = (
    "<doc><processingmodule id='1'><error type='client' object='x'/></processingmodule><error type='client'/></doc>"
)


@pytest.mark.fact("P5.2-200")
def test_runningoperation_edit_keeps_errorxml(probe, failing):
    item = failing(
        calls=[["runningoperation.edit", "sok=ok", "elid={runningoperation}", f"errorxml={ERROR_XML}"]], code=1
    )
    assert settled(probe, item)["errorxml"] == ERROR_XML
    error = probe.panel.error("runningoperation.edit", elid=probe.operations(item)[0]["id"], errorxml="<x", sok="ok")
    assert error.get("object") == "errorxml"


@pytest.mark.fact("P5.2-201")
def test_setmanual_stops_the_repetitions(probe, failing):
    item = failing(calls=[["runningoperation.setmanual", "elid={runningoperation}"]], code=1)
    assert settled(probe, item)["manual"] == "on"
    time.sleep(0.7)
    assert len(attempts(probe, item)) == 1


@pytest.mark.fact("P5.2-202")
def test_runningoperation_edit_takes_manual(probe, failing):
    item = failing(calls=[["runningoperation.edit", "sok=ok", "elid={runningoperation}", "manual=on"]], code=1)
    assert settled(probe, item)["manual"] == "on"


@pytest.mark.fact("P5.2-203")
@pytest.mark.parametrize(("operation", "known"), [("open", True), ("setparam", True), ("nothing", False)])
def test_gettype_answers_the_type_of_a_task_or_nothing(probe, operation, known):
    assert bool(probe.panel.call("task.gettype", operation=operation).findtext("task_type")) == known


@pytest.mark.fact("P5.2-204")
def test_a_task_refers_to_item_operation_and_type(probe, failing):
    item = failing(code=1)
    operation = settled(probe, item)["id"]
    kind = probe.panel.call("task.gettype", operation="open").findtext("task_type")
    given = {"item": item, "runningoperation": operation, "type": kind, "params": "why"}
    probe.panel.call("task.edit", sok="ok", **given)
    task = probe.tasks(item)[0]
    assert (task["runningoperation"], task["type"], task["status"], task["params"]) == (operation, int(kind), 0, "why")


@pytest.mark.fact("P5.2-205")
def test_a_task_is_started_and_deleted(probe, failing):
    item = failing(code=1)
    settled(probe, item)
    probe.panel.call("runningoperation.taskcreate", elid=probe.operations(item)[0]["id"])
    number = probe.tasks(item)[0]["id"]
    probe.panel.call("task.start", elid=number)
    assert probe.tasks(item)[0]["status"] == 1
    probe.panel.call("task.delete", elid=number)
    assert probe.tasks(item) == []


@pytest.mark.fact("P5.2-206")
def test_taskcreate_makes_one_task_for_an_operation(probe, failing):
    item = failing(code=1)
    operation = settled(probe, item)["id"]
    first = probe.panel.call("runningoperation.taskcreate", elid=operation).findtext("id")
    assert probe.panel.call("runningoperation.taskcreate", elid=operation).findtext("id") == first
    assert [str(task["id"]) for task in probe.tasks(item)] == [first]
    assert probe.panel.error("runningoperation.taskcreate", elid=1).get("type") == "missed"


@pytest.mark.fact("P5.2-207")
def test_a_started_operation_runs_again(probe, failing):
    item = failing(calls=[["runningoperation.setmanual", "elid={runningoperation}"]], code=1)
    operation = settled(probe, item)["id"]
    probe.do()
    probe.panel.call("runningoperation.start", elid=operation)
    probe.over(item)
    assert probe.panel.status(item) == 2


@pytest.mark.fact("P5.2-208")
def test_a_deleted_operation_is_gone_with_its_task(probe, failing):
    item = failing(code=1)
    operation = settled(probe, item)["id"]
    probe.panel.call("runningoperation.taskcreate", elid=operation)
    probe.panel.call("runningoperation.delete", elid=operation)
    assert (probe.operations(item), probe.tasks(item)) == ([], [])


@pytest.mark.fact("P5.2-209")
def test_a_problem_is_registered_once_for_its_object(probe):
    given = {"name": "processingmodule_connect", "id": probe.id, "param_pm_name": "n", "param_pm_id": probe.id}
    for text in ("first", "second"):
        probe.panel.call("problems.register", param_errormsg=text, level="error", sok="ok", **given)
    mine = [row for row in probe.panel.call("problems") if row.findtext("reference") == probe.id]
    assert [row.findtext("level") for row in mine] == ["error"]
    assert "param_errormsg=second" in mine[0].findtext("params")


@pytest.mark.parametrize(
    "todo",
    [
        fact("P5.2-210", {"code": 1}),
        fact("P5.2-211", {"out": '<doc><error type="client" object="open" value="billmgr"/></doc>', "code": 1}),
        fact("P5.2-212", {"out": '<doc><error type="x"><param name="value">v</param></error></doc>'}),
        fact("P5.2-213", {"out": '<doc><error type="x" object="o" value="v"><backtrace>b</backtrace></error></doc>'}),
        fact("P5.3-01", {"out": "<doc><ok/></doc>", "code": 3}),
    ],
)
def test_a_failure_is_seen_and_the_command_repeated(probe, failing, todo):
    item = failing(**todo)
    tried(probe, item, 2)
    assert probe.panel.status(item) == 5
    assert probe.operations(item)[0]["trycount"] >= 2


@pytest.mark.fact("P5.2-214")
def test_trycount_is_there_for_a_module_that_counts(probe, failing):
    item = failing(code=1)
    tried(probe, item, 2)
    row = probe.panel.call("runningoperation").xpath(f"elem[item={item}]")[0]
    assert int(row.findtext("trycount")) >= 2


@pytest.mark.fact("P5.2-215")
def test_success_is_exit_0(probe):
    item = probe.service()
    assert probe.operations(item) == []


@pytest.mark.fact("P5.2-216")
def test_open_goes_to_the_next_module_when_one_cannot(conformance_sandbox, pair):
    """The vendor's base class: on an error it calls service.getnextmodule and tries again."""
    simple = features_document(["open"])
    first = Probe(pair.reseller, "pmone", simple)
    second = Probe(pair.reseller, "pmtwo", simple)
    tariff = first.tariff()
    pair.reseller.call("pricelist.edit", elid=tariff, processingmodule=f"{first.id}, {second.id}", sok="ok")
    first.do(open={"calls": [["service.getnextmodule", "elid={item}", "sok=ok"]], "code": 1})
    item = first.service()
    assert second.last("open")["options"]["item"] == str(item)
    assert len([one for one in first.met("open") if one["options"]["item"] == str(item)]) == 1


@pytest.mark.fact("P5.2-056")
def test_a_new_service_goes_to_the_module_that_says_it_can_take_it(pair):
    both = Probe(pair.reseller, "pmfit")
    other = pair.reseller.call("processing.add.settings", module="pmfit", name="fit 2", url="x", sok="ok").findtext(
        "id"
    )
    pair.reseller.call("pricelist.edit", elid=both.tariff(), processingmodule=f"{both.id}, {other}", sok="ok")
    both.do(get_suitable_module={"out": f"<doc><modules><module id='{other}'/></modules></doc>"})
    item = both.service()
    rows = pair.reseller.rows("SELECT processingmodule FROM item WHERE id = %s", item)
    assert rows == [{"processingmodule": int(other)}]
    both.do(get_suitable_module={"out": "<doc><modules/></doc>"})
    given = {"pricelist": both.tariff(), "period": 1, "skipbasket": "on", "sok": "ok"}
    item = int(pair.reseller.call("vds.order.param", su="client1", **given).findtext("id"))
    assert "no_suitable_module" in settled(both, item)["lastoutput"]
    both.drop(item)


NOTHING = "etc/billmgr.DoNothing"


@pytest.fixture
def nothing(probe):
    file = probe.panel.base / NOTHING
    file.touch()
    yield file
    file.unlink()


@pytest.mark.fact("P5.2-217")
def test_do_nothing_is_the_modules_duty(probe, nothing):
    """A module that does not look at the file works on: the panel only has the place for it."""
    item = probe.service()
    assert len(attempts(probe, item)) == 1


@pytest.mark.fact("P5.2-218")
@pytest.mark.parametrize(("command", "runs"), [("suspend", False), ("setparam", True)])
def test_do_nothing_may_be_honoured_by_the_panel(probe, switch, command, runs):
    item = probe.service()
    switch(probe.panel, "do_nothing", "panel")
    (probe.panel.base / NOTHING).touch()
    try:
        probe.queue(item, command)
        if runs:
            probe.over(item)
        else:
            settled(probe, item)
    finally:
        (probe.panel.base / NOTHING).unlink()
    assert bool([one for one in probe.met(command) if one["options"]["item"] == str(item)]) == runs
    probe.drop(item)


@pytest.mark.fact("P5.2-219")
def test_a_module_survives_a_restart_of_the_panel(probe, failing):
    """Its operation is not run a second time while it still works."""
    item = failing(calls=[["exit"], ["service.postopen", "elid={item}", "sok=ok"]])
    probe.panel.until_status(item, 2)
    assert len(attempts(probe, item)) == 1


def settings_of(probe, module, table="processingparam"):
    rows = probe.panel.rows(f"SELECT intname, value FROM {table} WHERE processingmodule = %s", module)
    return {row["intname"]: row["value"] for row in rows}


@pytest.mark.fact("P5.2-220")
def test_params_decide_what_is_stored_plain(probe):
    assert settings_of(probe, probe.id)["url"] == "here"


@pytest.mark.fact("P5.2-221")
def test_params_decide_what_is_stored_encrypted(probe):
    assert "secret" not in settings_of(probe, probe.id)
    assert settings_of(probe, probe.id, "processingcryptedparam")["secret"] not in ("", "top secret")


@pytest.mark.fact("P5.2-222")
def test_what_params_do_not_declare_is_not_stored(probe):
    probe.panel.call("processing.edit", elid=probe.id, other="x", sok="ok")
    assert "other" not in settings_of(probe, probe.id)


CUSTOM = "<customparam name='rack' unique='yes' defval='A1'/>"


@pytest.mark.fact("P5.2-223")
def test_a_custom_parameter_has_a_default(pair):
    made = Probe(pair.reseller, "pmcustom", features_document(extra=CUSTOM))
    assert settings_of(made, made.id)["rack"] == "A1"


@pytest.mark.fact("P5.2-224")
def test_a_unique_parameter_is_not_given_twice(pair):
    made = Probe(pair.reseller, "pmunique", features_document(extra=CUSTOM))
    error = pair.reseller.error("processing.add.settings", module="pmunique", name="again", url="x", sok="ok")
    assert (error.get("type"), error.get("object")) == ("exists", "rack")
    assert pair.reseller.error("processing.add.settings", module="pmunique", rack="B2", sok="ok") is None
    assert made.id


@pytest.mark.fact("P5.2-225")
def test_itemtypes_decide_what_tariffs_a_module_may_process(probe):
    soft = probe.panel.tariff("ISPmanager Lite")
    error = probe.panel.error("pricelist.edit", elid=soft, processingmodule=probe.id, sok="ok")
    assert error.get("object") == "processingmodule"


def shown(probe):
    return next(row for row in probe.panel.call("sandbox.modules") if row.findtext("module") == probe.name)


@pytest.mark.fact("P5.2-226")
def test_features_name_what_the_panel_may_run(probe):
    assert {"open", "get_suitable_module"} <= set(shown(probe).findtext("features").split())


@pytest.mark.fact("P5.2-227")
def test_templates_are_read_for_certificates(probe):
    assert shown(probe).findtext("templates") == "op_1"


@pytest.mark.fact("P5.2-228")
def test_the_settings_form_is_the_plugins_metadata_with_its_texts(probe):
    form = (
        "<mgrdata><metadata name='processing.edit.pmfails' type='form'><form><page name='connect'>"
        "<field name='url'><input type='text' name='url'/></field></page></form></metadata>"
        "<metadata name='pricelist.pmfails' type='form'><form><field name='plan'>"
        "<input type='text' name='plan'/></field>"
        "</form></metadata><lang name='en'><messages name='processing.edit.pmfails'><msg name='url'>Where</msg>"
        "</messages></lang></mgrdata>"
    )
    probe.panel.install("etc/xml", "billmgr_mod_pmfails.xml", form)
    probe.panel.mgrctl("exit")
    probe.do(tune_connection={"out": ""})
    met = probe.panel.ask("processing.add.settings", module="pmfails")
    assert met.find("error") is not None
    stdin = probe.last("tune_connection")["stdin"]
    assert "metadata" in stdin
    assert "Where" in stdin


@pytest.mark.fact("P5.2-229")
def test_the_tariffs_form_declares_the_tariffs_own_fields(probe):
    probe.panel.call("pricelist.edit", elid=probe.tariff(), plan="gold", other="x", sok="ok")
    rows = probe.panel.rows("SELECT intname, value FROM pricelistparam WHERE pricelist = %s", probe.tariff())
    assert rows == [{"intname": "plan", "value": "gold"}]


@pytest.mark.fact("P5.1-02")
def test_a_module_that_does_not_start_is_made_again_from_its_source(probe):
    source = probe.panel.base / "src" / "pmbroken"
    source.mkdir(parents=True)
    program = probe.panel.base / "processing" / "pmbroken"
    (source / "good").write_text("#!/bin/sh\necho '<doc><features><feature name=\"open\"/></features></doc>'\n")
    (source / "Makefile").write_text(f"install-only:\n\tinstall -m 755 {source}/good {program}\n")
    probe.panel.install("processing", "pmbroken", "#!/bin/sh\nexit 1\n")
    probe.panel.mgrctl("exit")
    probe.panel.call("processing")
    until(lambda: "open" in program.read_text(), "not made again")
    row = next(row for row in probe.panel.call("sandbox.modules") if row.findtext("module") == "pmbroken")
    assert row.findtext("features") == "open"


@pytest.mark.fact("P5.1-03")
def test_the_extension_is_a_part_of_a_modules_name(pair):
    made = Probe(pair.reseller, "pmext.py")
    assert pair.reseller.rows("SELECT module FROM processingmodule WHERE id = %s", made.id) == [{"module": "pmext.py"}]


@pytest.mark.fact("P5.1-04")
def test_a_call_back_answers_xml_or_json(probe):
    assert probe.panel.mgrctl("-o", "json", "task.gettype", "operation=open").stdout.startswith("{")
    assert probe.panel.mgrctl("-o", "xml", "task.gettype", "operation=open").stdout.startswith("<?xml")


@pytest.mark.fact("P5.3-02")
def test_the_time_between_tries_is_a_switch(probe, switch, failing):
    switch(probe.panel, "retry_seconds", "3600")
    item = failing(code=1)
    settled(probe, item)
    time.sleep(0.5)
    assert len(attempts(probe, item)) == 1


@pytest.mark.fact("P5.3-03")
@pytest.mark.parametrize(("workers", "together"), [("1", False), ("4", True)])
def test_the_number_of_workers_is_a_switch(probe, switch, failing, workers, together):
    switch(probe.panel, "queue_workers", workers)
    program = probe.panel.base / "processing" / "pmslow"
    program.write_text(
        "#!/bin/sh\n[ $2 = features ] && { echo '<doc><features><feature name=\"open\"/></features></doc>'; exit 0; }\n"
        "echo begin >>tmp/pmslow.log; until [ -e tmp/pmslow.go ]; do sleep 0.05; done; echo end >>tmp/pmslow.log\n"
        "sbin/mgrctl -m billmgr service.postopen elid=$4 sok=ok\n"
    )
    program.chmod(0o755)
    log, go = (probe.panel.base / "tmp" / f"pmslow.{name}" for name in ("log", "go"))
    log.write_text("")
    module = probe.panel.call("processing.add.settings", module="pmslow", name="slow", sok="ok").findtext("id")
    tariff = probe.panel.call("sandbox.tariff", name="slow", price=1, module=module).findtext("id")
    given = {"pricelist": tariff, "period": 1, "skipbasket": "on", "sok": "ok"}
    made = [int(probe.panel.call("vds.order.param", su="client1", **given).findtext("id")) for _ in range(2)]
    until(lambda: len(log.read_text().split()) == 1 + together, "none begins, or one waits for the other")
    time.sleep(0 if together else 0.4)
    go.touch()
    for item in made:
        probe.panel.until_status(item, 2)
    go.unlink()
    assert log.read_text().split() == (["begin"] * 2 + ["end"] * 2 if together else ["begin", "end"] * 2)

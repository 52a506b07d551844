"""additions-2.md: what modules made for the real panel rely on, beyond the vendor's own."""

import pytest
from lxml import etree

from sandbox.core.modules import BASE_OPERATIONS
from sandbox.tests.conformance.probe import Probe, features_document
from sandbox.tests.panels import until

MODULE = "pmlearnt"
STEPS = (("suspend", "vds.suspend", 3), ("resume", "vds.resume", 2), ("close", "vds.delete", 4))


@pytest.fixture(scope="module")
def bare(conformance_sandbox):
    """A module whose features name nothing but open."""
    made = Probe(conformance_sandbox.reseller, "pmbare", features_document(["open"]))
    yield made
    made.leave()


@pytest.mark.fact("H2-01")
def test_base_operations_come_though_no_feature_names_them(bare):
    item = bare.service(domain="base.example")
    bare.panel.http("vds.edit", "client1", elid=item, domain="changed.example", sok="ok")
    bare.over(item)
    bare.queue(item, "reopen")
    bare.over(item)
    for _, func, status in STEPS:
        bare.panel.http(func, "client1", elid=item)
        bare.panel.until_status(item, status)
    met = {line["options"]["command"] for line in bare.met() if line["options"].get("item") == str(item)}
    assert met == BASE_OPERATIONS
    other = bare.service()
    bare.panel.http("service.prolong", "client1", elid=other, period=1, sok="ok")
    assert bare.operations(other) == []
    assert bare.met("prolong") == []


@pytest.mark.fact("H2-02")
def test_a_panel_may_run_only_what_features_name(bare, switch):
    switch(bare.panel, "base_operations", "declared")
    item = bare.service()
    for command, func, status in STEPS:
        bare.panel.http(func, "client1", elid=item)
        assert bare.panel.status(item) == status
        assert str(item) not in [line["options"]["item"] for line in bare.met(command)]


@pytest.mark.fact("H3-01")
def test_a_content_check_of_the_connection_says_nothing(probe):
    probe.do(check_connection={"out": ""})
    assert probe.panel.call("processing.edit", elid=probe.id, url="silent", sok="ok").find("ok") is not None
    probe.do(check_connection={"out": "fine"})
    assert probe.panel.error("processing.edit", elid=probe.id, url="talks", sok="ok").get("type") == "xml"
    probe.do(check_connection={"out": "", "code": 1})
    assert probe.panel.error("processing.edit", elid=probe.id, url="fails", sok="ok").get("type") == "process"
    stored = "SELECT value FROM processingparam WHERE processingmodule = %s AND intname = 'url'"
    assert [row["value"] for row in probe.panel.rows(stored, probe.id)] == ["silent"]


@pytest.mark.fact("H3-02")
def test_a_content_check_of_a_contact_says_nothing(probe):
    probe.do(validate_service_profile={"out": ""})
    given = {"su": "client1", "name": "Quiet", "profiletype": 1, "processingmodule": probe.id, "sok": "ok"}
    assert probe.panel.call("service_profile.edit", **given).findtext("id")
    probe.do(validate_service_profile={"out": "", "code": 1})
    assert probe.panel.error("service_profile.edit", **given).get("type") == "process"


@pytest.mark.fact("H4-01")
def test_a_check_of_the_connection_reads_the_modules_id(probe):
    probe.panel.call("processing.edit", elid=probe.id, url="known", sok="ok")
    document = etree.fromstring(probe.last("check_connection")["stdin"].encode())
    assert document.findtext("processingmodule/id") == probe.id
    probe.do(check_connection={"out": "<doc><error type='no'/></doc>"})
    probe.panel.error("processing.add.settings", module=probe.name, name="new", url="new", sok="ok")
    document = etree.fromstring(probe.last("check_connection")["stdin"].encode())
    assert (document.findtext("processingmodule/id"), document.findtext("processingmodule/url")) == ("", "new")


@pytest.mark.fact("H20-01")
def test_a_file_that_is_not_executable_is_passed_over(probe):
    file = probe.panel.install("processing", "pmnotes.txt", "not a program\n")
    file.chmod(0o644)
    probe.panel.mgrctl("exit")
    listed = [row.findtext("module") for row in probe.panel.call("sandbox.modules")]
    assert MODULE in listed
    assert file.name not in listed
    assert f"features of {file.name}" not in (probe.panel.base / "var/billmgr.log").read_text()
    file.unlink()


@pytest.mark.fact("H21-01")
@pytest.mark.parametrize(("setting", "shown"), [("counts", None), ("ignored", "whole")])
def test_whether_the_code_of_a_handler_with_a_document_counts_is_a_switch(pair, switch, setting, shown):
    panel = pair.reseller
    switch(panel, "handler_exit", setting)
    panel.install("addon", "leaving", "#!/bin/sh\necho '<doc><said>whole</said></doc>'\nexit 3\n")
    declared = '<mgrdata><handler name="leaving" type="xml"><func name="leaving"/></handler></mgrdata>'
    file = panel.install("etc/xml", "billmgr_mod_leaving.xml", declared)
    panel.mgrctl("exit")
    answer = panel.http("leaving")
    assert answer.findtext("said") == shown
    assert (answer.find("error") is None) == (setting == "ignored")
    file.unlink()
    panel.mgrctl("exit")


@pytest.mark.fact("H21-02")
@pytest.mark.parametrize(("setting", "stored"), [("refused", None), ("taken", "it broke")])
def test_whether_an_error_may_be_plain_text_is_a_switch(probe, switch, setting, stored):
    switch(probe.panel, "errorxml_text", setting)
    probe.do(open={"code": 1})
    item = int(probe.ordered().findtext("id"))
    operation = probe.operations(item)[0]["id"]
    answer = probe.panel.ask("runningoperation.edit", elid=operation, errorxml="it broke", sok="ok")
    assert (answer.find("error") is None) == (setting == "taken")
    assert probe.operations(item)[0]["errorxml"] == stored
    probe.drop(item)


@pytest.mark.fact("D3-01")
@pytest.mark.parametrize("key", ["name", "id"])
def test_templates_have_their_key_in_name_or_in_id(conformance_sandbox, key):
    features = features_document(["open"]).replace("<template name=", f"<template {key}=")
    made = Probe(conformance_sandbox.reseller, f"pmby{key}", features)
    row = next(row for row in made.panel.call("sandbox.modules") if row.findtext("module") == made.name)
    assert row.findtext("templates") == "op_1"


@pytest.mark.parametrize(
    ("out", "told"),
    [
        pytest.param("", "process", marks=pytest.mark.fact("E9-01")),
        pytest.param('<doc><error type="mine" object="x"/></doc>', "mine", marks=pytest.mark.fact("E9-02")),
    ],
)
def test_a_module_may_tell_its_error_or_not(probe, out, told):
    probe.do(open={"out": out, "code": 1})
    item = int(probe.ordered().findtext("id"))
    until(lambda: probe.operations(item)[0]["lastexit"] == 1, "not settled")
    assert f'type="{told}"' in probe.operations(item)[0]["lastoutput"]
    probe.drop(item)

"""platform.md 5.2: the vendor's command line and every command, as a foreign module meets them."""

import base64
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from sandbox.tests.conformance.probe import ECHO
from sandbox.tests.conformance.table import cases
from sandbox.tests.panels import until

MODULE = "pmprobe"
fact = cases("P5.2-")


@pytest.mark.parametrize(
    ("option", "command"),
    [
        fact("001", "command", "sync_server"),
        fact("002", "subcommand", "import_pricelist"),
        fact("003", "id", "import_pricelist"),
        fact("005", "lang", "sync_server"),
        fact("006", "module", "sync_server"),
        fact("007", "itemtype", "import"),
        fact("008", "intname", "approver"),
        fact("009", "param", "tune_service_profile"),
        fact("010", "value", "tune_service_profile"),
        fact("014", "domain", "approver"),
        fact("015", "emails", "send_dv_email"),
        fact("016", "tld", "get_contact_type"),
        fact("017", "searchstring", "import"),
    ],
)
def test_an_option_is_a_long_word_and_its_value_the_next_argument(probe, option, command):
    probe.do(**{command: {"out": ECHO}})
    given = {} if option in ("command", "module") else {option: "some value"}
    probe.run(command, **given)
    argv = probe.last(command)["argv"]
    wanted = {"command": command, "module": probe.id, "searchstring": "some\\ value"}.get(option, "some value")
    assert argv[argv.index(f"--{option}") + 1] == wanted


@pytest.mark.fact("P5.2-004")
def test_an_item_is_named_by_its_number(probe):
    item = probe.service()
    assert probe.last("open")["argv"][2:4] == ["--item", str(item)]


@pytest.mark.fact("P5.2-011")
def test_the_queue_gives_the_running_operation(probe):
    item = probe.service()
    assert probe.last("open")["options"]["item"] == str(item)
    assert probe.last("open")["options"]["runningoperation"].isdigit()


@pytest.mark.fact("P5.2-012")
@pytest.mark.parametrize(("user", "level"), [("client1", "16"), ("", "30")])
def test_the_level_is_that_of_the_initiating_user(probe, switch, user, level):
    item = probe.service()
    switch(probe.panel, "pass_level", "on")
    probe.panel.call("vds.suspend", elid=item, **({"su": user} if user else {}))
    probe.panel.until_status(item, 3)
    assert probe.last("suspend")["options"]["level"] == level


@pytest.mark.fact("P5.2-013")
def test_prolong_addon_names_the_addon(probe):
    item = probe.kept()
    probe.queue(item, "prolong_addon", addon=item + 1)
    probe.over(item)
    options = probe.last("prolong_addon")["options"]
    assert (options["item"], options["addon"]) == (str(item), str(item + 1))


@pytest.mark.fact("P5.2-018")
def test_parameters_may_come_as_a_pair_of_param_and_value(probe):
    probe.do(tune_service_profile={"out": ECHO})
    probe.run("tune_service_profile", param="tld", value="owner")
    argv = probe.last("tune_service_profile")["argv"]
    place = argv.index("--param")
    assert argv[place : place + 4] == ["--param", "tld", "--value", "owner"]


@pytest.mark.fact("P5.2-019")
def test_a_message_on_stderr_with_exit_1_is_a_failure(probe):
    probe.do(sync_server={"err": "unknown option --x", "code": 1})
    error = probe.panel.error("sandbox.module", module=probe.id, command="sync_server")
    assert error.get("type") == "process"
    assert "unknown option --x" in etree.tostring(error, encoding="unicode")


# Operations of a service: command, status before it, status after it.
@pytest.mark.parametrize(
    ("command", "after"),
    [
        fact("030", "open", 2),
        fact("031", "reopen", 2),
        fact("032", "suspend", 3),
        fact("034", "close", 4),
        fact("035", "setparam", 2),
        fact("036", "prolong", 2),
        fact("039", "transfer", 2),
        fact("060", "start", 2),
        fact("061", "stop", 2),
        fact("062", "reboot", 2),
        fact("063", "hardreboot", 2),
    ],
)
@pytest.mark.parametrize("itemtype", ["vds", "box"])
def test_an_operation_runs_the_command_and_ends_with_its_call_back(probe, itemtype, command, after):
    item = probe.service(itemtype) if command in ("open", "suspend", "close") else probe.kept(itemtype)
    if command != "open":
        probe.queue(item, command)
    probe.over(item)
    assert probe.last(command)["options"]["item"] == str(item)
    assert probe.panel.status(item) == after


@pytest.mark.fact("P5.2-033")
def test_resume_ends_with_postresume(probe):
    item = probe.service()
    probe.queue(item, "suspend")
    probe.over(item)
    probe.queue(item, "resume")
    probe.over(item)
    assert probe.last("resume")["options"]["item"] == str(item)
    assert probe.panel.status(item) == 2


@pytest.mark.parametrize(
    "command", [fact("037", "prolong_addon"), fact("038", "cancel_prolong"), fact("040", "update_ns")]
)
def test_a_command_that_must_call_nothing_back_ends_with_exit_0(probe, command):
    item = probe.kept()
    before = len(probe.met(command))
    probe.queue(item, command)
    probe.over(item)
    assert len(probe.met(command)) == before + 1
    assert probe.last(command)["options"]["item"] == str(item)
    assert probe.panel.status(item) == 2


@pytest.mark.fact("P5.2-041")
def test_update_ns_may_call_postupdatens(probe):
    probe.do(update_ns={"calls": [["service.postupdatens", "elid={item}", "sok=ok"]]})
    item = probe.kept()
    probe.queue(item, "update_ns")
    probe.over(item)
    assert probe.panel.status(item) == 2


@pytest.mark.parametrize("itemtype", [fact("042", "domain"), fact("043", "certificate"), fact("044", "box")])
def test_any_type_is_opened_by_its_own_call_back(probe, itemtype):
    probe.do(open={"calls": [[f"{itemtype}.open", "elid={item}", "sok=ok", "service_status=2"]]})
    item = probe.service(itemtype)
    row = probe.panel.rows("SELECT status, service_status FROM item WHERE id = %s", item)[0]
    assert row == {"status": 2, "service_status": 2}


@pytest.mark.fact("P5.2-045")
def test_whois_asks_for_a_domain_and_not_exist_means_free(probe):
    probe.do(whois={"out": "<doc><whois>not exist</whois></doc>"})
    assert probe.run("whois", param="free.example").findtext("whois") == "not exist"
    assert probe.last("whois")["options"]["param"] == "free.example"


@pytest.mark.fact("P5.2-046")
def test_get_contact_type_answers_what_a_zone_wants(probe):
    text = (
        '<doc auth_code="require" ns="require" cancel_prolong_before="30">'
        '<contact_type type="default">owner</contact_type><contact_type type="global">admin</contact_type></doc>'
    )
    probe.do(get_contact_type={"out": text})
    answer = probe.run("get_contact_type", tld="ru")
    assert answer.get("ns") == "require"
    assert [one.text for one in answer.findall("contact_type")] == ["owner", "admin"]
    assert probe.last("get_contact_type")["options"]["tld"] == "ru"


@pytest.mark.fact("P5.2-020")
def test_features_are_asked_without_any_other_argument(probe):
    assert probe.met("features")[0]["argv"] == ["--command", "features"]


@pytest.mark.fact("P5.2-021")
def test_features_are_asked_at_the_start_of_the_panel(probe):
    before = len(probe.met("features"))
    probe.panel.mgrctl("exit")
    probe.panel.call("processing")
    until(lambda: len(probe.met("features")) == before + 1, "not asked at the start")


@pytest.mark.fact("P5.2-022")
def test_check_connection_reads_the_settings_below_processingmodule(probe):
    probe.panel.call("processing.edit", elid=probe.id, url="there", sok="ok")
    document = etree.fromstring(probe.last("check_connection")["stdin"].encode())
    assert (document.tag, document.findtext("processingmodule/url")) == ("doc", "there")
    assert document.findtext("processingmodule/secret") == "top secret"


@pytest.mark.parametrize("answer", [fact("023", "<doc/>"), fact("024", "<doc><ok/></doc>")])
def test_both_answers_of_check_connection_are_a_yes(probe, answer):
    probe.do(check_connection={"out": answer})
    probe.panel.call("processing.edit", elid=probe.id, url="here", sok="ok")
    saved = "SELECT value FROM processingparam WHERE processingmodule = %s AND intname = 'url'"
    assert [row["value"] for row in probe.panel.rows(saved, probe.id)] == ["here"]


@pytest.mark.fact("P5.2-025")
def test_an_error_document_of_check_connection_refuses_the_settings(probe):
    probe.do(check_connection={"out": '<doc><error type="auth" object="badpassword"/></doc>', "code": 1})
    error = probe.panel.error("processing.edit", elid=probe.id, url="bad", sok="ok")
    assert (error.get("type"), error.get("object")) == ("auth", "badpassword")
    probe.do()
    assert probe.panel.rows(
        "SELECT value FROM processingparam WHERE processingmodule = %s AND intname = 'url'", probe.id
    ) == [{"value": "here"}]


@pytest.mark.fact("P5.2-026")
def test_tune_connection_reads_the_form_with_its_step_and_adds_choices(probe):
    probe.do(tune_connection={"out": "<doc><slist name='url'><val key='a'>A</val></slist></doc>"})
    answer = probe.panel.call("processing.edit", elid=probe.id)
    document = etree.fromstring(probe.last("tune_connection")["stdin"].encode())
    assert (document.findtext("func"), document.findtext("url")) == ("processing.edit", "here")
    assert answer.xpath("slist[@name='url']/val/@key") == ["a"]


@pytest.mark.fact("P5.2-027")
def test_usercreate_reads_the_form_of_its_own_step(probe):
    probe.do(usercreate={"out": ECHO})
    assert probe.run("usercreate", form_login="me").find("seen") is not None
    document = etree.fromstring(probe.last("usercreate")["stdin"].encode())
    assert document.findtext("func") == f"processing.edit.{probe.name}.createuser"
    assert document.findtext("login") == "me"


@pytest.mark.fact("P5.2-047")
def test_sync_item_brings_state_and_date_of_the_remote_side(probe):
    calls = [
        ["service.setstatus", "elid={item}", "service_status=8", "sok=ok"],
        ["service.setexpiredate", "elid={item}", "expiredate=2031-01-31", "sok=ok"],
        ["service.saveparam", "elid={item}", "name=node", "value=n2", "sok=ok"],
        ["service.postsuspend", "elid={item}", "sok=ok"],
    ]
    probe.do(sync_item={"calls": calls})
    item = probe.service()
    probe.run("sync_item", item=item)
    row = probe.panel.rows("SELECT status, service_status, expiredate FROM item WHERE id = %s", item)[0]
    assert (row["status"], row["service_status"], str(row["expiredate"])) == (3, 8, "2031-01-31")


@pytest.mark.parametrize(
    "command", [fact("048", "sync_server"), fact("049", "sync_iplist"), fact("050", "sync_pricelist")]
)
def test_a_synchronisation_gets_the_module(probe, command):
    probe.run(command)
    assert probe.last(command)["argv"] == ["--command", command, "--module", probe.id]


@pytest.mark.fact("P5.2-051")
def test_get_server_config_stores_the_configuration(probe):
    calls = [["processing.setconfig", "elid={module}", "config=<doc><x/></doc>", "sok=ok"]]
    probe.do(get_server_config={"calls": calls})
    probe.run("get_server_config")
    rows = probe.panel.rows("SELECT config FROM processingmodule WHERE id = %s", probe.id)
    assert rows == [{"config": "<doc><x/></doc>"}]


@pytest.mark.fact("P5.2-052")
def test_stat_is_followed_by_poststat_of_the_module(probe):
    probe.do(stat={"calls": [["service.poststat", "elid={module}", "date=2026-01-02"]]})
    probe.run("stat")
    assert probe.last("stat")["argv"] == ["--command", "stat", "--module", probe.id]
    error = probe.panel.error("service.poststat", elid=probe.id, date="today")
    assert (error.get("type"), error.get("object")) == ("value", "date")


@pytest.mark.fact("P5.2-053", "C1-01", "C1-08")
def test_import_gets_module_type_and_what_to_search(probe):
    probe.do(**{"import": {"out": "<doc/>"}})
    probe.run("import", itemtype="domain", searchstring="a.example b.example")
    options = probe.last("import")["options"]
    assert (options["module"], options["itemtype"]) == (probe.id, "domain")
    # Escaped: a module takes the backslashes away (additions-2.md c.1).
    assert options["searchstring"] == "a.example\\ b.example"
    probe.do(**{"import": {"out": ""}})
    assert probe.run("import", itemtype="domain").find("ok") is not None


@pytest.mark.fact("P5.2-054")
def test_import_pricelist_may_make_tariffs(probe):
    probe.tariff("vds")
    calls = [["pricelist.add.step2", "itemtype=vds", "name=imported {id}", "price=3", "processingmodule={module}"]]
    probe.do(import_pricelist={"calls": calls, "out": ECHO})
    probe.run("import_pricelist", subcommand="pricelist", id="p7")
    options = probe.last("import_pricelist")["options"]
    assert (options["subcommand"], options["id"]) == ("pricelist", "p7")
    assert probe.panel.rows("SELECT id FROM pricelist WHERE name = 'imported p7'")


@pytest.mark.fact("P5.2-055")
def test_get_suitable_module_reads_the_tariff_and_modules_to_skip(probe):
    probe.do(get_suitable_module={"out": "<doc><modules><module id='3'/></modules></doc>"})
    answer = probe.run("get_suitable_module", pricelist=17, skip_modules="1,2")
    assert answer.xpath("modules/module/@id") == ["3"]
    document = etree.fromstring(probe.last("get_suitable_module")["stdin"].encode())
    assert document.findtext("item/pricelist") == "17"
    assert document.findtext("skip_modules") == "1,2"


@pytest.mark.parametrize("command", [fact("057", "check_param"), fact("058", "check_addon")])
def test_a_check_reads_the_item_and_names_parameter_and_value(probe, command):
    probe.do(**{command: {"out": "<doc><ok/></doc>"}})
    item = probe.service(domain="check.example")
    assert probe.run(command, item=item, param="domain", value="new.example").find("ok") is not None
    met = probe.last(command)
    assert (met["options"]["item"], met["options"]["param"]) == (str(item), "domain")
    assert met["options"]["value"] == "new.example"
    assert etree.fromstring(met["stdin"].encode()).findtext("item/domain") == "check.example"
    probe.do(**{command: {"out": '<doc><error type="value" object="domain"/></doc>'}})
    error = probe.panel.error("sandbox.module", item=item, command=command, param="domain", value="x")
    assert error.get("object") == "domain"


@pytest.mark.fact("P5.2-059")
def test_gen_key_gets_the_item(probe):
    probe.do(gen_key={"out": "<doc><ok/></doc>"})
    item = probe.kept("certificate")
    assert probe.run("gen_key", item=item).find("ok") is not None
    assert probe.last("gen_key")["argv"][2:4] == ["--item", str(item)]


@pytest.mark.fact("P5.2-064")
def test_approver_lists_addresses_of_a_domain(probe):
    text = '<doc><domain name="d.example"><approver>admin@d.example</approver></domain></doc>'
    probe.do(approver={"out": text})
    answer = probe.run("approver", domain="d.example", intname="op_1")
    assert answer.findtext("domain/approver") == "admin@d.example"
    options = probe.last("approver")["options"]
    assert (options["module"], options["domain"], options["intname"]) == (probe.id, "d.example", "op_1")


@pytest.mark.parametrize(
    ("command", "option"), [fact("065", "send_dv_dns", "domain"), fact("066", "send_dv_email", "emails")]
)
def test_a_validation_letter_names_item_and_place(probe, command, option):
    item = probe.kept("certificate")
    probe.run(command, item=item, **{option: "d.example"})
    options = probe.last(command)["options"]
    assert (options["item"], options[option]) == (str(item), "d.example")


@pytest.mark.fact("P5.2-067")
@pytest.mark.parametrize("sub", ["TableFormTune", "List", "TableGet", "TableSet"])
def test_tuning_param_reads_session_parameters(probe, sub):
    probe.do(tuning_param={"out": ECHO})
    assert probe.run("tuning_param", subcommand=sub, session_plid="5").find("seen") is not None
    met = probe.last("tuning_param")
    assert met["options"]["subcommand"] == sub
    found = etree.fromstring(met["stdin"].encode()).find("session_params/param")
    assert (found.get("name"), found.get("value")) == ("plid", "5")


@pytest.mark.fact("P5.2-068")
def test_changepassword_gets_the_user_and_the_encrypted_password(probe):
    item = probe.kept()
    probe.queue(item, "changepassword", userid=7, password="n&w pass")
    probe.over(item)
    options = probe.last("changepassword")["options"]
    assert options["userid"] == "7"
    key: Any = load_pem_private_key((probe.panel.base / "etc/billmgr.pem").read_bytes(), None)
    assert key.decrypt(base64.b64decode(options["password"]), padding.PKCS1v15()) == b"n&w pass"


@pytest.mark.fact("P5.2-069")
def test_transition_controlpanel_answers_an_address(probe, switch):
    text = (
        "<doc><url>https://p.example/?a=1&amp;b=2</url><panelcount>1</panelcount>"
        '<panelname keyname="x">Caption</panelname></doc>'
    )
    probe.do(transition_controlpanel={"out": text})
    item = probe.kept()
    answer = probe.run("transition_controlpanel", item=item, panelkey="x")
    assert (answer.findtext("url"), answer.findtext("panelcount")) == ("https://p.example/?a=1&b=2", "1")
    assert answer.find("panelname").get("keyname") == "x"
    assert probe.last("transition_controlpanel")["options"]["panelkey"] == "x"


@pytest.mark.fact("P5.3-04")
def test_the_name_of_the_panel_key_option_is_a_switch(probe, switch):
    probe.do(transition_controlpanel={"out": ECHO})
    item = probe.kept()
    switch(probe.panel, "panel_key_option", "panel_key")
    probe.run("transition_controlpanel", item=item, panelkey="x")
    assert probe.last("transition_controlpanel")["options"]["panel_key"] == "x"


@pytest.mark.fact("P5.2-070")
def test_a_tariffs_form_is_tuned_by_the_module(probe):
    probe.do(pricelist_dynamic_settings_tune={"out": "<doc><slist name='plan'><val key='s'>S</val></slist></doc>"})
    answer = probe.panel.call("pricelist.edit", elid=probe.tariff("vds"))
    assert answer.xpath("slist[@name='plan']/val/@key") == ["s"]
    options = probe.last("pricelist_dynamic_settings_tune")["options"]
    assert (options["module"], options["itemtype"]) == (probe.id, "vds")


@pytest.mark.fact("P5.2-071")
def test_getbalance_reports_what_it_found(probe):
    calls = [
        ["processing.savebalance", "processingmodule={module}", "balance=7.25", "currency=EUR", "notify_time=1"],
        ["processing.saveparam", "elid={module}", "param=notify_time", "value=9"],
    ]
    probe.do(getbalance={"calls": calls, "out": "<doc><balance>7.25</balance></doc>"})
    assert probe.run("getbalance").findtext("balance") == "7.25"
    row = next(row for row in probe.panel.call("processing") if row.findtext("id") == probe.id)
    assert row.findtext("balance_info") == "7.2500 EUR"
    assert probe.panel.call("processing.edit", elid=probe.id).find("error") is None
    stored = "SELECT value FROM processingparam WHERE processingmodule = %s AND intname = 'notify_time'"
    assert probe.panel.rows(stored, probe.id) == [{"value": "9"}]


@pytest.mark.parametrize(
    "command",
    [fact("072", "uploadext"), fact("073", "uploaddocs"), fact("074", "contactverify"), fact("075", "checkdomaindoc")],
)
def test_document_commands_answer_lists(probe, command):
    probe.do(**{command: {"out": "<doc><ext>pdf</ext></doc>"}})
    assert probe.run(command).findtext("ext") == "pdf"


@pytest.mark.parametrize("command", [fact("076", "getauthcode"), fact("077", "change_owner")])
def test_a_module_may_answer_commands_of_its_own(probe, command):
    probe.do(**{command: {"out": "<doc><authcode>a&amp;b</authcode></doc>"}})
    item = probe.kept("domain")
    assert probe.run(command, item=item).findtext("authcode") == "a&b"


@pytest.mark.fact("P5.2-078")
def test_a_command_the_module_does_not_declare_is_not_queued(probe):
    item = probe.kept()
    error = probe.panel.error("sandbox.operation", item=item, name="reinstall")
    assert (error.get("type"), error.get("value")) == ("unsupported", "reinstall")


@pytest.mark.fact("P5.1-01")
def test_a_module_runs_from_the_panels_tree(probe):
    assert probe.last("features")["cwd"] == str(probe.panel.base)
    assert re.fullmatch(r"pm\w+", probe.name)


@pytest.mark.fact("P5.2-079")
@pytest.mark.parametrize(("setting", "asked"), [("never", False), ("edit", True)])
def test_when_a_change_is_checked_is_a_switch(probe, switch, setting, asked):
    switch(probe.panel, "check_param", setting)
    probe.do(check_param={"out": '<doc><error type="value" object="domain"/></doc>'})
    item = probe.service(domain="before.example")
    error = probe.panel.error("vds.edit", elid=item, domain="after.example", sok="ok")
    assert (error is not None) == asked
    met = [one["options"] for one in probe.met("check_param") if one["options"].get("item") == str(item)]
    assert [(one["param"], one["value"]) for one in met] == ([("domain", "after.example")] if asked else [])
    probe.over(item)
    assert probe.panel.call("vds.edit", elid=item).findtext("domain") == ("before" if asked else "after") + ".example"


@pytest.mark.fact("P5.2-080")
@pytest.mark.parametrize(("setting", "named"), [("module", True), ("all", False)])
def test_whose_balance_is_asked_is_a_switch(probe, switch, setting, named):
    switch(probe.panel, "getbalance_of", setting)
    probe.run("getbalance")
    assert ("module" in probe.last("getbalance")["options"]) == named

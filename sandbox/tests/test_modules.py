"""Foreign processing modules, written for the vendor's arguments without regard to this sandbox."""

import base64
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sandbox.tests.panels import CHECKOUT, until

SHELL = r"""#!/bin/sh
# A module in shell: options in any order, call-backs through sbin/mgrctl of the current directory.
echo "$*" >>tmp/pmshell.calls
while [ $# -gt 1 ]; do
  case "$1" in
    --command) command=$2 ;; --item) item=$2 ;; --runningoperation) operation=$2 ;; --module) module=$2 ;;
    *) echo "unknown option $1" >&2; exit 1 ;;
  esac
  shift 2
done
call() { sbin/mgrctl -m billmgr "$@" >&2; }
case "$command" in
  features) cat <<XML
<?xml version="1.0" encoding="UTF-8"?>
<doc><itemtypes><itemtype name="vds"/></itemtypes>
<params><param name="url"/><param name="password" crypted="yes"/></params>
<features><feature name="check_connection"/><feature name="tune_connection"/>
<feature name="open"/><feature name="suspend"/>
<feature name="resume"/><feature name="close"/><feature name="setparam"/><feature name="prolong"/></features></doc>
XML
  ;;
  check_connection)
    grep -q '<url>good</url>' && { echo '<doc/>'; exit 0; }
    echo '<doc><error type="connect" object="url"/></doc>'; exit 1 ;;
  tune_connection) sed 's|</doc>|<slist name="url"><val key="good">Good</val></slist></doc>|' ;;
  open)
    if [ -e tmp/pmshell.fail ]; then
      call runningoperation.edit elid="$operation" sok=ok errorxml="<doc><error type='client' object='x'/></doc>"
      call runningoperation.setmanual elid="$operation" sok=ok
      type=$(sbin/mgrctl -m billmgr task.gettype operation=open | cut -d= -f2)
      call task.edit item="$item" runningoperation="$operation" type="$type" params=why sok=ok
      echo '<doc><error type="client" object="x"/></doc>'
      exit 1
    fi
    call service.saveparam elid="$item" name=node value=n1 sok=ok
    SECRET='s p&ce' call service.saveparam elid="$item" -e 'apikey=$SECRET' crypted=on sok=ok
    call vds.open elid="$item" ip=192.0.2.5 username=root password=pw sok=ok ;;
  suspend|resume|close|setparam|prolong) call "service.post$command" elid="$item" sok=ok ;;
  *) echo "unknown command" >&2; exit 1 ;;
esac
"""

FORM = """<mgrdata>
<metadata name="processing.edit.pmshell" type="form"><form><page name="connect">
<field name="url"><select name="url"/></field>
<field name="password"><input type="password" name="password"/></field></page></form></metadata>
<metadata name="pricelist.pmshell" type="form"><form><page name="shell"><field name="shell_plan">
<input type="text" name="shell_plan"/></field></page></form></metadata>
<lang name="en"><messages name="msgerror">
<msg name="msg_error_connect">No connection to __object__</msg></messages></lang>
<lang name="ru"><messages name="msgerror">
<msg name="msg_error_connect">Нет соединения: __object__</msg></messages></lang>
</mgrdata>"""


@pytest.fixture(scope="module")
def shell(up):
    """The module on the reseller panel, with a tariff of its own: (panel, module, tariff)."""
    panel = up.panel("reseller")
    panel.install("processing", "pmshell", SHELL)
    panel.install("etc/xml", "billmgr_mod_pmshell.xml", FORM)
    panel.mgrctl("exit")
    module = panel.call(
        "processing.add.settings",
        clicked_button="finish",
        module="pmshell",
        name="shell",
        url="good",
        password="top secret",
        sok="ok",
    ).findtext("id")
    tariff = panel.call("sandbox.tariff", itemtype="vds", name="shell", price=1).findtext("id")
    panel.call("pricelist.edit", elid=tariff, processingmodule=module, shell_plan="gold", unknown="x", sok="ok")
    return panel, module, tariff


def test_settings_are_checked_by_the_module_and_secrets_crypted(shell):
    panel, module, _ = shell
    error = panel.error("processing.add.settings", module="pmshell", name="bad", url="bad", sok="ok")
    assert (error.get("type"), error.findtext("msg")) == ("connect", "No connection to url")
    assert (
        panel.error("processing.add.settings", module="pmshell", url="bad", sok="ok", lang="ru")
        .findtext("msg")
        .startswith("Нет")
    )
    assert panel.rows("SELECT intname, value FROM processingparam WHERE processingmodule = %s", module) == [
        {"intname": "url", "value": "good"}
    ]
    stored = panel.rows("SELECT intname, value FROM processingcryptedparam WHERE processingmodule = %s", module)
    key: Any = load_pem_private_key((panel.base / "etc/billmgr.pem").read_bytes(), None)
    assert key.decrypt(base64.b64decode(stored[0]["value"]), padding.PKCS1v15()) == b"top secret"
    card = panel.call("processing.edit", elid=module)
    assert (card.findtext("url"), card.findtext("password")) == ("good", "top secret")
    assert card.xpath("slist[@name='url']/val/@key") == ["good"]
    assert panel.error("processing.edit", elid=module, url="bad", sok="ok").get("type") == "connect"
    assert panel.error("processing.edit", elid=module, password="x" * 300, sok="ok").get("object") == "password"
    assert panel.call("processing.edit", elid=module).findtext("password") == "top secret"


def test_the_tariff_keeps_the_fields_that_the_modules_form_declares(shell):
    panel, module, tariff = shell
    assert panel.rows("SELECT intname, value FROM pricelistparam WHERE pricelist = %s", tariff) == [
        {"intname": "shell_plan", "value": "gold"}
    ]
    assert panel.call("pricelist.edit", elid=tariff).findtext("shell_plan") == "gold"
    soft = panel.tariff("ISPmanager Lite")
    assert (
        panel.error("pricelist.edit", elid=soft, processingmodule=module, sok="ok").get("object") == "processingmodule"
    )


def test_the_whole_life_of_a_service(shell):
    panel, _, tariff = shell
    item = panel.bought(user="client1", pricelist=tariff, domain="life.example")
    panel.until_status(item, 2)
    facts = {row["intname"]: row["value"] for row in panel.rows("SELECT * FROM itemparam WHERE item = %s", item)}
    assert facts == {"domain": "life.example", "node": "n1", "ip": "192.0.2.5", "username": "root"}
    assert {row["intname"] for row in panel.rows("SELECT intname FROM itemcryptedparam WHERE item = %s", item)} == {
        "apikey",
        "password",
    }
    assert panel.rows("SELECT * FROM runningoperation WHERE item = %s", item) == []
    for func, status in (("vds.suspend", 3), ("vds.resume", 2)):
        panel.http(func, "client1", elid=item)
        panel.until_status(item, status)
    panel.http("vds.edit", "client1", elid=item, domain="other.example", sok="ok")
    panel.until_status(item, 2)
    panel.http("service.prolong", "client1", elid=item, period=1, sok="ok")
    panel.until_status(item, 2)
    panel.http("vds.delete", "client1", elid=item)
    panel.until_status(item, 4)
    calls = (panel.base / "tmp/pmshell.calls").read_text().splitlines()
    mine = [line.split()[1] for line in calls if f"--item {item} " in line]
    assert mine == ["open", "suspend", "resume", "setparam", "prolong", "close"]


def test_a_failure_is_shown_has_a_task_and_waits_for_start(shell):
    panel, _, tariff = shell
    fail = panel.base / "tmp/pmshell.fail"
    fail.touch()
    item = panel.bought(pricelist=tariff)
    until(lambda: panel.rows("SELECT id FROM task WHERE item = %s", item), "no task")
    operation = panel.rows("SELECT * FROM runningoperation WHERE item = %s", item)[0]
    assert operation["manual"] == "on"
    assert "client" in operation["errorxml"]
    time.sleep(0.8)
    assert panel.rows("SELECT trycount FROM runningoperation WHERE item = %s", item)[0]["trycount"] == 1
    fail.unlink()
    panel.call("runningoperation.start", elid=operation["id"])
    panel.until_status(item, 2)
    assert panel.rows("SELECT * FROM task WHERE item = %s", item) == []


def module_of(panel, name, body, price=1):
    """A one-line module of which only `open` matters; its tariff."""
    text = f"""#!/bin/sh
[ "$2" = features ] && {{ echo '<doc><features><feature name="open"/></features></doc>'; exit 0; }}
echo "$*" >>tmp/{name}.calls
{body}
"""
    panel.install("processing", name, text)
    module = panel.call("processing.add.settings", module=name, name=name, sok="ok").findtext("id")
    return panel.call("sandbox.tariff", name=name, price=price, module=module).findtext("id")


def tries(panel, item):
    found = panel.rows("SELECT trycount, lastexit, run_pid FROM runningoperation WHERE item = %s", item)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("pmcode", "exit 3"),
        ("pmdoc", "echo '<doc><error type=\"x\"/></doc>'"),
        ("pmkill", "kill -9 $$"),
        ("pmgarbage", "echo '<doc'; exit 1"),
    ],
)
def test_exit_code_and_error_document_both_count_and_failures_are_repeated(reseller, name, body):
    item = reseller.bought(pricelist=module_of(reseller, name, body))
    until(lambda: (tries(reseller, item) or {}).get("trycount", 0) >= 2, "not repeated")
    assert "failed" in (reseller.base / "var/billmgr.log").read_text()
    reseller.call(
        "runningoperation.delete", elid=reseller.rows("SELECT id FROM runningoperation WHERE item = %s", item)[0]["id"]
    )


@pytest.mark.parametrize(("setting", "repeated"), [("repeat", True), ("keep", False)])
def test_what_success_without_a_call_back_means_is_a_switch(reseller, switch, setting, repeated):
    switch(reseller, "left_operation", setting)
    name = f"pmleft{setting}"
    item = reseller.bought(pricelist=module_of(reseller, name, "exit 0"))
    until(lambda: (tries(reseller, item) or {}).get("lastexit") == 0, "not tried")
    calls = reseller.base / f"tmp/{name}.calls"
    if repeated:
        until(lambda: len(calls.read_text().splitlines()) > 1, "not repeated")
    else:
        time.sleep(1.2)
        assert len(calls.read_text().splitlines()) == 1
    reseller.call(
        "runningoperation.delete", elid=reseller.rows("SELECT id FROM runningoperation WHERE item = %s", item)[0]["id"]
    )


@pytest.mark.parametrize(("setting", "seen"), [("before", "1"), ("after", "0")])
def test_whether_trycount_counts_the_running_try_is_a_switch(reseller, switch, setting, seen):
    switch(reseller, "trycount_rises", setting)
    body = f"""sbin/mgrctl -m billmgr runningoperation.edit elid=$6 | grep trycount >tmp/try.{setting}
sbin/mgrctl -m billmgr service.postopen elid=$4 sok=ok"""
    item = reseller.bought(pricelist=module_of(reseller, f"pmtry{setting}", body))
    reseller.until_status(item, 2)
    assert (reseller.base / f"tmp/try.{setting}").read_text().strip() == f"trycount={seen}"


@pytest.mark.parametrize(("setting", "words"), [("off", 6), ("on", 8)])
def test_whether_the_level_is_passed_is_a_switch(reseller, switch, setting, words):
    switch(reseller, "pass_level", setting)
    body = "sbin/mgrctl -m billmgr service.postopen elid=$4 sok=ok"
    item = reseller.bought(pricelist=module_of(reseller, f"pmlevel{setting}", body))
    reseller.until_status(item, 2)
    called = (reseller.base / f"tmp/pmlevel{setting}.calls").read_text().split()
    assert len(called) == words
    assert called[6:] == (["--level", "16"] if setting == "on" else [])


def test_a_command_may_have_a_time_limit(reseller, switch):
    switch(reseller, "command_seconds", "0.3")
    item = reseller.bought(pricelist=module_of(reseller, "pmlong", "sleep 30"))
    until(lambda: (tries(reseller, item) or {}).get("lastexit"), "not ended")
    ended = tries(reseller, item)
    assert (ended["lastexit"], ended["run_pid"]) == (-signal.SIGKILL, None)
    reseller.call(
        "runningoperation.delete", elid=reseller.rows("SELECT id FROM runningoperation WHERE item = %s", item)[0]["id"]
    )


def test_a_paused_queue_starts_nothing(reseller):
    reseller.call("sandbox.queue", action="pause")
    item = reseller.bought()
    time.sleep(0.8)
    assert reseller.status(item) == 5
    reseller.call("sandbox.queue", action="resume")
    reseller.until_status(item, 2)


def test_the_manual_module_leaves_the_work_to_people(reseller):
    module = reseller.rows("SELECT id FROM processingmodule WHERE module = 'pmmanual'")[0]["id"]
    tariff = reseller.call("sandbox.tariff", name="manual", module=module).findtext("id")
    item = reseller.bought(pricelist=tariff)
    until(lambda: reseller.rows("SELECT id FROM task WHERE item = %s", item), "no task")
    reseller.call("sandbox.provision", item=item, ip="192.0.2.77")
    assert reseller.status(item) == 2


def test_the_next_module_of_a_tariff(reseller):
    first, second = (
        row["id"]
        for row in reseller.rows(
            "SELECT id FROM processingmodule WHERE module LIKE 'pmauto' OR module = 'pmmanual' ORDER BY id"
        )
    )
    tariff = reseller.call("sandbox.tariff", name="two", module=first).findtext("id")
    reseller.call("pricelist.edit", elid=tariff, processingmodule=f"{first}, {second}", sok="ok")
    item = reseller.bought(pricelist=tariff)
    reseller.until_status(item, 2)
    assert reseller.call("service.getnextmodule", elid=item, sok="ok").findtext("processingmodule") == str(second)
    assert reseller.error("service.getnextmodule", elid=item, sok="ok").get("type") == "no_suitable_module"


def test_what_modules_store_about_themselves(shell):
    panel, module, _ = shell
    panel.call("processing.savebalance", processingmodule=module, balance="12.5", currency="EUR", sok="ok")
    panel.call("processing.setconfig", elid=module, config="<doc/>", sok="ok")
    panel.call("processing.saveparam", elid=module, param="currency", value="EUR", sok="ok")
    row = next(row for row in panel.call("processing").findall("elem") if row.findtext("id") == module)
    assert row.findtext("balance_info") == "12.5000 EUR"
    assert panel.call("processing.edit", elid=module).findtext("currency") == "EUR"
    panel.call(
        "problems.register", name="processingmodule_connect", id=module, param_errormsg="x", level="error", sok="ok"
    )
    assert panel.call("problems").findtext("elem/name") == "processingmodule_connect"


def test_both_forms_of_saveparam_and_dropparam(reseller):
    item = reseller.live()
    reseller.call("service.saveparam", elid=item, name="a", value="1", sok="ok")
    reseller.call("service.saveparam", elid=item, b="2", crypted="off", sok="ok")
    reseller.call("service.dropparam", elid=item, name="a", sok="ok")
    names = {row["intname"] for row in reseller.rows("SELECT intname FROM itemparam WHERE item = %s", item)}
    assert "b" in names
    assert "a" not in names
    reseller.call("service.setexpiredate", elid=item, expiredate="2031-02-03", sok="ok")
    reseller.call("service.setstatus", elid=item, service_status=3, sok="ok")
    row = reseller.call("vds", p_cnt=1000).xpath(f"elem[id={item}]")[0]
    assert (row.findtext("expiredate"), row.findtext("service_status")) == ("2031-02-03", "3")
    assert reseller.error("service.setexpiredate", elid=item, expiredate="soon").get("object") == "expiredate"


def test_the_tool_for_people(up):
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "call", "seller", "whoami", "-o", "xml", "--root", up.root],
        cwd=up.root,
        env={"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'level="30"' in done.stdout, done

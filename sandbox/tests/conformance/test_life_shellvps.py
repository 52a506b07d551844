"""The whole life of the shell module `shellvps` in a panel at /usr/local/mgr5 (sandbox/tests/foreign/LIFE.md)."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from sandbox.tests.conformance.lives import Life, lines
from sandbox.tests.panels import until

MODULE = "pmshellvps"


@pytest.fixture(scope="module")
def life(home):
    return Life(home, "shellvps", MODULE, prefix="vm")


@pytest.fixture(scope="module")
def tariff(life):
    answer = life.panel.call("sandbox.tariff", name="vm", price=3, module=life.id, addons="mem:int:1:8:1")
    life.addon = answer.findtext("addon")
    return answer.findtext("id")


@pytest.fixture(scope="module")
def vm(life, tariff):
    return life.bought("vds", tariff, domain="vm.test", ostempl="ISPsystem__Debian-12-amd64")


def record(life, item):
    return life.panel.base / f"var/shellvps/{item}.vm"


def journal(life, item):
    text = (life.panel.base / "var/shellvps/journal").read_text().splitlines()
    return [line.split()[1] for line in text if line.split()[0] == str(item)]


def test_1_features(life):
    done = life.run("--command", "features")
    root = etree.fromstring(done.stdout.encode())
    assert done.returncode == 0
    assert root.xpath("itemtypes/itemtype/@name") == ["vds"]
    assert len(root.findall("features/feature")) == 11


@pytest.mark.parametrize("words", [["--item", "x"], ["--nonsense", "1"], ["--item"]])
def test_2_wrong_options(life, words):
    done = life.run("--command", "open", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr


def test_3_an_order_becomes_a_machine(life, vm):
    found = lines(record(life, vm))
    assert (found["domain"], found["ostempl"], found["power"]) == ("vm.test", "ISPsystem__Debian-12-amd64", "on")
    assert found["state"] == "active"
    assert found["plan"].isdigit()
    assert found["addons"].strip() == f"addon_{life.addon}=1"
    assert life.param(vm, "ip").startswith("198.51.100.")
    assert (life.param(vm, "username"), life.param(vm, "vmname")) == ("root", f"vm{vm}")
    assert life.param(vm, "note") == "opened by pmshellvps, rack 4 = shelf 2"
    assert life.panel.status(vm) == 2


@pytest.mark.fact("P5.2-244")
def test_4_forms_and_lists_as_text(life, vm):
    form = life.panel.mgrctl("-o", "text", "vds.edit", f"elid={vm}").stdout.splitlines()
    assert "domain=vm.test" in form
    assert any(line.startswith(f"addon_{life.addon}=") for line in form)
    life.set(name="a name of words")
    rows = life.panel.mgrctl("-o", "text", "processing").stdout.splitlines()
    mine = next(row for row in rows if f"module={MODULE}" in row)
    assert f"id={life.id}" in mine.split()
    life.set(name=MODULE)


@pytest.mark.parametrize(
    ("action", "power"), [("stop", "off"), ("start", "on"), ("reboot", "on"), ("hardreboot", "on")]
)
def test_5_power(life, vm, action, power):
    life.panel.http(f"service.{action}", "client1", elid=vm, sok="ok")
    life.over(vm)
    assert lines(record(life, vm))["power"] == power
    assert journal(life, vm)[-1] == action
    assert life.panel.status(vm) == 2


def test_6_suspend_and_resume(life, vm):
    for func, status, state, power in (("suspend", 3, "suspended", "off"), ("resume", 2, "active", "on")):
        life.panel.http(f"vds.{func}", "client1", elid=vm)
        life.panel.until_status(vm, status)
        assert (lines(record(life, vm))["state"], lines(record(life, vm))["power"]) == (state, power)


def test_7_another_amount(life, vm):
    life.panel.call("vds.edit", elid=vm, sok="ok", **{f"addon_{life.addon}": 4})
    life.over(vm)
    assert lines(record(life, vm))["addons"].strip() == f"addon_{life.addon}=4"


def test_8_prolong(life, vm):
    life.panel.http("service.prolong", "client1", elid=vm, period=1, sok="ok")
    life.over(vm)
    assert lines(record(life, vm))["expire"] == str(life.row(vm)["expiredate"])


def test_9_a_new_password_comes_encrypted(life, vm):
    life.panel.http("service.changepassword", "client1", elid=vm, passwd="n&w pass", confirm="n&w pass", sok="ok")
    life.over(vm)
    kept = lines(record(life, vm))["password"]
    assert kept.startswith("crypted:")
    key: Any = load_pem_private_key((life.panel.base / "etc/billmgr.pem").read_bytes(), None)
    assert key.decrypt(base64.b64decode(kept[8:]), padding.PKCS1v15()) == b"n&w pass"


def test_10_a_machine_that_is_gone(life, vm):
    kept = record(life, vm).read_text()
    record(life, vm).unlink()
    life.panel.http("service.stop", "client1", elid=vm, sok="ok")
    operation, task = life.manual(vm)
    assert (operation["lastexit"], operation["manual"]) == (1, "on")
    assert etree.fromstring(operation["errorxml"].encode()).find("error").get("type") == "item_not_exists"
    assert str(task["type"]) == life.panel.call("task.gettype", operation="stop").findtext("task_type")
    record(life, vm).write_text(kept)
    life.again(vm)
    assert lines(record(life, vm))["power"] == "off"


def test_11_a_broken_host(life, vm):
    life.set(broken="on")
    life.panel.http("vds.suspend", "client1", elid=vm)
    operation, _ = life.manual(vm)
    error = etree.fromstring(operation["errorxml"].encode()).find("error")
    assert (error.get("type"), error.get("object")) == ("client", "bad_response")
    life.set(broken="off")
    life.again(vm)
    assert life.panel.status(vm) == 3
    life.panel.http("vds.resume", "client1", elid=vm)
    life.panel.until_status(vm, 2)


def test_12_open_again(life, tariff):
    item = life.bought("vds", tariff, domain="twice.test")
    before = lines(record(life, item))["password"]
    life.panel.call("sandbox.operation", item=item, name="open")
    life.over(item)
    assert lines(record(life, item))["password"] == before
    assert journal(life, item) == ["open", "open"]


@pytest.fixture
def refusing(life):
    """A mgrctl that refuses one function in a given manner."""
    path = life.panel.base / "sbin/mgrctl"
    kept = path.with_name("mgrctl.kept")
    path.rename(kept)

    def refuse(stream, code):
        path.write_text(
            f'#!/bin/sh\ncase "$*" in *service.poststart*) echo "ERROR missed: no" {stream}; exit {code} ;; esac\n'
            f'exec {kept} "$@"\n'
        )
        path.chmod(0o755)

    yield refuse
    path.unlink(missing_ok=True)
    kept.rename(path)


@pytest.mark.parametrize(("stream", "code"), [("", 0), ("", 1), (">&2", 0), (">&2", 1)])
def test_14_the_module_notices_every_form_of_a_refusal(life, vm, refusing, stream, code):
    refusing(stream, code)
    done = life.run("--command", "start", "--item", str(vm))
    assert done.returncode == 1
    assert etree.fromstring(done.stdout.encode()).find("error").get("type") == "process"


def test_15_13_delete(life, vm):
    life.panel.http("vds.delete", "client1", elid=vm)
    life.panel.until_status(vm, 4)
    until(lambda: not record(life, vm).exists(), "the record is still there")

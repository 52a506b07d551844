"""The whole life of the PHP module `phphost` in a panel at /usr/local/mgr5 (sandbox/tests/foreign/LIFE.md)."""

import shutil
from datetime import datetime, timezone

import pytest
from lxml import etree

from sandbox.tests.conformance.lives import Life, lines
from sandbox.tests.panels import until

MODULE = "pmphphost.php"


@pytest.fixture(scope="module")
def life(home):
    made = Life(home, "phphost", MODULE)
    node = made.panel.base / "var/phphost/main"
    (node / "sites").mkdir(parents=True)
    (node / "node.password").write_text("pw\n")
    (node / "node.balance").write_text("12.50\n")
    made.node = node
    return made


@pytest.fixture(scope="module")
def module(life):
    life.id = life.add(node="main", password="pw").findtext("id")
    return life.id


@pytest.fixture(scope="module")
def tariff(life, module):
    answer = life.panel.call(
        "sandbox.tariff",
        itemtype="vhost",
        name="Base",
        price=3,
        module=module,
        addons="disk:int:10:100:0.2,panel:enum:lite/0/pro/2",
    )
    number = answer.findtext("id")
    life.panel.rows("UPDATE pricelist SET intname = 'base' WHERE id = %s", number)
    life.addons = {one.get("intname"): one.text for one in answer.findall("addon")}
    life.choices = {one.get("intname"): one.text for one in answer.findall("choice")}
    return number


@pytest.fixture(scope="module")
def site(life, tariff):
    disk, panel = (f"addon_{life.addons[name]}" for name in ("disk", "panel"))
    return life.bought("vhost", tariff, domain="site.test", **{disk: 15, panel: life.choices["lite"]})


def conf(life, domain="site.test"):
    return lines(life.node / "sites" / domain / "site.conf")


def test_1_features(life):
    done = life.run("--command", "features")
    assert done.returncode == 0
    root = etree.fromstring(done.stdout.encode())
    assert root.xpath("itemtypes/itemtype/@name") == ["vhost"]
    assert set(root.xpath("params/param/@name")) == {"node", "broken", "hosttype", "note_lang", "password"}
    assert root.xpath("params/param[@crypted='yes']/@name") == ["password"]
    assert len(root.findall("features/feature")) == 12
    listed = next(row for row in life.panel.call("sandbox.modules") if row.findtext("module") == MODULE)
    assert "password*" in listed.findtext("settings").split()


def test_2_the_settings_form_has_its_lists(life):
    form = life.panel.call("processing.add.settings", module=MODULE, out="xml")
    assert form.xpath("slist[@name='hosttype']/val/@key") == ["apache", "nginx"]
    assert form.findtext("slist[@name='hosttype']/val[@key='nginx']") == "Nginx & PHP-FPM"
    assert [one.text for one in form.findall("slist[@name='note_lang']/msg")] == ["en", "ru"]


@pytest.mark.parametrize(
    ("node", "password", "kind", "about"),
    [("main", "wrong", "auth", "badpassword"), ("nowhere", "pw", "client", "connect")],
)
def test_3_and_4_bad_settings_are_refused(life, node, password, kind, about):
    error = life.add(node=node, password=password).find("error")
    assert (error.get("type"), error.get("object")) == (kind, about)


def test_5_settings_are_stored(life, module):
    stored = life.panel.rows("SELECT intname, value FROM processingparam WHERE processingmodule = %s", module)
    assert {"intname": "node", "value": "main"} in stored
    secret = life.panel.rows("SELECT intname, value FROM processingcryptedparam WHERE processingmodule = %s", module)
    assert [one["intname"] for one in secret] == ["password"]
    assert secret[0]["value"] != "pw"
    card = life.panel.call("processing.edit", elid=module)
    assert (card.findtext("node"), card.findtext("password")) == ("main", "pw")


@pytest.mark.fact("P6.2-90")
def test_6_an_order_becomes_a_site(life, site):
    found = conf(life)
    row = life.row(site)
    assert (found["state"], found["plan"], found["limit_disk"], found["limit_panel"]) == (
        "active",
        "base",
        "15",
        "lite",
    )
    assert row["status"] == 2
    assert (life.param(site, "username"), life.param(site, "homedir")) == (f"u{site}", f"/home/u{site} & www")
    assert life.param(site, "password", "itemcryptedparam")
    assert row["remoteid"] == f"u{site}"
    shown = life.panel.call("vhost", p_cnt=1000).xpath(f"elem[id={site}]/remoteid")
    assert [one.text for one in shown] == [f"u{site}"]
    assert life.operations(site) == []


def test_6a_what_nobody_ordered_is_as_the_tariff_gives_it(life, tariff, switch):
    switch(life.panel, "addon_row", "chosen")
    item = life.bought("vhost", tariff, domain="given.test")
    assert life.panel.rows("SELECT id FROM item WHERE parent = %s", item) == []
    assert (conf(life, "given.test")["limit_disk"], conf(life, "given.test")["limit_panel"]) == ("10", "lite")


def test_7_suspend_and_resume(life, site):
    life.panel.call("vhost.suspend", elid=site)
    life.panel.until_status(site, 3)
    assert conf(life)["state"] == "suspended"
    life.panel.call("vhost.resume", elid=site)
    life.panel.until_status(site, 2)
    assert conf(life)["state"] == "active"


def test_8_a_bigger_disk(life, site):
    life.panel.call("vhost.edit", elid=site, sok="ok", **{f"addon_{life.addons['disk']}": 20})
    life.over(site)
    assert conf(life)["limit_disk"] == "20"


def test_9_prolong(life, site):
    life.panel.http("service.prolong", "client1", elid=site, period=1, sok="ok")
    life.over(site)
    assert conf(life)["expire"] == str(life.row(site)["expiredate"])


def edit(life, **changes):
    path = life.node / "sites/site.test/site.conf"
    path.write_text("".join(f"{name}={value}\n" for name, value in {**lines(path), **changes}.items()))


def test_10_to_12_the_item_follows_the_node(life, site):
    edit(life, state="suspended", expire="2031-01-31")
    assert life.command("sync_item", item=site).find("error") is None
    row = life.row(site)
    assert (row["status"], row["service_status"], str(row["expiredate"])) == (3, 8, "2031-01-31")
    edit(life, state="active")
    life.command("sync_item", item=site)
    assert (life.row(site)["status"], life.row(site)["service_status"]) == (2, 2)
    away = life.node / "away"
    shutil.move(life.node / "sites/site.test", away)
    life.command("sync_item", item=site)
    assert (life.row(site)["status"], life.row(site)["service_status"]) == (2, 4)
    shutil.move(away, life.node / "sites/site.test")


@pytest.mark.fact("P5.2-239")
def test_13_statistics_are_one_row_a_day(life, site):
    for _ in range(2):
        assert life.command("stat").find("error") is None
    rows = life.panel.rows("SELECT statdate, param, value, measure FROM itemstat WHERE item = %s", site)
    assert [(one["statdate"], one["param"]) for one in rows] == [(datetime.now(timezone.utc).date(), "disk")]
    assert rows[0]["value"] > 0
    known = life.panel.rows("SELECT id FROM measure WHERE intname = 'mib'")
    assert rows[0]["measure"] == (known[0]["id"] if known else None)


@pytest.mark.fact("P5.2-238")
def test_14_and_15_import(life, site):
    folder = life.node / "sites/old.test"
    folder.mkdir()
    (folder / "site.conf").write_text("username=u1\nstate=active\nplan=base\nexpire=2031-02-03\n")
    for search in ("", "old.test"):
        given = {"searchstring": search} if search else {}
        assert life.command("import", itemtype="vhost", **given).find("error") is None
    rows = life.panel.rows("SELECT id, status, expiredate FROM item WHERE name = 'old.test'")
    assert [(one["status"], str(one["expiredate"])) for one in rows] == [(2, "2031-02-03")]
    assert (life.param(rows[0]["id"], "domain"), life.param(rows[0]["id"], "username")) == ("old.test", "u1")
    answer = life.command("import", itemtype="vhost", searchstring="absent.test")
    assert answer.findall("*") == []


def test_16_the_balance(life, module):
    for words in (["--module", module], []):
        assert "<balance>12.50</balance>" in life.run("--command", "getbalance", *words).stdout
    row = next(row for row in life.panel.call("processing") if row.findtext("id") == module)
    assert row.findtext("balance_info").startswith("12.5")


@pytest.fixture(scope="module")
def broken(life, tariff, site):
    life.panel.call("processing.saveparam", elid=life.id, param="broken", value="on")
    item = life.ordered("vhost", tariff, domain="broken.test")
    yield item
    life.panel.call("processing.saveparam", elid=life.id, param="broken", value="")


@pytest.mark.fact("P5.2-233")
@pytest.mark.fact("P5.2-234")
@pytest.mark.fact("P5.2-237")
def test_17_and_18_a_broken_node(life, broken):
    operation, task = life.manual(broken)
    document = etree.fromstring(operation["errorxml"].encode())
    error = document.find("processingmodule/error")
    assert (error.get("type"), error.get("object")) == ("client", "bad_response")
    assert error.find("backtrace") is not None
    assert document.find("processingmodule/custommessage") is not None
    assert (life.panel.status(broken), operation["manual"], operation["lastexit"]) == (5, "on", 0)
    kind = life.panel.call("task.gettype", operation="open").findtext("task_type")
    assert (str(task["type"]), len(life.tasks(broken))) == (kind, 1)
    problems = life.panel.call("problems").findall("elem")
    assert ("processingmodule_connect", life.id) in {(p.findtext("name"), p.findtext("reference")) for p in problems}
    life.panel.call("processing.saveparam", elid=life.id, param="broken", value="")
    life.again(broken)
    assert (life.panel.status(broken), life.tasks(broken)) == (2, [])


def test_19_two_services_of_one_domain(life, tariff, site):
    before = conf(life)
    item = life.ordered("vhost", tariff, domain="site.test")
    operation, _ = life.manual(item)
    error = etree.fromstring(operation["errorxml"].encode()).find("error")
    assert (error.get("type"), error.get("object")) == ("exists", "domain")
    assert conf(life) == before
    life.panel.call("runningoperation.delete", elid=operation["id"])


def test_21_wrong_commands(life):
    for words, kind, about in ((["nonsense"], "unsupported", "command"), (["open"], "missed", "item")):
        error = etree.fromstring(life.run("--command", *words).stdout.encode()).find("error")
        assert (error.get("type"), error.get("object")) == (kind, about)


@pytest.fixture
def mgrctl(life):
    """The panel's mgrctl, to be replaced for one test."""
    path = life.panel.base / "sbin/mgrctl"
    kept = path.with_name("mgrctl.kept")
    path.rename(kept)
    yield path, kept
    path.unlink(missing_ok=True)
    kept.rename(path)


def test_22_a_panel_that_answers_nothing_parsable(life, site, mgrctl):
    path, _ = mgrctl
    path.write_text("#!/bin/sh\necho nonsense\n")
    path.chmod(0o755)
    error = etree.fromstring(life.run("--command", "suspend", "--item", str(site)).stdout.encode()).find("error")
    assert (error.get("type"), error.get("object")) == ("client", "open")


def test_22_a_database_that_is_away(life, site, mgrctl):
    """paramlist names a socket that is not there; the operation still gets its text and a task."""
    path, kept = mgrctl
    path.write_text(
        f'#!/bin/sh\ncase "$*" in *paramlist*) {kept} "$@" '
        "| sed 's|<DBSocket>.*</DBSocket>|<DBSocket>/nowhere</DBSocket>|' ;;\n"
        f'*) exec {kept} "$@" ;; esac\n'
    )
    path.chmod(0o755)
    life.panel.http("vhost.suspend", "client1", elid=site)
    operation, _ = life.manual(site)
    error = etree.fromstring(operation["errorxml"].encode()).find("error")
    assert (error.get("type"), error.get("object")) == ("db", "connect")
    path.unlink()
    path.symlink_to(kept)
    life.again(site)
    assert life.panel.status(site) == 3
    life.panel.http("vhost.resume", "client1", elid=site)
    life.panel.until_status(site, 2)


def test_23_20_delete(life, site):
    life.panel.http("vhost.delete", "client1", elid=site)
    life.panel.until_status(site, 4)
    until(lambda: not (life.node / "sites/site.test").exists(), "the site is still there")
    assert "<error" not in life.run("--command", "close", "--item", str(site)).stdout

"""The whole life of the Python module `pybridge` in a panel at /usr/local/mgr5 (sandbox/tests/foreign/LIFE.md)."""

import json

import pytest
from lxml import etree

from sandbox.tests.conformance.lives import Life
from sandbox.tests.panels import until

MODULE = "pmpybridge"
GOOD = {"endpoint": "e1", "api_key": "k1", "panel_url": "https://panel.example.com"}


@pytest.fixture(scope="module")
def life(home):
    made = Life(home, "pybridge", MODULE)
    made.folder = made.panel.base / "var/pybridge/e1"
    made.folder.mkdir(parents=True)
    catalog = {"plans": [{"id": "s", "label": "Small"}], "templates": {"deb": "Debian"}}
    (made.folder / "catalog.json").write_text(json.dumps(catalog))
    (made.folder / "api.key").write_text("k1\n")
    if not made.panel.rows("SELECT id FROM itemtype WHERE intname = 'gamebox'"):
        made.panel.call("sandbox.itemtype", intname="gamebox", orderparams="domain")
    made.id = made.add(**GOOD).findtext("id")
    return made


def make_tariff(life, itemtype, name, module=None):
    answer = life.panel.call(
        "sandbox.tariff", itemtype=itemtype, name=name, price=3, module=module or life.id, addons="ram:int:1:8:1"
    )
    return answer.findtext("id"), answer.findtext("addon")


@pytest.fixture(scope="module")
def tariff(life):
    number, life.addon = make_tariff(life, "dedic", "bridge")
    return number


@pytest.fixture(scope="module")
def server(life, tariff):
    return life.bought("dedic", tariff, domain="d.test")


def machine(life, item):
    return json.loads((life.folder / f"servers/{item}.json").read_text())


def change(life, item, **values):
    path = life.folder / f"servers/{item}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        pytest.param("-h", "usage", marks=pytest.mark.fact("P5.2-230")),
        pytest.param("-V", "1.0", marks=pytest.mark.fact("P5.2-231")),
        pytest.param("-T", "Foreign Hosting Tools", marks=pytest.mark.fact("P5.2-232")),
    ],
)
def test_1_help_version_and_copyright(life, word, shown):
    done = life.run(word)
    assert done.returncode == 0
    assert shown in done.stdout


def test_2_features(life):
    root = etree.fromstring(life.run("--command", "features").stdout.encode())
    assert root.xpath("itemtypes/itemtype/@name") == ["dedic", "gamebox"]
    assert root.xpath("params/param[@crypted='yes']/@name") == ["api_key"]
    assert root.xpath("params/customparam/@defval") == ["A1"]
    assert "pricelist_dynamic_settings" in root.xpath("features/feature/@name")
    stored = "SELECT value FROM processingparam WHERE processingmodule = %s AND intname = 'rack'"
    assert life.panel.rows(stored, life.id) == [{"value": "A1"}]


@pytest.mark.parametrize("words", [["--nonsense"], ["--command", "open", "--item", "abc"], ["--command", "open"]])
def test_3_wrong_options(life, words):
    done = life.run(*words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr


@pytest.mark.parametrize(
    ("given", "kind", "about"),
    [
        ({"api_key": "k2"}, "auth", "api_key"),
        ({"endpoint": "nowhere"}, "client", "connect"),
        ({"broken": "on"}, "client", "bad_response"),
    ],
)
def test_4_check_connection_refuses(life, given, kind, about):
    error = life.add(**{**GOOD, **given}).find("error")
    assert (error.get("type"), error.get("object")) == (kind, about)


@pytest.mark.parametrize(("name", "value"), [("capacity", "0"), ("panel_url", "x")])
def test_5_the_forms_own_checks(life, name, value):
    error = life.add(**{**GOOD, name: value}).find("error")
    assert (error.get("type"), error.get("object")) == ("value", name)


def test_6_the_configuration(life):
    assert life.command("get_server_config").find("error") is None
    assert "Debian" in life.panel.rows("SELECT config FROM processingmodule WHERE id = %s", life.id)[0]["config"]


def test_7_the_tariffs_form(life, tariff):
    form = life.panel.call("pricelist.edit", elid=tariff)
    assert form.xpath("slist[@name='bridge_plan']/msg/@key") == ["null"]
    assert form.findtext("slist[@name='bridge_plan']/val[@key='s']") == "Small"


@pytest.mark.fact("P5.2-242")
def test_8_a_dedicated_server_and_a_game_box(life, server):
    number, _ = make_tariff(life, "gamebox", "box")
    box = life.bought("gamebox", number, domain="g.test")
    assert (machine(life, server)["type"], machine(life, box)["type"]) == ("dedic", "gamebox")
    assert life.param(server, "ip").startswith("203.0.113.")
    assert (life.param(server, "username"), life.param(server, "bridge_id")) == ("root", f"e1/{server}")
    assert life.param(server, "userpassword", "itemcryptedparam")
    assert (life.panel.status(server), life.panel.status(box)) == (2, 2)
    assert life.panel.ask("dedic.edit", elid=box).find("error") is not None


def test_9_reopen(life, server):
    life.panel.call("sandbox.operation", item=server, name="reopen")
    life.over(server)
    assert machine(life, server)["reinstalled"] == 1
    assert life.panel.status(server) == 2


def test_10_suspend_and_resume(life, server):
    for func, status, state in (("suspend", 3, "suspended"), ("resume", 2, "active")):
        life.panel.http(f"dedic.{func}", "client1", elid=server)
        life.panel.until_status(server, status)
        assert machine(life, server)["state"] == state


def test_11_another_amount(life, server):
    life.panel.call("dedic.edit", elid=server, sok="ok", **{f"addon_{life.addon}": 4})
    life.over(server)
    assert machine(life, server)["addons"] == {f"addon_{life.addon}": "4"}


@pytest.mark.fact("P5.2-235")
@pytest.mark.fact("P5.2-236")
def test_12_to_14_a_locked_server(life, server, switch):
    """The tariff is rolled back, the operation keeps its error and goes to a person after the third try, once."""
    switch(life.panel, "retry_seconds", "0.2")
    change(life, server, locked=True)
    old = life.row(server)["pricelist"]
    new, _ = make_tariff(life, "dedic", "bigger")
    life.panel.call("sandbox.item", item=server, pricelist=new, lastpricelist=old)
    life.panel.call("sandbox.operation", item=server, name="setparam")
    until(lambda: life.row(server)["pricelist"] == old, "not rolled back")
    operation, _ = life.manual(server)
    error = etree.fromstring(operation["errorxml"].encode()).find("error")
    assert (error.get("type"), error.get("object"), operation["manual"]) == ("unsupported", "locked", "on")
    assert operation["trycount"] == 3
    assert len(life.tasks(server)) == 1
    assert life.panel.status(server) == 5
    change(life, server, locked=False)
    life.again(server)
    assert life.panel.status(server) == 2


def addresses(life, server):
    return life.panel.rows("SELECT id, name, status FROM ip WHERE item = %s ORDER BY id", server)


@pytest.mark.parametrize("how", ["param", "ip", "none"])
def test_15_and_16_addresses(life, server, switch, how):
    """Whatever the option is called by which the row is named (switch address_option)."""
    switch(life.panel, "address_option", how)
    life.panel.rows("INSERT INTO ip (name, item, status) VALUES ('', %s, 1)", server)
    row = addresses(life, server)[-1]["id"]
    given = {"param": {"param": "ip", "value": row}, "ip": {"ip": row}, "none": {}}[how]
    life.panel.call("sandbox.operation", item=server, name="addip", **given)
    life.over(server)
    found = addresses(life, server)[-1]
    assert (found["id"], found["status"]) == (row, 2)
    assert machine(life, server)["addresses"][str(row)] == found["name"]
    life.panel.call("sandbox.operation", item=server, name="delip", param="ip", value=row)
    life.over(server)
    assert addresses(life, server) == []
    assert str(row) not in machine(life, server)["addresses"]
    error = life.command("delip", item=server, param="ip", value=row).find("error")
    assert (error.get("type"), error.get("object")) == ("missed", "ip")


def test_17_the_way_to_the_servers_panel(life, server):
    answer = life.command("transition_controlpanel", item=server, panelkey="bridge", lang="en")
    assert answer.findtext("url") == f"https://panel.example.com/server/{server}?panel=bridge&lang=en"
    assert answer.findtext("panelcount") == "1"
    assert f"/server/{server}?" in life.panel.http("gotoserver", "client1", elid=server).findtext("ok")


def test_18_check_param(life, server):
    error = life.command("check_param", item=server, param="domain", value="bad-x").find("error")
    assert (error.get("type"), error.get("object")) == ("value", "domain")
    assert life.command("check_param", item=server, param="domain", value="good").find("ok") is not None


def test_19_the_suitable_module(life, tariff, server):
    free = life.add(**GOOD).findtext("id")
    broken = life.add(**GOOD).findtext("id")
    life.panel.call("processing.saveparam", elid=broken, param="broken", value="on")
    answer = life.command("get_suitable_module", skip_modules=life.id, pricelist=tariff)
    assert answer.xpath("modules/module/@id") == [free]
    number, _ = make_tariff(life, "dedic", "placed")
    life.panel.call("pricelist.edit", elid=number, processingmodule=f"{broken}, {free}", sok="ok")
    item = life.bought("dedic", number, domain="placed.test")
    assert life.row(item)["processingmodule"] == int(free)
    life.panel.call("processing.saveparam", elid=free, param="capacity", value="1")
    item = life.ordered("dedic", number, domain="full.test")
    until(lambda: (life.operations(item) or [{}])[0].get("lastoutput"), "not tried")
    assert "no_suitable_module" in life.operations(item)[0]["lastoutput"]
    life.panel.call("runningoperation.delete", elid=life.operations(item)[0]["id"])
    for one in (free, broken):
        life.panel.call("processing.edit", elid=one, active="off", **{**GOOD, "broken": "", "sok": "ok"})


def profile(life, kind, **more):
    account = life.panel.accounts["client1"]["account"]
    given = {"processingmodule": life.id, "tld": "ru", "contact_type": kind, "account": account, "name": "Firm"}
    return life.panel.ask("service_profile.edit", **given, **more)


@pytest.mark.parametrize(("kind", "lists"), [("owner", ["owner_bridge_kind"]), ("admin", [])])
def test_20_the_profiles_form(life, kind, lists):
    countries = ["location_country", "postal_country"]
    assert profile(life, kind).xpath("slist/@name") == [*countries, *lists]


def test_21_the_profiles_check(life):
    given = {"owner_bridge_kind": "business", "sok": "ok"}
    error = profile(life, "owner", **given).find("error")
    assert (error.get("type"), error.get("object")) == ("value", "owner_bridge_vat")
    assert profile(life, "owner", owner_bridge_vat="LV1", **given).find("error") is None


@pytest.mark.parametrize("code", ["0", "1"])
@pytest.mark.fact("P5.2-243")
def test_23_an_error_is_a_failure_whatever_the_exit_code(life, switch, code):
    switch(life.panel, "structured_error_exit", code)
    done = life.run("--command", "suspend", "--item", "1")
    assert done.returncode == 1
    assert etree.fromstring(done.stdout.encode()).find("error").get("type") == "missed"


def test_24_do_nothing(life, server, switch):
    switch(life.panel, "do_nothing", "panel")
    file = life.panel.base / "etc/billmgr.DoNothing"
    file.touch()
    life.panel.http("dedic.suspend", "client1", elid=server)
    until(lambda: life.operations(server)[0]["lastexit"] == 0, "not settled")
    assert machine(life, server)["state"] == "active"
    file.unlink()
    life.panel.until_status(server, 3)
    assert machine(life, server)["state"] == "suspended"


def test_25_22_close(life, server):
    life.panel.http("dedic.delete", "client1", elid=server)
    life.panel.until_status(server, 4)
    assert not (life.folder / f"servers/{server}.json").exists()
    assert life.run("--command", "close", "--item", str(server)).returncode == 0

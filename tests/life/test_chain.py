"""Three panels in a row: A sells to B, B sells to C. B has both stock functions itself, C has neither.

So at B `item.setremoteid` is the panel's own, with ours behind it as an event; at C it is ours.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from lxml import etree

from tests.support import environment, world
from tests.support.world import Refused, Shop, until

SETTER = "item.setremoteid"
AT_ONCE = 4


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """(B with its seller A, C with its seller B); the add-on is installed on B and on C."""
    running = world.Sandbox(tmp_path_factory.mktemp("chain") / "root", "a", "b", "c")
    a, b, c = (running.at(name) for name in "abc")
    b.call("sandbox.switch", name="absent_functions", value="")
    c.call("sandbox.switch", name="absent_functions", value=f"checkevent, {SETTER}")
    for panel in (b, c):
        world.install(panel.base, environment.variables())
        world.limits(panel)
        panel.call("sandbox.switch", name="retry_seconds", value="0.3")
    a.call("sandbox.switch", name="provision_seconds", value="0.2")
    yield connected(b, a), connected(c, b)
    running.stop()


def connected(here, there):
    module = world.connect(here, there, "buyer", there.accounts["buyer"]["password"])
    return Shop(here, there, module, "buyer", world.sell(here, there, module, ("VDS-1",)))


@pytest.fixture(scope="module")
def services(chain):
    """An order at C that went through both: the service at C, at B, at A."""
    upper, lower = chain
    item = lower.order("vds")
    until(lambda: (upper.checkevent(), lower.checkevent(), lower.item(item)["status"] == 2)[-1], "it does not open", 90)
    middle = int(lower.links(item)[0]["remote"])
    return item, middle, int(upper.links(middle)[0]["remote"])


def key_at(panel, number):
    return panel.value("SELECT remoteid FROM item WHERE id = %s", number) or ""


def test_stock_functions_are_followed_where_they_are_and_stood_in_for_where_they_are_not(chain):
    upper, lower = chain
    for name in ("checkevent", "setremoteid"):
        for shop, kind in ((upper, "event"), (lower, "func")):
            installed = (shop.here.base / f"etc/xml/billmgr_mod_reseller_{name}.xml").read_bytes()
            assert installed == (world.ROOT / f"xml/stock/billmgr_mod_reseller_{name}_{kind}.xml").read_bytes()


def test_an_order_and_a_suspension_go_through_both(chain, services):
    upper, lower = chain
    item, middle, remote = services
    assert upper.item(middle)["status"] == 2
    assert key_at(upper.here, middle).startswith(f"{item}-")
    assert key_at(upper.there, remote).startswith(f"{middle}-")
    assert [shop.operation(number) for shop, number in ((upper, middle), (lower, item))] == [None, None]
    upper.there.call("sandbox.item", item=remote, status=3, employeesuspend="on")
    until(lambda: (upper.checkevent(), upper.item(middle)["status"] == 3)[-1], "the suspension does not reach B")
    until(lambda: (lower.checkevent(), lower.item(item)["status"] == 3)[-1], "the suspension does not reach C")
    upper.there.call("sandbox.item", item=remote, status=2, employeesuspend="off")
    until(lambda: (upper.checkevent(), upper.item(middle)["status"] == 2)[-1], "B stays suspended")
    until(lambda: (lower.checkevent(), lower.item(item)["status"] == 2)[-1], "C stays suspended")


def test_of_two_sellers_with_equal_numbers_the_links_is_asked_whatever_module_the_service_has(chain, services):
    """A has a service with the number that B's has; C buys at both, and somebody changes the module in MySQL."""
    upper, lower = chain
    item, middle, _ = services
    a = upper.there
    second = world.connect(lower.here, a, "buyer", a.accounts["buyer"]["password"])
    twin = int(a.call("sandbox.bulk", count=1, user="buyer", prefix="twin").findtext("first"))
    if not a.value("SELECT COUNT(*) FROM item WHERE id = %s", middle):
        a.write("UPDATE item SET id = %s WHERE id = %s", middle, twin)
    before = a.rows("SELECT * FROM item WHERE id = %s", middle)
    lower.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", second, item)
    lower.here.call("tool.clearcache")
    try:
        for act, status in (("suspend", 3), ("resume", 2)):
            lower.act(act, item)
            until(lambda: (upper.checkevent(), lower.checkevent(), lower.operation(item) is None)[-1], f"no {act}")
            assert (lower.item(item)["status"], upper.item(middle)["status"]) == (status, status)
    finally:
        lower.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", lower.module, item)
        lower.here.call("tool.clearcache")
    assert a.rows("SELECT * FROM item WHERE id = %s", middle) == before


def test_the_documented_call_of_a_client_is_the_panels_own_also_on_a_service_that_is_resold(chain, services):
    """What C's staff does at C comes to B as the client call of a reseller."""
    upper, lower = chain
    item, middle, remote = services
    link, was = upper.links(middle)[0], key_at(upper.there, remote)
    assert lower.ctl("unlink", str(item)).returncode == 0
    assert key_at(upper.here, middle) == ""
    assert lower.ctl("link", str(item), str(middle)).returncode == 0
    assert key_at(upper.here, middle) == lower.links(item)[0]["rkey"]
    other = upper.here.ask(SETTER, "client1", elid=middle, value="mine", sok="ok").find("error")
    assert other.get("type") == "missed", "the panel's own refusal for what is another client's"
    done = upper.here.ask(SETTER, "buyer", elid=middle, value="any-text", sok="ok")
    assert (done.find("ok") is not None, done.find("told")) == (True, None)
    assert key_at(upper.here, middle) == "any-text"
    assert upper.here.ask(SETTER, "buyer", elid=middle).findtext("elid") == str(middle), "the panel's own form"
    assert (upper.links(middle)[0]["id"], key_at(upper.there, remote)) == (link["id"], was)
    assert upper.tasks(middle) == []
    upper.here.ask(SETTER, "buyer", elid=middle, value=lower.links(item)[0]["rkey"], sok="ok")


def test_our_work_goes_on_when_the_stock_function_fails(chain, services):
    upper, lower = chain
    item, middle, remote = services
    upper.here.call("sandbox.switch", name="failing_functions", value=f"checkevent, {SETTER}")
    try:
        client = upper.here.ask(SETTER, "buyer", elid=middle, value="lost", sok="ok").find("error")
        assert client.get("type") == "process", "the client is told what the panel's own function said"
        assert upper.checkevent() == "nothing to do"
        for value in ("", remote):
            done = upper.here.ask(SETTER, "admin", elid=middle, value=value, sok="ok", lang="ru")
            assert done.find("ok") is not None, etree.tostring(done)
            assert f"Услуга {middle}" in done.findtext("told")
            assert len(upper.links(middle)) == bool(value)
        assert key_at(upper.there, remote) == upper.links(middle)[0]["rkey"]
    finally:
        upper.here.call("sandbox.switch", name="failing_functions", value="")
    assert key_at(upper.here, middle) == lower.links(item)[0]["rkey"], "B's staff has not touched what C wrote there"


def test_staff_calls_for_other_services_are_the_panels_own(chain, services):
    upper, _ = chain
    plain = upper.here.call("sandbox.bulk", count=1, user="client1", prefix="plain").findtext("first")
    assert upper.here.call(SETTER, elid=plain, value="55", sok="ok").find("told") is None
    assert key_at(upper.here, plain) == "55"
    assert upper.here.call(SETTER, elid=services[1]).find("value") is None, "a form that is only looked at is its own"
    with pytest.raises(Refused) as refused:
        upper.here.call(SETTER, elid=f"{plain}, {services[1]}", value="55", sok="ok")
    assert refused.value.type == "missed"


@pytest.fixture(scope="module")
def prey(chain, services):
    """What a client of C may be after: a service of his own, and at B one with his key, his neighbour's, and one that
    is nobody's."""
    upper, lower = chain
    lower.here.call("sandbox.client", {"password": "mallory-secret"}, name="mallory", balance=100)
    mine = lower.here.call("sandbox.bulk", count=2, user="mallory", prefix="mine", pricelist=lower.tariffs["VDS-1"])
    first = int(mine.findtext("first"))
    lower.here.write("UPDATE item SET processingmodule = %s WHERE id IN (%s, %s)", lower.module, first, first + 1)
    world.limits(lower.here, client_asks=1000)
    there = upper.here.call("sandbox.bulk", count=3, user="buyer", prefix="there", pricelist=upper.tariffs["VDS-1"])
    numbers = [int(there.findtext("first")) + place for place in range(3)]
    keys = (f"{first}-00c0ffee", f"{services[0]}-00c0ffee", None)
    for number, key in zip(numbers, keys):
        upper.here.write("UPDATE item SET remoteid = %s WHERE id = %s", key, number)
    return {"mine": first, "second": first + 1, "named": numbers[0], "neighbours": numbers[1], "nobodys": numbers[2]}


def attempts(prey, item, middle):
    """(elid, value, further parameters) of everything that must be refused, and in the same words."""
    mine, named = prey["mine"], prey["named"]
    values = [
        prey["neighbours"], prey["nobodys"], middle, 999999, "", " ", "0", f"0{named}", f" {named}", f"{named} ",
        f"+{named}", f"-{named}", f"{named}.0", f"{named}, {named}", "١٢", "１", "²", "9" * 400, f"{named}' OR '1'='1",
        f"{named}; DROP TABLE reseller_link", f"{named} UNION SELECT 1 -- ", '"><error/>', "]]>", "&x;", "<!DOCTYPE x>",
        "%s", "%(x)s", "../../etc/passwd", "$(id)", "`id`", f"{named}\n{named}", "\x01", "\ufffe",
    ]  # fmt: skip
    elids = [
        prey["second"], item, middle, 999999, "", "0", f"0{mine}", f" {mine}", f"{mine} ", f"-{mine}", "１", "9" * 400,
        f"{mine}, {mine}", f"{mine},{item}", f"{item}, {mine}", f"{mine} OR 1=1", f"{mine}'", f"{mine}--", "*", "%",
        f"{mine}\n{item}", f"<elid>{mine}</elid>", "&amp;", "\x01",
    ]  # fmt: skip
    further = [
        {"plid": mine}, {"elids": mine}, {"su": "admin"}, {"su": "client1"}, {"auth_level": "30"}, {"level": "30"},
        {"AUTH_LEVEL": "30"}, {"AUTH_USER": "client1"}, {"EVENT_TYPE": "final"}, {"ACTION_NAME": "reseller.link"},
        {"force": "on"}, {"clicked_button": "ok"}, {"lang": "en"}, {"item": item, "account": 1},
    ]  # fmt: skip
    yield from ((mine, value, {}) for value in values)
    yield from ((elid, named, {}) for elid in elids)
    yield from ((item, prey["neighbours"], more) for more in further)


def test_a_client_gets_one_answer_to_everything_that_is_not_his_to_repair(chain, services, prey):
    """Whether the other service exists, whose it is, and what is wrong, all look the same."""
    upper, lower = chain
    mallory = {"authinfo": "mallory:mallory-secret"}
    before = (
        lower.here.rows("SELECT * FROM reseller_link ORDER BY id"),
        upper.here.rows("SELECT id, remoteid FROM item"),
    )

    def ask(attempt):
        elid, value, more = attempt
        error = lower.here.ask(SETTER, **{"elid": elid, "value": value, "sok": "ok", **mallory, **more}).find("error")
        return attempt, etree.tostring(error) if error is not None else b"done"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(ask, attempts(prey, services[0], services[1])))
    common = answers[0][1]
    assert b'type="access"' in common
    assert not any(str(number).encode() in common for number in (*prey.values(), *services))
    assert [answer for answer in answers if answer[1] != common] == []
    after = lower.here.rows("SELECT * FROM reseller_link ORDER BY id"), upper.here.rows("SELECT id, remoteid FROM item")
    assert after == before
    tasks = lower.here.rows("SELECT item, params FROM task WHERE status <> 2")
    assert {task["item"] for task in tasks} == {prey["mine"], prey["second"]}, "no task about what is another's"
    assert len(tasks) == 2, "one task, however often it is asked for"
    assert all("mallory" in task["params"] for task in tasks)


def test_a_client_repairs_what_names_his_service_and_nothing_that_works(chain, services, prey):
    upper, lower = chain
    mallory = {"authinfo": "mallory:mallory-secret"}
    mine, named = prey["mine"], prey["named"]
    seen = lower.here.ask(SETTER, elid=mine, **mallory)
    assert (seen.findtext("elid"), seen.findtext("value")) == (str(mine), "")
    for _ in range(2):
        done = lower.here.ask(SETTER, elid=mine, value=named, sok="ok", **mallory)
        assert [child.tag for child in done if child.tag not in ("tparams", "elid")] == ["ok"], etree.tostring(done)
        link = lower.links(mine)[0]
        assert (link["remote"], link["rkey"], link["state"]) == (str(named), f"{mine}-00c0ffee", "live")
    assert lower.here.ask(SETTER, elid=mine, **mallory).findtext("value") == "", "clients do not see the number"
    second = prey["nobodys"]
    upper.here.write("UPDATE item SET remoteid = %s WHERE id = %s", f"{mine}-0badcafe", second)
    refused = lower.here.ask(SETTER, elid=mine, value=second, sok="ok", **mallory).find("error")
    assert refused.get("type") == "access"
    assert lower.links(mine)[0]["remote"] == str(named), "a link that works is not given up for a client"
    upper.here.write("UPDATE item SET remoteid = 'gone' WHERE id = %s", named)
    assert lower.here.ask(SETTER, elid=mine, value=second, sok="ok", **mallory).find("ok") is not None
    assert lower.links(mine)[0]["remote"] == str(second)


def test_what_the_seller_or_the_panel_says_meanwhile_changes_nothing_of_the_answer(chain, prey):
    upper, lower = chain
    mine = prey["mine"]

    def answer():
        found = lower.here.ask(SETTER, elid=mine, value=prey["neighbours"], sok="ok", authinfo="mallory:mallory-secret")
        return etree.tostring(found.find("error"))

    plain = answer()
    upper.here.call("sandbox.fault", kind="reset", forfunc="vds.edit", times=1)
    assert answer() == plain
    lower.here.write("DELETE FROM task WHERE item = %s", mine)
    lower.here.call("sandbox.switch", name="failing_functions", value="task.gettype")
    assert answer() == plain
    lower.here.call("sandbox.switch", name="failing_functions", value="")
    assert lower.tasks(mine) == []


def test_staff_use_it_where_it_is_ours(chain, prey):
    upper, lower = chain
    second, remote = prey["second"], prey["nobodys"]
    upper.here.write("UPDATE item SET remoteid = NULL WHERE id = %s", remote)
    lower.here.write("UPDATE reseller_link SET live = NULL WHERE item = %s", prey["mine"])
    done = lower.here.ask(SETTER, "admin", elid=second, value=remote, sok="ok")
    assert f"Service {second} is linked with remote service {remote}" in done.findtext("told")
    assert lower.here.call(SETTER, elid=second).findtext("value") == str(remote)
    for params, type_ in (
        ({"elid": second}, "reseller_link_value"),
        ({"elid": f"{second}, {prey['mine']}", "value": remote}, "reseller_elid"),
        ({"elid": remote, "value": second}, "reseller_link_swapped"),
        ({"elid": 999999, "value": remote}, "reseller_item_missing"),
    ):
        error = lower.here.ask(SETTER, "admin", sok="ok", **params).find("error")
        assert error.get("type") == type_, params
    assert lower.here.ask(SETTER, "admin", elid=second, value="", sok="ok").find("ok") is not None
    assert lower.links(second) == []
    assert lower.here.call(SETTER, elid=second).findtext("value") == ""


def test_a_client_calls_nothing_of_an_employees(chain, services):
    """By password, by session, with somebody else's or an invented session, with any level he claims."""
    upper, lower = chain
    for panel, item in ((upper.here, services[1]), (lower.here, services[0])):
        session = (
            panel.ask("auth", username="client1", password=panel.accounts["client1"]["password"]).find("auth").text
        )
        ways = ({"user": "client1"}, {"auth": session}, {"auth": session, "su": "admin"}, {"auth": "0" * 32}, {})
        for func in ("reseller.link", "reseller.unlink", "reseller.checkevent", "reseller.nothing"):
            for way in ways:
                answer = panel.ask(func, elid=item, remote=1, sok="ok", level=30, AUTH_LEVEL=30, **way)
                error = answer.find("error")
                allowed = {"access", "missed"} if func == "reseller.nothing" else {"access", "auth"}
                assert error is not None, (func, way)
                assert error.get("type") in allowed, (func, way)
                assert answer.find("plan") is None
    assert upper.links(services[1])
    assert lower.links(services[0])

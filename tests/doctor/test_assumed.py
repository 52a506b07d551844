"""A panel or a seller that is not as assumed, in one fact after the other: it is named, and nothing rests on it."""

import json

import pytest

from reseller.assumption import ANSWER, COLUMN, FUNCTION
from reseller.context import Context
from reseller.doctor import assumed
from reseller.doctor.finding import HOLDS
from reseller.ledger import verdicts
from reseller.ledger.verdicts import Verdict
from reseller.lifecycle import assumptions
from reseller.mgr5.panel import Panel
from tests.support.keeping import remote
from tests.support.world import Refused, until

FUNCTIONS = [
    entry.name
    for entry in assumptions.OF_PANEL.values()
    if entry.kind == FUNCTION
    and entry.name.partition(".")[0] not in ("dedic", "vhost", "softexternal", "platform")
    and entry.name.partition(".")[0] not in ("storage", "dnshost")
]
ANSWERS = [entry.name for entry in assumptions.OF_SELLER.values() if entry.kind == ANSWER]


@pytest.fixture
def fresh(inside):
    """Nothing was found yet, and nothing is afterwards; a service of each type is there to look at."""
    inside.db.execute("DELETE FROM reseller_verdict")
    inside.db.execute("DELETE FROM reseller_problem WHERE kind = 'assumption'")
    yield inside
    inside.db.execute("DELETE FROM reseller_verdict")
    inside.shop.checkevent()
    assert inside.db.rows("SELECT * FROM reseller_problem WHERE kind = 'assumption'") == []


@pytest.fixture
def lacking(fresh, switch):
    """The panel lacks functions of these names; what is known of it holds."""

    def lack(*names):
        switch(fresh.shop.here, "absent_functions", ",".join(("checkevent", *names)))

    return lack


def earlier(shop):
    """All that was found so far was found an hour before."""
    shop.here.write("UPDATE reseller_verdict SET since = since - INTERVAL 1 HOUR")


def astray(found):
    return {each.entry.name for each in found if each.holds is False}


def doctor(shop, *argv):
    done = shop.ctl("doctor", "--json", *argv)
    assert b"Traceback" not in done.stderr
    return json.loads(done.stdout)["findings"] if done.stdout else done


def said(shop, name):
    return [each for each in doctor(shop) if name in each["text"] and each["check"].endswith("assumptions")]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_is_missing_is_named_and_no_other(fresh, lacking, name):
    # All types are one row of the stand-in's list.
    lacking(name, f"<itemtype>.{name.partition('.')[2]}" if name.partition(".")[0] in ("vds", "soft") else name)
    assert astray(assumptions.of_panel(fresh.context)) == {name}


@pytest.fixture
def listing(fresh, tmp_path):
    """The context of the same panel whose `mgrctl -i` prints what this command of the shell prints.

    `others` is the command for every other call.
    """

    def print_(command, others='exec $m "$@"'):
        real = fresh.context.panel.base
        (tmp_path / "sbin").mkdir()
        for name in ("etc", "var", "lib"):
            (tmp_path / name).symlink_to(real / name)
        script = tmp_path / "sbin/mgrctl"
        script.write_text(f'#!/bin/sh\nm={real}/sbin/mgrctl\nif [ "$3" != -i ]; then {others}; exit; fi\n{command}\n')
        script.chmod(0o755)
        return Context.start(Panel(tmp_path))

    return print_


def test_a_function_that_is_only_not_listed_is_there(fresh, listing):
    context = listing("$m -m billmgr -i | grep -vE '^name=(<itemtype>.open|runningoperation.setmanual|task.gettype) '")
    before = fresh.db.rows("SELECT id, manual FROM runningoperation")
    found = {each.entry.name: each for each in assumptions.of_panel(context)}
    assert astray(found.values()) == set()
    for name in ("vds.open", "runningoperation.setmanual", "task.gettype"):
        assert found[name].found == "not listed, but answers"
    assert fresh.db.rows("SELECT id, manual FROM runningoperation") == before


@pytest.mark.parametrize("command", ["echo Nothing here", "exit 1", "echo '<html>'"])
def test_a_panel_that_lists_no_functions_leaves_them_unseen(listing, command):
    found = assumptions.of_panel(listing(command))
    for each in found:
        assert each.holds is (True if each.entry.kind == COLUMN else None), each


@pytest.mark.parametrize("help_", ["exit 1", "echo", "echo Segmentation fault: 11", "echo '<html>'"])
def test_a_panel_without_help_on_its_functions_is_no_reason_to_look_again(fresh, listing, help_):
    context = listing(f'if [ "$4" ]; then {help_}; else exec $m -m billmgr -i; fi')
    found, failing = assumptions.look(context, verdicts.PANEL)
    assert ({each.found for each in found if each.holds is None}, failing) == ({"no help"}, [])
    assert verdicts.last_look(fresh.db, 0).is_whole is True
    assert {finding.verdict for finding in assumed.of(verdicts.PANEL, context.panel)} == {HOLDS}


@pytest.mark.parametrize("others", ["echo Segmentation fault", "exit 1"])
def test_a_function_that_answers_no_document_is_unseen(listing, others):
    context = listing("$m -m billmgr -i | grep -v '^name=service.postprolong '", others)
    found = {each.entry.name: each for each in assumptions.of_panel(context)}
    assert (found["service.postprolong"].holds, found["service.postprolong"].found) == (None, "answer")


def test_what_is_not_reached_in_time_is_unseen(listing, monkeypatch):
    monkeypatch.setattr(assumptions, "LOOK_SECONDS", -1)
    context = listing("$m -m billmgr -i | grep -v '^name=service.postprolong '")
    found = {each.entry.name: each.found for each in assumptions.of_panel(context)}
    assert found["service.postprolong"] == "no time left"


def test_what_could_not_be_seen_is_looked_at_again_though_no_file_has_changed(fresh, listing):
    assumptions.watch(listing("exit 1"), [fresh.shop.module])
    assert verdicts.last_look(fresh.db, 0).is_whole is False
    assumptions.watch(fresh.context, [fresh.shop.module])
    assert verdicts.last_look(fresh.db, 0).is_whole is False
    earlier(fresh.shop)
    assumptions.watch(fresh.context, [fresh.shop.module])
    assert verdicts.last_look(fresh.db, 0).is_whole is True


@pytest.mark.parametrize("name", ANSWERS)
def test_a_part_that_an_answer_lacks_is_named_and_no_other(fresh, vds, soft, name):
    shop = fresh.shop
    function, paths = name.split()
    where = function.replace("<itemtype>", "vds")
    shop.there.call("sandbox.fault", kind="lacks", forfunc=where, object=paths.replace("|", " "), times=9)
    found = astray(assumptions.of_seller(fresh.context, shop.module))
    assert found == {name.replace("<itemtype>", "vds")}


def test_a_function_that_the_seller_refuses_has_no_part_of_its_answer(fresh, vds):
    fresh.shop.there.call("sandbox.fault", kind="error", forfunc="subaccount", type="access", object="subaccount")
    assert astray(assumptions.of_seller(fresh.context, fresh.shop.module)) == {"subaccount elem/balance"}


@pytest.mark.parametrize("function", ["vds.edit", "service.prolong"])
def test_what_only_one_of_several_services_lacks_holds(fresh, vds, function):
    shop = fresh.shop
    shop.until_active(shop.order("vds"))
    path = {"vds.edit": "expiredate", "service.prolong": "newexpiredate doc/newexpiredate"}[function]
    shop.there.call("sandbox.fault", kind="lacks", forfunc=function, object=path, times=1)
    assert astray(assumptions.of_seller(fresh.context, shop.module)) == set()


def test_what_no_service_shows_is_unseen_and_kept(fresh, vds):
    shop = fresh.shop
    shown = {each.entry.name for each in assumptions.of_seller(fresh.context, shop.module)}
    shop.there.call("sandbox.fault", kind="lacks", forfunc="vds", object="elem", times=9)
    shop.here.write("UPDATE reseller_observation SET absences = absences + 100")
    try:
        found = {each.entry.name: each for each in assumptions.of_seller(fresh.context, shop.module)}
    finally:
        shop.here.write("UPDATE reseller_observation SET absences = absences - 100")
    assert set(found) == shown
    assert (found["vds.edit status"].holds, found["vds.edit status"].found) == (None, "no service")


def test_what_is_off_at_a_seller_is_looked_at_again_by_a_run(fresh, vds):
    shop = fresh.shop
    name = next(each.entry.name for each in assumptions.of_seller(fresh.context, shop.module) if each.entry.rests)
    verdicts.put(fresh.db, Verdict(shop.module, name, holds=False, found="-", rests="order", off=True))
    shop.checkevent()
    assert verdicts.off(fresh.db, shop.module) == []


def test_an_empty_list_is_not_good_and_not_bad(fresh, shop):
    shop.checkevent()
    shop.there.call("sandbox.fault", kind="lacks", forfunc="vds", object="elem", times=9)
    found = {each.entry.name: each.holds for each in assumptions.of_seller(fresh.context, shop.module)}
    assert found["vds elem/id"] is None
    assert found["vds p_elems"] is True
    shop.there.call("sandbox.fault", kind="lacks", forfunc="vds", object="elem", times=9)
    done = shop.ctl("doctor", "--json")
    mine = [
        each for each in json.loads(done.stdout)["findings"] if each["check"] == f"module {shop.module} assumptions"
    ]
    assert [each["verdict"] for each in mine] == ["not checked", "holds"]


def test_an_order_that_could_not_become_active_is_not_bought_before_it_can(fresh, lacking):
    shop = fresh.shop
    doctor(shop)
    lacking("vds.open", "<itemtype>.open")
    assert [each["verdict"] for each in said(shop, "vds.open")] == ["warning"]
    earlier(shop)
    [found] = said(shop, "vds.open")
    assert found["verdict"] == "fails"
    assert "platform.md 5.2" in found["text"]
    assert "order:vds" in found["text"]
    item = shop.order("vds")
    until(lambda: "reseller_unfounded_unsent" in shop.error(item), "it does not say why")
    assert "vds.open" in shop.error(item)
    assert (shop.charges(item), shop.remotes(item)) == ([], [])
    assert "vds.open" in shop.ctl("checkevent").stdout.decode()
    assert "vds.open" in shop.ctl("audit").stdout.decode()
    [problem] = shop.here.rows("SELECT * FROM reseller_problem WHERE kind = 'assumption'")
    assert problem["task"]
    lacking()
    assert said(shop, "vds.open") == []
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_what_does_not_rest_on_it_goes_on(fresh, lacking, vds):
    shop = fresh.shop
    doctor(shop)
    lacking("vds.open", "<itemtype>.open", "service.postsetparam")
    doctor(shop)
    earlier(shop)
    assert {each["verdict"] for each in said(shop, "service.postsetparam")} == {"fails"}
    shop.act("suspend", vds)
    shop.until_done(vds)
    assert shop.item(vds)["status"] == 3
    shop.act("resume", vds)
    shop.until_done(vds)
    assert shop.there.value("SELECT status FROM item WHERE id = %s", remote(shop, vds)) == 2


def test_a_person_accepts_it_with_a_reason_and_takes_that_back(fresh, lacking):
    shop = fresh.shop
    doctor(shop)
    lacking("service.postprolong")
    doctor(shop)
    earlier(shop)
    assert said(shop, "service.postprolong")[0]["verdict"] == "fails"
    assert b"--why" in doctor(shop, "--accept", "service.postprolong").stderr
    assert b"service.postprolong" in doctor(shop, "--accept", "nothing", "--why", "x").stderr
    shop.ctl("doctor", "--accept", "service.postprolong", "--why", "it is called otherwise")
    [found] = said(shop, "service.postprolong")
    assert found["verdict"] == "warning"
    assert "it is called otherwise" in found["text"]
    assert verdicts.off(fresh.db, shop.module) == []
    assert shop.here.rows("SELECT * FROM reseller_problem WHERE kind = 'assumption'") == []
    assert shop.here.value("SELECT who FROM reseller_act WHERE what = 'accept' ORDER BY id DESC LIMIT 1")
    shop.ctl("doctor", "--retract", "service.postprolong")
    assert [each.name for each in verdicts.off(fresh.db, shop.module)] == ["service.postprolong"]
    assert said(shop, "service.postprolong")[0]["verdict"] == "fails"


def test_of_several_sellers_the_one_is_named_at_which_it_is_accepted(fresh, shop):
    other = shop.module + 1
    for module in (shop.module, other):
        verdicts.put(fresh.db, Verdict(module, "vds elem/x", holds=False, found="-", rests="order"))
    refused = doctor(shop, "--accept", "vds elem/x", "--why", "x")
    assert f"modules {shop.module}, {other}" in refused.stderr.decode()
    shop.ctl("doctor", "--accept", "vds elem/x", "--why", "x", "--module", str(other))
    assert [each.module for each in verdicts.every(fresh.db) if each.who] == [other]


def test_what_waits_goes_on_at_once_when_one_of_two_is_accepted(fresh, shop):
    shop.checkevent()
    for name, rests in (("a.b", "order"), ("c.d", "power")):
        verdicts.put(fresh.db, Verdict(shop.module, name, holds=False, found="-", rests=rests, off=True))
    verdicts.looked(fresh.db, shop.module, "", is_whole=True)
    item = shop.order("vds")
    until(lambda: "reseller_unfounded_unsent" in shop.error(item), "it does not say why")
    shop.here.write("UPDATE reseller_request SET next_try = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR WHERE item = %s", item)
    assumed.accept(fresh.context, "a.b", "x")
    assert [each.name for each in verdicts.off(fresh.db, shop.module)] == ["c.d"]
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_an_upgrade_switches_off_nothing_that_worked_the_day_before(fresh, lacking):
    shop = fresh.shop
    doctor(shop)
    shop.here.write("UPDATE reseller_verdict SET version = 'another entry' WHERE name <> '*'")
    shop.here.write("DELETE FROM reseller_verdict WHERE name = 'service.postprolong'")
    lacking("vds.open", "<itemtype>.open", "service.postprolong")
    doctor(shop)
    earlier(shop)
    for name in ("vds.open", "service.postprolong"):
        assert [each["verdict"] for each in said(shop, name)] == ["warning"], name
    assert verdicts.off(fresh.db, shop.module) == []
    [problem] = shop.here.rows("SELECT * FROM reseller_problem WHERE kind = 'assumption'")
    assert "service.postprolong" in problem["params"]


def test_a_column_that_goes_in_the_night_is_noticed_by_the_next_run(fresh, shop):
    shop.checkevent()
    [kept] = shop.here.rows("SELECT found FROM reseller_verdict WHERE name = '*'")
    shop.checkevent()
    assert shop.here.rows("SELECT found FROM reseller_verdict WHERE name = '*'") == [kept]
    shop.here.write("ALTER TABLE pricelistparam CHANGE value gone_column TEXT")
    try:
        assert "pricelistparam.value" in shop.ctl("checkevent").stdout.decode()
        item = shop.order("vds")
        until(lambda: "not as assumed" in shop.error(item), "it does not say why")
        assert (shop.charges(item), shop.remotes(item)) == ([], [])
        with pytest.raises(Refused) as refused:
            shop.here.call("pricelist.edit", elid=shop.tariffs["VDS-1"])
        assert refused.value.type
    finally:
        shop.here.write("ALTER TABLE pricelistparam CHANGE gone_column value TEXT")
    assert "pricelistparam.value" not in shop.ctl("checkevent").stdout.decode()
    shop.start(item)
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
    assert "Traceback" not in (shop.here.base / "var/reseller.log").read_text()


def test_the_report_has_each_fact_that_was_looked_at(fresh, shop, tmp_path):
    path = tmp_path / "facts.json"
    shop.ctl("doctor", "--facts", str(path))
    found = json.loads(path.read_text())["found"]
    assert found["assumptions"]["assumptions"]["item.expiredate"] == "holds: date"
    assert found[f"module {shop.module} assumptions"]["assumptions"]["vds elem/remoteid"] == "holds"

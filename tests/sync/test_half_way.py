"""checkevent, the look at one service, and the swap, met half-way: with somebody else's hand in between."""

import dataclasses
import datetime as dt
import json
import threading

import pytest

from reseller.context import Context
from reseller.ledger import links, observations, requests
from reseller.ledger.leases import lease
from reseller.ledger.states import State
from reseller.mgr5 import items
from reseller.mgr5.mgrctl import Mgrctl
from reseller.mgr5.panel import Panel
from reseller.model import Status
from reseller.seller import service
from reseller.sync import (
    activate,
    apply,
    candidates,
    check_now,
    checkevent,
    compare,
    looking,
    reconcile,
    restart,
    sync_item,
)
from reseller.sync.decide import Here, There
from reseller.sync.job import Mode
from reseller.sync.read_lists import Lists
from reseller.wire import document
from reseller.wire.errors import PanelError, Rejected
from tests.support import world
from tests.support.inside import refused
from tests.support.keeping import fault, remote
from tests.support.planting import planted
from tests.support.world import until


@pytest.fixture
def pairs(shop):
    """Pairs of equal services, looked at once."""
    with planted(shop, 3) as found:
        assert shop.checkevent() == "nothing to do"
        yield found


@pytest.fixture
def opening(shop, inside, switch):
    """A server that the seller has and has not provisioned."""
    switch(shop.there, "provision", "manual")
    item = shop.order("vds")
    shop.rest(item)
    yield item
    inside.over(item)
    shop.here.call("sandbox.item", item=item, status=4)


def candidate(inside, item):
    return candidates.one(inside.db, inside.shop.links(item)[0]["id"])


def drifts(shop, item):
    sql = "SELECT kind FROM reseller_problem WHERE subject = 'service' AND number = %s"
    return {row["kind"] for row in shop.here.rows(sql, item)}


def finding(inside, item):
    found = candidate(inside, item)
    seller = inside.context.seller(found.module)
    return compare.look(compare.Batch(inside.context, seller, [found]), found, is_listed=True)


# Services that are opening.


def advance(inside, item, *, complete=True, rows=None):
    [link] = [each for each in links.opening(inside.db, [inside.shop.module]) if each.item == item]
    seller = inside.context.seller(link.module)
    found = Lists(inside.context, seller).of(link.itemtype)
    if rows is not None:
        found = found._replace(rows=rows, complete=complete)
    return link, lambda context: activate.advance(context, context.seller(link.module), link, found)


def test_what_somebody_has_activated_meanwhile_is_left_alone(inside, opening):
    link, act = advance(inside, opening)

    def change():
        inside.db.execute("UPDATE reseller_link SET state = 'live' WHERE id = %s", link.id)

    assert inside.meanwhile(opening, act, change) == activate.WAITING
    inside.db.execute("UPDATE reseller_link SET state = 'opening' WHERE id = %s", link.id)


def test_what_a_list_does_not_show_is_gone_only_when_its_form_says_so_too(shop, inside, opening):
    """And at the second complete list that does not show it; here it is in none of them."""
    _, act = advance(inside, opening, rows=(), complete=False)
    assert act(inside.context) == activate.WAITING
    link, act = advance(inside, opening, rows=())
    assert act(inside.context) == activate.WAITING
    _, act = advance(inside, opening, rows=())
    fault(shop, "error", "vds.edit", type="access")
    with pytest.raises(Rejected):
        act(inside.context)
    inside.db.execute("UPDATE reseller_observation SET absences = 1 WHERE link = %s", link.id)
    _, act = advance(inside, opening, rows=())
    assert act(inside.context) == activate.WAITING
    assert links.of_item(inside.db, opening).state == links.OPENING


def test_what_is_gone_there_and_away_here_only_waits(shop, inside, opening):
    link, act = advance(inside, opening, rows=())
    assert act(inside.context) == activate.WAITING
    shop.there.call("sandbox.item", item=link.remote, status=4)
    shop.here.write("UPDATE item SET processingmodule = NULL WHERE id = %s", opening)
    _, act = advance(inside, opening, rows=())
    assert act(inside.context) == activate.WAITING
    shop.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", shop.module, opening)
    assert links.of_item(inside.db, opening).state == links.OPENING


def test_a_service_that_the_panel_does_not_open_is_an_error_of_that_service(shop, inside, opening, switch):
    shop.there.call("sandbox.provision", item=remote(shop, opening))
    _, act = advance(inside, opening)
    switch(shop.here, "failing_functions", "vds.open")
    with pytest.raises(PanelError):
        act(inside.context)
    switch(shop.here, "failing_functions", "")
    # Somebody suspends it in the moment in which it becomes active.
    shop.here.write(
        "CREATE TRIGGER at_once BEFORE UPDATE ON item FOR EACH ROW "
        f"SET NEW.status = IF(NEW.id = {opening} AND NEW.status = 2, 3, NEW.status)"
    )
    try:
        with refused("reseller_not_opened"):
            act(inside.context)
    finally:
        shop.here.write("DROP TRIGGER at_once")
    assert links.of_item(inside.db, opening).state == links.OPENING


# Runs.


def test_a_module_that_cannot_even_reach_the_database_fails_alone(shop, inside, tmp_path):
    """Side by side each module has a connection of its own."""
    other = inside.db.insert(
        "INSERT INTO processingmodule (name, module, active) SELECT 'second', module, active FROM processingmodule "
        "WHERE id = %s",
        shop.module,
    )
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/billmgr.conf").write_text("DBName x\nDBSocket /nowhere/mysql.sock\n")
    summary = checkevent.run(dataclasses.replace(inside.context, panel=Panel(tmp_path)), Mode(pending=True))
    shop.here.write("DELETE FROM processingmodule WHERE id = %s", other)
    assert summary.failed == 2
    assert "Can't connect" in summary.problems[-1]


def test_a_run_over_what_is_open_stops_in_time_and_begins_there_the_next_time(shop, inside, pairs):
    for pair in pairs:
        inside.request(pair.item, requests.STOP, State.WAITING)
        shop.there.call("sandbox.item", item=pair.remote, status=5)
    world.limits(shop.here, run_seconds=1)
    shop.there.call("sandbox.fault", kind="slow", forfunc="vds.edit", times=99, seconds=0.8)
    shop.checkevent()
    stopped = observations.cursors(inside.db, shop.module).get(checkevent.CURSOR)
    assert int(stopped) in {pair.item for pair in pairs[1:]}
    inside.reachable()
    world.limits(shop.here)
    shop.checkevent()
    assert checkevent.CURSOR not in observations.cursors(inside.db, shop.module)


def test_what_is_wrong_with_one_open_request_stops_no_other(shop, inside, pairs):
    broken, well = pairs[0].item, pairs[1].item
    lost = inside.request(broken, requests.SUSPEND, State.WAITING)
    done = inside.request(well, requests.STOP, State.WAITING)
    fault(shop, "error", "vds.edit", type="access")
    summary = json.loads(shop.ctl("checkevent", "--json").stdout)
    assert (summary["failed"], summary["finished"]) == (1, 1), summary
    assert str(broken) in summary["problems"][0]
    assert (inside.now(lost).live, inside.now(done).state) == (True, State.DONE)


def test_what_has_moved_on_is_not_started_again(shop, inside, server):
    unsent = inside.request(server, requests.STOP, State.UNSENT)

    def change():
        inside.db.execute("UPDATE reseller_request SET state = 'waiting' WHERE id = %s", unsent.id)

    assert inside.meanwhile(server, lambda context: restart.start(context, unsent), change) is False
    assert inside.meanwhile(server, lambda context: look(context, unsent), lambda: None) == ""


def look(context, request):
    return looking.look(context, request, Lists(context, context.seller(request.module)))


def test_a_term_that_somebody_buys_meanwhile_is_not_bought_twice(shop, inside, server):
    owed = inside.request(server, requests.PART, State.OWED)

    def change():
        inside.db.execute("UPDATE reseller_request SET live = NULL, state = 'done' WHERE id = %s", owed.id)

    found = inside.meanwhile(server, lambda context: checkevent.run(context, Mode(pending=True)), change)
    assert (found.renewed, found.failed) == (0, 0)


def test_an_operation_that_the_panel_does_not_start_is_logged_and_said(shop, inside, server, tmp_path):
    inside.operation(server, "stop")
    unsent = inside.request(server, requests.STOP, State.UNSENT)
    deaf = dataclasses.replace(inside.context, mgrctl=Mgrctl(Panel(tmp_path)))
    with pytest.raises(PanelError):
        restart.start(deaf, unsent)
    assert "cannot start operation" in (shop.here.base / "var/reseller.log").read_text()


def test_what_a_person_waits_for_is_looked_for_in_a_list_even_when_only_what_is_open_is_looked_at(shop, inside):
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order("vds")
    inside.request(item, requests.ORDER, State.LOOKING)
    assert shop.here.call("reseller.checkevent", pending="on").findtext("summary") == "1 looking"
    inside.over(item)
    shop.here.call("sandbox.item", item=item, status=4)


def test_a_long_list_is_read_in_two_runs(shop, inside, pairs):
    world.limits(shop.here, page_rows=1, run_seconds=1)
    shop.there.call("sandbox.fault", kind="slow", forfunc="vds", times=2, seconds=0.7)
    shop.checkevent()
    assert int(observations.cursors(inside.db, shop.module)["page vds"]) > 1
    until(lambda: (shop.checkevent(), "page vds" not in observations.cursors(inside.db, shop.module))[1], "no end")


# Findings.


def test_a_form_that_is_refused_is_not_a_service_that_is_missing(shop, inside, pairs):
    fault(shop, "error", "vds.edit", type="access")
    with pytest.raises(Rejected):
        finding(inside, pairs[0].item)
    assert json.loads(shop.ctl("checkevent", "--json").stdout)["gone"] == 0


def test_a_service_in_process_without_an_operation_is_given_time(shop, inside, pairs):
    item = pairs[0].item
    world.limits(shop.here, stuck_seconds=3600)
    shop.here.write("UPDATE item SET status = 5 WHERE id = %s", item)
    shop.checkevent()
    assert drifts(shop, item) == {"stuck"}
    world.limits(shop.here, stuck_seconds=0)
    until(lambda: (shop.checkevent(), shop.item(item)["status"] == 2)[1], "it stays in process")


def test_gone_is_said_once(shop, inside, pairs):
    item = pairs[0].item
    shop.there.call("sandbox.item", item=pairs[0].remote, account=0)
    until(lambda: (shop.checkevent(), drifts(shop, item) == {"gone"})[1], "it is not found to be gone")
    tasks = len(shop.tasks(item))
    inside.db.execute("UPDATE reseller_observation SET settled = 0 WHERE link = %s", shop.links(item)[0]["id"])
    shop.checkevent()
    assert (drifts(shop, item), len(shop.tasks(item))) == ({"gone"}, tasks)


def test_a_seller_that_renews_by_itself_is_stopped_and_one_that_knows_no_date_is_let_be(shop, inside, pairs):
    shop.there.call("sandbox.item", item=pairs[0].remote, autoprolong=1)
    shop.there.call("sandbox.item", item=pairs[1].remote, expiredate="")
    shop.there.call("sandbox.item", item=pairs[2].remote, expiredate="2040-01-01")
    shop.here.write("UPDATE item SET expiredate = NULL WHERE id = %s", pairs[2].item)
    shop.checkevent()
    assert [drifts(shop, pair.item) for pair in pairs] == [set(), set(), set()]
    renews = shop.there.call("vds.edit", elid=pairs[0].remote, su=shop.buyer).findtext("autoprolong")
    assert renews in ("null", None)


def test_more_memory_than_was_ordered_here_is_a_task(shop, inside, server):
    addon = shop.there.rows(
        "SELECT a.id, a.intvalue FROM item a JOIN pricelist p ON p.id = a.pricelist WHERE a.parent = %s "
        "AND p.intname = 'mem'",
        remote(shop, server),
    )[0]
    shop.there.write("UPDATE item SET intvalue = intvalue + 1024 WHERE id = %s", addon["id"])
    world.limits(shop.here, deep_seconds=1)
    until(lambda: (shop.checkevent(), "resources" in drifts(shop, server))[1], "nobody sees it")
    assert len(shop.tasks(server)) == 1
    shop.there.write("UPDATE item SET intvalue = %s WHERE id = %s", addon["intvalue"], addon["id"])
    until(lambda: (shop.checkevent(), not drifts(shop, server))[1], "it stays")


def test_what_is_over_at_the_seller_goes_by_the_sellers_day(shop, inside, server, switch):
    """So a service that the seller stopped when its term ended there is not asked about as one that staff stopped."""
    found = candidate(inside, server)
    ends = dt.date.fromisoformat(found.seen_expiredate)
    assert ends > dt.datetime.now(dt.timezone.utc).date()
    shop.there.write("UPDATE item SET status = 3 WHERE id = %s", remote(shop, server))
    switch(shop.there, "night_billing", "command")  # other services of the seller do not end meanwhile
    try:
        shop.there.call("sandbox.clock", advance="70d")
        until(lambda: (shop.checkevent(), candidate(inside, server).seen_status == 3)[1], "it is not seen")
        shop.checkevent()
        assert "stopped" not in drifts(shop, server)
    finally:
        shop.there.call("sandbox.clock", set="real")
    shop.here.write("UPDATE reseller_observation SET settled = 0 WHERE item = %s", server)
    until(lambda: (shop.checkevent(), "stopped" in drifts(shop, server))[1], "nobody is told")
    shop.there.write("UPDATE item SET status = 2 WHERE id = %s", remote(shop, server))
    until(lambda: (shop.checkevent(), not drifts(shop, server))[1], "it stays")


def test_a_state_that_is_no_number_and_a_term_in_doubt_are_what_they_are(inside, server):
    found = candidate(inside, server)
    assert candidates.there_of(service.parse(document.document()), found) == There.UNKNOWN
    busy = found._replace(requests=((requests.PART, State.SENDING),))
    assert busy.open == candidates.Open.BUSY
    assert found.state_here == Here.ACTIVE
    assert items.read_all(inside.db, []) == {}


# What is applied.


def test_what_has_moved_since_it_was_looked_at_is_not_applied(shop, inside, pairs):
    shop.there.call("sandbox.item", item=pairs[0].remote, param_ip="203.0.113.40")
    seen = finding(inside, pairs[0].item)
    shop.here.write("UPDATE item SET status = 3 WHERE id = %s", pairs[0].item)
    with lease(inside.db, f"checkevent:{shop.module}", 60) as held:
        assert apply.apply(inside.context, held, seen, forced=False) is False
    assert shop.params(pairs[0].item)["ip"] != "203.0.113.40"


def test_a_suspension_that_ended_in_both_places_is_forgotten(shop, inside, pairs):
    link = shop.links(pairs[0].item)[0]["id"]
    inside.db.execute("UPDATE reseller_observation SET shown = 1000000, settled = 0 WHERE link = %s", link)
    shop.checkevent()
    assert inside.db.value("SELECT shown FROM reseller_observation WHERE link = %s", link) == 0


def test_only_what_was_refused_is_given_up_with_its_operation(shop, inside, pairs):
    item = pairs[0].item
    over = inside.request(item, requests.STOP, State.DONE, live=None)
    refusal = inside.request(item, requests.START, State.REFUSED)
    until(lambda: (shop.checkevent(), not inside.now(refusal).live)[1], "it stays")
    assert (inside.now(over).state, inside.now(refusal).state) == (State.DONE, State.ABANDONED)


def test_one_that_cannot_be_applied_stops_no_other_nor_does_one_that_is_busy(shop, inside, pairs):
    for number, pair in enumerate(pairs):
        shop.there.call("sandbox.item", item=pair.remote, param_ip=f"203.0.113.{50 + number}")
    world.limits(shop.here, panel_calls_at_once=1)
    shop.here.call("sandbox.switch", name="failing_functions", value="")
    with lease(inside.db, f"item:{pairs[0].item}", 60):
        found = json.loads(shop.ctl("checkevent", "--json").stdout)
    assert (found["waiting"], found["changed"]) == (1, 2)
    assert shop.checkevent() == "1 changed"


def test_findings_that_the_time_does_not_cover_are_left_to_the_next_run(shop):
    world.limits(shop.here, run_seconds=1, panel_calls_at_once=1)
    with planted(shop, 30) as many:
        for number, pair in enumerate(many):
            facts = {
                "param_ip": f"203.0.113.{60 + number}",
                "param_domain": f"n{number}",
                "param_username": f"u{number}",
            }
            shop.there.call("sandbox.item", item=pair.remote, **facts)
        shop.here.write(
            "UPDATE reseller_observation SET digest = 1, settled = 2 WHERE link IN (SELECT id FROM reseller_link)"
        )
        runs = []

        def answered() -> bool:
            runs.append(json.loads(shop.ctl("checkevent", "--json").stdout))
            return not runs[-1]["failed"]

        # A seller that took too long for its list is asked again by the next run.
        until(answered, "the seller never answers in time")
        assert sum(run["changed"] for run in runs) + runs[-1]["left"] == len(many), runs
        assert runs[-1]["left"]
        world.limits(shop.here)
        until(
            lambda: (shop.checkevent(), shop.params(many[-1].item).get("username") == "u29")[1], "the rest never comes"
        )


def test_what_the_panel_refuses_is_named_and_tried_again(shop, pairs, switch):
    shop.there.call("sandbox.item", item=pairs[0].remote, param_ip="203.0.113.60")
    switch(shop.here, "failing_functions", "service.saveparam")
    found = json.loads(shop.ctl("checkevent", "--json").stdout)
    assert (found["failed"], found["changed"]) == (1, 0)
    assert str(pairs[0].item) in found["problems"][0]
    switch(shop.here, "failing_functions", "")
    assert shop.checkevent() == "1 changed"


def test_many_alarms_are_counted(shop):
    with planted(shop, reconcile.NAMED + 2) as many:
        shop.checkevent()
        shop.here.write("UPDATE item SET status = 4 WHERE id BETWEEN %s AND %s", many[0].item, many[-1].item)
        found = json.loads(shop.ctl("checkevent", "--json").stdout)
    assert found["alarms"] == len(many)
    assert found["problems"][-1] == f"and 2 more such services of module {shop.module}"


# One service.


def test_one_service_is_compared_as_a_run_does(shop, inside, pairs):
    item = pairs[0].item
    link = shop.links(item)[0]["id"]
    check_now.now(inside.context, item)
    assert finding(inside, item).is_settled
    # Something is under way: it waits.
    waiting = inside.request(item, requests.STOP, State.UNSENT)
    shop.there.call("sandbox.item", item=pairs[0].remote, param_ip="203.0.113.70")
    inside.db.execute("UPDATE reseller_observation SET settled = 0 WHERE link = %s", link)
    check_now.now(inside.context, item)
    assert inside.now(waiting).live
    inside.over(item)
    # Half-way, and away: neither is compared.
    inside.db.execute("UPDATE reseller_link SET state = 'half' WHERE id = %s", link)
    check_now.now(inside.context, item)
    inside.db.execute("UPDATE reseller_link SET state = 'live' WHERE id = %s", link)


def test_one_service_is_changed_within_the_limits_of_the_day(shop, inside):
    world.limits(shop.here, stop_percent=30)
    with planted(shop, 12) as dozen:
        shop.checkevent()
        for pair in dozen[:4]:
            inside.db.execute(
                "INSERT INTO reseller_change (module, link, kind, detail, correlation, changed) "
                "SELECT module, id, 'stop', 'x', 'x', UTC_TIMESTAMP(3) FROM reseller_link WHERE item = %s",
                pair.item,
            )
        # As many as that, and nothing new, is nothing to say.
        assert shop.checkevent() == "nothing to do"
        shop.there.call("sandbox.item", item=dozen[5].remote, status=3, employeesuspend="on")
        with refused("reseller_plan_refused"):
            check_now.now(Context.start(Panel(shop.here.base)), dozen[5].item)
        assert shop.item(dozen[5].item)["status"] == 2


def test_a_link_that_ends_while_its_service_is_looked_at_is_no_accident(shop, inside, pairs):
    item = pairs[0].item
    inside.db.execute(
        "INSERT INTO reseller_swap (item, home, target, state, who, why, pricelist, period, status, created, updated) "
        "VALUES (%s, %s, 0, 'away', 'x', '', 0, 1, 2, NOW(), NOW())",
        item,
        shop.module,
    )
    link = shop.links(item)[0]["id"]
    with inside.unlinked(item), refused("reseller_not_linked"):
        check_now.now(inside.context, item)
    fault(shop, "hold_after", "vds.edit")

    def end():
        until(lambda: shop.there.call("sandbox.fault.list").xpath("elem[state='held']"), "the form is not held")
        shop.here.write("UPDATE reseller_link SET live = NULL WHERE id = %s", link)
        shop.there.call("sandbox.release")

    meanwhile = threading.Thread(target=end)
    meanwhile.start()
    check_now.now(inside.context, item)
    meanwhile.join()
    shop.here.write("UPDATE reseller_link SET live = 1 WHERE id = %s", link)
    inside.db.execute("DELETE FROM reseller_swap WHERE item = %s", item)


def test_one_service_that_somebody_is_at_is_waited_for(inside, pairs):
    with inside.held(pairs[0].item), refused("reseller_busy"):
        sync_item.sync(inside.context, pairs[0].item)
    assert sync_item.sync(inside.context, pairs[0].item).remote == str(pairs[0].remote)


def test_one_service_whose_order_is_looked_for_has_nothing_to_show(shop, inside):
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order("vds")
    lost = inside.request(item, requests.ORDER, State.LOOKING)
    assert sync_item.sync(inside.context, item).remote == ""
    assert inside.now(lost).state == State.LOOKING
    inside.over(item)
    shop.here.call("sandbox.item", item=item, status=Status.DELETED)

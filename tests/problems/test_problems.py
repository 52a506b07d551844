"""A problem is raised by the rule that knows its cause, has one task at most, shows everywhere, and ends by itself."""

import json
import re

import pytest

from reseller.ledger import problems
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from tests.support import world
from tests.support.planting import planted, staff
from tests.support.world import until


def rows(shop, **where):
    condition = " AND ".join(f"{name} = %s" for name in where) or "1"
    return shop.here.rows(f"SELECT * FROM reseller_problem WHERE {condition}", *where.values())


@pytest.fixture
def tariff(inside, server):
    """A difference of a service that somebody is asked about."""
    cause = Cause.of_service(server, problems.TARIFF)
    yield Problem(cause, inside.shop.module, "reseller_drift_tariff", {"remote": "7"}, "1", "2", (server,))
    inside.db.execute("DELETE FROM reseller_problem WHERE number = %s", server)


def test_it_has_one_task_however_often_it_is_raised_and_none_when_it_is_over(shop, inside, server, tariff):
    with inside.held(server) as held:
        for _ in range(3):
            troubles.raise_(inside.context, held, tariff)
        [task] = shop.tasks(server)
        assert task["params"] == inside.context.word(troubles.message(tariff))
        assert task["id"] == rows(shop, number=server)[0]["task"]
        troubles.raise_(inside.context, held, tariff._replace(there="3"))
        [task] = shop.tasks(server)
        assert task["params"] == inside.context.word(troubles.message(tariff._replace(there="3")))
        troubles.end(inside.context, held, tariff.cause)
        troubles.end(inside.context, held, tariff.cause)
    assert (shop.tasks(server), rows(shop, number=server)) == ([], [])


def test_a_task_that_staff_have_ended_is_not_made_again(shop, inside, server, tariff):
    with inside.held(server) as held:
        troubles.raise_(inside.context, held, tariff)
        shop.here.call("task.delete", elid=shop.tasks(server)[0]["id"], sok="ok")
        troubles.raise_(inside.context, held, tariff._replace(there="3"))
        assert shop.tasks(server) == []
        troubles.end(inside.context, held, tariff.cause)
    assert rows(shop, number=server) == []


def test_a_task_whose_number_a_crash_has_lost_is_neither_made_twice_nor_left(shop, inside, server, tariff):
    with inside.held(server) as held:
        troubles.raise_(inside.context, held, tariff)
        inside.db.execute("UPDATE reseller_problem SET task = 0 WHERE number = %s", server)
        troubles.raise_(inside.context, held, tariff)
        assert len(shop.tasks(server)) == 1
        inside.db.execute("UPDATE reseller_problem SET task = 0 WHERE number = %s", server)
        troubles.end(inside.context, held, tariff.cause)
    assert shop.tasks(server) == []


def test_what_is_refused_is_one_problem_of_the_module_and_ends_with_the_plan(shop):
    with planted(shop, 20) as pairs:
        assert shop.checkevent() == "nothing to do"
        world.limits(shop.here, change_percent=30)
        for pair in pairs[:10]:
            staff(shop, pair, param_ip="203.0.113.77")
            shop.here.write("UPDATE reseller_observation SET settled = 0 WHERE item = %s", pair.item)
        shop.checkevent()
        [problem] = rows(shop, kind="refused")
        assert (problem["subject"], problem["number"]) == ("module", shop.module)
        assert len(shop.here.rows("SELECT id FROM task WHERE id = %s", problem["task"])) == 1
        assert json.loads(problem["params"])["count"] == "10"
        assert "10 changes" in shop.ctl("audit").stdout.decode()
        assert re.search(r"\b1 refused\b.*resellerctl audit", shop.ctl("status").stdout.decode())
        assert shop.status()["problems"]["refused"] == 1
        figures = (shop.here.base / "var/reseller.prom").read_text()
        assert f'reseller_problems{{module="{shop.module}",kind="refused"}} 1' in figures
        shop.ctl("checkevent", "--force")
        until(lambda: (shop.checkevent(), shop.params(pairs[0].item).get("ip") == "203.0.113.77")[1], "it is not done")
        assert rows(shop, kind="refused") == []


def test_an_operation_that_nobody_is_at_is_started_again(shop, inside):
    """Manual, begun, without a word, and the ledger knows nothing of it: it was restored from before, say."""
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order("vds")
    operation = shop.operation(item)["id"]
    shop.here.write("UPDATE runningoperation SET manual = 'on', trycount = 1 WHERE id = %s", operation)
    shop.here.call("sandbox.queue", action="resume")
    world.limits(shop.here, stale_intent_seconds=600)
    for _ in range(2):
        shop.checkevent()
        [problem] = rows(shop, number=item)
        assert (problem["kind"], shop.operation(item)["manual"]) == ("stranded", "on")
    shop.here.write("UPDATE reseller_problem SET since = since - INTERVAL 1 HOUR WHERE number = %s", item)
    assert "1 restarted" in shop.checkevent()
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
    assert rows(shop, number=item) == []


def test_an_operation_that_staff_do_by_hand_is_left_to_them(shop, inside, server):
    """It was never begun here, or it says why it stands, or it has its task."""
    operation = inside.operation(server, "setparam")
    shop.checkevent()
    assert rows(shop, number=server) == []
    inside.db.execute("UPDATE runningoperation SET trycount = 1, errorxml = '<doc/>' WHERE id = %s", operation)
    shop.checkevent()
    assert rows(shop, number=server) == []


def test_a_service_that_is_linked_no_more_differs_in_nothing(shop, inside, server, tariff):
    with inside.held(server) as held:
        troubles.raise_(inside.context, held, tariff)
    number = shop.links(server)[0]["remote"]
    assert shop.ctl("unlink", str(server)).returncode == 0
    assert (shop.tasks(server), rows(shop, number=server)) == ([], [])
    assert shop.ctl("link", str(server), str(number)).returncode == 0


def abandoned(shop):
    """A service that a client has paid for, and whose operation staff have deleted before anything was sent."""
    shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=1000)
    item = shop.order("vds")
    shop.rest(item)
    shop.here.call("runningoperation.delete", elid=shop.operation(item)["id"], sok="ok")
    shop.there.call("sandbox.fault.clear")
    shop.here.write("DELETE FROM reseller_circuit")
    until(lambda: (shop.checkevent(), rows(shop, number=item))[1], "nobody is told")
    return item


def test_what_is_paid_for_and_has_no_operation_is_a_problem_and_is_ordered_by_a_persons_word(shop):
    item = abandoned(shop)
    [problem] = rows(shop, number=item)
    assert (problem["kind"], problem["task"], shop.tasks(item)) == ("unbought", 0, [])
    shop.here.write("UPDATE reseller_problem SET since = since - INTERVAL 1 HOUR WHERE number = %s", item)
    for _ in range(2):
        shop.checkevent()
        [task] = shop.tasks(item)
    assert f"resellerctl reorder {item} --yes" in task["params"]
    assert shop.charges(item) == []
    assert b"would send the order" in shop.ctl("reorder", str(item)).stdout
    assert (shop.charges(item), len(shop.tasks(item))) == ([], 1)
    done = shop.ctl("reorder", str(item), "--yes")
    assert done.returncode == 0, done.stderr.decode()
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
    assert shop.request(item)["word"]
    assert (rows(shop, number=item), shop.tasks(item)) == ([], [])


def test_a_persons_word_is_tried_again_and_its_refusal_is_told(shop):
    item = abandoned(shop)
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    assert shop.ctl("reorder", str(item), "--yes").returncode == 1
    shop.checkevent()
    assert "not enough money" in json.loads(rows(shop, number=item)[0]["params"])["cause"].lower()
    shop.there.call("sandbox.balance", user=shop.buyer, value=1000)
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
    other = abandoned(shop)
    shop.there.call("sandbox.fault", kind="error", forfunc="*.order.param", type="value", object="domain", times=1)
    assert shop.ctl("reorder", str(other), "--yes").returncode == 1
    shop.checkevent()
    [problem] = rows(shop, number=other)
    assert "domain" in json.loads(problem["params"])["cause"]
    assert shop.charges(other) == []
    assert b"would close service" in shop.ctl("reorder", str(other), "--cancel").stdout
    assert shop.item(other)["status"] == 5
    done = shop.ctl("reorder", str(other), "--cancel", "--yes")
    assert done.returncode == 0, done.stderr.decode()
    assert (shop.item(other)["status"], rows(shop, number=other), shop.tasks(other)) == (4, [], [])
    assert (shop.request(other)["live"], shop.charges(other)) == (None, [])
    assert b"cannot be closed like that" in shop.ctl("reorder", str(other), "--cancel", "--yes").stderr


def test_a_renewal_whose_operation_was_deleted_is_a_jump_of_the_date(shop):
    item = shop.order("vds")
    shop.until_active(item)
    shop.there.call("sandbox.fault", kind="error", forfunc="service.prolong", type="value", object="x", times=1000)
    shop.act("prolong", item)
    shop.rest(item)
    shop.here.call("runningoperation.delete", elid=shop.operation(item)["id"], sok="ok")
    shop.here.call("sandbox.item", item=item, status=2)
    shop.there.call("sandbox.fault.clear")
    until(lambda: (shop.checkevent(), rows(shop, number=item))[1], "nobody is told")
    [problem] = rows(shop, number=item)
    assert (problem["kind"], len(shop.charges(item)), len(shop.tasks(item))) == ("paid", 1, 1)
    assert shop.ctl("paid", str(item), "--leave", "--yes").returncode == 0


def test_a_renewal_whose_operation_was_deleted_is_asked_about_where_the_date_moves_at_the_end(shop, inside, switch):
    switch(shop.here, "prolong_runs", "operation")
    item = shop.order("vds")
    shop.until_active(item)
    known = shop.here.rows("SELECT * FROM reseller_cursor WHERE name = 'panel moves the date'")
    shop.here.write("DELETE FROM reseller_cursor WHERE name = 'panel moves the date'")
    shop.there.call("sandbox.fault", kind="error", forfunc="service.prolong", type="value", object="x", times=1000)
    shop.act("prolong", item)
    shop.rest(item)
    shop.here.call("runningoperation.delete", elid=shop.operation(item)["id"], sok="ok")
    shop.here.call("sandbox.item", item=item, status=2)
    shop.there.call("sandbox.fault.clear")
    until(lambda: (shop.checkevent(), rows(shop, number=item))[1], "nobody is told")
    [problem] = rows(shop, number=item)
    assert (problem["kind"], len(shop.charges(item)), len(shop.tasks(item))) == ("unrenewed", 1, 1)
    assert str(item) in shop.ctl("paid").stdout.decode()
    assert shop.ctl("paid", str(item), "--leave", "--yes").returncode == 0
    assert (rows(shop, number=item), shop.tasks(item)) == ([], [])
    shop.checkevent()
    assert rows(shop, number=item) == []
    for row in known:
        shop.here.write("INSERT IGNORE INTO reseller_cursor VALUES (%s, %s, %s)", *row.values())
